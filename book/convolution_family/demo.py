"""Demonstrations of the page "Convolution's family"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from book import plots
from laboratory.drawn_pictures import draw
from solutions.arrays import Array
from solutions.backprop.tasks.conv2d_backward import conv2d_backward
from solutions.convolution_family.tasks.conv_transpose2d import conv_transpose2d
from solutions.padding_stride.tasks.conv2d_forward_fast import conv2d_forward_fast

SEED = 2016
"""Of the drawn pictures on the chapter's pages."""

ROW = np.array([[1.0, 2, 1]]) / 4
BLUR = ROW.T @ ROW
"""The smallest blur that Zhang (2019) uses: 1, 2, 1 along each axis."""


def color_picture() -> Array:
    """Return a drawn picture, shape (3, H, W), from 0 to 1."""
    picture: Array = draw(6, seed=SEED).images[5] / 255
    return picture


def connections(channels: int, filters: int, groups: int) -> Array:
    """Return which filter (row) reads which channel (column) in a grouped layer, as 1 and 0.

    Raises ValueError if the groups do not divide both numbers.
    """
    if channels % groups or filters % groups:
        raise ValueError(f"{groups} groups divide {channels} channels and {filters} filters badly.")
    return np.kron(np.eye(groups), np.ones((filters // groups, channels // groups)))


def grouped_weights(channels: int, filters: int, size: int, groups: int) -> int:
    """Return how many weights a grouped layer of ``size`` x ``size`` has, without biases."""
    return int(connections(channels, filters, groups).sum()) * size**2


def paths(dilations: Sequence[int], kernel: int = 3) -> Array:
    """Return on how many paths each pixel of a row reaches a unit above layers with holes.

    dilations: of the layers, each with filters of ``kernel`` elements. Shape (field,).
    """
    counts = np.ones(1, dtype=int)
    for dilation in dilations:
        holes = np.zeros((kernel - 1) * dilation + 1, dtype=int)
        holes[::dilation] = 1
        counts = np.convolve(counts, holes)
    return counts


def as_matrix(w: Array, size: int, stride: int) -> Array:
    """Return the convolution of a row of ``size`` pixels with a filter (K,) as a matrix."""
    units = np.eye(size)[:, None, None]  # each pixel alone
    rows = conv2d_forward_fast(units, w[None, None, None], np.zeros(1), stride, 0)
    return rows[:, 0, 0].T


def with_zeros_between(y: Array, stride: int) -> Array:
    """Return maps (H, W) with ``stride - 1`` zeros between each two numbers."""
    spread = np.zeros([(side - 1) * stride + 1 for side in y.shape])
    spread[::stride, ::stride] = y
    return spread


def input_gradient(y: Array, w: Array, shape: Sequence[int], stride: int, padding: int) -> Array:
    """Return the convolution's ``dx`` for the upstream gradient y, as the students compute it."""
    dx, _, _ = conv2d_backward(y, np.zeros(shape), w, stride, padding)
    return dx


def mean_squares_by_phase(kernel: int, stride: int, filters: int, seed: int) -> Array:
    """Return how strong a transposed convolution answers a flat map, at each phase of the stride.

    The filters are random, with mean 0 and variance 1. Returns the mean square over all of them at
    each pixel of one period far from the border, shape (stride, stride).
    """
    w = np.random.default_rng(seed).standard_normal((1, filters, kernel, kernel))
    out = conv_transpose2d(np.ones((1, 1, 9, 9)), w, stride, 0)[0]
    inside = out[:, 4 * stride : 5 * stride, 4 * stride : 5 * stride]
    squares: Array = np.mean(inside**2, axis=0)
    return squares


def unevenness(picture: Array) -> float:
    """Return the standard deviation of a picture (..., H, W) far from its border, over its mean."""
    inside = picture[..., 6:-6, 6:-6]
    return float(inside.std() / abs(inside.mean()))


def nearest(x: Array, factor: int) -> Array:
    """Return images (N, C, H, W) with each pixel repeated ``factor`` times along both axes."""
    return x.repeat(factor, axis=2).repeat(factor, axis=3)


def max_pooled(row: Array, size: int, stride: int) -> Array:
    """Return the maxima of the windows of a row that goes on periodically."""
    shifted = np.stack([np.roll(row, -step) for step in range(size)])
    maxima: Array = shifted.max(axis=0)[::stride]
    return maxima


def blurred(row: Array) -> Array:
    """Return a row, blurred with 1, 2, 1 over 4, as if it went on periodically."""
    return (np.roll(row, 1) + 2 * row + np.roll(row, -1)) / 4


def rows_panel(rows: dict[str, Array], decimals: int = 2) -> list[plots.Panel]:
    """Return a panel of numbers for each of some rows."""
    return [
        plots.numbers(row[None], title, signed=True, limit=1.5, decimals=decimals, cell=34)
        for title, row in rows.items()
    ]
