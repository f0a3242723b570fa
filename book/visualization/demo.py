"""Demonstrations of the chapter "What a trained network sees": its network and its pictures."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from skimage import data
from torch import Tensor, nn

from laboratory import chosen_network, drawn_pictures, own_picture
from laboratory.activations import Filters, filters
from laboratory.layers import chain
from laboratory.networks import Network, load_network
from solutions.padding_stride.tasks.receptive_field import receptive_field

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

SEED = 1966
"""Seed of the drawn pictures on these pages; no network was trained on them."""

PHOTOGRAPHS = ("chelsea", "coffee", "rocket", "astronaut")
"""Photographs of scikit-image that stand in for drawn pictures where the network is VGG16."""


@dataclass(frozen=True)
class Example:
    """A picture on its way into a network.

    picture: as a reader sees it, shape (H, W, 3), from 0 to 1.
    x: as the network gets it, shape (1, 3, H, W).
    target: the class that is asked about; label: its name.
    mask: where the object is, shape (H, W); None for a photograph.
    """

    picture: Array
    x: Tensor
    target: int
    label: str
    mask: Array | None


@functools.cache
def network() -> Network:
    """Return the network that these pages show; see ``laboratory.chosen_network``."""
    return chosen_network.chosen_network()


@functools.cache
def small_network() -> Network:
    """Return the course's small VGG."""
    return chosen_network.small_network()


def networks() -> str:
    """Return which networks these pages show, for the one sentence that says it on each page."""
    small = small_network().caption
    if network().name == small_network().name:
        return small
    return f"{network().caption} Live figures and measurements on drawn pictures: {small}"


def alexnet_filters() -> Filters | None:
    """Return the filters of AlexNet's first layer, or None if its weights are not here."""
    if not chosen_network.available("alexnet"):
        return None
    return filters(load_network("alexnet").model, "conv1")


def drawn(count: int, first: int = 0) -> drawn_pictures.Pictures:
    """Return drawn pictures number ``first`` and following."""
    return drawn_pictures.draw(count, seed=SEED, first=first)


def inputs(pictures: drawn_pictures.Pictures, net: Network) -> tuple[Tensor, Tensor, Tensor]:
    """Return normalized pictures (N, 3, H, W), labels (N,) and masks (N, H, W) for a network."""
    images = torch.from_numpy(pictures.images).to(net.device).float() / 255
    labels, masks = torch.from_numpy(pictures.labels), torch.from_numpy(pictures.masks)
    return net.normalize(images), labels.to(net.device), masks.to(net.device)


def example(net: Network, number: int = 0) -> Example:
    """Return picture ``number`` for a network: drawn for the small VGG, else a photograph.

    The class asked about is the drawn object's, or the one that the network thinks likeliest.
    Photograph 0 is the reader's own picture, where one is given.
    """
    if net.classes == drawn_pictures.CLASSES:
        pictures = drawn(1, number)
        x, labels, masks = inputs(pictures, net)
        target = int(labels[0])
        return Example(_colors(net, x), x, target, net.classes[target], masks[0].cpu().numpy())
    x = net.prepare(example_photograph(number))
    with torch.inference_mode():
        target = int(net.model(x).argmax())
    return Example(_colors(net, x), x, target, net.classes[target], None)


def photograph(name: str) -> Array:
    """Return a photograph of ``skimage.data`` by its name, shape (H, W, 3) or (H, W), uint8."""
    pictures: Array | tuple[Array, ...] = getattr(data, name)()
    return pictures[0] if isinstance(pictures, tuple) else pictures  # the left one of a stereo pair


def example_photograph(number: int) -> Array:
    """Return photograph ``number`` of ``PHOTOGRAPHS``; as number 0 the reader's own, if given."""
    name = PHOTOGRAPHS[number % len(PHOTOGRAPHS)]
    return photograph(name) if number else own_or(name)


def own_or(name: str) -> Array:
    """Return the reader's own picture where one is given (``PICTURE``), else a photograph."""
    own = own_picture.own_picture()
    return photograph(name) if own is None else own


def prepared(net: Network, picture: Array, side: int) -> Tensor:
    """Return the middle of a picture (H, W, 3) or (H, W), normalized, shape (1, 3, side, side)."""
    return replace(net, size=side, resize=side).prepare(picture)


def receptive_field_of(net: Network, layer: str) -> tuple[int, int, int]:
    """Return what a layer's units see along one axis: see the task ``receptive_field``."""
    windows = []
    for step in chain(net.model):
        if isinstance(module := step.module, nn.Conv2d | nn.MaxPool2d):
            kernel, stride, padding = module.kernel_size, module.stride, module.padding
            windows.append((_first(kernel), _first(stride), _first(padding)))
        if step.name == layer:
            break
    return receptive_field(windows)


def _first(setting: int | str | tuple[int, ...]) -> int:
    return int(setting[0] if isinstance(setting, tuple) else setting)


def _colors(net: Network, x: Tensor) -> Array:
    colors: Array = net.unnormalize(x)[0].permute(1, 2, 0).cpu().numpy()
    return colors
