"""Demonstrations of the page "Masks and boxes": anchors, a plain detector, drawn boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch

from autograder import palette
from book import plots
from book.convolution_family.demo import SEED
from laboratory import drawn_pictures, unet
from laboratory.drawn_pictures import Pictures
from laboratory.unet import UNet
from solutions.arrays import Array

SIZES = (24.0, 34.0, 48.0)
RATIOS = (0.5, 1.0, 2.0)
"""Anchors: the root of the area in pixels, and the width over the height."""

SURROUNDINGS = 1.4
"""How much larger the box is whose ring a candidate is compared with."""

OUTSIDE = 0.35
"""How bright a picture is outside of a mask."""


def pictures(count: int) -> Pictures:
    """Return drawn pictures that no network has learned from."""
    return drawn_pictures.draw(count, seed=SEED)


def probabilities(network: UNet, images: Array) -> Array:
    """Return the probability that a pixel belongs to the object, shape (N, H, W).

    images: shape (N, 3, H, W), uint8; the sides are multiples of eight, of any size.
    """
    with torch.inference_mode():
        p: Array = network(unet.normalize(torch.from_numpy(images))).sigmoid().numpy()
    return p


def anchors(
    height: int,
    width: int,
    step: int,
    sizes: Iterable[float] = SIZES,
    ratios: Sequence[float] = RATIOS,
) -> Array:
    """Return boxes of some sizes and shapes around points ``step`` pixels apart, shape (A, 4)."""
    shapes = [(size * r**0.5, size / r**0.5) for size in sizes for r in ratios]
    centers = [
        (x + step / 2, y + step / 2) for y in range(0, height, step) for x in range(0, width, step)
    ]
    return np.array(
        [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for x, y in centers for w, h in shapes]
    )


def box_of(mask: Array) -> Array:
    """Return the smallest box around a mask (H, W), shape (4,)."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=float)


def offsets(anchor: Array, box: Array) -> Array:
    """Return what a detector has to predict to turn an anchor into a box (Ren and others 2015).

    Both shape (4,). Returns the shift of the middle, in widths and heights of the anchor, and the
    logarithms of how many times wider and higher the box is.
    """
    (x, y, w, h), (xa, ya, wa, ha) = (
        ((b[0] + b[2]) / 2, (b[1] + b[3]) / 2, b[2] - b[0], b[3] - b[1]) for b in (box, anchor)
    )
    return np.array([(x - xa) / wa, (y - ya) / ha, np.log(w / wa), np.log(h / ha)])


def box_scores(p: Array, boxes: Array) -> Array:
    """Return how much surer the network is of the inside of a box than of its surroundings.

    p: probabilities, shape (H, W). boxes: shape (A, 4). Returns shape (A,), from -1 to 1.
    """
    sums = np.pad(p, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)

    def inside(x: Array) -> tuple[Array, Array]:
        """Return the sum of p in each box and its area, both cut off at the picture's border."""
        left, right = (np.clip(np.rint(x[:, n]), 0, p.shape[1]).astype(int) for n in (0, 2))
        top, bottom = (np.clip(np.rint(x[:, n]), 0, p.shape[0]).astype(int) for n in (1, 3))
        total = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        return total, (right - left) * (bottom - top)

    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = SURROUNDINGS * (boxes[:, 2:] - boxes[:, :2]) / 2
    (small, small_area), (large, large_area) = (
        inside(boxes),
        inside(np.concatenate([middle - half, middle + half], axis=1)),
    )
    ring = np.maximum(large_area - small_area, 1)
    scores: Array = small / np.maximum(small_area, 1) - (large - small) / ring
    return scores


# Panels.


def mask_panel(image: Array, mask: Array, title: str = "", note: str = "") -> plots.Panel:
    """Draw a picture (3, H, W), uint8, that is gray and dark outside of a mask."""
    picture = image.transpose(1, 2, 0) / 255
    outside = OUTSIDE * picture.mean(axis=2, keepdims=True)
    cut_out = np.where(mask[..., None], picture, outside)
    return plots.picture(cut_out, title, note, high=1, width=100)


def boxes_panel(
    image: Array,
    boxes: Array,
    title: str = "",
    note: str = "",
    *,
    truth: Array | None = None,
    width: int = 260,
) -> plots.Panel:
    """Draw boxes over a picture (3, H, W), uint8; true ones are dashed."""
    height, pixels = image.shape[1:]
    lines = [(box, plots.POSITIVE_COLOR, "") for box in boxes]
    if truth is not None:
        lines += [(box, palette.WHITE, ' stroke-dasharray="4 3"') for box in np.atleast_2d(truth)]
    drawn = "".join(
        f'<rect x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}" '
        f'stroke="{color}"{dashes}/>'
        for (left, top, right, bottom), color, dashes in lines
    )
    under = plots.picture(image.transpose(1, 2, 0) / 255, high=1)
    marks = (
        f'<svg class="marks" viewBox="0 0 {pixels} {height}" fill="none" stroke-width="1.2">'
        f"{drawn}</svg>"
    )
    return plots.Panel(under.body + marks, title, note, width)
