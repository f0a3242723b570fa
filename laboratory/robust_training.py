"""Adversarial training: the small VGG goes on learning, from pictures that attack it.

    python -m laboratory.robust_training

Starts from the network that has seen noise, attacks every batch anew by PGD, learns from what comes
out, and writes the weights to ``small_vgg_robust.npz`` beside this file. Some fifteen minutes on
one core.

Madry et al. (2018), "Towards deep learning models resistant to adversarial attacks".
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from laboratory import small_vgg, train_small_vgg
from laboratory.attacks import FromPixels, pgd
from laboratory.drawn_pictures import Pictures, draw
from laboratory.networks import Network, load_network

FILE = Path(__file__).with_name("small_vgg_robust.npz")
"""The weights."""

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
    model = network.model.requires_grad_(True)
    steps = len(images) // BATCH
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs * steps)
    for epoch in range(epochs):
        begin, losses = time.monotonic(), 0.0
        for part in torch.randperm(len(images), generator=random)[: steps * BATCH].split(BATCH):
            x = train_small_vgg.augment(images[part].float() / 255, random).clamp(0, 1)
            model.requires_grad_(False)
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
