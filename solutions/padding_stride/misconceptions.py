"""Wrong implementations of the exercise "padding and stride", as beginners write them.

Each is as short as it can be, so many stand on the reference instead of on loops of their own.
The hints point at the mistake and never state the solution. Catalog numbers are those of the
course's catalog of wrong implementations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from autograder.problems import Misconception
from solutions.padding_stride.reference import (
    Array,
    Layer,
    conv2d_forward,
    effective_receptive_field,
    output_size,
    pad2d,
    receptive_field,
)

Map: TypeAlias = Callable[[Array], Array]

# output_size


def ceiling(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Round up, so that a last window hangs over the border."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    return max(0, -(-room // stride) + 1)


def rounded(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Round to the nearest whole number."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    return max(0, math.floor(room / stride + 0.5) + 1)


def fraction(size: int, kernel: int, stride: int, padding: int, dilation: int) -> float:
    """Divide with `/`."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    return max(0, room / stride + 1)


def cut_toward_zero(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Use int(), which moves negative numbers up."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    return max(0, int(room / stride) + 1)


def negative_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Trust the formula where the filter fits nowhere."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


OUTPUT_SIZE = (
    Misconception(
        "no_plus_one",
        lambda size, kernel, stride, padding, dilation: max(
            0, output_size(size, kernel, stride, padding, dilation) - 1
        ),
        title="The first position is not counted",
        symptom="Every size is too small by one.",
        hint="Your sizes are too small by one. A filter as large as the input has one position. "
        "What does your formula say about it?",
        catalog_number=5,
    ),
    Misconception(
        "ceiling",
        ceiling,
        title="Rounded up",
        symptom="One too large, but only where pixels are left over at the end.",
        hint="Your last window hangs over the end of the input. What happens to pixels that are "
        "left over and do not make up a whole step?",
        catalog_number=6,
    ),
    Misconception(
        "rounded",
        rounded,
        title="Rounded to the nearest whole number",
        symptom="One too large where more than half a step is left over.",
        hint="You round to the nearest number. Does half a step more give the window another "
        "place?",
    ),
    Misconception(
        "fraction",
        fraction,
        title="A fraction of a position",
        symptom="The result is not a whole number where pixels are left over.",
        hint="A number of positions is whole. Look at your division: Python has two of them.",
    ),
    Misconception(
        "one_padding",
        lambda size, kernel, stride, padding, dilation: output_size(
            size + padding, kernel, stride, 0, dilation
        ),
        title="Padding is counted once",
        symptom="Right without padding, else too small.",
        hint="Without padding you are right, with padding you are short. At how many ends of the "
        "axis are zeros added?",
        catalog_number=4,
    ),
    Misconception(
        "padding_ignored",
        lambda size, kernel, stride, padding, dilation: output_size(
            size, kernel, stride, 0, dilation
        ),
        title="Padding is ignored",
        symptom="Right without padding, else too small.",
        hint="Your result does not change with the padding. Where does it come in?",
    ),
    Misconception(
        "stride_ignored",
        lambda size, kernel, stride, padding, dilation: output_size(
            size, kernel, 1, padding, dilation
        ),
        title="Stride is ignored",
        symptom="Right for stride 1, else far too large.",
        hint="Your window visits every position. How far does it move from one to the next?",
    ),
    Misconception(
        "plus_one_inside",
        lambda size, kernel, stride, padding, dilation: (
            output_size(size, kernel, 1, padding, dilation) // stride
        ),
        title="The first position is counted before the division",
        symptom="Right for stride 1; else sometimes one too small.",
        hint="With stride 1 you are right. The first position costs no step: when do you count "
        "it, before or after you divide by the stride?",
    ),
    Misconception(
        "dilation_ignored",
        lambda size, kernel, stride, padding, dilation: output_size(size, kernel, stride, padding),
        title="Dilation is ignored",
        symptom="Right without holes, else too large.",
        hint="Your result does not change with the dilation. How many pixels lie between the "
        "first and the last element of a filter with holes?",
    ),
    Misconception(
        "dilated_as_a_product",
        lambda size, kernel, stride, padding, dilation: output_size(
            size, kernel * dilation, stride, padding
        ),
        title="A filter with holes as long as kernel times dilation",
        symptom="Right without holes, else too small.",
        hint="Draw 3 elements with a dilation of 2: how many pixels do they span? Count the gaps, "
        "not the elements.",
    ),
    Misconception(
        "stride_and_dilation_exchanged",
        lambda size, kernel, stride, padding, dilation: output_size(
            size, kernel, dilation, padding, stride
        ),
        title="Stride and dilation are exchanged",
        symptom="Right where both are 1.",
        hint="Your stride spreads the elements of the filter, and your dilation moves the window. "
        "Which is which?",
    ),
    Misconception(
        "negative_size",
        negative_size,
        title="A negative number of positions",
        symptom="Below zero where the filter is much larger than the input.",
        hint="There cannot be fewer than no positions. What does your function say if the filter "
        "is larger than the padded input?",
    ),
    Misconception(
        "cut_toward_zero",
        cut_toward_zero,
        title="A position that does not exist",
        symptom="1 where the filter is a little too large.",
        hint="You find a position for a filter that is a little too large. What does `int` do to "
        "a negative fraction?",
    ),
)

# pad2d


def batch_of_one(x: Array, padding: int) -> Array:
    """Write the first image into all."""
    return pad2d(np.repeat(x[:1], len(x), axis=0), padding)


def all_axes(x: Array, padding: int) -> Array:
    """Let np.pad surround images and channels, too."""
    return np.pad(x, padding)


def slice_to_minus_padding(x: Array, padding: int) -> Array:
    """Write into [p:-p], which is empty for p = 0."""
    height, width = x.shape[2] + 2 * padding, x.shape[3] + 2 * padding
    padded = np.zeros((*x.shape[:2], height, width))
    padded[:, :, padding:-padding, padding:-padding] = x
    return padded


def border_blackened(x: Array, padding: int) -> Array:
    """Set the border of the image itself to zero."""
    inside = np.zeros_like(x)
    height, width = x.shape[2:]
    kept = (..., slice(padding, height - padding), slice(padding, width - padding))
    inside[kept] = x[kept]
    return inside


def frame_of_height_and_width(x: Array, padding: int) -> Array:
    """Make room for a width of H and a height of W."""
    height, width = x.shape[2:]
    padded = np.zeros((*x.shape[:2], width + 2 * padding, height + 2 * padding))
    padded[:, :, padding : padding + height, padding : padding + width] = x
    return padded


def _pad(x: Array, top: int, bottom: int, left: int, right: int, mode: Any = "constant") -> Array:
    """Pad the last two axes."""
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), mode=mode)


PAD2D = (
    Misconception(
        "all_axes",
        all_axes,
        title="Images and channels are padded, too",
        symptom="The result has more images and more channels than the input.",
        hint="You added whole images and whole channels of zeros. Which axes are the rows and the "
        "columns?",
        catalog_number=1,
    ),
    Misconception(
        "first_two_axes",
        lambda x, padding: np.pad(x, ((padding, padding), (padding, padding), (0, 0), (0, 0))),
        title="The wrong two axes are padded",
        symptom="More images and channels, but no more rows and columns.",
        hint="You padded the axes of images and channels. In which order do N, C, H, W stand?",
    ),
    Misconception(
        "bottom_and_right",
        lambda x, padding: _pad(x, 0, 2 * padding, 0, 2 * padding),
        title="All zeros at the bottom and at the right",
        symptom="The shape is right; the image sits in the top left corner.",
        hint="The shape is right, but your image sits in the top left corner. How far from the "
        "corner does it have to begin?",
        catalog_number=2,
    ),
    Misconception(
        "top_and_left",
        lambda x, padding: _pad(x, 2 * padding, 0, 2 * padding, 0),
        title="All zeros at the top and at the left",
        symptom="The shape is right; the image sits in the bottom right corner.",
        hint="The shape is right, but your image sits in the bottom right corner. How many zeros "
        "belong below it?",
    ),
    Misconception(
        "one_side_each",
        lambda x, padding: _pad(x, padding, 0, padding, 0),
        title="Zeros on two sides only",
        symptom="The result is too small; zeros are above and to the left only.",
        hint="Zeros are missing below and to the right. How many sides has a picture?",
        catalog_number=4,
    ),
    Misconception(
        "one_side_each_after",
        lambda x, padding: _pad(x, 0, padding, 0, padding),
        title="Zeros on two sides only",
        symptom="The result is too small; zeros are below and to the right only.",
        hint="Zeros are missing above and to the left. How many sides has a picture?",
        catalog_number=4,
    ),
    Misconception(
        "always_one_pixel",
        lambda x, padding: _pad(x, 1, 1, 1, 1),
        title="One pixel, whatever the padding",
        symptom="Right for a padding of 1 only.",
        hint="You always add one pixel on each side. Which argument says how many?",
    ),
    Misconception(
        "twice_on_each_side",
        lambda x, padding: pad2d(x, 2 * padding),
        title="Twice the padding on each side",
        symptom="The result is too large; its middle is right.",
        hint="Your frame is twice as wide as it should be. Is `padding` counted per side, or for "
        "both sides together?",
    ),
    Misconception(
        "rows_only",
        lambda x, padding: _pad(x, padding, padding, 0, 0),
        title="Only rows are added",
        symptom="Zeros above and below, but none to the left and right.",
        hint="You added rows above and below. What about the columns?",
    ),
    Misconception(
        "columns_only",
        lambda x, padding: _pad(x, 0, 0, padding, padding),
        title="Only columns are added",
        symptom="Zeros to the left and right, but none above and below.",
        hint="You added columns to the left and to the right. What about the rows?",
    ),
    Misconception(
        "edge_repeated",
        lambda x, padding: _pad(x, padding, padding, padding, padding, "edge"),
        title="The border is repeated instead of zeros",
        symptom="The shape is right; the frame holds copies of the border pixels.",
        hint="Your frame repeats the pixels of the border. What should stand there?",
        catalog_number=3,
    ),
    Misconception(
        "mirrored",
        lambda x, padding: _pad(x, padding, padding, padding, padding, "reflect"),
        title="The image is mirrored instead of zeros",
        symptom="The shape is right; the frame holds a mirror image.",
        hint="Your frame shows the image in a mirror. What should stand there?",
    ),
    Misconception(
        "filled_with_ones",
        lambda x, padding: np.pad(
            x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=1
        ),
        title="Ones instead of zeros",
        symptom="The frame holds ones.",
        hint="Your frame holds ones. Which number would not show up in a sum?",
    ),
    Misconception(
        "border_blackened",
        border_blackened,
        title="The border of the image itself is set to zero",
        symptom="The result is no larger than the image, and its border is lost.",
        hint="Your result is no larger than the image, and its border pixels are gone. Zeros "
        "belong around the image, not on it.",
    ),
    Misconception(
        "slice_to_minus_padding",
        slice_to_minus_padding,
        title="A padding of 0 is forgotten",
        symptom="Right for every padding but 0; there, NumPy cannot broadcast.",
        hint="Your function fails when the padding is 0. What does a slice such as `a[0:-0]` give?",
    ),
    Misconception(
        "frame_of_height_and_width",
        frame_of_height_and_width,
        title="Height and width are exchanged",
        symptom="Square images work, all others stop with an error about shapes.",
        hint="Square images work. Does the height of your array of zeros come from the height of "
        "the image?",
        catalog_number=7,
    ),
    Misconception(
        "batch_of_one",
        batch_of_one,
        title="The first image is copied into all",
        symptom="All images of the batch come back equal.",
        hint="All images of your result are the first one. Which axis counts the images?",
        catalog_number=15,
    ),
)

# conv2d_forward and conv2d_forward_fast


def _convolved(padded: Array, w: Array, b: Array, stride: int) -> Array:
    """Apply the layer to a batch that is padded already."""
    return conv2d_forward(padded, w, b, stride, 0)


def _frame(x: Array, w: Array, stride: int, padding: int) -> tuple[int, int, int, int]:
    """Return the shape of the right result."""
    rows = output_size(x.shape[2], w.shape[2], stride, padding)
    columns = output_size(x.shape[3], w.shape[3], stride, padding)
    return len(x), len(w), rows, columns


def padded_on_all_axes(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Pad with np.pad(x, padding), which adds channels, too."""
    out = np.zeros(_frame(x, w, stride, padding))
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
    out = np.zeros(_frame(x, w, 1, padding))
    right = conv2d_forward(x, w, b, stride, padding)
    out[:, :, : right.shape[2], : right.shape[3]] = right
    return out


def start_without_stride(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Begin window i at row i, not at row i * stride."""
    _, _, rows, columns = _frame(x, w, stride, padding)
    return conv2d_forward(x, w, b, 1, padding)[:, :, :rows, :columns]


def stride_downward_only(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Begin window (i, j) at row i * stride and column j."""
    columns = _frame(x, w, stride, padding)[3]
    return conv2d_forward(x, w, b, 1, padding)[:, :, ::stride, :columns]


def stride_to_the_right_only(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Begin window (i, j) at row i and column j * stride."""
    rows = _frame(x, w, stride, padding)[2]
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
    out = np.zeros(_frame(x, w, stride, padding))
    padded = pad2d(x, padding)
    for n, f, i, j in np.ndindex(*out.shape):
        top, left = i * stride, j * stride
        window = padded[n, :, top : top + w.shape[2], left : left + w.shape[3]]
        out[n, f, i, j] = np.sum(window * w[f].swapaxes(1, 2)) + b[f]
    return out


def swapped_output_axes(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Make room for W' rows and H' columns."""
    images, filters, rows, columns = _frame(x, w, stride, padding)
    right = conv2d_forward(x, w, b, stride, padding)
    out = np.zeros((images, filters, columns, rows))
    for n, f, i, j in np.ndindex(images, filters, rows, columns):
        out[n, f, i, j] = right[n, f, i, j]
    return out


CONV2D_FORWARD = (
    Misconception(
        "padding_ignored",
        lambda x, w, b, stride, padding: _convolved(x, w, b, stride),
        title="Padding is ignored",
        symptom="Right without padding; else the maps are too small.",
        hint="Your maps are right where there is no padding, and too small elsewhere. Which "
        "argument have you not used?",
    ),
    Misconception(
        "padded_on_two_sides",
        lambda x, w, b, stride, padding: _convolved(_pad(x, padding, 0, padding, 0), w, b, stride),
        title="Zeros on two sides only",
        symptom="Right without padding; else rows and columns are missing.",
        hint="Your maps come from images with zeros above and to the left only. Does `check` "
        "accept your `pad2d`?",
        catalog_number=4,
    ),
    Misconception(
        "padded_at_the_end",
        lambda x, w, b, stride, padding: _convolved(
            _pad(x, 0, 2 * padding, 0, 2 * padding), w, b, stride
        ),
        title="All zeros at the bottom and at the right",
        symptom="The shape is right; without stride the map is shifted by the padding.",
        hint="Your maps come from images with all their zeros below and to the right. Where in "
        "the padded image does the image begin?",
        catalog_number=2,
    ),
    Misconception(
        "padded_with_copies",
        lambda x, w, b, stride, padding: _convolved(
            _pad(x, padding, padding, padding, padding, "edge"), w, b, stride
        ),
        title="The border is repeated instead of zeros",
        symptom="Only numbers near the border are wrong.",
        hint="Only numbers near the border are wrong: your frame repeats the pixels of the border.",
        catalog_number=3,
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
    ),
    Misconception(
        "rounded_up",
        rounded_up,
        title="A row and a column too many, filled with zeros",
        symptom="Right where the last window ends at the border; else zeros at the end.",
        hint="Your maps end in a row or a column of zeros that no window has filled. What becomes "
        "of pixels left over at the end?",
        catalog_number=6,
    ),
    Misconception(
        "as_large_as_for_stride_one",
        as_large_as_for_stride_one,
        title="The stride is missing in the size",
        symptom="The maps are too large, and the rest is zeros.",
        hint="Your maps are as large as those of stride 1, and mostly zeros. How does the number "
        "of positions depend on the stride?",
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
    ),
    Misconception(
        "windows_side_by_side",
        windows_side_by_side,
        title="The windows do not overlap",
        symptom="The maps have the wrong size whatever the stride.",
        hint="Your window jumps by its own size. Which argument says how far it moves?",
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
    ),
    Misconception(
        "first_channel_only",
        lambda x, w, b, stride, padding: conv2d_forward(x[:, :1], w[:, :1], b, stride, padding),
        title="Only the first channel",
        symptom="Right for one channel; changing another channel changes nothing.",
        hint="Only the first channel counts in your result. How many slices has a filter, and "
        "which channel does each of them meet?",
        catalog_number=14,
    ),
    Misconception(
        "last_channel_only",
        lambda x, w, b, stride, padding: conv2d_forward(x[:, -1:], w[:, -1:], b, stride, padding),
        title="Only the last channel",
        symptom="Right for one channel; each channel overwrites the one before.",
        hint="Only the last channel counts in your result. Does each channel add to the map, or "
        "replace it?",
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


def _windows(x: Array, w: Array, stride: int, padding: int) -> Array:
    """Return the windows of the padded batch: shape (N, C, H', W', HH, WW)."""
    padded = pad2d(x, padding)
    every = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], (2, 3))
    return every[:, :, ::stride, ::stride]


def patches_not_transposed(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Flatten the windows with the channels still before the positions."""
    n, f, rows, columns = _frame(x, w, stride, padding)
    flat = _windows(x, w, stride, padding).reshape(n * rows * columns, -1)
    out = flat @ w.reshape(f, -1).T + b
    return out.reshape(n, rows, columns, f).transpose(0, 3, 1, 2)


def _matrix(x: Array, w: Array, stride: int, padding: int) -> Array:
    """Return one row per image and position, in the order of a filter's elements."""
    ordered = _windows(x, w, stride, padding).transpose(0, 2, 3, 1, 4, 5)
    return ordered.reshape(-1, w[0].size)


def filters_not_transposed(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Bring the filters into the shape of the transposed matrix without transposing."""
    n, f, rows, columns = _frame(x, w, stride, padding)
    out = _matrix(x, w, stride, padding) @ w.reshape(-1, f) + b
    return out.reshape(n, rows, columns, f).transpose(0, 3, 1, 2)


def result_not_transposed(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Reshape the product to (N, F, H', W'), though the filters are its last axis."""
    out = _matrix(x, w, stride, padding) @ w.reshape(len(w), -1).T + b
    return out.reshape(_frame(x, w, stride, padding))


def columns_not_transposed(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Reshape (F, N * H' * W') to (N, F, H', W'): right for one image only."""
    out = w.reshape(len(w), -1) @ _matrix(x, w, stride, padding).T + b[:, None]
    return out.reshape(_frame(x, w, stride, padding))


def filters_last(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Leave the filters on the last axis."""
    return np.moveaxis(conv2d_forward(x, w, b, stride, padding), 1, -1)


def _written_in_loops(*names: str) -> tuple[Misconception, ...]:
    """Return those mistakes of `conv2d_forward` that survive the loss of the loops."""
    known = {wrong.name: wrong for wrong in CONV2D_FORWARD}
    return tuple(known[name] for name in names)


CONV2D_FORWARD_FAST = (
    Misconception(
        "patches_not_transposed",
        patches_not_transposed,
        title="The windows are flattened in the wrong order",
        symptom="Right for one channel; else the shape is right and the numbers are scrambled.",
        hint="With one channel you are right, with several the numbers are scrambled. In which "
        "order do the axes stand when you flatten the windows?",
        catalog_number=19,
    ),
    Misconception(
        "filters_not_transposed",
        filters_not_transposed,
        title="The filters are reshaped instead of transposed",
        symptom="Right for one filter; else the shape is right and the numbers are scrambled.",
        hint="With one filter you are right. `reshape` never moves a number: does each column of "
        "your matrix hold one filter?",
        catalog_number=20,
    ),
    Misconception(
        "result_not_transposed",
        result_not_transposed,
        title="The result is reshaped instead of transposed",
        symptom="Right for one filter; else the right numbers stand in the wrong places.",
        hint="The right numbers stand in the wrong places. After the product, which axis counts "
        "the filters? `reshape` cannot move it.",
        catalog_number=21,
    ),
    Misconception(
        "columns_not_transposed",
        columns_not_transposed,
        title="Images and filters are mixed up in the result",
        symptom="Right for one image; else maps of different images are exchanged.",
        hint="One image is right, two are not. After the product the filters come before the "
        "images. `reshape` cannot exchange them.",
        catalog_number=21,
    ),
    Misconception(
        "filters_last",
        filters_last,
        title="The filters are the last axis",
        symptom="The shape ends in the number of filters.",
        hint="Your filters lie along the last axis. Compare with the order of axes that the "
        "docstring promises.",
    ),
    *_written_in_loops(
        "padding_ignored",
        "padded_at_the_end",
        "padded_on_two_sides",
        "padded_by_one_pixel",
        "padded_with_copies",
        "padded_with_empty_slice",
        "start_without_stride",
        "stride_downward_only",
        "stride_to_the_right_only",
        "stride_ignored",
        "image_thinned_out",
        "flipped_filters",
        "first_channel_only",
        "first_image_for_all",
        "bias_dropped",
        "bias_in_every_product",
        "bias_along_columns",
        "whole_numbers",
    ),
)

# receptive_field


def jump_too_early(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Update the jump before it is used."""
    size, jump, start = 1, 1, 0
    for kernel, stride, padding in layers:
        jump *= stride
        start -= padding * jump
        size += (kernel - 1) * jump
    return size, jump, start


def kernels_added(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Add the whole kernel per layer."""
    _, jump, start = receptive_field(layers)
    size, step = 1, 1
    for kernel, stride, _ in layers:
        size += kernel * step
        step *= stride
    return size, jump, start


def product_of_kernels(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Multiply the kernels."""
    _, jump, start = receptive_field(layers)
    return math.prod(kernel for kernel, _, _ in layers), jump, start


def strides_added(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Add the strides up instead of multiplying them."""
    size, jump, start = 1, 1, 0
    for kernel, stride, padding in layers:
        start -= padding * jump
        size += (kernel - 1) * jump
        jump += stride - 1
    return size, jump, start


def last_stride(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Take the stride of the layer itself for the jump."""
    size, jump, start = 1, 1, 0
    for kernel, stride, padding in layers:
        start -= padding * jump
        size += (kernel - 1) * jump
        jump = stride
    return size, jump, start


RECEPTIVE_FIELD = (
    Misconception(
        "kernels_added",
        kernels_added,
        title="The whole kernel is added",
        symptom="The size is too large; the jump and the start are right.",
        hint="Your size grows too fast. A window of 3 sees its own pixel and how many more?",
        catalog_number=60,
    ),
    Misconception(
        "jump_too_early",
        jump_too_early,
        title="The jump is updated too early",
        symptom="Right for stride 1; else size and start are too large.",
        hint="A layer looks at the units below it. Do you use their distance, or already the "
        "distance of its own units?",
        catalog_number=61,
    ),
    Misconception(
        "stride_ignored",
        lambda layers: receptive_field([(kernel, 1, padding) for kernel, _, padding in layers]),
        title="Stride is ignored",
        symptom="Right for stride 1; else size and jump are too small.",
        hint="Your jump stays 1. After a layer with stride 2, how many pixels apart are the units?",
        catalog_number=62,
    ),
    Misconception(
        "stride_ignored_in_the_size",
        lambda layers: (
            1 + sum(kernel - 1 for kernel, _, _ in layers),
            *receptive_field(layers)[1:],
        ),
        title="The size does not know the stride",
        symptom="Right for stride 1; else the size is too small, and the jump is right.",
        hint="Your jump is right, but the size does not use it. Two units of the layer below may "
        "lie several pixels apart.",
        catalog_number=62,
    ),
    Misconception(
        "product_of_kernels",
        product_of_kernels,
        title="The kernels are multiplied",
        symptom="Two layers of 3 give 9 instead of 5.",
        hint="You multiply the kernels. Draw two layers of 3 above each other, and count the "
        "pixels that the upper unit reaches.",
    ),
    Misconception(
        "strides_added",
        strides_added,
        title="The strides are added up",
        symptom="Right while only one layer has a stride above 1.",
        hint="After two layers with stride 3 your units are 5 pixels apart. Draw them: what does "
        "the second layer skip?",
    ),
    Misconception(
        "last_stride",
        last_stride,
        title="The jump is the stride of the last layer",
        symptom="The jump forgets the layers before.",
        hint="Your jump is the stride of one layer. What do the strides of the layers below it do?",
    ),
    Misconception(
        "top_down",
        lambda layers: receptive_field(list(reversed(layers))),
        title="The layers are read from the top downward",
        symptom="Right where all layers are equal; else size and start are off.",
        hint="You begin with the last layer. In which order does the list name them, and which "
        "layer is next to the pixels?",
    ),
    Misconception(
        "padding_ignored",
        lambda layers: (*receptive_field(layers)[:2], 0),
        title="Padding is ignored, or the start is cut off at 0",
        symptom="The start is always 0.",
        hint="Your start is always 0. With padding, where does the window of unit 0 begin? It "
        "need not lie inside the picture.",
    ),
    Misconception(
        "start_without_jump",
        lambda layers: (
            *receptive_field(layers)[:2],
            -sum(padding for _, _, padding in layers),
        ),
        title="The start does not know the stride",
        symptom="Right for stride 1; else the start is too close to 0.",
        hint="Size and jump are right. One unit of padding in a higher layer is worth how many "
        "pixels?",
    ),
    Misconception(
        "start_after_the_stride",
        lambda layers: (*receptive_field(layers)[:2], jump_too_early(layers)[2]),
        title="The start uses the jump of its own layer",
        symptom="Right for stride 1; else the start is too far from 0.",
        hint="Size and jump are right, the start is too far out. Zeros are added to the units "
        "below: how far apart are those?",
    ),
    Misconception(
        "start_positive",
        lambda layers: (*receptive_field(layers)[:2], -receptive_field(layers)[2]),
        title="The start has the wrong sign",
        symptom="The start is above 0.",
        hint="Your start lies inside the picture. On which side of pixel 0 are the zeros?",
    ),
    Misconception(
        "padding_grows_the_field",
        lambda layers: (
            receptive_field(layers)[0] - 2 * receptive_field(layers)[2],
            *receptive_field(layers)[1:],
        ),
        title="Padding makes the field larger",
        symptom="Right without padding; else the size is too large.",
        hint="With padding your field is larger. Does a window see more because zeros are around "
        "the picture?",
    ),
    Misconception(
        "begins_with_nothing",
        lambda layers: (receptive_field(layers)[0] - 1, *receptive_field(layers)[1:]),
        title="The size begins at 0",
        symptom="The size is too small by one.",
        hint="Your size is too small by one. How many pixels does a unit see if there is no layer "
        "at all?",
    ),
    Misconception(
        "jump_begins_at_zero",
        lambda layers: (1, 0, 0),
        title="The jump begins at 0",
        symptom="The size stays 1 and the jump stays 0.",
        hint="Your jump stays 0, so nothing grows. How far apart are two neighboring pixels?",
    ),
    Misconception(
        "size_only",
        lambda layers: receptive_field(layers)[0],
        title="Only the size is returned",
        symptom="One number comes back instead of three.",
        hint="Three numbers are asked for: the size, the jump, and the start.",
    ),
)

# effective_receptive_field


def only_upward(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Compare the raised pixel with the picture as it is."""
    field = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        nudge = np.zeros(x.shape)
        nudge[place] = h
        field[place] = abs(f(x + nudge)[i, j] - f(x)[i, j]) / h
    return field


def _signed(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Measure without taking absolute values."""
    field = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        nudge = np.zeros(x.shape)
        nudge[place] = h
        field[place] = (f(x + nudge)[i, j] - f(x - nudge)[i, j]) / (2 * h)
    return field


def picture_left_changed(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Nudge the pixels in place, and do not bring them back."""
    field, changed = np.zeros(x.shape), x.copy()
    for place in np.ndindex(*x.shape):
        changed[place] += h
        above = f(changed)[i, j]
        changed[place] -= 2 * h
        field[place] = abs(above - f(changed)[i, j]) / (2 * h)
    return field


def same_array_twice(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Believe that `raised = x` makes a copy."""
    field, changed = np.zeros(x.shape), x.copy()
    for place in np.ndindex(*x.shape):
        raised, lowered = changed, changed
        raised[place] += h
        lowered[place] -= h
        field[place] = abs(f(raised)[i, j] - f(lowered)[i, j]) / (2 * h)
    return field


def whole_map_summed(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Watch the sum of the map, not one unit."""
    return effective_receptive_field(lambda p: np.array([[f(p).sum()]]), x, 0, 0, h)


def whole_rows(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Nudge a whole row at a time."""
    field = np.zeros(x.shape)
    for row in range(x.shape[0]):
        nudge = np.zeros(x.shape)
        nudge[row] = h
        field[row] = abs(f(x + nudge)[i, j] - f(x - nudge)[i, j]) / (2 * h)
    return field


def nothing_but_the_pixel(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Light one pixel in a black picture."""
    return effective_receptive_field(f, np.zeros(x.shape), i, j, h)


def unit_of_the_map_only(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Loop over the map's positions instead of the pixels."""
    right = effective_receptive_field(f, x, i, j, h)
    field = np.zeros(x.shape)
    rows, columns = f(x).shape
    field[:rows, :columns] = right[:rows, :columns]
    return field


EFFECTIVE_RECEPTIVE_FIELD = (
    Misconception(
        "only_upward",
        only_upward,
        title="The pixel is raised, but not lowered",
        symptom="Right for filters; wrong for maps that are not linear.",
        hint="You compare the raised pixel with the picture as it is. The task compares it with "
        "something else.",
        catalog_number=53,
    ),
    Misconception(
        "sign_kept",
        _signed,
        title="The sign is kept",
        symptom="Some numbers are negative.",
        hint="Some of your numbers are negative. The question is how strongly a pixel matters, "
        "not in which direction.",
    ),
    Misconception(
        "negative_removed",
        lambda f, x, i, j, h: np.maximum(_signed(f, x, i, j, h), 0),
        title="Negative influence counts as none",
        symptom="Pixels with a negative weight get 0.",
        hint="Pixels that lower the unit get 0 from you. Do they have no influence?",
    ),
    Misconception(
        "half_forgotten",
        lambda f, x, i, j, h: 2 * effective_receptive_field(f, x, i, j, h),
        title="Divided by h only",
        symptom="Every number is twice as large as it should be.",
        hint="All your numbers are twice too large. How far apart are the raised and the lowered "
        "pixel?",
    ),
    Misconception(
        "step_forgotten",
        lambda f, x, i, j, h: effective_receptive_field(f, x, i, j, h) * 2 * h,
        title="The difference is not divided",
        symptom="The numbers depend on h.",
        hint="Your numbers grow with the size of the nudge. Influence is change per nudge.",
    ),
    Misconception(
        "picture_left_changed",
        picture_left_changed,
        title="The picture is not restored",
        symptom="Right for filters; for other maps the error grows from pixel to pixel.",
        hint="The first pixel is right, later ones are not. Is the picture as it was when you come "
        "to the next pixel?",
        catalog_number=57,
    ),
    Misconception(
        "same_array_twice",
        same_array_twice,
        title="Two names for one array",
        symptom="All numbers are 0.",
        hint="All your numbers are 0: the raised and the lowered picture are one and the same "
        "array. `=` gives it a second name, and no copy.",
    ),
    Misconception(
        "whole_map_summed",
        whole_map_summed,
        title="The whole map is watched",
        symptom="Nearly all pixels have the same influence.",
        hint="You watch all units of the map together. The task asks for a single one.",
    ),
    Misconception(
        "unit_zero",
        lambda f, x, i, j, h: effective_receptive_field(f, x, 0, 0, h),
        title="The unit in the top left corner is watched",
        symptom="The pattern is right and lies in the corner.",
        hint="Your field belongs to the unit in the top left corner. Which unit is asked for?",
    ),
    Misconception(
        "unit_exchanged",
        lambda f, x, i, j, h: effective_receptive_field(f, x, j, i, h),
        title="Row and column of the unit are exchanged",
        symptom="The pattern is right and lies elsewhere, or an index is out of bounds.",
        hint="Your field belongs to another unit. Which of `i` and `j` is the row?",
    ),
    Misconception(
        "field_transposed",
        lambda f, x, i, j, h: effective_receptive_field(f, x, i, j, h).T,
        title="The field is transposed",
        symptom="The field lies on its side.",
        hint="Your field lies on its side. In which order do you use row and column when you "
        "write a number down?",
    ),
    Misconception(
        "whole_rows",
        whole_rows,
        title="A whole row is nudged",
        symptom="All numbers of a row are equal.",
        hint="All numbers of a row are equal: you nudge the whole row at once. How many indices "
        "does a pixel have?",
    ),
    Misconception(
        "nothing_but_the_pixel",
        nothing_but_the_pixel,
        title="The picture itself is not used",
        symptom="Right for filters; wrong where ReLU or a product depends on the picture.",
        hint="You nudge pixels of a black picture. How much a pixel matters may depend on the "
        "other pixels of `x`.",
    ),
    Misconception(
        "unit_of_the_map_only",
        unit_of_the_map_only,
        title="The loops run over the map instead of the picture",
        symptom="The last rows and columns are 0 where the map is smaller than the picture.",
        hint="Your last rows and columns are 0. Do your loops visit the pixels of the picture, or "
        "the units of the map?",
    ),
    Misconception(
        "yes_or_no",
        lambda f, x, i, j, h: (effective_receptive_field(f, x, i, j, h) > 0).astype(float),
        title="Only yes or no",
        symptom="The field holds zeros and ones.",
        hint="You say which pixels matter, but not how much.",
    ),
    Misconception(
        "weighted_by_the_picture",
        lambda f, x, i, j, h: effective_receptive_field(f, x, i, j, h) * np.abs(x),
        title="The influence is multiplied by the pixel",
        symptom="Dark pixels seem to have no influence.",
        hint="Dark pixels have no influence in your result. Changing a dark pixel may change the "
        "unit all the same.",
    ),
)
