"""Reference solutions of the exercise "backprop".

Plain NumPy, written to be read: the loops follow the definitions. Every backward function gets
the upstream gradient ``dout``, the derivative of the loss with respect to the layer's output, and
what the layer saw on its way forward. It returns the derivatives with respect to the layer's
inputs, each in the shape of that input. Shapes: batches (N, C, H, W), filters (F, C, HH, WW),
rows (N, D). Faster versions stand in ``alternatives.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]
Labels: TypeAlias = np.ndarray[Any, np.dtype[np.integer[Any]]]


def numerical_gradient(f: Callable[[Array], float], x: Array, h: float) -> Array:
    """Measure the gradient of f at x by central differences.

    f: function from an array to one number.
    x: array of any shape and of any type of numbers, also whole numbers or float32.
    h: how far each element is moved to either side, above 0.
    Returns an array of the shape of x, computed in float64.
    """
    ### BEGIN SOLUTION
    point = np.array(x, dtype=np.float64)
    gradient = np.zeros(point.shape)
    for position in np.ndindex(point.shape):
        kept = point[position]
        point[position] = kept + h
        above = f(point)
        point[position] = kept - h
        below = f(point)
        point[position] = kept
        gradient[position] = (above - below) / (2 * h)
    return gradient
    ### END SOLUTION


def gradient_check(analytic: Array, numeric: Array) -> float:
    """Return the largest relative error between two gradients.

    analytic, numeric: arrays of the same shape.
    The relative error of two elements a and n is |a - n|, divided by the larger of |a| and |n|;
    it is 0 where both are 0.
    """
    ### BEGIN SOLUTION
    difference = np.abs(analytic - numeric)
    larger = np.maximum(np.abs(analytic), np.abs(numeric))
    relative = np.zeros(larger.shape)
    np.divide(difference, larger, out=relative, where=larger > 0)
    return float(relative.max())
    ### END SOLUTION


def linear_backward(dout: Array, x: Array, w: Array) -> tuple[Array, Array, Array]:
    """Return the gradients of a linear layer, out = x @ w + b.

    dout: upstream gradient, shape (N, M).
    x: input of the layer, shape (N, D).
    w: weights, shape (D, M).
    Returns dx (N, D), dw (D, M) and db (M,).
    """
    ### BEGIN SOLUTION
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
    ### END SOLUTION


def relu_backward(dout: Array, x: Array) -> Array:
    """Return the gradient of ReLU, out = max(x, 0), with respect to x.

    dout: upstream gradient, of any shape.
    x: input of the layer, of the same shape. It never holds an exact 0.
    Returns dx, of the same shape.
    """
    ### BEGIN SOLUTION
    return np.where(x > 0, dout, 0.0)
    ### END SOLUTION


def max_pool_backward(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Return the gradient of max pooling with respect to its input.

    dout: upstream gradient, shape (N, C, H', W').
    x: input of the layer, shape (N, C, H, W).
    size: height and width of the windows.
    stride: distance from one window to the next.
    Where several elements of a window are largest, the first of them in reading order (row by
    row, from left to right) gets the whole gradient of that window.
    Returns dx, shape (N, C, H, W).
    """
    ### BEGIN SOLUTION
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + size, left : left + size]
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + row, left + column] += dout[n, c, i, j]
    return dx
    ### END SOLUTION


def avg_pool_backward(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Return the gradient of average pooling with respect to its input.

    dout: upstream gradient, shape (N, C, H', W').
    x: input of the layer, shape (N, C, H, W).
    size: height and width of the windows.
    stride: distance from one window to the next.
    Returns dx, shape (N, C, H, W).
    """
    ### BEGIN SOLUTION
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        dx[n, c, top : top + size, left : left + size] += dout[n, c, i, j] / size**2
    return dx
    ### END SOLUTION


def conv2d_backward(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Return the gradients of a convolutional layer.

    dout: upstream gradient, shape (N, F, H', W').
    x: input of the layer, before padding, shape (N, C, H, W).
    w: filters, shape (F, C, HH, WW).
    stride: distance from one window to the next, in both directions.
    padding: how many zeros the layer puts around x, on each of the four sides.
    Returns dx (N, C, H, W), dw (F, C, HH, WW) and db (F,).
    """
    ### BEGIN SOLUTION
    height, width = x.shape[2:]
    around = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), around, around))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for n, f, i, j in np.ndindex(dout.shape):
        rows = slice(i * stride, i * stride + w.shape[2])
        columns = slice(j * stride, j * stride + w.shape[3])
        dpadded[n, :, rows, columns] += dout[n, f, i, j] * w[f]
        dw[f] += dout[n, f, i, j] * padded[n, :, rows, columns]
    dx = dpadded[:, :, padding : padding + height, padding : padding + width]
    return dx, dw, dout.sum(axis=(0, 2, 3))
    ### END SOLUTION


def softmax_cross_entropy(scores: Array, y: Labels) -> tuple[float, Array]:
    """Return the loss of a classifier, and its gradient with respect to the scores.

    scores: one row per example and one column per class, shape (N, K).
    y: number of the right class of each example, shape (N,).
    Returns the loss, the mean over the examples of minus the logarithm of the right class's
    probability, and its gradient, shape (N, K). Large scores do not overflow.
    """
    ### BEGIN SOLUTION
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    examples = np.arange(len(y))
    loss = -log_probabilities[examples, y].mean()
    dscores = np.exp(log_probabilities)
    dscores[examples, y] -= 1
    return float(loss), dscores / len(y)
    ### END SOLUTION
