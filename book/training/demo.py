"""Demonstrations of the page "Training": a watched training, broken ones, and a race."""

from __future__ import annotations

import math
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from autograder.torch_threads import one_thread
from book import plots
from book.training.handwriting import Digits
from solutions.arrays import Array, Labels
from solutions.training.convolution import conv2d_forward
from solutions.training.draw_runs import draw_run
from solutions.training.network import Watched, accuracy, cross_entropy, scores
from solutions.training.parameters import Parameters
from solutions.training.plain_convolutions import conv2d_im2col, conv2d_loops, conv2d_windows
from solutions.training.runs import Run
from solutions.training.tasks.small_cnn_loss_and_gradients import small_cnn_loss_and_gradients


@dataclass
class Progress:
    """Looks at a network before each epoch, and writes a line with a bar that grows.

    Calling it returns loss and accuracy on the validation images.
    """

    data: Digits
    epochs: int
    done: int = 0

    def __call__(self, parameters: Parameters) -> tuple[float, float]:
        """Measure, write the line, and count the epoch."""
        right = accuracy(parameters, self.data.validation_x, self.data.validation_y)
        loss = cross_entropy(scores(parameters, self.data.validation_x), self.data.validation_y)
        bar = "█" * self.done + "░" * (self.epochs - self.done)
        print(f"{self.done:2} of {self.epochs} epochs {bar} in validation {loss:.3f}, {right:6.1%}")
        self.done += 1
        return loss, right


def watched_cnn(data: Digits, epochs: int, batch_size: int) -> Watched[tuple[float, float]]:
    """Return the small CNN, watched at the start of each epoch."""
    batches = -(-len(data.x) // batch_size)
    return Watched(small_cnn_loss_and_gradients, Progress(data, epochs), every=batches)


def with_fixed_filters(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Return loss and gradients of the small CNN, as if the filters did not matter."""
    loss, gradients = small_cnn_loss_and_gradients(parameters, x, y)
    return loss, {
        name: gradient if name in ("w2", "b2") else np.zeros_like(gradient)
        for name, gradient in gradients.items()
    }


def largest_mistakes(parameters: Parameters, data: Digits, count: int) -> list[tuple[int, int]]:
    """Return the wrong validation images that the network is surest about, each with its answer."""
    answers = scores(parameters, data.validation_x)
    margins = answers.max(axis=1) - answers[np.arange(len(answers)), data.validation_y]
    wrong = np.argsort(-margins)[:count]
    return [(int(n), int(answers[n].argmax())) for n in wrong if margins[n] > 0]


def confusion_matrix(answers: Labels, labels: Labels, classes: int) -> Array:
    """Count pairs: row k, column j holds how many images of class k got the answer j."""
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (labels, answers), 1)
    return counts


CONFIDENCE_EDGES = (0.0, 0.7, 0.9, 0.99, 1.0)


def reliability(probabilities: Array, labels: Labels) -> list[tuple[int, float, float]]:
    """Group answers by their confidence, between CONFIDENCE_EDGES.

    probabilities: shape (N, K). The confidence of an answer is the largest of its row.
    Returns for each group: how many images, their mean confidence, the share that is right.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    group = np.searchsorted(CONFIDENCE_EDGES[1:-1], confidence, side="right")
    return [
        (
            int(np.sum(group == n)),
            float(confidence[group == n].mean()),
            float(right[group == n].mean()),
        )
        for n in range(len(CONFIDENCE_EDGES) - 1)
    ]


GALLERY = (
    ("A", "step too large", 4),
    ("B", "softmax twice", 4),
    ("C", "overfitting", 3),
    ("D", "step too small", 9),
    ("E", "labels mixed up", 1),
)
"""The five broken runs of the gallery: a letter, what is broken, and the seed."""


def gallery() -> dict[str, Run]:
    """Train the five broken networks on all ten digits and return their curves by letter."""
    return {letter: draw_run(kind, seed, classes=10) for letter, kind, seed in GALLERY}


def softmax_floor(classes: int) -> float:
    """Return the lowest loss where probabilities are taken for scores: 1 against zeros."""
    return float(np.log(math.e + classes - 1) - 1)


@dataclass(frozen=True)
class Rung:
    """One way to compute a convolution, and its best time in milliseconds."""

    name: str
    milliseconds: float
    agrees: bool


def ladder(
    images: int = 8, channels: int = 64, filters: int = 64, side: int = 56, rounds: int = 5
) -> list[Rung]:
    """Measure the same 3 x 3 convolution in five ways, on one thread, in float32.

    The ways take turns, and the best of the rounds counts. Loops are measured once and on one
    image, and their time is multiplied by the number of images.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((images, channels, side, side)).astype(np.float32)
    w = rng.standard_normal((filters, channels, 3, 3)).astype(np.float32)
    b = rng.standard_normal(filters).astype(np.float32)
    tensors = [torch.from_numpy(part) for part in (x, w, b)]

    def by_torch() -> Array:
        image, weights, biases = tensors
        values: Array = torch.nn.functional.conv2d(image, weights, biases, padding=1).numpy()
        return values

    ways: dict[str, Callable[[], Array]] = {
        "windows": lambda: conv2d_windows(x, w, b, 1, 1),
        "im2col": lambda: conv2d_im2col(x, w, b, 1, 1),
        "shifted copies": lambda: conv2d_forward(x, w, b, 1, 1),
        "PyTorch": by_torch,
    }
    with one_thread(), threadpool_limits(1), torch.no_grad():
        expected = by_torch()
        seconds, first = timed(lambda: conv2d_loops(x[:1], w, b, 1, 1))
        rungs = {"loops": [seconds * images]}
        agrees = {"loops": close(first, expected[:1])}
        for name, way in ways.items():
            agrees[name] = close(way(), expected)  # also warms up
        for _ in range(rounds):
            for name, way in ways.items():
                rungs.setdefault(name, []).append(timed(way)[0])
    return [Rung(name, 1000 * min(times), agrees[name]) for name, times in rungs.items()]


def timed(way: Callable[[], Array]) -> tuple[float, Array]:
    """Return how many seconds a call took, and its result."""
    start = time.perf_counter()
    result = way()
    return time.perf_counter() - start, result


def close(got: Array, expected: Array) -> bool:
    """Return whether two float32 results agree as far as float32 can tell."""
    return bool(np.abs(got - expected).max() < 1e-4 * np.abs(expected).max())


def this_machine() -> str:
    """Say in a few words what machine this is: system, processor family, number of cores."""
    return f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores"


def blas() -> str:
    """Return the processor family for which NumPy's matrix library has chosen its inner loops."""
    libraries = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return (
        str(libraries[0].get("architecture", libraries[0]["internal_api"]))
        if libraries
        else "unknown"
    )


def digits_panels(pictures: Array, titles: list[str], width: int) -> list[plots.Panel]:
    """Return one panel for each gray picture (N, 8, 8), dark ink on light paper."""
    return [
        plots.picture(1 - picture, title, high=1, width=width)
        for picture, title in zip(pictures, titles, strict=True)
    ]
