"""Networks as plain data: one dictionary per layer, in the order of computing.

The first entry describes the image, the others the layers. ``kind`` says what an entry is, the
other keys give its settings:

==================== ================================================= =========================
kind                 other keys                                        what it does
==================== ================================================= =========================
"image"              channels, height, width                           the input
"conv"               filters, size, stride, padding                    convolutional layer
"max_pool"           size, stride                                      max pooling
"avg_pool"           size, stride                                      average pooling
"adaptive_avg_pool"  size                                              means, size x size of them
"relu"               (none)                                            ReLU
"dropout"            (none)                                            does nothing to shapes
"flatten"            (none)                                            (C, H, W) becomes (C*H*W,)
"linear"             units                                             fully connected layer
"batch_norm"         (none)                                            batch normalization
"add"                (none)                                            end of a residual block
==================== ================================================= =========================

Filters and windows are square. Adaptive average pooling to size 1 is global average pooling. The
key "groups" of a convolutional layer is absent where it is 1: each filter reads the channels of
its own group only. With as many groups as channels, the layer is depthwise. The last two kinds, and
groups, occur in the exercise "networks that go deep" only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

Layer: TypeAlias = dict[str, Any]
Spec: TypeAlias = list[Layer]


def image(channels: int, height: int, width: int) -> Layer:
    """Describe the image."""
    return {"kind": "image", "channels": channels, "height": height, "width": width}


def conv(filters: int, size: int, stride: int = 1, padding: int = 0) -> Layer:
    """Describe a convolutional layer."""
    return {
        "kind": "conv",
        "filters": filters,
        "size": size,
        "stride": stride,
        "padding": padding,
    }


def grouped_conv(filters: int, size: int, groups: int, stride: int = 1, padding: int = 0) -> Layer:
    """Describe a convolutional layer whose filters read a group of the channels each."""
    return {**conv(filters, size, stride, padding), "groups": groups}


def max_pool(size: int, stride: int) -> Layer:
    """Describe max pooling."""
    return {"kind": "max_pool", "size": size, "stride": stride}


def avg_pool(size: int, stride: int) -> Layer:
    """Describe average pooling."""
    return {"kind": "avg_pool", "size": size, "stride": stride}


def adaptive_avg_pool(size: int) -> Layer:
    """Describe average pooling whose windows are chosen so that size x size numbers remain."""
    return {"kind": "adaptive_avg_pool", "size": size}


def linear(units: int) -> Layer:
    """Describe a fully connected layer."""
    return {"kind": "linear", "units": units}


def plain(kind: str) -> Layer:
    """Describe a layer without settings: "relu", "dropout", "flatten", "batch_norm", "add"."""
    return {"kind": kind}


def _rectified(layers: Iterable[Layer]) -> Spec:
    """Put a ReLU after every layer."""
    return [made for layer in layers for made in (layer, plain("relu"))]


LENET5: Spec = [
    image(1, 32, 32),
    *_rectified([conv(6, 5)]),
    avg_pool(2, 2),
    *_rectified([conv(16, 5)]),
    avg_pool(2, 2),
    plain("flatten"),
    *_rectified([linear(120), linear(84)]),
    linear(10),
]
"""LeNet-5 as it is built today, after LeCun et al. 1998.

The original has tanh for ReLU, learns a factor and a bias for every pooled map, connects its
second convolutional layer to a part of the maps only, and ends in a layer of fixed numbers.
"""

ALEXNET: Spec = [
    image(3, 224, 224),
    *_rectified([conv(64, 11, stride=4, padding=2)]),
    max_pool(3, 2),
    *_rectified([conv(192, 5, padding=2)]),
    max_pool(3, 2),
    *_rectified([conv(384, 3, padding=1), conv(256, 3, padding=1), conv(256, 3, padding=1)]),
    max_pool(3, 2),
    adaptive_avg_pool(6),
    plain("flatten"),
    plain("dropout"),
    *_rectified([linear(4096)]),
    plain("dropout"),
    *_rectified([linear(4096)]),
    linear(1000),
]
"""AlexNet as torchvision builds it: the version for one GPU, Krizhevsky 2014 (arXiv:1404.5997)."""


def _vgg_block(filters: int, layers: int) -> Spec:
    return [*_rectified([conv(filters, 3, padding=1)] * layers), max_pool(2, 2)]


VGG16: Spec = [
    image(3, 224, 224),
    *_vgg_block(64, 2),
    *_vgg_block(128, 2),
    *_vgg_block(256, 3),
    *_vgg_block(512, 3),
    *_vgg_block(512, 3),
    adaptive_avg_pool(7),
    plain("flatten"),
    *_rectified([linear(4096)]),
    plain("dropout"),
    *_rectified([linear(4096)]),
    plain("dropout"),
    linear(1000),
]
"""VGG16, configuration D of Simonyan and Zisserman 2015, as torchvision builds it."""

NETWORKS: dict[str, Spec] = {"LeNet-5": LENET5, "AlexNet": ALEXNET, "VGG16": VGG16}
"""The networks by their names."""


def layer_names(spec: Spec) -> list[str]:
    """Name the entries of a network.

    Convolutional layers are counted through, as in ``conv3``; where several follow each other
    without pooling in every block, as in VGG, by block and place, as in ``conv3_2``. Pooling takes
    the number of the layer or block before it. Fully connected layers go on counting: ``fc6``.
    All others keep their kind.
    """
    blocks: list[int] = [0]
    for layer in spec:
        if layer["kind"] == "conv":
            blocks[-1] += 1
        elif layer["kind"] in ("max_pool", "avg_pool"):
            blocks.append(0)
    in_blocks = all(count > 1 for count in blocks if count)
    names = []
    block, place, number = 1, 0, 0
    for layer in spec:
        kind = str(layer["kind"])
        if kind == "conv":
            place += 1
            number = block if in_blocks else number + 1
            names.append(f"conv{block}_{place}" if in_blocks else f"conv{number}")
        elif kind in ("max_pool", "avg_pool"):
            names.append(f"pool{number}")
            block, place = block + 1, 0
        elif kind == "linear":
            number += 1
            names.append(f"fc{number}")
        else:
            names.append(kind)
    return names
