"""Demonstrations of the chapter "What a trained network sees": its network and its pictures."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from skimage import data
from torch import Tensor

from laboratory import drawn_pictures
from laboratory.activations import Filters, filters
from laboratory.networks import Network, WeightsMissingError, load_network

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
    """Return VGG16 if its weights are on this machine, else the course's own small VGG."""
    try:
        return load_network("vgg16", download=False, fallback=False)
    except WeightsMissingError:
        return small_network()


@functools.cache
def small_network() -> Network:
    """Return the small VGG that has seen noise on its pictures, as SmoothGrad will show it."""
    return load_network("small_vgg_noise")


def alexnet_filters() -> Filters | None:
    """Return the filters of AlexNet's first layer, or None if its weights are not here."""
    try:
        alexnet = load_network("alexnet", download=False, fallback=False)
    except WeightsMissingError:
        return None
    return filters(alexnet.model, "conv1")


def drawn(count: int, first: int = 0) -> drawn_pictures.Pictures:
    """Return drawn pictures number ``first`` and following."""
    return drawn_pictures.draw(count, seed=SEED, first=first)


def inputs(pictures: drawn_pictures.Pictures, net: Network) -> tuple[Tensor, Tensor, Tensor]:
    """Return normalized pictures (N, 3, H, W), labels (N,) and masks (N, H, W) for a network."""
    images = torch.from_numpy(pictures.images).float() / 255
    return (
        net.normalize(images),
        torch.from_numpy(pictures.labels),
        torch.from_numpy(pictures.masks),
    )


def example(net: Network, number: int = 0) -> Example:
    """Return picture ``number`` for a network: drawn for the small VGG, else a photograph.

    The class asked about is the drawn object's, or the one that the network thinks likeliest.
    """
    if net.classes == drawn_pictures.CLASSES:
        pictures = drawn(1, number)
        x, labels, masks = inputs(pictures, net)
        target = int(labels[0])
        return Example(_colors(net, x), x, target, net.classes[target], masks[0].numpy())
    x = net.prepare(getattr(data, PHOTOGRAPHS[number % len(PHOTOGRAPHS)])())
    with torch.inference_mode():
        target = int(net.model(x).argmax())
    return Example(_colors(net, x), x, target, net.classes[target], None)


def _colors(net: Network, x: Tensor) -> Array:
    colors: Array = net.unnormalize(x)[0].permute(1, 2, 0).numpy()
    return colors
