"""A small U-Net: for every pixel of a picture, a score that it belongs to the object.

Three times the maps become half as large and twice as many, and then as large again, by transposed
convolutions of 2 x 2 with stride 2. Each step up is joined by the maps of its own size from the way
down: these are the skip connections.

Ronneberger, Fischer, Brox (2015), "U-Net: convolutional networks for biomedical image
segmentation".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

FILTERS = (8, 16, 32, 64)
"""Filters of the convolutions at each size, from the largest to the smallest maps."""

MEAN, STD = 0.5, 0.25
"""The network gets (picture - MEAN) / STD, with pictures from 0 to 1."""


class UNet(nn.Module):
    """A U-Net for pictures whose sides are multiples of eight."""

    def __init__(self, *, skips: bool = True) -> None:
        """Make an untrained network.

        skips: False replaces the maps that come across by zeros; all else is the same.
        """
        super().__init__()
        self.skips = skips
        self.down = nn.ModuleList(
            _two_convolutions(before, after)
            for before, after in zip((3, *FILTERS), FILTERS, strict=False)
        )
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(below, above, 2, stride=2)
            for above, below in zip(FILTERS[-2::-1], FILTERS[:0:-1], strict=True)
        )
        self.joined = nn.ModuleList(
            _two_convolutions(2 * filters, filters) for filters in FILTERS[-2::-1]
        )
        self.score = nn.Conv2d(FILTERS[0], 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, H, W) of normalized pictures (N, 3, H, W)."""
        across: list[Tensor] = []
        for number, layer in enumerate(self.down):
            x = layer(x if number == 0 else nn.functional.max_pool2d(x, 2))
            across.append(x)
        for layer, joined, maps in zip(self.up, self.joined, across[-2::-1], strict=True):
            beside = maps if self.skips else torch.zeros_like(maps)
            x = joined(torch.cat([layer(x), beside], 1))
        scores: Tensor = self.score(x)
        return scores[:, 0]


def _two_convolutions(channels: int, filters: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before in (channels, filters):
        layers += [nn.Conv2d(before, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters)]
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def normalize(images: Tensor) -> Tensor:
    """Return what the network gets for pictures (N, 3, H, W), uint8."""
    return (images.float() / 255 - MEAN) / STD
