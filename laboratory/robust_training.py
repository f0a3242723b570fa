"""Adversarial training: the small VGG goes on learning, from pictures that attack it.

    python -m laboratory.robust_training

Starts from the network that has seen noise. Every batch is attacked anew by PGD, and the network
learns from what comes out, without label smoothing. The weights go to ``small_vgg_robust.npz``
beside this file. About ten minutes on one core, three times as long as ordinary training for as
many epochs: each batch takes two gradients by its pixels, then one by the weights.

Madry et al. (2018), "Towards deep learning models resistant to adversarial attacks".
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from laboratory import small_vgg, train_small_vgg
from laboratory.attacks import FromPixels, pgd
from laboratory.drawn_pictures import Pictures, draw
from laboratory.networks import Network, load_network
from laboratory.small_vgg import SmallVGG

EPSILON = 4 / 255
"""How far the attacks of the training move a pixel, at most."""

STEPS = 2
STEP = 0.75 * EPSILON
EPOCHS = 6
BATCH = 50
RATE = 1e-3


def attacked(network: Network, x: Tensor, labels: Tensor, random: torch.Generator) -> Tensor:
    """Return pictures (N, 3, H, W) after a short attack that begins at random in the ball."""
    start = x + EPSILON * (2 * torch.rand(x.shape, generator=random) - 1)
    return pgd(FromPixels(network), x, labels, EPSILON, step=STEP, steps=STEPS, start=start)


def train(network: Network, learned: Pictures, *, epochs: int, seed: int) -> None:
    """Train a network on attacked pictures, with AdamW and one cycle of the learning rate."""
    random = torch.Generator().manual_seed(seed)
    images, labels = torch.from_numpy(learned.images), torch.from_numpy(learned.labels)
    model = network.model
    steps = len(images) // BATCH
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs * steps)
    for epoch in range(epochs):
        begin, losses = time.monotonic(), 0.0
        for part in torch.randperm(len(images), generator=random)[: steps * BATCH].split(BATCH):
            x = train_small_vgg.augment(images[part].float() / 255, random)
            model.requires_grad_(False)  # the attack needs no gradients by the weights
            x = attacked(network, x, labels[part], random)
            model.requires_grad_(True)
            x = network.normalize(x).contiguous(memory_format=torch.channels_last)
            loss = functional.cross_entropy(model(x), labels[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses += loss.item()
        print(
            f"epoch {epoch + 1} of {epochs}: loss {losses / steps:.3f}, "
            f"{time.monotonic() - begin:.0f} s",
            flush=True,
        )
    model.requires_grad_(False)


def main(arguments: list[str]) -> None:
    """Train the network, and write its weights."""
    parser = argparse.ArgumentParser(description="Train the small VGG on attacked pictures.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file", type=Path, default=small_vgg.FILES["robust"])
    options = parser.parse_args(arguments)

    network = load_network("small_vgg_noise")
    learned = draw(train_small_vgg.TRAINING_PICTURES, seed=train_small_vgg.TRAINING_SEED)
    train(network, learned, epochs=EPOCHS, seed=options.seed)
    assert isinstance(network.model, SmallVGG)
    epochs = train_small_vgg.EPOCHS + train_small_vgg.NOISE_EPOCHS + EPOCHS
    pictures = draw(train_small_vgg.TEST_PICTURES, seed=train_small_vgg.TEST_SEED)
    train_small_vgg.store(options.file, network.model, "robust", options.seed, epochs, pictures)


if __name__ == "__main__":
    main(sys.argv[1:])
