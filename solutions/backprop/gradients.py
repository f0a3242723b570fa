"""What cases and mistakes about several layers share: gradients, and where windows lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from autograder.problems import Random, quarters
from solutions.arrays import Array

Gradients: TypeAlias = tuple[Array, Array, Array]
Area: TypeAlias = tuple[slice, slice]


def drawn_nonzero(rng: Random, *shape: int, high: float = 4.0) -> np.ndarray:
    """Draw multiples of 1/4 of both signs, none of them zero."""
    numbers: np.ndarray = quarters(rng, *shape, low=0.25, high=high)
    numbers *= rng.choice([-1.0, 1.0], size=shape)
    return numbers


def positions(side: int, size: int, stride: int) -> int:
    """Return at how many places a window fits along one side."""
    return (side - size) // stride + 1


WORKED_POOL = np.array([[1.0, 5, 2, 0], [3, 4, 8, 1], [0, 2, 6, 7], [9, 1, 3, 4]])
"""The picture of the examples that the exercise works by hand."""


def places(dout: Array, size: int, stride: int) -> Iterator[tuple[Any, Any, Area]]:
    """Yield the image and channel, the index in dout, and the window, for every output."""
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        yield (n, c), (n, c, i, j), (slice(top, top + size), slice(left, left + size))
