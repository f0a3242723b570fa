"""Reference solutions of the exercise "training".

Plain NumPy. Shapes: batches (N, C, H, W), filters (F, C, HH, WW), scores (N, K). A network's
parameters, its gradients and their velocities are dictionaries of arrays with the same keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]
Labels: TypeAlias = np.ndarray[Any, np.dtype[np.integer[Any]]]
Parameters: TypeAlias = dict[str, Array]
LossAndGradients: TypeAlias = Callable[[Parameters, Array, Labels], tuple[float, Parameters]]


def im2col(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Copy every window of a batch into a column of one matrix.

    x: batch of images, shape (N, C, H, W).
    height, width: size of the window, HH and WW.
    stride: steps from one window to the next, both ways.
    padding: rows and columns of zeros on each side of the images.
    Returns shape (C * HH * WW, N * H' * W'). Down a column runs one window as
    `window.ravel()` has it. The columns come image by image, in each image row by row.
    """
    ### BEGIN SOLUTION
    images, channels = x.shape[:2]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows = (padded.shape[2] - height) // stride + 1
    columns = (padded.shape[3] - width) // stride + 1
    matrix = np.empty((channels, height, width, images, rows, columns), dtype=x.dtype)
    for a in range(height):
        for b in range(width):
            pixels = padded[:, :, a : a + stride * rows : stride, b : b + stride * columns : stride]
            matrix[:, a, b] = pixels.transpose(1, 0, 2, 3)
    return matrix.reshape(channels * height * width, images * rows * columns)
    ### END SOLUTION


def col2im(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Add every column of a matrix back to the pixels that it was copied from.

    columns: matrix of shape (C * HH * WW, N * H' * W'), ordered as by im2col.
    shape: shape (N, C, H, W) of the images.
    height, width, stride, padding: as in im2col.
    Returns shape (N, C, H, W): each pixel gets the sum of all entries that im2col copies
    from it. What belongs to the padding is dropped.
    """
    ### BEGIN SOLUTION
    images, channels, image_height, image_width = shape
    rows = (image_height + 2 * padding - height) // stride + 1
    across = (image_width + 2 * padding - width) // stride + 1
    windows = columns.reshape(channels, height, width, images, rows, across)
    padded = np.zeros(
        (images, channels, image_height + 2 * padding, image_width + 2 * padding),
        dtype=columns.dtype,
    )
    for a in range(height):
        for b in range(width):
            down, right = slice(a, a + stride * rows, stride), slice(b, b + stride * across, stride)
            padded[:, :, down, right] += windows[:, a, b].transpose(1, 0, 2, 3)
    return padded[:, :, padding : padding + image_height, padding : padding + image_width]
    ### END SOLUTION


def sgd_step(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Make one step of gradient descent with momentum.

    parameters, gradients, velocities: dictionaries of arrays with the same keys and shapes.
    learning_rate: size of the step.
    momentum: the part of the velocity that remains, from 0 to below 1.
    Returns the new parameters and the new velocities, two dictionaries.
    """
    ### BEGIN SOLUTION
    new_velocities: Parameters = {
        name: momentum * velocities[name] + gradient for name, gradient in gradients.items()
    }
    new_parameters: Parameters = {
        name: value - learning_rate * new_velocities[name] for name, value in parameters.items()
    }
    return new_parameters, new_velocities
    ### END SOLUTION


def small_cnn_loss_and_gradients(
    parameters: Parameters, x: Array, y: Labels
) -> tuple[float, Parameters]:
    """Return the loss of the small CNN on a batch, and its gradients.

    parameters: "w1" (F, C, 3, 3) and "b1" (F,), the filters and their biases;
    "w2" (F * H/2 * W/2, K) and "b2" (K,), the dense layer.
    x: batch of images, shape (N, C, H, W), H and W even.
    y: the right class of each image, shape (N,), whole numbers from 0 to K - 1.
    Returns the mean cross-entropy loss, and a dictionary with the same keys and shapes as
    the parameters: the derivative of the loss by each of them.
    """
    ### BEGIN SOLUTION
    w1, b1, w2, b2 = (parameters[name] for name in ("w1", "b1", "w2", "b2"))
    images, _, height, width = x.shape
    filters = len(w1)

    columns = im2col(x, 3, 3, stride=1, padding=1)
    maps = w1.reshape(filters, -1) @ columns + b1[:, np.newaxis]
    quads = (filters, images, height // 2, 2, width // 2, 2)
    windows = maps.reshape(quads).transpose(1, 0, 2, 4, 3, 5)
    windows = windows.reshape(images, filters, height // 2, width // 2, 4)
    winner = windows.argmax(axis=-1)[..., np.newaxis]
    pooled = np.maximum(np.take_along_axis(windows, winner, axis=-1)[..., 0], 0)
    features = pooled.reshape(images, -1)
    scores = features @ w2 + b2

    shifted = scores - scores.max(axis=1, keepdims=True)
    sums = np.exp(shifted).sum(axis=1)
    right = np.arange(images), y
    loss = np.mean(np.log(sums) - shifted[right])

    d_scores = np.exp(shifted) / sums[:, np.newaxis]
    d_scores[right] -= 1
    d_scores /= images
    d_pooled = (d_scores @ w2.T).reshape(pooled.shape) * (pooled > 0)
    d_windows = d_pooled[..., np.newaxis] * (winner == np.arange(4))
    d_windows = d_windows.reshape(images, filters, height // 2, width // 2, 2, 2)
    d_maps = d_windows.transpose(1, 0, 2, 4, 3, 5).reshape(filters, -1)
    gradients = {
        "w1": (d_maps @ columns.T).reshape(w1.shape),
        "b1": d_maps.sum(axis=1),
        "w2": features.T @ d_scores,
        "b2": d_scores.sum(axis=0),
    }
    return float(loss), gradients
    ### END SOLUTION


def train(
    loss_and_gradients: LossAndGradients,
    parameters: Parameters,
    x: Array,
    y: Labels,
    order: Sequence[Labels],
    batch_size: int,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Array]:
    """Train a model by stochastic gradient descent with momentum.

    loss_and_gradients: function of (parameters, x, y) that returns the loss of a batch and
    a dictionary of gradients.
    parameters: dictionary of arrays to start from.
    x, y: training examples and what they should give, N of each along the first axis.
    order: for every epoch, the numbers 0 to N - 1 in the order in which to take the examples.
    batch_size: examples per step; the last batch of an epoch may be smaller.
    learning_rate, momentum: as in sgd_step. All velocities start at zero.
    Returns the parameters after the last step, and an array with the loss of every batch
    as it was before its step.
    """
    ### BEGIN SOLUTION
    velocities = {name: np.zeros_like(value) for name, value in parameters.items()}
    losses = []
    for examples in order:
        for start in range(0, len(examples), batch_size):
            batch = examples[start : start + batch_size]
            loss, gradients = loss_and_gradients(parameters, x[batch], y[batch])
            losses.append(loss)
            state = sgd_step(parameters, gradients, velocities, learning_rate, momentum)
            parameters, velocities = state
    return parameters, np.array(losses)
    ### END SOLUTION


def name_that_bug(train_loss: Array, test_loss: Array, test_accuracy: Array, classes: int) -> str:
    """Name what is wrong with a training run, from its curves.

    train_loss, test_loss: the mean loss on the training and on the test images, before the
    training and after each epoch, as the training code reports them.
    test_accuracy: the share of test images that are recognized, 0 to 1, at the same times.
    classes: number of classes K; every class has equally many images.
    Returns "step too large", "step too small", "labels mixed up", "softmax twice",
    "overfitting" or "healthy".
    """
    ### BEGIN SOLUTION
    guessing = np.log(classes)
    if np.max(train_loss) > 1.3 * guessing:
        return "step too large"
    if train_loss[-1] > 0.97 * guessing:
        return "labels mixed up"
    if train_loss[-1] > 0.3 * guessing:
        falling = train_loss[-3] - train_loss[-1] > 0.03
        return "step too small" if falling else "softmax twice"
    return "overfitting" if test_loss[-1] > 0.25 * guessing else "healthy"
    ### END SOLUTION
