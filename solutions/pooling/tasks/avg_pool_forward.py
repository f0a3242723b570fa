"""The task ``avg_pool_forward``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.problems import Misconception, Problem, Style
from solutions.arrays import Array
from solutions.pooling.images import hidden_pool_cases, pool_cases
from solutions.pooling.tasks.max_pool_forward import max_pool_forward
from solutions.pooling.windows import (
    all_windows,
    filled_from_slices,
    shared_misconceptions,
    with_rest,
)


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


# Misconceptions


def _share_of_sum(window: Array, size: int) -> Any:
    """Return the sum of a window, divided by the numbers of a whole one."""
    return window.sum(axis=(2, 3)) / size**2


def _mean_of_all(x: Array, size: int, stride: int) -> Array:
    """Take the mean of a window through all images and channels; add first, which is exact."""
    sums: Array = avg_pool_forward(x.sum(axis=(0, 1), keepdims=True), size, stride)
    return sums / float(len(x) * x.shape[1])


def _mean_of_channels(x: Array, size: int, stride: int) -> Array:
    """Take the mean of a window through all channels; add first, which is exact."""
    sums: Array = avg_pool_forward(x.sum(axis=1, keepdims=True), size, stride)
    return sums / float(x.shape[1])


def _without_first_row_and_column(x: Array, size: int, stride: int) -> Array:
    """Take differences of running sums that do not begin with zeros."""
    inner: Array = all_windows(x, size, stride)[..., 1:, 1:].sum(axis=(4, 5)) / size**2
    return inner


MISCONCEPTIONS = (
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
        hint="You are right as long as size and stride are equal. How many numbers does a window "
        "have, however far it moves?",
    ),
    Misconception(
        "max_for_mean",
        max_pool_forward,
        title="Maximum instead of mean",
        symptom="Every number is too large.",
        hint="These are the maxima of the windows, as in task 1.",
        section="When the maximum wins, and when the mean",
    ),
    Misconception(
        "middle_for_mean",
        lambda x, size, stride: np.median(all_windows(x, size, stride), axis=(4, 5)),
        title="Median instead of mean",
        symptom="Some numbers are right, most are a little off.",
        hint="You take the number in the middle of the sorted window. The mean takes all of them "
        "into account.",
    ),
    Misconception(
        "zeros_are_counted",
        lambda x, size, stride: avg_pool_forward(with_rest(x, size, stride), size, stride),
        title="Zeros beyond the border are counted",
        symptom="One row or column too many, with numbers too close to 0.",
        hint="Where the window no longer fits, zeros take part in your mean. What happens "
        "to pixels that no whole window reaches?",
        catalog_number=31,
    ),
    Misconception(
        "rest_pooled",
        lambda x, size, stride: filled_from_slices(x, size, stride, np.mean),
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
    Misconception(
        "first_row_and_column_missing",
        _without_first_row_and_column,
        title="The first row and column of each window are missing",
        symptom="Most numbers are too close to 0.",
        hint="Your sums lack the first row and the first column of each window. Where does a slice "
        "begin? Running sums (`cumsum`) need a row and a column of zeros in front.",
    ),
    *shared_misconceptions(avg_pool_forward, _share_of_sum, _mean_of_all),
)


# Alternatives


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


ALTERNATIVES = (
    avg_pool_six_loops,
    avg_pool_windows,
    avg_pool_einsum,
    avg_pool_as_filter,
    avg_pool_running_sums,
    avg_pool_fourier,
    avg_pool_single_precision,
)

STYLES = (
    Style(
        avg_pool_as_filter,
        "It shows what a mean is: a filter of equal weights, on every channel by itself.",
    ),
    Style(
        avg_pool_windows,
        "Shortest: the mean of a view that shows all windows.",
    ),
    Style(
        avg_pool_running_sums,
        "The work does not grow with the window: four corners of running sums give each total.",
    ),
)


PROBLEM = Problem(
    avg_pool_forward,
    pool_cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_pool_cases,
    alternatives=ALTERNATIVES,
    explorer={
        "kind": "pool",
        "try": (
            "Make the window larger, with stride 1. What becomes of the edges?",
            "Stripes: find the window for which they turn into an even gray.",
            "Add noise. Compare with what your maximum made of it.",
        ),
    },
    styles=STYLES,
)
