"""The task ``max_pool_backward``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.problems import Case, Misconception, Problem, Random, Style
from autograder.values import Value
from solutions.arrays import Array
from solutions.backprop.gradients import WORKED_POOL, drawn_nonzero, places, positions


def max_pool_backward(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Return the gradient of max pooling with respect to its input.

    dout: upstream gradient, shape (N, C, H', W').
    x: input of the layer, shape (N, C, H, W).
    size: height and width of the windows.
    stride: distance from one window to the next.
    Where several elements of a window are largest, the first of them in reading order (row by
    row, from left to right) gets the whole gradient of that window.
    Returns dx, shape (N, C, H, W).
    """
    ### BEGIN SOLUTION
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + size, left : left + size]
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + row, left + column] += dout[n, c, i, j]
    return dx
    ### END SOLUTION


# Cases


def _distinct(rng: Random, *shape: int) -> np.ndarray:
    """Draw multiples of 1/4 around zero, no two of them equal."""
    count = int(np.prod(shape))
    return (rng.permutation(count).reshape(shape) - count // 2) / 4.0


def _arguments(rng: Random, x: np.ndarray, size: int, stride: int) -> dict[str, Value]:
    places = [positions(side, size, stride) for side in x.shape[2:]]
    dout = drawn_nonzero(rng, *x.shape[:2], *places)
    return {"dout": dout, "x": x, "size": size, "stride": stride}


def _ties(rng: Random, *shape: int) -> np.ndarray:
    """Draw numbers as after ReLU: many zeros, and few different values above."""
    x: np.ndarray = np.maximum(rng.integers(-3, 3, size=shape), 0) / 2.0
    x[0, 0, :3, :3] = 0.0
    return x


def cases(rng: Random) -> list[Case]:
    """The worked example, then overlap, depth, gaps, equal maxima and negative numbers."""
    worked = {
        "dout": np.array([[[[10.0, 20], [30, 40]]]]),
        "x": WORKED_POOL[None, None],
        "size": 2,
        "stride": 2,
    }
    return [
        Case("the worked example", worked),
        Case(
            "windows that overlap",
            _arguments(rng, _distinct(rng, 1, 1, 5, 7), 3, 2),
            finds=("maximum_overwritten", "window_overwritten", "size_for_stride"),
        ),
        Case("two images, three channels", _arguments(rng, _distinct(rng, 2, 3, 2, 4), 2, 2)),
        Case("windows with gaps between them", _arguments(rng, _distinct(rng, 1, 2, 6, 9), 2, 3)),
        Case(
            "equal maxima",
            _arguments(rng, _ties(rng, 1, 2, 5, 7), 3, 2),
            finds=("maximum_overwritten", "window_overwritten"),
        ),
        Case(
            "all numbers below zero",
            _arguments(rng, _distinct(rng, 1, 1, 4, 6) - 9, 2, 2),
            finds=("row_and_column_exchanged",),
        ),
        Case("two tall images", _arguments(rng, _distinct(rng, 2, 2, 5, 4), 2, 2)),
        Case(
            "three images of one window",
            _arguments(rng, _distinct(rng, 3, 1, 2, 3), 2, 2),
            finds=("row_and_column_exchanged", "maximum_of_first_image"),
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case(
            "stride 1",
            _arguments(rng, _distinct(rng, 2, 1, 5, 4), 3, 1),
            finds=("maximum_of_first_image",),
        ),
        Case("two images that overlap", _arguments(rng, _distinct(rng, 2, 2, 7, 5), 3, 2)),
        Case(
            "one window",
            _arguments(rng, _distinct(rng, 1, 2, 3, 3), 3, 1),
            finds=("row_and_column_exchanged",),
        ),
        Case("equal maxima, two images", _arguments(rng, _ties(rng, 2, 2, 6, 5), 2, 1)),
    ]


# Misconceptions


def _max_mask(window: Array) -> Array:
    """Return ones where the window is largest."""
    mask: Array = (window == window.max()).astype(float)
    return mask


def _last_mask(window: Array) -> Array:
    mask = np.zeros(window.size)
    mask[window.size - 1 - window.ravel()[::-1].argmax()] = 1
    return mask.reshape(window.shape)


def _first_mask(window: Array) -> Array:
    return _last_mask(window[::-1, ::-1])[::-1, ::-1]


def _max_pool(
    dout: Array,
    x: Array,
    size: int,
    stride: int,
    mask: Callable[[Array], Array],
    overwrite: bool = False,
) -> Array:
    """Pass each upstream number on as mask(window) says; with ``overwrite`` it is not added."""
    dx = np.zeros(x.shape)
    for image, at, area in places(dout, size, stride):
        part = dout[at] * mask(x[image][area])
        dx[image][area] = part if overwrite else dx[image][area] + part
    return dx


def maximum_overwritten(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Write `=` where `+=` is meant, at the largest element."""
    dx = np.zeros(x.shape)
    for image, at, area in places(dout, size, stride):
        dx[image][area][_first_mask(x[image][area]) > 0] = dout[at]
    return dx


def place_in_the_window(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Take the position in the window for the position in the picture."""
    dx = np.zeros(x.shape)
    for image, at, area in places(dout, size, stride):
        dx[image][:size, :size] += dout[at] * _first_mask(x[image][area])
    return dx


def largest_of_all_channels(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Look for the maximum in the windows of all channels together."""
    dx = np.zeros(x.shape)
    for (n, c), at, area in places(dout, size, stride):
        windows = x[n][:, *area]
        channel, row, column = np.unravel_index(windows.argmax(), windows.shape)
        if channel == c:
            dx[n, c][area][row, column] += dout[at]
    return dx


def maximum_of_first_image(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Look for the maxima in the first image only."""
    first = np.broadcast_to(x[:1], x.shape)
    return max_pool_backward(dout, first, size, stride)


def pool_size_for_stride(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Move the window by its own size."""
    return max_pool_backward(dout, x, size, size)


def max_pool_sides_exchanged(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Read the width of dout first, then the height."""
    dx = np.zeros(x.shape)
    images, channels, width, height = dout.shape
    for n, c, i, j in np.ndindex(images, channels, height, width):
        area = slice(i * stride, i * stride + size), slice(j * stride, j * stride + size)
        dx[n, c][area] += dout[n, c, i, j] * _first_mask(x[n, c][area])
    return dx


MISCONCEPTIONS = (
    Misconception(
        "all_ties",
        lambda dout, x, size, stride: _max_pool(dout, x, size, stride, _max_mask),
        title="All equal maxima get the gradient",
        symptom="`dx` adds up to more than `dout`, where a window has several maxima.",
        hint="Where a window has several equal maxima, each of them gets the whole gradient, and "
        "the sum grows. Which one gets it in this task?",
        catalog_number=26,
    ),
    Misconception(
        "ties_share",
        lambda dout, x, size, stride: _max_pool(
            dout, x, size, stride, lambda window: _max_mask(window) / _max_mask(window).sum()
        ),
        title="Equal maxima share the gradient",
        symptom="Fractions of the upstream gradient, where a window has several maxima.",
        hint="You share the gradient among equal maxima. That is a fair rule, but another one than "
        "this task's.",
    ),
    Misconception(
        "last_of_ties",
        lambda dout, x, size, stride: _max_pool(dout, x, size, stride, _last_mask),
        title="The last of equal maxima gets the gradient",
        symptom="Right, unless a window has several maxima.",
        hint="Of several equal maxima you choose the last one. Which one does the task choose?",
    ),
    Misconception(
        "maximum_overwritten",
        maximum_overwritten,
        title="Overlapping windows overwrite each other",
        symptom="Right where windows do not overlap; else `dx` adds up to less than `dout`.",
        hint="A pixel can be the largest of several windows. Your code keeps the gradient of the "
        "last of them only.",
        catalog_number=27,
    ),
    Misconception(
        "window_overwritten",
        lambda dout, x, size, stride: _max_pool(dout, x, size, stride, _first_mask, overwrite=True),
        title="Each window overwrites the windows before it",
        symptom="Right where windows do not overlap; else gradients get lost.",
        hint="Each window writes its zeros over what the windows before it have left. What should "
        "happen where two windows overlap?",
        catalog_number=27,
    ),
    Misconception(
        "mask_positive",
        lambda dout, x, size, stride: _max_pool(
            dout, x, size, stride, lambda window: (window > 0).astype(float)
        ),
        title="The mask of ReLU instead of the maximum",
        symptom="Far too many numbers of `dx` differ from 0.",
        hint="You let the gradient pass wherever x is above zero. That is ReLU. What did max "
        "pooling keep?",
        catalog_number=28,
    ),
    Misconception(
        "upstream_forgotten",
        lambda dout, x, size, stride: max_pool_backward(np.ones(dout.shape), x, size, stride),
        title="The upstream gradient is not used",
        symptom="`dx` counts how often a pixel was a maximum.",
        hint="Your result holds counts: it only says how often a pixel was the largest. What does "
        "the chain rule multiply by?",
        catalog_number=29,
    ),
    Misconception(
        "whole_window",
        lambda dout, x, size, stride: _max_pool(
            dout, x, size, stride, lambda window: np.ones(window.shape)
        ),
        title="The whole window gets the gradient",
        symptom="All numbers of a window are equal.",
        hint="You give the gradient to the whole window. Which of its pixels could have changed "
        "the output?",
    ),
    Misconception(
        "shared_like_average",
        lambda dout, x, size, stride: _max_pool(
            dout, x, size, stride, lambda window: np.full(window.shape, 1 / size**2)
        ),
        title="Average pooling instead of max pooling",
        symptom="Each window's gradient is spread evenly.",
        hint="You spread the gradient evenly, as average pooling does. Did all pixels of the "
        "window have a say in the maximum?",
    ),
    Misconception(
        "smallest",
        lambda dout, x, size, stride: max_pool_backward(dout, -x, size, stride),
        title="The smallest element gets the gradient",
        symptom="The gradient goes to the minimum of each window.",
        hint="Your gradient goes to the smallest pixel of each window.",
    ),
    Misconception(
        "times_value",
        lambda dout, x, size, stride: _max_pool(
            dout, x, size, stride, lambda window: window * _first_mask(window)
        ),
        title="Multiplied by the maximum",
        symptom="The places are right, the numbers are not.",
        hint="The places are right, but you multiply by the pixel's value. If the largest pixel "
        "grows by a little, by how much does the maximum grow?",
    ),
    Misconception(
        "place_in_the_window",
        place_in_the_window,
        title="The position counts from the window's corner",
        symptom="All gradients pile up in the top left corner.",
        hint="All your gradients pile up at the top left. The place of the maximum counts from the "
        "corner of the window; where in the picture is that?",
    ),
    Misconception(
        "row_and_column_exchanged",
        lambda dout, x, size, stride: _max_pool(
            dout, x, size, stride, lambda window: _first_mask(window).T
        ),
        title="Row and column in the window are exchanged",
        symptom="Right where the maximum lies on the diagonal of its window.",
        hint="In each window your gradient lies mirrored at the diagonal. Which comes first, row "
        "or column?",
    ),
    Misconception(
        "stride_ignored",
        lambda dout, x, size, stride: max_pool_backward(dout, x, size, 1),
        title="The windows move by one pixel",
        symptom="Right for stride 1; else gradients gather at the top left.",
        hint="Your windows move by one pixel, whatever the stride is. Where does the window of "
        "`dout[..., i, j]` begin?",
        catalog_number=37,
    ),
    Misconception(
        "size_for_stride",
        pool_size_for_stride,
        title="The windows move by their own size",
        symptom="Right where size and stride are equal; else gradients go to the wrong places.",
        hint="Your windows move by their own size. What is the argument `stride` for?",
    ),
    Misconception(
        "stride_for_size",
        lambda dout, x, size, stride: max_pool_backward(
            dout,
            np.pad(x, ((0, 0), (0, 0), (0, stride), (0, stride)), constant_values=-1e6),
            stride,
            stride,
        )[:, :, : x.shape[2], : x.shape[3]],
        title="The windows are as large as the stride",
        symptom="Right where size and stride are equal.",
        hint="Your windows are as large as the stride. What is the argument `size` for?",
    ),
    Misconception(
        "largest_of_all_channels",
        largest_of_all_channels,
        title="The maximum is taken over all channels",
        symptom="Right for one channel; else most gradients are missing.",
        hint="You look for the largest pixel in all channels together. Pooling treats each channel "
        "by itself.",
        catalog_number=25,
    ),
    Misconception(
        "maximum_of_first_image",
        maximum_of_first_image,
        title="The maxima of the first image are used for all",
        symptom="Right for a batch of one.",
        hint="The first image is right, the others are not. In which image do you look for the "
        "maximum?",
        catalog_number=15,
    ),
    Misconception(
        "sides_exchanged",
        max_pool_sides_exchanged,
        title="Height and width of `dout` are exchanged",
        symptom="Square inputs work; others stop with an index out of bounds.",
        hint="Height and width of `dout` got mixed up. Which of them does its shape name first?",
        catalog_number=7,
    ),
)


# Alternatives


def max_pool_backward_plain(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Find the largest element with comparisons alone."""
    dx = np.zeros_like(x)
    images, channels, rows, columns = dout.shape
    for n, c, i, j in itertools.product(*map(range, (images, channels, rows, columns))):
        best, place = -math.inf, (0, 0)
        for a, b in itertools.product(range(size), repeat=2):
            value = x[n, c, i * stride + a, j * stride + b]
            if value > best:
                best, place = value, (i * stride + a, j * stride + b)
        dx[n, c, place[0], place[1]] += dout[n, c, i, j]
    return dx


def max_pool_backward_one_hot(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Make a mask from the first equal element of each window."""
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dout.shape[2:]):
        area = np.s_[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
        flat = x[area].reshape(*x.shape[:2], -1)
        mask = np.arange(size * size) == flat.argmax(axis=2)[:, :, None]
        dx[area] += (mask * dout[:, :, i, j, None]).reshape(*x.shape[:2], size, size)
    return dx


def max_pool_backward_scatter(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Compute all places at once and add with `np.add.at`."""
    windows = sliding_window_view(x, (size, size), (2, 3))[:, :, ::stride, ::stride]
    windows = windows[:, :, : dout.shape[2], : dout.shape[3]]
    row, column = np.divmod(windows.reshape(*dout.shape, -1).argmax(axis=-1), size)
    n, c, i, j = np.indices(dout.shape)
    dx = np.zeros(x.shape)
    np.add.at(dx, (n, c, i * stride + row, j * stride + column), dout)
    return dx


def max_pool_backward_count(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Add up with `np.bincount` over flat positions."""
    positions = np.arange(x.size).reshape(x.shape)
    cut = (slice(None), slice(None), slice(None, None, stride), slice(None, None, stride))
    windows = sliding_window_view(x, (size, size), (2, 3))[cut].reshape(*dout.shape, -1)
    places = sliding_window_view(positions, (size, size), (2, 3))[cut].reshape(windows.shape)
    chosen = np.take_along_axis(places, windows.argmax(-1)[..., None], -1)
    totals: Any = np.bincount(chosen.ravel(), dout.ravel(), x.size)
    result: Array = totals.reshape(x.shape)
    return result


def max_pool_backward_offsets(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Visit the window's elements in order and mark the windows that are still open."""
    rows, columns = dout.shape[2:]
    offsets = [
        np.s_[:, :, a : a + rows * stride : stride, b : b + columns * stride : stride]
        for a in range(size)
        for b in range(size)
    ]
    parts = [x[offset][:, :, :rows, :columns] for offset in offsets]
    largest = np.max(parts, axis=0)
    dx, still_open = np.zeros(x.shape), np.ones(dout.shape, dtype=bool)
    for offset, part in zip(offsets, parts, strict=True):
        hit = still_open & (part == largest)
        dx[offset][:, :, :rows, :columns] += np.where(hit, dout, 0)
        still_open &= ~hit
    return dx


def max_pool_backward_single_precision(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Compute in float32, as networks do."""
    return max_pool_backward_scatter(
        dout.astype(np.float32), x.astype(np.float32), size, stride
    ).astype(np.float32)


ALTERNATIVES = (
    max_pool_backward_plain,
    max_pool_backward_one_hot,
    max_pool_backward_scatter,
    max_pool_backward_count,
    max_pool_backward_offsets,
    max_pool_backward_single_precision,
)

STYLES = (
    Style(
        max_pool_backward_one_hot,
        "Faster: it loops over places only, and a mask finds the maxima of all images and "
        "channels.",
    ),
    Style(
        max_pool_backward_scatter,
        "No loop at all: all maxima are located at once, and `np.add.at` adds where places repeat.",
    ),
)


PROBLEM = Problem(
    max_pool_backward,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "pool backward"},
    styles=STYLES,
)
