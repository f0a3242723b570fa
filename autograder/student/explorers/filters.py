"""Filters to choose from."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

FILTERS: dict[str, Array] = {
    name: np.array(rows, dtype=float)
    for name, rows in {
        "vertical edges": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
        "horizontal edges": [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
        "diagonal edges": [[1, 1, 0], [1, 0, -1], [0, -1, -1]],
        "blur": [[0.111] * 3] * 3,
        "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        "spots and lines": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
        "only the center": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        "only the top left": [[1, 0, 0], [0, 0, 0], [0, 0, 0]],
    }.items()
}
"""The filters that the kinds "filter", "bank" and "corner" offer by default."""


def _in_all_channels(name: str) -> Array:
    return np.stack([FILTERS[name] / 3] * 3).round(3)


def _per_channel(red: float, green: float, blue: float) -> Array:
    center = np.zeros((3, 3, 3))
    center[:, 1, 1] = red, green, blue
    return center


COLOR_FILTERS: dict[str, Array] = {
    "red minus the others": _per_channel(1, -0.5, -0.5),
    "green minus the others": _per_channel(-0.5, 1, -0.5),
    "blue minus the others": _per_channel(-0.5, -0.5, 1),
    "only red": _per_channel(1, 0, 0),
    "brightness": _per_channel(0.3, 0.59, 0.11),
    "vertical edges": _in_all_channels("vertical edges"),
    "horizontal edges": _in_all_channels("horizontal edges"),
    "vertical edges in red": np.stack([FILTERS["vertical edges"], *[np.zeros((3, 3))] * 2]),
    "blur": _in_all_channels("blur"),
}
"""The filters over three channels that the kind "layer" offers by default."""
