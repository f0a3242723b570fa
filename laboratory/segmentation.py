"""From a map to the outline of the object: seeds by quantiles, then GrabCut.

GrabCut separates foreground from background by color. It knows nothing of classes: all that says
what the foreground is are the seeds.

Simonyan, Vedaldi, Zisserman (2014), "Deep inside convolutional networks"; Rother, Kolmogorov, Blake
(2004), "GrabCut".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

FOREGROUND, BACKGROUND = 0.95, 0.30
"""Quantiles of the map above which and below which a pixel is a seed (Simonyan et al. 2014)."""


@dataclass(frozen=True)
class Seeds:
    """Pixels that are taken for granted, both of shape (H, W), bool."""

    foreground: Array
    background: Array


def seeds(
    importance: Array, *, foreground: float = FOREGROUND, background: float = BACKGROUND
) -> Seeds:
    """Return the pixels with the highest and with the lowest values of a map.

    importance: shape (H, W).
    foreground, background: quantiles, from 0 to 1.

    Raises ValueError if the quantiles are in the wrong order or the map is the same everywhere.
    """
    if not 0 < background < foreground < 1:
        raise ValueError(
            f"The quantiles must be 0 < background < foreground < 1; {background} and "
            f"{foreground} were given."
        )
    if importance.ndim != 2 or np.ptp(importance) == 0:
        raise ValueError("A map of shape (H, W) that is not the same everywhere gives seeds.")
    low, high = np.quantile(importance, [background, foreground])
    # Where many values tie, the two may be equal: no pixel is both.
    chosen = importance >= high if high > low else importance > high
    return Seeds(chosen, (importance <= low) & ~chosen)


def grabcut(image: Array, given: Seeds, *, iterations: int = 5) -> Array:
    """Return the foreground of a picture, shape (H, W), bool.

    image: shape (3, H, W) or (H, W, 3), uint8.
    given: seeds keep their side; all other pixels begin as probable background.
    iterations: of GrabCut.

    Raises ValueError if shapes or types do not fit or one side has no seed.
    """
    pixels = np.asarray(image)
    if pixels.ndim == 3 and pixels.shape[0] == 3 and pixels.shape[2] != 3:
        pixels = pixels.transpose(1, 2, 0)
    if pixels.dtype != np.uint8 or pixels.shape != (*given.foreground.shape, 3):
        raise ValueError(
            f"The picture must be uint8 and as large as the map, {given.foreground.shape}; it is "
            f"{pixels.dtype} of shape {pixels.shape}."
        )
    if not given.foreground.any() or not given.background.any():
        raise ValueError("GrabCut needs seeds on both sides.")
    sides = np.full(given.foreground.shape, cv2.GC_PR_BGD, np.uint8)
    sides[given.background] = cv2.GC_BGD
    sides[given.foreground] = cv2.GC_FGD
    cv2.setRNGSeed(0)  # it begins with random clusters of colors
    colors = np.zeros((1, 65)), np.zeros((1, 65))  # of both sides; begun anew
    nowhere = (0, 0, 0, 0)  # the rectangle is not used
    classified, _, _ = cv2.grabCut(
        np.ascontiguousarray(pixels), sides, nowhere, *colors, iterations, cv2.GC_INIT_WITH_MASK
    )
    return np.isin(classified, (cv2.GC_FGD, cv2.GC_PR_FGD))


def iou(mask: Array, truth: Array) -> float:
    """Return the intersection over the union of two masks (H, W); 1 if both are empty."""
    if mask.shape != truth.shape:
        raise ValueError(f"The masks have different shapes: {mask.shape} and {truth.shape}.")
    either = int(np.logical_or(mask, truth).sum())
    return int(np.logical_and(mask, truth).sum()) / either if either else 1.0
