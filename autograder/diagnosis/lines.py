"""Numbers that are wrong in one way in a channel or image, and in another way in the next."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograder.diagnosis.evidence import Answer, Aspect
from autograder.diagnosis.quantities import axis_names
from autograder.diagnosis.relations import Relation

FEWEST = 3
"""So many numbers of a line at least: two of them fit any factor and shift."""

LIKE = 1e-6
"""Factors that differ by no more are one."""


def factors(aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """All numbers of a line are wrong by the same factor."""
    for name, mine, due in _lines(answer, aspect.name, got, expected):
        ratios = (mine * due).sum(axis=1) / np.maximum((due * due).sum(axis=1), 1e-300)
        if (
            np.ptp(ratios) > LIKE * np.abs(ratios).max()
            and ratios.all()
            and aspect.close(mine, ratios[:, None] * due)
        ):
            yield (
                f"in each {name} of {{what}} all numbers are wrong by the same factor, and each "
                f"{name} has another factor. What do you multiply or divide a {name} by?"
            )
            return


def some_factor(
    aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """All numbers are wrong by a factor that no size explains."""
    if got.shape != expected.shape or np.count_nonzero(expected) < 2 or not got.any():
        return
    ratio = float((got * expected).sum() / (expected * expected).sum())
    if aspect.close(got, ratio * expected):
        other = ", and each case has another factor" if len(aspect.failing) > 1 else ""
        yield (
            f"all numbers of {{what}} are wrong by the same factor{other}. Divide one of yours by "
            "the right one: where does this factor come from?"
        )


def scaled_and_shifted(
    aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """Each line is scaled and shifted, as by another mean or spread."""
    for name, mine, due in _lines(answer, aspect.name, got, expected):
        mean, middle = mine.mean(axis=1, keepdims=True), due.mean(axis=1, keepdims=True)
        spread = ((due - middle) ** 2).sum(axis=1, keepdims=True)
        if not spread.all():
            continue
        slope = ((mine - mean) * (due - middle)).sum(axis=1, keepdims=True) / spread
        shift = mean - slope * middle
        alike = np.ptp(slope) <= LIKE * np.abs(slope).max() and not np.round(shift, 9).any()
        if slope.all() and not alike and aspect.close(mine, mean + slope * (due - middle)):
            yield (
                f"in each {name} of {{what}} the numbers are right but for one factor and one "
                "summand. What do you multiply or divide by there, and what do you add or subtract?"
            )
            return


def _lines(
    answer: Answer, part: str, got: np.ndarray, expected: np.ndarray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield what was got and expected with a row for each channel, or for each image, or for both.

    Each with its name.
    """
    if got.shape != expected.shape or got.ndim != 4 or not got.size:
        return
    first, second, *_ = axis_names(answer.case, part, 4)
    for axes, name in (((1,), second), ((0,), first), ((0, 1), f"{second} of each {first}")):
        rest = [axis for axis in range(4) if axis not in axes]
        shape = (int(np.prod([got.shape[axis] for axis in axes])), -1)
        mine, due = (a.transpose(*axes, *rest).reshape(shape) for a in (got, expected))
        if mine.shape[1] >= FEWEST:
            yield name, mine, due


LINES: tuple[Relation, ...] = (factors, scaled_and_shifted)
"""The one that says more first."""
