"""The right numbers in other places: exchanged, reversed, shifted, in another order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from autograder.diagnosis.evidence import Answer, Aspect
from autograder.diagnosis.quantities import axis_names
from autograder.diagnosis.relations import Relation


def order_of_axes(
    aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """The axes are exchanged."""
    if not 2 <= expected.ndim <= 4 or got.ndim != expected.ndim:
        return
    names = axis_names(answer.case, aspect.name, expected.ndim)
    plural = [f"{name}s" for name in names]
    for axes in itertools.permutations(range(expected.ndim)):
        moved = expected.transpose(axes)
        if axes == tuple(range(expected.ndim)) or moved.shape != got.shape:
            continue
        if aspect.close(got, moved):
            changed = [axis for position, axis in enumerate(axes) if axis != position]
            if len(changed) == 2:
                first, second = sorted(changed)
                yield f"in {{what}} {plural[first]} and {plural[second]} are exchanged."
            else:
                order = ", ".join(names[axis] for axis in axes)
                yield (
                    f"the axes of {{what}} stand in the order ({order}); it should be "
                    f"({', '.join(names)})."
                )


def mirrored(
    aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """Axes run backward, or the map is turned."""
    if got.shape != expected.shape or got.ndim == 0:
        return
    names = axis_names(answer.case, aspect.name, got.ndim)
    for axis in range(got.ndim):
        if got.shape[axis] > 1 and aspect.close(got, np.flip(expected, axis)):
            yield f"in {{what}} the {names[axis]}s stand in reverse order."
    if got.ndim >= 2 and min(got.shape[-2:]) > 1:
        if aspect.close(got, np.flip(expected, (-2, -1))):
            yield "{what} is turned by half: its rows and its columns stand in reverse order."
        if got.shape[-1] == got.shape[-2]:
            for turns in (1, 3):
                if aspect.close(got, np.rot90(expected, turns, (-2, -1))):
                    yield "{what} is turned by a quarter."


def shifted(
    aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """The right numbers stand a few rows or columns away."""
    if got.shape != expected.shape or got.ndim < 2 or got.ndim > 4:
        return
    height, width = got.shape[-2:]
    for down, right in itertools.product(range(-2, 3), range(-2, 3)):
        if (down, right) == (0, 0) or abs(down) >= height or abs(right) >= width:
            continue
        theirs = _overlap(expected, -down, -right)
        mine = _overlap(got, down, right)
        if 2 * mine.size >= got.size and np.ptp(mine) > 0 and aspect.close(mine, theirs):
            steps = [
                _steps(abs(down), "row", "down" if down > 0 else "up"),
                _steps(abs(right), "column", "to the right" if right > 0 else "to the left"),
            ]
            yield f"{{what}} is shifted: {' and '.join(filter(None, steps))}."


def _overlap(array: np.ndarray, down: int, right: int) -> np.ndarray:
    """Return what is left of an array when it is moved out of its frame by so much."""
    height, width = array.shape[-2:]
    return array[..., max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]


def _steps(count: int, what: str, where: str) -> str:
    number = {0: "", 1: f"one {what}", 2: f"two {what}s"}[count]
    return f"{number} {where}" if number else ""


def slices(aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """Whole images, maps or rows are right, and stand in others' places."""
    if got.shape != expected.shape or got.ndim == 0:
        return
    names = axis_names(answer.case, aspect.name, got.ndim)
    for axis, length in enumerate(got.shape):
        if length < 2 or got.size // length < 3:
            continue
        mine, theirs = np.moveaxis(got, axis, 0), np.moveaxis(expected, axis, 0)
        source = [
            next((j for j in range(length) if aspect.close(part, theirs[j])), None) for part in mine
        ]
        if None in source or any(
            aspect.close(theirs[i], theirs[j]) for i in range(length) for j in range(i)
        ):
            continue
        name = names[axis]
        if len(set(source)) == 1:
            which = {0: "first", length - 1: "last"}.get(source[0] or 0)
            if which:
                yield f"every {name} of {{what}} holds what belongs to the {which} {name}."
        elif len(set(source)) == length:
            yield f"the {name}s of {{what}} are right, but they stand in another order."
        else:
            yield f"some {name}s of {{what}} hold what belongs to another {name}."


def reshaped(
    aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """All numbers are right, and stand in wrong places."""
    if got.size != expected.size or got.size < 4 or len(np.unique(expected)) < 4:
        return
    if not aspect.close(np.sort(got, axis=None), np.sort(expected, axis=None)):
        return
    if aspect.close(got.ravel(), expected.ravel()):
        return
    for axes in itertools.permutations(range(expected.ndim)):
        if axes != tuple(range(expected.ndim)) and aspect.close(
            got.ravel(), expected.transpose(axes).ravel()
        ):
            yield (
                "{what} holds the right numbers in the wrong places, as after a `reshape` where "
                "an axis should have been moved: `reshape` moves no axis, `transpose` does."
            )
            break
    yield (
        "{what} holds the right numbers, all of them, in the wrong places: in which order do they "
        "come, and in which order are they put down?"
    )


def moved(aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """Each map has the right sum: everything arrives, and not where it should."""
    if got.shape != expected.shape or got.ndim != 4 or got.shape[-1] < 2:
        return
    mine, due = got.sum(axis=(2, 3)), expected.sum(axis=(2, 3))
    if due.any() and aspect.close(mine, due):
        yield (
            "the numbers in each map of {what} add up to the right sum, but they stand in the "
            "wrong places. Where does each window begin, and which place in it do you mean?"
        )


REARRANGEMENTS: tuple[Relation, ...] = (order_of_axes, mirrored, shifted, slices)
"""The right numbers in other places."""

LAST: tuple[Relation, ...] = (reshaped, moved)
"""What is true of some other relations, too: asked last."""
