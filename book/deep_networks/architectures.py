"""Demonstrations of the page "Architectures": blocks and networks as lists, and their costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from solutions.deep_networks.drawn_networks import shapes_of
from solutions.deep_networks.tasks.count_multiply_adds import count_multiply_adds
from solutions.networks import (
    Layer,
    Spec,
    adaptive_avg_pool,
    conv,
    grouped_conv,
    image,
    linear,
    plain,
)


@dataclass(frozen=True)
class Cost:
    """What convolutional and fully connected layers cost: weights (no biases), multiply-adds."""

    weights: int
    multiply_adds: int


def cost(spec: Spec) -> Cost:
    """Count the weights and the multiply-adds of a network for one image."""
    shapes = shapes_of(spec)
    weights = 0
    for before, layer in zip(shapes, spec[1:], strict=False):
        if layer["kind"] == "conv":
            weights += layer["filters"] * before[0] // layer.get("groups", 1) * layer["size"] ** 2
        elif layer["kind"] == "linear":
            weights += layer["units"] * before[0]
    return Cost(weights, sum(count_multiply_adds(spec, shapes)))


def block_cost(layers: Sequence[Layer], channels: int, side: int) -> Cost:
    """Count what layers cost on maps of shape (channels, side, side)."""
    return cost([image(channels, side, side), *layers])


def blocks(channels: int) -> dict[str, list[Layer]]:
    """Return four blocks that read and write so many channels, and look around by 3 x 3.

    The first is that of ResNet-18, the second that of ResNet-50, which is four times narrower
    inside, the last that of MobileNet, twice.
    """
    narrow = channels // 4
    separable = [grouped_conv(channels, 3, channels, padding=1), conv(channels, 1)]
    return {
        "two of 3 × 3": [conv(channels, 3, padding=1)] * 2,
        "bottleneck": [conv(narrow, 1), conv(narrow, 3, padding=1), conv(channels, 1)],
        "two depthwise separable": separable * 2,
    }


CLASSES = 1000
"""Of ImageNet."""

MOBILENET = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *[(512, 1)] * 5,
    *((1024, 2), (1024, 1)),
)
"""Filters and stride of the layers of MobileNet (Howard et al. 2017, table 1)."""


def mobilenet(separable: bool = True) -> Spec:
    """Return MobileNet; or, if not separable, the same network with common convolutions."""
    spec: Spec = [image(3, 224, 224), conv(32, 3, stride=2, padding=1)]
    channels = 32
    for filters, stride in MOBILENET:
        if separable:
            spec += [grouped_conv(channels, 3, channels, stride, padding=1), conv(filters, 1)]
        else:
            spec.append(conv(filters, 3, stride, padding=1))
        channels = filters
    return [*spec, adaptive_avg_pool(1), plain("flatten"), linear(CLASSES)]


@dataclass(frozen=True)
class TransformerCost:
    """The multiply-adds of a vision transformer, part by part.

    patches: of the first layer. mixing: of queries, keys, values and what joins them again.
    attention: of comparing all tokens with all, and of adding them up. dense: of the two dense
    layers in each block. scores: of the last layer.
    """

    patches: int
    mixing: int
    attention: int
    dense: int
    scores: int

    @property
    def total(self) -> int:
        """All parts together."""
        return self.patches + self.mixing + self.attention + self.dense + self.scores


def vit_cost(side: int, patch: int, width: int, depth: int) -> TransformerCost:
    """Count the multiply-adds of a vision transformer for one image of so many pixels a side.

    width: numbers of a token. depth: how many blocks. The dense layers in a block are four times as
    wide, and one token is added to those of the patches.
    """
    patches = (side // patch) ** 2
    tokens = patches + 1
    return TransformerCost(
        patches=patches * 3 * patch**2 * width,
        mixing=depth * tokens * 4 * width**2,
        attention=depth * 2 * tokens**2 * width,
        dense=depth * tokens * 8 * width**2,
        scores=width * CLASSES,
    )
