"""Correct solutions of the exercise "pooling" in other styles than the reference.

The checks must accept all of them. They are what students write who know more NumPy, less NumPy,
or another library's habits.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from solutions.pooling.reference import Array, Layer, Shape

# max_pool_forward


def max_pool_six_loops(x: Array, size: int, stride: int) -> Array:
    """Compare number by number, starting with minus infinity."""
    n, c, height, width = x.shape
    out = np.full((n, c, (height - size) // stride + 1, (width - size) // stride + 1), -np.inf)
    for image, channel, i, j in product(*map(range, out.shape)):
        for a in range(size):
            for b in range(size):
                value = x[image, channel, i * stride + a, j * stride + b]
                if value > out[image, channel, i, j]:
                    out[image, channel, i, j] = value
    return out


def max_pool_four_loops(x: Array, size: int, stride: int) -> Array:
    """Visit every number of the result and cut out its window."""
    rows = len(range(0, x.shape[2] - size + 1, stride))
    columns = len(range(0, x.shape[3] - size + 1, stride))
    out = np.empty((x.shape[0], x.shape[1], rows, columns))
    for n, c, i, j in np.ndindex(*out.shape):
        top, left = i * stride, j * stride
        out[n, c, i, j] = np.max(x[n, c, top : top + size, left : left + size])
    return out


def max_pool_windows(x: Array, size: int, stride: int) -> Array:
    """Take the maximum of a view that holds all windows."""
    windows = sliding_window_view(x, (size, size), axis=(2, 3))
    result: Array = windows[:, :, ::stride, ::stride].max(axis=(-2, -1))
    return result


def max_pool_shifted_copies(x: Array, size: int, stride: int) -> Array:
    """Compare as many shifted copies of the batch as a window has numbers."""
    rows, columns = ((side - size) // stride + 1 for side in x.shape[2:])
    out = None
    for a in range(size):
        for b in range(size):
            part = x[:, :, a : a + stride * rows : stride, b : b + stride * columns : stride]
            part = part[:, :, :rows, :columns]
            out = part.copy() if out is None else np.maximum(out, part)
    assert out is not None
    return out


def max_pool_rows_then_columns(x: Array, size: int, stride: int) -> Array:
    """Pool downward, then to the right: a maximum of maxima."""
    down = sliding_window_view(x, size, axis=2)[:, :, ::stride].max(axis=-1)
    result: Array = sliding_window_view(down, size, axis=3)[:, :, :, ::stride].max(axis=-1)
    return result


def max_pool_columns_matrix(x: Array, size: int, stride: int) -> Array:
    """Lay the windows out as rows of a matrix (im2col)."""
    n, c, height, width = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    matrix = np.stack(
        [
            x[:, :, i * stride : i * stride + size, j * stride : j * stride + size].reshape(
                n, c, -1
            )
            for i in range(rows)
            for j in range(columns)
        ],
        axis=2,
    )
    result: Array = np.amax(matrix, axis=3).reshape(n, c, rows, columns)
    return result


def max_pool_strided(x: Array, size: int, stride: int) -> Array:
    """Make the windows by hand from the strides of the batch."""
    n, c, height, width = x.shape
    shape = (n, c, (height - size) // stride + 1, (width - size) // stride + 1, size, size)
    per_image, per_channel, down, right = x.strides
    steps = (per_image, per_channel, down * stride, right * stride, down, right)
    result: Array = as_strided(x, shape, steps).max(axis=(4, 5))
    return result


def max_pool_sorted(x: Array, size: int, stride: int) -> Array:
    """Sort each window and take its last number."""
    windows = sliding_window_view(x, (size, size), (2, 3))[:, :, ::stride, ::stride]
    return np.sort(windows.reshape(*windows.shape[:4], -1), axis=-1)[..., -1]


def max_pool_single_precision(x: Array, size: int, stride: int) -> Array:
    """Compute in float32, as networks do."""
    return max_pool_windows(x.astype(np.float32), size, stride)


MAX_POOL_FORWARD = (
    max_pool_six_loops,
    max_pool_four_loops,
    max_pool_windows,
    max_pool_shifted_copies,
    max_pool_rows_then_columns,
    max_pool_columns_matrix,
    max_pool_strided,
    max_pool_sorted,
    max_pool_single_precision,
)

# avg_pool_forward


def avg_pool_six_loops(x: Array, size: int, stride: int) -> Array:
    """Add number by number, then divide."""
    n, c, height, width = x.shape
    out = np.zeros((n, c, (height - size) // stride + 1, (width - size) // stride + 1))
    for image, channel, i, j in product(*map(range, out.shape)):
        for a in range(size):
            for b in range(size):
                out[image, channel, i, j] += x[image, channel, i * stride + a, j * stride + b]
    return out / (size * size)


def avg_pool_windows(x: Array, size: int, stride: int) -> Array:
    """Take the mean of a view that holds all windows."""
    windows = sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    result: Array = np.mean(windows, axis=(-2, -1))
    return result


def avg_pool_einsum(x: Array, size: int, stride: int) -> Array:
    """Add up with einsum."""
    windows = sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    result: Array = np.einsum("ncijab->ncij", windows) / size**2
    return result


def avg_pool_as_filter(x: Array, size: int, stride: int) -> Array:
    """Slide a filter of equal weights over every channel."""
    kernel = np.full((size, size), 1 / size**2)
    rows, columns = ((side - size) // stride + 1 for side in x.shape[2:])
    out: Array = np.zeros((*x.shape[:2], rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            out[:, :, i, j] = np.tensordot(window, kernel, axes=2)
    return out


def avg_pool_running_sums(x: Array, size: int, stride: int) -> Array:
    """Take differences of running sums (an integral image)."""
    sums = np.pad(x, ((0, 0), (0, 0), (1, 0), (1, 0))).cumsum(axis=2).cumsum(axis=3)
    total = (
        sums[:, :, size:, size:]
        - sums[:, :, :-size, size:]
        - sums[:, :, size:, :-size]
        + sums[:, :, :-size, :-size]
    )
    result: Array = total[:, :, ::stride, ::stride] / size**2
    return result


def avg_pool_fourier(x: Array, size: int, stride: int) -> Array:
    """Multiply with a box filter in Fourier space; right up to rounding."""
    sides = x.shape[2:]
    box = np.conj(np.fft.rfft2(np.full((size, size), 1 / size**2), sides))
    everywhere = np.fft.irfft2(np.fft.rfft2(x) * box, sides)
    rows, columns = (side - size + 1 for side in sides)
    return everywhere[:, :, :rows:stride, :columns:stride]


def avg_pool_single_precision(x: Array, size: int, stride: int) -> Array:
    """Compute in float32, as networks do."""
    return avg_pool_windows(x.astype(np.float32), size, stride)


AVG_POOL_FORWARD = (
    avg_pool_six_loops,
    avg_pool_windows,
    avg_pool_einsum,
    avg_pool_as_filter,
    avg_pool_running_sums,
    avg_pool_fourier,
    avg_pool_single_precision,
)

# relu_forward


def relu_mask(x: Array) -> Array:
    """Multiply by a mask."""
    result: Array = x * (x > 0)
    return result


def relu_where(x: Array) -> Array:
    """Choose element by element."""
    return np.where(x > 0, x, 0.0)


def relu_clip(x: Array) -> Array:
    """Clip at one side."""
    result: Array = x.clip(min=0)
    return result


def relu_copy(x: Array) -> Array:
    """Set negative elements of a copy to zero."""
    out = x.copy()
    out[out < 0] = 0
    return out


def relu_loop(x: Array) -> Array:
    """Look at every number in turn."""
    out = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        if x[index] > 0:
            out[index] = x[index]
    return out


def relu_absolute(x: Array) -> Array:
    """Write the maximum with an absolute value."""
    result: Array = (x + np.abs(x)) / 2
    return result


RELU_FORWARD = (relu_mask, relu_where, relu_clip, relu_copy, relu_loop, relu_absolute)

# linear_forward


def linear_three_loops(x: Array, w: Array, b: Array) -> Array:
    """Add product by product."""
    out = np.zeros((x.shape[0], w.shape[1]))
    for n in range(x.shape[0]):
        for m in range(w.shape[1]):
            for d in range(x.shape[1]):
                out[n, m] += x[n, d] * w[d, m]
            out[n, m] += b[m]
    return out


def linear_units(x: Array, w: Array, b: Array) -> Array:
    """Compute unit by unit and stack the columns."""
    units = [x.dot(column) + bias for column, bias in zip(w.T, b, strict=True)]
    return np.stack(units, axis=1)


def linear_einsum(x: Array, w: Array, b: Array) -> Array:
    """Name the axes."""
    result: Array = np.einsum("ni,im->nm", x, w) + b[None, :]
    return result


def linear_broadcast(x: Array, w: Array, b: Array) -> Array:
    """Multiply by broadcasting, then add up."""
    result: Array = (x[:, :, None] * w[None]).sum(axis=1) + b
    return result


def linear_bias_as_weight(x: Array, w: Array, b: Array) -> Array:
    """Append a one to every input and the biases to the weights."""
    longer = np.hstack([x, np.ones((len(x), 1))])
    result: Array = longer @ np.vstack([w, b])
    return result


def linear_transposed(x: Array, w: Array, b: Array) -> Array:
    """Compute the transposed product."""
    return (w.T @ x.T + b[:, None]).T


def linear_single_precision(x: Array, w: Array, b: Array) -> Array:
    """Compute in float32, as networks do."""
    result: Array = np.dot(x.astype(np.float32), w.astype(np.float32)) + b.astype(np.float32)
    return result


LINEAR_FORWARD = (
    linear_three_loops,
    linear_units,
    linear_einsum,
    linear_broadcast,
    linear_bias_as_weight,
    linear_transposed,
    linear_single_precision,
)

# linear_to_filters


def filters_moved_axis(w: Array, channels: int, height: int, width: int) -> Array:
    """Give the axis of the inputs its shape back, then bring the units to the front."""
    return np.moveaxis(w.reshape(channels, height, width, w.shape[1]), -1, 0)


def filters_column_by_column(w: Array, channels: int, height: int, width: int) -> Array:
    """Shape every column by itself."""
    return np.stack([w[:, m].reshape(channels, height, width) for m in range(w.shape[1])])


def filters_loops(w: Array, channels: int, height: int, width: int) -> Array:
    """Compute where in the flat input each pixel lies."""
    out = np.zeros((w.shape[1], channels, height, width))
    for m, c, i, j in np.ndindex(*out.shape):
        out[m, c, i, j] = w[(c * height + i) * width + j, m]
    return out


def filters_einsum(w: Array, channels: int, height: int, width: int) -> Array:
    """Exchange the axes with einsum."""
    result: Array = np.einsum("chwm->mchw", w.reshape(channels, height, width, -1))
    return result


def filters_counting(w: Array, channels: int, height: int, width: int) -> Array:
    """Read the columns one after the other."""
    flat = np.ravel(w, order="F")
    result: Array = flat.reshape((-1, channels, height, width))
    return result


LINEAR_TO_FILTERS = (
    filters_moved_axis,
    filters_column_by_column,
    filters_loops,
    filters_einsum,
    filters_counting,
)

# network_shapes


def _positions(side: int, layer: Layer) -> int:
    """Count the positions of a window one by one."""
    padded = side + layer.get("padding", 0) * 2
    return len(
        [start for start in range(0, padded, layer["stride"]) if start + layer["size"] <= padded]
    )


def shapes_by_counting(spec: list[Layer]) -> list[Shape]:
    """Count positions with a loop; keep the sizes in three variables."""
    shapes: list[Shape] = []
    c, h, w = 0, 0, 0
    for layer in spec:
        kind = layer["kind"]
        if kind == "image":
            c, h, w = layer["channels"], layer["height"], layer["width"]
        if "stride" in layer:
            h, w = _positions(h, layer), _positions(w, layer)
        if kind == "conv":
            c = layer["filters"]
        if kind.startswith("adaptive"):
            h = w = layer["size"]
        if kind == "flatten":
            c, h, w = c * h * w, 0, 0
        if kind == "linear":
            c = layer["units"]
        shapes.append((c, h, w) if h else (c,))
    return shapes


def shapes_from_the_last(spec: list[Layer]) -> list[Shape]:
    """Always look at the last entry of the list."""
    shapes: list[Shape] = [(spec[0]["channels"], spec[0]["height"], spec[0]["width"])]
    for layer in spec[1:]:
        before = shapes[-1]
        match layer["kind"]:
            case "conv":
                size, stride, padding = layer["size"], layer["stride"], layer["padding"]
                height = (before[1] - size + 2 * padding + stride) // stride
                width = (before[2] - size + 2 * padding + stride) // stride
                shapes.append((layer["filters"], height, width))
            case "max_pool" | "avg_pool":
                size, stride = layer["size"], layer["stride"]
                height = 1 + (before[1] - size) // stride
                width = 1 + (before[2] - size) // stride
                shapes.append((before[0], height, width))
            case "adaptive_avg_pool":
                shapes.append((before[0], layer["size"], layer["size"]))
            case "flatten":
                shapes.append((before[0] * before[1] * before[2],))
            case "linear":
                shapes.append((layer["units"],))
            case _:
                shapes.append(before)
    return shapes


def shapes_as_lists(spec: list[Layer]) -> Any:
    """Use lists for tuples, and NumPy numbers."""
    shapes: list[Any] = []
    shape: Any = []
    for layer in spec:
        if layer["kind"] == "image":
            shape = [layer[key] for key in ("channels", "height", "width")]
        elif layer["kind"] in {"conv", "max_pool", "avg_pool"}:
            sides = np.array(shape[1:]) + 2 * layer.get("padding", 0)
            positions = np.floor((sides - layer["size"]) / layer["stride"]).astype(int) + 1
            shape = [layer.get("filters", shape[0]), *positions]
        elif layer["kind"] == "adaptive_avg_pool":
            shape = [shape[0]] + [layer["size"]] * 2
        elif layer["kind"] == "flatten":
            shape = [np.prod(shape)]
        elif layer["kind"] == "linear":
            shape = [layer["units"]]
        shapes.append(list(shape))
    return shapes


def shapes_by_running(spec: list[Layer]) -> list[Shape]:
    """Send an array of the right size through and ask for its shape."""
    shapes: list[Shape] = []
    x: Any = None
    for layer in spec:
        if layer["kind"] == "image":
            x = np.zeros((layer["channels"], layer["height"], layer["width"]), dtype=bool)
        elif layer["kind"] in ("conv", "max_pool", "avg_pool"):
            p = layer.get("padding", 0)
            padded = np.pad(x, ((0, 0), (p, p), (p, p)))
            windows = sliding_window_view(padded, (layer["size"],) * 2, axis=(1, 2))
            maps = windows[:, :: layer["stride"], :: layer["stride"], 0, 0]
            x = np.repeat(maps[:1], layer["filters"], axis=0) if "filters" in layer else maps
        elif layer["kind"] == "adaptive_avg_pool":
            x = np.zeros((len(x), layer["size"], layer["size"]), dtype=bool)
        elif layer["kind"] == "flatten":
            x = x.reshape(-1)
        elif layer["kind"] == "linear":
            x = np.zeros(layer["units"], dtype=bool)
        shapes.append(x.shape)
    return shapes


def shapes_by_table(spec: list[Layer]) -> tuple[Shape, ...]:
    """Look the rule up in a table of functions; return a tuple."""

    def slide(layer: Layer, shape: Shape) -> Shape:
        sides = (s + 2 * layer.get("padding", 0) for s in shape[1:])
        count = tuple(int((s - layer["size"]) / layer["stride"] + 1) for s in sides)
        return (layer.get("filters", shape[0]), *count)

    rules: dict[str, Any] = {
        "image": lambda layer, shape: (layer["channels"], layer["height"], layer["width"]),
        "conv": slide,
        "max_pool": slide,
        "avg_pool": slide,
        "adaptive_avg_pool": lambda layer, shape: (shape[0], layer["size"], layer["size"]),
        "flatten": lambda layer, shape: (math.prod(shape),),
        "linear": lambda layer, shape: (layer["units"],),
    }
    shape: Shape = ()
    shapes: tuple[Shape, ...] = ()
    for layer in spec:
        shape = rules.get(layer["kind"], lambda layer, shape: shape)(layer, shape)
        shapes += (shape,)
    return shapes


NETWORK_SHAPES = (
    shapes_by_counting,
    shapes_from_the_last,
    shapes_as_lists,
    shapes_by_running,
    shapes_by_table,
)

# count_parameters


def parameters_of_arrays(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Multiply out the shapes of weights and biases."""
    counts = []
    for before, layer in zip([(), *shapes], spec, strict=False):
        arrays: list[Shape] = []
        if layer["kind"] == "conv":
            arrays = [
                (layer["filters"], before[0], layer["size"], layer["size"]),
                (layer["filters"],),
            ]
        if layer["kind"] == "linear":
            arrays = [(before[0], layer["units"]), (layer["units"],)]
        counts.append(sum(math.prod(shape) for shape in arrays))
    return counts


def parameters_preallocated(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Begin with zeros and fill in what learns."""
    counts = [0] * len(spec)
    for i in range(1, len(spec)):
        layer, depth = spec[i], shapes[i - 1][0]
        if layer["kind"] == "conv":
            weights = depth * layer["size"] * layer["size"] * layer["filters"]
            counts[i] = weights + layer["filters"]
        elif layer["kind"] == "linear":
            counts[i] = depth * layer["units"] + layer["units"]
    return counts


def parameters_with_depth_remembered(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Carry the depth along."""
    counts, depth = [], 0
    for layer, shape in zip(spec, shapes, strict=True):
        kind = layer["kind"]
        if kind == "conv":
            counts.append((depth * layer["size"] * layer["size"] + 1) * layer["filters"])
        elif kind == "linear":
            counts.append((depth + 1) * layer["units"])
        else:
            counts.append(0)
        depth = shape[0]
    return counts


def parameters_from_shapes(spec: list[Layer], shapes: list[Shape]) -> list[Any]:
    """Use the shapes alone, wherever they say enough; NumPy numbers and floats."""
    counts: list[Any] = []
    for i, layer in enumerate(spec):
        if layer["kind"] in ("conv", "linear"):
            per_unit = shapes[i - 1][0] * layer.get("size", 1) ** 2.0 + 1
            counts.append(np.float64(shapes[i][0] * per_unit))
        else:
            counts.append(np.int64(0))
    return counts


def parameters_comprehension(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Write one expression per layer."""
    depths = [0] + [shape[0] for shape in shapes[:-1]]
    return [
        layer.get("filters", layer.get("units", 0)) * (depth * layer.get("size", 1) ** 2 + 1)
        for layer, depth in zip(spec, depths, strict=True)
    ]


COUNT_PARAMETERS = (
    parameters_of_arrays,
    parameters_preallocated,
    parameters_with_depth_remembered,
    parameters_from_shapes,
    parameters_comprehension,
)
