"""Digits as a pen draws them: strokes, bent, turned and shifted, with scratches and noise.

They come from random numbers alone. So the pictures of the test are as many as one likes, have the
same difficulty as those that students get, and stand in no list anywhere.
"""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np

from autograder.problems import Random
from solutions.arrays import Array, Labels

SIZE = 20
"""Height and width of a picture, in pixels."""

LEVELS = 16
"""Of so many gray values a picture is made: 0 is paper, 255 is ink."""

SCRATCHES = 2
"""So many short strokes that belong to no digit lie on a picture."""

_NOISE = 0.12  # standard deviation, where ink is 1
_AT_A_TIME = 100  # pictures that are drawn together; keeps the arrays small


def draw(count: int, rng: Random) -> tuple[Array, Labels]:
    """Draw digits of random classes.

    Returns pictures, shape (count, SIZE, SIZE), uint8, and labels, shape (count,), int64.
    """
    labels = rng.integers(10, size=count)
    parts = [
        _draw(labels[start : start + _AT_A_TIME], rng) for start in range(0, count, _AT_A_TIME)
    ]
    return np.concatenate(parts), labels


def _draw(labels: Labels, rng: Random) -> Array:
    """Draw one digit for each label."""
    count = len(labels)
    strokes = _deformed(_skeletons()[labels], rng)
    ink = _ink(strokes, rng.uniform(0.7, 1.5, count)) * rng.uniform(0.6, 1, (count, 1, 1))
    for _ in range(SCRATCHES):
        start = rng.uniform(0, SIZE, (count, 1, 1, 2))
        end = start + rng.uniform(-6, 6, (count, 1, 1, 2))
        scratch = _ink(np.concatenate([start, end], axis=2), rng.uniform(0.4, 1, count))
        ink = np.maximum(ink, scratch * rng.uniform(0.3, 0.9, (count, 1, 1)))
    ink += _NOISE * rng.standard_normal(ink.shape)
    gray = np.rint(np.clip(ink, 0, 1) * (LEVELS - 1)) * (255 // (LEVELS - 1))
    return gray.astype(np.uint8)


def _deformed(strokes: Array, rng: Random) -> Array:
    """Bend, stretch, slant, turn and shift strokes (N, segments, ends, 2); return pixels."""
    count = len(strokes)
    waves = rng.uniform(-0.09, 0.09, (count, 1, 1, 2))
    phases = rng.uniform(0, 2 * np.pi, (count, 1, 1, 2))
    bent = strokes - 0.5 + waves * np.sin(2 * np.pi * strokes[..., ::-1] + phases)
    turn = rng.uniform(-0.45, 0.45, count)
    slant = rng.uniform(-0.3, 0.3, count)
    across, down = rng.uniform(9, 15, (2, count))
    cosine, sine = np.cos(turn), np.sin(turn)
    matrix = np.stack(
        [
            np.stack([across * cosine, down * (slant * cosine - sine)], axis=-1),
            np.stack([across * sine, down * (slant * sine + cosine)], axis=-1),
        ],
        axis=1,
    )
    middle = SIZE / 2 + rng.uniform(-2.5, 2.5, (count, 1, 1, 2))
    deformed: Array = np.einsum("nij,nsej->nsei", matrix, bent) + middle
    return deformed


def _ink(strokes: Array, width: Array) -> Array:
    """Return how dark strokes (N, segments, 2 ends, 2) of a width (N,) make each pixel."""
    places = np.arange(SIZE) + 0.5
    start, along = strokes[:, :, 0], strokes[:, :, 1] - strokes[:, :, 0]
    x = places - start[..., 0, None, None]
    y = places[:, None] - start[..., 1, None, None]
    across, down = along[..., 0, None, None], along[..., 1, None, None]
    share = np.clip((x * across + y * down) / np.maximum(across**2 + down**2, 1e-9), 0, 1)
    square = (x - share * across) ** 2 + (y - share * down) ** 2
    ink: Array = np.clip(width[:, None, None] + 0.5 - np.sqrt(square.min(axis=1)), 0, 1)
    return ink


# How digits are written, in a square of side 1: x to the right, y down.


def _arc(
    x: float, y: float, across: float, down: float, first: float, last: float
) -> list[list[float]]:
    """Return points on an ellipse between two angles; 90 degrees is below the center."""
    angles = np.radians(np.linspace(first, last, 9))
    points: list[list[float]] = (
        np.array([x, y]) + np.stack([across * np.cos(angles), down * np.sin(angles)], axis=1)
    ).tolist()
    return points


STROKES = (
    [_arc(0.5, 0.5, 0.27, 0.42, -90, 270)],
    [[[0.33, 0.28], [0.55, 0.1], [0.55, 0.9]]],
    [[*_arc(0.5, 0.32, 0.26, 0.23, -170, 35), [0.24, 0.9], [0.78, 0.9]]],
    [_arc(0.47, 0.3, 0.25, 0.21, -150, 90), _arc(0.47, 0.7, 0.28, 0.21, -90, 150)],
    [[[0.58, 0.1], [0.2, 0.62], [0.82, 0.62]], [[0.64, 0.38], [0.64, 0.92]]],
    [[[0.76, 0.1], [0.33, 0.1], [0.3, 0.46], *_arc(0.5, 0.65, 0.26, 0.25, -130, 140)]],
    [[[0.68, 0.1], [0.42, 0.3], *_arc(0.5, 0.66, 0.25, 0.24, -180, 180)]],
    [[[0.22, 0.12], [0.78, 0.12], [0.42, 0.92]]],
    [_arc(0.5, 0.3, 0.21, 0.2, -90, 270), _arc(0.5, 0.7, 0.26, 0.21, -90, 270)],
    [[*_arc(0.5, 0.34, 0.25, 0.24, 0, 360), [0.7, 0.6], [0.45, 0.92]]],
)
"""The strokes of each digit, as points in their order."""


@cache
def _skeletons() -> Array:
    """Return the segments of all digits, shape (10, segments, 2 ends, 2); some are of length 0."""
    digits = [
        [list(ends) for stroke in strokes for ends in itertools.pairwise(stroke)]
        for strokes in STROKES
    ]
    most = max(map(len, digits))
    return np.array([segments + segments[-1:] * (most - len(segments)) for segments in digits])
