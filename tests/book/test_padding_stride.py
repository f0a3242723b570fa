"""The chapter "Padding and stride": its reference, the claims of its page, mistakes as written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.chapter import load_problems
from autograder.examination import Examination, examine
from autograder.problems import Problem
from autograder.student.calls import in_notebook
from autograder.student.explorers import open_explorer
from autograder.student.explorers.padding_stride import FIELD_FUNCTIONS, STACKS
from autograder.torch_threads import one_thread
from book.filters.demo import VERTICAL_EDGE, photograph
from book.padding_stride import demo
from solutions.filters.tasks.conv2d import conv2d
from solutions.padding_stride.tasks.conv2d_forward import (
    WORKED_FILTER,
    WORKED_IMAGE,
    conv2d_forward,
)
from solutions.padding_stride.tasks.conv2d_forward_fast import conv2d_forward_fast
from solutions.padding_stride.tasks.effective_receptive_field import effective_receptive_field
from solutions.padding_stride.tasks.output_size import output_size
from solutions.padding_stride.tasks.pad2d import pad2d
from solutions.padding_stride.tasks.receptive_field import receptive_field
from tests import COURSE

PROBLEMS = load_problems(COURSE, "padding_stride")

Layers = list[tuple[int, int, int]]
layers = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2)), min_size=0, max_size=4
)


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a batch, filters, biases, a stride and a padding with at least one position."""
    n, c, f = (draw(st.integers(1, 3)) for _ in range(3))
    stride, padding = draw(st.integers(1, 4)), draw(st.integers(0, 3))
    kernel = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    size = [
        draw(st.integers(max(1, side - 2 * padding), max(1, side - 2 * padding) + 6))
        for side in kernel
    ]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return {
        "x": rng.normal(size=(n, c, *size)),
        "w": rng.normal(size=(f, c, *kernel)),
        "b": rng.normal(size=f),
        "stride": stride,
        "padding": padding,
    }


# ------------------------------------------------------------------- against other libraries


def convolved(x: Any, w: Any, stride: int, padding: int, dilation: int) -> Any:
    """Torch's own convolution along one axis."""
    return torch.nn.functional.conv1d(x, w, stride=stride, padding=padding, dilation=dilation)


@settings(max_examples=120, deadline=None)
@given(call=calls())
def test_both_layers_agree_with_torch(call: dict[str, Any]) -> None:
    expected = torch.nn.functional.conv2d(
        *(torch.from_numpy(call[name]) for name in "xwb"),
        stride=call["stride"],
        padding=call["padding"],
    )
    assert expected.dtype == torch.float64
    for function in (conv2d_forward, conv2d_forward_fast):
        out = function(**call)
        assert out.shape == tuple(expected.shape)
        np.testing.assert_allclose(out, expected.numpy(), rtol=0, atol=1e-10)


@settings(max_examples=200, deadline=None)
@given(
    size=st.integers(1, 40),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 5),
    padding=st.integers(0, 4),
    dilation=st.integers(1, 4),
)
def test_sizes_are_those_of_torch(
    size: int, kernel: int, stride: int, padding: int, dilation: int
) -> None:
    positions = output_size(size, kernel, stride, padding, dilation)
    x, w = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel)
    if positions:
        assert convolved(x, w, stride, padding, dilation).shape[2] == positions
    else:
        with pytest.raises(RuntimeError, match="Kernel size can't be greater than actual input"):
            convolved(x, w, stride, padding, dilation)


@settings(max_examples=40, deadline=None)
@given(call=calls())
def test_padding_is_that_of_torch(call: dict[str, Any]) -> None:
    expected = torch.nn.functional.pad(torch.from_numpy(call["x"]), [call["padding"]] * 4)
    assert np.array_equal(pad2d(call["x"], call["padding"]), expected.numpy())


@settings(max_examples=40, deadline=None)
@given(call=calls())
def test_without_stride_and_padding_it_is_the_layer_of_the_chapter_before(
    call: dict[str, Any],
) -> None:
    x = pad2d(call["x"], call["padding"])
    before = conv2d(x, call["w"], call["b"])
    np.testing.assert_allclose(
        conv2d_forward(x, call["w"], call["b"], 1, 0), before, rtol=0, atol=1e-12
    )


def gradient_support(stack: Layers, unit: int) -> tuple[int, int]:
    """First and last pixel with a gradient, in a network of ones on a long row."""
    row = torch.zeros(1, 1, 400, dtype=torch.float64, requires_grad=True)
    signal = row
    for kernel, stride, _ in stack:
        signal = torch.nn.functional.conv1d(
            signal, torch.ones(1, 1, kernel, dtype=torch.float64), stride=stride
        )
    (gradient,) = torch.autograd.grad(signal[0, 0, unit], row)
    pixels = np.flatnonzero(gradient[0, 0].numpy())
    return int(pixels[0]), int(pixels[-1])


@settings(max_examples=60, deadline=None)
@given(stack=layers)
def test_receptive_fields_are_where_gradients_are(stack: Layers) -> None:
    # Gradients of windows of ones leave no holes only if no stride exceeds its kernel.
    stack = [(max(kernel, stride), stride, padding) for kernel, stride, padding in stack]
    size, jump, start = receptive_field(stack)
    unpadded = [(kernel, stride, 0) for kernel, stride, _ in stack]
    assert receptive_field(unpadded) == (size, jump, 0)
    for unit in (0, 3):
        assert gradient_support(unpadded, unit) == (unit * jump, unit * jump + size - 1)
    moved, place = 0, 1
    for _, stride, padding in stack:
        moved += padding * place
        place *= stride
    assert start == -moved


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), padding=st.integers(0, 1), stride=st.integers(1, 2))
def test_the_effective_field_is_the_gradient_of_torch(seed: int, padding: int, stride: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(7, 6))
    first, second = rng.normal(size=(3, 1, 3, 2)), rng.normal(size=(1, 3, 2, 3))

    def network(picture: np.ndarray) -> np.ndarray:
        below = conv2d_forward(picture[None, None], first, np.zeros(3), 1, padding)
        return conv2d_forward(np.tanh(below), second, np.zeros(1), stride, 0)[0, 0]

    pixels = torch.from_numpy(x)[None, None].requires_grad_(True)
    signal = torch.nn.functional.conv2d(pixels, torch.from_numpy(first), padding=padding)
    signal = torch.nn.functional.conv2d(signal.tanh(), torch.from_numpy(second), stride=stride)
    (gradient,) = torch.autograd.grad(signal[0, 0, 1, 1], pixels)
    field = effective_receptive_field(network, x, 1, 1, 1e-5)
    np.testing.assert_allclose(field, gradient[0, 0].abs().numpy(), rtol=0, atol=1e-8)


@pytest.mark.parametrize("step", [0.25, 8.0])
def test_the_effective_field_of_a_filter_is_its_weights(step: float) -> None:
    w = np.array([[1.0, -2, 0.5]])

    def strided(picture: np.ndarray) -> np.ndarray:
        return conv2d_forward(picture[None, None], w[None, None], np.zeros(1), 2, 0)[0, 0]

    expected = np.zeros((3, 6))
    expected[2, 2:5] = [1, 2, 0.5]
    assert np.array_equal(effective_receptive_field(strided, np.ones((3, 6)), 1, 1, step), expected)


# ------------------------------------------------------------------- what the page says


class TestVisits:
    def test_along_an_axis_and_in_the_plane(self) -> None:
        along = np.array([1, 2, 3, 3, 2, 1])
        assert np.array_equal(demo.visits(6, 6, 3, 1, 0), np.outer(along, along))

    def test_padding_helps_only_partly(self) -> None:
        for padding, corner in ((0, 1), (1, 4), (2, 9)):
            counts = demo.visits(6, 7, 3, 1, padding)
            assert counts[0, 0] == counts[-1, -1] == corner
            assert counts[3, 3] == 9

    @pytest.mark.parametrize("kernel", [1, 2, 3, 5])
    def test_kernel_minus_one_reads_all_equally_often(self, kernel: int) -> None:
        assert np.all(demo.visits(6, 8, kernel, 1, kernel - 1) == kernel**2)
        if kernel > 1:
            assert not np.all(demo.visits(6, 8, kernel, 1, kernel - 2) == kernel**2)

    @settings(max_examples=60, deadline=None)
    @given(
        sizes=st.tuples(st.integers(1, 9), st.integers(1, 9)),
        kernel=st.integers(1, 4),
        stride=st.integers(1, 4),
        padding=st.integers(0, 3),
    )
    def test_visits_are_the_gradient_of_a_sum(
        self, sizes: tuple[int, int], kernel: int, stride: int, padding: int
    ) -> None:
        if min(sizes) + 2 * padding < kernel:
            assert not demo.visits(*sizes, kernel, stride, padding).any()
            return
        x = torch.zeros(1, 1, *sizes, requires_grad=True)
        w = torch.ones(1, 1, kernel, kernel)
        out = torch.nn.functional.conv2d(x, w, stride=stride, padding=padding)
        (gradient,) = torch.autograd.grad(out.sum(), x)
        assert np.array_equal(demo.visits(*sizes, kernel, stride, padding), gradient[0, 0].numpy())


def test_zeros_make_edges_that_are_not_in_the_picture() -> None:
    gray = np.full((1, 1, 4, 5), 10.0)
    edges = conv2d_forward(gray, VERTICAL_EDGE[None, None], np.zeros(1), 1, 1)[0, 0]
    assert edges[:, 0].tolist() == [-20, -30, -30, -20]
    assert edges[:, -1].tolist() == [20, 30, 30, 20]
    assert not edges[:, 1:-1].any()
    assert not conv2d_forward(gray, VERTICAL_EDGE[None, None], np.zeros(1), 1, 0).any()


def test_frames_keep_the_picture_in_their_middle() -> None:
    x = photograph("camera", shrink=16)
    frames = demo.framed(x, 5)
    assert all(np.array_equal(frame[5:-5, 5:-5], x) for frame in frames.values())
    assert not frames["zeros"][:5].any()
    assert np.array_equal(frames["the border repeated"][0, 5:-5], x[0])
    assert np.array_equal(frames["a mirror"][4, 5:-5], x[1])
    assert np.array_equal(frames["wrapped around"][4, 5:-5], x[-1])


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_a_strided_map_is_a_thinned_out_one(stride: int) -> None:
    rng = np.random.default_rng(stride)
    x, w, b = rng.normal(size=(2, 3, 9, 8)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
    every = conv2d_forward(x, w, b, 1, 1)
    assert np.allclose(conv2d_forward(x, w, b, stride, 1), every[:, :, ::stride, ::stride])


def test_alexnet_needs_padding_or_three_more_pixels() -> None:
    assert [output_size(224, 11, 4, padding) for padding in range(3)] == [54, 54, 55]
    assert output_size(227, 11, 4, 0) == 55


class TestFields:
    def test_vgg16(self) -> None:
        fields = {name: numbers for name, *numbers in demo.vgg16_fields()}
        assert len(fields) == 18
        assert fields["conv1_1"] == [224, 3, 1, -1]
        assert fields["conv5_3"] == [14, 196, 16, -90]
        assert fields["pool5"] == [7, 212, 32, -90]

    @pytest.mark.parametrize(("row", "column"), [(12, 20), (3, 30), (31, 0)])
    def test_what_a_unit_sees_is_what_moves_it(self, row: int, column: int) -> None:
        stack = [(3, 1, 1), (3, 2, 1), (3, 1, 1)]
        x = np.random.default_rng(0).uniform(1, 2, size=(32, 36))
        view = demo.seen_by(x, stack, row, column)
        size, jump, start = receptive_field(stack)
        assert view.shape == (size, size)
        pixels = torch.from_numpy(x)[None, None].requires_grad_(True)
        signal = pixels
        for kernel, stride, padding in stack:
            ones = torch.ones(1, 1, kernel, kernel, dtype=torch.float64)
            signal = torch.nn.functional.conv2d(signal, ones, stride=stride, padding=padding)
        unit = [round((place - start - (size - 1) / 2) / jump) for place in (row, column)]
        unit = [
            min(index, length - 1) for index, length in zip(unit, signal.shape[2:], strict=True)
        ]
        (gradient,) = torch.autograd.grad(signal[0, 0, unit[0], unit[1]], pixels)
        moving = gradient[0, 0].numpy() > 0
        assert view.sum() == pytest.approx(x[moving].sum())
        assert np.count_nonzero(view) == np.count_nonzero(moving)

    def test_two_small_layers_see_as_far_as_a_large_one(self) -> None:
        assert receptive_field([(3, 1, 1)] * 2) == receptive_field([(5, 1, 2)])

    def test_an_early_stride_is_worth_most(self) -> None:
        sizes = [
            receptive_field([(3, 2 if at == place else 1, 0) for at in range(4)])[0]
            for place in range(4)
        ]
        assert sizes == [15, 13, 11, 9]

    def test_paths_spread_with_the_square_root_of_the_depth(self) -> None:
        assert demo.paths(2).tolist() == [1, 2, 3, 2, 1]
        for depth in (1, 8, 32):
            assert demo.paths(depth).sum() == 3**depth
            assert demo.spread(demo.paths(depth)) == pytest.approx(np.sqrt(2 * depth / 3))

    def test_networks_of_the_exercise_are_those_of_the_papers(self) -> None:
        vgg = [layer for _, layer in demo.vgg16_layers()]
        assert STACKS["VGG16"] == vgg
        sizes = {"LeNet-5": 32, "AlexNet": 224, "VGG16": 224}
        maps = {"LeNet-5": [28, 14, 10, 5, 1], "AlexNet": [55, 27, 27, 13, 13, 13, 13, 6]}
        for name, expected in maps.items():
            below = sizes[name]
            for (kernel, stride, padding), units in zip(STACKS[name], expected, strict=True):
                below = output_size(below, kernel, stride, padding)
                assert below == units


class TestTraining:
    """A network that has to look far learns to look far."""

    def test_the_field_grows_from_a_bell_to_a_disk(self) -> None:
        pictures = demo.dots(40, 17, seed=0)
        network = demo.deep_network(seed=0)
        before = demo.gradient_field(network, pictures)
        losses = demo.train_to_count(network, steps=200)
        after = demo.gradient_field(network, pictures)
        assert np.mean(losses[-20:]) < 0.4 * np.mean(losses[:20])
        assert demo.effective_size(before) < 15
        assert demo.effective_size(after) > demo.effective_size(before) + 1
        assert demo.middle_share(after) < 0.7 * demo.middle_share(before)
        inside = demo.disk() > 0
        assert after[inside].mean() > 3 * after[~inside].mean()

    def test_the_gradient_is_what_nudging_gives(self) -> None:
        network = demo.deep_network(seed=3).double()
        pictures = demo.dots(1, 17, seed=1).double()

        def unit(picture: np.ndarray) -> np.ndarray:
            with torch.no_grad():
                answer: np.ndarray = network(torch.from_numpy(picture)[None, None])[0, 0].numpy()
            return answer

        with one_thread():
            nudged = effective_receptive_field(unit, pictures[0, 0].numpy(), 0, 0, 1e-6)
        assert np.allclose(nudged, demo.gradient_field(network, pictures), atol=1e-7)

    def test_more_than_one_unit_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"one unit per picture is needed, not \(1, 2, 2\)"):
            demo.gradient_field(demo.deep_network(seed=0), demo.dots(1, 18, seed=0))

    def test_dots_have_mean_0_and_variance_1(self) -> None:
        pictures = demo.dots(50, 40, seed=5)
        assert abs(float(pictures.mean())) < 0.02
        assert float(pictures.std()) == pytest.approx(1, abs=0.02)


def test_the_example_that_is_worked_by_hand() -> None:
    x, w = WORKED_IMAGE[None, None], WORKED_FILTER[None, None]
    out = conv2d_forward(x, w, np.array([0.5]), 2, 1)
    assert out.tolist() == [[[[5.5, 6.5], [-0.5, 4.5]]]]
    assert [receptive_field([(3, 2, 0), (3, 1, 0), (3, 2, 1)][:depth]) for depth in range(4)] == [
        (1, 1, 0),
        (3, 2, 0),
        (7, 2, 0),
        (11, 4, -2),
    ]
    picture = np.array([[3.0, 1, 2]])
    influence = effective_receptive_field(lambda p: p[:, :-1] + 2 * p[:, 1:], picture, 0, 0, 0.5)
    assert influence.tolist() == [[1, 2, 0]]


def test_the_model_answer_is_right() -> None:
    assert receptive_field([(3, 1, 1)] * 12)[0] == 25
    sizes = [receptive_field([(3, 2, 1)] * depth)[0] for depth in range(1, 8)]
    assert sizes == [3, 7, 15, 31, 63, 127, 255]
    dilated = [(2 * 2**depth + 1, 1, 2**depth) for depth in range(7)]
    assert [receptive_field(dilated[: depth + 1])[0] for depth in range(7)] == sizes
    assert receptive_field([(3, 2, 1)] * 7)[1] == 128


# ------------------------------------------------------------------- the exercise


def examined(name: str, function: Callable[..., Any]) -> Examination:
    checks = PROBLEMS[name].visible_checks()
    return examine(checks, in_notebook(function, checks.time_limit))


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_every_function_can_be_explored(problem: Problem) -> None:
    explorer = open_explorer(problem.reference, problem.visible_checks())
    assert explorer.view.value
    assert "fails" not in explorer.view.value
    assert "cannot be shown" not in explorer.view.value


def test_the_explorer_of_a_stack_shows_fields() -> None:
    explorer: Any = open_explorer(receptive_field, PROBLEMS["receptive_field"].visible_checks())
    explorer.stack.value = "VGG16"
    explorer.depth.value = 17
    assert "size 196, jump 16, start \N{MINUS SIGN}90" in explorer.view.value
    assert "pixels \N{MINUS SIGN}90 to 105" in explorer.view.value
    explorer.stack.value = "LeNet-5"
    assert explorer.depth.value == 5
    assert "size 32, jump 4, start 0" in explorer.view.value


def test_maps_to_explore_keep_the_size_of_the_picture() -> None:
    x = np.random.default_rng(0).normal(size=(17, 17))
    for name, function in FIELD_FUNCTIONS.items():
        assert function(x).shape == x.shape, name
    one_layer, five_layers = list(FIELD_FUNCTIONS.values())[:2]
    for function, depth in ((one_layer, 1), (five_layers, 5)):
        field = effective_receptive_field(function, x, 8, 8, 0.5)
        shares = demo.paths(depth) / 3.0**depth
        reached = slice(8 - depth, 9 + depth)
        assert np.allclose(field[reached, reached], np.outer(shares, shares))
        assert np.count_nonzero(field > 1e-12) == (2 * depth + 1) ** 2


def loops(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, padding: int, **changes: Any
) -> np.ndarray:
    """A layer as a beginner writes it, with parts that can be exchanged."""
    pad = changes.get("pad", lambda x, p: np.pad(x, ((0, 0), (0, 0), (p, p), (p, p))))
    start = changes.get("start", lambda i, s, k: i * s)
    size = changes.get("size", lambda n, k, s, p: (n + 2 * p - k) // s + 1)
    answer = changes.get("answer", lambda window, kernel, bias: np.sum(window * kernel) + bias)
    n, _, height, width = x.shape
    f, _, hh, ww = w.shape
    x = pad(x, padding)
    out = np.zeros((n, f, size(height, hh, stride, padding), size(width, ww, stride, padding)))
    for image, channel, i, j in np.ndindex(*out.shape):
        top, left = start(i, stride, hh), start(j, stride, ww)
        window = x[image, :, top : top + hh, left : left + ww]
        if window.shape[1:] == (hh, ww) or not changes.get("skip"):
            out[image, channel, i, j] = answer(window, w[channel], b[channel])
    return out


def changed(**changes: Any) -> Callable[..., np.ndarray]:
    def layer(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, padding: int) -> np.ndarray:
        return loops(x, w, b, stride, padding, **changes)

    return layer


def pad_the_end(x: np.ndarray, padding: int) -> np.ndarray:
    frame = np.zeros((*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding))
    frame[:, :, : x.shape[2], : x.shape[3]] = x
    return frame


def crop_to_minus_padding(x: np.ndarray, padding: int) -> np.ndarray:
    frame = np.zeros((*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding))
    frame[..., padding:-padding, padding:-padding] = x
    return frame


def im2col_unordered(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, padding: int
) -> np.ndarray:
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    view = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], (2, 3))
    view = view[:, :, ::stride, ::stride]
    n, _, rows, columns = view.shape[:4]
    matrix = view.reshape(n, rows * columns, -1)
    out = np.einsum("npk,fk->nfp", matrix, w.reshape(len(w), -1)) + b[:, None]
    return out.reshape(n, len(w), rows, columns)


def field_with_all_kernels(stack: Layers) -> tuple[int, int, int]:
    size, jump, start = 1, 1, 0
    for kernel, stride, padding in stack:
        size, start, jump = size + kernel * jump, start - padding * jump, jump * stride
    return size, jump, start


def field_without_strides(stack: Layers) -> tuple[int, int, int]:
    size, start = 1, 0
    for kernel, _, padding in stack:
        size += kernel - 1
        start -= padding
    return size, 1, start


def influence_in_place(f: Any, x: np.ndarray, i: int, j: int, h: float) -> np.ndarray:
    out = np.zeros_like(x)
    for a in range(x.shape[0]):
        for b in range(x.shape[1]):
            up = x
            up[a, b] += h
            down = x
            down[a, b] -= h
            out[a, b] = abs(f(up)[i, j] - f(down)[i, j]) / (2 * h)
    return out


def influence_forward(f: Any, x: np.ndarray, i: int, j: int, h: float) -> np.ndarray:
    out, base = np.zeros(x.shape), f(x)
    for place in np.ndindex(*x.shape):
        up = x.copy()
        up[place] += h
        out[place] = np.abs((f(up) - base)[i, j]) / h
    return out


@pytest.mark.parametrize(
    ("name", "written", "named"),
    [
        (
            "output_size",
            lambda n, k, s, p, d: max(0, (n + p - d * (k - 1) - 1) // s + 1),
            "one_padding",
        ),
        (
            "output_size",
            lambda n, k, s, p, d: len(range(n + 2 * p - k + 1)[::s]),
            "dilation_ignored",
        ),
        ("output_size", lambda n, k, s, p, d: (n + 2 * p - d * (k - 1)) // s, "plus_one_inside"),
        (
            "output_size",
            lambda n, k, s, p, d: max(0, int(np.ceil((n + 2 * p - d * k + d - 1) / s)) + 1),
            "ceiling",
        ),
        ("pad2d", lambda x, p: np.pad(x, p, mode="constant"), "all_axes"),
        ("pad2d", pad_the_end, "bottom_and_right"),
        ("pad2d", crop_to_minus_padding, "slice_to_minus_padding"),
        ("pad2d", lambda x, p: np.pad(x, ((0, 0), (0, 0), (p, 0), (p, 0))), "one_side_each"),
        ("conv2d_forward", changed(pad=lambda x, p: np.pad(x, p)), "padded_on_all_axes"),
        ("conv2d_forward", changed(pad=pad_the_end), "padded_at_the_end"),
        ("conv2d_forward", changed(pad=crop_to_minus_padding), "padded_with_empty_slice"),
        ("conv2d_forward", changed(start=lambda i, s, k: i), "start_without_stride"),
        (
            "conv2d_forward",
            changed(size=lambda n, k, s, p: n + 2 * p - k + 1, skip=True),
            "as_large_as_for_stride_one",
        ),
        (
            "conv2d_forward",
            changed(size=lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1, skip=True),
            "rounded_up",
        ),
        (
            "conv2d_forward",
            changed(answer=lambda window, kernel, bias: np.sum(window * kernel + bias)),
            "bias_in_every_product",
        ),
        (
            "conv2d_forward",
            changed(answer=lambda window, kernel, bias: np.sum(window * kernel)),
            "bias_dropped",
        ),
        (
            "conv2d_forward",
            changed(answer=lambda window, kernel, bias: np.mean(window * kernel) + bias),
            "mean_for_sum",
        ),
        ("conv2d_forward_fast", im2col_unordered, "patches_not_transposed"),
        ("receptive_field", field_with_all_kernels, "kernels_added"),
        ("receptive_field", field_without_strides, "stride_ignored"),
        ("effective_receptive_field", influence_in_place, "same_array_twice"),
        ("effective_receptive_field", influence_forward, "only_upward"),
    ],
)
def test_mistakes_are_named_however_they_are_written(
    name: str, written: Callable[..., Any], named: str
) -> None:
    assert examined(name, written).misconception == named


def test_every_catalog_entry_of_the_chapter_is_there() -> None:
    numbers = {
        wrong.catalog_number
        for problem in PROBLEMS.values()
        for wrong in problem.misconceptions
        if wrong.catalog_number
    }
    assert numbers >= {*range(1, 22), 53, 57, 60, 61, 62}


def test_the_misconceptions_about_vgg16_give_their_numbers() -> None:
    layers_below = [layer for _, layer in demo.vgg16_layers()][:-1]
    wrong = {
        misconception.name: misconception.wrong
        for misconception in PROBLEMS["receptive_field"].misconceptions
    }
    assert receptive_field(layers_below)[0] == 196
    assert wrong["kernels_added"](layers_below)[0] == 301
    assert wrong["jump_too_early"](layers_below)[0] == 211
    assert wrong["stride_ignored"](layers_below)[0] == 31
