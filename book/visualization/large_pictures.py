"""The pictures on the page "Pictures that a network likes" that cost the most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from book import plots
from book.visualization import demo as visualization_demo
from book.visualization import synthesis_demo as demo
from laboratory.networks import Network
from laboratory.synthesis.ascent import Regularizers, resized
from laboratory.synthesis.class_model import class_model
from laboratory.synthesis.deep_dream import deep_dream
from laboratory.synthesis.filter_ascent import filter_ascent
from laboratory.synthesis.style_transfer import style_transfer

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

PHOTOGRAPHIC = Regularizers(jitter=8, natural=0.5)
"""For networks of photographs, together with octaves."""


@dataclass(frozen=True)
class Effort:
    """What a page can afford, by network and device, where the largest pictures are made.

    filters: side of a picture that a channel likes, its octaves, and steps in each.
    channels: regularizers of these.
    classes: octaves of a class model as in photographs, and steps in each; None: there is none.
    width: of the large pictures, in pixels.
    dream: octaves of the large dream, and steps in each.
    style: iterations of the large style transfer at half of the width, and at the whole width.
    """

    filters: tuple[int, int, int]
    channels: Regularizers
    classes: tuple[int, int] | None
    width: int
    dream: tuple[int, int]
    style: tuple[int, int]


def effort(network: Network) -> Effort:
    """Return what a page can afford: on two cores, VGG16's takes about five minutes."""
    if demo.is_small(network):
        return Effort((96, 1, 75), demo.CHANNELS, None, 512, (4, 4), (30, 8))
    if network.device.type == "cpu":
        return Effort((128, 4, 16), PHOTOGRAPHIC, (4, 15), 512, (5, 10), (40, 15))
    return Effort((224, 5, 60), PHOTOGRAPHIC, (4, 120), 1024, (7, 30), (200, 100))


def whole(network: Network, picture: Array, width: int) -> Tensor:
    """Return a picture (H, W, 3), uint8, normalized, with its own shape.

    width: how many columns it gets; an upright picture gets fewer, so that it has no more pixels
        than a square.
    """
    height, columns = picture.shape[:2]
    share = min(1.0, (columns / height) ** 0.5) * width / columns
    images = torch.from_numpy(picture).permute(2, 0, 1)[None].to(network.device).float() / 255
    return network.normalize(resized(images, (round(share * height), round(share * columns))))


def dream(network: Network, picture: Array, layer: str) -> Tensor:
    """Return a dream of a whole picture (H, W, 3), as large as the page can afford."""
    octaves, count = effort(network).dream
    x = whole(network, picture, effort(network).width)
    return deep_dream(network, x, layer, octaves=octaves, steps=count, rate=0.05, progress=False)


def style(network: Network, content: Array, example: Array, weight: float) -> Tensor:
    """Return a picture (H, W, 3) in the style of another, as large as the page can afford.

    First at half of the width, where a step costs a quarter; then at the whole width.
    """
    width, counts = effort(network).width, effort(network).style

    def transfer(part: int, steps: int, begin: Tensor | None = None) -> Tensor:
        x = whole(network, content, part)
        return style_transfer(
            network,
            x,
            whole(network, example, part),
            weight=weight,
            steps=steps,
            begin=None if begin is None else resized(begin, (x.shape[2], x.shape[3])),
            progress=False,
        ).x

    return transfer(width, counts[1], transfer(width // 2, counts[0]))


def style_source(network: Network) -> tuple[Array, str]:
    """Return the picture whose style the large style transfer takes, and what it is in words."""
    if demo.is_small(network):
        return demo.textures()["stripes"], "the drawn stripes"
    return (
        visualization_demo.photograph("immunohistochemistry"),
        "another photograph, of stained slices of tissue under a microscope",
    )


def liked(network: Network, layer: str, channels: Sequence[int]) -> Tensor:
    """Return pictures that channels of a layer like, shape (channels, 3, H, W)."""
    size, octaves, count = effort(network).filters
    return filter_ascent(
        network,
        layer,
        channels,
        size=size,
        octaves=octaves,
        steps=count,
        regularizers=effort(network).channels,
        progress=False,
    ).x


def as_in_photographs(network: Network) -> list[plots.Panel]:
    """Draw class models with octaves and waves as in photographs, in a row of their own.

    None for a network that has learned from drawn pictures.
    """
    settings = effort(network).classes
    if settings is None:
        return []
    octaves, count = settings
    made = class_model(
        network,
        demo.classes(network),
        octaves=octaves,
        steps=count,
        regularizers=PHOTOGRAPHIC,
        progress=False,
    ).x.split(1)
    return [plots.new_row()] + [
        demo.with_contrast(x, network.classes[k], f"{demo.score(network, x, k):.1f}", 175)
        for k, x in zip(demo.classes(network), made, strict=True)
    ]
