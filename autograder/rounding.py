"""Rounding results to significant digits, for functions that no choice of numbers makes exact."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder.values import Value


def rounded(value: Value, digits: int) -> Value:
    """Return ``value`` with its floats rounded to ``digits`` significant decimal digits.

    In an array, those of its largest number count for all: as with the tolerance, what has
    canceled down to nearly nothing has no digits of its own. Two machines whose results differ in
    the last bits agree after that, unless a result lies within those bits of the middle between
    two rounded numbers. NaN becomes the one NaN whose bits are the same everywhere, and negative
    zero becomes zero.
    """
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        plain = np.round(value, decimals_of(value, digits)) + 0.0
        return np.where(np.isnan(value), np.nan, plain).astype(value.dtype)
    if isinstance(value, float | np.floating):
        return float(rounded(np.asarray(value, dtype=np.float64), digits))
    if isinstance(value, tuple | list):
        return type(value)(rounded(item, digits) for item in value)
    if isinstance(value, Mapping):
        return {key: rounded(item, digits) for key, item in value.items()}
    return value


def decimals_of(array: np.ndarray, digits: int) -> int:
    """Return behind which decimal the largest number of an array has ``digits`` digits."""
    sizes = np.abs(array[np.isfinite(array)])
    largest = float(sizes.max()) if sizes.size else 0.0
    # Rounded first: 0.999... and 1 have to get the same number of decimals.
    return digits - 1 - int(f"{largest:.3e}".partition("e")[2])
