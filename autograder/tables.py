"""Arrays as tables of text: whole where they are small, else the first slice that differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from autograder.comparison import Tolerance, first_difference
from autograder.values import Tensor, Value

COLUMNS = 8
"""Wider tables are not shown."""

LARGEST = 36
"""Tables of more numbers are not shown."""


def table_of(value: Value, most: int) -> list[str]:
    """Return an array's rows of text; none where it is no array, or has more numbers than that.

    Axes of length 1 before the last two are left out; else a line says which slice follows.
    """
    array = value.array if isinstance(value, Tensor) else value
    if not isinstance(array, np.ndarray) or array.ndim == 0 or array.dtype.kind not in "biuf":
        return []
    if not 0 < array.size <= most or array.shape[-1] > COLUMNS:
        return []
    slices = list(np.ndindex(array.shape[:-2]))
    if len(slices) == 1:
        return _rows(array[slices[0]])
    return [
        line
        for index in slices
        for line in (f"[{', '.join(map(str, index))}]:", *_rows(array[index]))
    ]


def side_by_side(
    got: Value, expected: Value, tolerance: Tolerance, names: Sequence[str] = ()
) -> Iterator[str]:
    """Yield the first part of two results that differs, as tables beside each other.

    Of more than two axes the first two-dimensional slice that differs is shown, if it is small.
    """
    part = _first_part(got, expected, tolerance, "", names)
    if part is None:
        return
    where, mine, theirs = part
    if mine.shape != theirs.shape or mine.ndim == 0 or mine.dtype.kind not in "biuf":
        return
    allowed = tolerance.allowed(mine, theirs)
    with np.errstate(invalid="ignore"):
        off = ~(np.abs(mine.astype(float) - theirs.astype(float)) <= allowed)
    index: tuple[int, ...] = ()
    if mine.ndim > 2 and off.any():
        index = tuple(int(i) for i in np.argwhere(off)[0][:-2])
        mine, theirs, off = mine[index], theirs[index], off[index]
    if mine.ndim > 2 or not _fits(mine, LARGEST):
        return
    if index:
        yield f"{where or 'result'}[{', '.join(map(str, index))}]:"
    left, right = _rows(mine, off), _rows(theirs)
    width = max(map(len, [*left, "yours (* differs)"]))
    yield f"{'yours (* differs)':<{width}}    expected"
    yield from (f"{a:<{width}}    {b}" for a, b in zip(left, right, strict=True))


def _first_part(
    got: Value, expected: Value, tolerance: Tolerance, where: str, names: Sequence[str]
) -> tuple[str, np.ndarray, np.ndarray] | None:
    """Return the first two arrays that differ, and where they stand."""
    if isinstance(got, np.ndarray) and isinstance(expected, np.ndarray):
        return where, got, expected
    pairs: list[tuple[str, Value, Value]] = []
    if isinstance(expected, tuple | list) and isinstance(got, tuple | list):
        called = names or [f"{where or 'result'}[{i}]" for i in range(len(expected))]
        pairs = list(zip(called, got, expected, strict=False))
    elif isinstance(expected, Mapping) and isinstance(got, Mapping):
        pairs = [
            (f"{where or 'result'}[{key!r}]", got[key], expected[key])
            for key in expected
            if key in got
        ]
    for name, mine, theirs in pairs:
        if first_difference(mine, theirs, tolerance) is not None:
            return _first_part(mine, theirs, tolerance, name, ())
    return None


def _fits(array: np.ndarray, most: int) -> bool:
    return 1 < array.size <= most and array.shape[-1] <= COLUMNS


def _rows(array: np.ndarray, marks: np.ndarray | None = None) -> list[str]:
    """Return an array row by row in columns; a star stands after the marked entries."""
    rows = np.atleast_2d(array)
    starred = np.zeros(rows.shape, bool) if marks is None else np.atleast_2d(marks)
    # Zero is added so that -0 is shown as 0.
    texts = [[f"{float(entry) + 0.0:.4g}" for entry in row] for row in rows]
    width = max(len(text) for row in texts for text in row)
    return [
        " ".join(
            f"{text:>{width}}{'*' if star else ' '}" for text, star in zip(row, stars, strict=True)
        ).rstrip()
        for row, stars in zip(texts, starred, strict=True)
    ]
