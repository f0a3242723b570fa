"""The convolution that the exercise hands out ready-made, as its cell has it."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from solutions.arrays import Array


def conv2d(x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0) -> Array:
    """Apply a convolutional layer: x (N, C, H, W), w (F, C, HH, WW), b (F,)."""
    framed = np.pad(x, [(0, 0), (0, 0), 2 * (padding,), 2 * (padding,)])
    windows = sliding_window_view(framed, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    maps: Array = np.einsum("nchwij,fcij->nfhw", windows, w, optimize=True)
    return maps + b[:, np.newaxis, np.newaxis]
