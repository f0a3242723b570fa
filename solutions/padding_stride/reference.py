"""Reference solutions of the exercise "padding and stride".

Plain NumPy, written to be read: the loops follow the definitions. Shapes: batches (N, C, H, W),
filters (F, C, HH, WW), output (N, F, H', W'). Stride and padding are the same for both axes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]
Layer: TypeAlias = tuple[int, int, int]


def output_size(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """Return how many positions a filter has along one axis.

    size: pixels of the input along this axis.
    kernel: elements of the filter along this axis.
    stride: pixels from one position to the next.
    padding: zeros added at each of the two ends.
    dilation: pixels from one element of the filter to the next; 1 means no holes.
    Returns the number of positions at which the filter lies wholly inside the padded input;
    0 if there is none.
    """
    ### BEGIN SOLUTION
    reach = dilation * (kernel - 1) + 1
    room = size + 2 * padding - reach
    if room < 0:
        return 0
    return room // stride + 1
    ### END SOLUTION


def pad2d(x: Array, padding: int) -> Array:
    """Surround every channel of every image with zeros.

    x: batch of images, shape (N, C, H, W).
    padding: how many rows or columns of zeros on each of the four sides, 0 or more.
    Returns shape (N, C, H + 2 * padding, W + 2 * padding).
    """
    ### BEGIN SOLUTION
    images, channels, height, width = x.shape
    padded = np.zeros((images, channels, height + 2 * padding, width + 2 * padding))
    padded[:, :, padding : padding + height, padding : padding + width] = x
    return padded
    ### END SOLUTION


def conv2d_forward(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Apply a convolutional layer with stride and zero padding.

    x: batch of images, shape (N, C, H, W).
    w: filters, shape (F, C, HH, WW).
    b: biases, shape (F,).
    stride: step of the window, in pixels, downward and to the right.
    padding: rows and columns of zeros on each side.
    Returns shape (N, F, H', W'); H' and W' are what `output_size` gives for either axis.
    """
    ### BEGIN SOLUTION
    images, _, height, width = x.shape
    filters, _, filter_height, filter_width = w.shape
    rows = output_size(height, filter_height, stride, padding)
    columns = output_size(width, filter_width, stride, padding)
    padded = pad2d(x, padding)
    out = np.zeros((images, filters, rows, columns))
    for n in range(images):
        for f in range(filters):
            for i in range(rows):
                for j in range(columns):
                    top, left = i * stride, j * stride
                    window = padded[n, :, top : top + filter_height, left : left + filter_width]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out
    ### END SOLUTION


def conv2d_forward_fast(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Do what `conv2d_forward` does, without a Python loop over images, filters or positions.

    x: batch of images, shape (N, C, H, W).
    w: filters, shape (F, C, HH, WW).
    b: biases, shape (F,).
    stride: step of the window, in pixels, downward and to the right.
    padding: rows and columns of zeros on each side.
    Returns shape (N, F, H', W').
    """
    ### BEGIN SOLUTION
    padded = pad2d(x, padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    sums = np.tensordot(windows, w, axes=([1, 4, 5], [1, 2, 3]))
    return sums.transpose(0, 3, 1, 2) + b[:, np.newaxis, np.newaxis]
    ### END SOLUTION


def receptive_field(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Return which pixels a unit of the last layer can see, along one axis.

    layers: (kernel, stride, padding) of every layer, from the input upward.
    Returns (size, jump, start): the field is `size` pixels long; the fields of neighboring
    units lie `jump` pixels apart; the field of unit 0 begins at pixel `start`, which is
    negative if it begins in the padding.
    """
    ### BEGIN SOLUTION
    size, jump, start = 1, 1, 0
    for kernel, stride, padding in layers:
        start -= padding * jump
        size += (kernel - 1) * jump
        jump *= stride
    return size, jump, start
    ### END SOLUTION


def effective_receptive_field(
    f: Callable[[Array], Array], x: Array, i: int, j: int, h: float
) -> Array:
    """Measure how strongly each pixel of the picture x moves one unit of the map f(x).

    f: function from a picture to a map, such as a network.
    x: picture, shape (H, W).
    i, j: row and column of the unit in the map.
    h: how far a pixel is nudged, above 0.
    Returns shape (H, W): for every pixel, the absolute difference between the unit's values
    with this pixel raised by h and with it lowered by h, divided by 2 * h.
    """
    ### BEGIN SOLUTION
    field = np.zeros(x.shape)
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            nudge = np.zeros(x.shape)
            nudge[row, column] = h
            change = f(x + nudge)[i, j] - f(x - nudge)[i, j]
            field[row, column] = abs(change) / (2 * h)
    return field
    ### END SOLUTION
