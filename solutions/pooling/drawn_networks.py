"""The networks of the cases whose tasks follow the shapes of a network."""

from __future__ import annotations

from autograder.problems import Random
from solutions.networks import (
    ALEXNET,
    LENET5,
    VGG16,
    Spec,
    adaptive_avg_pool,
    avg_pool,
    conv,
    image,
    linear,
    max_pool,
    plain,
)

WORKED_NETWORK: Spec = [
    image(1, 6, 5),
    conv(2, 3),
    plain("relu"),
    max_pool(2, 2),
    plain("flatten"),
    linear(3),
]
"""The network that the exercise computes by hand."""


def _draw(rng: Random, low: int, high: int) -> int:
    return int(rng.integers(low, high, endpoint=True))


def _small(rng: Random) -> Spec:
    """Draw a network of one convolutional and one fully connected layer."""
    height = _draw(rng, 7, 9)
    return [
        image(_draw(rng, 2, 4), height, height + 3),
        conv(_draw(rng, 5, 8), 3),
        plain("relu"),
        max_pool(2, 2),
        plain("flatten"),
        linear(_draw(rng, 9, 12)),
        plain("relu"),
        linear(_draw(rng, 3, 6)),
    ]


def _padded(rng: Random) -> Spec:
    """Draw a network whose convolutional layers keep the size."""
    return [
        image(3, _draw(rng, 8, 9), _draw(rng, 10, 12)),
        conv(_draw(rng, 4, 6), 3, padding=1),
        plain("relu"),
        conv(_draw(rng, 7, 9), 5, padding=2),
        plain("relu"),
    ]


def _strided(rng: Random) -> Spec:
    """Draw a network whose strides do not divide; there is a rest in both directions."""
    return [
        image(_draw(rng, 2, 3), 2 * _draw(rng, 10, 12), 2 * _draw(rng, 13, 15)),
        conv(_draw(rng, 5, 7), 3, stride=2),
        conv(_draw(rng, 8, 9), 3, stride=2, padding=1),
    ]


def _overlapping(rng: Random) -> Spec:
    """Draw a network whose pooling windows overlap or leave gaps."""
    return [
        image(_draw(rng, 2, 5), 2 * _draw(rng, 9, 10), 2 * _draw(rng, 11, 13)),
        max_pool(3, 2),
        avg_pool(3, 1),
        plain("dropout"),
        max_pool(2, 3),
    ]


def _global(rng: Random) -> Spec:
    """Draw a network that ends in adaptive average pooling."""
    size = _draw(rng, 2, 3)
    return [
        image(1, _draw(rng, 10, 11), _draw(rng, 12, 14)),
        conv(_draw(rng, 4, 6), 3),
        plain("relu"),
        adaptive_avg_pool(size),
        conv(_draw(rng, 7, 9), 2),
        adaptive_avg_pool(1),
        plain("flatten"),
        linear(_draw(rng, 10, 12)),
    ]


def _blocks(rng: Random) -> Spec:
    """Draw a network whose pooling leaves a row over."""
    return [
        image(3, 9, _draw(rng, 10, 12)),
        *_padded(rng)[1:],
        max_pool(2, 2),
        *_padded(rng)[1:],
    ]


def networks(rng: Random) -> list[tuple[str, Spec]]:
    """Return the networks of the cases that students see, with their names."""
    return [
        ("the worked example", WORKED_NETWORK),
        ("a small network", _small(rng)),
        ("LeNet-5", LENET5),
        ("padding", _padded(rng)),
        ("strides that do not divide", _strided(rng)),
        ("windows that overlap, or leave gaps", _overlapping(rng)),
        ("adaptive pooling", _global(rng)),
        ("VGG16", VGG16),
    ]


def hidden_networks(rng: Random) -> list[tuple[str, Spec]]:
    """Return more networks, with their names."""
    return [
        ("a small network on another image", [*_small(rng)[:-1], linear(_draw(rng, 13, 20))]),
        ("several blocks", _blocks(rng)),
        ("AlexNet on a wide image", [image(3, 224, 2 * _draw(rng, 130, 150)), *ALEXNET[1:]]),
    ]
