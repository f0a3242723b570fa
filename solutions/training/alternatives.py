"""Correct solutions of the exercise "training" in other styles than the reference.

The checks must accept all of them. They are what students write who know more NumPy, less NumPy,
or another library's habits.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from solutions.training.reference import (
    Array,
    Labels,
    LossAndGradients,
    Parameters,
    col2im,
    im2col,
    sgd_step,
    small_cnn_loss_and_gradients,
)


def _frame(x: Array, padding: int) -> Array:
    """Surround every image with zeros."""
    images, channels, height, width = x.shape
    framed = np.zeros((images, channels, height + 2 * padding, width + 2 * padding), x.dtype)
    framed[:, :, padding : padding + height, padding : padding + width] = x
    return framed


# im2col


def im2col_window_by_window(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Visit the windows in their order and collect them."""
    framed = _frame(x, padding)
    found = []
    for image in framed:
        for top in range(0, framed.shape[2] - height + 1, stride):
            for left in range(0, framed.shape[3] - width + 1, stride):
                found.append(image[:, top : top + height, left : left + width].ravel())
    return np.array(found).T


def im2col_number_by_number(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Copy single numbers, and leave out those of the padding."""
    images, channels, image_height, image_width = x.shape
    rows = 1 + (image_height + 2 * padding - height) // stride
    across = 1 + (image_width + 2 * padding - width) // stride
    out = np.zeros((channels * height * width, images * rows * across))
    for n, c, i, j in np.ndindex(images, channels, rows, across):
        for a, b in np.ndindex(height, width):
            row, column = i * stride + a - padding, j * stride + b - padding
            if 0 <= row < image_height and 0 <= column < image_width:
                target = (c * height + a) * width + b
                out[target, (n * rows + i) * across + j] = x[n, c, row, column]
    return out


def im2col_view(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Take a view of all windows and exchange its axes."""
    views: Any = sliding_window_view
    windows = views(_frame(x, padding), (height, width), axis=(2, 3))[:, :, ::stride, ::stride]
    result: Array = windows.transpose(1, 4, 5, 0, 2, 3).reshape(x.shape[1] * height * width, -1)
    return result


def im2col_strided(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Make the view by hand, from the steps in memory."""
    framed = _frame(x, padding)
    n, c, h, w = framed.strides
    rows = (framed.shape[2] - height) // stride + 1
    across = (framed.shape[3] - width) // stride + 1
    shape = (x.shape[1], height, width, len(x), rows, across)
    view = as_strided(framed, shape, (c, h, w, n, h * stride, w * stride))
    return view.reshape(x.shape[1] * height * width, len(x) * rows * across)


def im2col_indexed(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Work out the row and the column of every number, and look all of them up at once."""
    framed = _frame(x, padding)
    c, a, b = (axis.ravel()[:, None] for axis in np.indices((x.shape[1], height, width)))
    rows = (framed.shape[2] - height) // stride + 1
    across = (framed.shape[3] - width) // stride + 1
    n, i, j = (axis.ravel()[None] for axis in np.indices((len(x), rows, across)))
    result: Array = framed[n, c, i * stride + a, j * stride + b]
    return result


def im2col_image_by_image(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Make one matrix per image and put them side by side."""
    blocks = []
    for image in np.pad(x, [(0, 0), (0, 0)] + [(padding, padding)] * 2):
        lines = [
            channel[a : len(channel) - height + a + 1 : stride][
                :, b : channel.shape[1] - width + b + 1 : stride
            ].ravel()
            for channel in image
            for a in range(height)
            for b in range(width)
        ]
        blocks.append(np.vstack(lines))
    return np.hstack(blocks)


def im2col_float32(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Compute in single precision."""
    return im2col_indexed(x.astype(np.float32), height, width, stride, padding)


IM2COL = (
    im2col_window_by_window,
    im2col_number_by_number,
    im2col_view,
    im2col_strided,
    im2col_indexed,
    im2col_image_by_image,
    im2col_float32,
)

# col2im


def col2im_window_by_window(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Take the columns one after the other and add each to its window."""
    images, channels, image_height, image_width = shape
    framed = _frame(np.zeros(tuple(shape)), padding)
    position = 0
    for n in range(images):
        for top in range(0, image_height + 2 * padding - height + 1, stride):
            for left in range(0, image_width + 2 * padding - width + 1, stride):
                window = columns[:, position].reshape(channels, height, width)
                framed[n, :, top : top + height, left : left + width] += window
                position += 1
    end = -padding if padding else None
    return framed[:, :, padding:end, padding:end]


def col2im_number_by_number(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Add single numbers, and leave out those of the padding."""
    images, channels, image_height, image_width = shape
    rows = 1 + (image_height + 2 * padding - height) // stride
    across = 1 + (image_width + 2 * padding - width) // stride
    x = np.zeros(tuple(shape))
    for line, column in np.ndindex(*columns.shape):
        c, a, b = np.unravel_index(line, (channels, height, width))
        n, i, j = np.unravel_index(column, (images, rows, across))
        y, z = i * stride + a - padding, j * stride + b - padding
        if 0 <= y < image_height and 0 <= z < image_width:
            x[n, c, y, z] += columns[line, column]
    return x


def col2im_add_at(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Add to indices that may repeat."""
    images, channels, image_height, image_width = shape
    framed = _frame(np.zeros(tuple(shape)), padding)
    rows = (framed.shape[2] - height) // stride + 1
    across = (framed.shape[3] - width) // stride + 1
    c, a, b = (axis.reshape(-1, 1) for axis in np.indices((channels, height, width)))
    n, i, j = (axis.reshape(1, -1) for axis in np.indices((images, rows, across)))
    np.add.at(framed, (n, c, stride * i + a, stride * j + b), columns)
    return framed[:, :, padding : image_height + padding, padding : image_width + padding]


def col2im_counted(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Send numbered pixels through im2col, and count with weights where each number ends up."""
    size = int(np.prod(shape))
    numbered = np.arange(1.0, size + 1).reshape(tuple(shape))
    places = im2col(numbered, height, width, stride, padding).astype(int)
    sums: Array = np.bincount(places.ravel(), columns.ravel(), size + 1).astype(float)
    return sums[1:].reshape(tuple(shape))


def col2im_as_transposed_matrix(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Write im2col of one channel as a matrix of zeros and ones, and apply its transpose."""
    images, channels, image_height, image_width = shape
    units = np.eye(image_height * image_width).reshape(-1, 1, image_height, image_width)
    unrolled = im2col(units, height, width, stride, padding)
    positions = unrolled.shape[1] // len(units)
    matrix = unrolled.reshape(height * width, len(units), positions)
    parts = columns.reshape(channels, height * width, images, positions)
    result: Array = np.einsum("kup,ckbp->bcu", matrix, parts).reshape(tuple(shape))
    return result


def col2im_float32(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Compute in single precision."""
    return col2im(columns.astype(np.float32), shape, height, width, stride, padding)


COL2IM = (
    col2im_window_by_window,
    col2im_number_by_number,
    col2im_add_at,
    col2im_counted,
    col2im_as_transposed_matrix,
    col2im_float32,
)

# sgd_step


def sgd_step_loop(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Fill two new dictionaries."""
    moved: Parameters = {}
    faster: Parameters = {}
    for key in parameters:
        faster[key] = gradients[key] + velocities[key] * momentum
        moved[key] = parameters[key] - faster[key] * learning_rate
    return moved, faster


def sgd_step_on_copies(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Copy everything, then change the copies in place."""
    p = {name: array.copy() for name, array in parameters.items()}
    v = {name: array.copy() for name, array in velocities.items()}
    for name in p:
        v[name] *= momentum
        v[name] += gradients[name]
        p[name] -= learning_rate * v[name]
    return p, v


def sgd_step_from_pairs(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Compute lists, and make dictionaries of them in the end."""
    names = sorted(parameters)
    faster = [np.add(momentum * velocities[name], gradients[name]) for name in names]
    moved = [
        np.subtract(parameters[name], learning_rate * speed)
        for name, speed in zip(names, faster, strict=True)
    ]
    return dict(zip(names, moved, strict=True)), dict(zip(names, faster, strict=True))


def sgd_step_flat(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Join all arrays into one vector, make the step, and take it apart again."""
    names = list(parameters)
    p, g, v = (
        np.concatenate([arrays[name].ravel() for name in names])
        for arrays in (parameters, gradients, velocities)
    )
    v = momentum * v + g
    p = p - learning_rate * v
    ends = np.cumsum([parameters[name].size for name in names])[:-1]

    def apart(vector: Array) -> Parameters:
        pieces = np.split(vector, ends)
        return {
            name: piece.reshape(parameters[name].shape)
            for name, piece in zip(names, pieces, strict=True)
        }

    return apart(p), apart(v)


SGD_STEP = (sgd_step_loop, sgd_step_on_copies, sgd_step_from_pairs, sgd_step_flat)

# small_cnn_loss_and_gradients


def _head(pooled: Array, w2: Array, b2: Array, y: Labels) -> tuple[float, Array, Parameters]:
    """Return the loss, its gradient by the pooled maps, and those of the dense layer."""
    features = pooled.reshape(len(pooled), -1)
    z = features @ w2 + b2
    top = z.max(axis=1, keepdims=True)
    logarithms = z - top - np.log(np.exp(z - top).sum(axis=1, keepdims=True))
    wanted = np.eye(w2.shape[1])[y]
    d_z = (np.exp(logarithms) - wanted) / len(y)
    loss = -(logarithms * wanted).sum() / len(y)
    d_pooled = (d_z @ w2.T).reshape(pooled.shape)
    return float(loss), d_pooled, {"w2": features.T @ d_z, "b2": d_z.sum(axis=0)}


def small_cnn_loops(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Visit every pooling window of every map in loops."""
    w1, b1 = parameters["w1"], parameters["b1"]
    framed = _frame(x, 1)
    images, _, height, width = x.shape
    pooled = np.zeros((images, len(w1), height // 2, width // 2))
    where = {}
    for n, f, i, j in np.ndindex(*pooled.shape):
        best: Any = -np.inf
        for r in (2 * i, 2 * i + 1):
            for s in (2 * j, 2 * j + 1):
                response = np.sum(framed[n, :, r : r + 3, s : s + 3] * w1[f]) + b1[f]
                if response > best:
                    best, where[n, f, i, j] = response, (r, s)
        pooled[n, f, i, j] = max(best, 0.0)
    loss, d_pooled, gradients = _head(pooled, parameters["w2"], parameters["b2"], y)
    gradients["w1"], gradients["b1"] = np.zeros(w1.shape), np.zeros(b1.shape)
    for place, (r, s) in where.items():
        if pooled[place] > 0:
            n, f = place[:2]
            gradients["w1"][f] += d_pooled[place] * framed[n, :, r : r + 3, s : s + 3]
            gradients["b1"][f] += d_pooled[place]
    return loss, gradients


def small_cnn_einsum(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Contract views of all windows; ReLU comes before pooling."""
    w1 = parameters["w1"]
    views: Any = sliding_window_view
    windows = views(_frame(x, 1), (3, 3), axis=(2, 3))
    maps = np.einsum("ncijab,fcab->nfij", windows, w1) + parameters["b1"][:, None, None]
    active = maps * (maps > 0)
    images, filters, height, width = maps.shape
    blocks = active.reshape(images, filters, height // 2, 2, width // 2, 2)
    pooled = blocks.max(axis=(3, 5))
    loss, d_pooled, gradients = _head(pooled, parameters["w2"], parameters["b2"], y)
    large = np.kron(pooled, np.ones((2, 2)))
    d_maps = np.kron(d_pooled, np.ones((2, 2))) * (active == large) * (maps > 0)
    gradients["w1"] = np.einsum("ncijab,nfij->fcab", windows, d_maps)
    gradients["b1"] = np.einsum("nfij->f", d_maps)
    return loss, gradients


def small_cnn_by_offset(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Add up nine shifted images; equal maxima share their gradient."""
    w1, b1 = parameters["w1"], parameters["b1"]
    images, _, height, width = x.shape
    framed = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    maps = np.zeros((images, len(w1), height, width)) + b1.reshape(1, -1, 1, 1)
    for a, b in itertools.product(range(3), repeat=2):
        shifted = framed[:, :, a : a + height, b : b + width]
        maps += np.tensordot(shifted, w1[:, :, a, b], axes=(1, 1)).transpose(0, 3, 1, 2)
    corners = [maps[:, :, a::2, b::2] for a in (0, 1) for b in (0, 1)]
    pooled = np.maximum(np.max(corners, axis=0), 0)
    loss, d_pooled, gradients = _head(pooled, parameters["w2"], parameters["b2"], y)
    hits = [(corner == pooled) & (corner > 0) for corner in corners]
    share = d_pooled / np.maximum(np.sum(hits, axis=0), 1)
    d_maps = np.zeros(maps.shape)
    for number, hit in enumerate(hits):
        d_maps[:, :, number // 2 :: 2, number % 2 :: 2] = share * hit
    gradients["w1"] = np.stack(
        [
            np.tensordot(
                d_maps, framed[:, :, a : a + height, b : b + width], axes=((0, 2, 3), (0, 2, 3))
            )
            for a, b in itertools.product(range(3), repeat=2)
        ],
        axis=-1,
    ).reshape(w1.shape)
    gradients["b1"] = d_maps.sum((0, 2, 3))
    return loss, gradients


def small_cnn_fft(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Convolve through the Fourier transform."""
    w1 = parameters["w1"]
    framed = _frame(x, 1)
    _, _, height, width = x.shape
    size = framed.shape[2:]
    spectrum = np.fft.rfft2(framed)
    product = np.einsum("nchw,fchw->nfhw", spectrum, np.conj(np.fft.rfft2(w1, size)))
    maps = np.fft.irfft2(product, size)[:, :, :height, :width] + parameters["b1"][:, None, None]
    corners = np.stack([maps[:, :, a::2, b::2] for a in (0, 1) for b in (0, 1)])
    pooled = np.maximum(corners.max(axis=0), 0)
    loss, d_pooled, gradients = _head(pooled, parameters["w2"], parameters["b2"], y)
    d_corners = d_pooled * (corners.argmax(axis=0) == np.arange(4)[:, None, None, None, None])
    d_maps = np.zeros(maps.shape)
    for number, part in enumerate(d_corners * (corners > 0)):
        d_maps[:, :, number // 2 :: 2, number % 2 :: 2] = part
    errors = np.conj(np.fft.rfft2(d_maps, size))
    dw = np.fft.irfft2(np.einsum("nchw,nfhw->fchw", spectrum, errors), size)
    gradients["w1"] = dw[:, :, :3, :3]
    gradients["b1"] = d_maps.sum(axis=(0, 2, 3))
    return loss, gradients


def small_cnn_image_by_image(
    parameters: Parameters, x: Array, y: Labels
) -> tuple[float, Parameters]:
    """Average loss and gradients over the images, taken one by one."""
    results = [
        small_cnn_loss_and_gradients(parameters, x[n : n + 1], y[n : n + 1]) for n in range(len(x))
    ]
    loss = sum(result[0] for result in results) / len(x)
    gradients = {
        name: np.mean([result[1][name] for result in results], axis=0) for name in parameters
    }
    return loss, gradients


def small_cnn_float32(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Compute in single precision."""
    single: Parameters = {name: value.astype(np.float32) for name, value in parameters.items()}
    loss, gradients = small_cnn_by_offset(single, x.astype(np.float32), y)
    return loss, {name: value.astype(np.float32) for name, value in gradients.items()}


SMALL_CNN_LOSS_AND_GRADIENTS = (
    small_cnn_loops,
    small_cnn_einsum,
    small_cnn_by_offset,
    small_cnn_fft,
    small_cnn_image_by_image,
    small_cnn_float32,
)

# train


def train_while(
    loss_and_gradients: LossAndGradients,
    parameters: Parameters,
    x: Array,
    y: Labels,
    order: Sequence[Labels],
    batch_size: int,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Array]:
    """Count by hand, shuffle once per epoch, and grow an array of losses."""
    v = {key: 0 * value for key, value in parameters.items()}
    losses = np.empty(0)
    for epoch in range(len(order)):
        shuffled_x, shuffled_y = x[order[epoch]], y[order[epoch]]
        i = 0
        while i < len(x):
            loss, g = loss_and_gradients(
                parameters, shuffled_x[i : i + batch_size], shuffled_y[i : i + batch_size]
            )
            losses = np.append(losses, loss)
            parameters, v = sgd_step(parameters, g, v, learning_rate, momentum)
            i += batch_size
    return parameters, losses


def train_own_step(
    loss_and_gradients: LossAndGradients,
    parameters: Parameters,
    x: Array,
    y: Labels,
    order: Sequence[Labels],
    batch_size: int,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Array]:
    """Change copies of the parameters in place, without sgd_step."""
    p = {key: np.array(value, dtype=float) for key, value in parameters.items()}
    v = {key: np.zeros(value.shape) for key, value in parameters.items()}
    history = []
    for indices in order:
        steps = int(np.ceil(len(indices) / batch_size))
        for k in range(steps):
            chosen = indices[k * batch_size : (k + 1) * batch_size]
            value, gradients = loss_and_gradients(p, x[chosen], y[chosen])
            history.append(value)
            for key in p:
                v[key] = momentum * v[key] + gradients[key]
                p[key] -= learning_rate * v[key]
    return p, np.asarray(history)


def train_all_batches_first(
    loss_and_gradients: LossAndGradients,
    parameters: Parameters,
    x: Array,
    y: Labels,
    order: Sequence[Labels],
    batch_size: int,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Array]:
    """Cut all epochs into batches, then go through them in a single loop."""
    batches = [
        batch for row in order for batch in np.split(row, range(batch_size, len(row), batch_size))
    ]
    speeds: Parameters = {name: np.zeros(1) for name in parameters}
    losses = np.zeros(len(batches))
    for step, batch in enumerate(batches):
        losses[step], slopes = loss_and_gradients(
            parameters, np.take(x, batch, axis=0), np.take(y, batch, axis=0)
        )
        parameters, speeds = sgd_step(parameters, slopes, speeds, learning_rate, momentum)
    return parameters, losses


def train_generator(
    loss_and_gradients: LossAndGradients,
    parameters: Parameters,
    x: Array,
    y: Labels,
    order: Sequence[Labels],
    batch_size: int,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Array]:
    """Let a generator hand out the batches."""

    def batches() -> Iterator[tuple[Array, Labels]]:
        for row in order:
            waiting = list(row)
            while waiting:
                batch, waiting = waiting[:batch_size], waiting[batch_size:]
                yield x[batch], y[batch]

    state = parameters, {name: np.zeros_like(value) for name, value in parameters.items()}
    losses = []
    for x_batch, y_batch in batches():
        loss, gradients = loss_and_gradients(state[0], x_batch, y_batch)
        state = sgd_step(state[0], gradients, state[1], learning_rate, momentum)
        losses.append(loss)
    return state[0], np.array(losses)


TRAIN = (train_while, train_own_step, train_all_batches_first, train_generator)

# name_that_bug


def name_that_bug_by_accuracy(
    train_loss: Array, test_loss: Array, test_accuracy: Array, classes: int
) -> str:
    """Look at the accuracy first, then at the losses."""
    if test_accuracy[-1] < 0.5 and train_loss[-1] > 0.9 * np.log(classes):
        exploded = max(train_loss) > train_loss[0] + 0.5
        return "step too large" if exploded else "labels mixed up"
    if train_loss[-1] < 0.25:
        return "overfitting" if test_accuracy[-1] < 0.9 and test_loss[-1] > 0.4 else "healthy"
    return "softmax twice" if train_loss[-2] - train_loss[-1] < 0.012 else "step too small"


def name_that_bug_by_floor(
    train_loss: Array, test_loss: Array, test_accuracy: Array, classes: int
) -> str:
    """Compare with the lowest loss that probabilities in place of scores can reach."""
    floor = np.log(np.e + classes - 1) - 1
    if train_loss.max() > 1.5 * train_loss[0]:
        return "step too large"
    if train_loss.min() > 0.95 * np.log(classes):
        return "labels mixed up"
    if train_loss.min() > floor - 0.01:
        slope = np.polyfit(np.arange(3), train_loss[-3:], 1)[0]
        return "softmax twice" if slope > -0.01 else "step too small"
    return "healthy" if test_loss[-1] < 0.3 else "overfitting"


def name_that_bug_by_shape(
    train_loss: Array, test_loss: Array, test_accuracy: Array, classes: int
) -> str:
    """Measure everything in units of the loss of guessing."""
    train, test = train_loss / np.log(classes), test_loss / np.log(classes)
    half = len(train) // 2
    if train.max() > 1.4:
        return "step too large"
    if train[-1] < 0.2:
        return "overfitting" if test[-1] > 0.25 else "healthy"
    if train[-1] > 0.98:
        return "labels mixed up"
    early, late = train[0] - train[half], train[half] - train[-1]
    return "softmax twice" if late < 0.1 * early else "step too small"


def name_that_bug_by_table(
    train_loss: Array, test_loss: Array, test_accuracy: Array, classes: int
) -> str:
    """Ask one question after the other, in a table."""
    guess = -np.log(1 / classes)
    learns = train_loss[-1] < 0.95 * guess
    ends_low = train_loss[-1] < 0.3 * guess
    still_falls = train_loss[-4] - train_loss[-1] > 0.05
    signs = {
        "step too large": bool((train_loss > 1.4 * guess).any()),
        "labels mixed up": not learns,
        "step too small": not ends_low and still_falls,
        "softmax twice": not ends_low,
        "overfitting": test_loss[-1] > test_loss[0] / 4,
        "healthy": True,
    }
    return next(name for name, present in signs.items() if present)


NAME_THAT_BUG = (
    name_that_bug_by_accuracy,
    name_that_bug_by_floor,
    name_that_bug_by_shape,
    name_that_bug_by_table,
)
