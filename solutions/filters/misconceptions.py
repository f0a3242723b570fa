"""Wrong implementations of the exercise "filters", as beginners write them.

Each is as short as it can be, so many stand on the reference instead of on loops of their own.
The hints point at the mistake and never state the solution. Catalog numbers are those of the
course's catalog of wrong implementations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from autograder.problems import Misconception
from solutions.filters.reference import Array, conv2d, corner_map, corr2d, edge_bank

Map: TypeAlias = Callable[[Array], Array]


def _slide(x: Array, w: Array, answer: Callable[[Array], Any]) -> Array:
    """Return answer(window) for every window of x as large as w."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    return np.array(
        [
            [answer(x[i : i + w.shape[0], j : j + w.shape[1]]) for j in range(columns)]
            for i in range(rows)
        ]
    )


# corr2d


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


CORR2D = (
    Misconception(
        "flipped_kernel",
        lambda x, w: corr2d(x, w[::-1, ::-1]),
        title="The filter is turned by 180 degrees",
        symptom="The shape is right; an edge filter answers with the opposite sign.",
        hint="Your numbers are those of a filter turned upside down. Which element of the filter "
        "belongs to the top left pixel of the window?",
        catalog_number=10,
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
        "the filter lie wholly inside?",
    ),
    Misconception(
        "padded_with_zeros",
        padded_with_zeros,
        title="The picture is padded",
        symptom="The map has the shape of the picture; its inner part is right.",
        hint="You let the filter hang over the border of the picture. Here it stays inside.",
    ),
    Misconception(
        "jumps_by_kernel_size",
        jumps_by_kernel_size,
        title="The windows do not overlap",
        symptom="The map is far too small.",
        hint="Your window seems to jump by its own size. How far does it move from one position "
        "to the next?",
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
    ),
)

# convolve2d


CONVOLVE2D = (
    Misconception(
        "not_flipped",
        corr2d,
        title="Cross-correlation instead of convolution",
        symptom="The result equals that of `corr2d`.",
        hint="This is cross-correlation. What does a convolution do to the filter before it "
        "slides?",
        catalog_number=10,
    ),
    Misconception(
        "rows_flipped_only",
        lambda x, w: corr2d(x, w[::-1]),
        title="Only the order of the rows is reversed",
        symptom="Filters of one row give the result of `corr2d`.",
        hint="You flipped the filter upside down, and nothing more. How many axes does it have?",
    ),
    Misconception(
        "columns_flipped_only",
        lambda x, w: corr2d(x, w[:, ::-1]),
        title="Only the order of the columns is reversed",
        symptom="Filters of one column give the result of `corr2d`.",
        hint="You flipped the filter left to right, and nothing more. How many axes does it have?",
    ),
    Misconception(
        "transposed",
        lambda x, w: corr2d(x, w.T),
        title="Transposed instead of flipped",
        symptom="Filters that are not square give the wrong shape.",
        hint="You exchanged rows and columns of the filter. Transposing is a reflection in the "
        "diagonal, not a flip.",
        catalog_number=11,
    ),
    Misconception(
        "quarter_turn",
        lambda x, w: corr2d(x, np.rot90(w)),
        title="Turned by 90 degrees instead of 180",
        symptom="Filters that are not square give the wrong shape.",
        hint="Your filter has made a quarter turn. Where does its top left element end up when "
        "both axes are flipped?",
    ),
    Misconception(
        "picture_flipped",
        lambda x, w: corr2d(x[::-1, ::-1], w),
        title="The picture is flipped instead of the filter",
        symptom="The right numbers stand in reverse order.",
        hint="The right numbers stand in reverse order: you flipped the picture. It is the "
        "filter's turn.",
    ),
    Misconception(
        "map_flipped",
        lambda x, w: corr2d(x, w)[::-1, ::-1],
        title="The map is flipped instead of the filter",
        symptom="These are the numbers of `corr2d` in reverse order.",
        hint="These are the numbers of `corr2d` in reverse order. Flipping afterward, or flipping "
        "both picture and filter, is not the same as flipping the filter.",
    ),
    Misconception(
        "negated",
        lambda x, w: -corr2d(x, w),
        title="The sign is changed instead of the order",
        symptom="Right for Sobel and other edge filters, wrong for all others.",
        hint="You changed the sign. For many edge filters that looks like a flip, but look at "
        "a filter whose elements are all different.",
    ),
    Misconception(
        "full_size",
        lambda x, w: corr2d(
            np.pad(x, tuple((size - 1, size - 1) for size in w.shape)), w[::-1, ::-1]
        ),
        title="The filter hangs over the border",
        symptom="The map is larger than the picture; its middle is right.",
        hint="The middle of your map is right, but the map is larger than the picture. At how "
        "many positions does the filter lie wholly inside?",
    ),
)

# edge_bank


def turned_again_and_again(x: Array, w: Array) -> Array:
    """Turn the filter by `turns` steps, but from where the last round has left it."""
    responses = []
    for turns in range(4):
        w = np.rot90(w, turns)
        responses.append(corr2d(x, w))
    return np.stack(responses)


EDGE_BANK = (
    Misconception(
        "clockwise",
        lambda x, w: edge_bank(x, w)[[0, 3, 2, 1]],
        title="Turned clockwise",
        symptom="The second and the fourth map are exchanged.",
        hint="Your second and fourth map are exchanged. In which sense do you turn the filter?",
    ),
    Misconception(
        "first_turn_too_early",
        lambda x, w: edge_bank(x, w)[[1, 2, 3, 0]],
        title="The unturned filter comes last",
        symptom="All maps are right, but each stands one place too early.",
        hint="All four maps are right, but each stands one place too early. By how much is the "
        "first filter turned?",
    ),
    Misconception(
        "turned_again_and_again",
        turned_again_and_again,
        title="The turns add up",
        symptom="The last two maps are exchanged.",
        hint="Your last two maps are exchanged. Does each round turn the original filter, or the "
        "one that the round before has left?",
    ),
    Misconception(
        "never_turned",
        lambda x, w: edge_bank(x, w)[[0, 0, 0, 0]],
        title="The filter never turns",
        symptom="All four maps are equal.",
        hint="All four maps are equal. NumPy returns the turned filter and leaves the original "
        "as it was.",
    ),
    Misconception(
        "transposed_and_negated",
        lambda x, w: np.stack([corr2d(x, k) for k in (w, -w.T, -w, w.T)]),
        title="Transposed and negated instead of turned",
        symptom="Right for Sobel's filter, wrong for filters whose elements all differ.",
        hint="With Sobel's filter you are right. But exchanging rows and columns or changing the "
        "sign is not a turn: draw a filter with nine different numbers and turn it on paper.",
    ),
    Misconception(
        "flipped",
        lambda x, w: np.stack([corr2d(x, k) for k in (w, w[:, ::-1], w[::-1], w[::-1, ::-1])]),
        title="Flipped instead of turned",
        symptom="Only the first map is right, and the half turn stands last.",
        hint="A flip is a mirror image, not a turn. Draw a filter with four different numbers and "
        "turn it on paper.",
    ),
    Misconception(
        "map_turned",
        lambda x, w: np.stack([np.rot90(corr2d(x, w), turns) for turns in range(4)]),
        title="The map is turned instead of the filter",
        symptom="Square pictures give turned copies of one map, others cannot be stacked.",
        hint="You turn the map of a single filter. It is the filter that has to turn, before it "
        "slides.",
    ),
    Misconception(
        "picture_turned",
        lambda x, w: np.stack([corr2d(np.rot90(x, turns), w) for turns in range(4)]),
        title="The picture is turned instead of the filter",
        symptom="Square pictures give wrong maps, others cannot be stacked.",
        hint="You turn the picture. It stays as it is: only the filter turns.",
    ),
    Misconception(
        "stacked_last",
        lambda x, w: np.moveaxis(edge_bank(x, w), 0, -1),
        title="The orientations are the last axis",
        symptom="The shape ends in 4 instead of beginning with it.",
        hint="Your four maps lie along the last axis. Compare with the order of axes that the "
        "docstring promises.",
    ),
    Misconception(
        "strongest_only",
        lambda x, w: edge_bank(x, w).max(axis=0),
        title="Only the strongest response is returned",
        symptom="One map comes back instead of four.",
        hint="You merged the four maps into one. Each orientation keeps a map of its own.",
    ),
    Misconception(
        "sign_removed",
        lambda x, w: np.abs(edge_bank(x, w)),
        title="The sign is removed",
        symptom="All numbers are positive.",
        hint="The sign is lost. It tells an edge from its opposite, which is why the bank has "
        "four orientations and not two.",
    ),
)

# corner_map


def builtin_min(x: Array, w1: Array, w2: Array) -> Array:
    """Use Python's min, which asks whether one whole array is smaller than the other."""
    return min(np.maximum(corr2d(x, w1), 0), np.maximum(corr2d(x, w2), 0))


CORNER_MAP = (
    Misconception(
        "larger_of_the_two",
        lambda x, w1, w2: np.maximum(np.maximum(corr2d(x, w1), corr2d(x, w2)), 0),
        title="The larger response instead of the smaller",
        symptom="Whole edges light up, not the corners alone.",
        hint="Your map lights up where only one filter answers. A corner needs both.",
    ),
    Misconception(
        "sum_of_the_two",
        lambda x, w1, w2: np.maximum(corr2d(x, w1), 0) + np.maximum(corr2d(x, w2), 0),
        title="The sum of the responses",
        symptom="Whole edges light up, and corners light up more.",
        hint="You add the two responses, so a strong edge alone passes for a corner.",
    ),
    Misconception(
        "product_of_the_two",
        lambda x, w1, w2: np.maximum(corr2d(x, w1), 0) * np.maximum(corr2d(x, w2), 0),
        title="The product of the responses",
        symptom="The right places light up with the wrong numbers.",
        hint="The right places light up, but you multiply the two responses. Which of the two "
        "does the task keep?",
    ),
    Misconception(
        "no_relu",
        lambda x, w1, w2: np.minimum(corr2d(x, w1), corr2d(x, w2)),
        title="ReLU is missing",
        symptom="The map holds negative numbers.",
        hint="Your map holds negative numbers. What does ReLU do with them?",
    ),
    Misconception(
        "abs_for_relu",
        lambda x, w1, w2: np.minimum(np.abs(corr2d(x, w1)), np.abs(corr2d(x, w2))),
        title="Absolute value instead of ReLU",
        symptom="Corners of the opposite kind light up too.",
        hint="A negative response becomes a positive one here. ReLU removes it instead.",
    ),
    Misconception(
        "first_filter_only",
        lambda x, w1, w2: np.maximum(corr2d(x, w1), 0),
        title="Only the first filter is used",
        symptom="The map shows one kind of edge.",
        hint="This is the answer of the first filter alone. Where does `w2` come in?",
    ),
    Misconception(
        "second_filter_only",
        lambda x, w1, w2: np.maximum(corr2d(x, w2), 0),
        title="Only the second filter is used",
        symptom="The map shows one kind of edge.",
        hint="This is the answer of the second filter alone. Where does `w1` come in?",
    ),
    Misconception(
        "filters_added",
        lambda x, w1, w2: np.maximum(corr2d(x, w1 + w2), 0),
        title="The filters are added",
        symptom="Whole edges light up, not the corners alone.",
        hint="You made one filter out of two. A single filter cannot demand that both edges are "
        "there.",
    ),
    Misconception(
        "filters_minimum",
        lambda x, w1, w2: np.maximum(corr2d(x, np.minimum(w1, w2)), 0),
        title="The smaller elements of the filters instead of the smaller responses",
        symptom="The map has nothing to do with corners.",
        hint="You compare the filters. Compare their answers instead.",
    ),
    Misconception(
        "one_after_the_other",
        lambda x, w1, w2: np.maximum(corr2d(np.maximum(corr2d(x, w1), 0), w2), 0),
        title="The second filter is applied to the first response",
        symptom="The map is too small.",
        hint="Your second filter looks at the map of the first. Both should look at the picture.",
    ),
    Misconception(
        "yes_or_no",
        lambda x, w1, w2: (corner_map(x, w1, w2) > 0).astype(float),
        title="Only yes or no",
        symptom="The map holds zeros and ones.",
        hint="You say where there is a corner, but not how strong it is.",
    ),
    Misconception(
        "builtin_min",
        builtin_min,
        title="Python's own `min` cannot compare arrays",
        symptom="Python says that the truth value of an array is ambiguous.",
        hint="Python's own `min` and `max` want to know which whole array is the smaller one. "
        "NumPy has functions that compare element by element.",
    ),
    Misconception(
        "smallest_number",
        lambda x, w1, w2: corner_map(x, w1, w2).min(),
        title="One number instead of a map",
        symptom="A single number comes back.",
        hint="One number for the whole picture came back. The two maps are compared position by "
        "position.",
    ),
)

# conv2d


def image_zero_reused(x: Array, w: Array, b: Array) -> Array:
    """Index the batch by a fixed 0."""
    return conv2d(np.repeat(x[:1], len(x), axis=0), w, b)


def filter_axes_exchanged(x: Array, w: Array, b: Array) -> Array:
    """Take w[c, f] for w[f, c]."""
    n, f = len(x), len(w)
    out = np.zeros((n, f, *corr2d(x[0, 0], w[0, 0]).shape))
    for i in range(n):
        for j in range(f):
            for c in range(x.shape[1]):
                out[i, j] += corr2d(x[i, c], w[c, j])
            out[i, j] += b[j]
    return out


def height_and_width_of_layer_swapped(x: Array, w: Array, b: Array) -> Array:
    """Put the width of the maps before their height and leave the loops right."""
    return conv2d(x, w, b).swapaxes(2, 3)


def _patches(x: Array, w: Array) -> Array:
    """Return the windows of x: shape (N, C, H', W', HH, WW)."""
    return np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], (2, 3))


def patches_not_transposed(x: Array, w: Array, b: Array) -> Array:
    """Flatten the windows with the channels still before the positions."""
    n, _, rows, columns, *_ = _patches(x, w).shape
    flat = _patches(x, w).reshape(n * rows * columns, -1)
    out = flat @ w.reshape(len(w), -1).T + b
    return out.reshape(n, rows, columns, -1).transpose(0, 3, 1, 2)


def filters_not_transposed(x: Array, w: Array, b: Array) -> Array:
    """Bring the filters into the shape of the transposed matrix without transposing."""
    n, _, rows, columns, *_ = _patches(x, w).shape
    flat = _patches(x, w).transpose(0, 2, 3, 1, 4, 5).reshape(n * rows * columns, -1)
    out = flat @ w.reshape(-1, len(w)) + b
    return out.reshape(n, rows, columns, -1).transpose(0, 3, 1, 2)


CONV2D = (
    Misconception(
        "channel_mean",
        lambda x, w, b: conv2d(x, w / x.shape[1], b),
        title="Mean over the channels",
        symptom="Right for one channel; else too small by the number of channels.",
        hint="With one channel you are right, with several the products are too small. What "
        "happens to the answers of the channels: are they added, or averaged?",
        catalog_number=13,
    ),
    Misconception(
        "first_channel_only",
        lambda x, w, b: conv2d(x[:, :1], w[:, :1], b),
        title="Only the first channel",
        symptom="Right for one channel; changing another channel changes nothing.",
        hint="Only the first channel counts in your result. How many slices has a "
        "filter, and which channel does each of them meet?",
        catalog_number=14,
    ),
    Misconception(
        "last_channel_only",
        lambda x, w, b: conv2d(x[:, -1:], w[:, -1:], b),
        title="Only the last channel",
        symptom="Right for one channel; each channel overwrites the one before.",
        hint="Only the last channel counts in your result. Does each channel add to the map, or "
        "replace it?",
    ),
    Misconception(
        "one_slice_for_all_channels",
        lambda x, w, b: conv2d(x, np.repeat(w[:, :1], x.shape[1], axis=1), b),
        title="One slice of the filter for all channels",
        symptom="Right for one channel.",
        hint="You lay the same slice of the filter on every channel. How many slices does a filter "
        "have?",
    ),
    Misconception(
        "image_zero_reused",
        image_zero_reused,
        title="The first image answers for all",
        symptom="All images of the batch give the same maps.",
        hint="All images of the batch give the same maps. Which image do you read?",
        catalog_number=15,
    ),
    Misconception(
        "filter_zero_reused",
        lambda x, w, b: conv2d(x, np.repeat(w[:1], len(w), axis=0), b),
        title="The first filter answers for all",
        symptom="The maps of all filters differ by their biases only.",
        hint="The maps of your filters differ by the biases only. Which filter do you read?",
    ),
    Misconception(
        "filter_axes_exchanged",
        filter_axes_exchanged,
        title="Filters and channels are exchanged",
        symptom="Right for one filter and one channel; else wrong, or an index out of bounds.",
        hint="You look up the filter by channel, and the channel by filter. What does the first "
        "axis of `w` count?",
    ),
    Misconception(
        "bias_dropped",
        lambda x, w, b: conv2d(x, w, 0 * b),
        title="The bias is missing",
        symptom="Each map is off by one constant.",
        hint="Each of your maps is off by one constant. Which argument have you not used?",
        catalog_number=16,
    ),
    Misconception(
        "bias_in_every_product",
        lambda x, w, b: conv2d(x, w, b * w[0].size),
        title="The bias is added to every product",
        symptom="Each map is off by a multiple of its bias.",
        hint="The bias comes in once for every element of the filter. How often should it come in?",
        catalog_number=17,
    ),
    Misconception(
        "bias_in_every_channel",
        lambda x, w, b: conv2d(x, w, b * x.shape[1]),
        title="The bias is added for every channel",
        symptom="Right for one channel; else each map is off by a multiple of its bias.",
        hint="The bias comes in once for every channel. How often should it come in?",
    ),
    Misconception(
        "bias_along_columns",
        lambda x, w, b: conv2d(x, w, 0 * b) + b,
        title="The bias is spread over the columns",
        symptom="NumPy cannot broadcast, unless there are as many columns as filters.",
        hint="NumPy lines the biases up with the last axis, the columns. Which axis of the "
        "result counts the filters?",
        catalog_number=18,
    ),
    Misconception(
        "flipped_filters",
        lambda x, w, b: conv2d(x, w[:, :, ::-1, ::-1], b),
        title="The filters are flipped",
        symptom="The shape is right; true convolution was computed.",
        hint="Your numbers are those of filters turned upside down. Layers of a network "
        "cross-correlate.",
        catalog_number=10,
    ),
    Misconception(
        "channels_flipped",
        lambda x, w, b: conv2d(x, w[:, ::-1], b),
        title="The order of the channels is reversed",
        symptom="Right for one channel.",
        hint="Your filters meet the channels in reverse order. The slices of a filter go with the "
        "channels one by one.",
    ),
    Misconception(
        "mean_for_sum",
        lambda x, w, b: conv2d(x, w / w[0].size, b),
        title="Mean instead of sum",
        symptom="Apart from the bias, every number is too small by the same factor.",
        hint="Apart from the bias, all your numbers are too small by the same factor. Does a dot "
        "product divide by anything?",
        catalog_number=12,
    ),
    Misconception(
        "one_too_small",
        lambda x, w, b: conv2d(x, w, b)[:, :, :-1, :-1],
        title="One row and one column too few",
        symptom="The values are right, but the last row and the last column are missing.",
        hint="Your maps lack one row and one column. Count the positions by hand for a small "
        "image.",
        catalog_number=5,
    ),
    Misconception(
        "height_and_width_swapped",
        height_and_width_of_layer_swapped,
        title="Height and width are exchanged",
        symptom="The last two axes of the result stand in the wrong order.",
        hint="Your maps lie on their side. Which comes first in the shape, height or width?",
        catalog_number=7,
    ),
    Misconception(
        "channels_last",
        lambda x, w, b: conv2d(x, w, b).transpose(0, 2, 3, 1),
        title="The maps are the last axis",
        symptom="The number of filters stands last in the shape.",
        hint="Your filters are counted by the last axis. Compare with the order of axes that the "
        "docstring promises.",
    ),
    Misconception(
        "filters_before_images",
        lambda x, w, b: conv2d(x, w, b).swapaxes(0, 1),
        title="Filters come before images",
        symptom="The first two axes of the result stand in the wrong order.",
        hint="The first two axes of your result are exchanged. Which comes first, images or "
        "filters?",
    ),
    Misconception(
        "maps_not_transposed",
        lambda x, w, b: conv2d(x, w, b).swapaxes(0, 1).reshape(len(x), len(w), *_map_size(x, w)),
        title="Reshaped where axes should be exchanged",
        symptom="Right for one image or one filter; else the maps are shuffled.",
        hint="With one image you are right, with two the maps are shuffled. `reshape` keeps the "
        "order of the numbers; it does not exchange axes.",
        catalog_number=21,
    ),
    Misconception(
        "patches_not_transposed",
        patches_not_transposed,
        title="Windows flattened in the wrong order of axes",
        symptom="Right for one channel; else numbers from different windows are mixed.",
        hint="With one channel you are right, with several your windows are mixed up. Before you "
        "flatten, the axes of one window must stand side by side.",
        catalog_number=19,
    ),
    Misconception(
        "filters_not_transposed",
        filters_not_transposed,
        title="Filters reshaped where they should be transposed",
        symptom="Right for one filter; else the filters are mixed.",
        hint="With one filter you are right, with several they are mixed up. `reshape` keeps the "
        "order of the numbers; it does not exchange axes.",
        catalog_number=20,
    ),
    Misconception(
        "relu_included",
        lambda x, w, b: np.maximum(conv2d(x, w, b), 0),
        title="Negative responses are removed",
        symptom="All negative numbers have become zero.",
        hint="All your negative responses are gone. ReLU is a layer of its own, and comes later.",
    ),
    Misconception(
        "whole_numbers",
        lambda x, w, b: conv2d(x, w, b).astype(x.dtype),
        title="The maps take over the images' integer type",
        symptom="Images of whole numbers give answers without their fractional part.",
        hint="The fractions got lost. Which type of number do your maps hold when the images hold "
        "whole numbers?",
    ),
)


def _map_size(x: Array, w: Array) -> tuple[int, int]:
    return x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1


# conv_parameters


CONV_PARAMETERS = (
    Misconception(
        "no_depth_no_bias",
        lambda channels, filters, height, width: filters * height * width,
        title="Neither depth nor bias",
        symptom="Far too few, except for gray pictures.",
        hint="Two things are missing. How deep is a filter, and what is added to its dot product?",
        catalog_number=63,
    ),
    Misconception(
        "no_depth",
        lambda channels, filters, height, width: filters * (height * width + 1),
        title="The depth of the filters is missing",
        symptom="Right for gray pictures only.",
        hint="Your filters are flat. How deep is a filter when the input has several channels?",
        catalog_number=63,
    ),
    Misconception(
        "no_bias",
        lambda channels, filters, height, width: filters * channels * height * width,
        title="The biases are missing",
        symptom="Too few by the number of filters.",
        hint="You counted the weights. What else does a layer learn?",
        catalog_number=64,
    ),
    Misconception(
        "bias_per_slice",
        lambda channels, filters, height, width: filters * channels * (height * width + 1),
        title="One bias for every channel of every filter",
        symptom="Right for gray pictures; else too many.",
        hint="You counted one bias for every slice of a filter. How many does a whole filter have?",
    ),
    Misconception(
        "one_bias",
        lambda channels, filters, height, width: filters * channels * height * width + 1,
        title="One bias for the whole layer",
        symptom="Right for a single filter; else too few.",
        hint="You counted one bias for the whole layer. What is the shape of `b` in `conv2d`?",
    ),
    Misconception(
        "bias_per_channel",
        lambda channels, filters, height, width: filters * channels * height * width + channels,
        title="One bias for every input channel",
        symptom="Right where input and output have equally many channels.",
        hint="You counted one bias for every input channel. What is the shape of `b` in `conv2d`?",
    ),
    Misconception(
        "one_filter",
        lambda channels, filters, height, width: channels * height * width + 1,
        title="Only one filter is counted",
        symptom="Right for a single filter; else far too few.",
        hint="This is the count for one filter. How many has the layer?",
    ),
    Misconception(
        "square_filters",
        lambda channels, filters, height, width: filters * (channels * height * height + 1),
        title="The filters are taken to be square",
        symptom="Right for square filters only.",
        hint="You counted as if all filters were square. Which argument have you not used?",
    ),
    Misconception(
        "sides_added",
        lambda channels, filters, height, width: filters * (channels * (height + width) + 1),
        title="The sides of the filter are added",
        symptom="Too few for filters larger than 2 by 2.",
        hint="How many elements has a filter with three rows and five columns?",
    ),
)

# equivariance_error


def _error(
    f: Map,
    x: Array,
    shift: tuple[int, int],
    back: tuple[int, int],
    crop: tuple[slice, slice],
) -> Array:
    """Return |f(x shifted by shift) - f(x) shifted by back|, cropped."""
    moved = np.roll(f(x), back, axis=(0, 1))
    difference: Array = np.abs(f(np.roll(x, shift, axis=(0, 1))) - moved)[crop]
    return difference


def _signed(f: Map, x: Array, dy: int, dx: int) -> Array:
    moved = np.roll(f(x), (dy, dx), axis=(0, 1))
    return (f(np.roll(x, (dy, dx), axis=(0, 1))) - moved)[dy:, dx:]


def _from(dy: int, dx: int) -> tuple[slice, slice]:
    return np.s_[dy:, dx:]


def axes_forgotten(f: Map, x: Array, dy: int, dx: int) -> float:
    """Call np.roll without `axis`, which shifts the flattened picture by dy + dx."""
    difference = np.abs(f(np.roll(x, (dy, dx))) - np.roll(f(x), (dy, dx)))
    return float(difference[dy:, dx:].max())


EQUIVARIANCE_ERROR = (
    Misconception(
        "border_included",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (dy, dx), np.s_[:, :]).max(),
        title="The wrapped border is included",
        symptom="Even a plain filter seems to have an error.",
        hint="Pixels that came back on the other side still count in your answer. Which rows and "
        "columns does the task leave out?",
    ),
    Misconception(
        "mean_for_largest",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (dy, dx), _from(dy, dx)).mean(),
        title="Mean instead of largest difference",
        symptom="Zero where it should be, else too small.",
        hint="You average the differences, so one large error can hide among many small ones.",
    ),
    Misconception(
        "sum_for_largest",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (dy, dx), _from(dy, dx)).sum(),
        title="Sum instead of largest difference",
        symptom="Zero where it should be, else too large.",
        hint="You add the differences, so the answer grows with the picture. The task asks for "
        "one of them.",
    ),
    Misconception(
        "signed",
        lambda f, x, dy, dx: _signed(f, x, dy, dx).max(),
        title="The sign is kept",
        symptom="Sometimes right, sometimes too small, sometimes below zero.",
        hint="A difference of -5 is as bad as one of 5, but your answer overlooks it.",
    ),
    Misconception(
        "absolute_value_too_late",
        lambda f, x, dy, dx: abs(_signed(f, x, dy, dx).max()),
        title="The absolute value comes too late",
        symptom="Sometimes right, sometimes too small.",
        hint="You take the largest difference first and its absolute value after that. Which "
        "differences get lost?",
    ),
    Misconception(
        "absolute_value_too_early",
        lambda f, x, dy, dx: np.abs(
            np.abs(f(np.roll(x, (dy, dx), (0, 1)))) - np.abs(np.roll(f(x), (dy, dx), (0, 1)))
        )[dy:, dx:].max(),
        title="The absolute value comes too early",
        symptom="Too small where the two maps differ in sign.",
        hint="You compare absolute values, so 5 and -5 count as equal.",
    ),
    Misconception(
        "axes_exchanged",
        lambda f, x, dy, dx: _error(f, x, (dx, dy), (dx, dy), _from(dy, dx)).max(),
        title="Down and right are exchanged",
        symptom="Right where both shifts are equal.",
        hint="Your picture moves to the right by `dy` and down by `dx`. Which axis of `x` runs "
        "downward?",
    ),
    Misconception(
        "opposite_direction",
        lambda f, x, dy, dx: _error(f, x, (-dy, -dx), (-dy, -dx), _from(dy, dx)).max(),
        title="Shifted up and to the left",
        symptom="Even a plain filter seems to have an error.",
        hint="Your picture moves up and to the left. Which sign moves it the other way?",
    ),
    Misconception(
        "shifted_back",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (-dy, -dx), _from(dy, dx)).max(),
        title="Picture and map move in opposite directions",
        symptom="Even a plain filter has a large error.",
        hint="Your map moves against the picture. Both should make the same step.",
    ),
    Misconception(
        "map_not_shifted",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (0, 0), _from(dy, dx)).max(),
        title="Only the picture is shifted",
        symptom="Even a plain filter has a large error.",
        hint="You measure how much the map changes. The map is allowed to move: it should move "
        "along with the picture.",
    ),
    Misconception(
        "axes_forgotten",
        axes_forgotten,
        title="`np.roll` without axes",
        symptom="Right where `dy` is 0 and the rows do not matter; else wrong.",
        hint="Without being told the axes, `np.roll` shifts the picture as one long row of pixels.",
    ),
    Misconception(
        "other_end_left_out",
        lambda f, x, dy, dx: _error(
            f, x, (dy, dx), (dy, dx), np.s_[: len(f(x)) - dy, : f(x).shape[1] - dx]
        ).max(),
        title="Rows and columns are left out at the wrong end",
        symptom="Even a plain filter seems to have an error.",
        hint="You leave out rows and columns at the bottom and at the right. Where do the pixels "
        "that left the picture come back?",
    ),
    Misconception(
        "empty_for_zero",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (dy, dx), np.s_[:-dy, :-dx]).max(),
        title="Rows and columns are left out at the wrong end, all of them for a shift of 0",
        symptom="Even a plain filter seems to have an error, and a shift of 0 stops with "
        "a zero-size array.",
        hint="You leave out rows and columns at the bottom and at the right, and `[:-0]` is empty. "
        "Where do the pixels that left the picture come back?",
    ),
    Misconception(
        "both_ends_left_out",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (dy, dx), np.s_[dy:-dy, dx:-dx]).max(),
        title="Rows and columns are left out at both ends",
        symptom="Errors at the far border are missed, and a shift of 0 stops with a zero-size "
        "array.",
        hint="You leave out rows and columns at both ends. Pixels come back at one end only; and "
        "what is left of `[0:-0]`?",
    ),
    Misconception(
        "crop_exchanged",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (dy, dx), _from(dx, dy)).max(),
        title="Rows and columns left out are exchanged",
        symptom="Right where both shifts are equal.",
        hint="You leave out `dx` rows and `dy` columns. Compare with the directions of the shift.",
    ),
)
