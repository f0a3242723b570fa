"""What surrounds the small CNN: its start, its scores, its marks, and a look at it while it learns.

Shapes: images (N, C, H, W), labels (N,), scores (N, K). The parameters are those of
:func:`solutions.training.tasks.small_cnn_loss_and_gradients.small_cnn_loss_and_gradients`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from solutions.arrays import Array, Labels
from solutions.training.convolution import conv2d_forward
from solutions.training.parameters import LossAndGradients, Parameters

Observation = TypeVar("Observation")


def random_parameters(
    rng: np.random.Generator, filters: int, classes: int, channels: int = 1, side: int = 8
) -> Parameters:
    """Draw the parameters of a small CNN for square images.

    The filters follow He et al. (2015): standard deviation sqrt(2 / (9 * channels)). The dense
    layer starts almost at zero, so that all classes start equally likely. Biases are zero.
    """
    return {
        "w1": rng.standard_normal((filters, channels, 3, 3)) * np.sqrt(2 / (9 * channels)),
        "b1": np.zeros(filters),
        "w2": rng.standard_normal((filters * side**2 // 4, classes)) * 0.01,
        "b2": np.zeros(classes),
    }


def scores(parameters: Parameters, x: Array) -> Array:
    """Return the scores (N, K) of the small CNN for the images x (N, C, H, W), H and W even."""
    maps = conv2d_forward(x, parameters["w1"], parameters["b1"], stride=1, padding=1)
    images, filters, height, width = maps.shape
    blocks = maps.reshape(images, filters, height // 2, 2, width // 2, 2)
    pooled = blocks.max(axis=(3, 5)).clip(0)
    result: Array = pooled.reshape(images, -1) @ parameters["w2"] + parameters["b2"]
    return result


def softmax(z: Array) -> Array:
    """Turn scores (N, K) into probabilities: positive, and each row adds up to 1."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    result: Array = powers / powers.sum(axis=1, keepdims=True)
    return result


def cross_entropy(z: Array, y: Labels) -> float:
    """Return the mean cross-entropy of scores z (N, K) and labels y (N,)."""
    top = z.max(axis=1)
    log_sums = np.log(np.exp(z - top[:, np.newaxis]).sum(axis=1)) + top
    return float(np.mean(log_sums - z[np.arange(len(y)), y]))


def accuracy(parameters: Parameters, x: Array, y: Labels) -> float:
    """Return the share of the images x whose largest score is that of their label, 0 to 1."""
    return float(np.mean(scores(parameters, x).argmax(axis=1) == y))


@dataclasses.dataclass
class Watched(Generic[Observation]):
    """A ``loss_and_gradients`` that has a look at the parameters every so many calls.

    ``train`` calls it with the parameters as they are before each step, so with ``every`` set to
    the number of batches per epoch ``seen`` holds what ``look`` returned before each epoch.
    """

    loss_and_gradients: LossAndGradients
    look: Callable[[Parameters], Observation]
    every: int
    seen: list[Observation] = dataclasses.field(default_factory=list)
    calls: int = 0

    def __call__(self, parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
        """Look, if it is time, and return loss and gradients."""
        if self.calls % self.every == 0:
            self.seen.append(self.look(parameters))
        self.calls += 1
        return self.loss_and_gradients(parameters, x, y)
