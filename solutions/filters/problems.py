"""The graded functions of the exercise "filters": their cases, mistakes and other right answers.

The sizes tell apart what beginners mix up: pictures and filters are rarely square, channels,
filters, rows and columns differ in number, filters have no symmetry.
"""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Problem, quarters
from autograder.values import Formula, Value
from solutions.filters import alternatives, misconceptions, reference

LIMITS = {"cell_seconds": 5.0}
"""What a cell of a submission may take when it is graded: everything here is small."""

Size = tuple[int, int]
Random = np.random.Generator

WORKED_PICTURE = np.array([[1.0, 2, 0, 1], [0, 1, 3, 2], [2, 0, 1, 1]])
WORKED_FILTER = np.array([[1.0, 2], [0, -1]])
"""The example that the exercise computes by hand."""

SOBEL = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])


def _pair(rng: Random, x: Size, w: Size) -> dict[str, Value]:
    """Draw a picture and a filter of the given sizes."""
    return {"x": quarters(rng, *x), "w": quarters(rng, *w)}


def _whole_numbers(rng: Random, *shape: int) -> np.ndarray:
    """Draw a picture as cameras store it: whole numbers of an integer type."""
    return rng.integers(-9, 9, size=shape, endpoint=True, dtype=np.int64)


def _positive(rng: Random, *shape: int) -> np.ndarray:
    """Draw numbers above zero."""
    return quarters(rng, *shape, low=0.5)


def corr2d_cases(rng: Random) -> list[Case]:
    """The worked example, then one special size at a time."""
    return [
        Case("the worked example", {"x": WORKED_PICTURE, "w": WORKED_FILTER}),
        Case("square picture, square filter", _pair(rng, (5, 5), (3, 3))),
        Case("tall picture, wide filter", _pair(rng, (7, 4), (2, 3))),
        Case("filter as large as the picture", _pair(rng, (3, 4), (3, 4))),
        Case("filter of one pixel", {"x": quarters(rng, 3, 4), "w": _positive(rng, 1, 1)}),
        Case(
            "picture of whole numbers",
            {"x": _whole_numbers(rng, 4, 5), "w": quarters(rng, 3, 2)},
        ),
    ]


def corr2d_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("wide picture, tall filter", _pair(rng, (4, 9), (3, 2))),
        Case("filter of one row", _pair(rng, (4, 5), (1, 3))),
        Case("filter of one column", _pair(rng, (5, 4), (3, 1))),
        Case("larger picture", _pair(rng, (11, 8), (4, 5))),
    ]


def convolve2d_cases(rng: Random) -> list[Case]:
    """The worked example, then filters whose flips all differ."""
    return [
        Case("the worked example", {"x": WORKED_PICTURE, "w": WORKED_FILTER}),
        Case("square picture, square filter", _pair(rng, (5, 5), (3, 3))),
        Case("tall picture, wide filter", _pair(rng, (6, 4), (2, 3))),
        Case("filter of one row", _pair(rng, (3, 5), (1, 3))),
        Case("filter of one column", _pair(rng, (5, 3), (3, 1))),
    ]


def convolve2d_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("wide picture, tall filter", _pair(rng, (4, 9), (3, 2))),
        Case("filter as large as the picture", _pair(rng, (3, 4), (3, 4))),
        Case("filter of even size", _pair(rng, (6, 7), (4, 4))),
        Case("larger picture", _pair(rng, (11, 8), (4, 5))),
    ]


def edge_bank_cases(rng: Random) -> list[Case]:
    """Sobel's filter first, then filters without any symmetry."""
    return [
        Case("Sobel filter", {"x": quarters(rng, 5, 5), "w": SOBEL}),
        Case("square picture", _pair(rng, (5, 5), (3, 3))),
        Case("tall picture", _pair(rng, (6, 4), (3, 3))),
        Case("wide picture, small filter", _pair(rng, (3, 5), (2, 2))),
    ]


def edge_bank_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("wide picture", _pair(rng, (5, 8), (3, 3))),
        Case("filter as large as the picture", _pair(rng, (4, 4), (4, 4))),
        Case("larger filter", _pair(rng, (8, 7), (5, 5))),
    ]


def _triple(rng: Random, x: Size, w: Size) -> dict[str, Value]:
    """Draw a picture and two filters of the given sizes."""
    return {"x": quarters(rng, *x), "w1": quarters(rng, *w), "w2": quarters(rng, *w)}


def corner_map_cases(rng: Random) -> list[Case]:
    """A white square with four corners, then pictures and filters without a pattern."""
    square = np.zeros((7, 8))
    square[2:5, 2:6] = 1.0
    return [
        Case("white square, Sobel filters", {"x": square, "w1": -SOBEL, "w2": -SOBEL.T}),
        Case("square picture", _triple(rng, (6, 6), (2, 2))),
        Case("tall picture, wide filters", _triple(rng, (8, 6), (2, 3))),
        Case("wide picture, tall filters", _triple(rng, (6, 8), (3, 2))),
    ]


def corner_map_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("filters of one pixel", _triple(rng, (5, 7), (1, 1))),
        Case("larger filters", _triple(rng, (9, 10), (4, 3))),
        Case("larger picture", _triple(rng, (12, 9), (3, 3))),
    ]


def _layer(rng: Random, x: tuple[int, ...], w: tuple[int, ...]) -> dict[str, Value]:
    """Draw a batch of shape x, filters of shape w, and biases, none of them zero."""
    return {"x": quarters(rng, *x), "w": quarters(rng, *w), "b": _positive(rng, w[0])}


def conv2d_cases(rng: Random) -> list[Case]:
    """One new thing at a time: channels, filters, images, then special sizes."""
    return [
        Case("one image, one channel, one filter", _layer(rng, (1, 1, 3, 5), (1, 1, 2, 2))),
        Case("three channels, one filter", _layer(rng, (1, 3, 3, 5), (1, 3, 2, 3))),
        Case("as many filters as channels and columns", _layer(rng, (1, 3, 3, 4), (3, 3, 2, 2))),
        Case("two images, four filters", _layer(rng, (2, 2, 6, 4), (4, 2, 3, 2))),
        Case("filters of one pixel", _layer(rng, (2, 3, 2, 3), (2, 3, 1, 1))),
        Case(
            "images of whole numbers",
            {
                "x": _whole_numbers(rng, 2, 2, 3, 4),
                "w": quarters(rng, 3, 2, 2, 2),
                "b": _positive(rng, 3),
            },
        ),
    ]


def conv2d_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("filters as large as the images", _layer(rng, (2, 2, 3, 4), (3, 2, 3, 4))),
        Case("wide images, tall filters", _layer(rng, (2, 3, 4, 9), (4, 3, 3, 2))),
        Case("as many images as filters", _layer(rng, (3, 2, 5, 4), (3, 2, 2, 3))),
        Case("many channels", _layer(rng, (2, 7, 5, 6), (2, 7, 3, 3))),
    ]


def _sizes(channels: int, filters: int, height: int, width: int) -> dict[str, Value]:
    return {"channels": channels, "filters": filters, "height": height, "width": width}


def conv_parameters_cases(rng: Random) -> list[Case]:
    """Layers of known networks, and one whose sizes all differ."""
    return [
        Case("gray picture, one filter", _sizes(1, 1, 3, 3)),
        Case("first layer of VGG16", _sizes(3, 64, 3, 3)),
        Case("wide filters", _sizes(4, 6, 3, 5)),
        Case("filters of one pixel", _sizes(256, 64, 1, 1)),
    ]


def conv_parameters_hidden(rng: Random) -> list[Case]:
    """Sizes drawn at random, all different."""
    channels, filters, height, width = (int(i) for i in rng.permutation(np.arange(4, 12))[:4])
    return [
        Case("sizes drawn at random", _sizes(channels, filters, height, width)),
        Case("tall filters", _sizes(filters, channels, 7, 2)),
        Case("last convolutional layer of VGG16", _sizes(512, 512, 3, 3)),
    ]


def _maps(x: np.ndarray, source: str, dy: int, dx: int) -> dict[str, Value]:
    return {"f": Formula(("x",), source), "x": x, "dy": dy, "dx": dx}


NEIGHBORS = "x[:, :-1] - x[:, 1:]"
PADDED_NEIGHBORS = "x - np.pad(x, ((0, 0), (0, 1)))[:, 1:]"
DARKER = "x * (5 - np.arange(x.shape[1]))"
BRIGHTER = "(x.T * np.arange(x.shape[0])).T"
SECOND_PIXELS = "x[::2, ::2]"
UPSIDE_DOWN = "x[::-1]"


def equivariance_error_cases(rng: Random) -> list[Case]:
    """One map that moves along with the picture, and four that do not."""
    return [
        Case("difference of neighbors", _maps(quarters(rng, 5, 6), NEIGHBORS, 1, 2)),
        Case("darker from left to right", _maps(_positive(rng, 5, 6), DARKER, 2, 1)),
        Case("every second pixel", _maps(quarters(rng, 10, 8), SECOND_PIXELS, 2, 1)),
        Case(
            "difference of neighbors, zeros beyond the border",
            _maps(quarters(rng, 5, 6), PADDED_NEIGHBORS, 0, 1),
        ),
        Case("turned upside down", _maps(quarters(rng, 6, 5), UPSIDE_DOWN, 1, 0)),
    ]


def equivariance_error_hidden(rng: Random) -> list[Case]:
    """More functions and larger shifts."""
    return [
        Case("brighter from top to bottom", _maps(quarters(rng, 6, 7), BRIGHTER, 1, 3)),
        Case("ReLU", _maps(quarters(rng, 6, 5), "np.maximum(x, 0)", 2, 3)),
        Case("transposed", _maps(quarters(rng, 6, 6), "x.T", 1, 2)),
        Case("every second row", _maps(quarters(rng, 12, 5), "x[::2]", 3, 1)),
    ]


PROBLEMS = (
    Problem(
        reference.corr2d,
        corr2d_cases,
        misconceptions.CORR2D,
        corr2d_hidden,
        alternatives.CORR2D,
        explorer={"kind": "filter"},
    ),
    Problem(
        reference.convolve2d,
        convolve2d_cases,
        misconceptions.CONVOLVE2D,
        convolve2d_hidden,
        alternatives.CONVOLVE2D,
        explorer={"kind": "filter"},
    ),
    Problem(
        reference.edge_bank,
        edge_bank_cases,
        misconceptions.EDGE_BANK,
        edge_bank_hidden,
        alternatives.EDGE_BANK,
        explorer={
            "kind": "bank",
            "titles": ("as it is", "turned by 90°", "turned by 180°", "turned by 270°"),
        },
    ),
    Problem(
        reference.corner_map,
        corner_map_cases,
        misconceptions.CORNER_MAP,
        corner_map_hidden,
        alternatives.CORNER_MAP,
        explorer={"kind": "corner"},
    ),
    Problem(
        reference.conv2d,
        conv2d_cases,
        misconceptions.CONV2D,
        conv2d_hidden,
        alternatives.CONV2D,
        explorer={"kind": "layer"},
    ),
    Problem(
        reference.conv_parameters,
        conv_parameters_cases,
        misconceptions.CONV_PARAMETERS,
        conv_parameters_hidden,
        alternatives.CONV_PARAMETERS,
        explorer={
            "kind": "values",
            "ranges": {
                "channels": (1, 512),
                "filters": (1, 512),
                "height": (1, 11),
                "width": (1, 11),
            },
            "try": (
                "Compare 7 by 7 filters with three layers of 3 by 3 filters, all with 64 channels.",
                "Filters of one pixel over many channels: what are they good for?",
            ),
        },
    ),
    Problem(
        reference.equivariance_error,
        equivariance_error_cases,
        misconceptions.EQUIVARIANCE_ERROR,
        equivariance_error_hidden,
        alternatives.EQUIVARIANCE_ERROR,
        explorer={"kind": "shift"},
    ),
)
