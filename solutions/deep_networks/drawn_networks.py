"""The networks whose multiply-adds are counted, with their shapes."""

from __future__ import annotations

from autograder.problems import Random
from solutions.arrays import Shape
from solutions.networks import (
    LENET5,
    Spec,
    adaptive_avg_pool,
    conv,
    grouped_conv,
    image,
    linear,
    max_pool,
    plain,
)
from solutions.pooling.tasks.network_shapes import network_shapes

WORKED_NETWORK: Spec = [
    image(2, 4, 6),
    grouped_conv(2, 3, groups=2, stride=2, padding=1),
    plain("batch_norm"),
    plain("relu"),
    conv(5, 1),
    adaptive_avg_pool(1),
    plain("flatten"),
    linear(3),
]
"""The network that the exercise counts by hand."""


def shapes_of(spec: Spec) -> list[Shape]:
    """Return the shapes of a network's entries; those that hand on the shape count as ReLU."""
    unchanged = ("batch_norm", "add")
    return network_shapes(
        [plain("relu") if layer["kind"] in unchanged else layer for layer in spec]
    )


def _draw(rng: Random, low: int, high: int) -> int:
    return int(rng.integers(low, high, endpoint=True))


def _separable(filters: int, channels: int, stride: int) -> Spec:
    """Return a depthwise separable convolution as MobileNet has it."""
    return [
        grouped_conv(channels, 3, channels, stride, padding=1),
        plain("batch_norm"),
        plain("relu"),
        conv(filters, 1),
        plain("batch_norm"),
        plain("relu"),
    ]


def _bottleneck(channels: int, narrow: int) -> Spec:
    """Return a residual block of three layers; its shortcut takes no multiplication."""
    layers = conv(narrow, 1), conv(narrow, 3, padding=1), conv(channels, 1)
    ends = plain("relu"), plain("relu"), plain("add")
    inside = [
        entry
        for layer, end in zip(layers, ends, strict=True)
        for entry in (layer, plain("batch_norm"), end)
    ]
    return [*inside, plain("relu")]


def _plain_network(rng: Random) -> Spec:
    """Draw a network without groups whose last convolution leaves a rest."""
    return [
        image(_draw(rng, 2, 3), 2 * _draw(rng, 6, 7), 2 * _draw(rng, 8, 9)),
        conv(_draw(rng, 5, 6), 3),
        plain("relu"),
        max_pool(2, 2),
        conv(_draw(rng, 7, 8), 5, stride=2),
        plain("flatten"),
        linear(_draw(rng, 9, 11)),
    ]


def _grouped(rng: Random) -> Spec:
    """Draw a network with groups that are no single channels."""
    groups = _draw(rng, 2, 3)
    return [
        image(2 * groups, _draw(rng, 7, 8), _draw(rng, 9, 11)),
        grouped_conv(3 * groups, 3, groups, padding=1),
        plain("relu"),
        grouped_conv(4 * groups, 2, groups, stride=2),
    ]


def _mobile(rng: Random) -> Spec:
    """Draw the beginning of a MobileNet."""
    first = 2 * _draw(rng, 2, 3)
    return [
        image(3, 2 * _draw(rng, 8, 9), 2 * _draw(rng, 10, 11)),
        conv(first, 3, stride=2, padding=1),
        plain("relu"),
        *_separable(2 * first, first, 1),
        *_separable(3 * first, 2 * first, 2),
        adaptive_avg_pool(1),
        plain("flatten"),
        linear(_draw(rng, 5, 9)),
    ]


def _residual(rng: Random) -> Spec:
    """Draw a network of two bottlenecks."""
    narrow = _draw(rng, 2, 3)
    return [
        image(4 * narrow, _draw(rng, 5, 6), _draw(rng, 7, 9)),
        *_bottleneck(4 * narrow, narrow),
        *_bottleneck(4 * narrow, narrow),
    ]


def networks(rng: Random) -> list[tuple[str, Spec]]:
    """Return the networks of the cases that students see, with their names."""
    return [
        ("the worked example", WORKED_NETWORK),
        ("LeNet-5", LENET5),
        ("a plain network", _plain_network(rng)),
        ("groups", _grouped(rng)),
        ("depthwise separable convolutions", _mobile(rng)),
        ("bottlenecks", _residual(rng)),
    ]


def hidden_networks(rng: Random) -> list[tuple[str, Spec]]:
    """Return more networks, with their names."""
    return [
        ("another plain network", [*_plain_network(rng), plain("relu"), linear(_draw(rng, 3, 5))]),
        ("groups before a dense layer", [*_grouped(rng), plain("flatten"), linear(4)]),
        ("bottlenecks on a wide image", _residual(rng)),
    ]
