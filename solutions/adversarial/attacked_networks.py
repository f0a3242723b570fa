"""The small networks and pictures that the cases are made of, and gradients by their pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from autograder import values
from autograder.problems import Random
from autograder.values import SequentialNetwork, Value
from solutions.visualization.drawn_networks import CLASSES, FLATTEN, POOL, RELU, conv, linear

STEPS = 16
"""Pixels are multiples of 1/16, so that they stay exact whatever is added."""

NORMALIZED = {
    "kind": "conv",
    "weight": 4.0 * np.eye(3)[:, :, None, None],
    "bias": np.full(3, -2.0),
}
"""The first layer, filters of 1 x 1: subtracts 0.5 from each channel and divides by 0.25."""

SMALLEST = 1e-6
"""No derivative of a case is smaller, unless it is exactly 0."""


def drawn_network(rng: Random, height: int, width: int) -> SequentialNetwork:
    """Draw a network of the VGG kind that takes pictures from 0 to 1."""
    layers = (NORMALIZED, conv(rng, 3, 4), RELU, POOL, conv(rng, 4, 6), RELU, FLATTEN)
    units = linear(rng, 6 * (height // 2) * (width // 2), CLASSES)
    return SequentialNetwork((*layers, units))


def drawn_pictures(rng: Random, count: int, height: int, width: int) -> np.ndarray:
    """Draw pictures from 0 to 1: a part of the numbers is 0 or 1, or close to it."""
    inner = rng.integers(STEPS, size=(count, 3, height, width), endpoint=True)
    ends = rng.choice([0, 1, STEPS - 1, STEPS], size=inner.shape)
    return np.where(rng.random(inner.shape) < 0.3, ends, inner) / STEPS


def attacked(rng: Random, count: int, height: int, width: int) -> dict[str, Value]:
    """Draw a network, pictures, and a class for each of them; neighbors differ."""
    return {
        "model": drawn_network(rng, height, width),
        "x": values.Tensor(drawn_pictures(rng, count, height, width)),
        "labels": values.Tensor((rng.integers(CLASSES) + np.arange(count)) % CLASSES),
    }


def gradient_of(
    model: nn.Module, x: torch.Tensor, objective: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Return the derivatives, by the pixels, of one number made from the scores."""
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(objective(model(x)), x)[0]


def loss_gradient(model: nn.Module, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the derivatives of the cross-entropy, added up over the pictures, by the pixels."""
    return gradient_of(
        model, x, lambda scores: functional.cross_entropy(scores, labels, reduction="sum")
    )
