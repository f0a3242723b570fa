"""The graded functions of the exercise "pooling": their cases, mistakes and other right answers.

The sizes tell apart what beginners mix up: images are rarely square, windows overlap or leave
gaps, strides do not divide, images, channels, rows and columns differ in number, and some windows
hold no positive number.
"""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Problem, quarters
from autograder.values import Value
from solutions.networks import (
    ALEXNET,
    LENET5,
    VGG16,
    Layer,
    Spec,
    adaptive_avg_pool,
    avg_pool,
    conv,
    image,
    linear,
    max_pool,
    plain,
)
from solutions.pooling import alternatives, misconceptions, reference

LIMITS = {"cell_seconds": 5.0}
"""What a cell of a submission may take when it is graded: everything here is small."""

Random = np.random.Generator

WORKED_IMAGE = np.array([[1.0, 3, -2, -1], [0, 2, -4, -3], [5, 1, 0, 2], [-1, 3, 1, 1]])
"""The image that the exercise pools by hand."""

WORKED_NETWORK: Spec = [
    image(1, 6, 5),
    conv(2, 3),
    plain("relu"),
    max_pool(2, 2),
    plain("flatten"),
    linear(3),
]
"""The network that the exercise computes by hand."""


def _pool(x: np.ndarray, size: int, stride: int) -> dict[str, Value]:
    return {"x": x, "size": size, "stride": stride}


def _whole_numbers(rng: Random, *shape: int) -> np.ndarray:
    """Draw images as cameras store them: whole numbers of an integer type, many of them equal."""
    return rng.integers(-3, 3, size=shape, endpoint=True, dtype=np.int64)


def _negative(rng: Random, *shape: int) -> np.ndarray:
    """Draw numbers below zero."""
    return quarters(rng, *shape, high=-0.25)


def pool_cases(rng: Random) -> list[Case]:
    """The worked example, then one special thing at a time."""
    return [
        Case("the worked example", _pool(WORKED_IMAGE[None, None], 2, 2)),
        Case("two images, three channels", _pool(quarters(rng, 2, 3, 4, 6), 2, 2)),
        Case("windows that overlap", _pool(quarters(rng, 1, 2, 7, 5), 3, 2)),
        Case("no positive numbers", _pool(_negative(rng, 2, 2, 5, 7), 3, 2)),
        Case("a rest that no window reaches", _pool(quarters(rng, 2, 1, 8, 6), 3, 2)),
        Case("windows with gaps between them", _pool(quarters(rng, 1, 2, 8, 6), 2, 3)),
        Case("images of whole numbers", _pool(_whole_numbers(rng, 2, 2, 4, 5), 2, 1)),
    ]


def pool_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("wide images", _pool(quarters(rng, 2, 2, 5, 11), 3, 2)),
        Case("large windows, small steps", _pool(quarters(rng, 3, 2, 9, 7), 4, 2)),
        Case("windows of one pixel", _pool(quarters(rng, 2, 3, 5, 4), 1, 2)),
        Case("window as large as the image", _pool(_negative(rng, 2, 3, 4, 4), 4, 1)),
        Case("larger images of whole numbers", _pool(_whole_numbers(rng, 2, 4, 6, 5), 3, 1)),
    ]


def relu_cases(rng: Random) -> list[Case]:
    """A row first, then images."""
    return [
        Case("the worked example", {"x": np.array([2.0, -3.0, 0.5, -0.25, 0.0])}),
        Case("one map", {"x": quarters(rng, 3, 4)}),
        Case("a batch of images", {"x": quarters(rng, 2, 3, 4, 5)}),
        Case("images of whole numbers", {"x": _whole_numbers(rng, 2, 1, 3, 4)}),
    ]


def relu_hidden(rng: Random) -> list[Case]:
    """Other shapes."""
    return [
        Case("flat inputs", {"x": quarters(rng, 4, 7)}),
        Case("no positive numbers", {"x": np.append(_negative(rng, 6), 2.5)}),
        Case("three axes", {"x": quarters(rng, 3, 4, 5)}),
    ]


def _layer(rng: Random, n: int, d: int, m: int) -> dict[str, Value]:
    """Draw inputs, weights and biases; no bias is zero."""
    return {"x": quarters(rng, n, d), "w": quarters(rng, d, m), "b": quarters(rng, m, low=0.5)}


def linear_cases(rng: Random) -> list[Case]:
    """The worked example, then one special size at a time."""
    return [
        Case(
            "the worked example",
            {
                "x": np.array([[1.0, 2, 0]]),
                "w": np.array([[1.0, 0], [0.5, -1], [2, 3]]),
                "b": np.array([0.5, 1]),
            },
        ),
        Case("four images", _layer(rng, 4, 5, 3)),
        Case("as many units as inputs", _layer(rng, 2, 4, 4)),
        Case("as many images as units", _layer(rng, 3, 4, 3)),
        Case("one unit", _layer(rng, 3, 4, 1)),
        Case(
            "inputs of whole numbers",
            {
                "x": _whole_numbers(rng, 2, 6),
                "w": quarters(rng, 6, 5),
                "b": quarters(rng, 5, low=0.5),
            },
        ),
    ]


def linear_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("one image", _layer(rng, 1, 6, 4)),
        Case("many inputs", _layer(rng, 2, 30, 3)),
        Case("many units", _layer(rng, 3, 4, 11)),
        Case("all sizes equal", _layer(rng, 4, 4, 4)),
    ]


def _weights(rng: Random, units: int, *size: int) -> dict[str, Value]:
    channels, height, width = size
    w = quarters(rng, channels * height * width, units)
    return {"w": w, "channels": channels, "height": height, "width": width}


def linear_to_filters_cases(rng: Random) -> list[Case]:
    """One new thing at a time: rows and columns, channels, units."""
    counting = np.array([[1.0, 10], [2, 20], [3, 30], [4, 40], [5, 50], [6, 60], [7, 70], [8, 80]])
    return [
        Case("the worked example", {"w": counting, "channels": 2, "height": 2, "width": 2}),
        Case("one unit, one channel", _weights(rng, 1, 1, 3, 2)),
        Case("one unit, three channels", _weights(rng, 1, 3, 2, 4)),
        Case("four units, one channel", _weights(rng, 4, 1, 2, 3)),
        Case("images of one pixel", _weights(rng, 3, 4, 1, 1)),
        Case("five units, two channels", _weights(rng, 5, 2, 3, 4)),
    ]


def linear_to_filters_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("as many units as channels", _weights(rng, 3, 3, 4, 2)),
        Case("square images", _weights(rng, 4, 2, 3, 3)),
        Case("wide images", _weights(rng, 2, 3, 2, 5)),
        Case("many channels", _weights(rng, 3, 7, 2, 3)),
    ]


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


def _networks(rng: Random) -> list[tuple[str, Spec]]:
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


def _hidden_networks(rng: Random) -> list[tuple[str, Spec]]:
    """Return more networks, with their names."""
    return [
        ("a small network on another image", [*_small(rng)[:-1], linear(_draw(rng, 13, 20))]),
        ("several blocks", [*_padded(rng), max_pool(2, 2), *_padded(rng)[1:]]),
        ("AlexNet on a wide image", [image(3, 224, 2 * _draw(rng, 130, 150)), *ALEXNET[1:]]),
    ]


def network_shapes_cases(rng: Random) -> list[Case]:
    """Return the worked example, known networks, and networks with one special thing each."""
    return [Case(name, {"spec": spec}) for name, spec in _networks(rng)]


def network_shapes_hidden(rng: Random) -> list[Case]:
    """More networks."""
    return [Case(name, {"spec": spec}) for name, spec in _hidden_networks(rng)]


def _with_shapes(name: str, spec: list[Layer]) -> Case:
    return Case(name, {"spec": spec, "shapes": reference.network_shapes(spec)})


def count_parameters_cases(rng: Random) -> list[Case]:
    """Return the same networks as for network_shapes, but one in which nothing learns."""
    return [_with_shapes(name, spec) for name, spec in _networks(rng) if "overlap" not in name]


def count_parameters_hidden(rng: Random) -> list[Case]:
    """More networks."""
    return [_with_shapes(name, spec) for name, spec in _hidden_networks(rng)]


PROBLEMS = (
    Problem(
        reference.max_pool_forward,
        pool_cases,
        misconceptions.MAX_POOL_FORWARD,
        pool_hidden,
        alternatives.MAX_POOL_FORWARD,
        explorer={"kind": "pool"},
    ),
    Problem(
        reference.avg_pool_forward,
        pool_cases,
        misconceptions.AVG_POOL_FORWARD,
        pool_hidden,
        alternatives.AVG_POOL_FORWARD,
        explorer={
            "kind": "pool",
            "try": (
                "Make the window larger, with stride 1. What becomes of the edges?",
                "Stripes: find the window for which they turn into an even gray.",
                "Add noise. Compare with what your maximum made of it.",
            ),
        },
    ),
    Problem(
        reference.relu_forward,
        relu_cases,
        misconceptions.RELU_FORWARD,
        relu_hidden,
        alternatives.RELU_FORWARD,
        explorer={"kind": "activation"},
    ),
    Problem(
        reference.linear_forward,
        linear_cases,
        misconceptions.LINEAR_FORWARD,
        linear_hidden,
        alternatives.LINEAR_FORWARD,
    ),
    Problem(
        reference.linear_to_filters,
        linear_to_filters_cases,
        misconceptions.LINEAR_TO_FILTERS,
        linear_to_filters_hidden,
        alternatives.LINEAR_TO_FILTERS,
    ),
    Problem(
        reference.network_shapes,
        network_shapes_cases,
        misconceptions.NETWORK_SHAPES,
        network_shapes_hidden,
        alternatives.NETWORK_SHAPES,
        explorer={"kind": "network"},
    ),
    Problem(
        reference.count_parameters,
        count_parameters_cases,
        misconceptions.COUNT_PARAMETERS,
        count_parameters_hidden,
        alternatives.COUNT_PARAMETERS,
    ),
)
