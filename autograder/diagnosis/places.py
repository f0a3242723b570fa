"""Where the wrong numbers stand, and what is the same about all of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograder.diagnosis.evidence import Answer, Aspect
from autograder.diagnosis.quantities import axis_names
from autograder.diagnosis.relations import Relation


def along_an_axis(
    aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """Only some images, channels, filters, rows or columns are wrong."""
    wrong = _mask(aspect, got, expected)
    if wrong is None or wrong.all():
        return
    names = axis_names(answer.case, aspect.name, got.ndim)
    for axis, length in enumerate(got.shape):
        bad = np.asarray(wrong.any(axis=tuple(a for a in range(got.ndim) if a != axis)))
        if length < 2 or bad.all():
            continue
        name = names[axis]
        unset = got[wrong].size > 1 and not got[wrong].any()
        zeros = " There all wrong numbers are 0." if unset else ""
        if not bad[0] and bad[1:].all():
            others = f"; in all other {name}s the wrong numbers are 0" if unset else ""
            yield (
                f"only the first {name} of {{what}} is right{others}. What is different when your "
                f"code comes to the second {name}?"
            )
        if not bad[-1] and bad[:-1].all():
            ask = " Is something begun anew, or overwritten, in each round of a loop?"
            yield f"only the last {name} of {{what}} is right.{zeros}{ask if unset else ''}"
        if bad[-1] and not bad[:-1].any():
            yield f"only the last {name} of {{what}} is wrong.{zeros}"
        if bad[0] and not bad[1:].any():
            yield f"only the first {name} of {{what}} is wrong.{zeros}"


def first_alone(
    aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """Of each map only the first number is right."""
    wrong = _mask(aspect, got, expected)
    if wrong is None or got.ndim < 2 or min(got.shape[-2:]) < 2 or wrong[..., 0, 0].any():
        return
    if wrong.sum() == wrong.size - wrong[..., 0, 0].size:
        yield (
            "only the first number of each map in {what} is right. Follow the next one through "
            "your code: which pixels does it take, and which should it?"
        )


def border(aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """Only the border is wrong."""
    wrong = _mask(aspect, got, expected)
    if wrong is None or got.ndim < 2 or min(got.shape[-2:]) < 3:
        return
    if not wrong[..., 1:-1, 1:-1].any() and wrong.any():
        sides = [wrong[..., 0, :], wrong[..., -1, :], wrong[..., :, 0], wrong[..., :, -1]]
        if all(side.any() for side in sides):
            yield "{what} is right inside, and wrong only at its border."


def square(aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """What lies beyond the largest square is wrong."""
    wrong = _mask(aspect, got, expected)
    if wrong is None or got.ndim < 2 or got.shape[-1] == got.shape[-2]:
        return
    side = min(got.shape[-2:])
    if not wrong[..., :side, :side].any():
        yield (
            "{what} is right only in the rows and columns that a square would have. Which loop "
            "runs over the rows, and which over the columns?"
        )


def unset(aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """Wrong numbers are 0, or stand where 0 is due."""
    wrong = _mask(aspect, got, expected)
    if wrong is None or wrong.all() or int(wrong.sum()) < 2:
        return
    right = expected[~wrong]
    if not got[wrong].any() and right.any():
        yield "all wrong numbers of {what} are 0, and all others are right: what is left out?"
    if not expected[wrong].any() and expected.any():
        yield "{what} is wrong only where 0 should stand."
    if (expected[wrong] < 0).all() and (right >= 0).all():
        yield "{what} is wrong exactly where it should be negative."
    if (expected[wrong] > 0).all() and (right <= 0).all() and right.any():
        yield "{what} is wrong exactly where it should be positive."


def _mask(aspect: Aspect, got: np.ndarray, expected: np.ndarray) -> np.ndarray | None:
    """Return where two arrays of the same shape differ, None for others."""
    if got.shape != expected.shape or got.ndim == 0 or got.size < 2:
        return None
    return np.asarray(aspect.differs(got, expected))


PLACES: tuple[Relation, ...] = (along_an_axis, first_alone, border, square, unset)
