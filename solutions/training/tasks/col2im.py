"""The task ``col2im``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.training.frames import zero_framed
from solutions.training.tasks.im2col import im2col


def col2im(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Add every column of a matrix back to the pixels that it was copied from.

    columns: matrix of shape (C * HH * WW, N * H' * W'), ordered as by im2col.
    shape: shape (N, C, H, W) of the images.
    height, width, stride, padding: as in im2col.
    Returns shape (N, C, H, W): each pixel gets the sum of all entries that im2col copies
    from it. What belongs to the padding is dropped.
    """
    ### BEGIN SOLUTION
    images, channels, image_height, image_width = shape
    rows = (image_height + 2 * padding - height) // stride + 1
    across = (image_width + 2 * padding - width) // stride + 1
    windows = columns.reshape(channels, height, width, images, rows, across)
    padded = np.zeros(
        (images, channels, image_height + 2 * padding, image_width + 2 * padding),
        dtype=columns.dtype,
    )
    for a in range(height):
        for b in range(width):
            down, right = slice(a, a + stride * rows, stride), slice(b, b + stride * across, stride)
            padded[:, :, down, right] += windows[:, a, b].transpose(1, 0, 2, 3)
    return padded[:, :, padding : padding + image_height, padding : padding + image_width]
    ### END SOLUTION


# Cases

WORKED_COLUMNS = np.array([[1.0, 2, 3, 4], [10, 20, 30, 40], [5, 6, 7, 8], [50, 60, 70, 80]])
"""The examples that the exercise computes by hand."""


def _columns(
    rng: Random, shape: tuple[int, ...], height: int, width: int, stride: int, padding: int
) -> dict[str, Value]:
    """Draw a matrix as large as im2col makes it from images of the given shape."""
    size = im2col(np.zeros(shape), height, width, stride, padding).shape
    return {
        "columns": quarters(rng, *size),
        "shape": shape,
        "height": height,
        "width": width,
        "stride": stride,
        "padding": padding,
    }


def cases(rng: Random) -> list[Case]:
    """The worked example, then one new thing at a time."""
    worked = {
        "columns": WORKED_COLUMNS,
        "shape": (1, 1, 3, 3),
        "height": 2,
        "width": 2,
        "stride": 1,
        "padding": 0,
    }
    return [
        Case("the worked example", worked),
        Case("windows that do not overlap", _columns(rng, (1, 1, 4, 6), 2, 3, 3, 0)),
        Case("three channels", _columns(rng, (1, 3, 3, 4), 2, 2, 1, 0)),
        Case("two images", _columns(rng, (2, 1, 4, 3), 3, 2, 1, 0)),
        Case("stride 2", _columns(rng, (1, 2, 5, 8), 3, 3, 2, 0)),
        Case("padding 1", _columns(rng, (1, 2, 3, 4), 3, 3, 1, 1)),
        Case("all at once, padding 2", _columns(rng, (3, 2, 5, 4), 3, 2, 3, 2)),
        Case("tiles of two images", _columns(rng, (2, 1, 4, 4), 2, 2, 2, 0)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("windows of one pixel, padding 1", _columns(rng, (2, 3, 3, 2), 1, 1, 1, 1)),
        Case("stride larger than the window", _columns(rng, (2, 2, 7, 8), 2, 1, 3, 1)),
        Case("larger images", _columns(rng, (2, 3, 7, 5), 3, 2, 2, 1)),
        Case("larger images without padding", _columns(rng, (2, 2, 7, 6), 3, 4, 2, 0)),
    ]


# Misconceptions


def _geometry(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> tuple[Array, Array, int, int]:
    """Return the columns with their six axes apart, an empty padded batch, H' and W'."""
    images, channels, image_height, image_width = shape
    rows = (image_height + 2 * padding - height) // stride + 1
    across = (image_width + 2 * padding - width) // stride + 1
    windows = columns.reshape(channels, height, width, images, rows, across)
    side = image_height + 2 * padding, image_width + 2 * padding
    return windows, np.zeros((images, channels, *side)), rows, across


def _added_up(
    columns: Array,
    shape: Sequence[int],
    height: int,
    width: int,
    stride: int,
    padding: int,
    put: Callable[[Array, Array], object] = lambda place, window: np.add(place, window, out=place),
    step: int | None = None,
    images: Callable[[int], int] = lambda n: n,
    skip: int = 0,
) -> Array:
    """Put window by window into the padded batch, and return it uncropped.

    ``put`` says how a window meets what is there, ``step`` replaces the stride, ``images`` says
    which image gets what belongs to image n, ``skip`` leaves out the last windows.
    """
    windows, padded, rows, across = _geometry(columns, shape, height, width, stride, padding)
    step = stride if step is None else step
    for n in range(shape[0]):
        for i in range(rows - skip):
            for j in range(across - skip):
                top, left = i * step, j * step
                place = padded[images(n), :, top : top + height, left : left + width]
                put(place, windows[:, :, :, n, i, j])
    return padded


def _cropped(padded: Array, shape: Sequence[int], padding: int) -> Array:
    return padded[:, :, padding : padding + shape[2], padding : padding + shape[3]]


def _put(place: Array, window: Array) -> None:
    place[...] = window


def overwritten(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Write windows over each other instead of adding them."""
    padded = _added_up(columns, shape, height, width, stride, padding, put=_put)
    return _cropped(padded, shape, padding)


def averaged(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Divide by the number of windows, so that the images come back."""
    total = col2im(columns, shape, height, width, stride, padding)
    looks = col2im(np.ones_like(columns), shape, height, width, stride, padding)
    mean: Array = total / np.maximum(looks, 1)
    return mean


def placed_without_stride(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Put window i into row i."""
    padded = _added_up(columns, shape, height, width, stride, padding, step=1)
    return _cropped(padded, shape, padding)


def all_into_the_first(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Add the windows of all images to the first one."""
    padded = _added_up(columns, shape, height, width, stride, padding, images=lambda n: 0)
    return _cropped(padded, shape, padding)


def last_windows_left_out(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """End the loops over the positions one too early."""
    padded = _added_up(columns, shape, height, width, stride, padding, skip=1)
    return _cropped(padded, shape, padding)


def _from_other_order(
    columns: Array,
    shape: Sequence[int],
    height: int,
    width: int,
    stride: int,
    padding: int,
    axes: Sequence[int],
) -> Array:
    """Take the six axes of the columns to be in another order.

    axes: for each axis of (C, HH, WW, N, H', W'), where the wrong reading has it.
    """
    windows, _, _, _ = _geometry(columns, shape, height, width, stride, padding)
    order = np.argsort(axes)
    read = columns.reshape([windows.shape[axis] for axis in order]).transpose(axes)
    return col2im(read.reshape(columns.shape), shape, height, width, stride, padding)


MISCONCEPTIONS = (
    Misconception(
        "overwritten",
        overwritten,
        title="Overlapping windows overwrite each other",
        symptom="It works where the windows do not overlap.",
        hint="Where windows overlap, only the last one is left. What should a pixel get that "
        "lies in several windows?",
        catalog_number=36,
        section="backprop/One weight, used twice",
    ),
    Misconception(
        "averaged",
        averaged,
        title="The mean instead of the sum",
        symptom="Pixels that lie in several windows are too small.",
        hint="You divide by the number of windows. That brings the images back, but gradients of "
        "a pixel that is used several times add up.",
    ),
    Misconception(
        "not_cropped",
        lambda columns, shape, height, width, stride, padding: _added_up(
            columns, shape, height, width, stride, padding
        ),
        title="The padding is still there",
        symptom="The result is larger than the images as soon as the padding is not 0.",
        hint="Your result still has its border of padding. The images had none.",
        catalog_number=38,
    ),
    Misconception(
        "cropped_at_the_end",
        lambda columns, shape, height, width, stride, padding: _added_up(
            columns, shape, height, width, stride, padding
        )[:, :, : shape[2], : shape[3]],
        title="The border is cut off at one end only",
        symptom="The shape is right; everything is shifted by the padding.",
        hint="The shape is right, but all is shifted by the padding. Where does the image begin "
        "inside the padded one?",
        catalog_number=39,
    ),
    Misconception(
        "cropped_by_minus_padding",
        lambda columns, shape, height, width, stride, padding: _added_up(
            columns, shape, height, width, stride, padding
        )[:, :, padding:-padding, padding:-padding],
        title="A crop that is empty without padding",
        symptom="It works with padding; without padding nothing is left.",
        hint="Without padding nothing is left of your images. What is `a[0:-0]`?",
        catalog_number=40,
    ),
    Misconception(
        "one_pixel_cropped",
        lambda columns, shape, height, width, stride, padding: _added_up(
            columns, shape, height, width, stride, padding
        )[:, :, 1:-1, 1:-1],
        title="One pixel is cut off, whatever the padding",
        symptom="It works for padding 1 only.",
        hint="You always cut off one pixel on each side. How wide is the border?",
    ),
    Misconception(
        "placed_without_stride",
        placed_without_stride,
        title="Windows are put back one pixel apart, whatever the stride",
        symptom="Stride 1 works; with a larger stride all lies at the top left.",
        hint="Your windows are put back too close together. In which row did window i begin?",
        catalog_number=37,
    ),
    Misconception(
        "images_innermost",
        lambda columns, shape, height, width, stride, padding: _from_other_order(
            columns, shape, height, width, stride, padding, (0, 1, 2, 5, 3, 4)
        ),
        title="The images are taken to alternate",
        symptom="One image works, several images fail.",
        hint="You read neighboring columns as different images. In which order did im2col write "
        "the columns?",
    ),
    Misconception(
        "positions_column_by_column",
        lambda columns, shape, height, width, stride, padding: _from_other_order(
            columns, shape, height, width, stride, padding, (0, 1, 2, 3, 5, 4)
        ),
        title="The positions are taken to run down the image first",
        symptom="It fails where there are several rows and columns of windows.",
        hint="You go through the positions down the image first. In which order did im2col write "
        "the columns?",
    ),
    Misconception(
        "channels_last",
        lambda columns, shape, height, width, stride, padding: _from_other_order(
            columns, shape, height, width, stride, padding, (2, 0, 1, 3, 4, 5)
        ),
        title="The channels of a pixel are taken to stand together",
        symptom="One channel works, several channels fail.",
        hint="Down a column you read the channels of one pixel together. In which order did im2col "
        "write them?",
        catalog_number=47,
    ),
    Misconception(
        "windows_transposed",
        lambda columns, shape, height, width, stride, padding: _from_other_order(
            columns, shape, height, width, stride, padding, (0, 2, 1, 3, 4, 5)
        ),
        title="Each window is filled column by column",
        symptom="Windows of one row or one column work, all others fail.",
        hint="You fill each window column by column. How does `ravel` unroll a window?",
    ),
    Misconception(
        "reshaped_only",
        lambda columns, shape, height, width, stride, padding: _from_other_order(
            columns, shape, height, width, stride, padding, (3, 4, 5, 0, 1, 2)
        ),
        title="`reshape` where axes have to be exchanged",
        symptom="The shape is right and the numbers are scrambled.",
        hint="All is scrambled: you read the matrix as if each window lay in a row. `reshape` "
        "keeps the order in memory.",
        catalog_number=20,
    ),
    Misconception(
        "all_into_the_first",
        all_into_the_first,
        title="All images are added to the first",
        symptom="The first image is too large, the others are 0.",
        hint="Everything ends up in your first image. Which part of your code depends on n?",
    ),
    Misconception(
        "last_windows_left_out",
        last_windows_left_out,
        title="The last windows are left out",
        symptom="What lies in the last row or column of windows is missing.",
        hint="The last row and the last column of windows are missing. Where do your loops end?",
    ),
)


# Alternatives


def col2im_window_by_window(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Take the columns one after the other and add each to its window."""
    images, channels, image_height, image_width = shape
    framed = zero_framed(np.zeros(tuple(shape)), padding)
    position = 0
    for n in range(images):
        for top in range(0, image_height + 2 * padding - height + 1, stride):
            for left in range(0, image_width + 2 * padding - width + 1, stride):
                window = columns[:, position].reshape(channels, height, width)
                framed[n, :, top : top + height, left : left + width] += window
                position += 1
    end = -padding if padding else None
    return framed[:, :, padding:end, padding:end]


def col2im_number_by_number(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Add single numbers, and leave out those of the padding."""
    images, channels, image_height, image_width = shape
    rows = 1 + (image_height + 2 * padding - height) // stride
    across = 1 + (image_width + 2 * padding - width) // stride
    x = np.zeros(tuple(shape))
    for line, column in np.ndindex(*columns.shape):
        c, a, b = np.unravel_index(line, (channels, height, width))
        n, i, j = np.unravel_index(column, (images, rows, across))
        y, z = i * stride + a - padding, j * stride + b - padding
        if 0 <= y < image_height and 0 <= z < image_width:
            x[n, c, y, z] += columns[line, column]
    return x


def col2im_add_at(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Add to indices that may repeat."""
    images, channels, image_height, image_width = shape
    framed = zero_framed(np.zeros(tuple(shape)), padding)
    rows = (framed.shape[2] - height) // stride + 1
    across = (framed.shape[3] - width) // stride + 1
    c, a, b = (axis.reshape(-1, 1) for axis in np.indices((channels, height, width)))
    n, i, j = (axis.reshape(1, -1) for axis in np.indices((images, rows, across)))
    np.add.at(framed, (n, c, stride * i + a, stride * j + b), columns)
    return framed[:, :, padding : image_height + padding, padding : image_width + padding]


def col2im_counted(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Send numbered pixels through im2col, and count with weights where each number ends up."""
    size = int(np.prod(shape))
    numbered = np.arange(1.0, size + 1).reshape(tuple(shape))
    places = im2col(numbered, height, width, stride, padding).astype(int)
    sums: Array = np.bincount(places.ravel(), columns.ravel(), size + 1).astype(float)
    return sums[1:].reshape(tuple(shape))


def col2im_as_transposed_matrix(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Write im2col of one channel as a matrix of zeros and ones, and apply its transpose."""
    images, channels, image_height, image_width = shape
    units = np.eye(image_height * image_width).reshape(-1, 1, image_height, image_width)
    unrolled = im2col(units, height, width, stride, padding)
    positions = unrolled.shape[1] // len(units)
    matrix = unrolled.reshape(height * width, len(units), positions)
    parts = columns.reshape(channels, height * width, images, positions)
    result: Array = np.einsum("kup,ckbp->bcu", matrix, parts).reshape(tuple(shape))
    return result


def col2im_float32(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Compute in single precision."""
    return col2im(columns.astype(np.float32), shape, height, width, stride, padding)


ALTERNATIVES = (
    col2im_window_by_window,
    col2im_number_by_number,
    col2im_add_at,
    col2im_counted,
    col2im_as_transposed_matrix,
    col2im_float32,
)

STYLES = (
    Style(
        col2im_number_by_number,
        "Clearest: the line says where in the window, the column says which window, and the sum "
        "follows.",
    ),
    Style(
        col2im_counted,
        "No loop: numbered pixels go through `im2col`, and `np.bincount` adds what belongs "
        "together.",
    ),
)


PROBLEM = Problem(
    col2im,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "uses"},
    styles=STYLES,
)
