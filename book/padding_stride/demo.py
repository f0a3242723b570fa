"""Demonstrations of the chapter "Padding and stride": counts, frames, fields, small networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

from autograder.torch_threads import one_thread
from book.filters.demo import VGG16_CONVOLUTIONS
from solutions.padding_stride.tasks.output_size import output_size
from solutions.padding_stride.tasks.receptive_field import Layer, receptive_field

Array: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]
Counts: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

PADDINGS: dict[str, str] = {
    "zeros": "constant",
    "the border repeated": "edge",
    "a mirror": "reflect",
    "wrapped around": "wrap",
}
"""Ways to continue a picture beyond its border, by the name that NumPy's `pad` gives them."""

VISIBLE_SHARE = 0.0455
"""Pixels count as part of an effective field from this share of its largest value on.

It is 1 - 0.9545, as in Luo et al. (2016).
"""


def visits(
    height: int, width: int, kernel: int, stride: int, padding: int, dilation: int = 1
) -> Counts:
    """Count how many windows read each pixel of a picture.

    height, width: size of the picture.
    kernel, stride, padding, dilation: of a square filter, the same for both axes.
    Returns shape (height, width).
    """
    counts = np.zeros((height + 2 * padding, width + 2 * padding), dtype=np.int64)
    reach = dilation * (kernel - 1) + 1
    for i in range(output_size(height, kernel, stride, padding, dilation)):
        for j in range(output_size(width, kernel, stride, padding, dilation)):
            top, left = i * stride, j * stride
            counts[top : top + reach : dilation, left : left + reach : dilation] += 1
    return counts[padding : padding + height, padding : padding + width]


def framed(x: Array, padding: int) -> dict[str, Array]:
    """Return the picture x, continued by `padding` pixels on each side in every way of PADDINGS."""
    return {name: np.pad(x, padding, mode=mode) for name, mode in PADDINGS.items()}  # type: ignore[call-overload]


def vgg16_layers() -> list[tuple[str, Layer]]:
    """Return name and (kernel, stride, padding) of VGG16's convolution and pooling layers."""
    layers: list[tuple[str, Layer]] = []
    for name, _, _ in VGG16_CONVOLUTIONS:
        block = name[len("conv")]
        if layers and layers[-1][0][len("conv")] != block:
            layers.append((f"pool{layers[-1][0][len('conv')]}", (2, 2, 0)))
        layers.append((name, (3, 1, 1)))
    layers.append((f"pool{block}", (2, 2, 0)))
    return layers


def vgg16_fields(pixels: int = 224) -> list[tuple[str, int, int, int, int]]:
    """Return (name, units per axis, size, jump, start) for every layer of VGG16.

    pixels: height and width of the picture.
    """
    rows, below = [], pixels
    layers = vgg16_layers()
    for depth, (name, (kernel, stride, padding)) in enumerate(layers, 1):
        below = output_size(below, kernel, stride, padding)
        size, jump, start = receptive_field([layer for _, layer in layers[:depth]])
        rows.append((name, below, size, jump, start))
    return rows


def seen_by(x: Array, layers: Sequence[Layer], row: int, column: int) -> Array:
    """Return what a unit on top of the layers sees of the picture x; beyond the border are zeros.

    layers: (kernel, stride, padding) of every layer, from the input upward.
    row, column: of all units, the one is taken whose field has its middle nearest to this pixel.
    Returns a square as large as the receptive field.
    """
    size, jump, start = receptive_field(layers)
    corner = []
    for place, units in zip((row, column), x.shape, strict=True):
        for kernel, stride, padding in layers:
            units = output_size(units, kernel, stride, padding)
        nearest = round((place - start - (size - 1) / 2) / jump)
        corner.append(min(max(nearest, 0), units - 1) * jump + start + size)
    top, left = corner
    return np.pad(x, size)[top : top + size, left : left + size]


def paths(depth: int, kernel: int = 3) -> Counts:
    """Count on how many paths each pixel of a row reaches a unit above `depth` layers, stride 1."""
    counts = np.ones(1, dtype=np.int64)
    for _ in range(depth):
        counts = np.convolve(counts, np.ones(kernel, dtype=np.int64))
    return counts


def spread(shares: Sequence[float] | Array) -> float:
    """Return the standard deviation of a position in pixels, given the share of every pixel."""
    weights = np.asarray(shares, dtype=float)
    places = np.arange(len(weights))
    mean = np.average(places, weights=weights)
    return float(np.sqrt(np.average((places - mean) ** 2, weights=weights)))


def seconds(function: Callable[..., Any], *arguments: Any, times: int = 3) -> float:
    """Return the shortest time that a call took, of several."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        function(*arguments)
        taken.append(time.perf_counter() - begin)
    return min(taken)


# Networks whose fields are measured

DEPTH = 8
MAPS = 8
RADIUS = DEPTH
"""Eight layers of 3 x 3 without padding see 8 pixels in each direction."""

LIGHT = 0.1
"""The share of light pixels in the pictures of dots."""


def deep_network(seed: int) -> torch.nn.Sequential:
    """Return eight layers of 3 x 3 with ReLU between them, random weights, no bias at first.

    The weights have the variance that keeps the size of the signal (He et al., 2015).
    """
    torch.manual_seed(seed)
    parts: list[torch.nn.Module] = []
    for depth in range(DEPTH):
        layer = torch.nn.Conv2d(1 if depth == 0 else MAPS, 1 if depth == DEPTH - 1 else MAPS, 3)
        torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        torch.nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        parts += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*parts[:-1])


def dots(count: int, side: int, seed: int) -> torch.Tensor:
    """Draw pictures of light dots at random places, with mean 0 and standard deviation 1.

    Returns shape (count, 1, side, side).
    """
    generator = torch.Generator().manual_seed(seed)
    light = (torch.rand((count, 1, side, side), generator=generator) < LIGHT).float()
    spread: float = np.sqrt(LIGHT * (1 - LIGHT))
    return (light - LIGHT) / spread


def disk() -> Array:
    """Return the pixels that are at most RADIUS pixels away from the middle, as ones."""
    rows, columns = np.indices((2 * RADIUS + 1, 2 * RADIUS + 1)) - RADIUS
    return (rows**2 + columns**2 <= RADIUS**2).astype(float)


@one_thread()
def train_to_count(network: torch.nn.Sequential, steps: int = 300) -> list[float]:
    """Teach a network to count the dots that are at most RADIUS pixels away.

    network: what `deep_network` returns; it is changed.
    Returns the loss of every step: the mean squared error in units of the counts' variance.
    """
    window = torch.tensor(disk(), dtype=torch.float32)[None, None]
    optimizer = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    losses = []
    for step in range(steps):
        pictures = dots(8, 4 * RADIUS + 1, seed=1000 + step)
        counts = torch.nn.functional.conv2d(pictures, window) / window.sum().sqrt()
        loss = torch.nn.functional.mse_loss(network(pictures), counts)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


@one_thread()
def gradient_field(network: torch.nn.Module, pictures: torch.Tensor) -> Array:
    """Return the mean absolute gradient of the network's only unit, pixel by pixel.

    pictures: shape (N, 1, H, W), as large as the unit's theoretical field.
    Returns shape (H, W). One backward pass gives what nudging every pixel would give.
    """
    pixels = pictures.clone().requires_grad_(True)
    answers = network(pixels)
    if answers.shape[1:] != (1, 1, 1):
        raise ValueError(f"one unit per picture is needed, not {tuple(answers.shape[1:])}")
    (gradient,) = torch.autograd.grad(answers.sum(), pixels)
    mean: Array = gradient[:, 0].abs().mean(dim=0).double().numpy()
    return mean


def effective_size(field: Array) -> float:
    """Return the side of a square with as many pixels as the field has above VISIBLE_SHARE."""
    return float(np.sqrt(np.sum(field > VISIBLE_SHARE * field.max())))


def middle_share(field: Array, side: int = 5) -> float:
    """Return which share of the influence the side x side pixels in the middle have."""
    top, left = ((length - side) // 2 for length in field.shape)
    return float(field[top : top + side, left : left + side].sum() / field.sum())
