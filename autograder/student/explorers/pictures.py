"""Small pictures, drawn with NumPy: no file, no network, the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Painter: TypeAlias = Callable[[Array, Array], Array]

_FINER = 4  # drawn four times as large, then averaged: smooth edges


def picture(name: str, size: int) -> Array:
    """Return the picture ``name`` in gray, shape (size, size), from 0 (black) to 1 (white)."""
    return gray_levels(color_picture(name, size))


def gray_levels(colors: Array) -> Array:
    """Return a picture in color, shape (3, H, W), in gray, shape (H, W)."""
    red, green, blue = colors
    gray: Array = 0.299 * red + 0.587 * green + 0.114 * blue
    return gray


def color_picture(name: str, size: int) -> Array:
    """Return the picture ``name`` in color, shape (3, size, size), from 0 to 1."""
    places = (np.arange(size * _FINER) + 0.5) / (size * _FINER)
    y, x = np.meshgrid(places, places, indexing="ij")
    fine = PICTURES[name](x, y)
    pixels = fine.reshape(size, _FINER, size, _FINER, 3).mean(axis=(1, 3))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _paint(canvas: Array, where: Mask, color: tuple[float, float, float]) -> None:
    canvas[where] = color


def _canvas(x: Array, color: tuple[float, float, float]) -> Array:
    return np.broadcast_to(np.array(color), (*x.shape, 3)).copy()


def _house(x: Array, y: Array) -> Array:
    sky = np.stack([0.45 + 0.35 * y, 0.68 + 0.2 * y, np.full_like(y, 0.95)], axis=-1)
    _paint(sky, (x - 0.82) ** 2 + (y - 0.17) ** 2 < 0.09**2, (1.0, 0.9, 0.4))
    _paint(sky, y > 0.78 + 0.02 * np.sin(9 * x), (0.35, 0.58, 0.25))
    wall, side = (0.88, 0.8, 0.66), (0.62, 0.54, 0.44)
    _paint(sky, (x > 0.18) & (x < 0.56) & (y > 0.46) & (y < 0.86), wall)
    _paint(sky, (x >= 0.56) & (x < 0.8) & (y > 0.46) & (y < 0.86 - 0.2 * (x - 0.56)), side)
    _paint(sky, (y < 0.46) & (y > 0.2 + 1.25 * np.abs(x - 0.37)) & (x < 0.58), (0.72, 0.25, 0.2))
    slope = (y > 0.2 + 1.1 * (x - 0.37 - 0.24)) & (y > 0.2) & (y < 0.46)
    _paint(sky, slope & (x > 0.37 + 0.8 * (y - 0.2)) & (x < 0.84), (0.5, 0.16, 0.14))
    _paint(sky, (x > 0.24) & (x < 0.34) & (y > 0.62) & (y < 0.86), (0.32, 0.2, 0.12))
    _paint(sky, (x > 0.4) & (x < 0.51) & (y > 0.55) & (y < 0.68), (0.95, 0.95, 1.0))
    frame = (np.abs(x - 0.455) < 0.008) | (np.abs(y - 0.615) < 0.008)
    _paint(sky, frame & (x > 0.4) & (x < 0.51) & (y > 0.55) & (y < 0.68), (0.3, 0.3, 0.35))
    _paint(sky, (x > 0.63) & (x < 0.72) & (y > 0.55) & (y < 0.66), (0.25, 0.3, 0.4))
    return sky


def _balls(x: Array, y: Array) -> Array:
    canvas = np.stack([0.85 - 0.25 * y] * 3, axis=-1)
    for column, row, radius, color in (
        (0.3, 0.32, 0.21, (0.9, 0.15, 0.12)),
        (0.7, 0.4, 0.19, (0.12, 0.7, 0.2)),
        (0.42, 0.73, 0.2, (0.15, 0.3, 0.9)),
    ):
        away = ((x - column) ** 2 + (y - row) ** 2) / radius**2
        toward_light = ((x - column + radius / 3) ** 2 + (y - row + radius / 3) ** 2) / radius**2
        shade = np.clip(1.25 - 0.5 * toward_light, 0, None)[..., None]
        shine = 0.7 * np.clip(1 - 12 * toward_light, 0, None)[..., None]
        canvas = np.where(
            away[..., None] < 1, np.clip(np.array(color) * shade + shine, 0, 1), canvas
        )
    return canvas


def _shapes(x: Array, y: Array) -> Array:
    canvas = _canvas(x, (0.12, 0.13, 0.18))
    _paint(canvas, (x - 0.29) ** 2 + (y - 0.3) ** 2 < 0.19**2, (0.95, 0.8, 0.2))
    _paint(canvas, (np.abs(x - 0.72) < 0.16) & (np.abs(y - 0.3) < 0.16), (0.25, 0.75, 0.95))
    triangle = (y < 0.88) & (y > 0.55 + 1.6 * np.abs(x - 0.29))
    _paint(canvas, triangle, (0.95, 0.4, 0.35))
    _paint(canvas, np.abs(x - 0.72) + np.abs(y - 0.72) < 0.18, (0.9, 0.9, 0.9))
    return canvas


def _letter(x: Array, y: Array) -> Array:
    canvas = _canvas(x, (0.96, 0.96, 0.94))
    stem = (np.abs(x - 0.34) < 0.07) & (y > 0.16) & (y < 0.84)
    top = (np.abs(y - 0.23) < 0.07) & (x > 0.27) & (x < 0.74)
    middle = (np.abs(y - 0.5) < 0.065) & (x > 0.27) & (x < 0.62)
    _paint(canvas, stem | top | middle, (0.1, 0.1, 0.3))
    return canvas


def _checkerboard(x: Array, y: Array) -> Array:
    light = (np.floor(x * 7) + np.floor(y * 7)) % 2 == 0
    return np.where(light[..., None], np.array([0.95, 0.93, 0.88]), np.array([0.1, 0.2, 0.25]))


def _stripes(x: Array, y: Array) -> Array:
    canvas = _canvas(x, (0.95, 0.95, 0.95))
    dark = (0.08, 0.1, 0.3)
    _paint(canvas, (x < 0.5) & (y < 0.5) & (np.floor(x * 14) % 2 == 0), dark)
    _paint(canvas, (x >= 0.5) & (y < 0.5) & (np.floor(y * 14) % 2 == 0), dark)
    _paint(canvas, (x < 0.5) & (y >= 0.5) & (np.floor((x + y) * 10) % 2 == 0), dark)
    _paint(canvas, (x >= 0.5) & (y >= 0.5) & (np.floor((x - y) * 10) % 2 == 0), dark)
    return canvas


PICTURES: dict[str, Painter] = {
    "house": _house,
    "balls": _balls,
    "shapes": _shapes,
    "letter F": _letter,
    "checkerboard": _checkerboard,
    "stripes": _stripes,
}
"""Every picture by name: a function from places (x, y), both 0 to 1, to colors."""

GRAY_PICTURES = ("house", "letter F", "shapes", "stripes")
"""Those that say as much in gray."""
