"""Demonstrations of the chapter "Filters": its pictures, its counts, its small experiments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from skimage import data

from solutions.filters.tasks.conv_parameters import conv_parameters
from solutions.filters.tasks.corner_map import corner_map
from solutions.filters.tasks.corr2d import corr2d
from solutions.filters.tasks.equivariance_error import equivariance_error
from solutions.networks import VGG16, Spec, layer_names
from solutions.pooling.tasks.network_shapes import network_shapes

Array: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]

VERTICAL_EDGE: Array = np.array([[1.0, 0.0, -1.0]] * 3)
"""Answers where it is lighter on the left than on the right."""

SOBEL: Array = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
"""The vertical edge with more weight on the middle row."""


def _layers(spec: Spec, kind: str) -> tuple[tuple[str, int, int], ...]:
    """Return name, depth of the input and depth of the output of all layers of a kind."""
    depths = [shape[0] for shape in network_shapes(spec)]
    return tuple(
        (name, depths[index - 1], depths[index])
        for index, (name, layer) in enumerate(zip(layer_names(spec), spec, strict=True))
        if layer["kind"] == kind
    )


VGG16_CONVOLUTIONS: tuple[tuple[str, int, int], ...] = _layers(VGG16, "conv")
"""Name, channels and filters of the convolutional layers of VGG16; every filter is 3 x 3."""

VGG16_DENSE: tuple[tuple[str, int, int], ...] = _layers(VGG16, "linear")
"""Name, inputs and units of the dense layers of VGG16."""


def dense_parameters(inputs: int, units: int) -> int:
    """Return how many numbers a dense layer learns: one weight per input and unit, and biases."""
    return inputs * units + units


def vgg16_parameters() -> dict[str, int]:
    """Return the number of parameters of every layer of VGG16 that learns, by its name."""
    counts = {
        name: conv_parameters(channels, filters, 3, 3)
        for name, channels, filters in VGG16_CONVOLUTIONS
    }
    counts.update((name, dense_parameters(inputs, units)) for name, inputs, units in VGG16_DENSE)
    return counts


def photograph(name: str, shrink: int = 1) -> Array:
    """Return a photograph that scikit-image brings along, with values from 0 to 255.

    shrink: side of the square of pixels that is averaged into one.
    Returns shape (H, W) or (H, W, 3).
    """
    pixels = np.asarray(getattr(data, name)(), dtype=float)
    height, width = (side // shrink * shrink for side in pixels.shape[:2])
    blocks = pixels[:height, :width].reshape(
        height // shrink, shrink, width // shrink, shrink, *pixels.shape[2:]
    )
    averaged: Array = blocks.mean(axis=(1, 3))
    return averaged


def plus_sign(row: int, column: int, size: int = 7) -> Array:
    """Draw a plus sign of five lit pixels, centered at (row, column), in a dark square picture."""
    x = np.zeros((size, size))
    x[row - 1 : row + 2, column] = 1
    x[row, column - 1 : column + 2] = 1
    return x


def light_dark(light: float = 10.0, dark: float = 0.0) -> Array:
    """Draw a 6 x 6 picture, light in its left half and dark in its right half."""
    x = np.full((6, 6), dark)
    x[:, :3] = light
    return x


def square_and_diamond() -> Array:
    """Draw a light square and a light diamond side by side on a dark ground, 15 x 30."""
    x = np.zeros((15, 30))
    x[4:11, 4:11] = 1
    rows, columns = np.indices(x.shape)
    x[np.abs(rows - 7) + np.abs(columns - 22) <= 5] = 1
    return x


def bar_responses(width: int = 9, height: int = 5) -> tuple[Array, Array]:
    """Move a bar of light through the field of a model simple cell and a model complex cell.

    The simple cell is one filter of columns -1, 2, -1 in the middle of the field, followed by
    ReLU. The complex cell takes the largest answer of such cells at all positions.
    Returns both answers for every column of the bar, each of shape (width,).
    """
    cell = np.tile([-1.0, 2.0, -1.0], (height, 1))
    simple, complex_ = np.zeros(width), np.zeros(width)
    for column in range(width):
        field = np.zeros((height, width))
        field[:, column] = 1
        answers = np.maximum(corr2d(field, cell), 0)[0]
        simple[column] = answers[len(answers) // 2]
        complex_[column] = answers.max()
    return simple, complex_


def corner_unit(x: Array, w1: Array, w2: Array, bias: float) -> Array:
    """Combine two edge maps as a second layer would: add them, add a bias, apply ReLU.

    x: picture, shape (H, W).
    w1, w2: edge filters of the same shape (HH, WW).
    bias: how much the sum has to exceed, as a negative number.
    Returns shape (H - HH + 1, W - WW + 1).
    """
    edges = np.maximum(corr2d(x, w1), 0) + np.maximum(corr2d(x, w2), 0)
    above: Array = np.maximum(edges + bias, 0)
    return above


def peaks(values: Array, least: float, reach: int = 3) -> list[tuple[int, int]]:
    """Find the positions whose value is the largest of its neighborhood.

    values: map, shape (H, W).
    least: smaller values do not count.
    reach: how far the neighborhood goes to each side, in pixels.
    Returns (row, column) pairs.
    """
    places = []
    for i, j in np.argwhere(values >= least).tolist():
        around = values[max(0, i - reach) : i + reach + 1, max(0, j - reach) : j + reach + 1]
        if values[i, j] == around.max():
            places.append((i, j))
    return places


def red_green() -> Array:
    """Draw a 6 x 6 color picture, red on the left and green on the right, shape (3, 6, 6).

    Both halves have the same mean over the three channels.
    """
    x = np.zeros((3, 6, 6))
    x[0, :, :3] = 10
    x[1, :, 3:] = 10
    return x


def color_filters() -> Array:
    """Return three filters for a color picture, shape (3, 3, 3, 3), in whole numbers.

    The first answers to vertical edges in the sum of the channels, the second to horizontal
    ones, the third where there is more red than the mean of green and blue.
    """
    spot = np.ones((3, 3))
    return np.stack(
        [
            np.stack([VERTICAL_EDGE] * 3),
            np.stack([np.rot90(VERTICAL_EDGE, -1)] * 3),
            np.stack([2 * spot, -spot, -spot]),
        ]
    )


def zero_padded(x: Array, w: Array) -> Array:
    """Slide the filter w, of odd size, over x with a border of zeros; the size stays (H, W)."""
    rows, columns = (side // 2 for side in w.shape)
    return corr2d(np.pad(x, ((rows, rows), (columns, columns))), w)


def random_dense_layer(side: int, seed: int) -> Callable[[Array], Array]:
    """Return a dense layer with random weights, from a (side, side) picture to a map of that size.

    The weights have mean 0 and standard deviation 1 / side.
    """
    weights = np.random.default_rng(seed).standard_normal((side * side, side * side)) / side

    def layer(x: Array) -> Array:
        answers: Array = weights @ x.ravel()
        return answers.reshape(side, side)

    return layer


def equivariance_errors(x: Array, dy: int, dx: int) -> dict[str, float]:
    """Measure how far some maps of the square picture x are from following a shift.

    dy, dx: the shift downward and to the right, in pixels.
    """
    horizontal_edge = np.rot90(VERTICAL_EDGE, -1)
    maps: dict[str, Callable[[Array], Array]] = {
        "edge filter": lambda p: corr2d(p, VERTICAL_EDGE),
        "edge filter, then ReLU": lambda p: np.maximum(corr2d(p, VERTICAL_EDGE), 0),
        "corner map": lambda p: corner_map(p, VERTICAL_EDGE, horizontal_edge),
        "edge filter with zeros around the picture": lambda p: zero_padded(p, VERTICAL_EDGE),
        "dense layer with random weights": random_dense_layer(x.shape[0], seed=0),
    }
    return {name: equivariance_error(f, x, dy, dx) for name, f in maps.items()}


def subsampling_error(x: Array, dx: int) -> float:
    """Measure how far "every second response" is from following a shift to the right.

    x: picture; dx: the shift in pixels.
    Returns the largest difference between the map of the shifted picture and the best shifted
    map of the picture, without two columns at either side.
    """

    def every_second(p: Array) -> Array:
        return corr2d(p, VERTICAL_EDGE)[::2, ::2]

    shift_first = every_second(np.roll(x, dx, axis=1))
    unshifted = every_second(x)
    return min(
        float(np.abs(shift_first - np.roll(unshifted, step, axis=1))[:, 2:-2].max())
        for step in range(-2, 3)
    )


def standardized(x: Array) -> Array:
    """Return x with mean 0 and standard deviation 1."""
    scaled: Array = (x - x.mean()) / x.std()
    return scaled


def learn_filter(
    x: Array, target: Array, w: Array, steps: int, rate: float
) -> tuple[Array, list[float]]:
    """Learn a filter from one picture and the response map it should have, by gradient descent.

    x: picture, shape (H, W).
    target: wanted response map.
    w: filter to start from; it is not changed.
    steps, rate: number of steps and their size.
    Returns the learned filter and the mean squared error before every step and after the last.
    """
    w = w.copy()
    losses = []
    for _ in range(steps):
        error = corr2d(x, w) - target
        losses.append(float(np.mean(error**2)))
        gradient = 2 / error.size * corr2d(x, error)
        w -= rate * gradient
    losses.append(float(np.mean((corr2d(x, w) - target) ** 2)))
    return w, losses
