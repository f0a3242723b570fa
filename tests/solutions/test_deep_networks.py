"""Exercise "networks that go deep": its functions against PyTorch, and its question."""

from __future__ import annotations

import ast
import re

import jupytext
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from autograder.chapter import load_problems
from solutions.deep_networks.convolution import conv2d
from solutions.deep_networks.drawn_networks import hidden_networks, networks, shapes_of
from solutions.deep_networks.tasks.batch_norm_backward import batch_norm_backward
from solutions.deep_networks.tasks.batch_norm_forward import batch_norm_forward
from solutions.deep_networks.tasks.count_multiply_adds import count_multiply_adds
from solutions.deep_networks.tasks.depthwise_separable_conv import depthwise_separable_conv
from solutions.deep_networks.tasks.fold_batch_norm import fold_batch_norm
from solutions.deep_networks.tasks.residual_block import residual_block
from solutions.networks import Spec
from tests import COURSE

TEXT = (COURSE / "solutions" / "deep_networks" / "deep_networks.md").read_text(encoding="utf-8")
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.tuples(*[st.integers(1, 4)] * 2, *[st.integers(1, 6)] * 2)


def same(got: np.ndarray, expected: torch.Tensor) -> None:
    """Equal to what float64 allows."""
    wanted = expected.detach().numpy()
    assert got.shape == wanted.shape
    scale = max(1.0, np.abs(wanted).max(initial=0))
    assert np.abs(got - wanted).max(initial=0) < 1e-10 * scale


def tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    return [torch.tensor(array, requires_grad=True) for array in arrays]


@settings(max_examples=60, deadline=None)
@given(shape=SIZES, seed=SEEDS, momentum=st.floats(0, 1), training=st.booleans())
def test_batch_normalization_is_that_of_torch(
    shape: tuple[int, ...], seed: int, momentum: float, training: bool
) -> None:
    rng = np.random.default_rng(seed)
    images, channels, height, width = shape
    if images * height * width == 1:
        shape = (2, channels, 1, 1)  # torch refuses to normalize a single number
    x = 5 * rng.standard_normal(shape) + 3
    gamma, beta, mean = rng.standard_normal((3, channels))
    var = rng.uniform(0.1, 4, channels)
    layer = nn.BatchNorm2d(channels, eps=1e-3, momentum=momentum, dtype=torch.float64)
    layer.weight.data, layer.bias.data = torch.tensor(gamma), torch.tensor(beta)
    layer.running_mean, layer.running_var = torch.tensor(mean), torch.tensor(var)
    layer.train(training)
    expected = layer(torch.tensor(x))
    y, new_mean, new_var = batch_norm_forward(x, gamma, beta, mean, var, momentum, 1e-3, training)
    same(y, expected)
    same(new_mean, layer.running_mean)
    same(new_var, layer.running_var)


@settings(max_examples=60, deadline=None)
@given(shape=SIZES, seed=SEEDS, epsilon=st.floats(1e-4, 1))
def test_the_gradients_of_batch_normalization_are_those_of_torch(
    shape: tuple[int, ...], seed: int, epsilon: float
) -> None:
    rng = np.random.default_rng(seed)
    shape = (shape[0] + 1, *shape[1:])
    x, dout = rng.standard_normal((2, *shape))
    gamma, beta = rng.standard_normal((2, shape[1]))
    leaves = tensors(x, gamma, beta)
    y = functional.batch_norm(leaves[0], None, None, *leaves[1:], training=True, eps=epsilon)
    expected = torch.autograd.grad((y * torch.tensor(dout)).sum(), leaves)
    for got, gradient in zip(batch_norm_backward(dout, x, gamma, epsilon), expected, strict=True):
        same(got, gradient)


@settings(max_examples=40, deadline=None)
@given(shape=SIZES, filters=st.integers(1, 4), window=st.integers(1, 3), seed=SEEDS)
def test_a_folded_convolution_answers_as_both_layers_do(
    shape: tuple[int, ...], filters: int, window: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((*shape[:2], shape[2] + 2, shape[3] + 2))
    w = rng.standard_normal((filters, shape[1], window, window))
    b, gamma, beta, mean = rng.standard_normal((4, filters))
    var = rng.uniform(0.1, 4, filters)
    maps = functional.conv2d(*(torch.tensor(array) for array in (x, w, b)))
    numbers = (torch.tensor(array) for array in (mean, var, gamma, beta))
    expected = functional.batch_norm(maps, *numbers, training=False, eps=1e-3)
    same(conv2d(x, *fold_batch_norm(w, b, gamma, beta, mean, var, 1e-3)), expected)


@settings(max_examples=40, deadline=None)
@given(shape=SIZES, filters=st.integers(1, 4), stride=st.integers(1, 3), seed=SEEDS)
def test_a_residual_block_is_that_of_torch(
    shape: tuple[int, ...], filters: int, stride: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    channels = shape[1]
    x = rng.standard_normal(shape)
    for projected in (True, False):
        if not projected:
            filters, stride = channels, 1
        w1, w2 = (rng.standard_normal((filters, c, 3, 3)) for c in (channels, filters))
        b1, b2 = rng.standard_normal((2, filters))
        shortcut = rng.standard_normal((filters, channels, 1, 1)) if projected else None
        t = torch.tensor(x)
        hidden = functional.conv2d(t, torch.tensor(w1), torch.tensor(b1), stride, 1).relu()
        branch = functional.conv2d(hidden, torch.tensor(w2), torch.tensor(b2), 1, 1)
        around = (
            t if shortcut is None else functional.conv2d(t, torch.tensor(shortcut), None, stride)
        )
        same(residual_block(x, w1, b1, w2, b2, shortcut, stride), (around + branch).relu())


@settings(max_examples=60, deadline=None)
@given(
    shape=SIZES,
    filters=st.integers(1, 4),
    window=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    seed=SEEDS,
)
def test_a_separable_convolution_is_two_of_torch(
    shape: tuple[int, ...],
    filters: int,
    window: tuple[int, int],
    stride: int,
    padding: int,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    images, channels, height, width = shape
    x = rng.standard_normal((images, channels, height + window[0], width + window[1]))
    depthwise = rng.standard_normal((channels, 1, *window))
    pointwise = rng.standard_normal((filters, channels, 1, 1))
    b = rng.standard_normal(filters)
    maps = functional.conv2d(
        torch.tensor(x), torch.tensor(depthwise), None, stride, padding, groups=channels
    )
    expected = functional.conv2d(maps, torch.tensor(pointwise), torch.tensor(b))
    same(depthwise_separable_conv(x, depthwise, pointwise, b, stride, padding), expected)


def in_torch(spec: Spec) -> nn.Sequential:
    """Build a network from its list; what multiplies nothing is left out, but pooling."""
    layers: list[nn.Module] = []
    channels = spec[0]["channels"]
    for layer in spec[1:]:
        kind = layer["kind"]
        if kind == "conv":
            sizes = layer["size"], layer["stride"], layer["padding"]
            groups = layer.get("groups", 1)
            layers.append(nn.Conv2d(channels, layer["filters"], *sizes, groups=groups))
            channels = layer["filters"]
        elif kind in ("max_pool", "avg_pool"):
            pool = nn.MaxPool2d if kind == "max_pool" else nn.AvgPool2d
            layers.append(pool(layer["size"], layer["stride"]))
        elif kind == "adaptive_avg_pool":
            layers.append(nn.AdaptiveAvgPool2d(layer["size"]))
        elif kind == "flatten":
            layers.append(nn.Flatten())
        elif kind == "linear":
            layers.append(nn.LazyLinear(layer["units"]))
    return nn.Sequential(*layers)


@pytest.mark.parametrize("seed", range(4))
def test_multiply_adds_are_those_that_torch_counts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for name, spec in [*networks(rng), *hidden_networks(rng)]:
        model = in_torch(spec)
        x = torch.zeros(1, *(spec[0][key] for key in ("channels", "height", "width")))
        model(x)
        with FlopCounterMode(display=False) as counter:
            model(x)
        counted = count_multiply_adds(spec, shapes_of(spec))
        assert 2 * sum(counted) == counter.get_total_flops(), name


def test_the_notebook_hands_out_the_convolution_of_the_references() -> None:
    [cell] = [
        cell.source
        for cell in jupytext.reads(TEXT, "md:myst").cells
        if cell.cell_type == "code" and "def conv2d" in cell.source
    ]
    given_function = next(p for p in ast.parse(cell).body if isinstance(p, ast.FunctionDef))
    names: dict[str, object] = {"np": np}
    names["sliding_window_view"] = np.lib.stride_tricks.sliding_window_view
    exec(ast.unparse(given_function), names)
    handed_out = names["conv2d"]
    assert callable(handed_out)
    rng = np.random.default_rng(0)
    x, w, b = rng.random((2, 3, 7, 6)), rng.random((4, 3, 3, 2)), rng.random(4)
    for stride, padding in ((1, 0), (2, 1), (3, 2)):
        expected = functional.conv2d(*map(torch.tensor, (x, w, b)), stride, padding)
        same(conv2d(x, w, b, stride, padding), expected)
        assert np.array_equal(
            handed_out(x, w, b, stride, padding), conv2d(x, w, b, stride, padding)
        )


def test_the_references_need_nothing_that_the_notebook_lacks() -> None:
    handed_out = {"np", "sliding_window_view", "conv2d"}
    for name, problem in load_problems(COURSE, "deep_networks").items():
        used = set(problem.reference.__code__.co_names) & set(problem.reference.__globals__)
        assert used <= handed_out, name


def test_the_story_of_the_question() -> None:
    """After 20 steps with a momentum of 0.01, 82 % of the running statistics are made up."""
    [left, share] = re.findall(r"0\.99\^\{20\} = (0\.\d+)\$.*?only (\d+) %", TEXT, re.S)[0]
    data = np.full((4, 1, 2, 2), 3.0) + np.array([-1.0, 1]).reshape(2, 1)
    mean, var = np.zeros(1), np.ones(1)
    for _ in range(20):
        _, mean, var = batch_norm_forward(
            data, np.ones(1), np.zeros(1), mean, var, 0.01, 1e-5, True
        )
    assert round(1 - mean[0] / 3, 2) == float(left)
    assert round(100 * mean[0] / 3) == int(share)
    pixel = np.full((1, 1, 1, 1), 7.0)
    with np.errstate(all="ignore"):
        y, _, unbiased = batch_norm_forward(
            pixel, np.ones(1), np.full(1, 0.25), mean, var, 0.1, 1e-5, True
        )
    assert y.item() == 0.25
    assert not np.isfinite(unbiased).all()
