"""A convolutional layer in NumPy in three plain ways: loops, windows, im2col.

All compute the same as ``conv2d_forward`` in ``convolution.py``, with the same arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from solutions.arrays import Array
from solutions.training.convolution import output_size
from solutions.training.tasks.im2col import im2col


def conv2d_loops(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Convolutional layer as the definition has it: one dot product at a time."""
    rows, columns = output_size(x, w, stride, padding)
    padded = _padded(x, padding)
    out = np.empty((len(x), len(w), rows, columns), dtype=np.result_type(x, w))
    for n in range(len(x)):
        for f in range(len(w)):
            for i in range(rows):
                for j in range(columns):
                    top, left = i * stride, j * stride
                    window = padded[n, :, top : top + w.shape[2], left : left + w.shape[3]]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out


def conv2d_windows(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Convolutional layer as a sum over a view that holds all windows."""
    output_size(x, w, stride, padding)
    views: Any = sliding_window_view
    windows = views(_padded(x, padding), w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    out: Array = np.tensordot(windows, w, axes=((1, 4, 5), (1, 2, 3)))
    return np.ascontiguousarray((out + b).transpose(0, 3, 1, 2))


def conv2d_im2col(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Convolutional layer as one matrix product: all filters times all windows."""
    rows, columns = output_size(x, w, stride, padding)
    matrix = im2col(x, w.shape[2], w.shape[3], stride, padding)
    out = w.reshape(len(w), -1) @ matrix + b[:, np.newaxis]
    return np.ascontiguousarray(out.reshape(len(w), len(x), rows, columns).transpose(1, 0, 2, 3))


def _padded(x: Array, padding: int) -> Array:
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
