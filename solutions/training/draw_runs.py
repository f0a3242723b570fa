"""Drawing the runs of ``runs.json``: ``python -m solutions.training.draw_runs``.

Each run trains the small CNN on handwritten digits, healthy or with one thing wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch.nn import functional

from solutions.arrays import Array, Labels
from solutions.training.autograd import autograd_loss_and_gradients
from solutions.training.network import (
    Watched,
    accuracy,
    cross_entropy,
    random_parameters,
    scores,
    softmax,
)
from solutions.training.parameters import LossAndGradients, Parameters
from solutions.training.runs import FILE, KINDS, Run
from solutions.training.tasks.small_cnn_loss_and_gradients import small_cnn_loss_and_gradients
from solutions.training.tasks.train import train

RUNS_PER_KIND = 10
VALIDATION_IMAGES = 60  # of each class
BATCH = 32


def softmax_twice(z: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the loss of a network whose last layer is softmax already."""
    return functional.cross_entropy(z.softmax(dim=1), labels)


def labels_mixed_up(rng: np.random.Generator) -> LossAndGradients:
    """Return the small CNN for a loop that shuffles images and labels separately."""

    def loss_and_gradients(p: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
        return small_cnn_loss_and_gradients(p, x, rng.permutation(y))

    return loss_and_gradients


def digits_of(
    rng: np.random.Generator, classes: int, train_images: int, noise: float
) -> tuple[Array, Labels, Array, Labels]:
    """Draw handwritten digits of some classes, equally many of each.

    classes: how many of the ten digits; they are numbered anew from 0.
    train_images: training images of each class.
    noise: standard deviation of the noise added to the pixels, which go from 0 to 1.
    Returns training images (N, 1, 8, 8) and labels, validation images and labels.
    """
    images, labels = load_digits(return_X_y=True)
    pictures = (images / 16 + noise * rng.standard_normal(images.shape)).reshape(-1, 1, 8, 8)
    count = train_images + VALIDATION_IMAGES
    chosen = np.stack(
        [
            rng.permutation(np.flatnonzero(labels == digit))[:count]
            for digit in rng.permutation(10)[:classes]
        ]
    )
    learn, validate = chosen[:, :train_images], chosen[:, train_images:]
    y, validation_y = (np.repeat(np.arange(classes), part.shape[1]) for part in (learn, validate))
    return pictures[learn.ravel()], y, pictures[validate.ravel()], validation_y


def settings(kind: str, rng: np.random.Generator) -> dict[str, Any]:
    """Draw what a run of a kind is made with: images of each class, noise, rate, epochs."""
    chosen: dict[str, Any] = {
        "train_images": 60,
        "noise": 0.0,
        "learning_rate": float(rng.choice([0.05, 0.1])),
        "epochs": int(rng.integers(9, 15)),
    }
    if kind == "step too large":
        chosen["learning_rate"] = float(rng.choice([4, 8, 16]))
    elif kind == "step too small":
        chosen["learning_rate"] = float(rng.choice([0.0003, 0.0006, 0.0009]))
    elif kind == "softmax twice":
        chosen["learning_rate"] = 0.2
        chosen["epochs"] += 8
    elif kind == "overfitting":
        chosen.update(train_images=8, noise=0.45, learning_rate=0.03)
        chosen["epochs"] += 20
    return chosen


def draw_run(kind: str, seed: int, classes: int | None = None) -> Run:
    """Train one network of a kind and return its curves, rounded to four decimals.

    classes: how many of the ten digits; by default 4 to 10, as the seed has it.
    """
    rng = np.random.default_rng([KINDS.index(kind), seed])
    drawn = int(rng.integers(4, 11))
    classes = drawn if classes is None else classes
    chosen = settings(kind, rng)
    x, y, validation_x, validation_y = digits_of(
        rng, classes, chosen["train_images"], chosen["noise"]
    )
    parameters = random_parameters(rng, 8, classes)
    loss_and_gradients: LossAndGradients = small_cnn_loss_and_gradients
    reported: Callable[[Array], Array] = lambda z: z  # noqa: E731
    if kind == "labels mixed up":
        loss_and_gradients = labels_mixed_up(rng)
    elif kind == "softmax twice":
        loss_and_gradients, reported = autograd_loss_and_gradients(softmax_twice), softmax

    def look(p: Parameters) -> tuple[float, float, float]:
        return (
            cross_entropy(reported(scores(p, x)), y),
            cross_entropy(reported(scores(p, validation_x)), validation_y),
            accuracy(p, validation_x, validation_y),
        )

    watched = Watched(loss_and_gradients, look, every=-(-len(x) // BATCH))
    order = [rng.permutation(len(x)) for _ in range(chosen["epochs"])]
    learned, losses = train(
        watched, parameters, x, y, order, BATCH, chosen["learning_rate"], momentum=0.9
    )
    curves = np.array([*watched.seen, look(learned)])
    curves[1:, 0] = losses.reshape(len(order), -1).mean(axis=1)
    train_loss, validation_loss, validation_accuracy = (
        curve.round(4).tolist() for curve in curves.T
    )
    return {
        "train_loss": train_loss,
        "validation_loss": validation_loss,
        "validation_accuracy": validation_accuracy,
        "classes": classes,
    }


def main() -> None:
    """Compute all runs and store them."""
    runs = {kind: [draw_run(kind, seed) for seed in range(RUNS_PER_KIND)] for kind in KINDS}
    FILE.write_text(json.dumps(runs, allow_nan=False).replace("}, {", "},\n{") + "\n")


if __name__ == "__main__":
    main()
