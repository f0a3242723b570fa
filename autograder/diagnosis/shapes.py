"""How a wrong shape comes from the expected one, in numbers or at least in lengths."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from autograder.diagnosis.evidence import Answer, Aspect
from autograder.diagnosis.quantities import axis_names, quantities
from autograder.diagnosis.relations import Relation


def without_ones(
    aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """Axes of length 1 are missing, or left over."""
    if got.shape == expected.shape or got.size != expected.size:
        return
    if _long(got) != _long(expected) or got.ndim == expected.ndim:
        return
    if aspect.close(got.ravel(), expected.ravel()):
        if got.ndim < expected.ndim:
            yield (
                "the numbers of {what} are right, but axes of length 1 are missing. Do you use "
                "`squeeze`, or an index where a slice would keep the axis?"
            )
        else:
            yield "the numbers of {what} are right, but it has axes of length 1 too many."


def _long(array: np.ndarray) -> list[int]:
    return [length for length in array.shape if length != 1]


def sums(aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """A sum or a mean is missing over some axes, or takes too many."""
    if got.ndim > expected.ndim:
        many, few = got, expected
    elif got.ndim < expected.ndim:
        many, few = expected, got
    else:
        return
    if many.ndim > 5 or not many.size or not few.size:
        return
    names = axis_names(answer.case, aspect.name, expected.ndim)
    for axes in itertools.combinations(range(many.ndim), many.ndim - few.ndim):
        for take, word in ((np.sum, "sum"), (np.mean, "mean"), (np.max, "largest")):
            if many.size == few.size or not aspect.close(take(many, axis=axes), few):
                continue
            listed = " and ".join(str(axis) for axis in axes)
            number = "axes" if len(axes) > 1 else "axis"
            if many is got:
                yield (
                    f"{{what}} has {len(axes)} {number} too many: over {number} {listed} the "
                    f"{word} is still to be taken."
                )
            else:
                lost = " and ".join(f"{names[axis]}s" for axis in axes)
                yield (
                    f"{{what}} has lost the {number} of {lost}: it is the {word} over "
                    f"{'them' if len(axes) > 1 else 'it'}."
                )


def cut(aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """Rows or columns are missing, or too many, and the rest is right."""
    if got.ndim != expected.ndim or got.ndim == 0 or got.shape == expected.shape:
        return
    small, large = (got, expected) if got.size < expected.size else (expected, got)
    extra = [b - a for a, b in zip(small.shape, large.shape, strict=True)]
    if min(extra) < 0 or not small.size or max(extra) > 6:
        return
    if small.size > 1 and np.ptp(small) == 0:
        return
    names = axis_names(answer.case, aspect.name, got.ndim)
    for begin in itertools.product(*(range(count + 1) for count in extra)):
        window = tuple(
            slice(start, start + length) for start, length in zip(begin, small.shape, strict=True)
        )
        if aspect.close(small, large[window]):
            parts = [
                _end(name, start, count - start)
                for name, start, count in zip(names, begin, extra, strict=True)
                if count
            ]
            verb = "lacks" if small is got else "has too many"
            length = "short" if small is got else "long"
            yield (
                f"{{what}} {verb} {' and '.join(parts)}; the other numbers are right. Which loop "
                f"or slice is too {length}?"
            )
            return


def one_short(
    aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """The last row and the last column are missing."""
    if got.ndim < 2 or got.ndim != expected.ndim or not got.size:
        return
    if aspect.close(got, expected[..., :-1, :-1]):
        yield "{what} lacks the last row and the last column."


def _end(name: str, before: int, behind: int) -> str:
    if before and behind:
        return f"{_many(name)} on both sides"
    return f"{_many(name)} at the {'beginning' if before else 'end'}"


def lengths(aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """Axes are longer or shorter by a number that has a meaning."""
    if got.ndim != expected.ndim or got.shape == expected.shape or got.ndim == 0:
        return
    names = axis_names(answer.case, aspect.name, got.ndim)
    differing = [
        (axis, a, b)
        for axis, (a, b) in enumerate(zip(got.shape, expected.shape, strict=True))
        if a != b
    ]
    padding = quantities(answer.case).get("padding", 0)
    if padding and [(axis, a - b) for axis, a, b in differing] == [
        (got.ndim - 2, 2 * padding),
        (got.ndim - 1, 2 * padding),
    ]:
        yield "{what} still has the rows and columns of the padding."
    parts = []
    for axis, a, b in differing:
        count = abs(a - b)
        name = _many(names[axis], count)
        parts.append(f"{_count(count)} {name} too {'many' if a > b else 'few'}")
    if got.size:
        yield (
            f"{{what}} has {' and '.join(parts)}. Which line decides how many there are? Count "
            "them by hand."
        )
    else:
        yield "{what} is empty: an axis has length 0."


def _many(name: str, count: int = 2) -> str:
    plural = "entries" if name == "entry" else f"{name}s"
    return name if count == 1 else plural


def _count(count: int) -> str:
    words = ("no", "one", "two", "three", "four")
    return words[count] if count < len(words) else str(count)


def fixed(aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """An axis has the same length whatever the input is."""
    if got.ndim != expected.ndim or got.shape == expected.shape or got.ndim == 0:
        return
    names = axis_names(answer.case, aspect.name, got.ndim)
    for axis, (a, b) in enumerate(zip(got.shape, expected.shape, strict=True)):
        others = {
            answer.got.shape[axis]
            for answer in aspect.answers
            if isinstance(answer.got, np.ndarray) and answer.got.ndim == got.ndim
        }
        if a and a != b and others == {a}:
            yield (
                f"{{what}} always has {_count(a)} {_many(names[axis], a)}. Does this number stand "
                "in your code? Ask the shape of the input for it."
            )


def axes_only(
    aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """The lengths are right, and stand in another order."""
    if got.shape == expected.shape or sorted(got.shape) != sorted(expected.shape) or got.ndim < 2:
        return
    if len(set(expected.shape)) < expected.ndim:
        return
    names = axis_names(answer.case, aspect.name, expected.ndim)
    order = ", ".join(names[expected.shape.index(length)] for length in got.shape)
    yield f"the axes of {{what}} stand in the order ({order}); it should be ({', '.join(names)})."


def window_counts(
    _aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """Rows and columns are as many as another size of the case would give."""
    if got.ndim != expected.ndim or got.ndim < 2 or got.shape[:-2] != expected.shape[:-2]:
        return
    q = {"stride": 1, "padding": 0, **quantities(answer.case)}
    if not {"H", "W", "HH", "WW"} <= q.keys():
        return

    def rows_and_columns(**other: int) -> tuple[int, int]:
        s = {**q, **other}
        rows = s["H"] + s.get("more", 2 * s["padding"]) - s["HH"]
        columns = s["W"] + s.get("more", 2 * s["padding"]) - s["WW"]
        return rows // s["stride"] + 1, columns // s["stride"] + 1

    right = rows_and_columns()
    if right != expected.shape[-2:] or got.shape[-2:] == right:
        return
    candidates = (
        ({"WW": q["HH"]}, "{what} is as wide as if the window were as wide as it is high."),
        ({"HH": q["WW"]}, "{what} is as high as if the window were as high as it is wide."),
        ({"W": q["H"]}, "{what} is as wide as if the image were as wide as it is high."),
        ({"H": q["W"]}, "{what} is as high as if the image were as high as it is wide."),
        ({"padding": 0}, "{what} is as large as if there were no padding."),
        ({"more": q["padding"]}, "{what} is as large as if there were padding on one side only."),
        ({"stride": 1}, "{what} is as large as if the stride were 1."),
    )
    for other, words in candidates:
        if rows_and_columns(**other) == got.shape[-2:]:
            yield f"{words} Which sizes stand in your formula for its shape?"


WITH_NUMBERS: tuple[Relation, ...] = (without_ones, sums, cut)
"""Relations in which the numbers fit, too."""

LENGTHS: tuple[Relation, ...] = (fixed, lengths)
"""Relations between the shapes alone."""
