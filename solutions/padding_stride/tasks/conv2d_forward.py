"""The task ``conv2d_forward``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from autograder.problems import Case, Misconception, Problem, Random, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.padding_stride.tasks.output_size import output_size
from solutions.padding_stride.tasks.pad2d import all_axes, pad2d, padded_at, slice_to_minus_padding


def conv2d_forward(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Apply a convolutional layer with stride and zero padding.

    x: batch of images, shape (N, C, H, W).
    w: filters, shape (F, C, HH, WW).
    b: biases, shape (F,).
    stride: step of the window, in pixels, downward and to the right.
    padding: rows and columns of zeros on each side.
    Returns shape (N, F, H', W'); H' and W' are what `output_size` gives for either axis.
    """
    ### BEGIN SOLUTION
    images, _, height, width = x.shape
    filters, _, filter_height, filter_width = w.shape
    rows = output_size(height, filter_height, stride, padding)
    columns = output_size(width, filter_width, stride, padding)
    padded = pad2d(x, padding)
    out = np.zeros((images, filters, rows, columns))
    for n in range(images):
        for f in range(filters):
            for i in range(rows):
                for j in range(columns):
                    top, left = i * stride, j * stride
                    window = padded[n, :, top : top + filter_height, left : left + filter_width]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out
    ### END SOLUTION


# Cases

WORKED_IMAGE = np.array([[1.0, 2, 0], [3, 1, 2], [0, 1, 1]])
WORKED_FILTER = np.array([[1.0, 0, -1], [2, 1, 0], [0, 1, 1]])
"""The example that the exercise computes by hand."""


def _biases(rng: Random, filters: int) -> np.ndarray:
    """Draw biases above zero."""
    return quarters(rng, filters, low=0.5)


def drawn_layer(
    rng: Random, x: tuple[int, ...], w: tuple[int, ...], stride: int, padding: int
) -> dict[str, Value]:
    """Draw a batch of shape x, filters of shape w, and biases, none of them zero."""
    return {
        "x": quarters(rng, *x),
        "w": quarters(rng, *w),
        "b": _biases(rng, w[0]),
        "stride": stride,
        "padding": padding,
    }


def cases(rng: Random) -> list[Case]:
    """One new thing at a time: padding, stride, channels, filters, images."""
    worked = {
        "x": WORKED_IMAGE[None, None],
        "w": WORKED_FILTER[None, None],
        "b": np.array([0.5]),
        "stride": 2,
        "padding": 1,
    }
    whole = {
        "x": rng.integers(-9, 9, size=(1, 2, 4, 5), endpoint=True, dtype=np.int64),
        "w": quarters(rng, 2, 2, 2, 3),
        "b": _biases(rng, 2),
        "stride": 1,
        "padding": 1,
    }
    return [
        Case("the worked example", worked),
        Case("stride 1, no padding", drawn_layer(rng, (1, 1, 4, 5), (1, 1, 2, 3), 1, 0)),
        Case("padding 2", drawn_layer(rng, (1, 1, 4, 5), (1, 1, 2, 3), 1, 2)),
        Case("stride 2, no padding", drawn_layer(rng, (1, 1, 7, 9), (1, 1, 3, 3), 2, 0)),
        Case(
            "stride 3, pixels left over",
            drawn_layer(rng, (1, 1, 9, 7), (2, 1, 2, 3), 3, 0),
            finds=("bias_along_columns",),
        ),
        Case("three channels, two filters", drawn_layer(rng, (1, 3, 5, 6), (2, 3, 3, 2), 1, 1)),
        Case("everything at once", drawn_layer(rng, (2, 2, 7, 5), (4, 2, 3, 2), 2, 1)),
        Case("images of whole numbers", whole),
        Case("three images, tiles", drawn_layer(rng, (3, 1, 6, 4), (3, 1, 2, 2), 2, 0)),
        # Along each axis, height and width of the filter leave room for other numbers of windows.
        Case("stride 2, a tall filter", drawn_layer(rng, (1, 2, 8, 10), (2, 2, 3, 2), 2, 0)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    whole = {
        "x": rng.integers(-9, 9, size=(2, 1, 5, 6), endpoint=True, dtype=np.int64),
        "w": quarters(rng, 3, 1, 3, 2),
        "b": _biases(rng, 3),
        "stride": 2,
        "padding": 0,
    }
    return [
        Case("as many images as filters", drawn_layer(rng, (3, 2, 8, 6), (3, 2, 3, 3), 2, 2)),
        Case("stride 3, three channels", drawn_layer(rng, (2, 3, 8, 9), (4, 3, 2, 3), 3, 1)),
        Case("wide filters, no padding", drawn_layer(rng, (2, 2, 6, 11), (3, 2, 2, 4), 2, 0)),
        Case("images of whole numbers, stride 2", whole, finds=("bias_along_columns",)),
    ]


# Misconceptions


def _convolved(padded: Array, w: Array, b: Array, stride: int) -> Array:
    """Apply the layer to a batch that is padded already."""
    return conv2d_forward(padded, w, b, stride, 0)


def result_shape(x: Array, w: Array, stride: int, padding: int) -> tuple[int, int, int, int]:
    """Return the shape of the right result."""
    rows = output_size(x.shape[2], w.shape[2], stride, padding)
    columns = output_size(x.shape[3], w.shape[3], stride, padding)
    return len(x), len(w), rows, columns


def padded_on_all_axes(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Pad with np.pad(x, padding), which adds channels, too."""
    out = np.zeros(result_shape(x, w, stride, padding))
    padded = all_axes(x, padding)
    for n, f, i, j in np.ndindex(*out.shape):
        top, left = i * stride, j * stride
        window = padded[n, :, top : top + w.shape[2], left : left + w.shape[3]]
        out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out


def padded_with_empty_slice(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Pad through a slice that is empty for a padding of 0."""
    return _convolved(slice_to_minus_padding(x, padding), w, b, stride)


def rounded_up(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Make room for a last window that hangs over the border, and leave it empty."""
    right = conv2d_forward(x, w, b, stride, padding)
    height, width = (x.shape[axis] + 2 * padding - w.shape[axis] for axis in (2, 3))
    out = np.zeros((*right.shape[:2], -(-height // stride) + 1, -(-width // stride) + 1))
    out[:, :, : right.shape[2], : right.shape[3]] = right
    return out


def as_large_as_for_stride_one(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Forget the stride in the size, and fill a part of the array."""
    out = np.zeros(result_shape(x, w, 1, padding))
    right = conv2d_forward(x, w, b, stride, padding)
    out[:, :, : right.shape[2], : right.shape[3]] = right
    return out


def start_without_stride(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Begin window i at row i, not at row i * stride."""
    _, _, rows, columns = result_shape(x, w, stride, padding)
    return conv2d_forward(x, w, b, 1, padding)[:, :, :rows, :columns]


def stride_downward_only(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Begin window (i, j) at row i * stride and column j."""
    columns = result_shape(x, w, stride, padding)[3]
    return conv2d_forward(x, w, b, 1, padding)[:, :, ::stride, :columns]


def stride_to_the_right_only(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Begin window (i, j) at row i and column j * stride."""
    rows = result_shape(x, w, stride, padding)[2]
    return conv2d_forward(x, w, b, 1, padding)[:, :, :rows, ::stride]


def windows_side_by_side(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Move the window by the size of the filter."""
    return conv2d_forward(x, w, b, 1, padding)[:, :, :: w.shape[2], :: w.shape[3]]


def first_image_for_all(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Index the batch by a fixed 0."""
    return conv2d_forward(np.repeat(x[:1], len(x), axis=0), w, b, stride, padding)


def whole_numbers(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Take over the integer type of the images."""
    return conv2d_forward(x, w, b, stride, padding).astype(x.dtype)


def transposed_filters(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Pair row a, column b of the window with column a, row b of the filter."""
    out = np.zeros(result_shape(x, w, stride, padding))
    padded = pad2d(x, padding)
    for n, f, i, j in np.ndindex(*out.shape):
        top, left = i * stride, j * stride
        window = padded[n, :, top : top + w.shape[2], left : left + w.shape[3]]
        out[n, f, i, j] = np.sum(window * w[f].swapaxes(1, 2)) + b[f]
    return out


def swapped_output_axes(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Make room for W' rows and H' columns."""
    images, filters, rows, columns = result_shape(x, w, stride, padding)
    right = conv2d_forward(x, w, b, stride, padding)
    out = np.zeros((images, filters, columns, rows))
    for n, f, i, j in np.ndindex(images, filters, rows, columns):
        out[n, f, i, j] = right[n, f, i, j]
    return out


MISCONCEPTIONS = (
    Misconception(
        "padding_ignored",
        lambda x, w, b, stride, padding: _convolved(x, w, b, stride),
        title="Padding is ignored",
        symptom="Right without padding; else the maps are too small.",
        hint="Your maps are right where there is no padding, and too small elsewhere. Which "
        "argument have you not used?",
        section="What to put around the picture",
    ),
    Misconception(
        "padded_on_two_sides",
        lambda x, w, b, stride, padding: _convolved(
            padded_at(x, padding, 0, padding, 0), w, b, stride
        ),
        title="Zeros on two sides only",
        symptom="Right without padding; else rows and columns are missing.",
        hint="Your maps come from images with zeros above and to the left only. Does `check` "
        "accept your `pad2d`?",
        catalog_number=4,
        section="What to put around the picture",
    ),
    Misconception(
        "padded_at_the_end",
        lambda x, w, b, stride, padding: _convolved(
            padded_at(x, 0, 2 * padding, 0, 2 * padding), w, b, stride
        ),
        title="All zeros at the bottom and at the right",
        symptom="The shape is right; without stride the map is shifted by the padding.",
        hint="Your maps come from images with all their zeros below and to the right. Where in "
        "the padded image does the image begin?",
        catalog_number=2,
        section="What to put around the picture",
    ),
    Misconception(
        "padded_with_copies",
        lambda x, w, b, stride, padding: _convolved(
            padded_at(x, padding, padding, padding, padding, "edge"), w, b, stride
        ),
        title="The border is repeated instead of zeros",
        symptom="Only numbers near the border are wrong.",
        hint="Only numbers near the border are wrong: your frame repeats the pixels of the border.",
        catalog_number=3,
        section="What to put around the picture",
    ),
    Misconception(
        "padded_on_all_axes",
        padded_on_all_axes,
        title="Channels are padded, too",
        symptom="Right without padding; else NumPy cannot broadcast.",
        hint="Print the shape of the padded images. Do they have more channels than before?",
        catalog_number=1,
    ),
    Misconception(
        "padded_by_one_pixel",
        lambda x, w, b, stride, padding: conv2d_forward(x, w, b, stride, 1),
        title="One pixel, whatever the padding",
        symptom="Right for a padding of 1 only.",
        hint="You always pad by one pixel. Which argument says by how many?",
    ),
    Misconception(
        "padded_with_empty_slice",
        padded_with_empty_slice,
        title="A padding of 0 is forgotten",
        symptom="Right for every padding but 0; there, NumPy cannot broadcast.",
        hint="Your function fails when the padding is 0. What does a slice such as `a[0:-0]` give?",
    ),
    Misconception(
        "map_padded",
        lambda x, w, b, stride, padding: pad2d(_convolved(x, w, b, stride), padding),
        title="The map is padded instead of the image",
        symptom="Right without padding; else the maps have a frame of zeros.",
        hint="Your maps have a frame of zeros. Who gets the frame: the image before, or the map "
        "after?",
    ),
    Misconception(
        "one_too_small",
        lambda x, w, b, stride, padding: conv2d_forward(x, w, b, stride, padding)[:, :, :-1, :-1],
        title="One row and one column too few",
        symptom="The values are right, but the last row and the last column are missing.",
        hint="Your maps lack one row and one column. Does `check` accept your `output_size`?",
        catalog_number=5,
        section="How large is the map?",
    ),
    Misconception(
        "rounded_up",
        rounded_up,
        title="A row and a column too many, filled with zeros",
        symptom="Right where the last window ends at the border; else zeros at the end.",
        hint="Your maps end in a row or a column of zeros that no window has filled. What happens "
        "to pixels left over at the end?",
        catalog_number=6,
        section="How large is the map?",
    ),
    Misconception(
        "as_large_as_for_stride_one",
        as_large_as_for_stride_one,
        title="The stride is missing in the size",
        symptom="The maps are too large, and the rest is zeros.",
        hint="Your maps are as large as those of stride 1, and mostly zeros. How does the number "
        "of positions depend on the stride?",
        section="How large is the map?",
    ),
    Misconception(
        "swapped_output_axes",
        swapped_output_axes,
        title="Height and width are exchanged",
        symptom="Square maps are right; others stop with an index out of bounds.",
        hint="Square maps work. Which comes first in the shape of your result, rows or columns?",
        catalog_number=7,
    ),
    Misconception(
        "start_without_stride",
        start_without_stride,
        title="The window moves by one pixel",
        symptom="The size is right; the map is the top left corner of the map of stride 1.",
        hint="The size is right, but your windows lie one pixel apart. In which row does the "
        "window of output row i begin?",
        catalog_number=8,
        section="Stride: longer steps",
    ),
    Misconception(
        "stride_downward_only",
        stride_downward_only,
        title="The stride is used downward only",
        symptom="The first column is right, the others are not.",
        hint="The first column of your maps is right. Downward your window moves by the stride; "
        "and to the right?",
        catalog_number=9,
    ),
    Misconception(
        "stride_to_the_right_only",
        stride_to_the_right_only,
        title="The stride is used to the right only",
        symptom="The first row is right, the others are not.",
        hint="The first row of your maps is right. To the right your window moves by the stride; "
        "and downward?",
        catalog_number=9,
    ),
    Misconception(
        "stride_ignored",
        lambda x, w, b, stride, padding: conv2d_forward(x, w, b, 1, padding),
        title="Stride is ignored",
        symptom="Right for stride 1; else the maps are far too large.",
        hint="Your maps are right for stride 1, and far too large elsewhere. Which argument have "
        "you not used?",
        section="Stride: longer steps",
    ),
    Misconception(
        "windows_side_by_side",
        windows_side_by_side,
        title="The windows do not overlap",
        symptom="The maps have the wrong size whatever the stride.",
        hint="Your window jumps by its own size. Which argument says how far it moves?",
        section="Stride: longer steps",
    ),
    Misconception(
        "image_thinned_out",
        lambda x, w, b, stride, padding: conv2d_forward(
            x[:, :, ::stride, ::stride], w, b, 1, padding
        ),
        title="Pixels of the image are skipped instead of positions",
        symptom="Right for stride 1; else wrong sizes and wrong numbers.",
        hint="You skip pixels of the image and then use all positions. It is the window that "
        "skips; what it reads lies side by side.",
    ),
    Misconception(
        "flipped_filters",
        lambda x, w, b, stride, padding: conv2d_forward(x, w[:, :, ::-1, ::-1], b, stride, padding),
        title="The filters are flipped",
        symptom="The shape is right; true convolution was computed.",
        hint="Your numbers are those of filters turned upside down. Layers of a network "
        "cross-correlate.",
        catalog_number=10,
        section="filters/Cross-correlation or convolution?",
    ),
    Misconception(
        "transposed_filters",
        transposed_filters,
        title="Rows and columns of the filters are exchanged",
        symptom="Filters that are not square stop with an error about shapes.",
        hint="The rows of your filters run along the columns of the window. Follow one element "
        "that is not on the diagonal.",
        catalog_number=11,
    ),
    Misconception(
        "mean_for_sum",
        lambda x, w, b, stride, padding: conv2d_forward(x, w / w[0].size, b, stride, padding),
        title="Mean instead of sum",
        symptom="Apart from the bias, every number is too small by the same factor.",
        hint="Apart from the bias, all your numbers are too small by the same factor. Does a dot "
        "product divide by anything?",
        catalog_number=12,
    ),
    Misconception(
        "channel_mean",
        lambda x, w, b, stride, padding: conv2d_forward(x, w / x.shape[1], b, stride, padding),
        title="Mean over the channels",
        symptom="Right for one channel; else too small by the number of channels.",
        hint="With one channel you are right. What happens to the answers of several channels: "
        "are they added, or averaged?",
        catalog_number=13,
        section="filters/Channels",
    ),
    Misconception(
        "first_channel_only",
        lambda x, w, b, stride, padding: conv2d_forward(x[:, :1], w[:, :1], b, stride, padding),
        title="Only the first channel",
        symptom="Right for one channel; changing another channel changes nothing.",
        hint="Only the first channel counts in your result. How many slices does a filter have, "
        "and which channel does each of them meet?",
        catalog_number=14,
        section="filters/Channels",
    ),
    Misconception(
        "last_channel_only",
        lambda x, w, b, stride, padding: conv2d_forward(x[:, -1:], w[:, -1:], b, stride, padding),
        title="Only the last channel",
        symptom="Right for one channel; each channel overwrites the one before.",
        hint="Only the last channel counts in your result. Does each channel add to the map, or "
        "replace it?",
        section="filters/Channels",
    ),
    Misconception(
        "first_image_for_all",
        first_image_for_all,
        title="The first image answers for all",
        symptom="All images of the batch give the same maps.",
        hint="All images of the batch give the same maps. Which image do you read?",
        catalog_number=15,
    ),
    Misconception(
        "first_filter_for_all",
        lambda x, w, b, stride, padding: conv2d_forward(
            x, np.repeat(w[:1], len(w), axis=0), b, stride, padding
        ),
        title="The first filter answers for all",
        symptom="The maps of all filters differ by their biases only.",
        hint="The maps of your filters differ by the biases only. Which filter do you read?",
    ),
    Misconception(
        "bias_dropped",
        lambda x, w, b, stride, padding: conv2d_forward(x, w, 0 * b, stride, padding),
        title="The bias is missing",
        symptom="Each map is off by one constant.",
        hint="Each of your maps is off by one constant. Which argument have you not used?",
        catalog_number=16,
    ),
    Misconception(
        "bias_in_every_product",
        lambda x, w, b, stride, padding: conv2d_forward(x, w, b * w[0].size, stride, padding),
        title="The bias is added to every product",
        symptom="Each map is off by a multiple of its bias.",
        hint="The bias comes in once for every element of the filter. How often should it come in?",
        catalog_number=17,
    ),
    Misconception(
        "bias_in_every_channel",
        lambda x, w, b, stride, padding: conv2d_forward(x, w, b * x.shape[1], stride, padding),
        title="The bias is added for every channel",
        symptom="Right for one channel; else each map is off by a multiple of its bias.",
        hint="The bias comes in once for every channel. How often should it come in?",
    ),
    Misconception(
        "bias_along_columns",
        lambda x, w, b, stride, padding: conv2d_forward(x, w, 0 * b, stride, padding) + b,
        title="The bias is spread over the columns",
        symptom="NumPy cannot broadcast, unless there are as many columns as filters.",
        hint="NumPy lines the biases up with the last axis, the columns. Which axis of the "
        "result counts the filters?",
        catalog_number=18,
    ),
    Misconception(
        "whole_numbers",
        whole_numbers,
        title="The maps take over the images' integer type",
        symptom="Images of whole numbers give answers without their fractional part.",
        hint="The fractions got lost. Which type of number do your maps hold when the images hold "
        "whole numbers?",
    ),
)


# Alternatives


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
        for kernel, bias in zip(w, b, strict=True):
            maps.append(
                [
                    [
                        float((image[:, s : s + hh, t : t + ww] * kernel).sum() + bias)
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


WITHOUT_LOOPS = (
    conv2d_einsum,
    conv2d_matrix,
    conv2d_index_arrays,
    conv2d_by_element,
    conv2d_strided,
    conv2d_fourier,
    conv2d_single_precision,
)
"""The alternatives for the task `conv2d_forward_fast`, too."""

ALTERNATIVES = (
    conv2d_seven_loops,
    conv2d_unpadded,
    conv2d_all_filters_at_once,
    conv2d_thinned_out,
    conv2d_lists,
    *WITHOUT_LOOPS,
)

PROBLEM = Problem(
    conv2d_forward,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "strided layer"},
)
