"""Correct solutions of the exercise "backprop" in other styles than the reference.

The checks must accept all of them. They are what students write who know more NumPy, less NumPy,
or another library's habits.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from solutions.backprop.reference import Array, Labels

Gradients = tuple[Array, Array, Array]

# numerical_gradient


def numerical_gradient_flat(f: Callable[[Array], float], x: Array, h: float) -> Array:
    """Walk through a flat copy."""
    flat = x.astype(float).ravel()
    slopes = []
    for i in range(flat.size):
        above, below = flat.copy(), flat.copy()
        above[i] += h
        below[i] -= h
        slopes.append((f(above.reshape(x.shape)) - f(below.reshape(x.shape))) / (2 * h))
    return np.array(slopes).reshape(x.shape)


def numerical_gradient_nditer(f: Callable[[Array], float], x: Array, h: float) -> Array:
    """Walk with `nditer`, change one element and restore it."""
    x = np.asarray(x, dtype=float).copy()
    gradient = np.empty_like(x)
    walk = np.nditer(x, flags=["multi_index"])
    for _ in walk:
        at = walk.multi_index
        old = float(x[at])
        x[at] = old + h
        gradient[at] = f(x)
        x[at] = old - h
        gradient[at] -= f(x)
        x[at] = old
    gradient /= 2 * h
    return gradient


def numerical_gradient_directions(f: Callable[[Array], float], x: Array, h: float) -> Array:
    """Add one direction of an identity matrix after the other."""
    directions = np.eye(x.size).reshape(x.size, *x.shape)
    pairs = [f(x + h * one) - f(x - h * one) for one in directions]
    return np.reshape(pairs, x.shape) / h / 2


def numerical_gradient_two_sides(f: Callable[[Array], float], x: Array, h: float) -> Array:
    """Take the mean of the slopes to both sides."""
    here = f(x * 1.0)
    slopes: Array = np.zeros(x.shape)
    for at, _ in np.ndenumerate(x):
        step = np.zeros(x.shape)
        step[at] = h
        slopes[at] = 0.5 * ((f(x + step) - here) / h + (here - f(x - step)) / h)
    return slopes


NUMERICAL_GRADIENT = (
    numerical_gradient_flat,
    numerical_gradient_nditer,
    numerical_gradient_directions,
    numerical_gradient_two_sides,
)

# gradient_check


def gradient_check_loop(analytic: Array, numeric: Array) -> float:
    """Compare element by element."""
    worst = 0.0
    for a, n in zip(analytic.ravel().tolist(), numeric.ravel().tolist(), strict=True):
        if a != n:
            worst = max(worst, abs(a - n) / max(abs(a), abs(n)))
    return worst


def gradient_check_tiny(analytic: Array, numeric: Array) -> Any:
    """Keep the divisor away from zero."""
    scale = np.maximum(np.maximum(abs(analytic), abs(numeric)), 1e-12)
    return np.max(abs(analytic - numeric) / scale)


def gradient_check_where(analytic: Array, numeric: Array) -> Any:
    """Divide by one where both are zero."""
    scale = np.max([np.abs(analytic), np.abs(numeric)], axis=0)
    return (np.abs(analytic - numeric) / np.where(scale == 0, 1, scale)).max()


def gradient_check_nan(analytic: Array, numeric: Array) -> float:
    """Let zero by zero give NaN, and make it zero."""
    with np.errstate(invalid="ignore"):
        errors = np.abs(analytic - numeric) / np.fmax(np.abs(analytic), np.abs(numeric))
    return float(np.nan_to_num(errors).max())


GRADIENT_CHECK = (
    gradient_check_loop,
    gradient_check_tiny,
    gradient_check_where,
    gradient_check_nan,
)

# linear_backward


def linear_backward_loops(dout: Array, x: Array, w: Array) -> Gradients:
    """Follow every path from an input to an output."""
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape[1])
    for n, m in np.ndindex(*dout.shape):
        db[m] += dout[n, m]
        for d in range(x.shape[1]):
            dx[n, d] += dout[n, m] * w[d, m]
            dw[d, m] += dout[n, m] * x[n, d]
    return dx, dw, db


def linear_backward_einsum(dout: Array, x: Array, w: Array) -> Any:
    """Name the axes; return a list."""
    return [
        np.einsum("nm,dm->nd", dout, w),
        np.einsum("nd,nm->dm", x, dout),
        np.einsum("nm->m", dout),
    ]


def linear_backward_outer(dout: Array, x: Array, w: Array) -> Gradients:
    """Add an outer product for each example."""
    dw = sum(np.outer(row, up) for row, up in zip(x, dout, strict=True))
    dx = np.stack([w @ up for up in dout])
    return dx, np.asarray(dw), np.ones(len(dout)) @ dout


def linear_backward_single_precision(dout: Array, x: Array, w: Array) -> Gradients:
    """Compute in float32, as networks do."""
    dout, x, w = (one.astype(np.float32) for one in (dout, x, w))
    return np.dot(dout, w.T), np.dot(x.T, dout), np.sum(dout, 0)


LINEAR_BACKWARD = (
    linear_backward_loops,
    linear_backward_einsum,
    linear_backward_outer,
    linear_backward_single_precision,
)

# relu_backward


def relu_backward_product(dout: Array, x: Array) -> Array:
    """Multiply by a mask."""
    return dout * (x > 0)


def relu_backward_copy(dout: Array, x: Array) -> Array:
    """Delete from a copy."""
    dx = dout.copy()
    dx[x <= 0] = 0
    return dx


def relu_backward_loop(dout: Array, x: Array) -> Array:
    """Look at one element after the other; the gradient at 0 is 1."""
    dx = np.zeros(x.shape)
    for at, value in np.ndenumerate(x):
        if value >= 0:
            dx[at] = dout[at]
    return dx


def relu_backward_heaviside(dout: Array, x: Array) -> Array:
    """Use the step function."""
    result: Array = np.heaviside(x, 0.5) * dout
    return result


RELU_BACKWARD = (
    relu_backward_product,
    relu_backward_copy,
    relu_backward_loop,
    relu_backward_heaviside,
)

# max_pool_backward


def max_pool_backward_plain(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Find the largest element with comparisons alone."""
    dx = np.zeros_like(x)
    images, channels, rows, columns = dout.shape
    for n, c, i, j in itertools.product(*map(range, (images, channels, rows, columns))):
        best, place = -math.inf, (0, 0)
        for a, b in itertools.product(range(size), repeat=2):
            value = x[n, c, i * stride + a, j * stride + b]
            if value > best:
                best, place = value, (i * stride + a, j * stride + b)
        dx[n, c, place[0], place[1]] += dout[n, c, i, j]
    return dx


def max_pool_backward_one_hot(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Make a mask from the first equal element of each window."""
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dout.shape[2:]):
        area = np.s_[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
        flat = x[area].reshape(*x.shape[:2], -1)
        mask = np.arange(size * size) == flat.argmax(axis=2)[:, :, None]
        dx[area] += (mask * dout[:, :, i, j, None]).reshape(*x.shape[:2], size, size)
    return dx


def max_pool_backward_scatter(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Compute all places at once and add with `np.add.at`."""
    windows = sliding_window_view(x, (size, size), (2, 3))[:, :, ::stride, ::stride]
    windows = windows[:, :, : dout.shape[2], : dout.shape[3]]
    row, column = np.divmod(windows.reshape(*dout.shape, -1).argmax(axis=-1), size)
    n, c, i, j = np.indices(dout.shape)
    dx = np.zeros(x.shape)
    np.add.at(dx, (n, c, i * stride + row, j * stride + column), dout)
    return dx


def max_pool_backward_count(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Add up with `np.bincount` over flat positions."""
    positions = np.arange(x.size).reshape(x.shape)
    cut = (slice(None), slice(None), slice(None, None, stride), slice(None, None, stride))
    windows = sliding_window_view(x, (size, size), (2, 3))[cut].reshape(*dout.shape, -1)
    places = sliding_window_view(positions, (size, size), (2, 3))[cut].reshape(windows.shape)
    chosen = np.take_along_axis(places, windows.argmax(-1)[..., None], -1)
    totals: Any = np.bincount(chosen.ravel(), dout.ravel(), x.size)
    result: Array = totals.reshape(x.shape)
    return result


def max_pool_backward_offsets(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Visit the window's elements in order and mark the windows that are still open."""
    rows, columns = dout.shape[2:]
    offsets = [
        np.s_[:, :, a : a + rows * stride : stride, b : b + columns * stride : stride]
        for a in range(size)
        for b in range(size)
    ]
    parts = [x[one][:, :, :rows, :columns] for one in offsets]
    largest = np.max(parts, axis=0)
    dx, still_open = np.zeros(x.shape), np.ones(dout.shape, dtype=bool)
    for one, part in zip(offsets, parts, strict=True):
        hit = still_open & (part == largest)
        dx[one][:, :, :rows, :columns] += np.where(hit, dout, 0)
        still_open &= ~hit
    return dx


def max_pool_backward_single_precision(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Compute in float32, as networks do."""
    return max_pool_backward_scatter(
        dout.astype(np.float32), x.astype(np.float32), size, stride
    ).astype(np.float32)


MAX_POOL_BACKWARD = (
    max_pool_backward_plain,
    max_pool_backward_one_hot,
    max_pool_backward_scatter,
    max_pool_backward_count,
    max_pool_backward_offsets,
    max_pool_backward_single_precision,
)

# avg_pool_backward


def avg_pool_backward_six_loops(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Give each pixel of each window its share."""
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        for a in range(size):
            for b in range(size):
                dx[n, c, i * stride + a, j * stride + b] += dout[n, c, i, j] / (size * size)
    return dx


def avg_pool_backward_all_images(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Loop over windows only."""
    dx = np.zeros(x.shape)
    share = dout / size / size
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            y, z = i * stride, j * stride
            dx[:, :, y : y + size, z : z + size] += share[:, :, i : i + 1, j : j + 1]
    return dx


def avg_pool_backward_offsets(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Loop over the elements of a window only."""
    rows, columns = dout.shape[2:]
    dx = np.zeros(x.shape)
    for a, b in np.ndindex(size, size):
        last_row, last_column = a + (rows - 1) * stride + 1, b + (columns - 1) * stride + 1
        dx[:, :, a:last_row:stride, b:last_column:stride] += dout
    return dx / size**2


def avg_pool_backward_matrices(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Multiply by the two matrices that average along rows and along columns."""

    def averaging(side: int, places: int) -> Array:
        first = stride * np.arange(places)[:, None]
        inside = (np.arange(side) >= first) & (np.arange(side) < first + size)
        return inside / size

    down, across = averaging(x.shape[2], dout.shape[2]), averaging(x.shape[3], dout.shape[3])
    result: Array = np.einsum("ih,ncij,jw->nchw", down, dout, across)
    return result


def avg_pool_backward_filled(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Fill a window with `np.full`."""
    dx = np.zeros_like(x)
    for (n, c, i, j), value in np.ndenumerate(dout):
        area = slice(i * stride, i * stride + size), slice(j * stride, j * stride + size)
        dx[(n, c, *area)] += np.full((size, size), value / size**2)
    return dx


AVG_POOL_BACKWARD = (
    avg_pool_backward_six_loops,
    avg_pool_backward_all_images,
    avg_pool_backward_offsets,
    avg_pool_backward_matrices,
    avg_pool_backward_filled,
)

# conv2d_backward


def _windows(x: Array, w: Array, stride: int, padding: int) -> Array:
    """Return all windows of the padded batch, shape (N, C, H', W', HH, WW)."""
    padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    return sliding_window_view(padded, w.shape[2:], (2, 3))[:, :, ::stride, ::stride]


def _inner(dpadded: Array, x: Array, padding: int) -> Array:
    """Cut away what belongs to the padding."""
    last_row, last_column = dpadded.shape[2] - padding, dpadded.shape[3] - padding
    return dpadded[:, :, padding:last_row, padding:last_column]


def _empty_padded(x: Array, padding: int) -> Array:
    n, c, height, width = x.shape
    return np.zeros((n, c, height + 2 * padding, width + 2 * padding))


def conv2d_backward_plain(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Follow every path from a pixel to an output, without padding anything."""
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(len(w))
    for n, f, i, j in np.ndindex(*dout.shape):
        up = dout[n, f, i, j]
        db[f] += up
        for c, a, b in np.ndindex(*w.shape[1:]):
            row, column = i * stride + a - padding, j * stride + b - padding
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                dx[n, c, row, column] += up * w[f, c, a, b]
                dw[f, c, a, b] += up * x[n, c, row, column]
    return dx, dw, db


def conv2d_backward_einsum(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Contract all windows for dw; loop over places for dx."""
    dw = np.einsum("nfij,ncijab->fcab", dout, _windows(x, w, stride, padding))
    dpadded = _empty_padded(x, padding)
    for i, j in np.ndindex(*dout.shape[2:]):
        rows = np.s_[i * stride : i * stride + w.shape[2]]
        columns = np.s_[j * stride : j * stride + w.shape[3]]
        dpadded[:, :, rows, columns] += np.einsum("nf,fcab->ncab", dout[:, :, i, j], w)
    return _inner(dpadded, x, padding), dw, np.einsum("nfij->f", dout)


def conv2d_backward_offsets(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Loop over the filter's elements only."""
    rows, columns = dout.shape[2:]
    padded = np.pad(x, [(0, 0)] * 2 + [(padding, padding)] * 2)
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for a, b in np.ndindex(*w.shape[2:]):
        down = slice(a, a + (rows - 1) * stride + 1, stride)
        across = slice(b, b + (columns - 1) * stride + 1, stride)
        dpadded[:, :, down, across] += np.einsum("nfij,fc->ncij", dout, w[:, :, a, b])
        dw[:, :, a, b] = np.einsum("nfij,ncij->fc", dout, padded[:, :, down, across])
    return _inner(dpadded, x, padding), dw, dout.sum((0, 2, 3))


def conv2d_backward_columns(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Lay the windows out as columns of a matrix (im2col, and col2im backward)."""
    windows = _windows(x, w, stride, padding)
    n, c, rows, columns, height, width = windows.shape
    matrix = windows.transpose(1, 4, 5, 0, 2, 3).reshape(c * height * width, -1)
    upstream = dout.transpose(1, 0, 2, 3).reshape(len(w), -1)
    dw = (upstream @ matrix.T).reshape(w.shape)
    dmatrix = (w.reshape(len(w), -1).T @ upstream).reshape(c, height, width, n, rows, columns)
    dpadded = _empty_padded(x, padding)
    for a, b, i, j in np.ndindex(height, width, rows, columns):
        dpadded[:, :, i * stride + a, j * stride + b] += dmatrix[:, a, b, :, i, j].T
    return _inner(dpadded, x, padding), dw, upstream.sum(axis=1)


def _spread(dout: Array, stride: int, height: int, width: int) -> Array:
    """Put zeros between the elements of dout, up to the given size."""
    spread = np.zeros((*dout.shape[:2], height, width))
    rows, columns = dout.shape[2:]
    spread[:, :, : rows * stride : stride, : columns * stride : stride] = dout
    return spread


def conv2d_backward_two_correlations(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Write dw and dx as correlations with the spread upstream gradient."""
    padded = np.pad(x, [(0, 0)] * 2 + [(padding, padding)] * 2)
    height, width = w.shape[2:]
    places = [side - size + 1 for side, size in zip(padded.shape[2:], (height, width), strict=True)]
    spread = _spread(dout, stride, *places)
    dw = np.einsum("nfij,ncabij->fcab", spread, sliding_window_view(padded, places, (2, 3)))
    framed = np.pad(spread, [(0, 0)] * 2 + [(height - 1, height - 1), (width - 1, width - 1)])
    turned = np.flip(w, (2, 3))
    windows = sliding_window_view(framed, (height, width), (2, 3))
    dpadded = np.einsum("nfijab,fcab->ncij", windows, turned)
    return _inner(dpadded, x, padding), dw, np.sum(dout, axis=(0, 2, 3))


def conv2d_backward_fourier(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Multiply in Fourier space; right up to rounding."""
    padded = np.pad(x, [(0, 0)] * 2 + [(padding, padding)] * 2)
    size = padded.shape[2:]
    spread = np.fft.rfft2(_spread(dout, stride, *size))
    spectrum = np.einsum("nfij,fcij->ncij", spread, np.fft.rfft2(w, size))
    dpadded = np.fft.irfft2(spectrum, size)
    spectrum = np.einsum("nfij,ncij->fcij", np.conj(spread), np.fft.rfft2(padded))
    dw = np.fft.irfft2(spectrum, size)[:, :, : w.shape[2], : w.shape[3]]
    return _inner(dpadded, x, padding), dw, dout.sum(axis=(0, 2, 3))


def conv2d_backward_single_precision(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Compute in float32, as networks do."""
    dout, x, w = (one.astype(np.float32) for one in (dout, x, w))
    dx, dw, db = conv2d_backward_offsets(dout, x, w, stride, padding)
    return dx.astype(np.float32), dw, db


CONV2D_BACKWARD = (
    conv2d_backward_plain,
    conv2d_backward_einsum,
    conv2d_backward_offsets,
    conv2d_backward_columns,
    conv2d_backward_two_correlations,
    conv2d_backward_fourier,
    conv2d_backward_single_precision,
)

# softmax_cross_entropy


def softmax_cross_entropy_loop(scores: Array, y: Labels) -> tuple[float, Array]:
    """Treat one example after the other."""
    loss, dscores = 0.0, np.zeros(scores.shape)
    for n, row in enumerate(scores):
        powers = np.exp(row - row.max())
        p = powers / powers.sum()
        loss -= math.log(p[y[n]])
        dscores[n] = p
        dscores[n, y[n]] -= 1
    return loss / len(y), dscores / len(y)


def softmax_cross_entropy_one_hot(scores: Array, y: Labels) -> Any:
    """Compare with one-hot rows."""
    hot = np.eye(scores.shape[1])[y]
    powers = np.exp(scores - np.max(scores, axis=1)[:, None])
    p = powers / np.sum(powers, axis=1)[:, None]
    loss = -np.sum(hot * np.log(p)) / len(scores)
    return loss, (p - hot) / len(scores)


def softmax_cross_entropy_log_sum(scores: Array, y: Labels) -> Any:
    """Subtract the right score from the logarithm of the sum of all powers."""
    largest = scores.max(axis=1)
    log_sum = largest + np.log(np.exp(scores - largest[:, None]).sum(axis=1))
    loss = np.mean(log_sum - scores[np.arange(len(y)), y])
    dscores = np.exp(scores - log_sum[:, None])
    np.subtract.at(dscores, (np.arange(len(y)), y), 1.0)
    return loss, dscores / len(y)


def softmax_cross_entropy_tiny(scores: Array, y: Labels) -> Any:
    """Keep the logarithm away from zero, as many do."""
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    picked = np.take_along_axis(p, y[:, None], axis=1)
    target = np.arange(scores.shape[1]) == y[:, None]
    return -np.log(picked + 1e-12).mean(), (p - target) / scores.shape[0]


def softmax_cross_entropy_logaddexp(scores: Array, y: Labels) -> Any:
    """Let NumPy's own function do the shift."""
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    loss = -sum(log_p[n, right] for n, right in enumerate(y)) / y.size
    dscores = np.exp(log_p)
    for n, right in enumerate(y):
        dscores[n, right] -= 1
    return loss, dscores / y.size


SOFTMAX_CROSS_ENTROPY = (
    softmax_cross_entropy_loop,
    softmax_cross_entropy_one_hot,
    softmax_cross_entropy_log_sum,
    softmax_cross_entropy_tiny,
    softmax_cross_entropy_logaddexp,
)
