"""The task ``conv2d``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.filters.pictures import drawn_integers, drawn_positive
from solutions.filters.tasks.corr2d import corr2d


def conv2d(x: Array, w: Array, b: Array) -> Array:
    """Apply a convolutional layer, without padding and with stride 1.

    x: batch of images, shape (N, C, H, W).
    w: filters, shape (F, C, HH, WW); each has the depth C of the input.
    b: biases, shape (F,), one number per filter.
    Returns the feature maps, shape (N, F, H - HH + 1, W - WW + 1).
    """
    ### BEGIN SOLUTION
    images, channels, height, width = x.shape
    filters, _, filter_height, filter_width = w.shape
    out = np.zeros((images, filters, height - filter_height + 1, width - filter_width + 1))
    for n in range(images):
        for f in range(filters):
            for c in range(channels):
                out[n, f] += corr2d(x[n, c], w[f, c])
            out[n, f] += b[f]
    return out
    ### END SOLUTION


# Cases


def _layer(rng: Random, x: tuple[int, ...], w: tuple[int, ...]) -> dict[str, Value]:
    """Draw a batch of shape x, filters of shape w, and biases, none of them zero."""
    return {"x": quarters(rng, *x), "w": quarters(rng, *w), "b": drawn_positive(rng, w[0])}


def cases(rng: Random) -> list[Case]:
    """One new thing at a time: channels, filters, images, then special sizes."""
    return [
        Case(
            "one image, one channel, one filter",
            _layer(rng, (1, 1, 3, 5), (1, 1, 2, 2)),
            finds=("relu_included",),
        ),
        Case(
            "three channels, one filter",
            _layer(rng, (1, 3, 3, 5), (1, 3, 2, 3)),
            finds=("relu_included",),
        ),
        Case("as many filters as channels and columns", _layer(rng, (1, 3, 3, 4), (3, 3, 2, 2))),
        Case("two images, four filters", _layer(rng, (2, 2, 6, 4), (4, 2, 3, 2))),
        Case("filters of one pixel", _layer(rng, (3, 2, 2, 3), (3, 2, 1, 1))),
        Case(
            "images of whole numbers",
            {
                "x": drawn_integers(rng, 2, 2, 3, 4),
                "w": quarters(rng, 3, 2, 2, 2),
                "b": drawn_positive(rng, 3),
            },
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case(
            "filters as large as the images",
            _layer(rng, (2, 2, 3, 4), (3, 2, 3, 4)),
            finds=("relu_included",),
        ),
        Case("wide images, tall filters", _layer(rng, (2, 3, 4, 9), (4, 3, 3, 2))),
        Case("as many images as filters", _layer(rng, (3, 2, 5, 4), (3, 2, 2, 3))),
        Case("many channels", _layer(rng, (2, 7, 5, 6), (2, 7, 3, 3))),
    ]


# Misconceptions


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


MISCONCEPTIONS = (
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
        hint="Only the first channel counts in your result. How many slices does a filter "
        "have, and which channel does each of them meet?",
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
        section="Cross-correlation or convolution?",
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
        symptom="The last two axes of the result are in the wrong order.",
        hint="Your maps lie on their side. Which comes first in the shape, height or width?",
        catalog_number=7,
    ),
    Misconception(
        "channels_last",
        lambda x, w, b: conv2d(x, w, b).transpose(0, 2, 3, 1),
        title="The maps are the last axis",
        symptom="The number of filters comes last in the shape.",
        hint="Your filters are counted by the last axis. Compare with the order of axes that the "
        "docstring promises.",
    ),
    Misconception(
        "filters_before_images",
        lambda x, w, b: conv2d(x, w, b).swapaxes(0, 1),
        title="Filters come before images",
        symptom="The first two axes of the result are in the wrong order.",
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
        section="Signed responses, and what ReLU removes",
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


# Alternatives


def conv2d_seven_loops(x: Array, w: Array, b: Array) -> Array:
    """Add product by product."""
    n, c, height, width = x.shape
    f, _, hh, ww = w.shape
    out = np.zeros((n, f, height - hh + 1, width - ww + 1))
    for image, kernel, i, j in product(*map(range, out.shape)):
        for channel, p, q in product(range(c), range(hh), range(ww)):
            out[image, kernel, i, j] += x[image, channel, i + p, j + q] * w[kernel, channel, p, q]
        out[image, kernel, i, j] += b[kernel]
    return out


def conv2d_window_times_filter(x: Array, w: Array, b: Array) -> Array:
    """Multiply windows of full depth with a whole filter."""
    hh, ww = w.shape[2:]
    shape = (len(x), len(w), x.shape[2] - hh + 1, x.shape[3] - ww + 1)
    out = np.empty(shape)
    for n, f, i, j in np.ndindex(*shape):
        out[n, f, i, j] = np.sum(x[n, :, i : i + hh, j : j + ww] * w[f]) + b[f]
    return out


def conv2d_window_times_all_filters(x: Array, w: Array, b: Array) -> Array:
    """Loop over positions only."""
    hh, ww = w.shape[2:]
    out = np.zeros((len(x), len(w), x.shape[2] - hh + 1, x.shape[3] - ww + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = x[:, :, i : i + hh, j : j + ww]
            out[:, :, i, j] = np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out


def conv2d_einsum(x: Array, w: Array, b: Array) -> Array:
    """Sum over a view that holds all windows."""
    windows = sliding_window_view(x, w.shape[2:], axis=(2, 3))
    result: Array = np.einsum("nchwij,fcij->nfhw", windows, w) + b[:, None, None]
    return result


def conv2d_matrix(x: Array, w: Array, b: Array) -> Array:
    """Lay the windows out as rows of a matrix (im2col) and multiply by the filters."""
    windows = sliding_window_view(x, w.shape[2:], axis=(2, 3))
    n, _, rows, columns = windows.shape[:4]
    matrix = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * rows * columns, -1)
    out = matrix @ w.reshape(len(w), -1).T + b
    result: Array = out.reshape(n, rows, columns, len(w)).transpose(0, 3, 1, 2)
    return result


def conv2d_by_element(x: Array, w: Array, b: Array) -> Array:
    """Add shifted copies of the batch, one for every position inside the filter."""
    rows, columns = x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1
    out: Array = np.zeros((len(x), len(w), rows, columns)) + b.reshape(1, -1, 1, 1)
    for p in range(w.shape[2]):
        for q in range(w.shape[3]):
            shifted = x[:, :, p : p + rows, q : q + columns]
            out += np.einsum("nchw,fc->nfhw", shifted, w[:, :, p, q])
    return out


def conv2d_fourier(x: Array, w: Array, b: Array) -> Array:
    """Multiply in Fourier space; right up to rounding."""
    size = x.shape[2:]
    rows, columns = size[0] - w.shape[2] + 1, size[1] - w.shape[3] + 1
    spectrum = np.einsum("nchw,fchw->nfhw", np.fft.rfft2(x), np.conj(np.fft.rfft2(w, size)))
    maps = np.fft.irfft2(spectrum, size)[:, :, :rows, :columns]
    result: Array = maps + b[None, :, None, None]
    return result


def conv2d_lists(x: Array, w: Array, b: Array) -> Array:
    """Collect the maps in lists."""
    return np.array(
        [
            [
                sum(corr2d(channel, part) for channel, part in zip(image, kernel, strict=True))
                + bias
                for kernel, bias in zip(w, b, strict=True)
            ]
            for image in x
        ]
    )


def conv2d_single_precision(x: Array, w: Array, b: Array) -> Array:
    """Compute in float32, as networks do."""
    return conv2d_matrix(x.astype(np.float32), w.astype(np.float32), b.astype(np.float32))


ALTERNATIVES = (
    conv2d_seven_loops,
    conv2d_window_times_filter,
    conv2d_window_times_all_filters,
    conv2d_einsum,
    conv2d_matrix,
    conv2d_by_element,
    conv2d_fourier,
    conv2d_lists,
    conv2d_single_precision,
)

STYLES = (
    Style(
        conv2d_window_times_filter,
        "Clearer: a window of full depth meets a whole filter, so no loop over channels is needed.",
    ),
    Style(
        conv2d_by_element,
        "Faster: it loops over the positions inside the filter, and NumPy handles all images, "
        "filters and places.",
    ),
    Style(
        conv2d_einsum,
        "Shortest: the letters of `einsum` are those of the formula, and it holds no loop.",
    ),
)


PROBLEM = Problem(
    conv2d,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "layer"},
    styles=STYLES,
)
