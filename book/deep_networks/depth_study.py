"""Does a deeper network learn better? Three kinds of networks, three depths, on the digits.

    python -m book.deep_networks.depth_study

Trains each network with each learning rate and seed, and writes what came of it to
``depth_study.json`` beside this file: about half an hour on one core. What is stored is not
trained again. The page shows the learning rate that was best in validation.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from book.deep_networks.digit_networks import CHANNELS, KINDS, Kind, network
from book.training.handwriting import digits, epochs_of

FILE = Path(__file__).with_name("depth_study.json")
"""What has been trained."""

DEPTHS = (6, 20, 56)
RATES = (0.01, 0.03, 0.1, 0.3)
SEEDS = (0, 1, 2)
EPOCHS = 15
BATCH = 64
MOMENTUM, DECAY = 0.9, 1e-4


@dataclass(frozen=True)
class Run:
    """One training, and what came of it.

    losses: the mean loss on the batches of each epoch; empty if it became infinite.
    validation, test: the share of the images that is read right in the end.
    """

    kind: Kind
    depth: int
    rate: float
    seed: int
    losses: tuple[float, ...]
    validation: float
    test: float


def settings() -> dict[str, Any]:
    """Return what the outcomes depend on, besides kind, depth, learning rate and seed."""
    return {
        "channels": CHANNELS,
        "epochs": EPOCHS,
        "batch": BATCH,
        "momentum": MOMENTUM,
        "decay": DECAY,
        "schedule": "cosine",
    }


def accuracy(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """Return the share of images that a network reads right, in inference."""
    model.eval()
    with torch.no_grad():
        share: float = (model(x).argmax(dim=1) == y).float().mean().item()
    return share


def tensors() -> tuple[tuple[Tensor, Tensor], ...]:
    """Return images and labels of the training, the validation and the test set."""
    data = digits()
    parts = (data.x, data.y), (data.validation_x, data.validation_y), (data.test_x, data.test_y)
    return tuple((torch.from_numpy(x).float(), torch.from_numpy(y)) for x, y in parts)


def fitted(
    kind: Kind, depth: int, rate: float, seed: int, epochs: int = EPOCHS
) -> tuple[nn.Sequential, list[float]]:
    """Train one network on the digits, along half a wave of the cosine.

    Returns the network, and the mean loss on the batches of each epoch.
    """
    x, y = tensors()[0]
    model = network(kind, depth, seed)
    optimizer = torch.optim.SGD(model.parameters(), rate, MOMENTUM, weight_decay=DECAY)
    steps = epochs * math.ceil(len(x) / BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    losses = []
    for order in torch.from_numpy(epochs_of(len(x), epochs, seed)):
        total = 0.0
        model.train()
        for batch in order.split(BATCH):
            loss = functional.cross_entropy(model(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        losses.append(round(total / len(x), 5))
    return model, losses


def train(kind: Kind, depth: int, rate: float, seed: int, epochs: int = EPOCHS) -> Run:
    """Train one network, and measure it on the two other sets."""
    model, losses = fitted(kind, depth, rate, seed, epochs)
    finite = tuple(losses) if all(map(math.isfinite, losses)) else ()
    validation, test = (round(accuracy(model, x, y), 5) for x, y in tensors()[1:])
    return Run(kind, depth, rate, seed, finite, validation, test)


def read(path: Path = FILE) -> list[Run]:
    """Return the stored trainings.

    Raises ValueError if they were made with other settings than the present ones.
    """
    stored = json.loads(path.read_text(encoding="utf-8"))
    if stored["settings"] != settings():
        raise ValueError(
            f"{path.name} was made with other settings. Delete it and run "
            "python -m book.deep_networks.depth_study."
        )
    return [Run(**{**run, "losses": tuple(run["losses"])}) for run in stored["runs"]]


def save(path: Path, runs: Iterable[Run]) -> None:
    """Write trainings to a file, in a fixed order, one a line."""
    runs = sorted(runs, key=lambda run: (KINDS.index(run.kind), run.depth, run.rate, run.seed))
    lines = ",\n".join(json.dumps(asdict(run)) for run in runs)
    head = json.dumps({"settings": settings(), "torch_version": torch.__version__})
    path.write_text(f'{head[:-1]}, "runs": [\n{lines}\n]}}\n', encoding="utf-8")


def best_rate(runs: Iterable[Run], kind: Kind, depth: int) -> float:
    """Return the learning rate whose networks read most of the validation set right, on average.

    Rates with which the loss of a network became infinite are out of the question.
    """
    by_rate: dict[float, list[Run]] = {}
    for run in runs:
        if (run.kind, run.depth) == (kind, depth):
            by_rate.setdefault(run.rate, []).append(run)
    finite = {rate: some for rate, some in by_rate.items() if all(run.losses for run in some)}
    return max(finite, key=lambda rate: float(np.mean([run.validation for run in finite[rate]])))


def best_runs(runs: Iterable[Run], kind: Kind, depth: int) -> list[Run]:
    """Return the trainings with the best learning rate, one for each seed."""
    runs = list(runs)
    rate = best_rate(runs, kind, depth)
    return [run for run in runs if (run.kind, run.depth, run.rate) == (kind, depth, rate)]


def main(arguments: list[str]) -> None:
    """Train what the file lacks."""
    parser = argparse.ArgumentParser(description="Train networks of three kinds and depths.")
    parser.add_argument("--file", type=Path, default=FILE, help="what came of it goes there")
    parser.add_argument("--depths", type=int, nargs="+", default=DEPTHS)
    parser.add_argument("--rates", type=float, nargs="+", default=RATES)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    options = parser.parse_args(arguments)

    runs = read(options.file) if options.file.exists() else []
    done = {(run.kind, run.depth, run.rate, run.seed) for run in runs}
    for seed in options.seeds:
        for kind in KINDS:
            for depth in options.depths:
                for rate in options.rates:
                    if (kind, depth, rate, seed) not in done:
                        runs.append(train(kind, depth, rate, seed))
                        save(options.file, runs)
                        print(runs[-1], flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
