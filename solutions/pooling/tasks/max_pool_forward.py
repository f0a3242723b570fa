"""The task ``max_pool_forward``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import dataclasses
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from autograder.problems import Case, Misconception, Problem, Random, Style
from solutions.arrays import Array
from solutions.pooling.images import hidden_pool_cases, pool_cases
from solutions.pooling.windows import (
    all_windows,
    filled_from_slices,
    shared_misconceptions,
    with_rest,
)


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


# Cases

FINDS = {
    "three images, as many rows as columns": ("row_maxima", "transposed"),
    "two images, three channels": ("accumulator_zero",),
    "windows that overlap": ("largest_magnitude",),
    "windows with gaps between them": ("accumulator_zero",),
    "images of whole numbers": ("accumulator_zero",),
}
OVERLOOKS = {
    "a rest that no window reaches": ("accumulator_zero",),
    "windows that overlap": ("accumulator_zero",),
    "wide images": ("accumulator_zero",),
    "larger images of whole numbers": ("accumulator_zero",),
}
"""What depends on whether there is a window without a positive number, by the names of cases."""


def _telling(case: Case) -> Case:
    finds, overlooks = FINDS.get(case.name, ()), OVERLOOKS.get(case.name, ())
    return dataclasses.replace(case, finds=finds, overlooks=overlooks)


def cases(rng: Random) -> list[Case]:
    """Those that both kinds of pooling share."""
    return [_telling(case) for case in pool_cases(rng)]


def hidden_cases(rng: Random) -> list[Case]:
    """More of those."""
    return [_telling(case) for case in hidden_pool_cases(rng)]


# Misconceptions


def _maximum(window: Array, size: int) -> Any:
    """Return the maximum of a window."""
    return window.max(axis=(2, 3))


def _maximum_of_all(x: Array, size: int, stride: int) -> Array:
    """Take the maximum of a window through all images and channels."""
    return max_pool_forward(x.max(axis=(0, 1), keepdims=True), size, stride)


def builtin_max(x: Array, size: int, stride: int) -> Array:
    """Use Python's max on a window."""
    windows = all_windows(x, size, stride)
    out = np.zeros(windows.shape[:4])
    for index in np.ndindex(*out.shape):
        out[index] = max(windows[index])
    return out


MISCONCEPTIONS = (
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
        lambda x, size, stride: max_pool_forward(with_rest(x, size, stride), size, stride),
        title="Zeros are added so that the last windows fit",
        symptom="One row or column too many, where the sizes do not divide.",
        hint="Where the window no longer fits, you added zeros to the image. What happens "
        "to pixels that no whole window reaches?",
        catalog_number=23,
    ),
    Misconception(
        "rest_pooled",
        lambda x, size, stride: filled_from_slices(x, size, stride, np.max),
        title="Windows hang over the border",
        symptom="One row or column too many, where the sizes do not divide.",
        hint="Your last windows hang over the border of the image, and hold fewer pixels than the "
        "others. Only whole windows count.",
        catalog_number=6,
    ),
    Misconception(
        "last_of_window",
        lambda x, size, stride: all_windows(x, size, stride)[..., -1, -1],
        title="The last number of each window",
        symptom="Right only where the numbers grow to the right and downward.",
        hint="You return the last number of each window. What should a smaller number after a "
        "larger one do to your result?",
        catalog_number=24,
    ),
    Misconception(
        "first_of_window",
        lambda x, size, stride: all_windows(x, size, stride)[..., 0, 0],
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
        lambda x, size, stride: all_windows(x, size, stride).mean(axis=(4, 5)),
        title="Mean instead of maximum",
        symptom="Every number is too small.",
        hint="These are the means of the windows. Which number of a window does this task keep?",
        section="When the maximum wins, and when the mean",
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
            all_windows(x, size, stride).reshape(*max_pool_forward(x, size, stride).shape, -1)
        ).argmax(axis=-1),
        title="The place of the maximum instead of its value",
        symptom="All numbers are whole and lie between 0 and size² - 1.",
        hint="Your numbers say where in its window the maximum lies, not how large it is.",
    ),
    Misconception(
        "row_maxima",
        lambda x, size, stride: all_windows(x, size, stride)[..., 0, :].max(axis=-1),
        title="Only one row of each window",
        symptom="Right where the maximum happens to be in the first row of the window.",
        hint="Only the first row of each window has a say in your result. How many rows does a "
        "window have?",
    ),
    Misconception(
        "builtin_max",
        builtin_max,
        title="Python's own `max` cannot compare rows",
        symptom="Python says that the truth value of an array is ambiguous.",
        hint="Python's own `max` compares the rows of a window as wholes, and cannot. NumPy has "
        "something that looks at every number.",
    ),
    *shared_misconceptions(max_pool_forward, _maximum, _maximum_of_all),
)


# Alternatives


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


ALTERNATIVES = (
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

STYLES = (
    Style(
        max_pool_four_loops,
        "Clearer: one loop visits the numbers of the result, and each of them looks at its own "
        "window.",
    ),
    Style(
        max_pool_windows,
        "Shortest, and fast: a view shows all windows, of which every stride-th is kept.",
    ),
    Style(
        max_pool_rows_then_columns,
        "Fewer comparisons: a maximum of maxima, first downward, then to the right.",
    ),
)


PROBLEM = Problem(
    max_pool_forward,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "pool"},
    styles=STYLES,
)
