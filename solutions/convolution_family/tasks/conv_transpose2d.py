"""The task ``conv_transpose2d``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array, Shape


def conv_transpose2d(y: Array, w: Array, stride: int, padding: int) -> Array:
    """Apply a transposed convolution: take y the way that a convolution takes dout.

    y: maps, shape (N, F, H, W).
    w: filters of the convolution, shape (F, C, HH, WW).
    stride: of the convolution; here, how far apart windows of neighboring numbers lie.
    padding: of the convolution; here, how much is cut off on each side.
    Returns shape (N, C, H', W') with H' = (H - 1) * stride + HH - 2 * padding, W' alike.
    """
    ### BEGIN SOLUTION
    images, _, rows, columns = y.shape
    _, channels, filter_height, filter_width = w.shape
    height = (rows - 1) * stride + filter_height
    width = (columns - 1) * stride + filter_width
    canvas = np.zeros((images, channels, height, width))
    for n, f, i, j in np.ndindex(y.shape):
        top, left = i * stride, j * stride
        canvas[n, :, top : top + filter_height, left : left + filter_width] += y[n, f, i, j] * w[f]
    return canvas[:, :, padding : height - padding, padding : width - padding]
    ### END SOLUTION


# Cases


def _layer(rng: Random, y: Shape, w: Shape, stride: int, padding: int) -> dict[str, Value]:
    """Draw maps and filters without a zero."""
    return {
        "y": quarters(rng, *y, low=0.25) * rng.choice([-1, 1], size=y),
        "w": quarters(rng, *w, low=0.25) * rng.choice([-1, 1], size=w),
        "stride": stride,
        "padding": padding,
    }


WORKED_TRANSPOSED: dict[str, Value] = {
    "y": np.array([[[[1.0, 2], [3, 0]]]]),
    "w": np.array([[[[1.0, 4, 2], [0, 1, 0], [2, 0, 1]]]]),
    "stride": 2,
    "padding": 0,
}
"""The example that the exercise computes by hand."""


def cases(rng: Random) -> list[Case]:
    """The worked example, then one new thing at a time."""
    return [
        Case("the worked example", WORKED_TRANSPOSED),
        Case("stride 1", _layer(rng, (1, 1, 2, 3), (1, 1, 3, 2), 1, 0)),
        Case(
            "gaps between the windows",
            _layer(rng, (1, 1, 3, 2), (1, 1, 1, 2), 3, 0),
            finds=("filters_not_turned",),
        ),
        Case(
            "windows that touch",
            _layer(rng, (1, 1, 3, 2), (1, 1, 2, 2), 2, 0),
            finds=("filters_not_turned", "filters_transposed"),
        ),
        Case("two maps, three channels", _layer(rng, (1, 2, 2, 3), (2, 3, 2, 3), 2, 0)),
        Case("padding 1", _layer(rng, (1, 2, 3, 2), (2, 1, 3, 4), 2, 1)),
        Case("padding 2, two images", _layer(rng, (2, 1, 3, 4), (1, 2, 5, 4), 2, 2)),
        Case("three images", _layer(rng, (3, 3, 2, 2), (3, 2, 2, 3), 1, 0)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("stride 3, padding 1", _layer(rng, (2, 3, 3, 2), (3, 2, 4, 5), 3, 1)),
        Case("a filter of two, stride 2", _layer(rng, (1, 3, 3, 4), (3, 2, 2, 2), 2, 0)),
        Case("two images, stride 1, padding 1", _layer(rng, (2, 2, 4, 3), (2, 3, 3, 3), 1, 1)),
    ]


# Misconceptions


def _canvas(
    y: Array, w: Array, stride: int, step: int | None = None, *, overwrite: bool = False
) -> Array:
    """Put all windows on a canvas. ``step`` takes the place of the stride where windows lie."""
    step = stride if step is None else step
    height, width = (
        (side - 1) * stride + kernel for side, kernel in zip(y.shape[2:], w.shape[2:], strict=True)
    )
    canvas = np.zeros((len(y), w.shape[1], height, width))
    for n, f, i, j in np.ndindex(y.shape):
        rows = slice(i * step, i * step + w.shape[2])
        columns = slice(j * step, j * step + w.shape[3])
        window = y[n, f, i, j] * w[f]
        canvas[n, :, rows, columns] = window + (0 if overwrite else canvas[n, :, rows, columns])
    return canvas


def _cropped(canvas: Array, padding: int) -> Array:
    height, width = canvas.shape[2:]
    return canvas[:, :, padding : height - padding, padding : width - padding]


def one_zero_more(y: Array, w: Array, stride: int, padding: int) -> Array:
    """Put as many zeros between two numbers as the stride says."""
    return conv_transpose2d(y, w, stride + 1, padding)


def filters_not_turned(y: Array, w: Array, stride: int, padding: int) -> Array:
    """Put zeros between the numbers, and slide the filters over them as they are."""
    return conv_transpose2d(y, w[:, :, ::-1, ::-1], stride, padding)


def numbers_repeated(y: Array, w: Array, stride: int, padding: int) -> Array:
    """Repeat each number instead of putting zeros after it."""
    large = y.repeat(stride, axis=2).repeat(stride, axis=3)
    rows, columns = (stride * (side - 1) + 1 for side in y.shape[2:])
    return _cropped(_canvas(large[:, :, :rows, :columns], w, 1), padding)


def size_times_stride(y: Array, w: Array, stride: int, padding: int) -> Array:
    """Make the result as large as the maps times the stride, whatever the filter's size."""
    canvas = _canvas(y, w, stride)
    height, width = (side * stride for side in y.shape[2:])
    room = ((0, 0), (0, 0), (0, height), (0, width))
    return np.pad(canvas, room)[:, :, padding : padding + height, padding : padding + width]


def padding_added(y: Array, w: Array, stride: int, padding: int) -> Array:
    """Put zeros around the result."""
    around = (padding, padding)
    return np.pad(_canvas(y, w, stride), ((0, 0), (0, 0), around, around))


def images_added(y: Array, w: Array, stride: int, padding: int) -> Array:
    """Put the windows of all images upon each other."""
    total = conv_transpose2d(y, w, stride, padding).sum(axis=0, keepdims=True)
    return np.repeat(total, len(y), axis=0)


MISCONCEPTIONS = (
    Misconception(
        "overwritten",
        lambda y, w, stride, padding: _cropped(_canvas(y, w, stride, overwrite=True), padding),
        title="Overlapping windows overwrite each other",
        symptom="Right for one map whose windows do not overlap.",
        hint="Where windows overlap, only the last one is left. What does a pixel get that lies in "
        "several windows?",
        catalog_number=36,
        section="backprop/One weight, used twice",
    ),
    Misconception(
        "last_map_only",
        lambda y, w, stride, padding: conv_transpose2d(y[:, -1:], w[-1:], stride, padding),
        title="The last map only",
        symptom="Right for one map.",
        hint="Only the last of the maps counts in your result. Every map puts its filter down.",
    ),
    Misconception(
        "placed_without_stride",
        lambda y, w, stride, padding: _cropped(_canvas(y, w, stride, step=1), padding),
        title="The windows lie one pixel apart",
        symptom="The shape is right; all lies at the top left, and zeros follow.",
        hint="The shape is right, but your windows lie too close together. Where does the window "
        "of `y[n, f, i, j]` begin?",
        catalog_number=37,
    ),
    Misconception(
        "stride_ignored",
        lambda y, w, stride, padding: conv_transpose2d(y, w, 1, padding),
        title="The stride is ignored",
        symptom="Right for stride 1, else too small.",
        hint="Your result does not change with the stride. How far apart are the windows of two "
        "neighboring numbers?",
    ),
    Misconception(
        "one_zero_more",
        one_zero_more,
        title="One zero too many between two numbers",
        symptom="The result is too large, and has gaps.",
        hint="Your windows lie too far apart. If they should be 2 pixels apart, how many zeros lie "
        "between two numbers?",
    ),
    Misconception(
        "filters_not_turned",
        filters_not_turned,
        title="The filters lie upside down",
        symptom="The shape is right; each window is turned by 180 degrees.",
        hint="Each of your windows is turned by 180 degrees. A single 1 as y: what should come "
        "out?",
        catalog_number=42,
        section="backprop/One weight, used twice",
    ),
    Misconception(
        "numbers_repeated",
        numbers_repeated,
        title="The numbers are repeated",
        symptom="Right for stride 1, else smoother and larger than it should be.",
        hint="Between two numbers you put copies of them. What does the way back through a "
        "convolution have at positions that the stride skips?",
    ),
    Misconception(
        "not_cropped",
        lambda y, w, stride, padding: _canvas(y, w, stride),
        title="The padding is not cut off",
        symptom="Right without padding, else too large.",
        hint="Your result is as large as the padded picture of the convolution. What becomes of "
        "its border?",
        catalog_number=38,
    ),
    Misconception(
        "padding_added",
        padding_added,
        title="Zeros are put around the result",
        symptom="Right without padding, else far too large.",
        hint="You put zeros around the result. The convolution has added a border: what does the "
        "way back do with it?",
    ),
    Misconception(
        "cropped_at_the_end",
        lambda y, w, stride, padding: _canvas(y, w, stride)[
            :,
            :,
            : (y.shape[2] - 1) * stride + w.shape[2] - 2 * padding,
            : (y.shape[3] - 1) * stride + w.shape[3] - 2 * padding,
        ],
        title="The border is cut off at one end only",
        symptom="The shape is right; everything is shifted by the padding.",
        hint="The shape is right, and all is shifted by the padding. On how many sides is the "
        "border?",
        catalog_number=39,
    ),
    Misconception(
        "cropped_by_minus_padding",
        lambda y, w, stride, padding: _canvas(y, w, stride)[
            :, :, padding:-padding, padding:-padding
        ],
        title="A crop that is empty without padding",
        symptom="Right with padding; without padding nothing is left.",
        hint="Without padding nothing is left of your result. What is `a[0:-0]`?",
        catalog_number=40,
    ),
    Misconception(
        "one_pixel_cropped",
        lambda y, w, stride, padding: _canvas(y, w, stride)[:, :, 1:-1, 1:-1],
        title="One pixel is cut off, whatever the padding",
        symptom="Right for padding 1 only.",
        hint="You always cut off one pixel on each side. How wide is the border?",
    ),
    Misconception(
        "size_times_stride",
        size_times_stride,
        title="As large as the maps times the stride",
        symptom="The size is wrong unless the filter happens to fit.",
        hint="Your result has `stride` times as many rows as y. Where does the last window begin, "
        "and where does it end?",
    ),
    Misconception(
        "filters_transposed",
        lambda y, w, stride, padding: conv_transpose2d(y, w.swapaxes(2, 3), stride, padding),
        title="Rows and columns of the filters are exchanged",
        symptom="Filters that are not square change the shape.",
        hint="Each filter lies on its side in your result. *Transposed* is the matrix of the whole "
        "layer, not the filter.",
        catalog_number=11,
    ),
    Misconception(
        "images_added",
        images_added,
        title="All images are added up",
        symptom="Right for one image.",
        hint="All images of your result are alike. Which part of your code depends on n?",
    ),
)


# Alternatives


def conv_transpose_of_spread_maps(y: Array, w: Array, stride: int, padding: int) -> Array:
    """Put zeros between the numbers and around them, and convolve with the turned filters."""
    images, maps, rows, columns = y.shape
    spread = np.zeros((images, maps, (rows - 1) * stride + 1, (columns - 1) * stride + 1))
    spread[:, :, ::stride, ::stride] = y
    down, right = w.shape[2] - 1, w.shape[3] - 1
    framed = np.pad(spread, ((0, 0), (0, 0), (down, down), (right, right)))
    views = np.lib.stride_tricks.sliding_window_view(framed, w.shape[2:], axis=(2, 3))
    full: Array = np.einsum("nfijab,fcab->ncij", views, w[:, :, ::-1, ::-1])
    return full[:, :, padding : full.shape[2] - padding, padding : full.shape[3] - padding]


def conv_transpose_element_by_element(y: Array, w: Array, stride: int, padding: int) -> Array:
    """For each element of the filters, add what all maps send there."""
    filter_height, filter_width = w.shape[2:]
    tall = (y.shape[2] - 1) * stride + filter_height
    wide = (y.shape[3] - 1) * stride + filter_width
    canvas = np.zeros((len(y), w.shape[1], tall, wide))
    for a in range(filter_height):
        for b in range(filter_width):
            part = np.tensordot(y, w[:, :, a, b], axes=(1, 0)).transpose(0, 3, 1, 2)
            canvas[
                :,
                :,
                a : tall - filter_height + a + 1 : stride,
                b : wide - filter_width + b + 1 : stride,
            ] += part
    return canvas[:, :, padding : tall - padding, padding : wide - padding]


def conv_transpose_by_matrix(y: Array, w: Array, stride: int, padding: int) -> Array:
    """Write the convolution as a matrix, and multiply by its transpose."""
    maps, rows, columns = y.shape[1:]
    channels = w.shape[1]
    height = (rows - 1) * stride + w.shape[2] - 2 * padding
    width = (columns - 1) * stride + w.shape[3] - 2 * padding
    matrix = np.zeros((maps, rows, columns, channels, height + 2 * padding, width + 2 * padding))
    for f, i, j in np.ndindex(maps, rows, columns):
        top, left = i * stride, j * stride
        matrix[f, i, j, :, top : top + w.shape[2], left : left + w.shape[3]] = w[f]
    matrix = matrix[..., padding : padding + height, padding : padding + width]
    flat = matrix.reshape(maps * rows * columns, -1)
    return (y.reshape(len(y), -1) @ flat).reshape(len(y), channels, height, width)


def conv_transpose_number_by_number(y: Array, w: Array, stride: int, padding: int) -> Array:
    """Send every product to the pixel where it belongs, if that is inside."""
    height = stride * (y.shape[2] - 1) + w.shape[2] - 2 * padding
    width = stride * (y.shape[3] - 1) + w.shape[3] - 2 * padding
    out = np.zeros((y.shape[0], w.shape[1], height, width))
    for f, c, a, b in np.ndindex(w.shape):
        for i, j in np.ndindex(y.shape[2:]):
            row, column = stride * i + a - padding, stride * j + b - padding
            if 0 <= row < height and 0 <= column < width:
                out[:, c, row, column] += y[:, f, i, j] * w[f, c, a, b]
    return out


ALTERNATIVES = (
    conv_transpose_of_spread_maps,
    conv_transpose_element_by_element,
    conv_transpose_by_matrix,
    conv_transpose_number_by_number,
)

STYLES = (
    Style(
        conv_transpose_of_spread_maps,
        "A convolution again: zeros between the numbers and around them, and filters turned by "
        "180 degrees.",
    ),
    Style(
        conv_transpose_by_matrix,
        "This is where the name comes from: the transpose of the matrix of the whole convolution.",
    ),
)


PROBLEM = Problem(
    conv_transpose2d,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    styles=STYLES,
)
