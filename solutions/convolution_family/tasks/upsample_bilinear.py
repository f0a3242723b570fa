"""The task ``upsample_bilinear``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array, Shape


def upsample_bilinear(x: Array, new_height: int, new_width: int, align_corners: bool) -> Array:
    """Return images of another size, with values in between by linear interpolation.

    x: images, shape (N, C, H, W).
    new_height, new_width: size of the result, at least 2 each.
    align_corners: whether the middles of the corner pixels of both sizes lie upon each
        other (True), or the outer edges of both images (False).
    Outside of the middles of the outermost pixels, the value of the border goes on.
    Returns shape (N, C, new_height, new_width).
    """
    ### BEGIN SOLUTION
    for axis, new in ((2, new_height), (3, new_width)):
        old = x.shape[axis]
        if align_corners:
            places = np.arange(new) * (old - 1) / (new - 1)
        else:
            places = (np.arange(new) + 0.5) * old / new - 0.5
        places = np.clip(places, 0, old - 1)
        before = np.floor(places).astype(int)
        after = np.minimum(before + 1, old - 1)
        share = (places - before).reshape((new, 1) if axis == 2 else (1, new))
        x = (1 - share) * x.take(before, axis) + share * x.take(after, axis)
    return x
    ### END SOLUTION


# Cases. The sizes are such that all shares are fractions of a power of two, which are exact.


def _images(rng: Random, shape: Shape) -> Array:
    """Draw images whose neighbors all differ."""
    rows, columns = np.indices(shape[2:])
    pattern: Array = 4.0 * ((rows + columns) % 2) + rows + 2 * columns
    return quarters(rng, *shape, low=-1, high=1) + pattern


def _case(
    rng: Random, name: str, shape: Shape, size: tuple[int, int], *, align_corners: bool
) -> Case:
    arguments: dict[str, Value] = {
        "x": _images(rng, shape),
        "new_height": size[0],
        "new_width": size[1],
        "align_corners": align_corners,
    }
    return Case(name, arguments)


WORKED_ROWS: dict[str, Value] = {
    "x": np.array([[[[0.0, 8], [4, 12]]]]),
    "new_height": 2,
    "new_width": 4,
    "align_corners": False,
}
"""The example that the exercise computes by hand."""


def cases(rng: Random) -> list[Case]:
    """The worked example, each rule alone, several images, and sizes that are no multiples."""
    return [
        Case("the worked example", WORKED_ROWS),
        _case(rng, "twice as large", (1, 1, 2, 3), (4, 6), align_corners=False),
        _case(rng, "corners aligned", (1, 1, 3, 2), (5, 3), align_corners=True),
        _case(rng, "two images, three channels", (2, 3, 3, 2), (6, 8), align_corners=False),
        _case(rng, "corners aligned, wider", (2, 1, 2, 3), (5, 9), align_corners=True),
        _case(rng, "not a whole factor", (1, 2, 3, 6), (4, 8), align_corners=False),
        _case(rng, "corners aligned, four to five", (1, 2, 4, 2), (5, 5), align_corners=True),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes; a smaller one."""
    return [
        _case(rng, "four times as large", (2, 2, 2, 3), (8, 12), align_corners=False),
        _case(rng, "corners aligned, larger", (1, 3, 5, 3), (9, 17), align_corners=True),
        _case(rng, "six to four", (1, 1, 6, 3), (4, 8), align_corners=False),
        _case(rng, "a single row", (1, 2, 1, 4), (3, 8), align_corners=False),
    ]


# Misconceptions

Places = Callable[[int, int, bool], Array]


def _places(old: int, new: int, align_corners: bool) -> Array:
    """Return where new pixels lie among the old ones, not cut off at the border."""
    if align_corners:
        return np.arange(new) * (old - 1) / (new - 1)
    return (np.arange(new) + 0.5) * old / new - 0.5


def _along(x: Array, axis: int, places: Array, *, exchanged: bool = False) -> Array:
    """Interpolate along one axis, at any places; beyond the border its value goes on."""
    old = x.shape[axis]
    places = np.clip(places, 0, old - 1)
    before = np.floor(places).astype(int)
    after = np.minimum(before + 1, old - 1)
    share = np.expand_dims(places - before, tuple(n for n in range(4) if n != axis))
    if exchanged:
        share = 1 - share
    result: Array = (1 - share) * x.take(before, axis) + share * x.take(after, axis)
    return result


def _at(places: Places) -> Callable[..., Array]:
    """Return a wrong function that interpolates at other places."""

    def wrong(x: Array, new_height: int, new_width: int, align_corners: bool) -> Array:
        rows = _along(x, 2, places(x.shape[2], new_height, align_corners))
        return _along(rows, 3, places(x.shape[3], new_width, align_corners))

    return wrong


def _half_pixel_forgotten(old: int, new: int, align_corners: bool) -> Array:
    return _places(old, new, True) if align_corners else np.arange(new) * old / new


def _sizes_for_gaps(old: int, new: int, align_corners: bool) -> Array:
    return np.arange(new) * old / new if align_corners else _places(old, new, False)


def nearest(x: Array, new_height: int, new_width: int, align_corners: bool) -> Array:
    """Take the pixel that lies nearest."""
    for axis, new in ((2, new_height), (3, new_width)):
        places = np.clip(_places(x.shape[axis], new, align_corners), 0, x.shape[axis] - 1)
        x = x.take(np.floor(places + 0.5).astype(int), axis)
    return x


def pixel_before(x: Array, new_height: int, new_width: int, align_corners: bool) -> Array:
    """Take the pixel before, and leave out the interpolation."""
    for axis, new in ((2, new_height), (3, new_width)):
        places = np.clip(_places(x.shape[axis], new, align_corners), 0, x.shape[axis] - 1)
        x = x.take(np.floor(places).astype(int), axis)
    return x


def wrapped_around(x: Array, new_height: int, new_width: int, align_corners: bool) -> Array:
    """Leave places below 0 as they are: position -1 is the last pixel."""
    for axis, new in ((2, new_height), (3, new_width)):
        places = _places(x.shape[axis], new, align_corners)
        before = np.floor(places).astype(int)
        after = np.minimum(before + 1, x.shape[axis] - 1)
        share = np.expand_dims(places - before, tuple(n for n in range(4) if n != axis))
        x = (1 - share) * x.take(before, axis) + share * x.take(after, axis)
    return x


def line_continued(x: Array, new_height: int, new_width: int, align_corners: bool) -> Array:
    """Let the line between the first two pixels go on before the first."""
    for axis, new in ((2, new_height), (3, new_width)):
        places = _places(x.shape[axis], new, align_corners)
        before = np.clip(np.floor(places).astype(int), 0, x.shape[axis] - 1)
        after = np.minimum(before + 1, x.shape[axis] - 1)
        share = np.expand_dims(places - before, tuple(n for n in range(4) if n != axis))
        x = (1 - share) * x.take(before, axis) + share * x.take(after, axis)
    return x


def zeros_around(x: Array, new_height: int, new_width: int, align_corners: bool) -> Array:
    """Let the image end in zeros."""
    framed = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows = _along(framed, 2, _places(x.shape[2], new_height, align_corners) + 1)
    return _along(rows, 3, _places(x.shape[3], new_width, align_corners) + 1)


def sides_exchanged(x: Array, new_height: int, new_width: int, align_corners: bool) -> Array:
    """Take height for width."""
    return upsample_bilinear(x, new_width, new_height, align_corners)


MISCONCEPTIONS = (
    Misconception(
        "always_edges",
        lambda x, new_height, new_width, align_corners: upsample_bilinear(
            x, new_height, new_width, False
        ),
        title="`align_corners` is ignored",
        symptom="Right where it is False.",
        hint="Your result is the same with and without aligned corners. Where do the corner pixels "
        "lie in each of the two?",
    ),
    Misconception(
        "always_corners",
        lambda x, new_height, new_width, align_corners: upsample_bilinear(
            x, new_height, new_width, True
        ),
        title="The corners are always aligned",
        symptom="Right where `align_corners` is True.",
        hint="Your corner pixels always keep their values. If the edges of the images coincide: "
        "where does the middle of the first new pixel lie?",
    ),
    Misconception(
        "half_pixel_forgotten",
        _at(_half_pixel_forgotten),
        title="The middle of a pixel is taken for its edge",
        symptom="Without aligned corners, the result is shifted up and to the left.",
        hint="Without aligned corners your result is shifted up and to the left. A pixel's middle "
        "is half a pixel from its edge, in both sizes.",
    ),
    Misconception(
        "sizes_for_gaps",
        _at(_sizes_for_gaps),
        title="Pixels are counted instead of the gaps between them",
        symptom="With aligned corners, the last row and column are not those of the image.",
        hint="With aligned corners, your last corner is not the image's. How many steps are there "
        "from the first of five pixels to the last?",
    ),
    Misconception(
        "nearest",
        nearest,
        title="The nearest pixel",
        symptom="No value lies between those of the image.",
        hint="Each of your values is already in the image: you take the nearest pixel. What "
        "lies halfway between 0 and 8?",
    ),
    Misconception(
        "pixel_before",
        pixel_before,
        title="The pixel before",
        symptom="No value lies between those of the image.",
        hint="You take the pixel before and drop the fraction of the place. What does this "
        "fraction say?",
    ),
    Misconception(
        "wrapped_around",
        wrapped_around,
        title="The last pixel comes before the first",
        symptom="The first row and the first column are wrong where `align_corners` is False.",
        hint="Your first row and column mix in the other end of the image. Which pixel is `x[-1]`?",
    ),
    Misconception(
        "line_continued",
        line_continued,
        title="The line goes on beyond the first pixel",
        symptom="The first row and the first column leave the range of the image.",
        hint="Before the middle of the first pixel your values go on in the direction of the line, "
        "even below 0. Can a share be negative?",
    ),
    Misconception(
        "zeros_around",
        zeros_around,
        title="The image ends in zeros",
        symptom="The border is too dark where `align_corners` is False.",
        hint="Your border is mixed with zeros. Which value goes on beyond the middle of the "
        "outermost pixel?",
    ),
    Misconception(
        "shares_exchanged",
        lambda x, new_height, new_width, align_corners: _along(
            _along(x, 2, _places(x.shape[2], new_height, align_corners), exchanged=True),
            3,
            _places(x.shape[3], new_width, align_corners),
            exchanged=True,
        ),
        title="The farther pixel gets the larger share",
        symptom="Within each step the values run backward.",
        hint="Between two pixels your values run backward. At the place 2.25, which share does "
        "pixel 2 get?",
    ),
    Misconception(
        "rows_only",
        lambda x, new_height, new_width, align_corners: nearest(
            _along(x, 2, _places(x.shape[2], new_height, align_corners)),
            new_height,
            new_width,
            align_corners,
        ),
        title="Interpolated downward only",
        symptom="To the right, the nearest pixel is repeated.",
        hint="You interpolate downward, but not to the right. A value lies between four pixels.",
    ),
    Misconception(
        "sides_exchanged",
        sides_exchanged,
        title="Height and new_width are exchanged",
        symptom="The result lies on its side.",
        hint="Your result is as high as it should be wide. Which axis of x is the height?",
        catalog_number=7,
    ),
    Misconception(
        "first_image_for_all",
        lambda x, new_height, new_width, align_corners: np.repeat(
            upsample_bilinear(x[:1], new_height, new_width, align_corners), len(x), axis=0
        ),
        title="The first image answers for all",
        symptom="All images of the batch come out alike.",
        hint="All images of your batch are alike. Which one do you read?",
        catalog_number=15,
    ),
    Misconception(
        "first_channel_for_all",
        lambda x, new_height, new_width, align_corners: np.repeat(
            upsample_bilinear(x[:, :1], new_height, new_width, align_corners), x.shape[1], axis=1
        ),
        title="The first channel answers for all",
        symptom="All channels come out alike.",
        hint="All your channels are alike. Which one do you read?",
        catalog_number=14,
    ),
)


# Alternatives


def upsample_with_interp(x: Array, new_height: int, new_width: int, align_corners: bool) -> Array:
    """Let `np.interp` draw the lines, along the columns and then along the rows."""

    def stretched(line: Array, new: int) -> Array:
        step = len(line) / new
        places = step * np.arange(new) + (step - 1) / 2
        if align_corners:
            places = np.arange(new) * (len(line) - 1) / (new - 1)
        values: Array = np.interp(places, np.arange(len(line)), line)
        return values

    rows = np.apply_along_axis(stretched, 2, x, new_height)
    return np.apply_along_axis(stretched, 3, rows, new_width)


def upsample_with_matrices(x: Array, new_height: int, new_width: int, align_corners: bool) -> Array:
    """Write each axis as a matrix of shares."""

    def shares(old: int, new: int) -> Array:
        t = np.arange(new)
        places = (
            t * ((old - 1) / (new - 1)) if align_corners else (2 * t + 1) * old / (2 * new) - 0.5
        )
        distance = np.abs(places.clip(0, old - 1)[:, None] - np.arange(old))
        weights: Array = np.maximum(0, 1 - distance)
        return weights

    down, across = shares(x.shape[2], new_height), shares(x.shape[3], new_width)
    return down @ x @ across.T


def upsample_pixel_by_pixel(
    x: Array, new_height: int, new_width: int, align_corners: bool
) -> Array:
    """Mix four neighbors for each new pixel."""
    images, channels, rows, columns = x.shape

    def place(n: int, old: int, new: int) -> float:
        if align_corners:
            return n * (old - 1) / (new - 1)
        return min(max((n + 0.5) * old / new - 0.5, 0.0), old - 1.0)

    out = np.zeros((images, channels, new_height, new_width))
    for i in range(new_height):
        for j in range(new_width):
            y, z = place(i, rows, new_height), place(j, columns, new_width)
            top, left = int(y), int(z)
            below, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            dy, dz = y - top, z - left
            upper = (1 - dz) * x[:, :, top, left] + dz * x[:, :, top, right]
            lower = (1 - dz) * x[:, :, below, left] + dz * x[:, :, below, right]
            out[:, :, i, j] = (1 - dy) * upper + dy * lower
    return out


def upsample_einsum(x: Array, new_height: int, new_width: int, align_corners: bool) -> Array:
    """Fill the matrices of shares entry by entry, and sum over both axes at once."""
    matrices = []
    for old, new in ((x.shape[2], new_height), (x.shape[3], new_width)):
        matrix = np.zeros((new, old))
        for n in range(new):
            place = n * (old - 1) / (new - 1) if align_corners else (n + 0.5) * old / new - 0.5
            place = max(0.0, min(place, old - 1))
            matrix[n, int(place)] += 1 - place % 1
            matrix[n, min(int(place) + 1, old - 1)] += place % 1
        matrices.append(matrix)
    result: Array = np.einsum("hi,ncij,wj->nchw", matrices[0], x, matrices[1])
    return result


ALTERNATIVES = (
    upsample_with_interp,
    upsample_with_matrices,
    upsample_pixel_by_pixel,
    upsample_einsum,
)

STYLES = (
    Style(
        upsample_with_matrices,
        "Interpolation is linear: a matrix for each axis, with the share that each old pixel has.",
    ),
    Style(
        upsample_with_interp,
        "Shortest: `np.interp` draws straight lines, and lets the border's value go on.",
    ),
)


PROBLEM = Problem(
    upsample_bilinear,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    styles=STYLES,
)
