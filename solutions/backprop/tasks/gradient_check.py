"""The task ``gradient_check``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.backprop.gradients import drawn_nonzero


def gradient_check(analytic: Array, numeric: Array) -> float:
    """Return the largest relative error between two gradients.

    analytic, numeric: arrays of the same shape.
    The relative error of two elements a and n is |a - n|, divided by the larger of |a| and |n|;
    it is 0 where both are 0.
    """
    ### BEGIN SOLUTION
    difference = np.abs(analytic - numeric)
    larger = np.maximum(np.abs(analytic), np.abs(numeric))
    relative = np.zeros(larger.shape)
    np.divide(difference, larger, out=relative, where=larger > 0)
    return float(relative.max())
    ### END SOLUTION


# Cases


def _off_by(rng: Random, *shape: int, larger: str) -> dict[str, Value]:
    """Draw two gradients that differ little, but for one element.

    larger: "analytic" or "numeric", the one that is larger in size at that element.
    """
    analytic = rng.choice([-1.0, 1.0], size=shape) * rng.integers(4, 9, size=shape)
    numeric = analytic + drawn_nonzero(rng, *shape, high=0.5)
    place = tuple(int(rng.integers(0, side)) for side in shape)
    small, gap = float(quarters(rng, low=1, high=2)), float(quarters(rng, low=0.75, high=1.5))
    sign = float(rng.choice([-1.0, 1.0]))
    analytic[place], numeric[place] = sign * small, sign * (small + gap)
    if larger == "analytic":
        analytic, numeric = numeric, analytic
    return {"analytic": analytic, "numeric": numeric}


SIGNED, SIZES, LARGEST = ("sign_kept",), ("size_without_sign",), ("largest_by_largest",)
"""What depends on the signs, and the sizes, that are drawn."""


def cases(rng: Random) -> list[Case]:
    """The worked example, then zeros on one side or both, then more axes."""
    both = _off_by(rng, 2, 4, larger="numeric")
    extra = np.array([[0.0], [4.0]])
    both = {name: np.hstack([extra, part]) for name, part in both.items()}
    difference = _off_by(rng, 3, 2, larger="analytic")
    difference["numeric"][1, 1] = 0.0
    signs = _off_by(rng, 5, larger="numeric")
    signs["numeric"][3] = -1.25 * signs["analytic"][3]
    return [
        Case(
            "the worked example",
            {"analytic": np.array([10.0, -2.0, 0.0]), "numeric": np.array([9.0, -2.5, 0.0])},
        ),
        Case(
            "no element is zero",
            _off_by(rng, 3, 4, larger="numeric"),
            finds=SIGNED,
            overlooks=SIZES,
        ),
        Case("an element that is zero in both", both, finds=SIZES, overlooks=SIGNED),
        Case(
            "an element that is zero in one",
            difference,
            finds=("divided_by_smaller", *LARGEST),
            overlooks=(*SIGNED, *SIZES),
        ),
        Case("a wrong sign", signs, finds=SIZES, overlooks=(*SIGNED, *LARGEST)),
        Case("four axes", _off_by(rng, 2, 3, 2, 2, larger="analytic"), overlooks=(*SIGNED, *SIZES)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """Equal gradients, and larger ones."""
    same = drawn_nonzero(rng, 3, 3)
    negative = _off_by(rng, 6, larger="analytic")
    negative = {name: -abs(part) for name, part in negative.items()}
    return [
        Case("two equal gradients", {"analytic": same, "numeric": same.copy()}),
        Case("all elements negative", negative),
        Case(
            "a longer row",
            _off_by(rng, 20, larger="numeric"),
            finds=SIGNED,
            overlooks=SIZES,
        ),
    ]


# Misconceptions


def _quotient(above: Array, below: Array) -> Array:
    """Divide without a warning where the divisor is zero."""
    with np.errstate(all="ignore"):
        return above / below


def _divided(above: Array, below: Array) -> Array:
    """Divide, and give 0 where the divisor is zero."""
    return np.divide(above, below, out=np.zeros(np.shape(above)), where=below != 0)


def _larger(analytic: Array, numeric: Array) -> Array:
    result: Array = np.maximum(abs(analytic), abs(numeric))
    return result


MISCONCEPTIONS = (
    Misconception(
        "absolute_error",
        lambda analytic, numeric: abs(analytic - numeric).max(),
        title="Absolute instead of relative error",
        symptom="Large gradients look wrong, small ones right, whatever they are.",
        hint="You return the largest difference. Is a difference of 0.5 much? That depends on how "
        "large the gradients are.",
    ),
    Misconception(
        "sign_kept",
        lambda analytic, numeric: _divided(analytic - numeric, _larger(analytic, numeric)).max(),
        title="The sign of the difference is kept",
        symptom="Sometimes right, sometimes too small, sometimes below zero.",
        hint="A gradient that is too small is as wrong as one that is too large, but your answer "
        "overlooks it.",
    ),
    Misconception(
        "mean_error",
        lambda analytic, numeric: _divided(
            abs(analytic - numeric), _larger(analytic, numeric)
        ).mean(),
        title="Mean instead of largest error",
        symptom="Too small: one wrong element hides among many right ones.",
        hint="You average the errors, so one wrong element hides among many right ones.",
    ),
    Misconception(
        "divided_by_sum",
        lambda analytic, numeric: _divided(
            abs(analytic - numeric), abs(analytic) + abs(numeric)
        ).max(),
        title="Divided by the sum of both",
        symptom="About half of the right answer.",
        hint="Your answer is about half of what this task asks for: you divide by the sum of both "
        "sizes. By what does the task divide?",
    ),
    Misconception(
        "zero_by_zero",
        lambda analytic, numeric: _quotient(
            abs(analytic - numeric), _larger(analytic, numeric)
        ).max(),
        title="Zero is divided by zero",
        symptom="NaN as soon as one element is 0 in both gradients.",
        hint="Right, except for elements that are 0 in both gradients: 0 divided by 0 is not a "
        "number, and it spoils the maximum.",
    ),
    Misconception(
        "divided_by_analytic",
        lambda analytic, numeric: _quotient(abs(analytic - numeric), abs(analytic)).max(),
        title="Divided by the analytic gradient alone",
        symptom="Right where the analytic gradient is the larger one.",
        hint="You always divide by the analytic gradient. What if it is the smaller one, or 0?",
    ),
    Misconception(
        "divided_by_numeric",
        lambda analytic, numeric: _quotient(abs(analytic - numeric), abs(numeric)).max(),
        title="Divided by the numeric gradient alone",
        symptom="Right where the numeric gradient is the larger one.",
        hint="You always divide by the numeric gradient. What if it is the smaller one, or 0?",
    ),
    Misconception(
        "divided_by_smaller",
        lambda analytic, numeric: _divided(
            abs(analytic - numeric), np.minimum(abs(analytic), abs(numeric))
        ).max(),
        title="Divided by the smaller of the two",
        symptom="Too large, and nothing but errors above 1 for wrong signs.",
        hint="Your answer is too large. Which of the two sizes does the task divide by?",
    ),
    Misconception(
        "size_without_sign",
        lambda analytic, numeric: _divided(
            abs(analytic - numeric), np.maximum(analytic, numeric)
        ).max(),
        title="The larger number instead of the larger size",
        symptom="Right for positive gradients only.",
        hint="Right for positive gradients only. Which is larger in size, -8 or 1?",
    ),
    Misconception(
        "largest_by_largest",
        lambda analytic, numeric: abs(analytic - numeric).max() / _larger(analytic, numeric).max(),
        title="Largest difference by largest element",
        symptom="Too small: the two maxima come from different elements.",
        hint="You divide the largest difference by the largest element. They need not belong "
        "together: each element has its own relative error.",
    ),
    Misconception(
        "norms",
        lambda analytic, numeric: (
            np.sqrt(((analytic - numeric) ** 2).sum())
            / np.sqrt(max((analytic**2).sum(), (numeric**2).sum()))
        ),
        title="Norms instead of elements",
        symptom="Too small: the norm lets one wrong element hide.",
        hint="You compare the lengths of whole gradients, where one wrong element can hide. The "
        "task compares element by element.",
    ),
    Misconception(
        "all_errors",
        lambda analytic, numeric: _divided(abs(analytic - numeric), _larger(analytic, numeric)),
        title="An array instead of one number",
        symptom="The result has the shape of the gradients.",
        hint="You return an error for every element. Which one of them does the task ask for?",
    ),
    Misconception(
        "close_or_not",
        lambda analytic, numeric: bool(np.allclose(analytic, numeric)),
        title="True or False instead of a number",
        symptom="The result is True or False.",
        hint="You answer whether the gradients agree. The task asks how far they are apart.",
    ),
)


# Alternatives


def gradient_check_loop(analytic: Array, numeric: Array) -> float:
    """Compare element by element."""
    worst = 0.0
    for a, n in zip(analytic.ravel().tolist(), numeric.ravel().tolist(), strict=True):
        if a != n:
            worst = max(worst, abs(a - n) / max(abs(a), abs(n)))
    return worst


def gradient_check_tiny(analytic: Array, numeric: Array) -> Any:
    """Keep the divisor away from zero."""
    scale = np.maximum(np.maximum(abs(analytic), abs(numeric)), 1e-12)
    return np.max(abs(analytic - numeric) / scale)


def gradient_check_where(analytic: Array, numeric: Array) -> Any:
    """Divide by one where both are zero."""
    scale = np.max([np.abs(analytic), np.abs(numeric)], axis=0)
    return (np.abs(analytic - numeric) / np.where(scale == 0, 1, scale)).max()


def gradient_check_nan(analytic: Array, numeric: Array) -> float:
    """Let zero by zero give NaN, and make it zero."""
    with np.errstate(invalid="ignore"):
        errors = np.abs(analytic - numeric) / np.fmax(np.abs(analytic), np.abs(numeric))
    return float(np.nan_to_num(errors).max())


ALTERNATIVES = (
    gradient_check_loop,
    gradient_check_tiny,
    gradient_check_where,
    gradient_check_nan,
)

STYLES = (
    Style(
        gradient_check_where,
        "It does without an exception for zeros: where both are zero, it divides by one.",
    ),
    Style(
        gradient_check_loop,
        "Clearest: one pair of numbers after the other, and the worst is kept.",
    ),
)


PROBLEM = Problem(
    gradient_check,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    styles=STYLES,
)
