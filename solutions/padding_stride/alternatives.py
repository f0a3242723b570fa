"""Correct solutions of the exercise "padding and stride" in other styles than the reference.

The checks must accept all of them. They are what students write who know more NumPy, less NumPy,
or another library's habits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from solutions.padding_stride.reference import Array, Layer, output_size, pad2d

Map: TypeAlias = Callable[[Array], Array]

# output_size


def output_size_counted(
    size: int, kernel: int, stride: int, padding: int, dilation: int = 1
) -> int:
    """Walk along the padded axis and count."""
    end = size + 2 * padding
    position, count = 0, 0
    while position + dilation * (kernel - 1) < end:
        count += 1
        position += stride
    return count


def output_size_range(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """Let a range count the starts."""
    reach = kernel + (kernel - 1) * (dilation - 1)
    return len(range(0, size + 2 * padding - reach + 1, stride))


def output_size_formula(
    size: int, kernel: int, stride: int, padding: int, dilation: int = 1
) -> int:
    """Write it in one line; never below zero."""
    return max(0, (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)


def output_size_floor(
    size: int, kernel: int, stride: int, padding: int, dilation: int = 1
) -> float:
    """Round down with NumPy, which gives a float."""
    steps = np.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride)
    return float(max(steps + 1, 0))


def output_size_ceiling(
    size: int, kernel: int, stride: int, padding: int, dilation: int = 1
) -> int:
    """Divide the positions of stride 1 by the stride, and round up."""
    positions = size + 2 * padding - dilation * (kernel - 1)
    return math.ceil(max(positions, 0) / stride)


OUTPUT_SIZE = (
    output_size_counted,
    output_size_range,
    output_size_formula,
    output_size_floor,
    output_size_ceiling,
)

# pad2d


def pad2d_numpy(x: Array, padding: int) -> Array:
    """Use NumPy's function."""
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def pad2d_loops(x: Array, padding: int) -> Array:
    """Copy number by number."""
    n, c, h, w = x.shape
    padded = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    for place in np.ndindex(n, c, h, w):
        image, channel, row, column = place
        padded[image, channel, row + padding, column + padding] = x[place]
    return padded


def pad2d_concatenated(x: Array, padding: int) -> Array:
    """Glue strips of zeros to the sides."""
    side = np.zeros((*x.shape[:3], padding))
    wide = np.concatenate([side, x, side], axis=3)
    strip = np.zeros((*wide.shape[:2], padding, wide.shape[3]))
    return np.concatenate([strip, wide, strip], axis=2)


def pad2d_image_by_image(x: Array, padding: int) -> Array:
    """Pad every channel of its own, in float32."""
    return np.array([[np.pad(channel, padding) for channel in image] for image in x], np.float32)


def pad2d_negative_end(x: Array, padding: int) -> Array:
    """Slice from the end, with the padding of 0 apart."""
    if padding == 0:
        return x.copy()
    height, width = (side + 2 * padding for side in x.shape[2:])
    padded = np.zeros((*x.shape[:2], height, width), dtype=x.dtype)
    padded[..., padding:-padding, padding:-padding] = x
    return padded


PAD2D = (
    pad2d_numpy,
    pad2d_loops,
    pad2d_concatenated,
    pad2d_image_by_image,
    pad2d_negative_end,
)

# conv2d_forward


def _maps(x: Array, w: Array, stride: int, padding: int) -> Array:
    """Return zeros in the shape of the result."""
    rows = output_size(x.shape[2], w.shape[2], stride, padding)
    columns = output_size(x.shape[3], w.shape[3], stride, padding)
    return np.zeros((len(x), len(w), rows, columns))


def _windows(x: Array, w: Array, stride: int, padding: int) -> Array:
    """Return all windows, shape (N, C, H', W', HH, WW)."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    return sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]


def conv2d_seven_loops(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Add product by product."""
    out, padded = _maps(x, w, stride, padding), pad2d(x, padding)
    _, c, hh, ww = w.shape
    for n, f, i, j in product(*map(range, out.shape)):
        for k, p, q in product(range(c), range(hh), range(ww)):
            out[n, f, i, j] += padded[n, k, i * stride + p, j * stride + q] * w[f, k, p, q]
        out[n, f, i, j] += b[f]
    return out


def conv2d_unpadded(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Skip what lies outside instead of padding."""
    out = _maps(x, w, stride, padding) + b[:, None, None]
    _, _, height, width = x.shape
    for i, j, p, q in product(*map(range, (*out.shape[2:], *w.shape[2:]))):
        row, column = i * stride + p - padding, j * stride + q - padding
        if 0 <= row < height and 0 <= column < width:
            out[:, :, i, j] += x[:, :, row, column] @ w[:, :, p, q].T
    return out


def conv2d_all_filters_at_once(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Loop over positions only."""
    out, padded = _maps(x, w, stride, padding), pad2d(x, padding)
    hh, ww = w.shape[2:]
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = padded[:, :, i * stride : i * stride + hh, j * stride : j * stride + ww]
            out[:, :, i, j] = np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out


def conv2d_thinned_out(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Compute all positions of stride 1, and keep every stride-th."""
    every = conv2d_all_filters_at_once(x, w, b, 1, padding)
    return every[:, :, ::stride, ::stride]


def conv2d_lists(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Collect everything in lists."""
    _, _, rows, columns = _maps(x, w, stride, padding).shape
    hh, ww = w.shape[2:]
    batch = []
    for image in pad2d(x, padding):
        maps = []
        for one, bias in zip(w, b, strict=True):
            maps.append(
                [
                    [
                        float((image[:, s : s + hh, t : t + ww] * one).sum() + bias)
                        for t in range(0, columns * stride, stride)
                    ]
                    for s in range(0, rows * stride, stride)
                ]
            )
        batch.append(maps)
    return np.array(batch)


def conv2d_einsum(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Sum over a view that holds all windows."""
    windows = _windows(x, w, stride, padding)
    result: Array = np.einsum("nchwij,fcij->nfhw", windows, w) + b[None, :, None, None]
    return result


def conv2d_matrix(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Lay the windows out as rows of a matrix (im2col) and multiply by the filters."""
    windows = _windows(x, w, stride, padding)
    n, _, rows, columns = windows.shape[:4]
    matrix = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * rows * columns, -1)
    out = matrix @ w.reshape(len(w), -1).T + b
    result: Array = out.reshape(n, rows, columns, len(w)).transpose(0, 3, 1, 2)
    return result


def conv2d_index_arrays(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Gather the columns of im2col by arrays of indices."""
    n, f, rows, columns = _maps(x, w, stride, padding).shape
    row = stride * np.arange(rows)[:, None, None, None] + np.arange(w.shape[2])[:, None]
    column = stride * np.arange(columns)[:, None, None] + np.arange(w.shape[3])
    patches = pad2d(x, padding)[:, :, row, column]
    flat = np.moveaxis(patches, 1, 3).reshape(n, rows * columns, -1)
    result: Array = (w.reshape(f, -1) @ flat.swapaxes(1, 2)).reshape(n, f, rows, columns)
    return result + b.reshape(1, -1, 1, 1)


def conv2d_by_element(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Add shifted and thinned out copies, one for every position inside the filter."""
    out = _maps(x, w, stride, padding) + b[:, None, None]
    padded = pad2d(x, padding)
    last_row, last_column = stride * (out.shape[2] - 1), stride * (out.shape[3] - 1)
    for p, q in np.ndindex(*w.shape[2:]):
        shifted = padded[:, :, p : p + last_row + 1 : stride, q : q + last_column + 1 : stride]
        out += np.einsum("nchw,fc->nfhw", shifted, w[:, :, p, q])
    return out


def conv2d_strided(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Make the windows by hand from the strides of the array."""
    padded = pad2d(x, padding)
    _, _, rows, columns = _maps(x, w, stride, padding).shape
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


CONV2D_FORWARD_FAST = (
    conv2d_einsum,
    conv2d_matrix,
    conv2d_index_arrays,
    conv2d_by_element,
    conv2d_strided,
    conv2d_fourier,
    conv2d_single_precision,
)

CONV2D_FORWARD = (
    conv2d_seven_loops,
    conv2d_unpadded,
    conv2d_all_filters_at_once,
    conv2d_thinned_out,
    conv2d_lists,
    *CONV2D_FORWARD_FAST,
)

# receptive_field


def receptive_field_from_the_top(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Follow the first and the last pixel of units 0 and 1 downward."""

    def ends(unit: int) -> tuple[int, int]:
        first = last = unit
        for kernel, stride, padding in reversed(layers):
            first = first * stride - padding
            last = last * stride - padding + kernel - 1
        return first, last

    (first, last), (second, _) = ends(0), ends(1)
    return last - first + 1, second - first, first


def receptive_field_sets(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Collect the pixels that units 0 and 1 see."""
    seen = [{0}, {1}]
    for kernel, stride, padding in layers[::-1]:
        seen = [
            {unit * stride - padding + offset for unit in units for offset in range(kernel)}
            for units in seen
        ]
    return max(seen[0]) - min(seen[0]) + 1, min(seen[1]) - min(seen[0]), min(seen[0])


def receptive_field_products(layers: Sequence[Layer]) -> list[int]:
    """Sum over layers with the product of the strides below; return a list."""
    jumps = [math.prod(stride for _, stride, _ in layers[:at]) for at in range(len(layers) + 1)]
    pairs = list(zip(layers, jumps, strict=False))
    size = 1 + sum((kernel - 1) * jump for (kernel, _, _), jump in pairs)
    return [size, jumps[-1], sum(-padding * jump for (_, _, padding), jump in pairs)]


def receptive_field_numpy(layers: Sequence[Layer]) -> tuple[Any, Any, Any]:
    """Use cumulative products."""
    table = np.array(layers, dtype=int).reshape(-1, 3)
    jumps = np.concatenate([[1], np.cumprod(table[:, 1])])
    return 1 + (table[:, 0] - 1) @ jumps[:-1], jumps[-1], -(table[:, 2] @ jumps[:-1])


def receptive_field_recursion(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Ask the layers below first."""
    if not layers:
        return 1, 1, 0
    size, jump, start = receptive_field_recursion(layers[:-1])
    kernel, stride, padding = layers[-1]
    return size + (kernel - 1) * jump, jump * stride, start - padding * jump


RECEPTIVE_FIELD = (
    receptive_field_from_the_top,
    receptive_field_sets,
    receptive_field_products,
    receptive_field_numpy,
    receptive_field_recursion,
)

# effective_receptive_field


def effective_field_copies(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Nudge copies of the picture."""
    field = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        up, down = x.astype(float), x.astype(float)
        up[place] += h
        down[place] -= h
        field[place] = np.abs((f(up)[i, j] - f(down)[i, j]) / (2 * h))
    return field


def effective_field_restored(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Nudge in place, and bring the pixel back."""
    field, changed = np.empty(x.shape), np.array(x, dtype=float)
    for place in np.ndindex(*x.shape):
        before = changed[place]
        changed[place] = before + h
        above = f(changed)[i, j]
        changed[place] = before - h
        below = f(changed)[i, j]
        changed[place] = before
        field[place] = abs(above - below) / 2 / h
    return field


def effective_field_lists(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Make the nudges from rows of the identity."""
    nudges = (h * np.eye(x.size)).reshape(x.size, *x.shape)
    changes = [(f(x + one) - f(x - one))[i, j] for one in nudges]
    field: Array = np.abs(np.array(changes).reshape(x.shape)) / (2 * h)
    return field


def effective_field_single_precision(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Keep the field in float32."""
    return effective_field_copies(f, x, i, j, h).astype(np.float32)


def effective_field_larger_minus_smaller(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Subtract the smaller value from the larger."""
    field = np.zeros(x.shape)
    rows, columns = x.shape
    for row in range(rows):
        for column in range(columns):
            mask = (np.arange(rows)[:, None] == row) & (np.arange(columns) == column)
            values = [f(np.where(mask, x + step, x))[i, j] for step in (h, -h)]
            field[row, column] = (max(values) - min(values)) / (h + h)
    return field


EFFECTIVE_RECEPTIVE_FIELD = (
    effective_field_copies,
    effective_field_restored,
    effective_field_lists,
    effective_field_single_precision,
    effective_field_larger_minus_smaller,
)
