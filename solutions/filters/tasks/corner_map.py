"""The task ``corner_map``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.filters.pictures import SOBEL, Size
from solutions.filters.tasks.corr2d import corr2d


def corner_map(x: Array, w1: Array, w2: Array) -> Array:
    """Mark the places where the picture x answers to both edge filters w1 and w2.

    x: picture, shape (H, W).
    w1, w2: filters of the same shape (HH, WW).
    Returns shape (H - HH + 1, W - WW + 1): at each position the smaller of the two
    responses, after ReLU has set the negative ones to zero.
    """
    ### BEGIN SOLUTION
    first = np.maximum(corr2d(x, w1), 0)
    second = np.maximum(corr2d(x, w2), 0)
    return np.minimum(first, second)
    ### END SOLUTION


# Cases


def _triple(rng: Random, x: Size, w: Size) -> dict[str, Value]:
    """Draw a picture and two filters of the given sizes."""
    return {"x": quarters(rng, *x), "w1": quarters(rng, *w), "w2": quarters(rng, *w)}


def cases(rng: Random) -> list[Case]:
    """A white square with four corners, then pictures and filters without a pattern."""
    square = np.zeros((7, 8))
    square[2:5, 2:6] = 1.0
    return [
        Case("white square, Sobel filters", {"x": square, "w1": -SOBEL, "w2": -SOBEL.T}),
        Case(
            "square picture",
            _triple(rng, (6, 6), (2, 2)),
            finds=("zeros", "first_filter_only", "second_filter_only"),
        ),
        Case("tall picture, wide filters", _triple(rng, (8, 6), (2, 3)), finds=("yes_or_no",)),
        Case("wide picture, tall filters", _triple(rng, (6, 8), (3, 2)), finds=("yes_or_no",)),
        Case("square picture, wide filters", _triple(rng, (7, 7), (2, 3)), finds=("yes_or_no",)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("filters of one row", _triple(rng, (8, 9), (1, 3)), finds=("zeros",)),
        Case("larger filters", _triple(rng, (9, 10), (4, 3))),
        Case("larger picture", _triple(rng, (12, 9), (3, 3))),
    ]


# Misconceptions


def builtin_min(x: Array, w1: Array, w2: Array) -> Array:
    """Use Python's min, which asks whether one whole array is smaller than the other."""
    return min(np.maximum(corr2d(x, w1), 0), np.maximum(corr2d(x, w2), 0))


MISCONCEPTIONS = (
    Misconception(
        "larger_of_the_two",
        lambda x, w1, w2: np.maximum(np.maximum(corr2d(x, w1), corr2d(x, w2)), 0),
        title="The larger response instead of the smaller",
        symptom="Whole edges light up, not the corners alone.",
        hint="Your map lights up where only one filter answers. A corner needs both.",
    ),
    Misconception(
        "sum_of_the_two",
        lambda x, w1, w2: np.maximum(corr2d(x, w1), 0) + np.maximum(corr2d(x, w2), 0),
        title="The sum of the responses",
        symptom="Whole edges light up, and corners light up more.",
        hint="You add the two responses, so a strong edge alone passes for a corner.",
    ),
    Misconception(
        "product_of_the_two",
        lambda x, w1, w2: np.maximum(corr2d(x, w1), 0) * np.maximum(corr2d(x, w2), 0),
        title="The product of the responses",
        symptom="The right places light up with the wrong numbers.",
        hint="The right places light up, but you multiply the two responses. Which of the two "
        "does the task keep?",
    ),
    Misconception(
        "no_relu",
        lambda x, w1, w2: np.minimum(corr2d(x, w1), corr2d(x, w2)),
        title="ReLU is missing",
        symptom="The map holds negative numbers.",
        hint="Your map holds negative numbers. What does ReLU do with them?",
        section="Signed responses, and what ReLU removes",
    ),
    Misconception(
        "abs_for_relu",
        lambda x, w1, w2: np.minimum(np.abs(corr2d(x, w1)), np.abs(corr2d(x, w2))),
        title="Absolute value instead of ReLU",
        symptom="Corners of the opposite kind light up too.",
        hint="A negative response becomes a positive one here. ReLU removes it instead.",
        section="Signed responses, and what ReLU removes",
    ),
    Misconception(
        "first_filter_only",
        lambda x, w1, w2: np.maximum(corr2d(x, w1), 0),
        title="Only the first filter is used",
        symptom="The map shows one kind of edge.",
        hint="This is the answer of the first filter alone. Where does `w2` come in?",
    ),
    Misconception(
        "second_filter_only",
        lambda x, w1, w2: np.maximum(corr2d(x, w2), 0),
        title="Only the second filter is used",
        symptom="The map shows one kind of edge.",
        hint="This is the answer of the second filter alone. Where does `w1` come in?",
    ),
    Misconception(
        "filters_added",
        lambda x, w1, w2: np.maximum(corr2d(x, w1 + w2), 0),
        title="The filters are added",
        symptom="Whole edges light up, not the corners alone.",
        hint="You made one filter out of two. A single filter cannot demand that both edges are "
        "there.",
    ),
    Misconception(
        "filters_minimum",
        lambda x, w1, w2: np.maximum(corr2d(x, np.minimum(w1, w2)), 0),
        title="The smaller elements of the filters instead of the smaller responses",
        symptom="The map has nothing to do with corners.",
        hint="You compare the filters. Compare their answers instead.",
    ),
    Misconception(
        "one_after_the_other",
        lambda x, w1, w2: np.maximum(corr2d(np.maximum(corr2d(x, w1), 0), w2), 0),
        title="The second filter is applied to the first response",
        symptom="The map is too small.",
        hint="Your second filter looks at the map of the first. Both should look at the picture.",
    ),
    Misconception(
        "yes_or_no",
        lambda x, w1, w2: (corner_map(x, w1, w2) > 0).astype(float),
        title="Only yes or no",
        symptom="The map holds zeros and ones.",
        hint="You say where there is a corner, but not how strong it is.",
    ),
    Misconception(
        "builtin_min",
        builtin_min,
        title="Python's own `min` cannot compare arrays",
        symptom="Python says that the truth value of an array is ambiguous.",
        hint="Python's own `min` and `max` want to know which whole array is the smaller one. "
        "NumPy has functions that compare element by element.",
    ),
    Misconception(
        "smallest_number",
        lambda x, w1, w2: corner_map(x, w1, w2).min(),
        title="One number instead of a map",
        symptom="A single number comes back.",
        hint="One number for the whole picture came back. The two maps are compared position by "
        "position.",
    ),
)


# Alternatives


def corner_map_relu_last(x: Array, w1: Array, w2: Array) -> Array:
    """Apply ReLU to the smaller response: the order does not matter."""
    return np.maximum(np.minimum(corr2d(x, w1), corr2d(x, w2)), 0)


def corner_map_where(x: Array, w1: Array, w2: Array) -> Array:
    """Choose element by element with np.where."""
    first, second = corr2d(x, w1), corr2d(x, w2)
    smaller = np.where(first < second, first, second)
    return np.where(smaller > 0, smaller, 0.0)


def corner_map_masks(x: Array, w1: Array, w2: Array) -> Array:
    """Set negative elements to zero by masks, in place in arrays of its own."""
    first, second = corr2d(x, w1), corr2d(x, w2)
    first[first < 0] = 0
    second[second < 0] = 0
    result: Array = np.stack([first, second]).min(axis=0)
    return result


def corner_map_clip(x: Array, w1: Array, w2: Array) -> Array:
    """Clip the responses."""
    responses = np.array([corr2d(x, w1), corr2d(x, w2)])
    result: Array = responses.clip(min=0).min(axis=0)
    return result


def corner_map_loops(x: Array, w1: Array, w2: Array) -> Array:
    """Compare position by position."""
    first, second = corr2d(x, w1), corr2d(x, w2)
    for index in np.ndindex(*first.shape):
        first[index] = max(0.0, min(float(first[index]), float(second[index])))
    return first


def corner_map_formula(x: Array, w1: Array, w2: Array) -> Array:
    """Write the minimum with an absolute value, and ReLU as a product with a mask."""
    first, second = corr2d(x, w1), corr2d(x, w2)
    first, second = first * (first > 0), second * (second > 0)
    result: Array = (first + second - np.abs(first - second)) / 2
    return result


ALTERNATIVES = (
    corner_map_relu_last,
    corner_map_where,
    corner_map_masks,
    corner_map_clip,
    corner_map_loops,
    corner_map_formula,
)

STYLES = (
    Style(
        corner_map_relu_last,
        "Shorter: ReLU may come last, for it does not change which of two numbers is smaller.",
    ),
    Style(
        corner_map_clip,
        "It works for any number of filters: stack the maps, clip them, take the minimum.",
    ),
)


PROBLEM = Problem(
    corner_map,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "corner"},
    styles=STYLES,
)
