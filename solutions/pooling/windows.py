"""Windows of pooling, and the mistakes about them that both kinds of pooling share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.problems import Misconception
from solutions.arrays import Array

Pool: TypeAlias = Callable[[Array, int, int], Array]


def all_windows(x: Array, size: int, stride: int) -> Array:
    """Return all windows, shape (N, C, H', W', size, size)."""
    return sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]


def with_rest(x: Array, size: int, stride: int) -> Array:
    """Put zeros below and to the right, so that the rest of the image gets a window, too."""
    missing = [-(side - size) % stride for side in x.shape[2:]]
    return np.pad(x, ((0, 0), (0, 0), (0, missing[0]), (0, missing[1])))


def filled_from_slices(x: Array, size: int, stride: int, answer: Callable[..., Any]) -> Array:
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
    return all_windows(x, size, 1)[:, :, :rows, :columns]


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


def shared_misconceptions(
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
            lambda x, size, stride: pool_windows(pool, all_windows(x, size, 1)[:, :, ::stride]),
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
            hint="Your last row and column are missing. How many positions does a window as large "
            "as the whole image have?",
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
            lambda x, size, stride: without_last(pool(x, size, stride)),
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
            "batch at once. Along which axes should it be reduced?",
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


def without_last(out: Array) -> Array:
    """Leave zeros in the last row and the last column."""
    out[:, :, -1] = out[:, :, :, -1] = 0
    return out
