"""Networks of three kinds and any depth that read the digits, and what goes through them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

Kind: TypeAlias = Literal["plain", "batch norm", "residual"]

KINDS: tuple[Kind, ...] = ("plain", "batch norm", "residual")
"""Convolutions alone; each followed by batch normalization; with a shortcut around each pair."""

CHANNELS = 16


def _convolution(channels: int, filters: int) -> nn.Conv2d:
    """Return a layer of 3 x 3 with weights by He's rule, and no bias."""
    layer = nn.Conv2d(channels, filters, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return layer


def _normalization(kind: Kind) -> nn.Module:
    return nn.Identity() if kind == "plain" else nn.BatchNorm2d(CHANNELS)


class Pair(nn.Module):
    """Two convolutional layers, with a shortcut around them in a residual network."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.first, self.second = (_convolution(CHANNELS, CHANNELS) for _ in range(2))
        self.first_norm, self.second_norm = _normalization(kind), _normalization(kind)
        self.residual = kind == "residual"

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps after the last ReLU, in the shape of x."""
        branch = self.first_norm(self.first(x)).relu()
        branch = self.second_norm(self.second(branch))
        total: Tensor = x + branch if self.residual else branch
        return total.relu()


def network(kind: Kind, depth: int, seed: int = 0, classes: int = 10) -> nn.Sequential:
    """Return an untrained network for images (N, 1, H, W).

    depth: how many layers have weights, an even number from 4 on: a convolutional layer, pairs of
    them, and after global average pooling a dense layer.
    """
    if depth < 4 or depth % 2:
        raise ValueError(f"the depth has to be an even number from 4 on, not {depth}")
    torch.manual_seed(seed)
    return nn.Sequential(
        _convolution(1, CHANNELS),
        _normalization(kind),
        nn.ReLU(),
        *(Pair(kind) for _ in range(depth // 2 - 1)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(CHANNELS, classes),
    )


@dataclass(frozen=True)
class Followed:
    """What one batch leaves in an untrained network.

    gradients: the norm of the gradient of each convolutional layer's weights, first layer first.
    likeness: how alike two images are after the first layer and each pair: the mean cosine of the
    angle between their maps, 1 if all images look alike.
    """

    gradients: list[float]
    likeness: list[float]


def followed(model: nn.Sequential, x: Tensor, y: Tensor) -> Followed:
    """Send a batch of images (N, 1, H, W) with labels (N,) forward and backward, in training."""
    model.train()
    model.zero_grad()
    likeness, maps = [], x
    for layer in model:
        maps = layer(maps)
        if isinstance(layer, nn.ReLU | Pair):
            likeness.append(mean_cosine(maps.detach()))
    functional.cross_entropy(maps, y).backward()
    layers = (layer for layer in model.modules() if isinstance(layer, nn.Conv2d))
    norms = [0.0 if (g := layer.weight.grad) is None else g.norm().item() for layer in layers]
    return Followed(norms, likeness)


def mean_cosine(maps: Tensor) -> float:
    """Return the mean cosine of the angle between the maps of two different images."""
    directions = functional.normalize(maps.flatten(1), dim=1)
    images = len(maps)
    return ((directions.sum(dim=0).square().sum() - images) / (images * (images - 1))).item()
