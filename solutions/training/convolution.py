"""A convolutional layer in NumPy, at nearly the speed of PyTorch, forward and backward.

Slower ways to compute the same stand in ``plain_convolutions.py``. Shapes: x (N, C, H, W),
w (F, C, HH, WW), b (F,), result (N, F, H', W') with H' = (H + 2 * padding - HH) // stride + 1 and
W' likewise.

A matrix product does the work, as after ``im2col``, but less is copied: only WW copies of an image
are made, each shifted along its rows. All filter rows meet them in one matrix product. What belongs
to filter row a then stands a image rows too low, and lies in one piece: HH such pieces are added.
"""

from __future__ import annotations

import numpy as np

from solutions.arrays import Array


def conv2d_forward(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Convolutional layer by shifted copies.

    x: batch of images, shape (N, C, H, W).
    w: filters, shape (F, C, HH, WW).
    b: biases, shape (F,).
    stride, padding: steps between windows, and zeros on each side of the images.
    Returns shape (N, F, H', W'), in the common type of x and w.
    Raises ValueError where no window fits, or depths or settings do not.
    """
    rows, columns = output_size(x, w, stride, padding)
    filters = len(w)
    out = np.empty((len(x), filters, rows, columns), dtype=np.result_type(x, w))
    shifted = _ShiftedCopies(x, w, stride, padding)
    weights = [_stacked_rows(w[:, :, group::stride]) for group in range(shifted.groups)]
    products = np.empty((len(weights[0]), shifted.length), dtype=out.dtype)
    for n in range(len(x)):
        result = out[n].reshape(filters, -1)
        result[...] = b[:, np.newaxis]
        shifted.copy(n)
        for group, stacked in enumerate(weights):
            product = np.matmul(stacked, shifted.matrix(group), out=products[: len(stacked)])
            for a in range(len(stacked) // filters):
                result += product[a * filters : (a + 1) * filters, shifted.windows(a)]
    return out


def conv2d_backward(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Gradients of a convolutional layer, by shifted copies.

    dout: derivative of the loss by the layer's result, shape (N, F, H', W').
    x, w, stride, padding: as in ``conv2d_forward``.
    Returns dx (N, C, H, W), dw (F, C, HH, WW) and db (F,).
    Raises ValueError where the shape of dout does not belong to x and w.
    """
    rows, columns = output_size(x, w, stride, padding)
    if dout.shape != (len(x), len(w), rows, columns):
        expected = (len(x), len(w), rows, columns)
        raise ValueError(f"dout has shape {dout.shape}, but the layer's result has {expected}")
    filters, channels, height, width = w.shape
    dw = np.zeros((filters, channels, height, width), dtype=np.result_type(x, dout))
    shifted = _ShiftedCopies(x, w, stride, padding)
    for group in range(shifted.groups):
        taps = len(range(group, height, stride))
        errors = np.zeros((taps * filters, shifted.length), dtype=dout.dtype)
        total = np.zeros((taps * filters, width * channels), dtype=dw.dtype)
        for n in range(len(x)):
            for a in range(taps):
                place = slice(a * filters, (a + 1) * filters), shifted.windows(a)
                errors[place] = dout[n].reshape(filters, -1)
            shifted.copy(n)
            total += errors @ shifted.matrix(group).T
        by_row = total.reshape(taps, filters, width, channels)
        dw[:, :, group::stride] = by_row.transpose(1, 3, 0, 2)
    turned = w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    spread = _spread(dout, x.shape[2:], (height, width), stride, padding)
    dx = conv2d_forward(spread, turned, np.zeros(channels, dtype=w.dtype), 1, 0)
    return dx, dw, dout.sum(axis=(0, 2, 3))


class _ShiftedCopies:
    """WW copies of one image, shifted along its rows, as matrices.

    With stride S the rows of the padded image are sorted by their number modulo S into ``groups``,
    since the windows of a filter row start in rows that are S apart. A matrix has shape
    (WW * C, ``length``): a row for each filter column and channel, and in it the pixels that meet
    them, W' from each row of the image.
    """

    def __init__(self, x: Array, w: Array, stride: int, padding: int) -> None:
        self._x, self._stride, self._padding = x, stride, padding
        self._rows, self._columns = output_size(x, w, stride, padding)
        _, channels, height, self._width = w.shape
        self.groups = min(stride, height)
        side = -(-(x.shape[2] + 2 * padding) // stride)
        self.length = side * self._columns
        self._padded = np.zeros((channels, side * stride, x.shape[3] + 2 * padding), dtype=x.dtype)
        shape = (self.groups, self._width, channels, side, self._columns)
        self._copies = np.empty(shape, dtype=x.dtype)

    def copy(self, n: int) -> None:
        """Fill the copies from image n."""
        _, _, height, width = self._x.shape
        edge, stride = self._padding, self._stride
        self._padded[:, edge : edge + height, edge : edge + width] = self._x[n]
        for group in range(self.groups):
            for b in range(self._width):
                last = b + stride * (self._columns - 1) + 1
                self._copies[group, b] = self._padded[:, group::stride, b:last:stride]

    def matrix(self, group: int) -> Array:
        """Return the copies of one group of image rows as a matrix: a view."""
        matrix: Array = self._copies[group].reshape(-1, self.length)
        return matrix

    def windows(self, a: int) -> slice:
        """Return where in ``length`` the windows of the a-th filter row of a group lie."""
        return slice(a * self._columns, (a + self._rows) * self._columns)


def _stacked_rows(w: Array) -> Array:
    """Return filters (F, C, R, WW) as a matrix (R * F, WW * C): all first rows, all second ones."""
    rows = np.ascontiguousarray(w.transpose(2, 0, 3, 1))
    return rows.reshape(rows.shape[0] * rows.shape[1], -1)


def _spread(
    dout: Array, size: tuple[int, ...], window: tuple[int, int], stride: int, padding: int
) -> Array:
    """Lay dout out so that sliding the turned filter over it, stride 1, gives the gradient of x.

    Neighbors stand ``stride`` apart, with zeros between and around them.
    """
    spread = np.zeros(
        (*dout.shape[:2], size[0] + window[0] - 1, size[1] + window[1] - 1), dtype=dout.dtype
    )
    places, parts = [], []
    for positions, room, length in zip(dout.shape[2:], spread.shape[2:], window, strict=True):
        offset = length - 1 - padding
        first = max(0, -(offset // stride))
        last = min(positions, (room - 1 - offset) // stride + 1)
        start = first * stride + offset
        places.append(slice(start, start + stride * (last - first), stride))
        parts.append(slice(first, last))
    spread[:, :, places[0], places[1]] = dout[:, :, parts[0], parts[1]]
    return spread


def output_size(x: Array, w: Array, stride: int, padding: int) -> tuple[int, int]:
    """Return H' and W'. Raises ValueError where the arguments do not fit together."""
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1]:
        raise ValueError(
            f"x has shape {x.shape} and w {w.shape}: needed are (N, C, H, W) and (F, C, HH, WW)"
        )
    if stride < 1 or padding < 0:
        raise ValueError(f"stride is {stride} and padding {padding}: at least 1 and 0 are needed")
    room = [
        size + 2 * padding - window for size, window in zip(x.shape[2:], w.shape[2:], strict=True)
    ]
    if min(room) < 0:
        raise ValueError(
            f"a filter of {w.shape[2]} x {w.shape[3]} does not fit into images of "
            f"{x.shape[2]} x {x.shape[3]} with padding {padding}"
        )
    return room[0] // stride + 1, room[1] // stride + 1
