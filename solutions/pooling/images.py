"""The images that cases pool, and the cases that both kinds of pooling share."""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Random, quarters
from autograder.values import Value

WORKED_IMAGE = np.array([[1.0, 3, -2, -1], [0, 2, -4, -3], [5, 1, 0, 2], [-1, 3, 1, 1]])
"""The image that the exercise pools by hand."""


def _pool(x: np.ndarray, size: int, stride: int) -> dict[str, Value]:
    return {"x": x, "size": size, "stride": stride}


def drawn_integers(rng: Random, *shape: int) -> np.ndarray:
    """Draw images as cameras store them: whole numbers of an integer type, many of them equal."""
    return rng.integers(-3, 3, size=shape, endpoint=True, dtype=np.int64)


def drawn_negative(rng: Random, *shape: int) -> np.ndarray:
    """Draw numbers below zero."""
    return quarters(rng, *shape, high=-0.25)


def pool_cases(rng: Random) -> list[Case]:
    """The worked example, then one special thing at a time."""
    return [
        Case("the worked example", _pool(WORKED_IMAGE[None, None], 2, 2)),
        Case("two images, three channels", _pool(quarters(rng, 2, 3, 4, 6), 2, 2)),
        Case("windows that overlap", _pool(quarters(rng, 1, 2, 7, 5), 3, 2)),
        Case("no positive numbers", _pool(drawn_negative(rng, 2, 2, 5, 7), 3, 2)),
        Case("a rest that no window reaches", _pool(quarters(rng, 2, 1, 8, 6), 3, 2)),
        Case("windows with gaps between them", _pool(quarters(rng, 1, 2, 8, 6), 2, 3)),
        Case("images of whole numbers", _pool(drawn_integers(rng, 2, 2, 4, 5), 2, 1)),
        Case(
            "three images, as many rows as columns",
            _pool(rng.integers(1, 99, size=(3, 1, 5, 4)), 2, 2),
        ),
    ]


def hidden_pool_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("wide images", _pool(quarters(rng, 2, 2, 5, 11), 3, 2)),
        Case("large windows, small steps", _pool(quarters(rng, 3, 2, 9, 7), 4, 2)),
        Case("windows of one pixel", _pool(quarters(rng, 2, 3, 5, 4), 1, 2)),
        # So many different numbers that no two images have the same largest one.
        Case(
            "window as large as the image",
            _pool(quarters(rng, 2, 3, 4, 4, low=-99.0, high=-0.25), 4, 1),
        ),
        Case("larger images of whole numbers", _pool(drawn_integers(rng, 2, 4, 6, 5), 3, 1)),
    ]
