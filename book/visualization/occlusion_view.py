"""What stands beside the sliders of an occlusion map, as HTML: picture, map and words."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from torch import Tensor

from autograder.student.explorers.drawing import (
    figure,
    number,
    outline,
    picture_colors,
    scale_bar,
    signed_colors,
)
from book.visualization.occlusion_plans import TimedMap
from laboratory.occlusion_map import OcclusionMap

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_WIDTH = 240  # of picture and map on the screen, in pixels
_DASH = 2  # pixels of the map and the picture; black and white in turn can be seen on every color


@dataclass(frozen=True)
class Patch:
    """A square on the picture: its first row, first column and side, in pixels."""

    row: int
    column: int
    side: int

    @property
    def window(self) -> tuple[slice, slice]:
        """The rows and columns under it."""
        return (
            slice(self.row, self.row + self.side),
            slice(self.column, self.column + self.side),
        )


def picture_figure(image: Array, name: str, patch: Patch, filling: str) -> str:
    """Return a picture with the patch on it.

    image: what the network sees, shape (3, H, W), from 0 to 1.
    name, filling: words for the picture and for what is seen through the patch.
    """
    where = f"row {patch.row}, column {patch.column}"
    return figure(
        _marked(picture_colors(image), patch.window),
        f"picture {name} with a patch of {patch.side} × {patch.side} pixels at {where}",
        f"Picture {name}. A patch of {patch.side} by {patch.side} pixels, {filling}, covers it "
        f"from {where} on.",
        _WIDTH,
    )


def map_figure(occlusion: OcclusionMap, target: int, class_name: str, patch: Patch) -> str:
    """Return how much the score of a class falls at every place, with a mark near the patch."""
    drop = occlusion.drop(target).cpu().numpy()
    rows, columns = drop.shape
    scale = float(np.abs(drop).max())
    # Large squares, so that a mark leaves the color of its square visible.
    side = max(_WIDTH // max(rows, columns), 3 * _DASH)
    here = _nearest(occlusion.tops, patch.row), _nearest(occlusion.lefts, patch.column)
    square = tuple(slice(i * side, (i + 1) * side) for i in here)
    pixels = signed_colors(drop, scale).repeat(side, axis=0).repeat(side, axis=1)
    most = np.unravel_index(int(drop.argmax()), drop.shape)
    extent = f"{number(float(drop.min()))} to {number(float(drop.max()))}"
    return (
        figure(
            _marked(pixels, (square[0], square[1])),
            f"fall of the score of “{class_name}” at {rows} × {columns} places: {extent}; "
            "dashed: the place nearest to the patch",
            f"Map: fall of the score of {class_name} at {rows} by {columns} places of "
            f"the patch, {extent}. It is largest with the patch at row "
            f"{occlusion.tops[int(most[0])]}, column {occlusion.lefts[int(most[1])]}. At the "
            f"place nearest to the patch it is {number(float(drop[here]))}.",
            _WIDTH,
        )
        + "<div>"
        + scale_bar(scale)
        + "</div>"
    )


def score_words(classes: Sequence[str], target: int, clean: Tensor, covered: Tensor) -> str:
    """Return what the network says without the patch and with it.

    clean, covered: the scores of all classes, shape (K,).
    """
    before, after = float(clean[target]), float(covered[target])
    change = (
        f"it falls by {number(before - after)}"
        if after <= before
        else f"it rises by {number(after - before)}"
    )
    said, says = (classes[int(scores.argmax())] for scores in (clean, covered))
    return paragraph(
        f"Score of “{classes[target]}”: {number(before)} without the patch, "
        f"{number(after)} with it: {change}. The network says {says}"
        + (", as before." if says == said else f"; without the patch, {said}."),
        role="status",
    )


def cost_words(timed: TimedMap, device: str) -> str:
    """Return how long a map took, and on which device."""
    places = len(timed.occlusion.tops) * len(timed.occlusion.lefts)
    planning = (
        f"; planning it took another {_milliseconds(timed.planning)}" if timed.planning >= 1 else ""
    )
    return paragraph(
        f"The map: {places} places in {_milliseconds(timed.milliseconds)} on {device}{planning}."
    )


def paragraph(words: str, role: str = "note") -> str:
    """Return words as HTML; a screen reader reads the roles "status" and "alert" by itself."""
    return f'<p role="{role}" style="line-height:1.45;margin:.4em 0">{html.escape(words)}</p>'


def _nearest(starts: Sequence[int], start: int) -> int:
    """Return the position of the place that is nearest; of two, the first."""
    return min(range(len(starts)), key=lambda i: abs(starts[i] - start))


def _marked(pixels: Array, window: tuple[slice, slice]) -> Array:
    """Return pixels, shape (H, W, 3), with a dashed line on the edge of a window."""
    marked = pixels.copy()
    edge = outline(pixels.shape, window)
    rows, columns = np.nonzero(edge)
    dark = ((rows + columns) // _DASH) % 2 == 0
    marked[edge] = np.where(dark[:, None], np.uint8(0), np.uint8(255))
    return marked


def _milliseconds(value: float) -> str:
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"
