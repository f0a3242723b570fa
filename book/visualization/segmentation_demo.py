"""Demonstrations of the page "From a map to a mask"."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch

from book import plots
from book.visualization import demo
from laboratory import method_table, segmentation
from laboratory.baselines import blur
from laboratory.drawn_pictures import Pictures
from laboratory.networks import Network
from laboratory.segmentation import Seeds

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

METHODS = (
    "random",
    "saliency",
    "SmoothGrad",
    "guided backprop",
    "Grad-CAM, relu5_3",
    "occlusion",
)
"""Methods of the comparison, from ``method_table.METHODS``."""

PERFECT = "mask, blurred"
"""A map that nobody has: what is still missing with it is GrabCut's own fault."""

QUANTILES = (0.8, 0.9, 0.95, 0.98)
"""Quantiles above which a pixel is taken for the object."""

SOFTNESS = 1 / 64
"""Standard deviation of the blur of a map whose single pixels must not decide, in sides."""

OUTSIDE = 0.35
"""How bright a picture is outside of a mask."""


def bytes_of(picture: Array) -> Array:
    """Return a picture (H, W, 3) from 0 to 1 as uint8, as GrabCut wants it."""
    values: Array = np.rint(255 * picture).astype(np.uint8)
    return values


def maps(network: Network, pictures: Pictures) -> dict[str, Array]:
    """Return the maps (N, H, W) of all methods for the pictures' own classes."""
    x, labels, masks = demo.inputs(pictures, network)
    importance = {
        name: method_table.METHODS[name](network, x, labels).cpu().numpy() for name in METHODS
    }
    soft = blur(masks[:, None].float(), method_table.SOFTNESS)
    importance[PERFECT] = soft[:, 0].cpu().numpy()
    return importance


def named_correctly(network: Network, pictures: Pictures) -> Array:
    """Return for which pictures the likeliest class is the right one, shape (N,), bool."""
    x, labels, _ = demo.inputs(pictures, network)
    with torch.inference_mode():
        right: Array = (network.model(x).argmax(1) == labels).cpu().numpy()
    return right


@dataclass(frozen=True)
class Cut:
    """What one map makes of one picture.

    seeds: None where the map is the same everywhere and gives none.
    threshold: the foreground seeds as a mask, shape (H, W), bool.
    grabcut: the mask of GrabCut, shape (H, W), bool.
    """

    seeds: Seeds | None
    threshold: Array
    grabcut: Array


def cut(image: Array, importance: Array, foreground: float, background: float = 0.3) -> Cut:
    """Return seeds and masks of a picture, uint8; both masks are empty for an empty map."""
    seeds = _seeds(importance, foreground, background)
    if seeds is None:
        nothing = np.zeros(importance.shape, bool)
        return Cut(None, nothing, nothing)
    return Cut(seeds, seeds.foreground, segmentation.grabcut(image, seeds))


def _seeds(importance: Array, foreground: float, background: float = 0.3) -> Seeds | None:
    if np.ptp(importance) == 0:
        return None
    return segmentation.seeds(importance, foreground=foreground, background=background)


@dataclass(frozen=True)
class Result:
    """One method at one quantile, for N pictures.

    importance: the maps, shape (N, H, W).
    foreground: the quantile above which a pixel is a seed of the object.

    The measures are computed when they are asked for: GrabCut takes its time.
    """

    pictures: Pictures
    importance: Array
    foreground: float

    @functools.cached_property
    def threshold(self) -> Array:
        """The IoU of the foreground seeds with the masks, shape (N,)."""
        pairs = zip(self._thresholds, self.pictures.masks, strict=True)
        return np.array([segmentation.iou(made, truth) for made, truth in pairs])

    @functools.cached_property
    def hits(self) -> Array:
        """The share of the foreground seeds that lie on the object, shape (N,); 0 without seeds."""
        pairs = zip(self._thresholds, self.pictures.masks, strict=True)
        return np.array([truth[made].mean() if made.any() else 0.0 for made, truth in pairs])

    @functools.cached_property
    def grabcut(self) -> Array:
        """The IoU of what GrabCut makes of the seeds with the masks, shape (N,)."""
        rows = zip(self.pictures.images, self.importance, self.pictures.masks, strict=True)
        return np.array(
            [
                segmentation.iou(cut(image, single_map, self.foreground).grabcut, truth)
                for image, single_map, truth in rows
            ]
        )

    @property
    def _thresholds(self) -> list[Array]:
        made = [_seeds(single_map, self.foreground) for single_map in self.importance]
        nothing = np.zeros(self.importance.shape[1:], bool)
        return [nothing if seeds is None else seeds.foreground for seeds in made]


def results(pictures: Pictures, maps: dict[str, Array]) -> dict[tuple[str, float], Result]:
    """Return the results of all maps at all quantiles, by name and quantile."""
    return {
        (name, quantile): Result(pictures, importance, quantile)
        for name, importance in maps.items()
        for quantile in QUANTILES
    }


@dataclass(frozen=True)
class Sides:
    """A cheapest way to divide a row of pixels; sides: 1 for the object, 0 for the background."""

    sides: tuple[int, ...]
    cost: float


def cheapest(color_costs: Array, border_costs: Iterable[float], known: dict[int, int]) -> Sides:
    """Try all ways to divide a row of pixels into object and background.

    color_costs: shape (W, 2), what a pixel costs on the background and on the object.
    border_costs: what a border between each pixel and the next one costs, W - 1 numbers.
    known: sides of the seeds, by position.
    """
    borders = np.array(list(border_costs))
    best = Sides((), np.inf)
    for number in range(2 ** len(color_costs)):
        sides = np.array([number >> place & 1 for place in range(len(color_costs))])
        if any(sides[place] != side for place, side in known.items()):
            continue
        cost = color_costs[np.arange(len(sides)), sides].sum()
        cost += borders[sides[1:] != sides[:-1]].sum()
        if cost < best.cost:
            best = Sides(tuple(sides.tolist()), float(cost))
    return best


# Panels.


def seeds_panel(seeds: Seeds, title: str = "", note: str = "", width: int = 150) -> plots.Panel:
    """Draw seeds: orange for the object, blue for the background."""
    signed = seeds.foreground.astype(float) - seeds.background
    return plots.response(signed, title, note, limit=1.5, width=width)


def mask_panel(
    picture: Array, mask: Array, title: str = "", note: str = "", width: int = 150
) -> plots.Panel:
    """Draw a picture (H, W, 3), from 0 to 1, that is gray and dark outside of a mask."""
    outside = OUTSIDE * picture.mean(2, keepdims=True)
    cut_out = np.where(mask[..., None], picture, outside)
    return plots.picture(cut_out, title, note, high=1, width=width)


def smooth_map(network: Network, example: demo.Example) -> Array:
    """Return the SmoothGrad map of a picture, blurred a little, shape (H, W)."""
    labels = torch.tensor([example.target], device=network.device)
    maps = method_table.METHODS["SmoothGrad"](network, example.x, labels)
    soft: Array = blur(maps[None], SOFTNESS * maps.shape[-1])[0, 0].cpu().numpy()
    return soft
