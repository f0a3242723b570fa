"""The task ``convolve2d``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style
from solutions.arrays import Array
from solutions.filters.pictures import WORKED_FILTER, WORKED_PICTURE, picture_and_filter
from solutions.filters.tasks.corr2d import corr2d


def convolve2d(x: Array, w: Array) -> Array:
    """Return the true convolution of the picture x with the filter w.

    x: picture, shape (H, W).
    w: filter, shape (HH, WW), no larger than x.
    Returns the convolution where the filter fits, shape (H - HH + 1, W - WW + 1).
    """
    ### BEGIN SOLUTION
    return corr2d(x, w[::-1, ::-1])
    ### END SOLUTION


# Cases


def cases(rng: Random) -> list[Case]:
    """The worked example, then filters whose flips all differ."""
    return [
        Case("the worked example", {"x": WORKED_PICTURE, "w": WORKED_FILTER}),
        Case("square picture, square filter", picture_and_filter(rng, (5, 5), (3, 3))),
        Case("tall picture, wide filter", picture_and_filter(rng, (6, 4), (2, 3))),
        Case(
            "filter of one row",
            picture_and_filter(rng, (3, 5), (1, 3)),
            finds=("not_flipped",),
        ),
        Case(
            "filter of one column",
            picture_and_filter(rng, (5, 3), (3, 1)),
            finds=("not_flipped",),
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("wide picture, tall filter", picture_and_filter(rng, (4, 9), (3, 2))),
        Case("filter as large as the picture", picture_and_filter(rng, (3, 4), (3, 4))),
        Case("filter of even size", picture_and_filter(rng, (6, 7), (4, 4))),
        Case("larger picture", picture_and_filter(rng, (11, 8), (4, 5))),
    ]


# Misconceptions

MISCONCEPTIONS = (
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
        symptom="The right numbers are in reverse order.",
        hint="The right numbers are in reverse order: you flipped the picture. It is the "
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
        "many positions does the filter lie completely inside?",
    ),
)


# Alternatives


def convolve2d_numpy_flip(x: Array, w: Array) -> Array:
    """Flip both axes with NumPy's function."""
    return corr2d(x, np.flip(w))


def convolve2d_half_turn(x: Array, w: Array) -> Array:
    """Turn the filter by 180 degrees."""
    return corr2d(x, np.rot90(w, 2))


def convolve2d_two_steps(x: Array, w: Array) -> Array:
    """Flip up and down, then left and right."""
    return corr2d(x, np.fliplr(np.flipud(w)))


def convolve2d_flattened(x: Array, w: Array) -> Array:
    """Reverse the flattened filter."""
    return corr2d(x, w.ravel()[::-1].reshape(w.shape))


def convolve2d_definition(x: Array, w: Array) -> Array:
    """Follow the double sum of the definition."""
    height, width = w.shape
    out = np.zeros((x.shape[0] - height + 1, x.shape[1] - width + 1))
    for i, j in np.ndindex(*out.shape):
        for a, b in np.ndindex(height, width):
            out[i, j] += x[i + height - 1 - a, j + width - 1 - b] * w[a, b]
    return out


def convolve2d_everything_flipped(x: Array, w: Array) -> Array:
    """Flip the picture, correlate, and flip the map back."""
    return np.flip(corr2d(np.flip(x), w))


ALTERNATIVES = (
    convolve2d_numpy_flip,
    convolve2d_half_turn,
    convolve2d_two_steps,
    convolve2d_flattened,
    convolve2d_definition,
    convolve2d_everything_flipped,
)

STYLES = (
    Style(
        convolve2d_numpy_flip,
        "Clearest: `np.flip` reverses all axes and says what it does.",
    ),
    Style(
        convolve2d_half_turn,
        "Another view: two flips are a turn by 180 degrees.",
    ),
)


PROBLEM = Problem(
    convolve2d,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "filter"},
    styles=STYLES,
)
