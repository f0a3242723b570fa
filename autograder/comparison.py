"""Comparing what a student's function returned with what it should return."""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from autograder.values import ARRAY_KINDS, Value, describe

Kind = Literal["type", "shape", "not a number", "value", "precision"]


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """How far a number may be off: ``relative`` times the largest expected magnitude.

    ``relative`` holds for float64 and integer answers; answers in float32 get ``relative32``,
    since that type cannot do better. ``absolute`` is added, so that an expected zero can be met.

    float16 and bfloat16 are too coarse to tell a right answer from a wrong one: an answer in them
    counts where its numbers are right as they stand. One that is off by no more than
    ``relative16`` is told that its type is the reason. Where float16 is expected, that is allowed.
    """

    relative: float = 1e-6
    relative32: float = 1e-4
    relative16: float = 2e-2
    absolute: float = 1e-9

    def allowed(self, got: np.ndarray, expected: np.ndarray) -> float:
        """Return the largest difference that passes for this pair of arrays."""
        relative = self.relative
        if got.dtype == np.float32:
            relative = max(relative, self.relative32)
        if got.dtype == expected.dtype == np.float16:
            relative = max(relative, self.relative16)
        return self._off(relative, expected)

    def coarse(self, expected: np.ndarray) -> float:
        """Return up to which difference a coarse type may be the reason."""
        return self._off(self.relative16, expected)

    def _off(self, relative: float, expected: np.ndarray) -> float:
        sizes = np.abs(expected[np.isfinite(expected)].astype(np.float64))
        scale = float(np.max(sizes)) if sizes.size else 0.0
        return self.absolute + relative * scale


@dataclasses.dataclass(frozen=True)
class Difference:
    """The first way in which an answer is not the expected one.

    ``where`` is the path to the element, such as ``result[0][1, 2]`` or ``dx[1, 2]``; empty for
    the whole result. ``got`` and ``expected`` are short texts. ``wrong`` of ``total`` elements
    differ (both 0 where counting makes no sense).
    """

    kind: Kind
    message: str
    where: str = ""
    got: str = ""
    expected: str = ""
    wrong: int = 0
    total: int = 0


def first_difference(
    got: Value,
    expected: Value,
    tolerance: Tolerance,
    where: str = "result",
    names: Sequence[str] = (),
) -> Difference | None:
    """Return the first difference between ``got`` and ``expected``, or None if they agree.

    ``names`` are what the entries of a tuple are called, if they have names.

    Types are judged as a teacher would: a NumPy number is as good as a Python number, a
    0-d array as good as a number, an integer as good as the float it equals, a list as good
    as a tuple. A list is not an array, and text is not a number.
    """
    if isinstance(expected, np.ndarray) and expected.dtype.kind in ARRAY_KINDS:
        return _array_difference(got, expected, tolerance, where)
    if isinstance(expected, bool | str) or expected is None:
        return _plain_difference(got, expected, where)
    if isinstance(expected, int | float):
        return _number_difference(got, expected, tolerance, where)
    if isinstance(expected, tuple | list):
        called = names or [f"{where}[{i}]" for i in range(len(expected))]
        return _sequence_difference(got, expected, tolerance, where, called)
    if isinstance(expected, Mapping):
        return _mapping_difference(got, expected, tolerance, where)
    raise TypeError(f"a reference may not return {describe(expected)}")


def _wrong_type(got: Value, description: str, where: str, advice: str = "") -> Difference:
    message = f"{where} should be {description}, but it is {_with_article(describe(got))}."
    if got is None:
        message = f"{where} is None. Is there a `return` on every path through your function?"
    return Difference("type", f"{message} {advice}".strip(), where, describe(got), description)


def _with_article(text: str) -> str:
    if text == "None" or text.startswith(("NumPy", "text")):
        return text
    return f"an {text}" if text[0] in "aeio" else f"a {text}"


def _array_difference(
    got: Value, expected: np.ndarray, tolerance: Tolerance, where: str
) -> Difference | None:
    if type(got) is not np.ndarray:
        advice = ""
        if isinstance(got, list | tuple):
            advice = _entry_alone(got, expected) or "Turn it into an array with `np.array(...)`."
        elif isinstance(got, numbers.Number | np.generic) and expected.ndim:
            advice = "Did you return from inside the loop, or overwrite the array by one number?"
        if not (isinstance(got, numbers.Number | np.generic) and expected.ndim == 0):
            return _wrong_type(got, f"a NumPy array of shape {expected.shape}", where, advice)
        got = np.asarray(got)
    if got.dtype.kind not in ARRAY_KINDS:
        complex_numbers = "The numbers are complex, as after an FFT: take their real part."
        advice = complex_numbers if got.dtype.kind == "c" else "Do all rows have the same length?"
        return _wrong_type(got, "an array of real numbers", where, advice)
    if got.shape != expected.shape:
        return Difference(
            "shape",
            f"{where} has the wrong shape.",
            where,
            str(got.shape),
            str(expected.shape),
        )
    return _elements_difference(got, expected, tolerance, where)


def _entry_alone(got: Sequence[Value], expected: np.ndarray) -> str:
    """Say which entry of a tuple is to be returned, where one alone has the right shape and type.

    `max` along an axis of a tensor gives the values, and where they stand: two of the same shape.
    """
    fitting = [
        i
        for i, entry in enumerate(got)
        if isinstance(entry, np.ndarray)
        and entry.shape == expected.shape
        and (entry.dtype.kind == "f") == (expected.dtype.kind == "f")
    ]
    if len(fitting) != 1 or not isinstance(got, tuple):
        return ""
    entry = fitting[0]
    if len(got) == 2 and isinstance(got[1], np.ndarray) and entry == 0 and got[1].dtype.kind == "i":
        return "Return its first entry alone: of the result of `max` or `min` that is `.values`."
    return f"Return the entry of position {entry} alone."


def _elements_difference(
    got: np.ndarray, expected: np.ndarray, tolerance: Tolerance, where: str
) -> Difference | None:
    """Compare two arrays of numbers of the same shape."""
    if (got == expected).all():
        return None
    got_numbers = got.astype(np.float64)
    expected_numbers = expected.astype(np.float64)
    bad = ~np.isfinite(got_numbers) & np.isfinite(expected_numbers)
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        text = _number(got_numbers[index])
        return Difference(
            "not a number",
            f"{where} contains {text}, which is not a finite number. "
            "Look for a division by zero, an overflow, or an array that was never filled "
            "(`np.empty`).",
            _element(where, index),
            text,
            _number(expected_numbers[index]),
            int(bad.sum()),
            got.size,
        )
    with np.errstate(invalid="ignore"):
        off = np.abs(got_numbers - expected_numbers)
    allowed = tolerance.allowed(got, expected)
    # A right answer holds no NaN, but what a misconception gives may: NaN is like NaN there.
    both_nan = np.isnan(got_numbers) & np.isnan(expected_numbers)
    differs = ~((off <= allowed) | (got_numbers == expected_numbers) | both_nan)
    if not differs.any():
        return None
    index = tuple(int(i) for i in np.argwhere(differs)[0])
    kind: Kind = "value"
    message = f"{int(differs.sum())} of {got.size} elements differ."
    if got.size == 1:
        message = f"{_element(where, index)} is wrong."
    coarse = _coarse_type(got, expected)
    if coarse and not (off[differs] > tolerance.coarse(expected)).any():
        kind = "precision"
        message = (
            f"{where} is right to two or three digits only: it was computed in {coarse}, which "
            "keeps no more. Compute in float64 or float32."
        )
    return Difference(
        kind,
        message,
        _element(where, index),
        _number(got_numbers[index], expected_numbers[index]),
        _number(expected_numbers[index], got_numbers[index]),
        int(differs.sum()),
        got.size,
    )


def _coarse_type(got: np.ndarray, expected: np.ndarray) -> str:
    """Return the name of the type with two or three digits that made numbers inexact, or nothing.

    NumPy has no bfloat16: what PyTorch computed in it arrives as float32 numbers whose last 16
    bits are all 0.
    """
    if got.dtype == np.float16 != expected.dtype:
        return "float16"
    if got.dtype == np.float32 and not (np.ascontiguousarray(got).view(np.uint32) & 0xFFFF).any():
        return "bfloat16"
    return ""


def _element(where: str, index: tuple[int, ...]) -> str:
    return f"{where}[{', '.join(map(str, index))}]" if index else where


def _number(value: float, beside: float | None = None) -> str:
    """Write a number short, but long enough to tell it from the number beside it."""
    for digits in (6, 9, 12, 17):
        text = f"{value:.{digits}g}"
        if beside is None or text != f"{beside:.{digits}g}" or digits == 17:
            return text
    raise AssertionError("unreachable")


def _plain_difference(got: Value, expected: Value, where: str) -> Difference | None:
    if isinstance(got, np.bool_):
        got = bool(got)
    if type(got) is not type(expected):
        description = {bool: "True or False", str: "a text"}.get(type(expected), "None")
        return _wrong_type(got, description, where)
    if got == expected:
        return None
    return Difference("value", f"{where} is wrong.", where, repr(got), repr(expected), 1, 1)


def _number_difference(
    got: Value, expected: int | float, tolerance: Tolerance, where: str
) -> Difference | None:
    description = "a whole number" if isinstance(expected, int) else "a number"
    if isinstance(got, np.ndarray) and got.ndim == 0:
        got = got[()]
    if isinstance(got, bool | np.bool_) or not isinstance(got, int | float | np.generic):
        advice = (
            "Did you forget to sum, or to pick one element?" if isinstance(got, np.ndarray) else ""
        )
        return _wrong_type(got, description, where, advice)
    if isinstance(got, np.generic) and got.dtype.kind not in "iuf":
        return _wrong_type(got, description, where)
    if isinstance(expected, int):
        # Not math.isnan: it fails on integers that are too long for a float.
        if got != got or got in (float("inf"), float("-inf")) or int(got) != got:  # noqa: PLR0124
            return _wrong_type(
                got, description, where, "Counts and sizes are whole: use `//`, not `/`."
            )
        if int(got) == expected:
            return None
        return Difference("value", f"{where} is wrong.", where, str(got), str(expected), 1, 1)
    difference = _array_difference(np.asarray(got), np.asarray(expected), tolerance, where)
    if difference is not None and difference.kind == "value":
        return dataclasses.replace(difference, message=f"{where} is wrong.")
    return difference


def _sequence_difference(
    got: Value,
    expected: tuple[Value, ...] | list[Value],
    tolerance: Tolerance,
    where: str,
    names: Sequence[str],
) -> Difference | None:
    if not isinstance(got, tuple | list):
        return _wrong_type(got, f"a tuple of {len(expected)} results", where)
    if len(got) != len(expected):
        return Difference(
            "shape",
            f"{where} has the wrong number of entries.",
            where,
            str(len(got)),
            str(len(expected)),
        )
    for mine, theirs, name in zip(got, expected, names, strict=True):
        difference = first_difference(mine, theirs, tolerance, name)
        if difference is not None:
            return difference
    return None


def _mapping_difference(
    got: Value, expected: Mapping[str, Value], tolerance: Tolerance, where: str
) -> Difference | None:
    if not isinstance(got, dict):
        return _wrong_type(got, f"a dict with keys {', '.join(map(repr, expected))}", where)
    for key in expected:
        if key not in got:
            return Difference(
                "shape",
                f"{where} lacks the key {key!r}.",
                where,
                ", ".join(map(repr, got)) or "no keys",
                ", ".join(map(repr, expected)),
            )
    for key, theirs in expected.items():
        difference = first_difference(got[key], theirs, tolerance, f"{where}[{key!r}]")
        if difference is not None:
            return difference
    extra = [key for key in got if key not in expected]
    if extra:
        return Difference(
            "shape",
            f"{where} has keys that nobody asked for.",
            where,
            ", ".join(map(repr, got)),
            ", ".join(map(repr, expected)),
        )
    return None
