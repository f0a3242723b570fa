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

WIDTH = 95
"""Of the panels on the page, in pixels."""

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
        strongest = exciting_patches(own, field, (x.shape[2], x.shape[3]), patches)
        chosen.append(Excitement(channel, strongest, own[strongest[0].picture]))
    return chosen


def panels(network: Network, x: Tensor, excitement: Excitement) -> list[plots.Panel]:
    """Draw the picture that excites a channel most, the channel's map of it, and the patches."""
    best = network.unnormalize(x[excitement.patches[0].picture][None])[0].permute(1, 2, 0)
    return [
        plots.picture(best.cpu().numpy(), f"channel {excitement.channel}", high=1, width=WIDTH),
        plots.response(excitement.map.numpy(), "its map", width=WIDTH),
        *cuttings(network, x, excitement, WIDTH),
    ]


def cuttings(network: Network, x: Tensor, excitement: Excitement, width: int) -> list[plots.Panel]:
    """Draw the patches of a channel, each with the answer of its unit.

    width: of a patch that lies wholly in the picture.
    """
    drawn = []
    for patch in excitement.patches:
        pixels = network.unnormalize(x[patch.picture][None])[0].permute(1, 2, 0).cpu().numpy()
        cut = pixels[patch.top : patch.bottom, patch.left : patch.right]
        share = cut.shape[1] / max(cut.shape[:2])
        drawn.append(
            plots.picture(cut, "", f"{patch.answer:.1f}", high=1, width=round(width * share))
        )
    return drawn
