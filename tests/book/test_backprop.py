"""The chapter "Backpropagation": its functions against PyTorch, and the claims of its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograder.chapter import load_problems
from autograder.examination import examine
from autograder.student.calls import in_notebook
from book.backprop import demo as backprop_demo
from solutions.backprop.tasks.avg_pool_backward import avg_pool_backward
from solutions.backprop.tasks.conv2d_backward import conv2d_backward
from solutions.backprop.tasks.gradient_check import gradient_check
from solutions.backprop.tasks.linear_backward import linear_backward
from solutions.backprop.tasks.max_pool_backward import max_pool_backward
from solutions.backprop.tasks.numerical_gradient import numerical_gradient
from solutions.backprop.tasks.relu_backward import relu_backward
from solutions.backprop.tasks.softmax_cross_entropy import softmax_cross_entropy
from solutions.filters.tasks.corr2d import corr2d
from solutions.padding_stride.tasks.conv2d_forward import conv2d_forward
from solutions.pooling.tasks.avg_pool_forward import avg_pool_forward
from solutions.pooling.tasks.max_pool_forward import max_pool_forward
from tests import COURSE

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 4)


def gradients_of_torch(
    forward: Callable[..., torch.Tensor], dout: np.ndarray, *inputs: np.ndarray
) -> list[np.ndarray]:
    """The gradients of sum(dout * forward(inputs)), by PyTorch's autograd in float64."""
    tensors = [torch.from_numpy(tensor).requires_grad_() for tensor in inputs]
    out = forward(*tensors)
    assert out.dtype == torch.float64
    assert tuple(out.shape) == dout.shape
    out.backward(torch.from_numpy(dout))
    return [tensor.grad.numpy() for tensor in tensors]


def close(got: np.ndarray, expected: np.ndarray) -> None:
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-10)


# The reference functions


@settings(deadline=None)
@given(seeds, sizes, sizes, sizes)
def test_linear_backward_is_that_of_torch(seed: int, n: int, d: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    x, w, b = rng.normal(size=(n, d)), rng.normal(size=(d, m)), rng.normal(size=m)
    dout = rng.normal(size=(n, m))
    expected = gradients_of_torch(lambda x, w, b: x @ w + b, dout, x, w, b)
    for mine, theirs in zip(linear_backward(dout, x, w), expected, strict=True):
        close(mine, theirs)


@settings(deadline=None)
@given(seeds, st.lists(sizes, min_size=1, max_size=4))
def test_relu_backward_is_that_of_torch(seed: int, shape: list[int]) -> None:
    x, dout = np.random.default_rng(seed).normal(size=(2, *shape))
    x.flat[0] = 0.0  # PyTorch takes the slope 0 there, as the reference does
    close(relu_backward(dout, x), gradients_of_torch(torch.relu, dout, x)[0])


@st.composite
def pooling(draw: st.DrawFn) -> tuple[np.ndarray, int, int, np.random.Generator]:
    size, stride = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    height, width = (size + draw(st.integers(0, 5)) for _ in range(2))
    rng = np.random.default_rng(draw(seeds))
    shape = (draw(sizes), draw(sizes), height, width)
    few_values = draw(st.booleans())  # many ties
    x = rng.integers(0, 3, size=shape).astype(float) if few_values else rng.normal(size=shape)
    return x, size, stride, rng


@settings(deadline=None)
@given(pooling())
def test_pooling_backward_is_that_of_torch(
    given: tuple[np.ndarray, int, int, np.random.Generator],
) -> None:
    x, size, stride, rng = given
    functional = torch.nn.functional
    for forward, pooled, backward in (
        (max_pool_forward, functional.max_pool2d, max_pool_backward),
        (avg_pool_forward, functional.avg_pool2d, avg_pool_backward),
    ):
        out = forward(x, size, stride)
        close(out, pooled(torch.from_numpy(x), size, stride).numpy())
        dout = rng.normal(size=out.shape)
        expected = gradients_of_torch(lambda x, of=pooled: of(x, size, stride), dout, x)
        close(backward(dout, x, size, stride), expected[0])


@st.composite
def layers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int, int, np.random.Generator]:
    rng = np.random.default_rng(draw(seeds))
    n, c, f = draw(sizes), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rows, columns = draw(sizes), draw(sizes)
    stride, padding = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    height, width = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    assume(rows <= height + 2 * padding and columns <= width + 2 * padding)
    x, w = rng.normal(size=(n, c, height, width)), rng.normal(size=(f, c, rows, columns))
    return x, w, stride, padding, rng


@settings(deadline=None)
@given(layers())
def test_conv2d_backward_is_that_of_torch(
    given: tuple[np.ndarray, np.ndarray, int, int, np.random.Generator],
) -> None:
    x, w, stride, padding, rng = given
    b = rng.normal(size=len(w))

    def forward(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.conv2d(x, w, b, stride=stride, padding=padding)

    out = conv2d_forward(x, w, b, stride, padding)
    close(out, forward(*map(torch.from_numpy, (x, w, b))).numpy())
    dout = rng.normal(size=out.shape)
    expected = gradients_of_torch(forward, dout, x, w, b)
    result = conv2d_backward(dout, x, w, stride, padding)
    for mine, theirs in zip(result, expected, strict=True):
        close(mine, theirs)


@settings(deadline=None)
@given(seeds, st.integers(1, 6), st.integers(1, 6), st.sampled_from([0.0, 1e3, -1e4]))
def test_softmax_cross_entropy_is_that_of_torch(seed: int, n: int, k: int, lift: float) -> None:
    rng = np.random.default_rng(seed)
    scores, y = 5 * rng.normal(size=(n, k)) + lift * np.arange(n)[:, None], rng.integers(0, k, n)
    tensor = torch.from_numpy(scores).requires_grad_()
    expected = torch.nn.functional.cross_entropy(tensor, torch.from_numpy(y))
    expected.backward()
    loss, dscores = softmax_cross_entropy(scores, y)
    assert loss == pytest.approx(expected.item(), abs=1e-10)
    close(dscores, tensor.grad.numpy())


@settings(deadline=None)
@given(seeds, st.lists(st.integers(1, 3), min_size=0, max_size=3))
def test_numerical_gradient_is_near_that_of_torch(seed: int, shape: list[int]) -> None:
    x = np.random.default_rng(seed).normal(size=shape)
    expected = gradients_of_torch(lambda x: torch.sin(x * x).sum(), np.array(1.0), x)[0]
    before = x.copy()
    measured = numerical_gradient(lambda x: float(np.sin(x * x).sum()), x, 1e-5)
    assert measured.shape == x.shape
    assert np.array_equal(x, before)
    np.testing.assert_allclose(measured, expected, atol=1e-8)


@pytest.mark.parametrize(
    ("wrong", "error"), [(lambda g: g, 0), (lambda g: -g, 2), (lambda g: 2 * g, 0.5)]
)
def test_the_error_tells_a_story(wrong: Callable[[Any], Any], error: float) -> None:
    gradient = np.array([[3.0, -0.25], [1e-3, 0.0]])
    assert gradient_check(wrong(gradient), gradient) == pytest.approx(error)


def test_the_error_is_one_where_one_of_two_is_zero() -> None:
    assert gradient_check(np.array([0.0, 1e-9]), np.array([0.0, 0.0])) == 1


# What is stored must be the same bytes on every machine


# The claims of the page


class TestChain:
    @settings(deadline=None)
    @given(st.lists(st.floats(-50, 50), min_size=5, max_size=5))
    def test_gradients_are_those_of_torch(self, numbers: list[float]) -> None:
        chain = backprop_demo.Chain(*numbers)
        values = chain.values()
        assume(abs(values["q1"]) > 1e-9 and abs(values["q2"]) > 1e-9)
        point = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
        x1, x2, w, b, t = point
        loss = (torch.relu(w * x1 + b) + torch.relu(w * x2 + b) - t) ** 2
        loss.backward()
        assert values["L"] == pytest.approx(loss.item(), rel=1e-12, abs=1e-12)
        for name, right in zip(("x1", "x2", "w", "b"), point.grad.tolist(), strict=False):
            assert chain.gradients()[name] == pytest.approx(right, rel=1e-10, abs=1e-10)

    def test_a_blocked_path_carries_nothing(self) -> None:
        gradients = backprop_demo.Chain(x1=3, x2=-1, w=2, b=-1, t=4).gradients()
        assert (gradients["w"], gradients["b"], gradients["x2"]) == (6, 2, 0)


class TestChecking:
    steps = tuple(10.0**-k for k in range(1, 16))

    def test_central_differences_beat_forward_ones_by_far(self) -> None:
        errors = backprop_demo.sine_errors(self.steps)
        assert min(errors["central"]) < 1e-10
        assert 1e-10 < min(errors["forward"]) < 1e-7
        assert min(errors["central, float32"]) > 1e-6

    def test_errors_shrink_like_the_step_and_its_square(self) -> None:
        errors = backprop_demo.sine_errors([1e-2, 1e-3])
        assert errors["forward"][0] / errors["forward"][1] == pytest.approx(10, rel=0.05)
        assert errors["central"][0] / errors["central"][1] == pytest.approx(100, rel=0.05)

    def test_a_kink_within_the_step_gives_a_slope_in_between(self) -> None:
        assert backprop_demo.kink_slope(1e-6, 1e-5) == pytest.approx(0.55)
        assert backprop_demo.kink_slope(1e-6, 1e-7) == pytest.approx(1)
        assert backprop_demo.kink_slope(-0.5, 1e-5) == 0


class TestTests:
    counts = tuple(len(backprop_demo.noticed(trials)) for _, trials in backprop_demo.TRIALS)

    def test_each_test_notices_more_than_the_one_before(self) -> None:
        assert list(self.counts) == sorted(set(self.counts))

    def test_the_strictest_notices_everything(self) -> None:
        assert self.counts[-1] == len(backprop_demo.KNOWN_MISTAKES)

    def test_no_test_finds_fault_with_the_reference(self) -> None:
        for _, trials in backprop_demo.TRIALS:
            assert not any(trial.notices(conv2d_backward) for trial in trials)


@settings(deadline=None)
@given(seeds, sizes, sizes, st.integers(1, 3), st.integers(0, 5), st.integers(0, 5))
def test_backward_is_two_correlations(
    seed: int, rows: int, columns: int, stride: int, more: int, wider: int
) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(rows + more, columns + wider)), rng.normal(size=(rows, columns))
    dout = rng.normal(size=corr2d(x, w)[::stride, ::stride].shape)
    four_axes = (array[None, None] for array in (dout, x, w))
    dx, dw, _ = conv2d_backward(*four_axes, stride, 0)
    mine = backprop_demo.two_correlations(dout, x, w, stride)
    close(mine[0], dx[0, 0])
    close(mine[1], dw[0, 0])


class TestNetwork:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((5, 1, 8, 8)), rng.integers(0, 3, size=5)
    network = backprop_demo.SmallNetwork.random(seed=0)

    def test_gradients_are_measured_ones(self) -> None:
        assert max(self.network.errors(self.x, self.y).values()) < 1e-6

    def test_gradients_are_those_of_torch(self) -> None:
        loss, gradients = self.network.loss_and_gradients(self.x, self.y)
        weights = {
            name: torch.from_numpy(part.copy()).requires_grad_()
            for name, part in self.network.weights.items()
        }
        functional = torch.nn.functional
        hidden = functional.conv2d(
            torch.from_numpy(self.x), weights["w1"], weights["b1"], padding=1
        )
        flat = functional.max_pool2d(torch.relu(hidden), 2).flatten(1)
        scores = flat @ weights["w2"] + weights["b2"]
        expected = functional.cross_entropy(scores, torch.from_numpy(self.y))
        expected.backward()
        assert loss == pytest.approx(expected.item(), abs=1e-12)
        assert loss == self.network.loss(self.x, self.y)
        for name, part in gradients.items():
            close(part, weights[name].grad.numpy())

    def test_a_small_step_against_the_gradient_helps(self) -> None:
        loss, gradients = self.network.loss_and_gradients(self.x, self.y)
        moved = {name: part - 0.01 * gradients[name] for name, part in self.network.weights.items()}
        assert backprop_demo.SmallNetwork(moved).loss(self.x, self.y) < loss


def test_the_path_shows_values_and_gradients() -> None:
    body = backprop_demo.drawn_path(["w", "p"], [2, 6], [3]).body
    assert all(f">{text}<" in body for text in ("2", "6", "3", "1", "× 3", "w", "p"))
    assert "#000000" not in body


# Mistakes as students write them


def steps_in_place(f: Callable[[Any], Any], x: Any, h: float) -> Any:
    gradient = np.zeros(x.shape)
    walk = np.nditer(x, flags=["multi_index"])
    while not walk.finished:
        at = walk.multi_index
        old = x[at]
        x[at] = old + h
        above = f(x)
        x[at] = old - h
        below = f(x)
        x[at] = old
        gradient[at] = (above - below) / (2 * h)
        walk.iternext()
    return gradient


def forward_in_place(f: Callable[[Any], Any], x: Any, h: float) -> Any:
    x = x.astype(float)
    gradient, here = np.zeros(x.shape), f(x)
    for at in np.ndindex(*x.shape):
        x[at] += h
        gradient[at] = (f(x) - here) / h
        x[at] -= h
    return gradient


def same_array_twice(f: Callable[[Any], Any], x: Any, h: float) -> Any:
    gradient = np.zeros(x.shape)
    for at in np.ndindex(*x.shape):
        above = below = x.astype(float)
        above[at] += h
        below[at] -= h
        gradient[at] = (f(above) - f(below)) / (2 * h)
    return gradient


def in_loops(
    dout: Any, x: Any, size: int, stride: int, step: Callable[[Any, Any, Any], None]
) -> Any:
    """Visit the windows of a pooling layer: step(gradient's window, window, upstream)."""
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*dout.shape):
        area = np.s_[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        step(dx[area], x[area], dout[n, c, i, j])
    return dx


def mask_all(dx: Any, window: Any, up: Any) -> None:
    dx += (window == np.max(window)) * up


def maximum_assigned(dx: Any, window: Any, up: Any) -> None:
    dx[np.unravel_index(np.argmax(window), window.shape)] = up


def window_assigned(dx: Any, window: Any, up: Any) -> None:
    mask = np.zeros(window.shape)
    mask.flat[window.argmax()] = 1
    dx[:] = mask * up


def one_for_the_mask(dx: Any, window: Any, up: Any) -> None:
    dx.flat[window.argmax()] += 1


def pooled_by_size(dout: Any, x: Any, size: int, stride: int) -> Any:
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*dout.shape):
        window = x[n, c, i * size : (i + 1) * size, j * size : (j + 1) * size]
        a, b = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, i * size + a, j * size + b] += dout[n, c, i, j]
    return dx


def conv_in_loops(
    dout: Any,
    x: Any,
    w: Any,
    stride: int,
    padding: int,
    crop: Callable[[Any, int, Any], Any] = lambda dx, p, x: dx[
        :, :, p : p + x.shape[2], p : p + x.shape[3]
    ],
    reset: bool = False,
    start: int | None = None,
) -> Any:
    """Compute the layer's gradients with seven loops, and one of several mistakes."""
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp, dw, db = np.zeros(xp.shape), np.zeros(w.shape), np.zeros(len(w))
    move = stride if start is None else start
    for n in range(len(x)):
        if reset:
            dw = np.zeros(w.shape)
        for f, i, j in np.ndindex(*dout.shape[1:]):
            up = dout[n, f, i, j]
            db[f] += up
            for c, a, b in np.ndindex(*w.shape[1:]):
                dxp[n, c, i * move + a, j * move + b] += up * w[f, c, a, b]
                dw[f, c, a, b] += up * xp[n, c, i * move + a, j * move + b]
    return crop(dxp, padding, x), dw, db


def dw_from_x(dout: Any, x: Any, w: Any, stride: int, padding: int) -> Any:
    dx, dw, db = conv_in_loops(dout, x, w, stride, padding)
    dw = np.zeros(w.shape)
    for n, f, i, j in np.ndindex(*dout.shape):
        top, left = i * stride, j * stride
        dw[f] += x[n][:, top : top + w.shape[2], left : left + w.shape[3]] * dout[n, f, i, j]
    return dx, dw, db


def probabilities(scores: Any) -> Any:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def softmax_written(scores: Any, y: Any, change: Callable[[Any, Any], Any]) -> Any:
    p = probabilities(scores)
    loss = -np.log(p[range(len(y)), y]).sum() / len(y)
    return loss, change(p, y)


def p_without_n(p: Any, y: Any) -> Any:
    p[range(len(y)), y] -= 1
    return p


def columns_of_all(p: Any, y: Any) -> Any:
    p[:, y] -= 1
    return p / len(y)


def overflowing(scores: Any, y: Any) -> Any:
    p = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
    loss = np.mean(-np.log(p[range(len(y)), y]))
    p[range(len(y)), y] -= 1
    return loss, p / len(y)


def without_axes(scores: Any, y: Any) -> Any:
    p = np.exp(scores) / np.sum(np.exp(scores))
    loss = np.mean(-np.log(p[range(len(y)), y]))
    p[range(len(y)), y] -= 1
    return loss, p / len(y)


CONV_CROPS: dict[str, Callable[[Any, int, Any], Any]] = {
    "empty_without_padding": lambda dx, p, x: dx[:, :, p:-p, p:-p],
    "one_pixel_cropped": lambda dx, p, x: dx[:, :, 1:-1, 1:-1],
    "not_cropped": lambda dx, p, x: dx,
    "cropped_at_one_end": lambda dx, p, x: dx[:, :, : x.shape[2], : x.shape[3]],
}


@pytest.mark.parametrize(
    ("function", "written", "named"),
    [
        ("numerical_gradient", steps_in_place, "in_the_type_of_x"),
        ("numerical_gradient", forward_in_place, "forward_difference"),
        ("numerical_gradient", same_array_twice, "one_array_two_names"),
        ("gradient_check", lambda a, n: np.max(np.abs(a - n)), "absolute_error"),
        (
            "gradient_check",
            lambda a, n: np.max(np.abs(a - n) / np.maximum(1e-8, np.abs(a) + np.abs(n))),
            "divided_by_sum",
        ),
        (
            "gradient_check",
            lambda a, n: np.linalg.norm(a - n) / max(np.linalg.norm(a), np.linalg.norm(n)),
            "norms",
        ),
        (
            "linear_backward",
            lambda dout, x, w: (dout.dot(w.T), dout.T.dot(x), np.sum(dout, 0)),
            "dw_transposed",
        ),
        (
            "linear_backward",
            lambda dout, x, w: (dout.dot(w.T), x.T.dot(dout), np.sum(dout, 0)[None, :]),
            "db_is_a_row",
        ),
        (
            "linear_backward",
            lambda dout, x, w: (dout @ w.T / len(x), x.T @ dout / len(x), dout.mean(0)),
            "averaged_over_examples",
        ),
        ("relu_backward", lambda dout, x: (x > 0).astype(float), "upstream_forgotten"),
        ("relu_backward", lambda dout, x: dout * (dout > 0), "mask_from_dout"),
        ("max_pool_backward", lambda *given: in_loops(*given, mask_all), "all_ties"),
        (
            "max_pool_backward",
            lambda *given: in_loops(*given, maximum_assigned),
            "maximum_overwritten",
        ),
        (
            "max_pool_backward",
            lambda *given: in_loops(*given, window_assigned),
            "window_overwritten",
        ),
        (
            "max_pool_backward",
            lambda *given: in_loops(*given, one_for_the_mask),
            "upstream_forgotten",
        ),
        ("max_pool_backward", pooled_by_size, "size_for_stride"),
        *[
            (
                "conv2d_backward",
                lambda *given, crop=crop: conv_in_loops(*given, crop=crop),
                named,
            )
            for named, crop in CONV_CROPS.items()
        ],
        ("conv2d_backward", lambda *given: conv_in_loops(*given, reset=True), "dw_last_image"),
        ("conv2d_backward", lambda *given: conv_in_loops(*given, start=1), "stride_ignored"),
        ("conv2d_backward", dw_from_x, "unpadded_x"),
        (
            "softmax_cross_entropy",
            lambda scores, y: softmax_written(scores, y, p_without_n),
            "gradient_not_divided",
        ),
        (
            "softmax_cross_entropy",
            lambda scores, y: softmax_written(scores, y, columns_of_all),
            "all_rows_and_columns",
        ),
        ("softmax_cross_entropy", overflowing, "no_shift"),
        ("softmax_cross_entropy", without_axes, "sum_over_everything"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mistakes_are_named_however_they_are_written(
    function: str, written: Callable[..., Any], named: str
) -> None:
    problem = load_problems(COURSE, "backprop")[function]
    checks = problem.visible_checks()
    assert examine(checks, in_notebook(written, checks.time_limit)).misconception == named


def test_the_slope_of_relu_at_0_is_0_in_pytorch() -> None:
    x = torch.zeros(3, requires_grad=True)
    torch.relu(x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0, 0, 0]
