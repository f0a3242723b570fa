"""The figure of the patches that excite channels of the last convolutional layer most."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from book import plots
from book.visualization import demo
from laboratory import drawn_pictures
from laboratory.exciting_patches import Patch, exciting_patches, outstanding_channels
from laboratory.networks import Network
from laboratory.synthesis.trunk import Trunk

LAYER = "conv5_3"

PHOTOGRAPHS = (
    *demo.PHOTOGRAPHS,
    *("stereo_motorcycle", "retina", "hubble_deep_field", "immunohistochemistry", "camera"),
    *("coins", "brick", "grass", "clock", "page"),
)
"""Photographs of scikit-image, of many kinds."""

SIDE = 384
"""Height and width of the photographs: a receptive field is about half as wide."""

DRAWN = 60
"""How many drawn pictures the small VGG gets."""


@dataclass(frozen=True)
class Excitement:
    """A channel, and what excites it.

    channel: its number.
    patches: the strongest first.
    map: of the channel, for the picture of the first patch, shape (H', W').
    """

    channel: int
    patches: list[Patch]
    map: Tensor


def pictures(network: Network) -> Tensor:
    """Return what is shown to the network, normalized: photographs, or drawn pictures."""
    if network.classes == drawn_pictures.CLASSES:
        return demo.inputs(demo.drawn(DRAWN), network)[0]
    first, *others = PHOTOGRAPHS
    photographs = [demo.own_or(first), *map(demo.photograph, others)]
    return torch.cat([demo.prepared(network, picture, SIDE) for picture in photographs])


def excitements(
    network: Network, x: Tensor, channels: int = 6, patches: int = 4
) -> list[Excitement]:
    """Return channels that single pictures excite far more than others, and their patches.

    x: normalized pictures, shape (N, 3, H, W).
    channels, patches: how many, and how many of each.
    """
    trunk = Trunk(network.model, [LAYER])
    with torch.inference_mode():  # a few at a time: the early maps of photographs are large
        maps = torch.cat([trunk(part)[LAYER].cpu() for part in x.split(4)])
    field = demo.receptive_field_of(network, LAYER)
    chosen = []
    for channel in outstanding_channels(maps, channels):
        own = maps[:, channel]
        found = exciting_patches(own, field, (x.shape[2], x.shape[3]), patches)
        chosen.append(Excitement(channel, found, own[found[0].picture]))
    return chosen


def panels(network: Network, x: Tensor, excitement: Excitement) -> list[plots.Panel]:
    """Draw a channel's map of the picture that excites it most, that picture, and the patches."""
    colors = network.unnormalize(x).permute(0, 2, 3, 1).cpu().numpy()
    best, *_ = excitement.patches
    drawn = [
        plots.picture(colors[best.picture], f"channel {excitement.channel}", high=1, width=105),
        plots.response(excitement.map.numpy(), "its map", width=105),
    ]
    for patch in excitement.patches:
        cut = colors[patch.picture, patch.top : patch.bottom, patch.left : patch.right]
        width = round(105 * cut.shape[1] / max(cut.shape[:2]))
        drawn.append(plots.picture(cut, "", f"{patch.answer:.1f}", high=1, width=width))
    return drawn
