"""The task ``linear_to_filters``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array


def linear_to_filters(w: Array, channels: int, height: int, width: int) -> Array:
    """Turn the weights of a fully connected layer into filters that compute the same.

    w: weights, shape (D, M) with D = channels * height * width. The layer reads images
    (channels, height, width) that were flattened with `reshape`.
    channels, height, width: size of these images.
    Returns M filters, shape (M, channels, height, width).
    """
    ### BEGIN SOLUTION
    return w.T.reshape(-1, channels, height, width)
    ### END SOLUTION


# Cases


def _weights(rng: Random, units: int, *size: int) -> dict[str, Value]:
    channels, height, width = size
    w = quarters(rng, channels * height * width, units)
    return {"w": w, "channels": channels, "height": height, "width": width}


def cases(rng: Random) -> list[Case]:
    """One new thing at a time: rows and columns, channels, units."""
    counting = np.array([[1.0, 10], [2, 20], [3, 30], [4, 40], [5, 50], [6, 60], [7, 70], [8, 80]])
    return [
        Case("the worked example", {"w": counting, "channels": 2, "height": 2, "width": 2}),
        Case("one unit, one channel", _weights(rng, 1, 1, 3, 2)),
        Case("one unit, three channels", _weights(rng, 1, 3, 2, 4)),
        Case("four units, one channel", _weights(rng, 4, 1, 2, 3)),
        Case("images of one pixel", _weights(rng, 3, 4, 1, 1)),
        Case("five units, two channels", _weights(rng, 5, 2, 3, 4)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("as many units as channels", _weights(rng, 3, 3, 4, 2)),
        Case("square images", _weights(rng, 4, 2, 3, 3)),
        Case("wide images", _weights(rng, 2, 3, 2, 5)),
        Case("many channels", _weights(rng, 3, 7, 2, 3)),
    ]


# Misconceptions

MISCONCEPTIONS = (
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
        hint="One filter came back. How many units does the layer have?",
    ),
)


# Alternatives


def filters_moved_axis(w: Array, channels: int, height: int, width: int) -> Array:
    """Give the axis of the inputs its shape back, then bring the units to the front."""
    return np.moveaxis(w.reshape(channels, height, width, w.shape[1]), -1, 0)


def filters_column_by_column(w: Array, channels: int, height: int, width: int) -> Array:
    """Shape every column by itself."""
    return np.stack([w[:, m].reshape(channels, height, width) for m in range(w.shape[1])])


def filters_loops(w: Array, channels: int, height: int, width: int) -> Array:
    """Compute where in the flat input each pixel lies."""
    out = np.zeros((w.shape[1], channels, height, width))
    for m, c, i, j in np.ndindex(*out.shape):
        out[m, c, i, j] = w[(c * height + i) * width + j, m]
    return out


def filters_einsum(w: Array, channels: int, height: int, width: int) -> Array:
    """Exchange the axes with einsum."""
    result: Array = np.einsum("chwm->mchw", w.reshape(channels, height, width, -1))
    return result


def filters_counting(w: Array, channels: int, height: int, width: int) -> Array:
    """Read the columns one after the other."""
    flat = np.ravel(w, order="F")
    result: Array = flat.reshape((-1, channels, height, width))
    return result


ALTERNATIVES = (
    filters_moved_axis,
    filters_column_by_column,
    filters_loops,
    filters_einsum,
    filters_counting,
)

STYLES = (
    Style(
        filters_moved_axis,
        "Step by step: the inputs get their shape back, then the axis of the units moves to the "
        "front.",
    ),
    Style(
        filters_column_by_column,
        "It shows what happens: each column, the weights of one unit, becomes one filter.",
    ),
)


PROBLEM = Problem(
    linear_to_filters,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    styles=STYLES,
)
