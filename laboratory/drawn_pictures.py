"""Drawn pictures in which it is known, pixel by pixel, where the object is.

Ten classes: seven shapes and three textures. Each picture, 96 x 96 pixels, shows one object on a
cluttered background, between distractors that belong to no class: strokes, bars, half disks and
plain blobs. The object lies on top, and its mask is exact: a pixel belongs to the object where the
object covers at least half of it.

Picture i of a seed is the same however many are drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
SignedDistance: TypeAlias = Callable[[Array, Array, Array], Array]

SIZE = 96
"""Height and width of a picture, in pixels."""

CLASSES = (
    "disk",
    "ring",
    "square",
    "triangle",
    "plus",
    "star",
    "crescent",
    "stripes",
    "checks",
    "dots",
)
"""The names of the classes, by label."""

TEXTURES = ("stripes", "checks", "dots")
"""The classes whose outline is a random blob: only what fills it tells them apart."""

SHARE = (0.06, 0.15)
"""Smallest and largest share of the picture that the object covers."""

DISTRACTORS = 9
"""How many distractors lie on the background of a picture."""

_KINDS = 4  # of distractors: stroke, bar, half disk, blob
_CELLS = (4, 9, 22)  # cells per side of the noise on the background, from coarse to fine
_AMPLITUDES = (0.16, 0.10, 0.07)
_WAVES = 3  # the outline of a blob is a circle with waves: 2, 3 and 4 of them around
_GRAIN = 0.025  # standard deviation of the noise of single pixels
_CONTRAST = 0.35  # least distance between two colors of one object, and to its background
_AT_A_TIME = 64  # pictures that are painted together; keeps the arrays in the cache


@dataclass(frozen=True)
class Pictures:
    """Drawn pictures with what they show and where.

    images: shape (N, 3, H, W), uint8, red, green and blue.
    labels: shape (N,), int64, positions in ``CLASSES``.
    masks: shape (N, H, W), bool, true on the object.
    """

    images: Array
    labels: Array
    masks: Array

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.labels)


def draw(count: int, *, seed: int, first: int = 0) -> Pictures:
    """Draw pictures; the classes take turns, so that all are equally frequent.

    count: how many.
    seed: of the random numbers; another seed gives other pictures.
    first: number of the first picture in the endless series of the seed.

    Raises ValueError if a number is negative.
    """
    if count < 0 or seed < 0 or first < 0:
        raise ValueError(
            f"count, seed and first must not be negative: {count}, {seed}, {first} were given."
        )
    images = np.empty((count, 3, SIZE, SIZE), np.uint8)
    masks = np.empty((count, SIZE, SIZE), bool)
    labels = np.arange(first, first + count) % len(CLASSES)
    for start in range(0, count, _AT_A_TIME):
        part = slice(start, min(start + _AT_A_TIME, count))
        generators = [
            np.random.default_rng((seed, first + index)) for index in range(part.start, part.stop)
        ]
        images[part], masks[part] = _paint(labels[part], generators)
    return Pictures(images, labels.astype(np.int64), masks)


def _paint(labels: Array, generators: list[np.random.Generator]) -> tuple[Array, Array]:
    """Return pictures (N, 3, H, W), uint8, and masks (N, H, W)."""
    canvas = _background(generators)
    for _ in range(DISTRACTORS):
        _add_distractor(canvas, _uniform(generators, 14))
    masks = _add_object(canvas, labels, _uniform(generators, 24))
    grain = np.stack([g.standard_normal((3, SIZE, SIZE), np.float32) for g in generators])
    canvas += _GRAIN * grain
    return np.rint(np.clip(canvas, 0, 1) * 255).astype(np.uint8), masks


def _uniform(generators: list[np.random.Generator], count: int) -> Array:
    """Return uniform random numbers from 0 to 1, shape (count, N)."""
    return np.stack([g.random(count, np.float32) for g in generators], axis=1)


# What lies behind.


def _background(generators: list[np.random.Generator]) -> Array:
    """Return smooth noise of several scales around a random color, shape (N, 3, H, W)."""
    canvas = 0.2 + 0.6 * _uniform(generators, 3).T[:, :, None, None]
    canvas = np.broadcast_to(canvas, (len(generators), 3, SIZE, SIZE)).copy()
    for cells, amplitude in zip(_CELLS, _AMPLITUDES, strict=True):
        knots = np.stack([g.standard_normal((3, cells, cells), np.float32) for g in generators])
        spread = _interpolation(cells)
        canvas += amplitude * (spread @ knots @ spread.T)
    return canvas


@cache
def _interpolation(cells: int) -> Array:
    """Return the matrix (SIZE, cells) that interpolates linearly between knots."""
    places = np.linspace(0, cells - 1, SIZE)
    distances = np.abs(places[:, None] - np.arange(cells))
    weights: Array = np.maximum(0, 1 - distances).astype(np.float32)
    return weights


def _add_distractor(canvas: Array, numbers: Array) -> None:
    """Paint one distractor on every picture."""
    kind = (numbers[0] * _KINDS).astype(int)
    row, column = numbers[1] * SIZE, numbers[2] * SIZE
    radius = 4 + 8 * numbers[3]
    u, v = _frame(row, column, radius, 2 * np.pi * numbers[4])
    distance = np.empty_like(u)
    for number in range(_KINDS):
        chosen = kind == number
        x, y = u[chosen], v[chosen]
        if number == 0:  # a stroke, with round ends
            beyond = np.maximum(np.abs(x) - 1.8, 0)
            distance[chosen] = np.hypot(beyond, y) - 0.16
        elif number == 1:  # a bar
            distance[chosen] = np.maximum(np.abs(x) - 1.5, np.abs(y) - 0.35)
        elif number == 2:  # a half disk
            distance[chosen] = np.maximum(np.hypot(x, y) - 1, -y)
        else:
            distance[chosen] = _blob(x, y, numbers[8:14, chosen], depth=0.3)
    cover = _cover(distance, radius)
    color = numbers[5:8].T[:, :, None, None]
    canvas += cover[:, None] * (color - canvas)


# What it is about.


def _add_object(canvas: Array, labels: Array, numbers: Array) -> Array:
    """Paint the object of every picture, and return the masks."""
    share = SHARE[0] + (SHARE[1] - SHARE[0]) * numbers[0]
    outline = numbers[1:7]
    radius = np.empty_like(share)
    for label in np.unique(labels):
        chosen = labels == label
        radius[chosen] = SIZE * np.sqrt(share[chosen] / _unit_area(int(label)))
    margin = 0.85 * radius
    row = margin + (SIZE - 2 * margin) * numbers[7]
    column = margin + (SIZE - 2 * margin) * numbers[8]
    u, v = _frame(row, column, radius, 2 * np.pi * numbers[9])
    distance = np.empty_like(u)
    second = np.zeros_like(u)  # how much of a pixel has the object's second color
    period = (7 + 3 * numbers[10]) / radius
    for label in np.unique(labels):
        chosen = labels == label
        x, y = u[chosen], v[chosen]
        distance[chosen] = _DISTANCES[CLASSES[label]](x, y, outline[:, chosen])
        if CLASSES[label] in TEXTURES:
            wave = period[chosen][:, None, None]
            away = _TEXTURES[CLASSES[label]](x / wave, y / wave) * wave
            second[chosen] = _cover(away, radius[chosen])
    cover = _cover(distance, radius)
    behind = (canvas * cover[:, None]).sum((2, 3)) / cover.sum((1, 2))[:, None]
    first_color = _distinct(numbers[11:14].T, behind)
    second_color = _distinct(numbers[14:17].T, first_color)
    color = (
        first_color[:, :, None, None]
        + second[:, None] * ((second_color - first_color)[:, :, None, None])
    )
    light = 1 + 0.15 * (numbers[17, :, None, None] - 0.5) * u  # a little brighter on one side
    canvas += cover[:, None] * (color * light[:, None] - canvas)
    return cover >= 0.5


def _distinct(color: Array, other: Array) -> Array:
    """Move a color (N, 3) away from another where the two are too near."""
    difference = color - other
    distance = np.linalg.norm(difference, axis=1, keepdims=True)
    nearness = np.maximum(0, _CONTRAST - distance)
    # Toward the far end of each channel: there is always room.
    direction = np.where(other > 0.5, -1, 1) / np.sqrt(3)
    moved: Array = np.clip(color + 2 * nearness * direction, 0, 1)
    return moved


def _frame(row: Array, column: Array, radius: Array, turn: Array) -> tuple[Array, Array]:
    """Return the pixels' coordinates (N, H, W) in units of the object, from its center."""
    places = np.arange(SIZE, dtype=np.float32) + np.float32(0.5)
    y = ((places - row[:, None]) / radius[:, None])[:, :, None]
    x = ((places - column[:, None]) / radius[:, None])[:, None, :]
    cosine, sine = np.cos(turn)[:, None, None], np.sin(turn)[:, None, None]
    return cosine * x + sine * y, cosine * y - sine * x


def _cover(distance: Array, radius: Array) -> Array:
    """Return how much of each pixel is covered, from the signed distance to the outline."""
    cover: Array = np.clip(0.5 - distance * radius[:, None, None], 0, 1)
    return cover


# Outlines, as signed distances in units of the object: negative inside.


def _disk(x: Array, y: Array, _outline: Array) -> Array:
    distance: Array = np.hypot(x, y) - 1
    return distance


def _ring(x: Array, y: Array, _outline: Array) -> Array:
    distance: Array = np.abs(np.hypot(x, y) - 0.75) - 0.25
    return distance


def _square(x: Array, y: Array, _outline: Array) -> Array:
    distance: Array = np.maximum(np.abs(x), np.abs(y)) - 1
    return distance


def _triangle(x: Array, y: Array, _outline: Array) -> Array:
    sides = [x * np.cos(turn) + y * np.sin(turn) for turn in 2 * np.pi * np.arange(3) / 3]
    distance: Array = np.maximum.reduce(sides) - 0.5
    return distance


def _plus(x: Array, y: Array, _outline: Array) -> Array:
    x, y = np.abs(x), np.abs(y)
    distance: Array = np.minimum(np.maximum(x - 1, y - 0.33), np.maximum(x - 0.33, y - 1))
    return distance


def _star(x: Array, y: Array, _outline: Array) -> Array:
    # Five lines; the star is where at most one of them is crossed.
    sides = [x * np.cos(turn) + y * np.sin(turn) for turn in 2 * np.pi * np.arange(5) / 5]
    largest, distance = sides[0], np.full_like(x, -np.inf)
    for side in sides[1:]:
        distance = np.maximum(distance, np.minimum(largest, side))
        largest = np.maximum(largest, side)
    return distance - np.float32(np.cos(2 * np.pi / 5))


def _crescent(x: Array, y: Array, _outline: Array) -> Array:
    distance: Array = np.maximum(np.hypot(x, y) - 1, 0.85 - np.hypot(x - 0.55, y))
    return distance


def _blob(x: Array, y: Array, outline: Array, depth: float = 0.15) -> Array:
    """Return the distance to a circle with waves.

    outline: shape (2 * _WAVES, N): heights of the waves, then their phases, from 0 to 1.
    """
    angle = np.arctan2(y, x)
    edge = np.ones_like(x)
    for wave in range(_WAVES):
        height = depth * outline[wave, :, None, None]
        phase = 2 * np.pi * outline[_WAVES + wave, :, None, None]
        edge += height * np.cos((wave + 2) * angle + phase)
    distance: Array = np.hypot(x, y) - edge
    return distance


# What fills a texture, as signed distances in units of its period: negative in the second color.


def _stripes(x: Array, _y: Array) -> Array:
    distance: Array = np.abs(x - np.floor(x) - 0.5) - 0.25
    return distance


def _checks(x: Array, y: Array) -> Array:
    across, down = _stripes(x, y), _stripes(y, x)
    distance: Array = np.where((across > 0) == (down > 0), 1, -1) * np.minimum(
        np.abs(across), np.abs(down)
    )
    return distance


def _dots(x: Array, y: Array) -> Array:
    distance: Array = np.hypot(x - np.floor(x) - 0.5, y - np.floor(y) - 0.5) - 0.3
    return distance


_DISTANCES: dict[str, SignedDistance] = {
    "disk": _disk,
    "ring": _ring,
    "square": _square,
    "triangle": _triangle,
    "plus": _plus,
    "star": _star,
    "crescent": _crescent,
    "stripes": _blob,
    "checks": _blob,
    "dots": _blob,
}
_TEXTURES: dict[str, Callable[[Array, Array], Array]] = {
    "stripes": _stripes,
    "checks": _checks,
    "dots": _dots,
}


@cache
def _unit_area(label: int) -> float:
    """Return the area of the object of radius 1, with an outline of average waves."""
    places = np.linspace(-1.5, 1.5, 600, dtype=np.float32)
    x, y = places[None, None, :], places[None, :, None]
    x, y = np.broadcast_arrays(x, y)
    average = np.full((2 * _WAVES, 1), 0.5, np.float32)
    inside = _DISTANCES[CLASSES[label]](x, y, average) <= 0
    return 3.0**2 * float(inside.mean())
