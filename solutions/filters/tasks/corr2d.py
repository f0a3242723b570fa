"""The task ``corr2d``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from solutions.arrays import Array
from solutions.filters.pictures import (
    WORKED_FILTER,
    WORKED_PICTURE,
    drawn_integers,
    drawn_positive,
    picture_and_filter,
)


def corr2d(x: Array, w: Array) -> Array:
    """Slide the filter w over the picture x and return the dot product at every position.

    x: picture, shape (H, W).
    w: filter, shape (HH, WW), no larger than x.
    Returns the response map, shape (H - HH + 1, W - WW + 1). This is cross-correlation:
    the filter is not flipped.
    """
    ### BEGIN SOLUTION
    rows = x.shape[0] - w.shape[0] + 1
    columns = x.shape[1] - w.shape[1] + 1
    response = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[i : i + w.shape[0], j : j + w.shape[1]]
            response[i, j] = np.sum(window * w)
    return response
    ### END SOLUTION


# Cases


def cases(rng: Random) -> list[Case]:
    """The worked example, then one special size at a time."""
    return [
        Case("the worked example", {"x": WORKED_PICTURE, "w": WORKED_FILTER}),
        Case("square picture, square filter", picture_and_filter(rng, (5, 5), (3, 3))),
        Case("tall picture, wide filter", picture_and_filter(rng, (7, 4), (2, 3))),
        Case(
            "filter as large as the picture",
            picture_and_filter(rng, (3, 4), (3, 4)),
            finds=("negative_removed",),
        ),
        Case(
            "filter of one pixel",
            {"x": quarters(rng, 3, 4), "w": drawn_positive(rng, 1, 1)},
            finds=("the first argument",),
        ),
        Case(
            "picture of whole numbers",
            {"x": drawn_integers(rng, 4, 5), "w": quarters(rng, 3, 2)},
            finds=("whole_numbers", "negative_removed"),
        ),
        Case(
            "tall picture of whole numbers, square map",
            {"x": drawn_integers(rng, 6, 5), "w": quarters(rng, 3, 2)},
        ),
        Case("square picture, wide filter", picture_and_filter(rng, (5, 5), (2, 4))),
    ]


FLIPPED = ("flipped_kernel",)
"""What a filter finds that does not read the same from both ends."""


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("wide picture, tall filter", picture_and_filter(rng, (4, 9), (3, 2))),
        Case("filter of one row", picture_and_filter(rng, (4, 5), (1, 3)), finds=FLIPPED),
        Case("filter of one column", picture_and_filter(rng, (5, 4), (3, 1)), finds=FLIPPED),
        Case("larger picture", picture_and_filter(rng, (11, 8), (4, 5))),
    ]


# Misconceptions


def _slide(x: Array, w: Array, answer: Callable[[Array], Any]) -> Array:
    """Return answer(window) for every window of x as large as w."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    return np.array(
        [
            [answer(x[i : i + w.shape[0], j : j + w.shape[1]]) for j in range(columns)]
            for i in range(rows)
        ]
    )


def transposed_kernel(x: Array, w: Array) -> Array:
    """Pair row a, column b of the window with column a, row b of the filter."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    response = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            for a in range(w.shape[0]):
                for b in range(w.shape[1]):
                    response[i, j] += x[i + b, j + a] * w[a, b]
    return response


def last_product_only(x: Array, w: Array) -> Array:
    """Write `=` where `+=` is meant, so that only the last product stays."""
    return _slide(x, w, lambda window: window[-1, -1] * w[-1, -1])


def height_and_width_swapped(x: Array, w: Array) -> Array:
    """Read the width of the picture first, then the height."""
    width, height = x.shape
    response = np.zeros((height - w.shape[0] + 1, width - w.shape[1] + 1))
    for i in range(response.shape[0]):
        for j in range(response.shape[1]):
            response[i, j] = np.sum(x[i : i + w.shape[0], j : j + w.shape[1]] * w)
    return response


def last_position_skipped(x: Array, w: Array) -> Array:
    """End both loops one position early; the map keeps its size."""
    response = corr2d(x, w)
    response[-1] = response[:, -1] = 0
    return response


def as_large_as_the_picture(x: Array, w: Array) -> Array:
    """Begin with a map as large as the picture and fill only a part of it."""
    response = np.zeros(x.shape)
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    response[:rows, :columns] = corr2d(x, w)
    return response


def padded_with_zeros(x: Array, w: Array) -> Array:
    """Surround the picture with zeros, so that the map is as large as the picture."""
    before, after = [size // 2 for size in w.shape], [(size - 1) // 2 for size in w.shape]
    return corr2d(np.pad(x, tuple(zip(before, after, strict=True))), w)


def jumps_by_kernel_size(x: Array, w: Array) -> Array:
    """Move the window by its own size instead of by one pixel."""
    return corr2d(x, w)[:: w.shape[0], :: w.shape[1]]


def window_overwritten(x: Array, w: Array) -> Array:
    """Multiply the window in place, though it is a view of the picture."""

    def multiply(window: Array) -> Any:
        window *= w
        return window.sum()

    return _slide(x, w, multiply)


def builtin_sum(x: Array, w: Array) -> Array:
    """Use Python's sum, which adds the rows and returns one number per column."""
    response = np.zeros_like(corr2d(x, w))
    for i in range(response.shape[0]):
        for j in range(response.shape[1]):
            response[i, j] = sum(x[i : i + w.shape[0], j : j + w.shape[1]] * w)
    return response


MISCONCEPTIONS = (
    Misconception(
        "flipped_kernel",
        lambda x, w: corr2d(x, w[::-1, ::-1]),
        title="The filter is turned by 180 degrees",
        symptom="The shape is right; an edge filter answers with the opposite sign.",
        hint="Your numbers are those of a filter turned upside down. Which element of the filter "
        "belongs to the top left pixel of the window?",
        catalog_number=10,
        section="Cross-correlation or convolution?",
    ),
    Misconception(
        "transposed_kernel",
        transposed_kernel,
        title="Rows and columns of the filter are exchanged",
        symptom="A filter for vertical edges answers to horizontal ones.",
        hint="The rows of your filter seem to run along the columns of the window. Follow one "
        "element that is not on the diagonal.",
        catalog_number=11,
    ),
    Misconception(
        "mean_for_sum",
        lambda x, w: corr2d(x, w) / w.size,
        title="Mean instead of sum",
        symptom="Every number is too small by the same factor, the number of filter elements.",
        hint="All your numbers are too small by the same factor. Does a dot product divide by "
        "anything?",
        catalog_number=12,
    ),
    Misconception(
        "one_too_small",
        lambda x, w: corr2d(x, w)[:-1, :-1],
        title="One row and one column too few",
        symptom="The values are right, but the map lacks its last row and its last column.",
        hint="Your map lacks one row and one column. Count by hand the positions of a filter of "
        "width 2 in a picture of width 4.",
        catalog_number=5,
    ),
    Misconception(
        "height_and_width_swapped",
        height_and_width_swapped,
        title="Height and width are exchanged",
        symptom="Square pictures work, all others fail.",
        hint="Height and width got mixed up. Which of the two does `x.shape` name first?",
        catalog_number=7,
    ),
    Misconception(
        "map_transposed",
        lambda x, w: corr2d(x, w).T,
        title="The map is transposed",
        symptom="The map lies on its side: its rows are the expected columns.",
        hint="Your map lies on its side. Which index of the result counts the steps downward?",
    ),
    Misconception(
        "last_position_skipped",
        last_position_skipped,
        title="The last row and column are not computed",
        symptom="The shape is right; the last row and the last column hold zeros.",
        hint="Your last row and last column hold only zeros. Where do your loops end?",
    ),
    Misconception(
        "as_large_as_the_picture",
        as_large_as_the_picture,
        title="The map is as large as the picture",
        symptom="The map has the shape of the picture, with zeros at the bottom and at the right.",
        hint="Your map is as large as the picture and ends in zeros. At how many positions does "
        "the filter lie completely inside?",
    ),
    Misconception(
        "padded_with_zeros",
        padded_with_zeros,
        title="The picture is padded",
        symptom="The map has the shape of the picture; its inner part is right.",
        hint="You let the filter hang over the border of the picture. Here it stays inside.",
        section="padding_stride/What to put around the picture",
    ),
    Misconception(
        "jumps_by_kernel_size",
        jumps_by_kernel_size,
        title="The windows do not overlap",
        symptom="The map is far too small.",
        hint="Your window seems to jump by its own size. How far does it move from one position "
        "to the next?",
        section="padding_stride/Stride: longer steps",
    ),
    Misconception(
        "last_product_only",
        last_product_only,
        title="Only the last product is kept",
        symptom="Each number is one single product.",
        hint="Each of your numbers is one single product. What happens to the products before it?",
    ),
    Misconception(
        "matrix_product",
        lambda x, w: _slide(x, w, lambda window: np.sum(window @ w)),
        title="Matrix product instead of elementwise product",
        symptom="Square filters give wrong numbers, others stop with an error of `matmul`.",
        hint="You multiply window and filter as matrices. Here each pixel meets only the filter "
        "element that lies on it.",
    ),
    Misconception(
        "builtin_sum",
        builtin_sum,
        title="Python's own `sum` adds along one axis only",
        symptom="NumPy complains of setting an array element with a sequence.",
        hint="Python's own `sum` adds the rows of an array and leaves one number per column. "
        "You need a single number.",
    ),
    Misconception(
        "whole_numbers",
        lambda x, w: corr2d(x, w).astype(x.dtype),
        title="The map takes over the picture's integer type",
        symptom="Pictures of whole numbers give answers without their fractional part.",
        hint="The fractions got lost. Which type of number does your map hold when the picture "
        "holds whole numbers?",
    ),
    Misconception(
        "window_overwritten",
        window_overwritten,
        title="The picture is overwritten",
        symptom="The first number is right, the numbers after it are not.",
        hint="The first number is right, then it goes wrong: you change the picture while you "
        "read it. A slice is a view, not a copy.",
    ),
    Misconception(
        "negative_removed",
        lambda x, w: np.maximum(corr2d(x, w), 0),
        title="Negative responses are removed",
        symptom="All negative numbers have become zero.",
        hint="All your negative responses are gone. The sign tells on which side of the edge it "
        "is bright: keep it.",
        section="Signed responses, and what ReLU removes",
    ),
)


# Alternatives


def corr2d_four_loops(x: Array, w: Array) -> Array:
    """Add product by product."""
    height, width = w.shape
    response = np.zeros((x.shape[0] - height + 1, x.shape[1] - width + 1))
    for i in range(response.shape[0]):
        for j in range(response.shape[1]):
            for a in range(height):
                for b in range(width):
                    response[i, j] += x[i + a, j + b] * w[a, b]
    return response


def corr2d_lists(x: Array, w: Array) -> Array:
    """Collect the responses in lists."""
    height, width = len(w), len(w[0])
    response = []
    for i in range(len(x) - height + 1):
        row = []
        for j in range(len(x[0]) - width + 1):
            row.append(sum(x[i + a][j + b] * w[a][b] for a in range(height) for b in range(width)))
        response.append(row)
    return np.array(response)


def corr2d_windows(x: Array, w: Array) -> Array:
    """Sum over a view that holds all windows."""
    result: Array = np.einsum("ijab,ab->ij", sliding_window_view(x, w.shape), w)
    return result


def corr2d_tensordot(x: Array, w: Array) -> Array:
    """Contract the last two axes of all windows with the filter."""
    return np.tensordot(sliding_window_view(x, w.shape), w, axes=2)


def corr2d_by_element(x: Array, w: Array) -> Array:
    """Add shifted copies of the picture, one for every filter element."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    response: Array = np.zeros((rows, columns))
    for (a, b), weight in np.ndenumerate(w):
        response += weight * x[a : a + rows, b : b + columns]
    return response


def corr2d_matrix(x: Array, w: Array) -> Array:
    """Lay the windows out as rows of a matrix (im2col)."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    windows = [
        x[i : i + w.shape[0], j : j + w.shape[1]].ravel()
        for i in range(rows)
        for j in range(columns)
    ]
    result: Array = (np.stack(windows) @ w.ravel()).reshape(rows, columns)
    return result


def corr2d_strided(x: Array, w: Array) -> Array:
    """Make the windows by hand from the strides of the picture."""
    shape = (x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1, *w.shape)
    windows = as_strided(x, shape, x.strides * 2)
    result: Array = (windows * w).sum(axis=(2, 3))
    return result


def corr2d_fourier(x: Array, w: Array) -> Array:
    """Multiply in Fourier space; right up to rounding."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    spectrum = np.fft.rfft2(x) * np.conj(np.fft.rfft2(w, x.shape))
    return np.fft.irfft2(spectrum, x.shape)[:rows, :columns]


def corr2d_single_precision(x: Array, w: Array) -> Array:
    """Compute in float32, as networks do."""
    result: Array = corr2d_windows(x.astype(np.float32), w.astype(np.float32))
    return result


def corr2d_vdot(x: Array, w: Array) -> Array:
    """Fill an empty array with dot products, rows and columns taken from its index."""
    response = np.empty((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i, j in np.ndindex(*response.shape):
        response[i, j] = np.vdot(x[i : i + w.shape[0], j : j + w.shape[1]], w)
    return response


ALTERNATIVES = (
    corr2d_four_loops,
    corr2d_lists,
    corr2d_windows,
    corr2d_tensordot,
    corr2d_by_element,
    corr2d_matrix,
    corr2d_strided,
    corr2d_fourier,
    corr2d_single_precision,
    corr2d_vdot,
)

STYLES = (
    Style(
        corr2d_by_element,
        "Faster: it loops over the few elements of the filter, and NumPy handles all positions "
        "at once.",
    ),
    Style(
        corr2d_windows,
        "Shortest: a view shows all windows without a copy, and `einsum` names the axes that are "
        "summed.",
    ),
    Style(
        corr2d_matrix,
        "The way of the libraries: each window becomes a row, and one matrix product does the "
        "rest.",
    ),
)


PROBLEM = Problem(
    corr2d,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "filter"},
    styles=STYLES,
)
