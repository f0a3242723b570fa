"""Demonstrations of the page "Transfer learning": its tasks, its classifiers, its charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from book import plots
from laboratory import drawn_pictures, evaluation, transfer
from laboratory.attribution.occlusion import occlusion
from laboratory.evaluation import Mean, mean_with_interval
from laboratory.layers import chain
from laboratory.networks import Network

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

SEED = 1989
"""Of the pictures of the new task."""

TRAINING, VALIDATION, TEST = 500, 100, 300
"""How many pictures there are of each kind; they follow each other in this order."""

SIZES = (10, 30, 100, TRAINING)
"""Numbers of training pictures that are compared."""

REPEATS = 3
"""Of few pictures, so many trainings with other ones are averaged."""

DIGIT_SIDE = 40
"""Height and width of a digit in its picture, in pixels."""


@dataclass(frozen=True)
class Task:
    """Pictures with labels that a network was never trained for; the classes take turns.

    images: shape (N, 3, H, W), from 0 to 1. labels: shape (N,), positions in ``classes``.
    """

    classes: tuple[str, ...]
    images: Tensor
    labels: Tensor


def new_task(network: Network) -> Task:
    """Return a task that is new for a network: digits if it knows the drawn pictures, else these.

    As many pictures as training, validation and test need.
    """
    count = TRAINING + VALIDATION + TEST
    if network.classes == drawn_pictures.CLASSES:
        return digits_anywhere(count)
    pictures = drawn_pictures.draw(count, seed=SEED)
    images = torch.from_numpy(pictures.images).float() / 255
    return Task(drawn_pictures.CLASSES, images, torch.from_numpy(pictures.labels))


def _digits(count: int) -> tuple[Tensor, Tensor]:
    """Return scikit-learn's digits, (N, 1, 8, 8) from 0 to 1, and labels; the classes take turns.

    There are 174 or more of each class.
    """
    images, labels = load_digits(return_X_y=True)
    random = np.random.default_rng(SEED)
    order = [random.permutation(np.flatnonzero(labels == digit))[:174] for digit in range(10)]
    chosen = np.stack(order, axis=1).ravel()[:count]
    ink = torch.from_numpy(images[chosen].reshape(-1, 1, 8, 8) / 16).float()
    return ink, torch.from_numpy(labels[chosen]).long()


def digits_anywhere(count: int) -> Task:
    """Return handwritten digits in any color, dark on light or light on dark, at any place."""
    ink, labels = _digits(count)
    ink = functional.interpolate(ink, size=DIGIT_SIDE, mode="bicubic").clamp(0, 1)
    side = drawn_pictures.SIZE
    random = np.random.default_rng(SEED)
    ground = torch.from_numpy(random.random((count, 3, 1, 1))).float()
    color = 0.35 * torch.from_numpy(random.random((count, 3, 1, 1))).float()
    color = torch.where(ground.mean(1, keepdim=True) > 0.5, color, 1 - color)
    cover = torch.zeros(count, 1, side, side)
    places = random.integers(0, side - DIGIT_SIDE + 1, size=(count, 2))
    for picture, digit, (top, left) in zip(cover, ink, places, strict=True):
        picture[:, top : top + DIGIT_SIDE, left : left + DIGIT_SIDE] = digit
    return Task(tuple("0123456789"), ground + cover * (color - ground), labels)


def digits_in_place(count: int) -> Task:
    """Return the same digits, white on black, each as large as the picture."""
    ink, labels = _digits(count)
    images = functional.interpolate(ink, size=drawn_pictures.SIZE, mode="bilinear")
    return Task(tuple("0123456789"), images.expand(-1, 3, -1, -1), labels)


def without_knowledge(model: nn.Module) -> nn.Module:
    """Return a network's layers up to the last pooling, with random weights."""
    names = transfer.blocks(model)
    layers = chain(model)
    end = [layer.name for layer in layers].index(names[-1]) + 1
    trunk = nn.Sequential(*(layer.module for layer in layers[:end])).eval()
    *_, (_, random) = evaluation.randomized(trunk)
    return random


def block_features(network: Network, model: nn.Module, task: Task) -> dict[str, Tensor]:
    """Return the features of all pictures of a task, from the end of each block of a model."""
    x = network.normalize(task.images)
    return transfer.features(model, x, transfer.blocks(model), progress=False)


def pixel_features(images: Tensor, training: int = TRAINING) -> Tensor:
    """Return pictures (N, 3, H, W) in as few numbers as a linear classifier can tell apart.

    Its weights are combinations of the training pictures. So of a picture only its part in their
    span counts: coordinates in an orthonormal basis of it, shape (N, at most ``training``).
    """
    pixels = images.flatten(1)
    products = (pixels @ pixels[:training].T).double()
    values, vectors = torch.linalg.eigh(products[:training])
    large = values > 1e-6 * values[-1]
    coordinates: Tensor = products @ (vectors[:, large] / values[large].sqrt())
    return coordinates.float()


@dataclass(frozen=True)
class Outcome:
    """What classifiers with the same number of training pictures reach.

    accuracy: over the test pictures; of each, the share of the classifiers that are right.
    heads: the classifiers, one for each set of training pictures.
    """

    accuracy: Mean
    heads: tuple[transfer.Head, ...]


def learn(
    features: Tensor, task: Task, count: int = TRAINING, *, splits: Sequence[int] = ()
) -> Outcome:
    """Train linear classifiers on features of the task's pictures, and test them.

    features: of all pictures, shape (N, D). count: training pictures of each classifier.
    splits: how many pictures are for training and for validation; the rest is for the test.
    """
    training, validation = splits or (TRAINING, VALIDATION)
    heads = []
    for first in range(0, training - count + 1, count)[:REPEATS]:
        learned = slice(first, first + count)
        checked = slice(training, training + validation)
        heads.append(
            transfer.choose_head(
                features[learned],
                task.labels[learned],
                features[checked],
                task.labels[checked],
                len(task.classes),
            )
        )
    tested = slice(training + validation, None)
    right = [head.correct(features[tested], task.labels[tested]).double() for head in heads]
    return Outcome(mean_with_interval(torch.stack(right).mean(0)), tuple(heads))


def at_size(network: Network, task: Task) -> Network:
    """Return a network that prepares pictures in the size of a task's pictures."""
    return replace(network, size=task.images.shape[-1], resize=task.images.shape[-1])


# Panels.


def picture_panels(task: Task, count: int, width: int = 96) -> list[plots.Panel]:
    """Return the first pictures of a task, with their classes."""
    return [
        plots.picture(image.permute(1, 2, 0).numpy(), task.classes[int(label)], high=1, width=width)
        for image, label in zip(task.images[:count], task.labels, strict=False)
    ]


def picture_and_map(network: Network, task: Task, index: int) -> plots.Panel:
    """Return a picture of a task, and its occlusion map for the right class, side by side."""
    image, label = task.images[index], int(task.labels[index])
    patch = image.shape[-1] // 6
    covered = occlusion(
        network.model,
        network.normalize(image[None].to(network.device)),
        patch=patch,
        stride=patch // 2,
        progress=False,
    )
    return plots.group(
        plots.picture(image.permute(1, 2, 0).numpy(), task.classes[label], high=1, width=110),
        plots.response(covered.pixel_map(label).cpu().numpy(), "occlusion", width=110),
    )


def accuracy_chart(
    lines: Mapping[str, Sequence[Mean]], places: Sequence[str], *, xlabel: str, classes: int
) -> plots.Panel:
    """Draw accuracies with their intervals: a line each, and a thin one at the level of chance."""
    figure, axes = plots.chart(4.6, 2.9)
    x = np.arange(len(places))
    axes.axhline(1 / classes, color=plots.INK, linewidth=0.6, linestyle=(0, (1, 3)))
    looks = zip(
        ("o", "s", "^"),
        ("-", "--", ":"),
        (plots.POSITIVE_COLOR, plots.NEGATIVE_COLOR, plots.INK),
        strict=True,
    )
    for (name, means), (marker, style, color) in zip(lines.items(), looks, strict=False):
        values = np.array([mean.value for mean in means])
        ends = np.array([[mean.low for mean in means], [mean.high for mean in means]])
        axes.errorbar(
            x,
            values,
            np.abs(ends - values),
            color=color,
            linestyle=style,
            marker=marker,
            markersize=5,
            capsize=2,
            label=name,
        )
    axes.set(ylim=(0, 1.02), xlabel=xlabel, ylabel="accuracy", xticks=x)
    axes.set_xticklabels(places)
    axes.legend(frameon=False, fontsize=9, labelcolor=plots.INK)
    return plots.drawn_chart(figure, width=460)
