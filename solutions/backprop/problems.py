"""The graded functions of the exercise "backprop": their cases, mistakes and other right answers.

What tells wrong gradients apart: an upstream gradient that is random and never zero (with ones,
half of all mistakes are invisible), strides of 2 on inputs that are not square, padding of 0 and
of 2, pooling windows that overlap, equal maxima. Where a task must choose among right conventions,
its text states the rule (equal maxima), or the cases avoid the question (ReLU at exactly 0).
"""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Problem, quarters
from autograder.values import Formula, Value
from solutions.backprop import alternatives, misconceptions, reference

LIMITS = {"cell_seconds": 20.0}
"""What a cell of a submission may take when it is graded: the last one trains a small network."""

Random = np.random.Generator
Shape = tuple[int, ...]

DIGITS = 10
"""Significant digits of the stored results of softmax and logarithm, which are never exact."""


def _nonzero(rng: Random, *shape: int, high: float = 4.0) -> np.ndarray:
    """Draw multiples of 1/4 of both signs, none of them zero."""
    numbers: np.ndarray = quarters(rng, *shape, low=0.25, high=high)
    numbers *= rng.choice([-1.0, 1.0], size=shape)
    return numbers


def _distinct(rng: Random, *shape: int) -> np.ndarray:
    """Draw multiples of 1/4 around zero, no two of them equal."""
    count = int(np.prod(shape))
    return (rng.permutation(count).reshape(shape) - count // 2) / 4.0


def _pooled(side: int, size: int, stride: int) -> int:
    """Return at how many places a window fits along one side."""
    return (side - size) // stride + 1


# numerical_gradient

CUBES = "np.sum(x * x * x)"
WEIGHTED = "np.sum(x * np.arange(1.0, x.size + 1).reshape(x.shape))"
SQUARES_BY_ROW = "np.sum((x * x).T * np.arange(1.0, len(x) + 1))"
NEIGHBORS = "np.sum(x[:-1] * x[1:])"
STEP32 = 2.0**-16
"""A step that vanishes when it is added to a number around 1000 in float32."""


def _function(source: str, x: np.ndarray, h: float) -> dict[str, Value]:
    return {"f": Formula(("x",), source), "x": x, "h": h}


def numerical_gradient_cases(rng: Random) -> list[Case]:
    """The worked example, more axes, and the types of numbers that swallow a small step."""
    large = quarters(rng, 2, low=500, high=2000).astype(np.float32)
    return [
        Case("the worked example", _function("x[0] * x[0] * x[1]", np.array([2.0, 3.0]), 0.25)),
        Case("a matrix, sum of cubes", _function(CUBES, _nonzero(rng, 2, 3), 0.5)),
        Case("three axes, weighted sum", _function(WEIGHTED, quarters(rng, 2, 2, 3), 0.25)),
        Case(
            "x of whole numbers",
            _function(SQUARES_BY_ROW, rng.integers(1, 9, size=(3, 2), dtype=np.int64), 0.25),
        ),
        Case("x of large float32 numbers", _function("x[0] * x[1]", large, STEP32)),
    ]


def numerical_gradient_hidden(rng: Random) -> list[Case]:
    """More functions and shapes."""
    return [
        Case("products of neighbors", _function(NEIGHBORS, _nonzero(rng, 6), 0.5)),
        Case("a larger matrix", _function(CUBES, _nonzero(rng, 4, 3), 0.25)),
        Case("four axes", _function(CUBES, _nonzero(rng, 2, 1, 3, 2), 0.5)),
    ]


# gradient_check


def _off_by(rng: Random, *shape: int, larger: str) -> dict[str, Value]:
    """Draw two gradients that differ little, but for one element.

    larger: "analytic" or "numeric", the one that is larger in size at that element.
    """
    analytic = rng.choice([-1.0, 1.0], size=shape) * rng.integers(4, 9, size=shape)
    numeric = analytic + _nonzero(rng, *shape, high=0.5)
    place = tuple(int(rng.integers(0, side)) for side in shape)
    small, gap = float(quarters(rng, low=1, high=2)), float(quarters(rng, low=0.75, high=1.5))
    sign = float(rng.choice([-1.0, 1.0]))
    analytic[place], numeric[place] = sign * small, sign * (small + gap)
    if larger == "analytic":
        analytic, numeric = numeric, analytic
    return {"analytic": analytic, "numeric": numeric}


def gradient_check_cases(rng: Random) -> list[Case]:
    """The worked example, then zeros on one side or both, then more axes."""
    both = _off_by(rng, 2, 4, larger="numeric")
    extra = np.array([[0.0], [4.0]])
    both = {name: np.hstack([extra, part]) for name, part in both.items()}
    one = _off_by(rng, 3, 2, larger="analytic")
    one["numeric"][1, 1] = 0.0
    signs = _off_by(rng, 5, larger="numeric")
    signs["numeric"][3] = -1.25 * signs["analytic"][3]
    return [
        Case(
            "the worked example",
            {"analytic": np.array([10.0, -2.0, 0.0]), "numeric": np.array([9.0, -2.5, 0.0])},
        ),
        Case("no element is zero", _off_by(rng, 3, 4, larger="numeric")),
        Case("an element that is zero in both", both),
        Case("an element that is zero in one", one),
        Case("a wrong sign", signs),
        Case("four axes", _off_by(rng, 2, 3, 2, 2, larger="analytic")),
    ]


def gradient_check_hidden(rng: Random) -> list[Case]:
    """Equal gradients, and larger ones."""
    same = _nonzero(rng, 3, 3)
    negative = _off_by(rng, 6, larger="analytic")
    negative = {name: -abs(part) for name, part in negative.items()}
    return [
        Case("two equal gradients", {"analytic": same, "numeric": same.copy()}),
        Case("all elements negative", negative),
        Case("a longer row", _off_by(rng, 20, larger="numeric")),
    ]


# linear_backward


def _linear(rng: Random, examples: int, inputs: int, outputs: int) -> dict[str, Value]:
    return {
        "dout": _nonzero(rng, examples, outputs),
        "x": quarters(rng, examples, inputs),
        "w": quarters(rng, inputs, outputs),
    }


def linear_backward_cases(rng: Random) -> list[Case]:
    """The worked example, then sizes that differ, then sizes that are equal."""
    worked = {
        "dout": np.array([[1.0, 2.0], [3.0, -1.0]]),
        "x": np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]]),
        "w": np.array([[2.0, 0.0], [1.0, -1.0], [0.0, 3.0]]),
    }
    return [
        Case("the worked example", worked),
        Case("all sizes differ", _linear(rng, 3, 4, 2)),
        Case("as many inputs as outputs", _linear(rng, 2, 3, 3)),
        Case("one example", _linear(rng, 1, 3, 2)),
    ]


def linear_backward_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("all three sizes equal", _linear(rng, 3, 3, 3)),
        Case("one output", _linear(rng, 4, 3, 1)),
        Case("more outputs than inputs", _linear(rng, 5, 2, 6)),
        Case("a larger layer", _linear(rng, 8, 7, 5)),
    ]


# relu_backward


def _relu(rng: Random, *shape: int) -> dict[str, Value]:
    return {"dout": _nonzero(rng, *shape), "x": _nonzero(rng, *shape)}


def relu_backward_cases(rng: Random) -> list[Case]:
    """The worked example, then more axes. x never holds a zero."""
    worked = {
        "dout": np.array([[3.0, -1.0, 2.0], [-2.0, 5.0, -4.0]]),
        "x": np.array([[1.0, -2.0, 0.5], [3.0, -0.5, -3.0]]),
    }
    return [
        Case("the worked example", worked),
        Case("a row", _relu(rng, 8)),
        Case("a matrix", _relu(rng, 4, 3)),
        Case("a batch of images", _relu(rng, 2, 2, 3, 2)),
    ]


def relu_backward_hidden(rng: Random) -> list[Case]:
    """More shapes."""
    return [
        Case("a longer row", _relu(rng, 20)),
        Case("a larger batch", _relu(rng, 3, 2, 4, 5)),
    ]


# Pooling


def _max_pool(rng: Random, x: np.ndarray, size: int, stride: int) -> dict[str, Value]:
    places = [_pooled(side, size, stride) for side in x.shape[2:]]
    dout = _nonzero(rng, *x.shape[:2], *places)
    return {"dout": dout, "x": x, "size": size, "stride": stride}


WORKED_POOL = np.array([[1.0, 5, 2, 0], [3, 4, 8, 1], [0, 2, 6, 7], [9, 1, 3, 4]])
"""The picture of the examples that the exercise works by hand."""


def _ties(rng: Random, *shape: int) -> np.ndarray:
    """Draw numbers as after ReLU: many zeros, and few different values above."""
    x: np.ndarray = np.maximum(rng.integers(-3, 3, size=shape), 0) / 2.0
    x[0, 0, :3, :3] = 0.0
    return x


def max_pool_backward_cases(rng: Random) -> list[Case]:
    """The worked example, then overlap, depth, gaps, equal maxima and negative numbers."""
    worked = {
        "dout": np.array([[[[10.0, 20], [30, 40]]]]),
        "x": WORKED_POOL[None, None],
        "size": 2,
        "stride": 2,
    }
    return [
        Case("the worked example", worked),
        Case("windows that overlap", _max_pool(rng, _distinct(rng, 1, 1, 5, 7), 3, 2)),
        Case("two images, three channels", _max_pool(rng, _distinct(rng, 2, 3, 2, 4), 2, 2)),
        Case("windows with gaps between them", _max_pool(rng, _distinct(rng, 1, 2, 6, 9), 2, 3)),
        Case("equal maxima", _max_pool(rng, _ties(rng, 1, 2, 5, 7), 3, 2)),
        Case("all numbers below zero", _max_pool(rng, _distinct(rng, 1, 1, 4, 6) - 9, 2, 2)),
    ]


def max_pool_backward_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("stride 1", _max_pool(rng, _distinct(rng, 2, 1, 5, 4), 3, 1)),
        Case("two images that overlap", _max_pool(rng, _distinct(rng, 2, 2, 7, 5), 3, 2)),
        Case("one window", _max_pool(rng, _distinct(rng, 1, 2, 3, 3), 3, 1)),
        Case("equal maxima, two images", _max_pool(rng, _ties(rng, 2, 2, 6, 5), 2, 1)),
    ]


def _avg_pool(rng: Random, shape: Shape, size: int, stride: int) -> dict[str, Value]:
    """Draw an upstream gradient that the number of pixels in a window divides exactly."""
    places = [_pooled(side, size, stride) for side in shape[2:]]
    dout = size**2 * _nonzero(rng, *shape[:2], *places)
    return {"dout": dout, "x": quarters(rng, *shape), "size": size, "stride": stride}


def avg_pool_backward_cases(rng: Random) -> list[Case]:
    """The worked example, then overlap, depth and gaps."""
    worked = {
        "dout": np.array([[[[4.0, 8], [12, 16]]]]),
        "x": WORKED_POOL[None, None],
        "size": 2,
        "stride": 2,
    }
    return [
        Case("the worked example", worked),
        Case("windows that overlap", _avg_pool(rng, (1, 1, 5, 7), 3, 2)),
        Case("two images, three channels", _avg_pool(rng, (2, 3, 2, 4), 2, 2)),
        Case("windows with gaps between them", _avg_pool(rng, (1, 2, 6, 9), 2, 3)),
    ]


def avg_pool_backward_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("stride 1", _avg_pool(rng, (2, 1, 5, 4), 3, 1)),
        Case("the whole picture", _avg_pool(rng, (2, 3, 4, 4), 4, 1)),
        Case("two images that overlap", _avg_pool(rng, (2, 2, 7, 5), 3, 2)),
    ]


# conv2d_backward


def _conv(rng: Random, x: Shape, w: Shape, stride: int, padding: int) -> dict[str, Value]:
    places = [
        _pooled(side + 2 * padding, size, stride) for side, size in zip(x[2:], w[2:], strict=True)
    ]
    return {
        "dout": _nonzero(rng, x[0], w[0], *places),
        "x": _nonzero(rng, *x),
        "w": _nonzero(rng, *w),
        "stride": stride,
        "padding": padding,
    }


WORKED_CONV: dict[str, Value] = {
    "dout": np.array([[[[1.0, 2], [0, -1]]]]),
    "x": np.array([[[[1.0, 0, 2], [3, 1, 0], [0, 2, 1]]]]),
    "w": np.array([[[[2.0, 1], [0, 3]]]]),
    "stride": 1,
    "padding": 0,
}
"""The example that the exercise computes by hand."""


def conv2d_backward_cases(rng: Random) -> list[Case]:
    """The worked example, then one new thing at a time: depth, padding, stride, both, images."""
    return [
        Case("the worked example", WORKED_CONV),
        Case("two channels, three filters", _conv(rng, (1, 2, 4, 3), (3, 2, 2, 2), 1, 0)),
        Case("padding 2", _conv(rng, (1, 1, 3, 4), (2, 1, 3, 3), 1, 2)),
        Case("stride 2, a column left over", _conv(rng, (1, 2, 7, 5), (2, 2, 3, 2), 2, 0)),
        Case("two images, stride 2, padding 1", _conv(rng, (2, 2, 5, 3), (3, 2, 3, 2), 2, 1)),
    ]


def conv2d_backward_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("filters as large as the images", _conv(rng, (2, 2, 3, 4), (3, 2, 3, 4), 1, 0)),
        Case("stride 3, padding 2", _conv(rng, (2, 3, 6, 9), (2, 3, 4, 3), 3, 2)),
        Case("two images, padding 1", _conv(rng, (2, 3, 4, 6), (2, 3, 3, 3), 1, 1)),
        Case("filters of one pixel", _conv(rng, (2, 3, 3, 5), (2, 3, 1, 1), 2, 0)),
    ]


# softmax_cross_entropy


def _scores(rng: Random, examples: int, classes: int) -> dict[str, Value]:
    """Draw scores, and right classes of which the first two differ."""
    y = rng.integers(0, classes, size=examples, dtype=np.int64)
    if examples > 1:
        y[1] = (y[0] + 1) % classes
    return {"scores": quarters(rng, examples, classes), "y": y}


def _lifted(given: dict[str, Value], by: list[float]) -> dict[str, Value]:
    """Add a number to each row of scores, which changes neither loss nor gradient."""
    return {**given, "scores": given["scores"] + np.array(by)[:, None]}


def softmax_cross_entropy_cases(rng: Random) -> list[Case]:
    """The worked example, equal sizes, and large scores in all rows or in some."""
    return [
        Case(
            "the worked example",
            {"scores": np.array([[0.0, 0, 0, 0], [0, 0, 1, 0]]), "y": np.array([1, 2])},
        ),
        Case("one example", _scores(rng, 1, 3)),
        Case("as many examples as classes", _scores(rng, 4, 4)),
        Case("scores around 1000", _lifted(_scores(rng, 3, 5), [1000.0] * 3)),
        Case("rows of different size", _lifted(_scores(rng, 3, 4), [0.0, 1000.0, -1000.0])),
    ]


def softmax_cross_entropy_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("more examples than classes", _scores(rng, 7, 3)),
        Case("many classes", _scores(rng, 2, 10)),
        Case("scores around -2000", _lifted(_scores(rng, 5, 3), [-2000.0] * 5)),
    ]


PROBLEMS = (
    Problem(
        reference.numerical_gradient,
        numerical_gradient_cases,
        misconceptions.NUMERICAL_GRADIENT,
        numerical_gradient_hidden,
        alternatives.NUMERICAL_GRADIENT,
        explorer={"kind": "slope"},
    ),
    Problem(
        reference.gradient_check,
        gradient_check_cases,
        misconceptions.GRADIENT_CHECK,
        gradient_check_hidden,
        alternatives.GRADIENT_CHECK,
    ),
    Problem(
        reference.linear_backward,
        linear_backward_cases,
        misconceptions.LINEAR_BACKWARD,
        linear_backward_hidden,
        alternatives.LINEAR_BACKWARD,
        results=("dx", "dw", "db"),
    ),
    Problem(
        reference.relu_backward,
        relu_backward_cases,
        misconceptions.RELU_BACKWARD,
        relu_backward_hidden,
        alternatives.RELU_BACKWARD,
    ),
    Problem(
        reference.max_pool_backward,
        max_pool_backward_cases,
        misconceptions.MAX_POOL_BACKWARD,
        max_pool_backward_hidden,
        alternatives.MAX_POOL_BACKWARD,
        explorer={"kind": "pool backward"},
    ),
    Problem(
        reference.avg_pool_backward,
        avg_pool_backward_cases,
        misconceptions.AVG_POOL_BACKWARD,
        avg_pool_backward_hidden,
        alternatives.AVG_POOL_BACKWARD,
        explorer={"kind": "pool backward"},
    ),
    Problem(
        reference.conv2d_backward,
        conv2d_backward_cases,
        misconceptions.CONV2D_BACKWARD,
        conv2d_backward_hidden,
        alternatives.CONV2D_BACKWARD,
        explorer={"kind": "conv backward"},
        results=("dx", "dw", "db"),
    ),
    Problem(
        reference.softmax_cross_entropy,
        softmax_cross_entropy_cases,
        misconceptions.SOFTMAX_CROSS_ENTROPY,
        softmax_cross_entropy_hidden,
        alternatives.SOFTMAX_CROSS_ENTROPY,
        explorer={"kind": "scores"},
        digits=DIGITS,
        results=("loss", "gradient"),
    ),
)
