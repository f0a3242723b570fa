"""A convolutional layer without loops over positions, as both tasks about it accept it."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from solutions.arrays import Array
from solutions.padding_stride.tasks.output_size import output_size
from solutions.padding_stride.tasks.pad2d import pad2d


def empty_maps(x: Array, w: Array, stride: int, padding: int) -> Array:
    """Return zeros in the shape of the result."""
    rows = output_size(x.shape[2], w.shape[2], stride, padding)
    columns = output_size(x.shape[3], w.shape[3], stride, padding)
    return np.zeros((len(x), len(w), rows, columns))


def all_windows(x: Array, w: Array, stride: int, padding: int) -> Array:
    """Return all windows, shape (N, C, H', W', HH, WW)."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    return sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]


def conv2d_einsum(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Sum over a view that holds all windows."""
    windows = all_windows(x, w, stride, padding)
    result: Array = np.einsum("nchwij,fcij->nfhw", windows, w) + b[None, :, None, None]
    return result


def conv2d_matrix(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Lay the windows out as rows of a matrix (im2col) and multiply by the filters."""
    windows = all_windows(x, w, stride, padding)
    n, _, rows, columns = windows.shape[:4]
    matrix = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * rows * columns, -1)
    out = matrix @ w.reshape(len(w), -1).T + b
    result: Array = out.reshape(n, rows, columns, len(w)).transpose(0, 3, 1, 2)
    return result


def conv2d_index_arrays(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Gather the columns of im2col by arrays of indices."""
    n, f, rows, columns = empty_maps(x, w, stride, padding).shape
    row = stride * np.arange(rows)[:, None, None, None] + np.arange(w.shape[2])[:, None]
    column = stride * np.arange(columns)[:, None, None] + np.arange(w.shape[3])
    patches = pad2d(x, padding)[:, :, row, column]
    flat = np.moveaxis(patches, 1, 3).reshape(n, rows * columns, -1)
    result: Array = (w.reshape(f, -1) @ flat.swapaxes(1, 2)).reshape(n, f, rows, columns)
    return result + b.reshape(1, -1, 1, 1)


def conv2d_by_element(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Add shifted and thinned out copies, one for every position inside the filter."""
    out = empty_maps(x, w, stride, padding) + b[:, None, None]
    padded = pad2d(x, padding)
    last_row, last_column = stride * (out.shape[2] - 1), stride * (out.shape[3] - 1)
    for p, q in np.ndindex(*w.shape[2:]):
        shifted = padded[:, :, p : p + last_row + 1 : stride, q : q + last_column + 1 : stride]
        out += np.einsum("nchw,fc->nfhw", shifted, w[:, :, p, q])
    return out


def conv2d_strided(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Make the windows by hand from the strides of the array."""
    padded = pad2d(x, padding)
    _, _, rows, columns = empty_maps(x, w, stride, padding).shape
    s0, s1, s2, s3 = padded.strides
    shape = (len(x), x.shape[1], rows, columns, *w.shape[2:])
    windows = as_strided(padded, shape, (s0, s1, stride * s2, stride * s3, s2, s3))
    summed = np.tensordot(windows, w, axes=((1, 4, 5), (1, 2, 3))) + b
    return np.moveaxis(summed, -1, 1)


def conv2d_fourier(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Multiply in Fourier space; right up to rounding."""
    padded = pad2d(x, padding)
    size = padded.shape[2:]
    spectrum = np.einsum("nchw,fchw->nfhw", np.fft.rfft2(padded), np.conj(np.fft.rfft2(w, size)))
    rows, columns = size[0] - w.shape[2] + 1, size[1] - w.shape[3] + 1
    maps = np.fft.irfft2(spectrum, size)[:, :, :rows:stride, :columns:stride]
    result: Array = maps + b[None, :, None, None]
    return result


def conv2d_single_precision(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Compute in float32, as networks do."""
    x, w, b = (array.astype(np.float32) for array in (x, w, b))
    return conv2d_matrix(x, w, b, stride, padding)


WITHOUT_LOOPS = (
    conv2d_einsum,
    conv2d_matrix,
    conv2d_index_arrays,
    conv2d_by_element,
    conv2d_strided,
    conv2d_fourier,
    conv2d_single_precision,
)
