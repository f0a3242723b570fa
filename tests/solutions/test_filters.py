"""Exercise "filters": references against other libraries, mistakes as students write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.chapter import load_problems
from autograder.examination import examine
from autograder.problems import quarters
from autograder.student.calls import in_notebook
from solutions.filters.tasks.conv2d import conv2d
from solutions.filters.tasks.conv_parameters import conv_parameters
from solutions.filters.tasks.convolve2d import convolve2d
from solutions.filters.tasks.corner_map import corner_map
from solutions.filters.tasks.corr2d import corr2d
from solutions.filters.tasks.edge_bank import edge_bank
from solutions.filters.tasks.equivariance_error import equivariance_error
from tests import COURSE

sizes = st.integers(1, 7)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def pictures_and_filters(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    height, width = draw(sizes), draw(sizes)
    rows, columns = draw(st.integers(1, height)), draw(st.integers(1, width))
    rng = np.random.default_rng(draw(seeds))
    return rng.normal(size=(height, width)), rng.normal(size=(rows, columns))


@settings(deadline=None)
@given(pictures_and_filters())
def test_corr2d_and_convolve2d_agree_with_scipy(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, w = pair
    close(corr2d(x, w), scipy.signal.correlate2d(x, w, "valid"))
    close(convolve2d(x, w), scipy.signal.convolve2d(x, w, "valid"))


@settings(deadline=None)
@given(pictures_and_filters())
def test_corr2d_agrees_with_torch(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, w = pair
    close(corr2d(x, w), torch_conv2d(x[None, None], w[None, None], np.zeros(1))[0, 0])


@settings(deadline=None)
@given(seeds, st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.data())
def test_conv2d_agrees_with_torch(seed: int, n: int, c: int, f: int, data: st.DataObject) -> None:
    height, width = data.draw(sizes), data.draw(sizes)
    rows, columns = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(n, c, height, width)), rng.normal(size=(f, c, rows, columns))
    b = rng.normal(size=f)
    close(conv2d(x, w, b), torch_conv2d(x, w, b))
    layer = torch.nn.Conv2d(c, f, (rows, columns))
    learned = sum(parameter.numel() for parameter in layer.parameters())
    assert conv_parameters(c, f, rows, columns) == learned


@settings(deadline=None)
@given(pictures_and_filters().filter(lambda pair: len(set(pair[0].shape)) == 2), st.data())
def test_edge_bank_and_corner_map_agree_with_scipy(
    pair: tuple[np.ndarray, np.ndarray], data: st.DataObject
) -> None:
    x, _ = pair
    size = data.draw(st.integers(1, min(x.shape)))
    w1, w2 = np.random.default_rng(data.draw(seeds)).normal(size=(2, size, size))
    turned = [w1, w1.T[::-1], w1[::-1, ::-1], w1.T[:, ::-1]]  # counterclockwise
    expected = [scipy.signal.correlate2d(x, w, "valid") for w in turned]
    close(edge_bank(x, w1), np.stack(expected))
    both = np.stack([scipy.signal.correlate2d(x, w, "valid") for w in (w1, w2)])
    close(corner_map(x, w1, w2), both.min(axis=0).clip(0))


@settings(deadline=None)
@given(seeds, st.integers(0, 3), st.integers(0, 3))
def test_equivariance_error_of_known_functions(seed: int, dy: int, dx: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = quarters(rng, 8, 9), quarters(rng, 3, 2)
    assert equivariance_error(lambda x: corr2d(x, w), x, dy, dx) == 0
    assert equivariance_error(lambda x: np.maximum(x, 0), x, dy, dx) == 0
    ramp = np.arange(9.0)
    error = equivariance_error(lambda x: x + ramp, x, dy, dx)
    assert error == dx


def close(got: np.ndarray, expected: np.ndarray) -> None:
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-10)


def torch_conv2d(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Torch's own layer, in float64."""
    result = torch.nn.functional.conv2d(*map(torch.from_numpy, (x, w, b)))
    assert result.dtype == torch.float64
    return result.numpy()


def loops(x: np.ndarray, w: np.ndarray, step: Callable[..., Any]) -> np.ndarray:
    """Fill a map product by product: ``step(response, i, j, a, b)``."""
    response = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i, j, a, b in np.ndindex(*response.shape, *w.shape):
        step(response, i, j, a, b)
    return response


def flipped_in_loops(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    def step(response: np.ndarray, i: int, j: int, a: int, b: int) -> None:
        response[i, j] += x[i + a, j + b] * w[w.shape[0] - a - 1, w.shape[1] - b - 1]

    return loops(x, w, step)


def assigned_in_loops(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    def step(response: np.ndarray, i: int, j: int, a: int, b: int) -> None:
        response[i, j] = x[i + a, j + b] * w[a, b]

    return loops(x, w, step)


def no_plus_one(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    response = np.zeros((x.shape[0] - w.shape[0], x.shape[1] - w.shape[1]))
    for i, j in np.ndindex(*response.shape):
        response[i, j] = (x[i : i + w.shape[0], j : j + w.shape[1]] * w).sum()
    return response


def loops_end_early(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    response = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i in range(x.shape[0] - w.shape[0]):
        for j in range(x.shape[1] - w.shape[1]):
            response[i, j] = np.vdot(x[i : i + w.shape[0], j : j + w.shape[1]], w)
    return response


def like_the_picture(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    response = np.zeros_like(x[w.shape[0] - 1 :, w.shape[1] - 1 :])
    response[...] = corr2d(x, w)
    return response


def channel_assigned(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = np.zeros((len(x), len(w), x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1))
    for f, n, c in np.ndindex(len(w), *x.shape[:2]):
        out[n, f] = corr2d(x[n, c], w[f, c]) + b[f]
    return out


def bias_with_each_channel(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = np.zeros((len(x), len(w), x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1))
    for n, f, c in np.ndindex(len(x), *w.shape[:2]):
        out[n, f] += corr2d(x[n, c], w[f, c]) + b[f]
    return out


def bias_in_the_sum(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = np.zeros((len(x), len(w), x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1))
    for n, f, i, j in np.ndindex(*out.shape):
        window = x[n, :, i : i + w.shape[2], j : j + w.shape[3]]
        out[n, f, i, j] = np.sum(window * w[f] + b[f])
    return out


def bias_in_place(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = conv2d(x, w, np.zeros_like(b))
    out += b  # raises another message than out + b
    return out


def channels_looped_first(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], (2, 3))
    out = np.zeros((len(x), len(w), *windows.shape[2:4])) + b[:, None, None]
    for c in range(x.shape[1]):
        for f in range(len(w)):
            out[:, f] += np.tensordot(windows[:, c], w[c][f], 2)  # raises other messages
    return out


def matrix_by_matrix(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], (2, 3))
    columns = windows.transpose(1, 4, 5, 0, 2, 3).reshape(w[0].size, -1)
    out = w.reshape(len(w), -1) @ columns + b[:, None]
    return out.reshape(len(x), len(w), *windows.shape[2:4])


def both_rolled_without_axes(f: Callable[..., Any], x: np.ndarray, dy: int, dx: int) -> float:
    before, after = np.roll(f(x), (dy, dx)), f(np.roll(x, (dy, dx)))
    return max(abs(a - b) for a, b in zip(before[dy:, dx:].flat, after[dy:, dx:].flat, strict=True))


@pytest.mark.parametrize(
    ("function", "written", "named"),
    [
        ("corr2d", flipped_in_loops, "flipped_kernel"),
        ("corr2d", assigned_in_loops, "last_product_only"),
        ("corr2d", no_plus_one, "one_too_small"),
        ("corr2d", loops_end_early, "last_position_skipped"),
        ("corr2d", like_the_picture, "whole_numbers"),
        ("corr2d", lambda x, w: scipy.signal.correlate2d(x, w).T, None),
        ("convolve2d", lambda x, w: scipy.signal.correlate2d(x, w, "valid"), "not_flipped"),
        ("convolve2d", lambda x, w: scipy.signal.convolve2d(x, w), "full_size"),
        ("convolve2d", lambda x, w: corr2d(x, np.flip(w, 0)), "rows_flipped_only"),
        ("convolve2d", lambda x, w: corr2d(np.flip(x), np.flip(w)), "map_flipped"),
        (
            "edge_bank",
            lambda x, w: np.array([corr2d(x, np.rot90(w, k, (1, 0))) for k in range(4)]),
            "clockwise",
        ),
        (
            "corner_map",
            lambda x, a, b: np.max([corr2d(x, a), corr2d(x, b)], 0).clip(0),
            "larger_of_the_two",
        ),
        (
            "corner_map",
            lambda x, a, b: np.abs([corr2d(x, a), corr2d(x, b)]).min(0),
            "abs_for_relu",
        ),
        ("conv2d", channel_assigned, "last_channel_only"),
        ("conv2d", bias_with_each_channel, "bias_in_every_channel"),
        ("conv2d", bias_in_the_sum, "bias_in_every_product"),
        ("conv2d", bias_in_place, "bias_along_columns"),
        ("conv2d", channels_looped_first, "filter_axes_exchanged"),
        ("conv2d", matrix_by_matrix, "maps_not_transposed"),
        ("conv_parameters", lambda c, f, h, w: h * w * f, "no_depth_no_bias"),
        ("conv_parameters", lambda c, f, h, w: (h * w + 1) * c * f, "bias_per_slice"),
        ("equivariance_error", both_rolled_without_axes, "axes_forgotten"),
    ],
)
def test_mistakes_are_named_however_they_are_written(
    function: str, written: Callable[..., Any], named: str | None
) -> None:
    checks = load_problems(COURSE, "filters")[function].visible_checks()
    examination = examine(checks, in_notebook(written, checks.time_limit))
    assert examination.misconception == named
