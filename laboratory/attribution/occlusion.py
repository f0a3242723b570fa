"""Occlusion: cover a part of the picture, and see how the score changes.

A low score under the patch says that the network is sensitive to what was covered, nothing more.

Zeiler, Fergus (2014), "Visualizing and understanding convolutional networks".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from laboratory.baselines import picture_and_baseline
from laboratory.batches import batch_starts, track
from laboratory.fast.incremental_occlusion import IncrementalOcclusion
from laboratory.layers import (
    UnsupportedLayerError,
    autocast,
    device_of,
    has_hooks,
    must_be_ready,
    pair,
)
from laboratory.occlusion_map import OcclusionMap, must_be_exact_enough, patch_starts


def occlusion(
    model: nn.Module,
    x: Tensor,
    *,
    patch: int | tuple[int, int],
    stride: int | tuple[int, int],
    baselines: Tensor | float = 0.0,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
    progress: bool = True,
) -> OcclusionMap:
    """Slide a patch over a picture, and ask the network for its scores at every place.

    Where the network is a chain of known layers in float32 without hooks, only what the patch
    changes is computed again (see ``fast.incremental_occlusion``): the scores are those of
    ``plain_occlusion``, up to rounding.

    model: gets (N, C, H, W) and gives scores (N, K); in evaluation mode.
    x: the normalized picture, shape (1, C, H, W).
    patch, stride: in pixels; one number, or one for the height and one for the width.
    baselines: what is seen through the patch: a picture (C, H, W), such as
        ``baselines.baseline_picture`` gives, or one number, in normalized units: 0 is the mean
        color.
    batch_size: places that are computed together; bounds the memory.
    device: where to compute; by default where the network is, and the network is moved there.
    dtype: torch.float16 is faster on a GPU. Of a chain of layers it is the type of the changes
        alone, and the relative L2 error of a map of VGG16 is below 1 %. Any other network runs
        under autocast.

    Raises ValueError if sizes do not fit, the network is in training mode, or the type is bfloat16,
    which is too inexact for a map.
    """
    engine = _engine(model, x, baselines, device, dtype)
    if engine is None:
        return plain_occlusion(
            model,
            x,
            patch=patch,
            stride=stride,
            baselines=baselines,
            batch_size=batch_size,
            device=device,
            dtype=dtype,
            progress=progress,
        )
    (height, width), (down, right) = pair(patch), pair(stride)
    tops = patch_starts(x.shape[2], height, down)
    lefts = patch_starts(x.shape[3], width, right)
    logits = engine.logits(tops, lefts, (height, width), batch_size=batch_size, progress=progress)
    return OcclusionMap(logits, engine.clean, tops, lefts, (height, width), engine.size)


def _engine(
    model: nn.Module,
    x: Tensor,
    baselines: Tensor | float,
    device: torch.device | str | None,
    dtype: torch.dtype,
) -> IncrementalOcclusion | None:
    """Return what computes the scores from the changes; None if it does not know the network."""
    if has_hooks(model) or any(weights.dtype != torch.float32 for weights in model.parameters()):
        return None
    try:
        return IncrementalOcclusion(model, x, baselines=baselines, device=device, delta_dtype=dtype)
    except UnsupportedLayerError:
        return None


def plain_occlusion(
    model: nn.Module,
    x: Tensor,
    *,
    patch: int | tuple[int, int],
    stride: int | tuple[int, int],
    baselines: Tensor | float = 0.0,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
    progress: bool = True,
) -> OcclusionMap:
    """Slide a patch over a picture, and run the whole network for every place.

    Arguments and errors: see ``occlusion``. With torch.float16 as dtype, the network runs under
    autocast.
    """
    must_be_ready(model)
    must_be_exact_enough(dtype)
    device = torch.device(device) if device is not None else device_of(model)
    model.to(device)
    x, baseline = picture_and_baseline(x.to(device), baselines)
    (height, width), (down, right) = pair(patch), pair(stride)
    tops = patch_starts(x.shape[2], height, down)
    lefts = patch_starts(x.shape[3], width, right)
    places = [(top, left) for top in tops for left in lefts]

    def scores(batch: Tensor) -> Tensor:
        with autocast(device, dtype):
            answer: Tensor = model(batch)
        return answer.float()

    with torch.inference_mode():
        clean = scores(x.clone())[0]  # the network may overwrite what it gets
        parts = []
        for first in track(batch_starts(len(places), batch_size), "occlusion", progress):
            some = places[first : first + batch_size]
            batch = x.repeat(len(some), 1, 1, 1)
            for image, (top, left) in zip(batch, some, strict=True):
                window = (..., slice(top, top + height), slice(left, left + width))
                image[window] = baseline[window]
            parts.append(scores(batch))
    logits = torch.cat(parts).view(len(tops), len(lefts), -1)
    size = (x.shape[2], x.shape[3])
    return OcclusionMap(logits, clean, tops, lefts, (height, width), size)
