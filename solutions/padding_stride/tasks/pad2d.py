"""The task ``pad2d``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from solutions.arrays import Array


def pad2d(x: Array, padding: int) -> Array:
    """Surround every channel of every image with zeros.

    x: batch of images, shape (N, C, H, W).
    padding: how many rows or columns of zeros on each of the four sides, 0 or more.
    Returns shape (N, C, H + 2 * padding, W + 2 * padding).
    """
    ### BEGIN SOLUTION
    images, channels, height, width = x.shape
    padded = np.zeros((images, channels, height + 2 * padding, width + 2 * padding))
    padded[:, :, padding : padding + height, padding : padding + width] = x
    return padded
    ### END SOLUTION


# Cases


def cases(rng: Random) -> list[Case]:
    """Paddings 1, 2 and 0; images that are not square; several channels and images."""
    return [
        Case("one square image", {"x": quarters(rng, 1, 1, 3, 3), "padding": 1}),
        Case("a wide image", {"x": quarters(rng, 1, 1, 3, 5), "padding": 2}),
        Case("three channels", {"x": quarters(rng, 1, 3, 4, 3), "padding": 2}),
        Case("two images", {"x": quarters(rng, 2, 2, 4, 5), "padding": 1}),
        Case("no padding", {"x": quarters(rng, 2, 1, 3, 4), "padding": 0}),
        Case("three square images", {"x": quarters(rng, 3, 2, 4, 4), "padding": 2}),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("a wide frame", {"x": quarters(rng, 2, 3, 4, 6), "padding": 3}),
        Case("three images", {"x": quarters(rng, 3, 2, 5, 3), "padding": 2}),
    ]


# Misconceptions


def batch_of_one(x: Array, padding: int) -> Array:
    """Write the first image into all."""
    return pad2d(np.repeat(x[:1], len(x), axis=0), padding)


def all_axes(x: Array, padding: int) -> Array:
    """Let np.pad surround images and channels, too."""
    return np.pad(x, padding)


def slice_to_minus_padding(x: Array, padding: int) -> Array:
    """Write into [p:-p], which is empty for p = 0."""
    height, width = x.shape[2] + 2 * padding, x.shape[3] + 2 * padding
    padded = np.zeros((*x.shape[:2], height, width))
    padded[:, :, padding:-padding, padding:-padding] = x
    return padded


def border_blackened(x: Array, padding: int) -> Array:
    """Set the border of the image itself to zero."""
    inside = np.zeros_like(x)
    height, width = x.shape[2:]
    interior = (..., slice(padding, height - padding), slice(padding, width - padding))
    inside[interior] = x[interior]
    return inside


def frame_of_height_and_width(x: Array, padding: int) -> Array:
    """Make room for a width of H and a height of W."""
    height, width = x.shape[2:]
    padded = np.zeros((*x.shape[:2], width + 2 * padding, height + 2 * padding))
    padded[:, :, padding : padding + height, padding : padding + width] = x
    return padded


def padded_at(
    x: Array, top: int, bottom: int, left: int, right: int, mode: Any = "constant"
) -> Array:
    """Pad the last two axes."""
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), mode=mode)


MISCONCEPTIONS = (
    Misconception(
        "all_axes",
        all_axes,
        title="Images and channels are padded, too",
        symptom="The result has more images and more channels than the input.",
        hint="You added whole images and whole channels of zeros. Which axes are the rows and the "
        "columns?",
        catalog_number=1,
    ),
    Misconception(
        "first_two_axes",
        lambda x, padding: np.pad(x, ((padding, padding), (padding, padding), (0, 0), (0, 0))),
        title="The wrong two axes are padded",
        symptom="More images and channels, but no more rows and columns.",
        hint="You padded the axes of images and channels. In which order do N, C, H, W stand?",
    ),
    Misconception(
        "bottom_and_right",
        lambda x, padding: padded_at(x, 0, 2 * padding, 0, 2 * padding),
        title="All zeros at the bottom and at the right",
        symptom="The shape is right; the image sits in the top left corner.",
        hint="The shape is right, but your image sits in the top left corner. How far from the "
        "corner does it have to begin?",
        catalog_number=2,
    ),
    Misconception(
        "top_and_left",
        lambda x, padding: padded_at(x, 2 * padding, 0, 2 * padding, 0),
        title="All zeros at the top and at the left",
        symptom="The shape is right; the image sits in the bottom right corner.",
        hint="The shape is right, but your image sits in the bottom right corner. How many zeros "
        "belong below it?",
    ),
    Misconception(
        "one_side_each",
        lambda x, padding: padded_at(x, padding, 0, padding, 0),
        title="Zeros on two sides only",
        symptom="The result is too small; zeros are above and to the left only.",
        hint="Zeros are missing below and to the right. How many sides does a picture have?",
        catalog_number=4,
    ),
    Misconception(
        "one_side_each_after",
        lambda x, padding: padded_at(x, 0, padding, 0, padding),
        title="Zeros on two sides only",
        symptom="The result is too small; zeros are below and to the right only.",
        hint="Zeros are missing above and to the left. How many sides does a picture have?",
        catalog_number=4,
    ),
    Misconception(
        "always_one_pixel",
        lambda x, padding: padded_at(x, 1, 1, 1, 1),
        title="One pixel, whatever the padding",
        symptom="Right for a padding of 1 only.",
        hint="You always add one pixel on each side. Which argument says how many?",
    ),
    Misconception(
        "twice_on_each_side",
        lambda x, padding: pad2d(x, 2 * padding),
        title="Twice the padding on each side",
        symptom="The result is too large; its middle is right.",
        hint="Your frame is twice as wide as it should be. Is `padding` counted per side, or for "
        "both sides together?",
    ),
    Misconception(
        "rows_only",
        lambda x, padding: padded_at(x, padding, padding, 0, 0),
        title="Only rows are added",
        symptom="Zeros above and below, but none to the left and right.",
        hint="You added rows above and below. What about the columns?",
    ),
    Misconception(
        "columns_only",
        lambda x, padding: padded_at(x, 0, 0, padding, padding),
        title="Only columns are added",
        symptom="Zeros to the left and right, but none above and below.",
        hint="You added columns to the left and to the right. What about the rows?",
    ),
    Misconception(
        "edge_repeated",
        lambda x, padding: padded_at(x, padding, padding, padding, padding, "edge"),
        title="The border is repeated instead of zeros",
        symptom="The shape is right; the frame holds copies of the border pixels.",
        hint="Your frame repeats the pixels of the border. What should stand there?",
        catalog_number=3,
    ),
    Misconception(
        "mirrored",
        lambda x, padding: padded_at(x, padding, padding, padding, padding, "reflect"),
        title="The image is mirrored instead of zeros",
        symptom="The shape is right; the frame holds a mirror image.",
        hint="Your frame shows the image in a mirror. What should stand there?",
    ),
    Misconception(
        "filled_with_ones",
        lambda x, padding: np.pad(
            x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), constant_values=1
        ),
        title="Ones instead of zeros",
        symptom="The frame holds ones.",
        hint="Your frame holds ones. Which number would not show up in a sum?",
    ),
    Misconception(
        "border_blackened",
        border_blackened,
        title="The border of the image itself is set to zero",
        symptom="The result is no larger than the image, and its border is lost.",
        hint="Your result is no larger than the image, and its border pixels are gone. Zeros "
        "belong around the image, not on it.",
    ),
    Misconception(
        "slice_to_minus_padding",
        slice_to_minus_padding,
        title="A padding of 0 is forgotten",
        symptom="Right for every padding but 0; there, NumPy cannot broadcast.",
        hint="Your function fails when the padding is 0. What does a slice such as `a[0:-0]` give?",
    ),
    Misconception(
        "frame_of_height_and_width",
        frame_of_height_and_width,
        title="Height and width are exchanged",
        symptom="Square images work, all others stop with an error about shapes.",
        hint="Square images work. Does the height of your array of zeros come from the height of "
        "the image?",
        catalog_number=7,
    ),
    Misconception(
        "batch_of_one",
        batch_of_one,
        title="The first image is copied into all",
        symptom="All images of the batch come back equal.",
        hint="All images of your result are the first one. Which axis counts the images?",
        catalog_number=15,
    ),
)


# Alternatives


def pad2d_numpy(x: Array, padding: int) -> Array:
    """Use NumPy's function."""
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def pad2d_loops(x: Array, padding: int) -> Array:
    """Copy number by number."""
    n, c, h, w = x.shape
    padded = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    for place in np.ndindex(n, c, h, w):
        image, channel, row, column = place
        padded[image, channel, row + padding, column + padding] = x[place]
    return padded


def pad2d_concatenated(x: Array, padding: int) -> Array:
    """Glue strips of zeros to the sides."""
    side = np.zeros((*x.shape[:3], padding))
    wide = np.concatenate([side, x, side], axis=3)
    strip = np.zeros((*wide.shape[:2], padding, wide.shape[3]))
    return np.concatenate([strip, wide, strip], axis=2)


def pad2d_image_by_image(x: Array, padding: int) -> Array:
    """Pad every channel of its own, in float32."""
    return np.array([[np.pad(channel, padding) for channel in image] for image in x], np.float32)


def pad2d_negative_end(x: Array, padding: int) -> Array:
    """Slice from the end, with the padding of 0 apart."""
    if padding == 0:
        return x.copy()
    height, width = (side + 2 * padding for side in x.shape[2:])
    padded = np.zeros((*x.shape[:2], height, width), dtype=x.dtype)
    padded[..., padding:-padding, padding:-padding] = x
    return padded


ALTERNATIVES = (
    pad2d_numpy,
    pad2d_loops,
    pad2d_concatenated,
    pad2d_image_by_image,
    pad2d_negative_end,
)

STYLES = (
    Style(
        pad2d_numpy,
        "Shortest: NumPy has the function; each axis gets what stands before and behind it.",
    ),
    Style(
        pad2d_concatenated,
        "Without indices: strips of zeros are glued to the sides, then above and below.",
    ),
)


PROBLEM = Problem(
    pad2d,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "padding"},
    styles=STYLES,
)
