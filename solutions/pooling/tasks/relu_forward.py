"""The task ``relu_forward``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from solutions.arrays import Array
from solutions.pooling.images import drawn_integers, drawn_negative


def relu_forward(x: Array) -> Array:
    """Return x with all negative numbers replaced by zero.

    x: array of any shape.
    Returns an array of the same shape.
    """
    ### BEGIN SOLUTION
    return np.maximum(x, 0)
    ### END SOLUTION


# Cases


def cases(rng: Random) -> list[Case]:
    """A row first, then images."""
    return [
        Case("the worked example", {"x": np.array([2.0, -3.0, 0.5, -0.25, 0.0])}),
        Case("one map", {"x": quarters(rng, 3, 4)}, finds=("small_numbers_removed",)),
        Case("a batch of images", {"x": quarters(rng, 2, 3, 4, 5)}),
        Case("images of whole numbers", {"x": drawn_integers(rng, 2, 1, 3, 4)}),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """Other shapes."""
    return [
        Case("flat inputs", {"x": quarters(rng, 4, 7)}, finds=("small_numbers_removed",)),
        Case("no positive numbers", {"x": np.append(drawn_negative(rng, 6), 2.5)}),
        Case("three axes", {"x": quarters(rng, 3, 4, 5)}),
    ]


# Misconceptions

MISCONCEPTIONS = (
    Misconception(
        "mask_returned",
        lambda x: (x > 0).astype(float),
        title="Only yes or no",
        symptom="The result holds zeros and ones.",
        hint="You say which numbers stay, but not what they are.",
    ),
    Misconception(
        "absolute_value",
        lambda x: np.abs(x),
        title="Absolute value instead of ReLU",
        symptom="Negative numbers become positive.",
        hint="Your negative numbers become positive. What should they become?",
    ),
    Misconception(
        "negative_kept",
        lambda x: np.minimum(x, 0),
        title="The negative numbers are kept",
        symptom="Positive numbers become 0.",
        hint="You keep what should go, and remove what should stay.",
    ),
    Misconception(
        "largest_along_axis",
        lambda x: np.max(x, 0),
        title="`np.max` takes the 0 for an axis",
        symptom="The result has lost an axis.",
        hint="`np.max` reads its second argument as an axis. Two functions of NumPy have similar "
        "names.",
    ),
    Misconception(
        "builtin_max",
        lambda x: max(x, 0),
        title="Python's own `max` cannot compare an array with 0",
        symptom="Python says that the truth value of an array is ambiguous.",
        hint="Python's own `max` asks whether the whole array is larger than 0. NumPy can compare "
        "number by number.",
    ),
    Misconception(
        "only_the_positive",
        lambda x: x[x > 0],
        title="The negative numbers are cut out",
        symptom="The result is one long row, shorter than the input.",
        hint="You leave the negative numbers out, so the shape is lost. Every number keeps its "
        "place.",
    ),
    Misconception(
        "cut_off_at_one",
        lambda x: np.clip(x, 0, 1),
        title="Large numbers are cut off",
        symptom="No number is larger than 1.",
        hint="None of your numbers is larger than 1. ReLU limits the numbers on one side only.",
    ),
    Misconception(
        "small_numbers_removed",
        lambda x: np.where(x < 1, 0, x),
        title="The limit is 1 instead of 0",
        symptom="Numbers between 0 and 1 become 0.",
        hint="Numbers between 0 and 1 are lost. From which number on does ReLU let through?",
    ),
    Misconception(
        "leaky",
        lambda x: np.where(x > 0, x, x / 128),
        title="A leaky ReLU",
        symptom="Negative numbers are small, but not 0.",
        hint="Your negative numbers become small, but not zero. That is a relative of ReLU, but "
        "not ReLU.",
    ),
    Misconception(
        "whole_becomes_zero",
        lambda x: np.zeros_like(x) if np.min(x) < 0 else x,
        title="One negative number removes all",
        symptom="Arrays with a negative number become zero as a whole.",
        hint="One negative number, and your whole array becomes zero. Each number is judged by "
        "itself.",
    ),
)


# Alternatives


def relu_mask(x: Array) -> Array:
    """Multiply by a mask."""
    result: Array = x * (x > 0)
    return result


def relu_where(x: Array) -> Array:
    """Choose element by element."""
    return np.where(x > 0, x, 0.0)


def relu_clip(x: Array) -> Array:
    """Clip at one side."""
    result: Array = x.clip(min=0)
    return result


def relu_copy(x: Array) -> Array:
    """Set negative elements of a copy to zero."""
    out = x.copy()
    out[out < 0] = 0
    return out


def relu_loop(x: Array) -> Array:
    """Look at every number in turn."""
    out = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        if x[index] > 0:
            out[index] = x[index]
    return out


def relu_absolute(x: Array) -> Array:
    """Write the maximum with an absolute value."""
    result: Array = (x + np.abs(x)) / 2
    return result


ALTERNATIVES = (relu_mask, relu_where, relu_clip, relu_copy, relu_loop, relu_absolute)

STYLES = (
    Style(
        relu_mask,
        "A mask of True and False counts as 1 and 0: the same mask is used backward.",
    ),
    Style(
        relu_where,
        "It reads like the definition: the number where it is positive, else zero.",
    ),
)


PROBLEM = Problem(
    relu_forward,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "activation"},
    styles=STYLES,
)
