"""How a wrong result hangs together with the arguments: added, multiplied, or asked for a sign."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograder.diagnosis.evidence import Answer, Aspect
from autograder.diagnosis.quantities import arrays_of
from autograder.diagnosis.relations import Relation


def multiplied(
    aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """A factor is missing, or stands there once too often."""
    for name, other in _beside(answer, got, expected):
        if not other.all() or np.ptp(np.abs(other)) == 0:  # a single factor: `factor` says more
            continue
        if aspect.close(got * other, expected):
            yield f"`{name}` is missing from {{what}} as a factor."
        elif aspect.close(got, expected * other):
            yield f"{{what}} is multiplied by `{name}` once too often."


def added(aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """An argument goes into the sum with another factor."""
    if got.shape != expected.shape or got.size < FEWEST:
        return
    difference = got - expected
    for name, other in _beside(answer, got, expected):
        if np.count_nonzero(other) < FEWEST or np.ptp(other) == 0:
            continue
        scale = (other * other).sum()
        ratio = float((difference * other).sum() / scale)
        if aspect.close(expected, (expected * other).sum() / scale * other):
            continue  # then a factor of the whole says more
        if ratio and aspect.close(got, expected + ratio * other):
            yield (
                f"the difference between {{what}} and the right numbers is a multiple of "
                f"`{name}`. With which factor does `{name}` go in, and with which should it?"
            )


def masked(aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """The wrong numbers stand where an argument is negative, positive, or below another."""
    if got.shape != expected.shape:
        return
    wrong = aspect.differs(got, expected)
    if min(wrong.sum(), (~wrong).sum()) < 2:
        return
    for name, other in _beside(answer, got, expected):
        if other.shape != _shape_of(answer, name):
            continue
        limits = [
            ("negative", other < 0),
            ("positive", other > 0),
            ("not positive", other <= 0),
            ("not negative", other >= 0),
        ]
        limits += [
            (f"{word} `{limit}`", where)
            for limit, value in answer.case.arguments.items()
            if isinstance(value, float)
            for word, where in (("below", other < value), ("not below", other >= value))
        ]
        for word, where in limits:
            if where.all():
                continue
            if np.array_equal(wrong, where) or np.array_equal(wrong, where & (expected != 0)):
                yield (
                    f"{{what}} is wrong exactly where `{name}` is {word}.{_there(got, wrong)} "
                    "Which line of your code treats these places in another way?"
                )
    for name, other in _beside(answer, got, expected):
        if aspect.close(got[wrong], other[wrong]) and np.ptp(other[wrong]) > 0:
            yield f"all wrong numbers of {{what}} are those of `{name}`."


def _there(got: np.ndarray, wrong: np.ndarray) -> str:
    return "" if got[wrong].any() else " There you have 0."


def number_added(
    aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """A single number is too large or too small by a whole number or an argument."""
    if got.ndim or expected.ndim:
        return
    difference = float(got - expected)
    more = "large" if difference > 0 else "small"
    if difference in (-2, -1, 1, 2):
        yield f"{{what}} is too {more} by {abs(difference):g}."
    for name, value in answer.case.arguments.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and abs(value) > 2 and aspect.close(got, expected + np.sign(difference) * value):
            yield f"{{what}} is too {more} by `{name}`."


def _beside(
    answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the arrays among the arguments that have a number for each of the result's.

    Or one for each place of the result's first or second axis.
    """
    if got.shape != expected.shape or not got.ndim:
        return
    for name, array in arrays_of(answer.case):
        if array.dtype.kind not in "iuf":
            continue
        if array.shape == got.shape:
            yield name, array.astype(float)
        elif array.ndim == 1 and got.ndim in (2, 4) and len(array) > 1:
            for axis in (1, 0):
                if len(array) == got.shape[axis]:
                    lengths = [-1 if place == axis else 1 for place in range(got.ndim)]
                    yield name, np.broadcast_to(array.reshape(lengths), got.shape).astype(float)
                    break


def _shape_of(answer: Answer, name: str) -> tuple[int, ...]:
    return next(array.shape for known, array in arrays_of(answer.case) if known == name)


FEWEST = 3
"""So many numbers at least have to fit: fewer do by chance."""

ARGUMENTS: tuple[Relation, ...] = (multiplied, number_added)
"""What leaves no choice."""

OFTEN: tuple[Relation, ...] = (masked, added)
"""What may have several causes: asked later."""
