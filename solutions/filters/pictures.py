"""The pictures and filters of the cases that several tasks share."""

from __future__ import annotations

import numpy as np

from autograder.problems import Random, quarters
from autograder.values import Value

Size = tuple[int, int]
WORKED_PICTURE = np.array([[1.0, 2, 0, 1], [0, 1, 3, 2], [2, 0, 1, 1]])
WORKED_FILTER = np.array([[1.0, 2], [0, -1]])
"""The example that the exercise computes by hand."""

SOBEL = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])


def picture_and_filter(rng: Random, x: Size, w: Size) -> dict[str, Value]:
    """Draw a picture and a filter of the given sizes."""
    return {"x": quarters(rng, *x), "w": quarters(rng, *w)}


def drawn_integers(rng: Random, *shape: int) -> np.ndarray:
    """Draw a picture as cameras store it: whole numbers of an integer type."""
    return rng.integers(-9, 9, size=shape, endpoint=True, dtype=np.int64)


def drawn_positive(rng: Random, *shape: int) -> np.ndarray:
    """Draw numbers above zero."""
    return quarters(rng, *shape, low=0.5)
