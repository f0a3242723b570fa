"""Reference solutions of the exercise "filters".

Plain NumPy, written to be read: the loops follow the definitions. Shapes: pictures (H, W),
batches (N, C, H, W), filters (F, C, HH, WW). Faster versions stand in ``alternatives.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]


def corr2d(x: Array, w: Array) -> Array:
    """Slide the filter w over the picture x and return the dot product at every position.

    x: picture, shape (H, W).
    w: filter, shape (HH, WW), no larger than x.
    Returns the response map, shape (H - HH + 1, W - WW + 1). This is cross-correlation:
    the filter is not flipped.
    """
    ### BEGIN SOLUTION
    rows = x.shape[0] - w.shape[0] + 1
    columns = x.shape[1] - w.shape[1] + 1
    response = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[i : i + w.shape[0], j : j + w.shape[1]]
            response[i, j] = np.sum(window * w)
    return response
    ### END SOLUTION


def convolve2d(x: Array, w: Array) -> Array:
    """Return the true convolution of the picture x with the filter w.

    x: picture, shape (H, W).
    w: filter, shape (HH, WW), no larger than x.
    Returns the convolution where the filter fits, shape (H - HH + 1, W - WW + 1).
    """
    ### BEGIN SOLUTION
    return corr2d(x, w[::-1, ::-1])
    ### END SOLUTION


def edge_bank(x: Array, w: Array) -> Array:
    """Return the responses of the picture x to the filter w in four orientations.

    x: picture, shape (H, W).
    w: square filter, shape (K, K).
    Returns shape (4, H - K + 1, W - K + 1): first w as it is, then turned counterclockwise
    by 90, 180 and 270 degrees.
    """
    ### BEGIN SOLUTION
    return np.stack([corr2d(x, np.rot90(w, turns)) for turns in range(4)])
    ### END SOLUTION


def corner_map(x: Array, w1: Array, w2: Array) -> Array:
    """Mark the places where the picture x answers to both edge filters w1 and w2.

    x: picture, shape (H, W).
    w1, w2: filters of the same shape (HH, WW).
    Returns shape (H - HH + 1, W - WW + 1): at each position the smaller of the two
    responses, after ReLU has set the negative ones to zero.
    """
    ### BEGIN SOLUTION
    first = np.maximum(corr2d(x, w1), 0)
    second = np.maximum(corr2d(x, w2), 0)
    return np.minimum(first, second)
    ### END SOLUTION


def conv2d(x: Array, w: Array, b: Array) -> Array:
    """Apply a convolutional layer, without padding and with stride 1.

    x: batch of images, shape (N, C, H, W).
    w: filters, shape (F, C, HH, WW); each has the depth C of the input.
    b: biases, shape (F,), one number per filter.
    Returns the feature maps, shape (N, F, H - HH + 1, W - WW + 1).
    """
    ### BEGIN SOLUTION
    images, channels, height, width = x.shape
    filters, _, filter_height, filter_width = w.shape
    out = np.zeros((images, filters, height - filter_height + 1, width - filter_width + 1))
    for n in range(images):
        for f in range(filters):
            for c in range(channels):
                out[n, f] += corr2d(x[n, c], w[f, c])
            out[n, f] += b[f]
    return out
    ### END SOLUTION


def conv_parameters(channels: int, filters: int, height: int, width: int) -> int:
    """Return how many numbers a convolutional layer learns, biases included.

    channels: channels C of the input.
    filters: number of filters F.
    height, width: size of each filter, HH and WW.
    """
    ### BEGIN SOLUTION
    return filters * (channels * height * width + 1)
    ### END SOLUTION


def equivariance_error(f: Callable[[Array], Array], x: Array, dy: int, dx: int) -> float:
    """Return how far f is from commuting with a shift of the picture x.

    f: function from a picture to a map, such as a filter.
    x: picture, shape (H, W).
    dy, dx: shift downward and to the right, in pixels, both >= 0. Pixels that leave
    the picture come back on the other side (np.roll).
    Returns the largest absolute difference between "shift, then f" and "f, then shift",
    without the first dy rows and the first dx columns of the map, where the pixels that
    came back may show.
    """
    ### BEGIN SOLUTION
    shift_first = f(np.roll(x, (dy, dx), axis=(0, 1)))
    shift_last = np.roll(f(x), (dy, dx), axis=(0, 1))
    difference = np.abs(shift_first - shift_last)[dy:, dx:]
    return float(difference.max())
    ### END SOLUTION
