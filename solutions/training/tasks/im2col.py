"""The task ``im2col``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.training.frames import zero_framed


def im2col(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Copy every window of a batch into a column of one matrix.

    x: batch of images, shape (N, C, H, W).
    height, width: size of the window, HH and WW.
    stride: steps from one window to the next, both ways.
    padding: rows and columns of zeros on each side of the images.
    Returns shape (C * HH * WW, N * H' * W'). Down a column runs one window as
    `window.ravel()` has it. The columns come image by image, in each image row by row.
    """
    ### BEGIN SOLUTION
    images, channels = x.shape[:2]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows = (padded.shape[2] - height) // stride + 1
    columns = (padded.shape[3] - width) // stride + 1
    matrix = np.empty((channels, height, width, images, rows, columns), dtype=x.dtype)
    for a in range(height):
        for b in range(width):
            pixels = padded[:, :, a : a + stride * rows : stride, b : b + stride * columns : stride]
            matrix[:, a, b] = pixels.transpose(1, 0, 2, 3)
    return matrix.reshape(channels * height * width, images * rows * columns)
    ### END SOLUTION


# Cases

WORKED_IMAGE = np.array([[[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]]])


def _windows(x: Array, height: int, width: int, stride: int, padding: int) -> dict[str, Value]:
    return {"x": x, "height": height, "width": width, "stride": stride, "padding": padding}


def cases(rng: Random) -> list[Case]:
    """The worked example, then one new thing at a time."""
    return [
        Case("the worked example", _windows(WORKED_IMAGE, 2, 2, 1, 0)),
        Case("wide window", _windows(quarters(rng, 1, 1, 4, 5), 2, 3, 1, 0)),
        Case("three channels", _windows(quarters(rng, 1, 3, 3, 4), 2, 2, 1, 0)),
        Case("two images", _windows(quarters(rng, 2, 1, 4, 3), 3, 2, 1, 0)),
        Case("stride 2", _windows(quarters(rng, 1, 2, 5, 8), 3, 2, 2, 0)),
        Case("stride 2 with a rest", _windows(quarters(rng, 1, 1, 6, 8), 3, 3, 2, 0)),
        Case("padding 1", _windows(quarters(rng, 1, 2, 3, 4), 3, 3, 1, 1)),
        Case("all at once, padding 2", _windows(quarters(rng, 3, 2, 5, 4), 3, 2, 3, 2)),
        Case("tiles of two images", _windows(quarters(rng, 2, 1, 2, 4), 2, 2, 2, 0)),
        Case("padding 2", _windows(quarters(rng, 1, 1, 2, 2), 3, 3, 1, 2)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("windows of one pixel", _windows(quarters(rng, 2, 3, 3, 2), 1, 1, 1, 0)),
        Case("stride larger than the window", _windows(quarters(rng, 2, 2, 7, 8), 2, 1, 3, 1)),
        Case("window as large as the images", _windows(quarters(rng, 2, 2, 3, 4), 3, 4, 1, 0)),
        Case("larger images", _windows(quarters(rng, 2, 3, 7, 5), 3, 2, 2, 1)),
    ]


# Misconceptions


def _sizes(x: Array, height: int, width: int, stride: int, padding: int) -> tuple[int, int]:
    """Return H' and W'."""
    rows = (x.shape[2] + 2 * padding - height) // stride + 1
    return rows, (x.shape[3] + 2 * padding - width) // stride + 1


def _all_windows(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Return the matrix of im2col with its six axes apart: (C, HH, WW, N, H', W')."""
    rows, columns = _sizes(x, height, width, stride, padding)
    matrix = im2col(x, height, width, stride, padding)
    return matrix.reshape(x.shape[1], height, width, len(x), rows, columns)


def _padded(x: Array, padding: int) -> Array:
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def _window_by_window(
    padded: Array,
    height: int,
    width: int,
    starts: Sequence[tuple[int, int]],
    images: Sequence[int],
) -> Array:
    """Copy the windows that start at the given places, image by image."""
    matrix = np.zeros((padded.shape[1] * height * width, len(images) * len(starts)))
    position = 0
    for n in images:
        for i, j in starts:
            matrix[:, position] = padded[n, :, i : i + height, j : j + width].ravel()
            position += 1
    return matrix


def _starts(rows: int, columns: int, down: int, right: int) -> list[tuple[int, int]]:
    return [(i * down, j * right) for i in range(rows) for j in range(columns)]


def stride_ignored(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Count the windows with the stride, and begin window i in row i."""
    starts = _starts(*_sizes(x, height, width, stride, padding), 1, 1)
    return _window_by_window(_padded(x, padding), height, width, starts, range(len(x)))


def stride_downward_only(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Move by the stride from row to row, and by one pixel within a row."""
    starts = _starts(*_sizes(x, height, width, stride, padding), stride, 1)
    return _window_by_window(_padded(x, padding), height, width, starts, range(len(x)))


def padded_at_the_end(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Put all zeros below and to the right of the image."""
    below = np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding)))
    return im2col(below, height, width, stride, 0)


def padded_once(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Count the padding of one side only when working out H' and W'."""
    rows = (x.shape[2] + padding - height) // stride + 1
    columns = (x.shape[3] + padding - width) // stride + 1
    starts = _starts(rows, columns, stride, stride)
    return _window_by_window(_padded(x, padding), height, width, starts, range(len(x)))


def no_plus_one(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Leave out the last row and the last column of windows."""
    rows, columns = _sizes(x, height, width, stride, padding)
    starts = _starts(rows - 1, columns - 1, stride, stride)
    return _window_by_window(_padded(x, padding), height, width, starts, range(len(x)))


def rounded_up(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Count a window more wherever the stride leaves a rest."""
    rows = -(-(x.shape[2] + 2 * padding - height) // stride) + 1
    columns = -(-(x.shape[3] + 2 * padding - width) // stride) + 1
    starts = _starts(rows, columns, stride, stride)
    return _window_by_window(_padded(x, padding), height, width, starts, range(len(x)))


def first_image_again(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Read the first image in every round."""
    starts = _starts(*_sizes(x, height, width, stride, padding), stride, stride)
    return _window_by_window(_padded(x, padding), height, width, starts, [0] * len(x))


def _reordered(
    x: Array, height: int, width: int, stride: int, padding: int, axes: Sequence[int]
) -> Array:
    """Arrange the six axes of the matrix in another order, and join three and three."""
    windows = _all_windows(x, height, width, stride, padding)
    return windows.transpose(axes).reshape(x.shape[1] * height * width, -1)


MISCONCEPTIONS = (
    Misconception(
        "windows_in_rows",
        lambda x, height, width, stride, padding: im2col(x, height, width, stride, padding).T,
        title="Windows lie in rows instead of columns",
        symptom="The matrix is transposed.",
        hint="The right numbers, but your windows lie in the rows of the matrix. Which axis of "
        "the result belongs to the positions?",
    ),
    Misconception(
        "reshaped_only",
        lambda x, height, width, stride, padding: (
            _all_windows(x, height, width, stride, padding)
            .transpose(3, 4, 5, 0, 1, 2)
            .reshape(x.shape[1] * height * width, -1)
        ),
        title="`reshape` where axes have to be exchanged",
        symptom="The shape is right and the numbers are scrambled.",
        hint="All numbers are there, but scrambled. `reshape` keeps the order in memory: it never "
        "turns a row of windows into columns of windows.",
        catalog_number=19,
    ),
    Misconception(
        "images_innermost",
        lambda x, height, width, stride, padding: _reordered(
            x, height, width, stride, padding, (0, 1, 2, 4, 5, 3)
        ),
        title="The images alternate from column to column",
        symptom="One image works, several images fail.",
        hint="Neighboring columns of your matrix belong to different images. The task wants all "
        "windows of the first image first.",
    ),
    Misconception(
        "positions_column_by_column",
        lambda x, height, width, stride, padding: _reordered(
            x, height, width, stride, padding, (0, 1, 2, 3, 5, 4)
        ),
        title="The positions run down the image first",
        symptom="The columns are right, but in another order.",
        hint="Your columns come in another order: your window moves down the image first. In which "
        "direction should it move first?",
    ),
    Misconception(
        "channels_last",
        lambda x, height, width, stride, padding: _reordered(
            x, height, width, stride, padding, (1, 2, 0, 3, 4, 5)
        ),
        title="The channels of a pixel stand together",
        symptom="One channel works, several channels fail.",
        hint="Down your columns, the channels of one pixel stand together. A filter w[f] of shape "
        "(C, HH, WW) is unrolled channel by channel.",
        catalog_number=47,
    ),
    Misconception(
        "windows_transposed",
        lambda x, height, width, stride, padding: _reordered(
            x, height, width, stride, padding, (0, 2, 1, 3, 4, 5)
        ),
        title="Each window is read column by column",
        symptom="Windows of one row or one column work, all others fail.",
        hint="You read each window column by column. In which order does `ravel` read it?",
    ),
    Misconception(
        "stride_ignored",
        stride_ignored,
        title="Windows start one pixel apart, whatever the stride",
        symptom="Stride 1 works; with a larger stride the number of columns is right.",
        hint="The number of your columns is right, but your windows start one pixel apart. In "
        "which row does window i begin?",
        catalog_number=8,
    ),
    Misconception(
        "stride_downward_only",
        stride_downward_only,
        title="The stride is used in one direction only",
        symptom="Windows start in the right rows and in the wrong columns.",
        hint="Downward your windows start where they should, to the right they do not. Where does "
        "the stride enter?",
        catalog_number=9,
    ),
    Misconception(
        "not_padded",
        lambda x, height, width, stride, padding: im2col(x, height, width, stride, 0),
        title="The images are not padded",
        symptom="There are too few columns as soon as the padding is not 0.",
        hint="Your matrix is that of the image without its border of zeros. What does `padding` "
        "ask for?",
    ),
    Misconception(
        "all_axes_padded",
        lambda x, height, width, stride, padding: im2col(
            np.pad(x, padding), height, width, stride, 0
        ),
        title="All four axes are padded",
        symptom="The matrix is far too large; there are images and channels of zeros.",
        hint="Your batch has grown: you added images and channels of zeros, too. `np.pad` takes "
        "a pair of numbers for each axis.",
        catalog_number=1,
    ),
    Misconception(
        "padded_at_the_end",
        padded_at_the_end,
        title="All zeros are put below and to the right",
        symptom="The shape is right; the windows are shifted.",
        hint="Your windows are shifted by the padding: all the zeros lie below and to the right "
        "of the image. On how many sides do they belong?",
        catalog_number=2,
    ),
    Misconception(
        "padded_once",
        padded_once,
        title="The padding of one side is counted",
        symptom="The last windows are missing as soon as the padding is not 0.",
        hint="Your last windows are missing. On how many sides of the image is there padding, and "
        "how often does your formula for the size count it?",
        catalog_number=4,
    ),
    Misconception(
        "no_plus_one",
        no_plus_one,
        title="One row and one column of windows too few",
        symptom="The last window of each row and the last row of windows are missing.",
        hint="The last windows are missing. A window of width 2 in an image of width 3: how many "
        "positions does it have?",
        catalog_number=5,
    ),
    Misconception(
        "rounded_up",
        rounded_up,
        title="The number of positions is rounded up",
        symptom="It fails where the stride does not divide the way of the window.",
        hint="Your last windows hang over the border. What happens to the rest when the stride "
        "does not divide?",
        catalog_number=6,
    ),
    Misconception(
        "height_and_width_swapped",
        lambda x, height, width, stride, padding: im2col(x, width, height, stride, padding),
        title="Height and width of the window are exchanged",
        symptom="Square windows work, all others fail.",
        hint="Your windows lie on their side. Which comes first, height or width?",
        catalog_number=7,
    ),
    Misconception(
        "first_image_again",
        first_image_again,
        title="The first image is read again and again",
        symptom="The windows of the other images are those of the first.",
        hint="All your images look like the first one. Which part of your code depends on n?",
        catalog_number=15,
    ),
)


# Alternatives


def im2col_window_by_window(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Visit the windows in their order and collect them."""
    framed = zero_framed(x, padding)
    rows = []
    for image in framed:
        for top in range(0, framed.shape[2] - height + 1, stride):
            for left in range(0, framed.shape[3] - width + 1, stride):
                rows.append(image[:, top : top + height, left : left + width].ravel())
    return np.array(rows).T


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
    windows = views(zero_framed(x, padding), (height, width), axis=(2, 3))[:, :, ::stride, ::stride]
    result: Array = windows.transpose(1, 4, 5, 0, 2, 3).reshape(x.shape[1] * height * width, -1)
    return result


def im2col_strided(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Make the view by hand, from the steps in memory."""
    framed = zero_framed(x, padding)
    n, c, h, w = framed.strides
    rows = (framed.shape[2] - height) // stride + 1
    across = (framed.shape[3] - width) // stride + 1
    shape = (x.shape[1], height, width, len(x), rows, across)
    view = as_strided(framed, shape, (c, h, w, n, h * stride, w * stride))
    return view.reshape(x.shape[1] * height * width, len(x) * rows * across)


def im2col_indexed(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Work out the row and the column of every number, and look all of them up at once."""
    framed = zero_framed(x, padding)
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


ALTERNATIVES = (
    im2col_window_by_window,
    im2col_number_by_number,
    im2col_view,
    im2col_strided,
    im2col_indexed,
    im2col_image_by_image,
    im2col_float32,
)

STYLES = (
    Style(
        im2col_number_by_number,
        "Without a frame of zeros: numbers that would come from the padding are left out.",
    ),
    Style(
        im2col_image_by_image,
        "It builds each row of the matrix as one shifted slice, so no window is copied by itself.",
    ),
)


PROBLEM = Problem(
    im2col,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "columns"},
    styles=STYLES,
)
