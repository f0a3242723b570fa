"""Wrong implementations of the exercise "pooling", as beginners write them.

Each is as short as it can be, so many stand on the reference instead of on loops of their own.
The hints point at the mistake and never state the solution. Catalog numbers are those of the
course's catalog of wrong implementations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.problems import Misconception
from solutions.pooling.reference import (
    Array,
    Layer,
    Shape,
    avg_pool_forward,
    count_parameters,
    linear_forward,
    max_pool_forward,
    network_shapes,
    relu_forward,
)

Pool: TypeAlias = Callable[[Array, int, int], Array]

# max_pool_forward and avg_pool_forward: mistakes that both share


def _windows(x: Array, size: int, stride: int) -> Array:
    """Return all windows, shape (N, C, H', W', size, size)."""
    return sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]


def _with_rest(x: Array, size: int, stride: int) -> Array:
    """Put zeros below and to the right, so that the rest of the image gets a window, too."""
    missing = [-(side - size) % stride for side in x.shape[2:]]
    return np.pad(x, ((0, 0), (0, 0), (0, missing[0]), (0, missing[1])))


def _filled_from_slices(x: Array, size: int, stride: int, answer: Callable[..., Any]) -> Array:
    """Take ceil for floor; the windows of the rest are cut off by the border."""
    rows, columns = (
        min(math.ceil((side - size) / stride) + 1, math.ceil(side / stride)) for side in x.shape[2:]
    )
    out = np.zeros((*x.shape[:2], rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            out[:, :, i, j] = answer(window, axis=(2, 3))
    return out


def _start_without_stride(x: Array, size: int, stride: int) -> Array:
    """Begin each window at its own number, not at a multiple of the stride."""
    rows, columns = ((side - size) // stride + 1 for side in x.shape[2:])
    return _windows(x, size, 1)[:, :, :rows, :columns]


def _swapped(answer: Callable[[Array, int], Array]) -> Pool:
    """Read the width of the images first, then their height."""

    def pooled(x: Array, size: int, stride: int) -> Array:
        images, channels, width, height = x.shape
        rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
        out = np.zeros((images, channels, rows, columns))
        for i in range(rows):
            for j in range(columns):
                window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
                out[:, :, i, j] = answer(window, size)
        return out

    return pooled


def _maximum(window: Array, size: int) -> Any:
    """Return the maximum of a window."""
    return window.max(axis=(2, 3))


def _share_of_sum(window: Array, size: int) -> Any:
    """Return the sum of a window, divided by the numbers of a whole one."""
    return window.sum(axis=(2, 3)) / size**2


def _maximum_of_all(x: Array, size: int, stride: int) -> Array:
    """Take the maximum of a window through all images and channels."""
    return max_pool_forward(x.max(axis=(0, 1), keepdims=True), size, stride)


def _mean_of_all(x: Array, size: int, stride: int) -> Array:
    """Take the mean of a window through all images and channels; add first, which is exact."""
    sums: Array = avg_pool_forward(x.sum(axis=(0, 1), keepdims=True), size, stride)
    return sums / float(len(x) * x.shape[1])


def _mean_of_channels(x: Array, size: int, stride: int) -> Array:
    """Take the mean of a window through all channels; add first, which is exact."""
    sums: Array = avg_pool_forward(x.sum(axis=1, keepdims=True), size, stride)
    return sums / float(x.shape[1])


def _sides_divided(answer: Callable[[Array, int], Array]) -> Pool:
    """Divide the sides by the stride, whatever the size; the last windows are cut off."""

    def pooled(x: Array, size: int, stride: int) -> Array:
        out = np.zeros((*x.shape[:2], x.shape[2] // stride, x.shape[3] // stride))
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
                out[:, :, i, j] = answer(window, size)
        return out

    return pooled


def _shared(
    pool: Pool, answer: Callable[[Array, int], Array], together: Pool
) -> tuple[Misconception, ...]:
    """Return the mistakes about positions, sizes and axes, which do not depend on the rule.

    pool: the right function. answer: what it makes of a window and its size.
    together: the rule for windows that go through all images and channels.
    """
    return (
        Misconception(
            "window_start_ignores_stride",
            lambda x, size, stride: pool_windows(pool, _start_without_stride(x, size, stride)),
            title="The windows start one pixel apart",
            symptom="The shape is right; the numbers are those of the top left part of the image.",
            hint="Your shape is right, but your windows move by one pixel only. Where in the image "
            "does the window of output row 1 begin?",
            catalog_number=8,
        ),
        Misconception(
            "stride_ignored",
            lambda x, size, stride: pool(x, size, 1),
            title="The stride is ignored",
            symptom="The result is almost as large as the image.",
            hint="Your result is too large: the window stops at every pixel. Which argument says "
            "how far it moves?",
        ),
        Misconception(
            "stride_is_size",
            lambda x, size, stride: pool(x, size, size),
            title="The window moves by its own size",
            symptom="Right where size and stride are equal.",
            hint="You are right as long as size and stride are equal. Here windows may overlap, or "
            "leave gaps.",
        ),
        Misconception(
            "size_is_stride",
            lambda x, size, stride: pool(
                x[:, :, : x.shape[2] - size + stride, : x.shape[3] - size + stride], stride, stride
            ),
            title="The window is as large as the stride",
            symptom="The shape is right; windows that overlap give wrong numbers.",
            hint="Your windows are as large as the step between them. Which argument says how "
            "large a window is?",
        ),
        Misconception(
            "stride_of_rows_only",
            lambda x, size, stride: pool_windows(pool, _windows(x, size, 1)[:, :, ::stride]),
            title="Only the rows move by the stride",
            symptom="The height is right, the width is too large.",
            hint="Downward you move by the stride, to the right by one pixel. Both directions take "
            "the same steps.",
            catalog_number=9,
        ),
        Misconception(
            "sides_divided",
            _sides_divided(answer),
            title="The sides are divided by the stride",
            symptom="Right where size and stride are equal; else sometimes one row too many.",
            hint="Your result has as many rows as the stride fits into the height. Where does the "
            "last window begin, if it has to lie inside?",
        ),
        Misconception(
            "one_too_small",
            lambda x, size, stride: pool(x, size, stride)[:, :, :-1, :-1],
            title="One row and one column too few",
            symptom="The numbers are right, but the last row and the last column are missing.",
            hint="Your last row and column are missing. How many positions has a window as large "
            "as the whole image?",
            catalog_number=5,
        ),
        Misconception(
            "height_and_width_swapped",
            _swapped(answer),
            title="Height and width are exchanged",
            symptom="Square images work, all others fail.",
            hint="Height and width got mixed up. In which order does `x.shape` name the four "
            "sizes?",
            catalog_number=7,
        ),
        Misconception(
            "transposed",
            lambda x, size, stride: pool(x, size, stride).swapaxes(2, 3),
            title="The maps are transposed",
            symptom="The maps lie on their side: rows are columns.",
            hint="Your maps lie on their side. Which index of the result counts the steps "
            "downward?",
        ),
        Misconception(
            "last_position_skipped",
            lambda x, size, stride: _without_last(pool(x, size, stride)),
            title="The last row and column are not computed",
            symptom="The shape is right; the last row and the last column hold zeros.",
            hint="Your last row and your last column hold only zeros. Where do your loops end?",
        ),
        Misconception(
            "one_number_for_all",
            lambda x, size, stride: np.broadcast_to(
                together(x, size, stride), pool(x, size, stride).shape
            ).copy(),
            title="One number for all images and channels",
            symptom="All images and all channels of the result are equal.",
            hint="All your images and channels are equal: each window was taken through the whole "
            "batch at once. Along which axes is it to be reduced?",
        ),
        Misconception(
            "first_image_for_all",
            lambda x, size, stride: np.repeat(pool(x[:1], size, stride), len(x), axis=0),
            title="The first image answers for all",
            symptom="All images of the batch give the same maps.",
            hint="All images of the batch give the same maps. Which image do you read?",
            catalog_number=15,
        ),
        Misconception(
            "first_channel_for_all",
            lambda x, size, stride: np.repeat(pool(x[:, :1], size, stride), x.shape[1], axis=1),
            title="The first channel answers for all",
            symptom="All channels of the result are equal.",
            hint="All your channels are equal. Which channel do you read?",
            catalog_number=14,
        ),
    )


def pool_windows(pool: Pool, windows: Array) -> Array:
    """Apply a rule of pooling to every one of some windows (..., size, size)."""
    size = windows.shape[-1]
    flat = windows.reshape(-1, 1, size, size)
    return pool(flat, size, 1).reshape(windows.shape[:-2])


def _without_last(out: Array) -> Array:
    out[:, :, -1] = out[:, :, :, -1] = 0
    return out


# max_pool_forward


def builtin_max(x: Array, size: int, stride: int) -> Array:
    """Use Python's max on a window."""
    windows = _windows(x, size, stride)
    out = np.zeros(windows.shape[:4])
    for index in np.ndindex(*out.shape):
        out[index] = max(windows[index])
    return out


MAX_POOL_FORWARD = (
    Misconception(
        "accumulator_zero",
        lambda x, size, stride: np.maximum(max_pool_forward(x, size, stride), 0),
        title="The search for the maximum starts at 0",
        symptom="Windows without a positive number give 0.",
        hint="A window of negative numbers gives 0, a number that is not in it. What does your "
        "search start with?",
        catalog_number=22,
    ),
    Misconception(
        "rest_padded_with_zeros",
        lambda x, size, stride: max_pool_forward(_with_rest(x, size, stride), size, stride),
        title="Zeros are added so that the last windows fit",
        symptom="One row or column too many, where the sizes do not divide.",
        hint="Where the window does not fit any more, you added zeros to the image. What happens "
        "to pixels that no whole window reaches?",
        catalog_number=23,
    ),
    Misconception(
        "rest_pooled",
        lambda x, size, stride: _filled_from_slices(x, size, stride, np.max),
        title="Windows hang over the border",
        symptom="One row or column too many, where the sizes do not divide.",
        hint="Your last windows hang over the border of the image, and hold fewer pixels than the "
        "others. Only whole windows count.",
        catalog_number=6,
    ),
    Misconception(
        "last_of_window",
        lambda x, size, stride: _windows(x, size, stride)[..., -1, -1],
        title="The last number of each window",
        symptom="Right only where the numbers grow to the right and downward.",
        hint="You return the last number of each window. What should a smaller number after a "
        "larger one do to your result?",
        catalog_number=24,
    ),
    Misconception(
        "first_of_window",
        lambda x, size, stride: _windows(x, size, stride)[..., 0, 0],
        title="The first number of each window",
        symptom="The shape is right; pixels are left out, not compared.",
        hint="You pick the top left number of each window. That is subsampling: the other numbers "
        "have no say.",
    ),
    Misconception(
        "largest_of_all_channels",
        lambda x, size, stride: np.repeat(
            max_pool_forward(x, size, stride).max(axis=1, keepdims=True), x.shape[1], axis=1
        ),
        title="The maximum is taken over the channels, too",
        symptom="All channels of the result are equal.",
        hint="All channels of your result are equal: the channels compete with each other. Each "
        "channel is pooled by itself.",
        catalog_number=25,
    ),
    Misconception(
        "channels_removed",
        lambda x, size, stride: max_pool_forward(x, size, stride).max(axis=1),
        title="The channels are gone",
        symptom="The result has three axes.",
        hint="Your result has lost an axis: the channels were merged. How many channels go in, and "
        "how many should come out?",
        catalog_number=25,
    ),
    Misconception(
        "largest_of_all_images",
        lambda x, size, stride: np.repeat(
            max_pool_forward(x, size, stride).max(axis=0, keepdims=True), len(x), axis=0
        ),
        title="The maximum is taken over the images, too",
        symptom="All images of the batch give the same maps.",
        hint="The images of the batch compete with each other in your code. Each image is pooled "
        "by itself.",
    ),
    Misconception(
        "mean_for_max",
        avg_pool_forward,
        title="Mean instead of maximum",
        symptom="Every number is too small.",
        hint="These are the means of the windows. Which number of a window does this task keep?",
    ),
    Misconception(
        "largest_magnitude",
        lambda x, size, stride: max_pool_forward(np.abs(x), size, stride),
        title="The largest absolute value",
        symptom="Windows with large negative numbers give too large answers.",
        hint="Minus signs are gone. Which is larger, -3 or 1?",
    ),
    Misconception(
        "smallest_of_window",
        lambda x, size, stride: -max_pool_forward(-x, size, stride),
        title="Minimum instead of maximum",
        symptom="Every number is the smallest of its window.",
        hint="You keep the smallest number of each window. Look again at the name of the task.",
    ),
    Misconception(
        "position_for_value",
        lambda x, size, stride: (
            _windows(x, size, stride).reshape(*max_pool_forward(x, size, stride).shape, -1)
        ).argmax(axis=-1),
        title="The place of the maximum instead of its value",
        symptom="All numbers are whole and lie between 0 and size² - 1.",
        hint="Your numbers say where in its window the maximum lies, not how large it is.",
    ),
    Misconception(
        "row_maxima",
        lambda x, size, stride: _windows(x, size, stride)[..., 0, :].max(axis=-1),
        title="Only one row of each window",
        symptom="Right where the maximum happens to be in the first row of the window.",
        hint="Only the first row of each window has a say in your result. How many rows has a "
        "window?",
    ),
    Misconception(
        "builtin_max",
        builtin_max,
        title="Python's own `max` cannot compare rows",
        symptom="Python says that the truth value of an array is ambiguous.",
        hint="Python's own `max` compares the rows of a window as wholes, and cannot. NumPy has "
        "something that looks at every number.",
    ),
    *_shared(max_pool_forward, _maximum, _maximum_of_all),
)

# avg_pool_forward


AVG_POOL_FORWARD = (
    Misconception(
        "sum_for_mean",
        lambda x, size, stride: avg_pool_forward(x, size, stride) * size**2,
        title="Sum instead of mean",
        symptom="Every number is too large by the same factor.",
        hint="All your numbers are too large by the same factor. What turns a sum into a mean?",
    ),
    Misconception(
        "divided_by_side",
        lambda x, size, stride: avg_pool_forward(x, size, stride) * size,
        title="Divided by the side of the window",
        symptom="Every number is too large by the factor `size`.",
        hint="You divide by the side of the window. How many numbers did you add up?",
    ),
    Misconception(
        "divided_by_stride",
        lambda x, size, stride: avg_pool_forward(x, size, stride) * size**2 / stride**2,
        title="Divided by the square of the stride",
        symptom="Right where size and stride are equal.",
        hint="You are right as long as size and stride are equal. How many numbers has a window, "
        "however far it moves?",
    ),
    Misconception(
        "max_for_mean",
        max_pool_forward,
        title="Maximum instead of mean",
        symptom="Every number is too large.",
        hint="These are the maxima of the windows, as in task 1.",
    ),
    Misconception(
        "middle_for_mean",
        lambda x, size, stride: np.median(_windows(x, size, stride), axis=(4, 5)),
        title="Median instead of mean",
        symptom="Some numbers are right, most are a little off.",
        hint="You take the number in the middle of the sorted window. The mean takes all of them "
        "into account.",
    ),
    Misconception(
        "zeros_are_counted",
        lambda x, size, stride: avg_pool_forward(_with_rest(x, size, stride), size, stride),
        title="Zeros beyond the border are counted",
        symptom="One row or column too many, with numbers too close to 0.",
        hint="Where the window does not fit any more, zeros take part in your mean. What happens "
        "to pixels that no whole window reaches?",
        catalog_number=31,
    ),
    Misconception(
        "rest_pooled",
        lambda x, size, stride: _filled_from_slices(x, size, stride, np.mean),
        title="Windows hang over the border",
        symptom="One row or column too many, where the sizes do not divide.",
        hint="Your last windows hang over the border of the image, and hold fewer pixels than the "
        "others. Only whole windows count.",
        catalog_number=6,
    ),
    Misconception(
        "mean_of_channels",
        lambda x, size, stride: np.repeat(_mean_of_channels(x, size, stride), x.shape[1], axis=1),
        title="The mean is taken over the channels, too",
        symptom="All channels of the result are equal.",
        hint="All channels of your result are equal: you average over them, too. Each channel is "
        "pooled by itself.",
        catalog_number=13,
    ),
    Misconception(
        "whole_numbers",
        lambda x, size, stride: avg_pool_forward(x, size, stride).astype(x.dtype),
        title="The result takes over the images' integer type",
        symptom="Images of whole numbers give means without their fractional part.",
        hint="The fractions got lost. Which type of number does your result hold when the images "
        "hold whole numbers?",
    ),
    Misconception(
        "rounded_down",
        lambda x, size, stride: (avg_pool_forward(x, size, stride) * size**2) // size**2,
        title="Division without remainder",
        symptom="All numbers are whole.",
        hint="All your numbers are whole. Which kind of division do you use?",
    ),
    *_shared(avg_pool_forward, _share_of_sum, _mean_of_all),
)

# relu_forward


RELU_FORWARD = (
    Misconception(
        "mask_returned",
        lambda x: (x > 0).astype(float),
        title="Only yes or no",
        symptom="The result holds zeros and ones.",
        hint="You say which numbers stay, but not what they are.",
    ),
    Misconception(
        "absolute_value",
        lambda x: np.abs(x),
        title="Absolute value instead of ReLU",
        symptom="Negative numbers become positive.",
        hint="Your negative numbers become positive. What should they become?",
    ),
    Misconception(
        "negative_kept",
        lambda x: np.minimum(x, 0),
        title="The negative numbers are kept",
        symptom="Positive numbers become 0.",
        hint="You keep what should go, and remove what should stay.",
    ),
    Misconception(
        "largest_along_axis",
        lambda x: np.max(x, 0),
        title="`np.max` takes the 0 for an axis",
        symptom="The result has lost an axis.",
        hint="`np.max` reads its second argument as an axis. Two functions of NumPy have similar "
        "names.",
    ),
    Misconception(
        "builtin_max",
        lambda x: max(x, 0),
        title="Python's own `max` cannot compare an array with 0",
        symptom="Python says that the truth value of an array is ambiguous.",
        hint="Python's own `max` asks whether the whole array is larger than 0. NumPy can compare "
        "number by number.",
    ),
    Misconception(
        "only_the_positive",
        lambda x: x[x > 0],
        title="The negative numbers are cut out",
        symptom="The result is one long row, shorter than the input.",
        hint="You leave the negative numbers out, so the shape is lost. Every number keeps its "
        "place.",
    ),
    Misconception(
        "cut_off_at_one",
        lambda x: np.clip(x, 0, 1),
        title="Large numbers are cut off",
        symptom="No number is larger than 1.",
        hint="None of your numbers is larger than 1. ReLU limits the numbers on one side only.",
    ),
    Misconception(
        "small_numbers_removed",
        lambda x: np.where(x < 1, 0, x),
        title="The limit is 1 instead of 0",
        symptom="Numbers between 0 and 1 become 0.",
        hint="Numbers between 0 and 1 are lost. From which number on does ReLU let through?",
    ),
    Misconception(
        "leaky",
        lambda x: np.where(x > 0, x, x / 128),
        title="A leaky ReLU",
        symptom="Negative numbers are small, but not 0.",
        hint="Your negative numbers become small, but not zero. That is a relative of ReLU, but "
        "not ReLU.",
    ),
    Misconception(
        "whole_becomes_zero",
        lambda x: np.zeros_like(x) if np.min(x) < 0 else x,
        title="One negative number removes all",
        symptom="Arrays with a negative number become zero as a whole.",
        hint="One negative number, and your whole array becomes zero. Each number is judged by "
        "itself.",
    ),
)

# linear_forward


def bias_along_images(x: Array, w: Array, b: Array) -> Array:
    """Add one bias to every image instead of to every unit."""
    return x @ w + b[:, np.newaxis]


LINEAR_FORWARD = (
    Misconception(
        "bias_dropped",
        lambda x, w, b: x @ w,
        title="The bias is missing",
        symptom="Every column is off by a constant.",
        hint="Every column is off by a constant. Which argument have you not used?",
        catalog_number=16,
    ),
    Misconception(
        "bias_in_every_product",
        lambda x, w, b: x @ w + len(w) * b,
        title="The bias is added to every product",
        symptom="Every column is off by a multiple of its bias.",
        hint="The bias comes in once for every input number. How often should it come in?",
        catalog_number=17,
    ),
    Misconception(
        "bias_along_images",
        bias_along_images,
        title="The biases are spread over the images",
        symptom="NumPy cannot broadcast, unless there are as many images as units.",
        hint="Each of your biases goes to an image. It belongs to a unit: which axis of the result "
        "counts the units?",
    ),
    Misconception(
        "weights_transposed",
        lambda x, w, b: x @ w.T + b,
        title="The weights are transposed",
        symptom="Works only where inputs and units are equally many, with wrong numbers.",
        hint="You exchange rows and columns of the weights. Does a row or a column of `w` belong "
        "to one unit?",
    ),
    Misconception(
        "weights_reshaped",
        lambda x, w, b: x @ w.reshape(w.shape[::-1]).T + b,
        title="The weights are reshaped on the way",
        symptom="The shape is right, the weights are shuffled.",
        hint="Your weights are shuffled: somewhere they were reshaped. Which axes line up in a "
        "matrix product?",
        catalog_number=20,
    ),
    Misconception(
        "units_first",
        lambda x, w, b: linear_forward(x, w, b).T,
        title="Units come before images",
        symptom="The two axes of the result are exchanged.",
        hint="The axes of your result are exchanged. Which comes first, images or units?",
    ),
    Misconception(
        "first_image_only",
        lambda x, w, b: np.repeat(linear_forward(x[:1], w, b), len(x), axis=0),
        title="The first image answers for all",
        symptom="All rows of the result are equal.",
        hint="All rows of your result are equal. Which input do you read?",
        catalog_number=15,
    ),
    Misconception(
        "mean_for_sum",
        lambda x, w, b: x @ w / len(w) + b,
        title="Mean instead of sum",
        symptom="Apart from the bias, every number is too small by the same factor.",
        hint="Apart from the bias, all your numbers are too small by the same factor. Does a dot "
        "product divide by anything?",
        catalog_number=12,
    ),
    Misconception(
        "factors_exchanged",
        lambda x, w, b: w @ x + b,
        title="Weights times inputs",
        symptom="`matmul` complains about sizes that do not match.",
        hint="A matrix product depends on the order of its factors: rows of the first meet columns "
        "of the second. Where do the numbers of one input lie?",
    ),
    Misconception(
        "elementwise",
        lambda x, w, b: x * w + b,
        title="Elementwise product instead of a matrix product",
        symptom="NumPy cannot broadcast, unless the sizes happen to fit.",
        hint="You multiply the arrays number by number. Every unit needs a dot product with a "
        "whole input.",
    ),
    Misconception(
        "relu_included",
        lambda x, w, b: relu_forward(linear_forward(x, w, b)),
        title="Negative numbers are removed",
        symptom="All negative numbers have become zero.",
        hint="All your negative numbers are gone. ReLU is a layer of its own, and comes later.",
    ),
    Misconception(
        "batch_of_one_squeezed",
        lambda x, w, b: linear_forward(x, w, b).squeeze(),
        title="A batch of one loses an axis",
        symptom="One image, or one unit, gives a result with one axis.",
        hint="With several images you are right; with one, an axis is lost. What does `squeeze` do "
        "to axes of length 1?",
    ),
    Misconception(
        "whole_numbers",
        lambda x, w, b: linear_forward(x, w, b).astype(x.dtype),
        title="The result takes over the inputs' integer type",
        symptom="Inputs of whole numbers give answers without their fractional part.",
        hint="The fractions got lost. Which type of number does your result hold when the inputs "
        "hold whole numbers?",
    ),
)

# linear_to_filters


LINEAR_TO_FILTERS = (
    Misconception(
        "not_transposed",
        lambda w, channels, height, width: w.reshape(-1, channels, height, width),
        title="Reshaped without transposing",
        symptom="The shape is right; right for a single unit only.",
        hint="With one unit you are right, with several their weights are mixed. Do the weights of "
        "one unit lie side by side in memory?",
        catalog_number=20,
    ),
    Misconception(
        "channels_counted_last",
        lambda w, channels, height, width: w.T.reshape(-1, height, width, channels).transpose(
            0, 3, 1, 2
        ),
        title="Flattened as if the channels came last",
        symptom="The shape is right; right for a single channel only.",
        hint="With one channel you are right, with several the weights are scattered. Which number "
        "of an image (C, H, W) comes second when it is flattened?",
        catalog_number=47,
    ),
    Misconception(
        "height_and_width_swapped",
        lambda w, channels, height, width: w.T.reshape(-1, channels, width, height),
        title="Height and width are exchanged",
        symptom="Right for square images only, or the last two sizes are exchanged.",
        hint="Your filters lie on their side. Which comes first in the shape, height or width?",
        catalog_number=7,
    ),
    Misconception(
        "filters_transposed",
        lambda w, channels, height, width: w.T.reshape(-1, channels, width, height).swapaxes(2, 3),
        title="The rows of the image are taken for its columns",
        symptom="The shape is right; right for images of one row or one column only.",
        hint="Inside each filter rows and columns are mixed. When an image is flattened, does "
        "it go along its rows or along its columns?",
        catalog_number=11,
    ),
    Misconception(
        "flipped",
        lambda w, channels, height, width: w.T.reshape(-1, channels, height, width)[
            :, :, ::-1, ::-1
        ],
        title="The filters are flipped",
        symptom="The shape is right; every filter stands on its head.",
        hint="Your filters are turned upside down. A convolutional layer cross-correlates: nothing "
        "is flipped.",
        catalog_number=10,
    ),
    Misconception(
        "filters_last",
        lambda w, channels, height, width: w.reshape(channels, height, width, -1),
        title="The filters are counted by the last axis",
        symptom="The shape ends in the number of units instead of beginning with it.",
        hint="Your numbers are right, but the filters are counted by the last axis. Compare with "
        "the order of axes that the docstring promises.",
    ),
    Misconception(
        "filters_and_channels_exchanged",
        lambda w, channels, height, width: w.T.reshape(-1, channels, height, width).swapaxes(0, 1),
        title="Filters and channels are exchanged",
        symptom="The first two sizes are exchanged.",
        hint="The first two axes are exchanged. What does the first axis of filters count?",
    ),
    Misconception(
        "first_unit_only",
        lambda w, channels, height, width: w[:, 0].reshape(1, channels, height, width),
        title="Only the first unit",
        symptom="One filter comes back.",
        hint="One filter came back. How many units has the layer?",
    ),
)

# network_shapes


def _walk(spec: list[Layer], step: Callable[[Layer, Shape], Shape | None]) -> list[Shape]:
    """Follow a network; where ``step`` returns a shape, take it instead of the right one."""
    shapes: list[Shape] = []
    shape: Shape = ()
    for layer in spec:
        if layer["kind"] not in ("relu", "dropout"):
            before = [] if layer["kind"] == "image" else [_as_image(shape)]
            shape = step(layer, shape) or network_shapes([*before, layer])[-1]
        shapes.append(shape)
    return shapes


def _as_image(shape: Shape) -> Layer:
    """Describe an image of a shape; a flat one becomes an image of single pixels."""
    channels, height, width = (*shape, 1, 1)[:3]
    return {"kind": "image", "channels": channels, "height": height, "width": width}


def _slides(layer: Layer) -> bool:
    return layer["kind"] in ("conv", "max_pool", "avg_pool")


def _slid(layer: Layer, shape: Shape, count: Callable[[int, int, int, int], Any]) -> Shape:
    """Return the shape after a layer that slides, by a formula of (side, size, stride, padding)."""
    depth = layer.get("filters", shape[0])
    padding = layer.get("padding", 0)
    height, width = (count(side, layer["size"], layer["stride"], padding) for side in shape[1:])
    return depth, height, width


def _by_formula(
    count: Callable[[int, int, int, int], Any], *kinds: str
) -> Callable[[list[Layer]], list[Shape]]:
    """Return a wrong network_shapes with a wrong formula for layers of some kinds, or for all."""

    def shapes(spec: list[Layer]) -> list[Shape]:
        return _walk(
            spec,
            lambda layer, shape: (
                _slid(layer, shape, count)
                if _slides(layer) and (not kinds or layer["kind"] in kinds)
                else None
            ),
        )

    return shapes


def _by_kind(
    kind: str, own: Callable[[Layer, Shape], Shape]
) -> Callable[[list[Layer]], list[Shape]]:
    """Return a wrong network_shapes with a wrong rule for one kind of layer."""

    def shapes(spec: list[Layer]) -> list[Shape]:
        return _walk(
            spec, lambda layer, shape: own(layer, shape) if layer["kind"] == kind else None
        )

    return shapes


def _always_square(spec: list[Layer]) -> list[Shape]:
    """Compute the height of every layer, and use it for the width, too."""
    squared = [{**spec[0], "width": spec[0]["height"]}, *spec[1:]]
    return [network_shapes(spec)[0], *network_shapes(squared)[1:]]


def padding_looked_up(spec: list[Layer]) -> list[Shape]:
    """Ask pooling layers for their padding."""
    return _by_formula(
        lambda side, size, stride, padding: (side + 2 * padding - size) // stride + 1
    )([{**layer, "padding": layer["padding"]} if _slides(layer) else layer for layer in spec])


NETWORK_SHAPES = (
    Misconception(
        "ceil_for_floor",
        _by_formula(
            lambda side, size, stride, padding: -((size - side - 2 * padding) // stride) + 1
        ),
        title="Rounded up",
        symptom="One too many where the stride does not divide.",
        hint="Where the stride does not divide, you get one row too many. What happens to a window "
        "that does not fit any more?",
        catalog_number=6,
    ),
    Misconception(
        "not_whole",
        _by_formula(lambda side, size, stride, padding: (side + 2 * padding - size) / stride + 1),
        title="Sizes that are not whole",
        symptom="Some sizes have a fractional part.",
        hint="Some of your sizes are not whole. A window either fits or it does not.",
    ),
    Misconception(
        "no_plus_one",
        _by_formula(lambda side, size, stride, padding: (side + 2 * padding - size) // stride),
        title="One row and one column too few",
        symptom="Every size is too small by one, and the error grows from layer to layer.",
        hint="Each layer loses one row and one column too many. How many positions has a window as "
        "large as the whole image?",
        catalog_number=5,
    ),
    Misconception(
        "padding_on_one_side",
        _by_formula(
            lambda side, size, stride, padding: (side + padding - size) // stride + 1, "conv"
        ),
        title="Padding on one side only",
        symptom="Layers with padding are too small.",
        hint="Your padded layers shrink. How many borders does a row of pixels have?",
        catalog_number=4,
    ),
    Misconception(
        "padding_forgotten",
        _by_formula(lambda side, size, stride, padding: (side - size) // stride + 1, "conv"),
        title="The padding is ignored",
        symptom="Layers with padding are too small.",
        hint="Your padded layers shrink as if there were no padding. Which key says how much there "
        "is?",
    ),
    Misconception(
        "stride_forgotten",
        _by_formula(lambda side, size, stride, padding: side + 2 * padding - size + 1, "conv"),
        title="The stride of convolutional layers is ignored",
        symptom="Convolutional layers with a stride above 1 are too large.",
        hint="Your convolutional layers move by one pixel. Pooling is not the only layer with a "
        "stride.",
        catalog_number=62,
    ),
    Misconception(
        "padding_looked_up",
        padding_looked_up,
        title="Pooling is asked for its padding",
        symptom="Python stops with a KeyError: 'padding'.",
        hint="Not every entry has every key: which kinds of entries have a padding? The table of "
        "the task says so.",
    ),
    Misconception(
        "pool_moves_by_its_size",
        _by_formula(lambda side, size, stride, padding: side // size, "max_pool", "avg_pool"),
        title="Pooling divides by the size of its window",
        symptom="Right where size and stride are equal.",
        hint="Your pooling is right as long as size and stride are equal. Windows may overlap.",
    ),
    Misconception(
        "pool_divides_by_stride",
        _by_formula(lambda side, size, stride, padding: side // stride, "max_pool", "avg_pool"),
        title="Pooling divides by the stride",
        symptom="Right where size and stride are equal; else sometimes one too many.",
        hint="You divide by the stride, whatever the size of the window. Count the positions of a "
        "window of 3 in a row of 8 pixels, in steps of 2.",
    ),
    Misconception(
        "pool_always_halves",
        _by_formula(lambda side, size, stride, padding: side // 2, "max_pool", "avg_pool"),
        title="Pooling always halves",
        symptom="Right for windows of 2 by 2 and stride 2.",
        hint="Your pooling always halves. Which keys say what it really does?",
    ),
    Misconception(
        "depth_kept",
        _by_kind(
            "conv",
            lambda layer, shape: (
                shape[0],
                *network_shapes([_as_image(shape), layer])[-1][1:],
            ),
        ),
        title="Convolutional layers keep the number of channels",
        symptom="The number of channels never changes.",
        hint="Your number of channels never changes. How many maps does a layer with 6 filters "
        "give?",
    ),
    Misconception(
        "depth_multiplied",
        _by_kind(
            "conv",
            lambda layer, shape: (
                shape[0] * layer["filters"],
                *network_shapes([_as_image(shape), layer])[-1][1:],
            ),
        ),
        title="Every filter runs on every channel by itself",
        symptom="The number of channels explodes.",
        hint="Your channels multiply from layer to layer. One filter reads all channels: how many "
        "maps does it give?",
    ),
    Misconception(
        "height_and_width_swapped",
        lambda spec: network_shapes(
            [{**spec[0], "height": spec[0]["width"], "width": spec[0]["height"]}, *spec[1:]]
        ),
        title="Height and width are exchanged",
        symptom="Right for square images.",
        hint="Height and width got mixed up. Which comes first in (C, H, W)?",
        catalog_number=7,
    ),
    Misconception(
        "always_square",
        _always_square,
        title="The maps are taken to be square",
        symptom="Right for square images.",
        hint="You compute one side and use it twice. Not all images are square.",
    ),
    Misconception(
        "channels_last",
        lambda spec: [
            (*shape[1:], shape[0]) if len(shape) == 3 else shape for shape in network_shapes(spec)
        ],
        title="The channels come last",
        symptom="The right numbers stand in another order.",
        hint="Your numbers are right, their order is not. Where does this course put the channels?",
    ),
    Misconception(
        "flatten_forgets_channels",
        _by_kind("flatten", lambda layer, shape: (math.prod(shape[1:]),)),
        title="Flattening forgets the channels",
        symptom='The number after "flatten" is too small.',
        hint='After "flatten" you have too few numbers. How many maps go in?',
    ),
    Misconception(
        "flatten_keeps_channels",
        _by_kind("flatten", lambda layer, shape: (shape[0], math.prod(shape[1:]))),
        title="Flattening keeps the channels apart",
        symptom='After "flatten" there are two sizes.',
        hint='After "flatten" all numbers of an image lie in one row.',
    ),
    Misconception(
        "units_added_to_shape",
        _by_kind("linear", lambda layer, shape: (*shape, layer["units"])),
        title="The inputs stay in the shape",
        symptom="The shapes of fully connected layers grow longer and longer.",
        hint="The shapes of your fully connected layers grow longer. How many numbers does such a "
        "layer hand on?",
    ),
    Misconception(
        "adaptive_ignored",
        _by_kind("adaptive_avg_pool", lambda layer, shape: shape),
        title="Adaptive pooling changes nothing",
        symptom="Right where the maps have the wanted size already.",
        hint="Your adaptive pooling changes nothing. What does its `size` mean?",
    ),
    Misconception(
        "adaptive_removes_axes",
        _by_kind("adaptive_avg_pool", lambda layer, shape: (shape[0],)),
        title="Adaptive pooling removes the axes of the maps",
        symptom="One number where three are expected.",
        hint="After adaptive pooling maps are still maps, if small ones. How many axes has a map "
        "of one pixel?",
    ),
    Misconception(
        "adaptive_as_window",
        _by_kind(
            "adaptive_avg_pool",
            lambda layer, shape: (
                shape[0],
                *(max(side - layer["size"] + 1, 1) for side in shape[1:]),
            ),
        ),
        title="Adaptive pooling is taken for a window",
        symptom="Right where the maps have one pixel.",
        hint="You take the `size` of adaptive pooling for the size of a window. It says something "
        "else: read its line in the table.",
    ),
    Misconception(
        "image_left_out",
        lambda spec: network_shapes(spec)[1:],
        title="The image is left out",
        symptom="One entry too few.",
        hint="One entry is missing, the first. What does the image hand on?",
    ),
    Misconception(
        "only_learning_layers",
        lambda spec: [
            shape
            for layer, shape in zip(spec, network_shapes(spec), strict=True)
            if layer["kind"] not in ("relu", "dropout")
        ],
        title="ReLU and dropout are left out",
        symptom="Too few entries.",
        hint="Layers that do not change the shape are missing in your list. They hand on "
        "something, too.",
    ),
    Misconception(
        "last_shape_only",
        lambda spec: network_shapes(spec)[-1],
        title="Only the last shape is returned",
        symptom="One shape comes back instead of a list of them.",
        hint="One shape came back. The task asks for all of them, in a list.",
    ),
    Misconception(
        "inputs_for_outputs",
        lambda spec: [network_shapes(spec)[0], *network_shapes(spec)[:-1]],
        title="The shape before each layer instead of after it",
        symptom="All shapes stand one place too late.",
        hint="All your shapes stand one place too late. Do you note a shape before or after the "
        "layer has worked?",
    ),
)

# count_parameters


def _counted(
    conv: Callable[[Layer, Shape, Shape], int] | None = None,
    linear: Callable[[Layer, Shape], int] | None = None,
    pool: Callable[[Layer, Shape], int] | None = None,
) -> Callable[[list[Layer], list[Shape]], list[int]]:
    """Return a wrong count_parameters with other rules for some kinds of layers.

    conv gets the layer, the shape before it and the shape after it; the others the first two.
    """

    def counts(spec: list[Layer], shapes: list[Shape]) -> list[int]:
        result = count_parameters(spec, shapes)
        for i, layer in enumerate(spec):
            if layer["kind"] == "conv" and conv is not None:
                result[i] = conv(layer, shapes[i - 1], shapes[i])
            elif layer["kind"] == "linear" and linear is not None:
                result[i] = linear(layer, shapes[i - 1])
            elif layer["kind"] in ("max_pool", "avg_pool") and pool is not None:
                result[i] = pool(layer, shapes[i - 1])
        return result

    return counts


def count_not_reset(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Keep the count of the layer before where a layer learns nothing."""
    counts = count_parameters(spec, shapes)
    for i, count in enumerate(counts):
        if count == 0 and i > 0:
            counts[i] = counts[i - 1]
    return counts


COUNT_PARAMETERS = (
    Misconception(
        "no_depth_no_bias",
        _counted(lambda layer, before, after: layer["filters"] * layer["size"] ** 2),
        title="Filters without depth and bias",
        symptom="Convolutional layers have far too few.",
        hint="Your convolutional layers have far too few. How deep is a filter, and what is added "
        "to its dot product?",
        catalog_number=63,
    ),
    Misconception(
        "no_depth",
        _counted(lambda layer, before, after: layer["filters"] * (layer["size"] ** 2 + 1)),
        title="Filters without depth",
        symptom="Right for layers with one input channel.",
        hint="Your filters are flat. How deep is a filter when its input has several channels?",
        catalog_number=63,
    ),
    Misconception(
        "depth_of_output",
        _counted(
            lambda layer, before, after: layer["filters"] * (after[0] * layer["size"] ** 2 + 1)
        ),
        title="Filters as deep as the output",
        symptom="Right where a layer keeps the number of channels.",
        hint="Your filters are as deep as the maps they make. Which maps do they read?",
    ),
    Misconception(
        "no_bias",
        _counted(
            lambda layer, before, after: layer["filters"] * before[0] * layer["size"] ** 2,
            lambda layer, before: layer["units"] * before[0],
        ),
        title="No biases at all",
        symptom="Every layer has a few too few.",
        hint="Every layer has a few too few. What does a layer learn besides its weights?",
        catalog_number=64,
    ),
    Misconception(
        "no_bias_in_conv",
        _counted(lambda layer, before, after: layer["filters"] * before[0] * layer["size"] ** 2),
        title="Convolutional layers without biases",
        symptom="Convolutional layers have too few, by their number of filters.",
        hint="Your convolutional layers have a few too few. What is added to the dot product of a "
        "filter?",
        catalog_number=64,
    ),
    Misconception(
        "no_bias_in_linear",
        _counted(linear=lambda layer, before: layer["units"] * before[0]),
        title="Fully connected layers without biases",
        symptom="Fully connected layers have too few, by their number of units.",
        hint="Your fully connected layers have a few too few. Which arguments does "
        "`linear_forward` take?",
        catalog_number=64,
    ),
    Misconception(
        "one_bias",
        _counted(
            lambda layer, before, after: layer["filters"] * before[0] * layer["size"] ** 2 + 1,
            lambda layer, before: layer["units"] * before[0] + 1,
        ),
        title="One bias for a whole layer",
        symptom="Every layer has too few.",
        hint="You counted one bias for a whole layer. How many numbers does `b` hold?",
    ),
    Misconception(
        "bias_per_channel",
        _counted(
            lambda layer, before, after: layer["filters"] * before[0] * (layer["size"] ** 2 + 1)
        ),
        title="One bias for every channel of every filter",
        symptom="Right for layers with one input channel.",
        hint="You counted a bias for every slice of a filter. How many does a whole filter have?",
    ),
    Misconception(
        "size_not_squared",
        _counted(
            lambda layer, before, after: layer["filters"] * (before[0] * layer["size"] + 1),
        ),
        title="Only one side of the filter is counted",
        symptom="Convolutional layers have far too few.",
        hint="Your filters have one row. How many numbers has a slice of 5 by 5?",
    ),
    Misconception(
        "every_position_counted",
        _counted(
            lambda layer, before, after: (
                layer["filters"] * (before[0] * layer["size"] ** 2 + 1) * after[1] * after[2]
            )
        ),
        title="The weights are counted at every position",
        symptom="Convolutional layers have far too many.",
        hint="You count the weights anew at every position. Does the filter change on its way?",
    ),
    Misconception(
        "pooling_learns",
        _counted(pool=lambda layer, before: layer["size"] ** 2),
        title="Pooling has weights",
        symptom="Pooling layers are not 0.",
        hint="Your pooling layers learn something. What could training change about a maximum or a "
        "mean?",
    ),
    Misconception(
        "linear_forgotten",
        _counted(linear=lambda layer, before: 0),
        title="Fully connected layers learn nothing",
        symptom="Fully connected layers are 0.",
        hint="Your fully connected layers learn nothing. Which arguments does `linear_forward` "
        "take?",
    ),
    Misconception(
        "linear_reads_maps",
        _counted(linear=lambda layer, before: layer["units"] * (layer["units"] + 1)),
        title="As many inputs as units",
        symptom="Right where a fully connected layer has as many inputs as units.",
        hint="Your fully connected layers have as many inputs as units. Where does the number of "
        "inputs stand?",
    ),
    Misconception(
        "count_not_reset",
        count_not_reset,
        title="The count of the layer before is kept",
        symptom="ReLU and pooling have as many parameters as the layer before them.",
        hint="Layers that learn nothing repeat the count of the layer before. What does your "
        "variable hold when no rule applies?",
    ),
    Misconception(
        "running_total",
        lambda spec, shapes: np.cumsum(count_parameters(spec, shapes)).tolist(),
        title="The counts add up from layer to layer",
        symptom="The numbers only grow.",
        hint="Your numbers only grow: each holds all layers before it, too.",
    ),
    Misconception(
        "total_only",
        lambda spec, shapes: sum(count_parameters(spec, shapes)),
        title="Only the total is returned",
        symptom="One number comes back instead of a list.",
        hint="Your total is right, but the task asks for one number per entry.",
    ),
    Misconception(
        "only_learning_layers",
        lambda spec, shapes: [count for count in count_parameters(spec, shapes) if count],
        title="Layers that learn nothing are left out",
        symptom="Too few entries.",
        hint="Your list is too short. Layers that learn nothing have their place in it, too.",
    ),
)
