"""The task ``numerical_gradient``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Formula, Value
from solutions.arrays import Array
from solutions.backprop.gradients import drawn_nonzero

Loss: TypeAlias = Callable[[Array], float]


def numerical_gradient(f: Callable[[Array], float], x: Array, h: float) -> Array:
    """Measure the gradient of f at x by central differences.

    f: function from an array to one number.
    x: array of any shape and of any type of numbers, also whole numbers or float32.
    h: how far each element is moved to either side, above 0.
    Returns an array of the shape of x, computed in float64.
    """
    ### BEGIN SOLUTION
    point = np.array(x, dtype=np.float64)
    gradient = np.zeros(point.shape)
    for position in np.ndindex(point.shape):
        kept = point[position]
        point[position] = kept + h
        above = f(point)
        point[position] = kept - h
        below = f(point)
        point[position] = kept
        gradient[position] = (above - below) / (2 * h)
    return gradient
    ### END SOLUTION


# Cases

CUBES = "np.sum(x * x * x)"
WEIGHTED = "np.sum(x * np.arange(1.0, x.size + 1).reshape(x.shape))"
SQUARES_BY_ROW = "np.sum((x * x).T * np.arange(1.0, len(x) + 1))"
NEIGHBORS = "np.sum(x[:-1] * x[1:])"
STEP32 = 2.0**-16
"""A step that vanishes when it is added to a number around 1000 in float32."""


def _function(source: str, x: np.ndarray, h: float) -> dict[str, Value]:
    return {"f": Formula(("x",), source), "x": x, "h": h}


def cases(rng: Random) -> list[Case]:
    """The worked example, more axes, and the types of numbers that swallow a small step."""
    large = quarters(rng, 2, low=500, high=2000).astype(np.float32)
    return [
        Case("the worked example", _function("x[0] * x[0] * x[1]", np.array([2.0, 3.0]), 0.25)),
        Case("a matrix, sum of cubes", _function(CUBES, drawn_nonzero(rng, 2, 3), 0.5)),
        Case("three axes, weighted sum", _function(WEIGHTED, quarters(rng, 2, 2, 3), 0.25)),
        Case(
            "x of whole numbers",
            _function(SQUARES_BY_ROW, rng.integers(1, 9, size=(3, 2), dtype=np.int64), 0.25),
        ),
        Case(
            "x of large float32 numbers",
            _function("x[0] * x[1]", large, STEP32),
            overlooks=("forward_difference", "backward_difference"),
        ),
        Case(
            "a matrix, each row by its own factor",
            _function(SQUARES_BY_ROW, drawn_nonzero(rng, 4, 2), 0.5),
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More functions and shapes."""
    return [
        Case("products of neighbors", _function(NEIGHBORS, drawn_nonzero(rng, 6), 0.5)),
        Case("a larger matrix", _function(CUBES, drawn_nonzero(rng, 4, 3), 0.25)),
        Case("four axes", _function(CUBES, drawn_nonzero(rng, 2, 1, 3, 2), 0.5)),
    ]


# Misconceptions


def _each(x: Array, slope: Callable[[Array], float], h: float) -> Array:
    """Return slope(step) for a step of size h along every element of x."""
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([slope(step) for step in steps], dtype=float).reshape(x.shape)


def not_restored(f: Loss, x: Array, h: float) -> Array:
    """Leave every element where the second step has put it."""
    point, gradient = np.array(x, dtype=float), np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        point[at] += h
        above = f(point)
        point[at] -= 2 * h
        gradient[at] = (above - f(point)) / (2 * h)
    return gradient


def in_the_type_of_x(f: Loss, x: Array, h: float) -> Array:
    """Make the steps in a copy of x, whatever numbers x holds."""
    point, gradient = x.copy(), np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        value = point[at]
        point[at] = value + h
        above = f(point)
        point[at] = value - h
        gradient[at] = (float(above) - float(f(point))) / (2 * h)
        point[at] = value
    return gradient


def all_at_once(f: Loss, x: Array, h: float) -> Array:
    """Move all elements together."""
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def of_flattened(f: Loss, x: Array, h: float) -> Array:
    """Hand f a long row."""
    row = numerical_gradient(f, x.ravel(), h)
    return row.reshape(x.shape)


def rows_at_once(f: Loss, x: Array, h: float) -> Array:
    """Loop over the first axis only, and move a whole row in each round."""
    gradient = np.zeros(x.shape)
    for i in range(len(x)):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


MISCONCEPTIONS = (
    Misconception(
        "forward_difference",
        lambda f, x, h: _each(x, lambda step: (f(x + step) - f(x * 1.0)) / h, h),
        title="A step to one side only",
        symptom="The error is as large as h itself, unless f is a straight line.",
        hint="You step to one side only. On a curve that gives the slope beside x, not at x. What "
        "would make the two errors cancel?",
        catalog_number=53,
    ),
    Misconception(
        "backward_difference",
        lambda f, x, h: _each(x, lambda step: (f(x * 1.0) - f(x - step)) / h, h),
        title="A step to the lower side only",
        symptom="The error is as large as h itself, with the other sign.",
        hint="You step to the lower side only. On a curve that gives the slope before x, not at "
        "x. What would make the errors cancel?",
    ),
    Misconception(
        "divided_by_h",
        lambda f, x, h: 2 * numerical_gradient(f, x, h),
        title="Divided by h instead of the whole distance",
        symptom="Every number is twice what it should be.",
        hint="Every number is twice too large. How far apart are the two points at which you "
        "evaluate f?",
    ),
    Misconception(
        "not_divided",
        lambda f, x, h: 2 * h * numerical_gradient(f, x, h),
        title="The difference is not divided",
        symptom="The numbers shrink with h.",
        hint="You return how much f changes. A slope is a change per step.",
    ),
    Misconception(
        "times_h",
        lambda f, x, h: h * h * numerical_gradient(f, x, h),
        title="Multiplied by h instead of divided",
        symptom="The numbers are far too small; `a / 2 * h` is not `a / (2 * h)`.",
        hint="You divide by 2 and then multiply by h. In which order does Python read `/` and `*`?",
    ),
    Misconception(
        "half_too_small",
        lambda f, x, h: numerical_gradient(f, x, h) / 2,
        title="One step, divided by two",
        symptom="Every number is half of what it should be.",
        hint="Every number is half of what it should be. Over what distance does f change between "
        "your two points?",
    ),
    Misconception(
        "sign_exchanged",
        lambda f, x, h: -numerical_gradient(f, x, h),
        title="The two sides are exchanged",
        symptom="Every sign is wrong.",
        hint="Every sign is wrong. Where f grows, which of your two values is the larger one?",
    ),
    Misconception(
        "not_restored",
        not_restored,
        title="The moved element is not put back",
        symptom="The first number is right; from then on the error grows.",
        hint="Your first number is right, and the error grows from there on. What does x look "
        "like when the second element gets its turn?",
        catalog_number=57,
    ),
    Misconception(
        "in_the_type_of_x",
        in_the_type_of_x,
        title="The steps are made in the type of x",
        symptom="Right for float64; wrong for whole numbers and for large float32 numbers.",
        hint="An array of whole numbers cuts off fractions, and float32 loses small steps. Which "
        "type of number does the array hold in which you make your steps?",
        catalog_number=56,
    ),
    Misconception(
        "one_array_two_names",
        lambda f, x, h: np.zeros(x.shape),
        title="Two names for one array",
        symptom="All numbers are 0.",
        hint="All your numbers are 0. If you wrote `above = x` and `below = x`: both are names of "
        "the same array, and steps up and down cancel.",
    ),
    Misconception(
        "all_at_once",
        all_at_once,
        title="All elements are moved at once",
        symptom="All numbers are equal: the sum of the right ones.",
        hint="All your numbers are equal. You move all elements of x together. The gradient asks "
        "for one element at a time.",
    ),
    Misconception(
        "rows_at_once",
        rows_at_once,
        title="Whole rows are moved at once",
        symptom="Right for an x with one axis; else all numbers of a row are equal.",
        hint="All numbers of a row are equal: you move whole rows. One loop visits one axis; how "
        "many axes may x have?",
    ),
    Misconception(
        "f_of_the_flattened",
        of_flattened,
        title="The function gets a flattened x",
        symptom="Right where f treats all elements alike, or x has one axis.",
        hint="You hand f a flattened x, but f may treat rows and columns in different ways. Which "
        "shape does f expect?",
    ),
    Misconception(
        "flat",
        lambda f, x, h: numerical_gradient(f, x, h).ravel(),
        title="The gradient is a long row",
        symptom="The numbers are right; the shape is that of the flattened x.",
        hint="The numbers are right, but they form one long row. What is the shape of x?",
    ),
    Misconception(
        "step_of_its_own",
        lambda f, x, h: numerical_gradient(f, x, 2.0**-10),
        title="The argument h is not used",
        symptom="Nearly right, but a curved function shows that the step was another one.",
        hint="You are close, but the step is not the one you were given. Do you use the argument "
        "`h`?",
    ),
)


# Alternatives


def numerical_gradient_flat(f: Callable[[Array], float], x: Array, h: float) -> Array:
    """Walk through a flat copy."""
    flat = x.astype(float).ravel()
    slopes = []
    for i in range(flat.size):
        above, below = flat.copy(), flat.copy()
        above[i] += h
        below[i] -= h
        slopes.append((f(above.reshape(x.shape)) - f(below.reshape(x.shape))) / (2 * h))
    return np.array(slopes).reshape(x.shape)


def numerical_gradient_nditer(f: Callable[[Array], float], x: Array, h: float) -> Array:
    """Walk with `nditer`, change one element and restore it."""
    x = np.asarray(x, dtype=float).copy()
    gradient = np.empty_like(x)
    walk = np.nditer(x, flags=["multi_index"])
    for _ in walk:
        at = walk.multi_index
        old = float(x[at])
        x[at] = old + h
        gradient[at] = f(x)
        x[at] = old - h
        gradient[at] -= f(x)
        x[at] = old
    gradient /= 2 * h
    return gradient


def numerical_gradient_directions(f: Callable[[Array], float], x: Array, h: float) -> Array:
    """Add one direction of an identity matrix after the other."""
    directions = np.eye(x.size).reshape(x.size, *x.shape)
    pairs = [f(x + h * direction) - f(x - h * direction) for direction in directions]
    return np.reshape(pairs, x.shape) / h / 2


def numerical_gradient_two_sides(f: Callable[[Array], float], x: Array, h: float) -> Array:
    """Take the mean of the slopes to both sides."""
    here = f(x * 1.0)
    slopes: Array = np.zeros(x.shape)
    for at, _ in np.ndenumerate(x):
        step = np.zeros(x.shape)
        step[at] = h
        slopes[at] = 0.5 * ((f(x + step) - here) / h + (here - f(x - step)) / h)
    return slopes


ALTERNATIVES = (
    numerical_gradient_flat,
    numerical_gradient_nditer,
    numerical_gradient_directions,
    numerical_gradient_two_sides,
)

STYLES = (
    Style(
        numerical_gradient_nditer,
        "It needs no new array for each element: one is changed and restored.",
    ),
    Style(
        numerical_gradient_directions,
        "The idea in one line: the slope along each direction of the identity matrix.",
    ),
)


PROBLEM = Problem(
    numerical_gradient,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "slope"},
    styles=STYLES,
)
