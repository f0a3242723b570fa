"""The small networks and pictures that the cases are made of."""

from __future__ import annotations

import numpy as np

from autograder.problems import Random, quarters
from autograder.values import SequentialNetwork, Tensor, Value
from laboratory import small_vgg

SECONDS = 10.0
"""Per call: every network here is tiny, but PyTorch needs its time on a busy machine."""

DIGITS = 10
"""Digits of what is stored where a misconception takes a softmax or divides."""


def conv(rng: Random, channels: int, filters: int) -> dict[str, Value]:
    """Draw a padded convolution."""
    return {
        "kind": "conv",
        "weight": quarters(rng, filters, channels, 3, 3) / 8,
        "bias": quarters(rng, filters) / 8,
        "padding": 1,
    }


def linear(rng: Random, inputs: int, units: int) -> dict[str, Value]:
    """Draw a linear layer."""
    return {
        "kind": "linear",
        "weight": quarters(rng, units, inputs) / 16,
        "bias": quarters(rng, units) / 8,
    }


RELU = {"kind": "relu", "inplace": True}
POOL = {"kind": "max_pool", "size": 2}
FLATTEN = {"kind": "flatten"}
CLASSES = 5


def drawn_network(
    rng: Random, height: int, width: int, max_calls: int | None = None
) -> SequentialNetwork:
    """Draw a network of the VGG kind for color pictures of the given size."""
    layers = (conv(rng, 3, 4), RELU, POOL, conv(rng, 4, 6), RELU, FLATTEN)
    inputs = 6 * (height // 2) * (width // 2)
    return SequentialNetwork((*layers, linear(rng, inputs, CLASSES)), max_calls)


def drawn_pictures(rng: Random, *shape: int) -> Tensor:
    """Draw pictures, or noise, of the given shape."""
    return Tensor(quarters(rng, *shape, low=-2.0, high=2.0))


def drawn_classes(rng: Random, count: int) -> Tensor:
    """Draw one class for each picture; neighbors differ."""
    return Tensor((rng.integers(CLASSES) + np.arange(count)) % CLASSES)


def one_class(count: int) -> dict[str, Value]:
    """Return one class for all pictures of a case."""
    return {"targets": Tensor(np.full(count, 3))}


def scored_pictures(rng: Random, count: int, height: int, width: int) -> dict[str, Value]:
    """Draw a network, pictures, and a class for each of them."""
    return {
        "model": drawn_network(rng, height, width),
        "x": drawn_pictures(rng, count, 3, height, width),
        "targets": drawn_classes(rng, count),
    }


EXPLORED = {
    "network": "small_vgg_noise.npz",
    "pictures": "pictures.npz",
    "mean": small_vgg.MEAN[0],
    "std": small_vgg.STD[0],
}
"""What the explorers play with; the channels are normalized alike."""
