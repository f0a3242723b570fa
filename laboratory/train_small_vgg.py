"""Train the course's small VGG and write its weights beside this file.

    python -m laboratory.train_small_vgg

About fifteen minutes on one core. First the plain network; then it goes on for some epochs with
noise on its pictures, which makes its gradients cleaner, and that is stored as a second file.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from laboratory import small_vgg
from laboratory.drawn_pictures import Pictures, draw
from laboratory.small_vgg import Metadata, SmallVGG, Training

TRAINING_SEED, TEST_SEED = 1, 2
TRAINING_PICTURES, TEST_PICTURES = 6000, 1000
# Stopped early: longer training classifies better, but then saliency, and often Grad-CAM, find the
# object less well, while occlusion finds it as before. ``training_study`` measures that.
EPOCHS, NOISE_EPOCHS = 14, 5
BATCH = 64
RATE, NOISE_RATE = 4e-3, 1e-3
SMOOTHING = 0.1
SHIFT = 8  # pixels
LARGEST_NOISE = 0.25  # standard deviation, in units of the range of a picture


def recipe() -> dict[str, str]:
    """Return all that the weights depend on, besides seed and epochs, in words, by subject."""
    decay = inspect.signature(torch.optim.AdamW).parameters["weight_decay"].default
    cycle = inspect.signature(torch.optim.lr_scheduler.OneCycleLR).parameters
    stages = ", ".join(" ".join(map(str, stage)) for stage in small_vgg.STAGES)
    dropout = inspect.signature(SmallVGG).parameters["dropout"].default
    return {
        "filters": f"{stages}; then two hidden linear layers of {small_vgg.HIDDEN} units",
        "batch normalization": "after each convolution; folded into the convolutions afterward",
        "dropout": f"{dropout:g}, in the hidden linear layers",
        "pictures": f"{TRAINING_PICTURES:,} drawn ones (seed {TRAINING_SEED})",
        "augmentation": f"flips, transposition, shifts of up to {SHIFT} pixels, red, green and "
        "blue in random order",
        "loss": f"cross-entropy with label smoothing {SMOOTHING:g}",
        "optimizer": f"AdamW, weight decay {decay:g}, batches of {BATCH}",
        "learning rate": f"one cycle: from {RATE / cycle['div_factor'].default:g} up to {RATE:g} "
        f"in the first {100 * cycle['pct_start'].default:g} % of the steps, then down to almost 0 "
        f"({cycle['anneal_strategy'].default} annealing)",
        "weights": "rounded to float16",
    }


def augment(images: Tensor, random: torch.Generator) -> Tensor:
    """Flip, transpose, shift and recolor pictures (N, 3, H, W): no class depends on these."""
    count = len(images)

    def coin() -> Tensor:
        return torch.rand(count, 1, 1, 1, generator=random, device=images.device) < 0.5

    images = torch.where(coin(), images.flip(3), images)
    images = torch.where(coin(), images.flip(2), images)
    images = torch.where(coin(), images.transpose(2, 3), images)
    order = torch.rand(count, 3, generator=random, device=images.device).argsort(1)
    images = images.gather(1, order[:, :, None, None].expand_as(images))
    down, right = torch.randint(2 * SHIFT + 1, (2,), generator=random, device=images.device)
    padded = functional.pad(images, (SHIFT,) * 4, mode="reflect")
    height, width = images.shape[2:]
    return padded[:, :, down : down + height, right : right + width]


def add_noise(images: Tensor, random: torch.Generator) -> Tensor:
    """Add Gaussian noise, on each picture another amount."""
    amount = LARGEST_NOISE * torch.rand(
        len(images), 1, 1, 1, generator=random, device=images.device
    )
    return images + amount * torch.randn(
        images.shape, generator=random, device=images.device, dtype=images.dtype
    )


def train(
    network: SmallVGG,
    learned: Pictures,
    *,
    epochs: int,
    rate: float,
    random: torch.Generator,
    disturb: Callable[[Tensor, torch.Generator], Tensor] | None = None,
) -> None:
    """Train a network, with AdamW and one cycle of the learning rate.

    learned: the pictures to learn from.
    rate: the largest learning rate.
    random: on the network's device; decides the order and the changes of the pictures.
    disturb: a further change of the pictures, such as ``add_noise``.
    """
    device = random.device
    images = torch.from_numpy(learned.images).to(device)
    labels = torch.from_numpy(learned.labels).to(device)
    steps = len(images) // BATCH
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, epochs * steps)
    network.train()
    for epoch in range(epochs):
        begin, losses = time.monotonic(), torch.zeros((), device=device)
        order = torch.randperm(len(images), generator=random, device=device)
        for part in order[: steps * BATCH].view(steps, BATCH):
            batch = augment(images[part].float() / 255, random)
            if disturb is not None:
                batch = disturb(batch, random)
            batch = small_vgg.normalize(batch).contiguous(memory_format=torch.channels_last)
            loss = functional.cross_entropy(network(batch), labels[part], label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses += loss.detach()
        print(
            f"epoch {epoch + 1} of {epochs}: loss {float(losses) / steps:.3f}, "
            f"{time.monotonic() - begin:.0f} s",
            flush=True,
        )


def train_plain(
    learned: Pictures, *, epochs: int, seed: int, device: torch.device
) -> tuple[SmallVGG, torch.Generator]:
    """Return a network trained by the recipe, and the random numbers that a training goes on with.

    learned: the pictures to learn from.
    epochs: all of them are one cycle of the learning rate.
    seed: of the weights at the beginning, and of the order and the changes of the pictures.
    """
    torch.manual_seed(seed)
    random = torch.Generator(device).manual_seed(seed)
    network = SmallVGG(batch_norm=True).to(device).to(memory_format=torch.channels_last)
    train(network, learned, epochs=epochs, rate=RATE, random=random)
    return network, random


@torch.inference_mode()
def correct(network: nn.Module, pictures: Pictures, device: torch.device) -> Tensor:
    """Return which pictures a network classifies correctly, shape (N,), bool."""
    parts = []
    for start in range(0, len(pictures), BATCH):
        batch = torch.from_numpy(pictures.images[start : start + BATCH]).to(device).float() / 255
        labels = torch.from_numpy(pictures.labels[start : start + BATCH]).to(device)
        batch = small_vgg.normalize(batch).contiguous(memory_format=torch.channels_last)
        parts.append(network(batch).argmax(1) == labels)
    return torch.cat(parts)


def count_correct(network: nn.Module, pictures: Pictures, device: torch.device) -> int:
    """Return how many pictures a network classifies correctly."""
    return int(correct(network, pictures, device).sum())


def store(
    path: Path, folded: SmallVGG, training: Training, seed: int, epochs: int, pictures: Pictures
) -> None:
    """Round and test a folded network, and write it to ``path``."""
    folded = folded.cpu()
    weights = small_vgg.half_weights(folded)
    folded.load_state_dict({name: torch.from_numpy(w).float() for name, w in weights.items()})
    hits = count_correct(folded, pictures, torch.device("cpu"))
    metadata = Metadata(
        training=training,
        seed=seed,
        epochs=epochs,
        training_pictures=TRAINING_PICTURES,
        training_seed=TRAINING_SEED,
        test_pictures=len(pictures),
        test_seed=TEST_SEED,
        test_correct=hits,
        torch_version=torch.__version__,
        sha256=small_vgg.digest(weights),
    )
    small_vgg.save(path, folded, metadata)
    print(
        f"{path.name}: {hits} of {len(pictures)} test pictures correct, "
        f"{path.stat().st_size / 1e6:.2f} MB",
        flush=True,
    )


def main(arguments: list[str]) -> None:
    """Train both networks."""
    parser = argparse.ArgumentParser(description="Train the course's small VGG.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--folder", type=Path, default=small_vgg.FILES["plain"].parent)
    options = parser.parse_args(arguments)

    device = torch.device(options.device)
    learned = draw(TRAINING_PICTURES, seed=TRAINING_SEED)
    pictures = draw(TEST_PICTURES, seed=TEST_SEED)
    network, random = train_plain(learned, epochs=EPOCHS, seed=options.seed, device=device)
    plain, noise = (options.folder / small_vgg.FILES[name].name for name in ("plain", "noise"))
    store(plain, small_vgg.fold_batch_norm(network), "plain", options.seed, EPOCHS, pictures)
    train(network, learned, epochs=NOISE_EPOCHS, rate=NOISE_RATE, random=random, disturb=add_noise)
    folded = small_vgg.fold_batch_norm(network)
    store(noise, folded, "noise", options.seed, EPOCHS + NOISE_EPOCHS, pictures)


if __name__ == "__main__":
    main(sys.argv[1:])
