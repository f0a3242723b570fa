"""What the layers of a network answer, and what its filters look like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from laboratory.batches import batch_starts, track
from laboratory.layers import device_of, find, must_be_ready
from laboratory.uses import find_uses, used_names, watched

Summary: TypeAlias = Literal["mean", "max", "norm"]


def layer_outputs(
    model: nn.Module,
    x: Tensor,
    layers: Sequence[str] | None = None,
    *,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    progress: bool = False,
) -> dict[str, Tensor]:
    """Return what layers give for pictures, by name.

    model: any network, in evaluation mode.
    x: normalized pictures, shape (N, C, H, W).
    layers: names as in ``layers.chain``, such as "conv3_2", or paths, such as "features.12"; by
        default every layer of the network.
    batch_size: pictures that are computed together.
    device: where to compute; by default where the network is. The results come to the CPU.

    Raises KeyError if there is no such layer, ValueError if the network uses it several times:
    then "relu#2" is its second use. By default, every use of every layer.
    """
    must_be_ready(model)
    device = torch.device(device) if device is not None else device_of(model)
    model.to(device)
    names = list(layers) if layers is not None else used_names(model, x[:1].to(device))
    uses = find_uses(model, names)
    parts: dict[str, list[Tensor]] = {name: [] for name in names}

    def keep(name: str, output: Tensor) -> None:
        # A copy: the next layer may overwrite what this one gave.
        parts[name].append(output.detach().to("cpu", copy=True))

    with torch.inference_mode():
        for first in track(batch_starts(len(x), batch_size), "layers", progress):
            with watched(uses, keep):
                model(x[first : first + batch_size].to(device, copy=True))
    return {name: torch.cat(outputs) for name, outputs in parts.items()}


def summarize(activation: Tensor, how: Summary = "mean") -> Tensor:
    """Return one map for all channels of a layer, shape (N, H, W).

    activation: shape (N, C, H, W).
    how: "mean" of the channels; positive and negative answers cancel in it, and a single channel
        of hundreds hardly shows. "max" shows where any channel answers, "norm" (the root of the
        sum of squares) how much is answered altogether.
    """
    if activation.ndim != 4:
        raise ValueError(
            f"A map has the shape (N, C, H, W); this one has {tuple(activation.shape)}."
        )
    if how == "mean":
        return activation.mean(1)
    if how == "max":
        return activation.amax(1)
    if how == "norm":
        norm: Tensor = torch.linalg.vector_norm(activation, dim=1)
        return norm
    raise ValueError(f'how is "mean", "max" or "norm", not "{how}".')


def cancellation(activation: Tensor) -> float:
    """Return which share of the channels' answers the mean hides, from 0 to 1.

    One minus |sum| / sum of |answers|, over channels, for all places together. Zero after ReLU,
    where nothing is negative.
    """
    total = activation.abs().sum()
    # Behind a ReLU, rounding may give less than nothing.
    return max(0.0, float(1 - activation.sum(1).abs().sum() / total)) if total else 0.0


def grid(maps: Tensor, *, columns: int | None = None, gap: int = 1) -> Tensor:
    """Return maps side by side in one picture, in reading order.

    maps: shape (N, H, W), or (N, H, W, 3) in color.
    columns: how many stand in a row; by default as many as make the grid nearly square.
    gap: pixels between maps; these, and the places of missing maps, are NaN.
    """
    count, height, width = maps.shape[:3]
    columns = columns or math.ceil(math.sqrt(count * height / width))
    rows = math.ceil(count / columns)
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, *maps.shape[3:])
    picture = torch.full(shape, torch.nan)
    for index, map_ in enumerate(maps.cpu().float()):
        top = index // columns * (height + gap)
        left = index % columns * (width + gap)
        picture[top : top + height, left : left + width] = map_
    return picture


@dataclass(frozen=True)
class Filters:
    """Filters that can be drawn.

    maps: shape (F, HH, WW, 3), in color, from 0 to 1; or (F, HH, WW), signed.
    says: which part of the filters this is, for the caption.
    """

    maps: Tensor
    says: str


def filters(model: nn.Module, layer: str, *, channel: int | Literal["mean"] = 0) -> Filters:
    """Return the filters of a convolutional layer, for drawing.

    A filter on a color picture is a small color picture itself. Any other filter has one slice per
    channel of its input, 512 for the last layer of VGG16: only one slice of each can be drawn, or
    their mean, in which opposite slices cancel.

    layer: its name or path, see ``layers.find``.
    channel: which slice, or "mean". Of no importance for the first layer, which is drawn in color:
        each filter is scaled so that zero is gray and its largest weight reaches 0 or 1.

    Raises ValueError if the layer is no convolution.
    """
    module = find(model, layer)
    if not isinstance(module, nn.Conv2d):
        raise ValueError(f'The layer "{layer}" is a {type(module).__name__}: it has no filters.')
    weight = module.weight.detach().float().cpu()
    count, channels, height, width = weight.shape
    size = f"{height} x {width}"
    if channels == 3:
        largest = weight.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12)
        return Filters(
            (0.5 + 0.5 * weight / largest).permute(0, 2, 3, 1),
            f"All {count} filters of {layer}, 3 x {size}, in color; gray is zero, each scaled to "
            "its own largest weight.",
        )
    if channel == "mean":
        return Filters(
            weight.mean(1),
            f"The mean over {channels} channels of each of the {count} filters of {layer}.",
        )
    if not 0 <= channel < channels:
        raise ValueError(f"The filters of {layer} have {channels} channels: 0 to {channels - 1}.")
    return Filters(
        weight[:, channel],
        f"One of {channels} slices of each of the {count} filters of {layer}: the {size} weights "
        f"on channel {channel}.",
    )
