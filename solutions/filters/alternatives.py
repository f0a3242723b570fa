"""Correct solutions of the exercise "filters" in other styles than the reference.

The checks must accept all of them. They are what students write who know more NumPy, less NumPy,
or another library's habits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from solutions.filters.reference import Array, corr2d

Map: TypeAlias = Callable[[Array], Array]


# corr2d


def corr2d_four_loops(x: Array, w: Array) -> Array:
    """Add product by product."""
    height, width = w.shape
    response = np.zeros((x.shape[0] - height + 1, x.shape[1] - width + 1))
    for i in range(response.shape[0]):
        for j in range(response.shape[1]):
            for a in range(height):
                for b in range(width):
                    response[i, j] += x[i + a, j + b] * w[a, b]
    return response


def corr2d_lists(x: Array, w: Array) -> Array:
    """Collect the responses in lists."""
    height, width = len(w), len(w[0])
    response = []
    for i in range(len(x) - height + 1):
        row = []
        for j in range(len(x[0]) - width + 1):
            row.append(sum(x[i + a][j + b] * w[a][b] for a in range(height) for b in range(width)))
        response.append(row)
    return np.array(response)


def corr2d_windows(x: Array, w: Array) -> Array:
    """Sum over a view that holds all windows."""
    result: Array = np.einsum("ijab,ab->ij", sliding_window_view(x, w.shape), w)
    return result


def corr2d_tensordot(x: Array, w: Array) -> Array:
    """Contract the last two axes of all windows with the filter."""
    return np.tensordot(sliding_window_view(x, w.shape), w, axes=2)


def corr2d_by_element(x: Array, w: Array) -> Array:
    """Add shifted copies of the picture, one for every filter element."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    response: Array = np.zeros((rows, columns))
    for (a, b), weight in np.ndenumerate(w):
        response += weight * x[a : a + rows, b : b + columns]
    return response


def corr2d_matrix(x: Array, w: Array) -> Array:
    """Lay the windows out as rows of a matrix (im2col)."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    windows = [
        x[i : i + w.shape[0], j : j + w.shape[1]].ravel()
        for i in range(rows)
        for j in range(columns)
    ]
    result: Array = (np.stack(windows) @ w.ravel()).reshape(rows, columns)
    return result


def corr2d_strided(x: Array, w: Array) -> Array:
    """Make the windows by hand from the strides of the picture."""
    shape = (x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1, *w.shape)
    windows = as_strided(x, shape, x.strides * 2)
    result: Array = (windows * w).sum(axis=(2, 3))
    return result


def corr2d_fourier(x: Array, w: Array) -> Array:
    """Multiply in Fourier space; right up to rounding."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    spectrum = np.fft.rfft2(x) * np.conj(np.fft.rfft2(w, x.shape))
    return np.fft.irfft2(spectrum, x.shape)[:rows, :columns]


def corr2d_single_precision(x: Array, w: Array) -> Array:
    """Compute in float32, as networks do."""
    result: Array = corr2d_windows(x.astype(np.float32), w.astype(np.float32))
    return result


def corr2d_vdot(x: Array, w: Array) -> Array:
    """Fill an empty array with dot products, rows and columns taken from its index."""
    response = np.empty((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i, j in np.ndindex(*response.shape):
        response[i, j] = np.vdot(x[i : i + w.shape[0], j : j + w.shape[1]], w)
    return response


CORR2D = (
    corr2d_four_loops,
    corr2d_lists,
    corr2d_windows,
    corr2d_tensordot,
    corr2d_by_element,
    corr2d_matrix,
    corr2d_strided,
    corr2d_fourier,
    corr2d_single_precision,
    corr2d_vdot,
)

# convolve2d


def convolve2d_numpy_flip(x: Array, w: Array) -> Array:
    """Flip both axes with NumPy's function."""
    return corr2d(x, np.flip(w))


def convolve2d_half_turn(x: Array, w: Array) -> Array:
    """Turn the filter by 180 degrees."""
    return corr2d(x, np.rot90(w, 2))


def convolve2d_two_steps(x: Array, w: Array) -> Array:
    """Flip up and down, then left and right."""
    return corr2d(x, np.fliplr(np.flipud(w)))


def convolve2d_flattened(x: Array, w: Array) -> Array:
    """Reverse the flattened filter."""
    return corr2d(x, w.ravel()[::-1].reshape(w.shape))


def convolve2d_definition(x: Array, w: Array) -> Array:
    """Follow the double sum of the definition."""
    height, width = w.shape
    out = np.zeros((x.shape[0] - height + 1, x.shape[1] - width + 1))
    for i, j in np.ndindex(*out.shape):
        for a, b in np.ndindex(height, width):
            out[i, j] += x[i + height - 1 - a, j + width - 1 - b] * w[a, b]
    return out


def convolve2d_everything_flipped(x: Array, w: Array) -> Array:
    """Flip the picture, correlate, and flip the map back."""
    return np.flip(corr2d(np.flip(x), w))


CONVOLVE2D = (
    convolve2d_numpy_flip,
    convolve2d_half_turn,
    convolve2d_two_steps,
    convolve2d_flattened,
    convolve2d_definition,
    convolve2d_everything_flipped,
)

# edge_bank


def edge_bank_preallocated(x: Array, w: Array) -> Array:
    """Fill an array map by map."""
    size = w.shape[0]
    bank = np.zeros((4, x.shape[0] - size + 1, x.shape[1] - size + 1))
    for turns in range(4):
        bank[turns] = corr2d(x, np.rot90(w, turns))
    return bank


def edge_bank_step_by_step(x: Array, w: Array) -> Array:
    """Turn the filter a little further in every round."""
    maps = []
    for _ in range(4):
        maps.append(corr2d(x, w))
        w = np.rot90(w)
    return np.array(maps)


def edge_bank_transposed_and_flipped(x: Array, w: Array) -> Array:
    """Write each turn as a transposition and a flip."""
    turned = (w, w.T[::-1], w[::-1, ::-1], w.T[:, ::-1])
    return np.array([corr2d(x, one) for one in turned])


def edge_bank_windows(x: Array, w: Array) -> Array:
    """Contract all windows with all four filters at once."""
    turned = np.stack([np.rot90(w, turns) for turns in range(4)])
    result: Array = np.einsum("ijab,tab->tij", sliding_window_view(x, w.shape), turned)
    return result


def edge_bank_from_maps(x: Array, w: Array) -> Array:
    """Turn the picture one way and the map back the other way."""
    return np.stack([np.rot90(corr2d(np.rot90(x, -turns), w), turns) for turns in range(4)]).astype(
        np.float32
    )


EDGE_BANK = (
    edge_bank_preallocated,
    edge_bank_step_by_step,
    edge_bank_transposed_and_flipped,
    edge_bank_windows,
    edge_bank_from_maps,
)

# corner_map


def corner_map_relu_last(x: Array, w1: Array, w2: Array) -> Array:
    """Apply ReLU to the smaller response: the order does not matter."""
    return np.maximum(np.minimum(corr2d(x, w1), corr2d(x, w2)), 0)


def corner_map_where(x: Array, w1: Array, w2: Array) -> Array:
    """Choose element by element with np.where."""
    first, second = corr2d(x, w1), corr2d(x, w2)
    smaller = np.where(first < second, first, second)
    return np.where(smaller > 0, smaller, 0.0)


def corner_map_masks(x: Array, w1: Array, w2: Array) -> Array:
    """Set negative elements to zero by masks, in place in arrays of its own."""
    first, second = corr2d(x, w1), corr2d(x, w2)
    first[first < 0] = 0
    second[second < 0] = 0
    result: Array = np.stack([first, second]).min(axis=0)
    return result


def corner_map_clip(x: Array, w1: Array, w2: Array) -> Array:
    """Clip the responses."""
    responses = np.array([corr2d(x, w1), corr2d(x, w2)])
    result: Array = responses.clip(min=0).min(axis=0)
    return result


def corner_map_loops(x: Array, w1: Array, w2: Array) -> Array:
    """Compare position by position."""
    first, second = corr2d(x, w1), corr2d(x, w2)
    for index in np.ndindex(*first.shape):
        first[index] = max(0.0, min(float(first[index]), float(second[index])))
    return first


def corner_map_formula(x: Array, w1: Array, w2: Array) -> Array:
    """Write the minimum with an absolute value, and ReLU as a product with a mask."""
    first, second = corr2d(x, w1), corr2d(x, w2)
    first, second = first * (first > 0), second * (second > 0)
    result: Array = (first + second - np.abs(first - second)) / 2
    return result


CORNER_MAP = (
    corner_map_relu_last,
    corner_map_where,
    corner_map_masks,
    corner_map_clip,
    corner_map_loops,
    corner_map_formula,
)

# conv2d


def conv2d_seven_loops(x: Array, w: Array, b: Array) -> Array:
    """Add product by product."""
    n, c, height, width = x.shape
    f, _, hh, ww = w.shape
    out = np.zeros((n, f, height - hh + 1, width - ww + 1))
    for image, kernel, i, j in product(*map(range, out.shape)):
        for channel, p, q in product(range(c), range(hh), range(ww)):
            out[image, kernel, i, j] += x[image, channel, i + p, j + q] * w[kernel, channel, p, q]
        out[image, kernel, i, j] += b[kernel]
    return out


def conv2d_window_times_filter(x: Array, w: Array, b: Array) -> Array:
    """Multiply windows of full depth with a whole filter."""
    hh, ww = w.shape[2:]
    shape = (len(x), len(w), x.shape[2] - hh + 1, x.shape[3] - ww + 1)
    out = np.empty(shape)
    for n, f, i, j in np.ndindex(*shape):
        out[n, f, i, j] = np.sum(x[n, :, i : i + hh, j : j + ww] * w[f]) + b[f]
    return out


def conv2d_window_times_all_filters(x: Array, w: Array, b: Array) -> Array:
    """Loop over positions only."""
    hh, ww = w.shape[2:]
    out = np.zeros((len(x), len(w), x.shape[2] - hh + 1, x.shape[3] - ww + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = x[:, :, i : i + hh, j : j + ww]
            out[:, :, i, j] = np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out


def conv2d_einsum(x: Array, w: Array, b: Array) -> Array:
    """Sum over a view that holds all windows."""
    windows = sliding_window_view(x, w.shape[2:], axis=(2, 3))
    result: Array = np.einsum("nchwij,fcij->nfhw", windows, w) + b[:, None, None]
    return result


def conv2d_matrix(x: Array, w: Array, b: Array) -> Array:
    """Lay the windows out as rows of a matrix (im2col) and multiply by the filters."""
    windows = sliding_window_view(x, w.shape[2:], axis=(2, 3))
    n, _, rows, columns = windows.shape[:4]
    matrix = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * rows * columns, -1)
    out = matrix @ w.reshape(len(w), -1).T + b
    result: Array = out.reshape(n, rows, columns, len(w)).transpose(0, 3, 1, 2)
    return result


def conv2d_by_element(x: Array, w: Array, b: Array) -> Array:
    """Add shifted copies of the batch, one for every position inside the filter."""
    rows, columns = x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1
    out: Array = np.zeros((len(x), len(w), rows, columns)) + b.reshape(1, -1, 1, 1)
    for p in range(w.shape[2]):
        for q in range(w.shape[3]):
            shifted = x[:, :, p : p + rows, q : q + columns]
            out += np.einsum("nchw,fc->nfhw", shifted, w[:, :, p, q])
    return out


def conv2d_fourier(x: Array, w: Array, b: Array) -> Array:
    """Multiply in Fourier space; right up to rounding."""
    size = x.shape[2:]
    rows, columns = size[0] - w.shape[2] + 1, size[1] - w.shape[3] + 1
    spectrum = np.einsum("nchw,fchw->nfhw", np.fft.rfft2(x), np.conj(np.fft.rfft2(w, size)))
    maps = np.fft.irfft2(spectrum, size)[:, :, :rows, :columns]
    result: Array = maps + b[None, :, None, None]
    return result


def conv2d_lists(x: Array, w: Array, b: Array) -> Array:
    """Collect the maps in lists."""
    return np.array(
        [
            [
                sum(corr2d(channel, part) for channel, part in zip(image, one, strict=True)) + bias
                for one, bias in zip(w, b, strict=True)
            ]
            for image in x
        ]
    )


def conv2d_single_precision(x: Array, w: Array, b: Array) -> Array:
    """Compute in float32, as networks do."""
    return conv2d_matrix(x.astype(np.float32), w.astype(np.float32), b.astype(np.float32))


CONV2D = (
    conv2d_seven_loops,
    conv2d_window_times_filter,
    conv2d_window_times_all_filters,
    conv2d_einsum,
    conv2d_matrix,
    conv2d_by_element,
    conv2d_fourier,
    conv2d_lists,
    conv2d_single_precision,
)

# conv_parameters


def conv_parameters_two_terms(channels: int, filters: int, height: int, width: int) -> int:
    """Add weights and biases."""
    weights = channels * filters * height * width
    biases = filters
    return weights + biases


def conv_parameters_arrays(channels: int, filters: int, height: int, width: int) -> int:
    """Make the arrays and count their elements."""
    return np.zeros((filters, channels, height, width)).size + np.zeros(filters).size


def conv_parameters_loop(channels: int, filters: int, height: int, width: int) -> int:
    """Count filter by filter."""
    total = 0
    for _ in range(filters):
        total += channels * height * width
        total += 1
    return total


def conv_parameters_numpy(channels: int, filters: int, height: int, width: int) -> Any:
    """Return a NumPy integer."""
    return np.prod([filters, channels, height, width]) + filters


def conv_parameters_float(channels: int, filters: int, height: int, width: int) -> float:
    """Return a float that holds a whole number."""
    return float(math.prod((channels, height, width)) + 1) * filters


CONV_PARAMETERS = (
    conv_parameters_two_terms,
    conv_parameters_arrays,
    conv_parameters_loop,
    conv_parameters_numpy,
    conv_parameters_float,
)

# equivariance_error


def equivariance_error_two_rolls(f: Map, x: Array, dy: int, dx: int) -> Any:
    """Shift one axis after the other; return a NumPy number."""

    def shift(picture: Array) -> Array:
        return np.roll(np.roll(picture, dy, axis=0), dx, axis=1)

    return np.max(np.abs(f(shift(x)) - shift(f(x)))[dy:, dx:])


def equivariance_error_uncropped_parts(f: Map, x: Array, dy: int, dx: int) -> float:
    """Shift the map by slicing: what is cropped need never be computed."""
    before, after = f(x), f(np.roll(x, (dy, dx), (0, 1)))
    rows, columns = before.shape[0] - dy, before.shape[1] - dx
    return float(abs(after[dy:, dx:] - before[:rows, :columns]).max())


def equivariance_error_loops(f: Map, x: Array, dy: int, dx: int) -> float:
    """Look at one position after the other."""
    before, after = f(x), f(np.roll(x, shift=(dy, dx), axis=(0, 1)))
    largest = 0.0
    for i in range(dy, after.shape[0]):
        for j in range(dx, after.shape[1]):
            largest = max(largest, abs(after[i, j] - before[i - dy, j - dx]))
    return largest


def equivariance_error_by_index(f: Map, x: Array, dy: int, dx: int) -> float:
    """Shift by indexing with remainders."""

    def shift(picture: Array) -> Array:
        rows, columns = np.indices(picture.shape)
        result: Array = picture[(rows - dy) % picture.shape[0], (columns - dx) % picture.shape[1]]
        return result

    difference = (f(shift(x)) - shift(f(x)))[dy:, dx:]
    return float(max(difference.max(), -difference.min()))


def equivariance_error_norm(f: Map, x: Array, dy: int, dx: int) -> Any:
    """Take the maximum norm."""
    moved = np.roll(f(x), (dy, dx), (-2, -1))
    difference = f(np.roll(x, (dy, dx), (-2, -1))) - moved
    return np.linalg.norm(difference[dy:, dx:].ravel(), ord=np.inf)


EQUIVARIANCE_ERROR = (
    equivariance_error_two_rolls,
    equivariance_error_uncropped_parts,
    equivariance_error_loops,
    equivariance_error_by_index,
    equivariance_error_norm,
)
