"""Reference solutions of the exercise "pooling".

Plain NumPy, written to be read. Shapes: batches (N, C, H, W), or (N, D) once they are flat.
Networks are lists of dictionaries, see ``solutions/networks.py``. Other ways to write the
functions stand in ``alternatives.py``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]
Layer: TypeAlias = dict[str, Any]
Shape: TypeAlias = tuple[int, ...]


def max_pool_forward(x: Array, size: int, stride: int) -> Array:
    """Return the largest number of every window, channel by channel.

    x: batch of images, shape (N, C, H, W), no smaller than the window.
    size: height and width of the window.
    stride: how far the window moves from one position to the next.
    Returns shape (N, C, H', W') with H' = floor((H - size) / stride) + 1, and W' likewise.
    """
    ### BEGIN SOLUTION
    images, channels, height, width = x.shape
    rows = (height - size) // stride + 1
    columns = (width - size) // stride + 1
    out = np.zeros((images, channels, rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = x[:, :, top : top + size, left : left + size]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out
    ### END SOLUTION


def avg_pool_forward(x: Array, size: int, stride: int) -> Array:
    """Return the mean of every window, channel by channel.

    x: batch of images, shape (N, C, H, W), no smaller than the window.
    size: height and width of the window.
    stride: how far the window moves from one position to the next.
    Returns shape (N, C, H', W') with H' = floor((H - size) / stride) + 1, and W' likewise.
    """
    ### BEGIN SOLUTION
    images, channels, height, width = x.shape
    rows = (height - size) // stride + 1
    columns = (width - size) // stride + 1
    out = np.zeros((images, channels, rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = x[:, :, top : top + size, left : left + size]
            out[:, :, i, j] = window.sum(axis=(2, 3)) / size**2
    return out
    ### END SOLUTION


def relu_forward(x: Array) -> Array:
    """Return x with all negative numbers replaced by zero.

    x: array of any shape.
    Returns an array of the same shape.
    """
    ### BEGIN SOLUTION
    return np.maximum(x, 0)
    ### END SOLUTION


def linear_forward(x: Array, w: Array, b: Array) -> Array:
    """Apply a fully connected layer.

    x: batch of N inputs with D numbers each, shape (N, D).
    w: weights, shape (D, M); column m belongs to unit m.
    b: biases, shape (M,).
    Returns shape (N, M): for every input the dot product with every column, plus its bias.
    """
    ### BEGIN SOLUTION
    return x @ w + b
    ### END SOLUTION


def linear_to_filters(w: Array, channels: int, height: int, width: int) -> Array:
    """Turn the weights of a fully connected layer into filters that compute the same.

    w: weights, shape (D, M) with D = channels * height * width. The layer reads images
    (channels, height, width) that were flattened with `reshape`.
    channels, height, width: size of these images.
    Returns M filters, shape (M, channels, height, width).
    """
    ### BEGIN SOLUTION
    return w.T.reshape(-1, channels, height, width)
    ### END SOLUTION


def network_shapes(spec: list[Layer]) -> list[Shape]:
    """Return the shape of what every entry of a network hands on, for one image.

    spec: the image and the layers, one dictionary each, in the order of computing.
    Returns as many tuples: (C, H, W) for the image and for maps, (D,) after "flatten" and
    after "linear".
    """
    ### BEGIN SOLUTION
    shapes: list[Shape] = []
    shape: Shape = ()
    for layer in spec:
        kind = layer["kind"]
        if kind == "image":
            shape = (layer["channels"], layer["height"], layer["width"])
        elif kind in ("conv", "max_pool", "avg_pool"):
            depth = layer["filters"] if kind == "conv" else shape[0]
            padding = layer["padding"] if kind == "conv" else 0
            height, width = (
                (side + 2 * padding - layer["size"]) // layer["stride"] + 1 for side in shape[1:]
            )
            shape = (depth, height, width)
        elif kind == "adaptive_avg_pool":
            shape = (shape[0], layer["size"], layer["size"])
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (layer["units"],)
        elif kind not in ("relu", "dropout"):
            raise ValueError(f"no layer of kind {kind!r} is known")
        shapes.append(shape)
    return shapes
    ### END SOLUTION


def count_parameters(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Return how many numbers every entry of a network learns, biases included.

    spec: the image and the layers, as for network_shapes.
    shapes: what network_shapes returns for it, one tuple per entry.
    Returns as many whole numbers; 0 for entries that learn nothing.
    """
    ### BEGIN SOLUTION
    counts = []
    for index, layer in enumerate(spec):
        count = 0
        if layer["kind"] == "conv":
            depth = shapes[index - 1][0]
            count = layer["filters"] * (depth * layer["size"] ** 2 + 1)
        elif layer["kind"] == "linear":
            inputs = shapes[index - 1][0]
            count = layer["units"] * (inputs + 1)
        counts.append(count)
    return counts
    ### END SOLUTION
