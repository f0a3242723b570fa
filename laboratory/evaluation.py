"""Which map is right? Measures for maps, where it is known what they should show.

Two questions that are easily mixed up. Does a map find the *object*? For drawn pictures the mask
is exact: pointing game, IoU at equal area, energy in the mask. Does a map find what the *network*
uses? Deletion and insertion ask the network again, and the sanity check asks whether the map
depends on what the network has learned at all.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn

from laboratory.baselines import picture_and_baseline
from laboratory.batches import batch_starts, track
from laboratory.layers import chain, device_of, must_be_ready
from laboratory.occlusion_map import Score

Removal: TypeAlias = Literal["deletion", "insertion"]
Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

# Maps and masks.


def pointing_game(maps: Tensor, masks: Tensor) -> Tensor:
    """Return whether the highest value of each map lies in the mask, shape (N,), 0 or 1.

    maps: shape (N, H, W). masks: the same shape, bool.
    Where several pixels share the highest value: the share of them in the mask.

    Zhang et al. (2018), "Top-down neural attention by excitation backprop"; there, 15 pixels away
    still count.
    """
    maps, masks = _flat(maps, masks)
    highest = maps == maps.amax(1, keepdim=True)
    return (highest & masks).sum(1) / highest.sum(1)


def iou_at_equal_area(maps: Tensor, masks: Tensor) -> Tensor:
    """Return the IoU of each mask and as many pixels, the highest of the map, shape (N,).

    No threshold has to be chosen. Pixels that tie for the last places count in part.
    """
    maps, masks = _flat(maps, masks)
    area = masks.sum(1)
    ordered = maps.sort(1, descending=True).values
    limit = ordered.gather(1, (area - 1).clamp(min=0)[:, None])
    above, level = maps > limit, maps == limit
    part = (area - above.sum(1)) / level.sum(1)
    chosen = above.to(maps) + part[:, None] * level
    both = torch.minimum(chosen, masks.to(maps)).sum(1)
    either = torch.maximum(chosen, masks.to(maps)).sum(1)
    return torch.where(area > 0, both / either, torch.nan)


def energy_in_mask(maps: Tensor, masks: Tensor) -> Tensor:
    """Return which share of the positive values of each map lies in the mask, shape (N,).

    A map without positive values says nothing: it gets the share that the mask has of the picture.

    Wang et al. (2020), "Score-CAM: score-weighted visual explanations".
    """
    maps, masks = _flat(maps, masks)
    positive = maps.clamp(min=0)
    total = positive.sum(1)
    share = masks.to(maps).mean(1)
    return torch.where(total > 0, (positive * masks).sum(1) / total, share)


def _flat(maps: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    if maps.ndim != 3 or maps.shape != masks.shape:
        raise ValueError(
            f"maps and masks must have the same shape (N, H, W); they have {tuple(maps.shape)} and "
            f"{tuple(masks.shape)}."
        )
    if masks.dtype != torch.bool:
        raise ValueError(f"masks must be bool; they are {masks.dtype}.")
    if maps.isnan().any():
        raise ValueError("A map holds NaN.")
    # On the CPU: a Mac's graphics card has no float64.
    return maps.cpu().double().flatten(1), masks.cpu().flatten(1)


# Asking the network again.


def removal_curve(
    model: nn.Module,
    x: Tensor,
    target: int,
    importance: Tensor,
    *,
    kind: Removal = "deletion",
    baselines: Tensor | float = 0.0,
    steps: int = 48,
    score: Score = "probability",
    batch_size: int = 32,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return the score while the most important pixels go (deletion) or come (insertion).

    x: the normalized picture, shape (1, C, H, W).
    importance: the map, shape (H, W); pixels of equal importance in reading order.
    baselines: what stands where a pixel is missing: a picture (C, H, W), or a number in normalized
        units; 0 is the mean color.
    steps: in how many equal parts the pixels go.
    Returns shape (steps + 1,), from nothing done to everything done.

    Petsiuk, Das, Saenko (2018), "RISE". Take ``area_under_curve``: low is good for deletion, high
    for insertion.
    """
    must_be_ready(model)
    device = torch.device(device) if device is not None else device_of(model)
    model.to(device)
    x, baseline = picture_and_baseline(x.to(device), baselines)
    if importance.shape != x.shape[2:]:
        raise ValueError(
            f"importance must have the shape {tuple(x.shape[2:])}; it has "
            f"{tuple(importance.shape)}."
        )
    if kind not in ("deletion", "insertion"):
        raise ValueError(f'kind is "deletion" or "insertion", not "{kind}".')
    order = importance.to(device).flatten().argsort(descending=True, stable=True)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order), device=device)
    rank = rank.view(importance.shape)
    counts = torch.linspace(0, len(order), steps + 1, device=device).round().long()
    parts = []
    with torch.inference_mode():
        for first in batch_starts(len(counts), batch_size):
            touched = (rank < counts[first : first + batch_size, None, None])[:, None]
            begin, end = (x, baseline) if kind == "deletion" else (baseline, x)
            logits = model(torch.where(touched, end, begin)).float()
            values = logits.softmax(1) if score == "probability" else logits
            parts.append(values[:, target])
    return torch.cat(parts)


def area_under_curve(curve: Tensor) -> float:
    """Return the mean height of a curve over equal steps, by the trapezoidal rule."""
    return float(torch.trapezoid(curve.cpu().double()) / (len(curve) - 1))


def randomized(model: nn.Module, *, seed: int = 0) -> Iterator[tuple[str, nn.Module]]:
    """Make more and more layers of a copy of a network random, from the top.

    Gives the copy, the same each time, with the name of the layer that was last made random; in the
    end, all are. To keep a stage, copy it: of VGG16, sixteen copies would take nine gigabytes.
    """
    model = copy.deepcopy(model)
    modules = {layer.name: layer.module for layer in chain(model)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for name in reversed(_learned(model)):
            module = modules[name]
            assert isinstance(module, nn.Conv2d | nn.Linear)
            fresh = copy.deepcopy(module).cpu()
            # Like an untrained layer in front of ReLU, so that deep layers still get signals.
            nn.init.kaiming_normal_(fresh.weight, nonlinearity="relu")
            if fresh.bias is not None:
                nn.init.zeros_(fresh.bias)
            module.load_state_dict(fresh.state_dict())
            yield name, model


@dataclass(frozen=True)
class SanityCheck:
    """How much a method's maps still look the same when layers are made random.

    layers: names, from the top; the first entry, "none", is the trained network.
    correlations: shape (layers, N): rank correlation with the map of the trained network.
    """

    layers: tuple[str, ...]
    correlations: Array


def sanity_check(
    model: nn.Module,
    maps_of: Callable[[nn.Module], Tensor],
    *,
    layers: Collection[str] | None = None,
    seed: int = 0,
    progress: bool = True,
) -> SanityCheck:
    """Make the layers of a network random, from the top, and see whether the maps change.

    maps_of: gives the maps (N, H, W) of some pictures for a network.
    layers: after which layers the maps are looked at; by default after each.

    A method whose maps stay the same does not show what the network has learned. Adebayo et al.
    (2018), "Sanity checks for saliency maps".

    Raises ValueError if a layer does not exist or has no weights.
    """
    unknown = set(layers or ()) - set(_learned(model))
    if unknown:
        raise ValueError(
            f"There are no layers with weights named {', '.join(sorted(unknown))}. There are: "
            f"{', '.join(_learned(model))}."
        )
    reference = maps_of(model).flatten(1).cpu().double().numpy()
    names = ["none"]
    rows = [[_rank_correlation(map_, map_) for map_ in reference]]
    copies = randomized(model, seed=seed)
    for _ in track(_learned(model), "sanity check", progress):
        name, changed = next(copies)
        if layers is not None and name not in layers:
            continue
        maps = maps_of(changed).flatten(1).cpu().double().numpy()
        names.append(name)
        rows.append([_rank_correlation(a, b) for a, b in zip(maps, reference, strict=True)])
    return SanityCheck(tuple(names), np.array(rows))


def _learned(model: nn.Module) -> list[str]:
    """Return the names of the layers with weights; one that is used twice has that of the last."""
    names: dict[nn.Module, str] = {}
    for layer in reversed(chain(model)):
        if isinstance(layer.module, nn.Conv2d | nn.Linear):
            names.setdefault(layer.module, layer.name)
    return list(names.values())[::-1]


def _rank_correlation(a: Array, b: Array) -> float:
    """Return Spearman's correlation; zero where one map is the same everywhere."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(stats.spearmanr(a, b).statistic)


# How sure is a mean?


@dataclass(frozen=True)
class Mean:
    """A mean with its confidence interval.

    values: the numbers it is the mean of, shape (N,).
    """

    value: float
    low: float
    high: float
    values: Array = field(default_factory=lambda: np.empty(0), repr=False, compare=False)


def mean_with_interval(
    values: Array | Tensor, *, confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Mean:
    """Return the mean and its bootstrap interval (percentiles).

    values: one per picture, shape (N,).

    Efron, Tibshirani (1993), "An introduction to the bootstrap".
    """
    numbers = np.asarray(values, dtype=float)
    if numbers.ndim != 1 or len(numbers) < 2 or np.isnan(numbers).any():
        raise ValueError("An interval needs at least two numbers, and no NaN.")
    if np.ptp(numbers) == 0:
        return Mean(numbers[0], numbers[0], numbers[0], numbers)
    interval = stats.bootstrap(
        (numbers,),
        np.mean,
        n_resamples=resamples,
        confidence_level=confidence,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Mean(float(numbers.mean()), float(interval.low), float(interval.high), numbers)


def paired_difference(mean: Mean, other: Mean) -> Mean:
    """Return the mean of ``mean.values - other.values`` with its bootstrap interval.

    Both are of the same pictures, in the same order. What is hard about a picture for both cancels,
    so the interval is narrower than two intervals side by side suggest.

    Raises ValueError if they are not of equally many pictures.
    """
    if mean.values.shape != other.values.shape:
        raise ValueError(
            "Paired differences need the same pictures on both sides; these are "
            f"{len(mean.values)} and {len(other.values)}."
        )
    return mean_with_interval(mean.values - other.values)
