"""The task ``conv2d_forward_fast``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from autograder.problems import Case, Function, Misconception, Problem, Random
from solutions.arrays import Array
from solutions.padding_stride.tasks.conv2d_forward import (
    MISCONCEPTIONS as MISTAKES_IN_LOOPS,
)
from solutions.padding_stride.tasks.conv2d_forward import (
    WITHOUT_LOOPS,
    conv2d_forward,
    drawn_layer,
    result_shape,
)
from solutions.padding_stride.tasks.conv2d_forward import cases as cases_of_loops
from solutions.padding_stride.tasks.conv2d_forward import hidden_cases as hidden_cases_of_loops
from solutions.padding_stride.tasks.pad2d import pad2d


def conv2d_forward_fast(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Do what `conv2d_forward` does, without a Python loop over images, filters or positions.

    x: batch of images, shape (N, C, H, W).
    w: filters, shape (F, C, HH, WW).
    b: biases, shape (F,).
    stride: step of the window, in pixels, downward and to the right.
    padding: rows and columns of zeros on each side.
    Returns shape (N, F, H', W').
    """
    ### BEGIN SOLUTION
    padded = pad2d(x, padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    sums = np.tensordot(windows, w, axes=([1, 4, 5], [1, 2, 3]))
    return sums.transpose(0, 3, 1, 2) + b[:, np.newaxis, np.newaxis]
    ### END SOLUTION


# Cases


def _large(rng: Random) -> Case:
    """Draw images so large that a Python loop over images, filters and positions is seen."""
    layer = drawn_layer(rng, (2, 2, 30, 28), (4, 2, 3, 3), 1, 1)
    return Case(
        "large images, in an eighth of the time of loops", layer, loop_steps=2 * 4 * 30 * 28
    )


def cases(rng: Random) -> list[Case]:
    """Those of the loops, then a question of speed."""
    return [*cases_of_loops(rng), _large(rng)]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes, as for the loops."""
    return hidden_cases_of_loops(rng)


# Misconceptions


def _windows(x: Array, w: Array, stride: int, padding: int) -> Array:
    """Return the windows of the padded batch: shape (N, C, H', W', HH, WW)."""
    padded = pad2d(x, padding)
    every = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], (2, 3))
    return every[:, :, ::stride, ::stride]


def patches_not_transposed(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Flatten the windows with the channels still before the positions."""
    n, f, rows, columns = result_shape(x, w, stride, padding)
    flat = _windows(x, w, stride, padding).reshape(n * rows * columns, -1)
    out = flat @ w.reshape(f, -1).T + b
    return out.reshape(n, rows, columns, f).transpose(0, 3, 1, 2)


def _matrix(x: Array, w: Array, stride: int, padding: int) -> Array:
    """Return one row per image and position, in the order of a filter's elements."""
    ordered = _windows(x, w, stride, padding).transpose(0, 2, 3, 1, 4, 5)
    return ordered.reshape(-1, w[0].size)


def filters_not_transposed(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Bring the filters into the shape of the transposed matrix without transposing."""
    n, f, rows, columns = result_shape(x, w, stride, padding)
    out = _matrix(x, w, stride, padding) @ w.reshape(-1, f) + b
    return out.reshape(n, rows, columns, f).transpose(0, 3, 1, 2)


def result_not_transposed(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Reshape the product to (N, F, H', W'), though the filters are its last axis."""
    out = _matrix(x, w, stride, padding) @ w.reshape(len(w), -1).T + b
    return out.reshape(result_shape(x, w, stride, padding))


def columns_not_transposed(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Reshape (F, N * H' * W') to (N, F, H', W'): right for one image only."""
    out = w.reshape(len(w), -1) @ _matrix(x, w, stride, padding).T + b[:, None]
    return out.reshape(result_shape(x, w, stride, padding))


def filters_last(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Leave the filters on the last axis."""
    return np.moveaxis(conv2d_forward(x, w, b, stride, padding), 1, -1)


def whole_numbers(x: Array, w: Array, b: Array, stride: int, padding: int) -> Array:
    """Take over the integer type of the images."""
    return conv2d_forward_fast(x, w, b, stride, padding).astype(x.dtype)


def _written_in_loops(
    *names: str, without: Mapping[str, Function] = MappingProxyType({})
) -> tuple[Misconception, ...]:
    """Return those mistakes of `conv2d_forward` that survive the loss of the loops.

    ``without`` are mistakes written without loops: what is as slow as these earns no points.
    """
    known = {wrong.name: wrong for wrong in MISTAKES_IN_LOOPS}
    return tuple(
        dataclasses.replace(known[name], wrong=without.get(name, known[name].wrong))
        for name in names
    )


MISCONCEPTIONS = (
    Misconception(
        "patches_not_transposed",
        patches_not_transposed,
        title="The windows are flattened in the wrong order",
        symptom="Right for one channel; else the shape is right and the numbers are scrambled.",
        hint="With one channel you are right, with several the numbers are scrambled. In which "
        "order do the axes stand when you flatten the windows?",
        catalog_number=19,
    ),
    Misconception(
        "filters_not_transposed",
        filters_not_transposed,
        title="The filters are reshaped instead of transposed",
        symptom="Right for one filter; else the shape is right and the numbers are scrambled.",
        hint="With one filter you are right. `reshape` never moves a number: does each column of "
        "your matrix hold one filter?",
        catalog_number=20,
    ),
    Misconception(
        "result_not_transposed",
        result_not_transposed,
        title="The result is reshaped instead of transposed",
        symptom="Right for one filter; else the right numbers are in the wrong places.",
        hint="The right numbers are in the wrong places. After the product, which axis counts "
        "the filters? `reshape` cannot move it.",
        catalog_number=21,
    ),
    Misconception(
        "columns_not_transposed",
        columns_not_transposed,
        title="Images and filters are mixed up in the result",
        symptom="Right for one image; else maps of different images are exchanged.",
        hint="One image is right, two are not. After the product the filters come before the "
        "images. `reshape` cannot exchange them.",
        catalog_number=21,
    ),
    Misconception(
        "filters_last",
        filters_last,
        title="The filters are the last axis",
        symptom="The shape ends in the number of filters.",
        hint="Your filters lie along the last axis. Compare with the order of axes that the "
        "docstring promises.",
    ),
    *_written_in_loops(
        "padding_ignored",
        "padded_at_the_end",
        "padded_on_two_sides",
        "padded_by_one_pixel",
        "padded_with_copies",
        "padded_with_empty_slice",
        "start_without_stride",
        "stride_downward_only",
        "stride_to_the_right_only",
        "stride_ignored",
        "image_thinned_out",
        "flipped_filters",
        "first_channel_only",
        "first_image_for_all",
        "bias_dropped",
        "bias_in_every_product",
        "bias_along_columns",
        "whole_numbers",
        without={"whole_numbers": whole_numbers},
    ),
)

PROBLEM = Problem(
    conv2d_forward_fast,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=WITHOUT_LOOPS,
    explorer={"kind": "strided layer"},
)
