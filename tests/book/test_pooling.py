"""The chapter "Pooling and the other layers": its functions against PyTorch, and its claims."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from autograder.authoring.standalone import standalone_source
from autograder.chapter import load_problems
from autograder.examination import examine
from autograder.problems import Problem
from autograder.student.calls import in_notebook
from book.pooling import demo as pooling_demo
from book.pooling.network_calculator import vgg16_with_global_average
from solutions import networks
from solutions.deep_networks.tasks.count_multiply_adds import count_multiply_adds
from solutions.networks import ALEXNET, LENET5, NETWORKS, VGG16, Spec
from solutions.pooling.drawn_networks import WORKED_NETWORK
from solutions.pooling.images import WORKED_IMAGE
from solutions.pooling.tasks.avg_pool_forward import avg_pool_forward
from solutions.pooling.tasks.count_parameters import count_parameters
from solutions.pooling.tasks.linear_forward import linear_forward
from solutions.pooling.tasks.linear_to_filters import linear_to_filters
from solutions.pooling.tasks.max_pool_forward import max_pool_forward
from solutions.pooling.tasks.network_shapes import network_shapes
from solutions.pooling.tasks.relu_forward import relu_forward
from tests import COURSE
from tests.book.network_specs import specs

PROBLEMS = load_problems(COURSE, "pooling")

SOURCE = Path(__file__).parents[2] / "solutions" / "pooling" / "pooling.md"
seeds = st.integers(0, 2**32 - 1)


def close(got: np.ndarray, expected: torch.Tensor) -> None:
    assert expected.dtype == torch.float64
    assert got.shape == tuple(expected.shape)
    np.testing.assert_allclose(got, expected.numpy(), rtol=0, atol=1e-10)


# The functions against PyTorch


@settings(deadline=None)
@given(seeds, st.integers(1, 3), st.integers(1, 3), st.integers(1, 5), st.integers(1, 6), st.data())
def test_pooling_agrees_with_torch(
    seed: int, n: int, c: int, size: int, stride: int, data: st.DataObject
) -> None:
    height, width = (data.draw(st.integers(size, size + 9)) for _ in range(2))
    x = np.random.default_rng(seed).normal(size=(n, c, height, width)) - data.draw(
        st.integers(0, 3)
    )
    same = torch.from_numpy(x)
    close(
        max_pool_forward(x, size, stride),
        nn.functional.max_pool2d(same, size, stride),
    )
    close(
        avg_pool_forward(x, size, stride),
        nn.functional.avg_pool2d(same, size, stride),
    )


@settings(deadline=None)
@given(seeds, st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_relu_agrees_with_torch(seed: int, shape: list[int]) -> None:
    x = np.random.default_rng(seed).normal(size=shape)
    close(relu_forward(x), nn.functional.relu(torch.from_numpy(x)))


@settings(deadline=None)
@given(seeds, st.integers(1, 4), st.integers(1, 6), st.integers(1, 6))
def test_linear_agrees_with_torch(seed: int, n: int, d: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    x, w, b = rng.normal(size=(n, d)), rng.normal(size=(d, m)), rng.normal(size=m)
    layer = nn.functional.linear(torch.from_numpy(x), torch.from_numpy(w.T), torch.from_numpy(b))
    close(linear_forward(x, w, b), layer)


@settings(deadline=None)
@given(seeds, st.integers(1, 3), st.integers(1, 4), st.tuples(*[st.integers(1, 4)] * 3))
def test_a_linear_layer_is_a_convolution(
    seed: int, n: int, m: int, size: tuple[int, int, int]
) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(n, *size)), rng.normal(size=(math.prod(size), m))
    b = rng.normal(size=m)
    filters = linear_to_filters(w, *size)
    assert filters.shape == (m, *size)
    tensors = map(torch.from_numpy, (x, np.ascontiguousarray(filters), b))
    convolved = nn.functional.conv2d(*tensors)
    close(linear_forward(x.reshape(n, -1), w, b), convolved[:, :, 0, 0])


def module(layer: dict[str, Any], shape: tuple[int, ...]) -> nn.Module:
    """Return PyTorch's layer for an entry whose input has the given shape."""
    kind = layer["kind"]
    if kind == "conv":
        settings_ = layer["size"], layer["stride"], layer["padding"]
        return nn.Conv2d(shape[0], layer["filters"], *settings_)
    if kind == "max_pool":
        return nn.MaxPool2d(layer["size"], layer["stride"])
    if kind == "avg_pool":
        return nn.AvgPool2d(layer["size"], layer["stride"])
    if kind == "adaptive_avg_pool":
        return nn.AdaptiveAvgPool2d(layer["size"])
    if kind == "linear":
        return nn.Linear(shape[0], layer["units"])
    return {"relu": nn.ReLU, "dropout": nn.Dropout, "flatten": nn.Flatten}[kind]()


def modules_of(spec: Spec) -> tuple[list[nn.Module], list[tuple[int, ...]]]:
    """Build a network in PyTorch without memory for its numbers, and run it; modules and shapes."""
    first = spec[0]
    modules: list[nn.Module] = []
    with torch.device("meta"):
        x = torch.empty(1, *(int(first[key]) for key in ("channels", "height", "width")))
        shapes = [tuple(x.shape[1:])]
        for layer in spec[1:]:
            modules.append(module(layer, shapes[-1]))
            x = modules[-1](x)
            shapes.append(tuple(x.shape[1:]))
    return modules, shapes


def check_against_torch(spec: Spec) -> None:
    built, shapes = modules_of(spec)
    computed = network_shapes(spec)
    assert computed == shapes
    learned = [sum(p.numel() for p in module.parameters()) for module in built]
    assert count_parameters(spec, computed) == [0, *learned]
    counter = FlopCounterMode(display=False)
    with torch.device("meta"), counter, torch.no_grad():
        nn.Sequential(*built).eval()(torch.empty(1, *shapes[0]))
    # FlopCounterMode counts a multiply-add as two operations.
    assert 2 * sum(count_multiply_adds(spec, computed)) == counter.get_total_flops()


@settings(deadline=None, max_examples=60)
@given(specs())
def test_networks_agree_with_torch(spec: Spec) -> None:
    check_against_torch(spec)


@pytest.mark.parametrize("name", NETWORKS)
def test_known_networks_agree_with_torch(name: str) -> None:
    check_against_torch(NETWORKS[name])


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="no layer of kind 'lstm' is known"):
        network_shapes([networks.image(1, 4, 4), networks.plain("lstm")])


# Known networks


@pytest.mark.parametrize(
    ("spec", "build", "parameters"),
    [
        (ALEXNET, torchvision.models.alexnet, 61_100_840),
        (VGG16, torchvision.models.vgg16, 138_357_544),
    ],
)
def test_networks_are_those_of_torchvision(
    spec: Spec, build: Callable[[], nn.Module], parameters: int
) -> None:
    with torch.device("meta"):
        model = build()
    theirs = [*model.features, model.avgpool, nn.Flatten(), *model.classifier]
    ours, _ = modules_of(spec)
    assert len(ours) == len(theirs)
    for own, other in zip(ours, theirs, strict=True):
        assert type(own) is type(other)
        for key in ("in_channels", "out_channels", "in_features", "out_features"):
            assert getattr(own, key, None) == getattr(other, key, None)
        for key in ("kernel_size", "stride", "padding", "output_size"):
            assert pair(getattr(own, key, None)) == pair(getattr(other, key, None))
    counted = sum(count_parameters(spec, network_shapes(spec)))
    assert counted == sum(p.numel() for p in model.parameters()) == parameters


def pair(value: Any) -> Any:
    return (value, value) if isinstance(value, int) else value


def test_lenet5_then_and_now() -> None:
    shapes = network_shapes(LENET5)
    assert shapes[1] == (6, 28, 28)
    assert shapes[-1] == (10,)
    assert sum(count_parameters(LENET5, shapes)) == 61_706
    original = pooling_demo.original_lenet5_parameters()
    assert original["C3"] == 1_516
    assert sum(original.values()) == 60_000  # "60,000 trainable free parameters" (the paper)


def test_names_of_layers() -> None:
    def numbered(spec: Spec) -> str:
        return " ".join(name for name in networks.layer_names(spec) if re.search(r"\d", name))

    assert numbered(VGG16).startswith("conv1_1 conv1_2 pool1 conv2_1 conv2_2 pool2 conv3_1")
    assert numbered(VGG16).endswith("conv5_3 pool5 fc6 fc7 fc8")
    assert numbered(ALEXNET) == "conv1 pool1 conv2 pool2 conv3 conv4 conv5 pool5 fc6 fc7 fc8"
    assert numbered(LENET5) == "conv1 pool1 conv2 pool2 fc3 fc4 fc5"
    assert networks.layer_names(LENET5)[:3] == ["image", "conv1", "relu"]


# The exercise's text


def cells() -> Iterator[str]:
    for block in re.findall(r"```\{code-cell\} python\n(.*?)```", SOURCE.read_text(), re.S):
        if not block.startswith(":task:"):
            yield block


def test_lenet5_of_the_exercise_is_the_courses() -> None:
    (cell,) = [source for source in cells() if "lenet5 = [" in source]
    assignment = ast.parse(cell).body[0]
    assert isinstance(assignment, ast.Assign)
    assert ast.literal_eval(assignment.value) == LENET5


def test_numbers_of_the_exercise() -> None:
    text = SOURCE.read_text()
    batch = WORKED_IMAGE[None, None]
    assert max_pool_forward(batch, 2, 2).tolist() == [[[[3, -1], [5, 2]]]]
    assert avg_pool_forward(batch, 2, 2).tolist() == [[[[1.5, -2.5], [2, 1]]]]
    shapes = network_shapes(WORKED_NETWORK)
    for layer, shape in zip(WORKED_NETWORK, shapes, strict=True):
        assert re.search(rf"\| `{layer['kind']}` \|.*\| {re.escape(str(shape))} \|", text)
    assert count_parameters(WORKED_NETWORK, shapes) == [0, 20, 0, 0, 0, 15]
    vgg16 = network_shapes(VGG16)
    fc6 = count_parameters(VGG16, vgg16)[VGG16.index(networks.linear(4096))]
    assert f"{fc6:,} parameters after five poolings" in text
    linear = PROBLEMS["linear_forward"].visible_checks()
    assert linear.cases[0].expected.tolist() == [[2.5, -1]]
    filters = PROBLEMS["linear_to_filters"].visible_checks()
    assert filters.cases[0].expected[0].tolist() == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]


def test_the_case_that_the_exercise_draws_is_vgg16() -> None:
    (cell,) = [source for source in cells() if "check.case(count_parameters" in source]
    number = int(re.search(r"check\.case\(count_parameters, (\d+)\)", cell)[1])
    checks = PROBLEMS["count_parameters"].visible_checks()
    assert checks.cases[number - 1].arguments["spec"] == VGG16


@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
def test_every_cell_of_the_exercise_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reference functions in place of the student's."""
    import matplotlib

    matplotlib.use("Agg")
    space: dict[str, Any] = {name: problem.reference for name, problem in PROBLEMS.items()}
    opened: list[str] = []
    for cell in cells():
        exec(cell, space)
        if "import check" in cell:
            space["explore"] = lambda function: opened.append(function.__name__)
            space["check"] = Cases()
    assert opened == ["max_pool_forward", "avg_pool_forward", "relu_forward", "network_shapes"]
    matplotlib.pyplot.close("all")


class Cases:
    """What `check` offers the cells of the exercise."""

    def case(self, function: Callable[..., Any], number: int) -> tuple[Any, ...]:
        checks = PROBLEMS[function.__name__].visible_checks()
        return tuple(checks.cases[number - 1].arguments.values())


# Mistakes as students write them


def blocks(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    """The reshape trick, which knows no stride."""
    n, c, h, w = x.shape
    cut = x[:, :, : h // size * size, : w // size * size]
    return cut.reshape(n, c, h // size, size, w // size, size).max(axis=(3, 5))


def zeros_in_the_loop(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    n, c, h, w = x.shape
    out = np.zeros((n, c, (h - size) // stride + 1, (w - size) // stride + 1))
    for i, j, a, b in np.ndindex(*out.shape[2:], size, size):
        out[:, :, i, j] = np.maximum(out[:, :, i, j], x[:, :, i * stride + a, j * stride + b])
    return out


def assigned_in_the_loop(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    n, c, h, w = x.shape
    out = np.zeros((n, c, (h - size) // stride + 1, (w - size) // stride + 1))
    for i, j, a, b in np.ndindex(*out.shape[2:], size, size):
        out[:, :, i, j] = x[:, :, i * stride + a, j * stride + b]
    return out


def start_at_i(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    n, c, h, w = x.shape
    out = np.zeros((n, c, (h - size) // stride + 1, (w - size) // stride + 1))
    for k, m, i, j in np.ndindex(*out.shape):
        out[k, m, i, j] = np.mean(x[k, m, i : i + size, j : j + size])
    return out


def all_channels_at_once(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    n, c, h, w = x.shape
    out = np.zeros((n, c, (h - size) // stride + 1, (w - size) // stride + 1))
    for k, m, i, j in np.ndindex(*out.shape):
        top, left = i * stride, j * stride
        out[k, m, i, j] = x[k, :, top : top + size, left : left + size].max()
    return out


def in_the_type_of_the_images(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    h, w = x.shape[2:]
    out = np.zeros_like(x[:, :, : (h - size) // stride + 1, : (w - size) // stride + 1])
    for i, j in np.ndindex(*out.shape[2:]):
        window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
        out[:, :, i, j] = window.mean((2, 3))
    return out


def shapes_with(count: Callable[..., Any]) -> Callable[[Spec], list[tuple[Any, ...]]]:
    """A whole network_shapes, written another way, with a rule for what slides."""

    def shapes(spec: Spec) -> list[tuple[Any, ...]]:
        out: list[Any] = []
        for entry in spec:
            last = out[-1] if out else ()
            if entry["kind"] == "image":
                out.append((entry["channels"], entry["height"], entry["width"]))
            elif "stride" in entry:
                sides = [
                    count(s, entry["size"], entry["stride"], entry.get("padding", 0))
                    for s in last[1:]
                ]
                out.append((entry.get("filters", last[0]), *sides))
            elif entry["kind"] == "adaptive_avg_pool":
                out.append((last[0], entry["size"], entry["size"]))
            elif entry["kind"] == "flatten":
                out.append((math.prod(last),))
            elif entry["kind"] == "linear":
                out.append((entry["units"],))
            else:
                out.append(last)
        return out

    return shapes


def own_depth(spec: Spec, shapes: list[tuple[int, ...]]) -> list[int]:
    counts = []
    for entry, shape in zip(spec, shapes, strict=True):
        per_filter = shape[0] * entry.get("size", 0) ** 2 + 1
        counts.append(entry["filters"] * per_filter if entry["kind"] == "conv" else 0)
        if entry["kind"] == "linear":
            counts[-1] = (shapes[len(counts) - 2][0] + 1) * entry["units"]
    return counts


@pytest.mark.parametrize(
    ("function", "written", "named"),
    [
        ("max_pool_forward", blocks, "stride_is_size"),
        ("max_pool_forward", zeros_in_the_loop, "accumulator_zero"),
        ("max_pool_forward", assigned_in_the_loop, "last_of_window"),
        ("max_pool_forward", all_channels_at_once, "largest_of_all_channels"),
        ("max_pool_forward", lambda x, k, s: x[:, :, ::s, ::s], None),
        ("avg_pool_forward", start_at_i, "window_start_ignores_stride"),
        ("avg_pool_forward", in_the_type_of_the_images, "whole_numbers"),
        (
            "avg_pool_forward",
            lambda x, k, s: nn.functional.avg_pool2d(
                torch.from_numpy(x.astype(float)), k, s, ceil_mode=True
            ).numpy(),
            "rest_pooled",
        ),
        ("relu_forward", lambda x: np.amax(x, 0), "largest_along_axis"),
        ("relu_forward", lambda x: np.array([max(v, 0) for v in x]), "builtin_max"),
        ("linear_forward", lambda x, w, b: np.dot(x, w), "bias_dropped"),
        ("linear_forward", lambda x, w, b: np.squeeze(np.dot(x, w) + b), "batch_of_one_squeezed"),
        ("linear_forward", lambda x, w, b: x @ w + b.reshape(-1, 1), "bias_along_images"),
        (
            "linear_to_filters",
            lambda w, c, h, k: w.T.reshape(w.shape[1], h, k, c).transpose(0, 3, 1, 2),
            "channels_counted_last",
        ),
        ("linear_to_filters", lambda w, c, h, k: w.reshape(w.shape[1], c, h, k), "not_transposed"),
        (
            "network_shapes",
            shapes_with(lambda s, k, st, p: math.ceil((s + 2 * p - k) / st) + 1),
            "ceil_for_floor",
        ),
        ("network_shapes", shapes_with(lambda s, k, st, p: (s + 2 * p - k) // st), "no_plus_one"),
        ("network_shapes", shapes_with(lambda s, k, st, p: (s + 2 * p - k) / st + 1), "not_whole"),
        ("count_parameters", own_depth, "depth_of_output"),
    ],
)
def test_mistakes_are_named_however_they_are_written(
    function: str, written: Callable[..., Any], named: str | None
) -> None:
    checks = PROBLEMS[function].visible_checks()
    examination = examine(checks, in_notebook(written, checks.time_limit))
    assert not examination.passed
    if named is not None:
        assert examination.misconception == named


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_mistakes_can_be_handed_in(problem: Problem) -> None:
    """As the sample class does it: as code that stands alone, also where a function made them."""
    checks = problem.visible_checks()
    for wrong in problem.misconceptions:
        space: dict[str, Any] = {}
        exec(standalone_source(wrong.wrong, problem.name), space)
        examination = examine(checks, in_notebook(space[problem.name], checks.time_limit))
        assert examination.misconception == wrong.name


# The claims of the page


class TestDetails:
    scene = pooling_demo.line_scene()

    def test_maximum_keeps_light_and_drops_dark(self):
        pooled = pooling_demo.pool2d(self.scene, "max", 2)
        assert pooled[2, 2] == pooled[3, 9] == 1
        assert pooled[2, 5] == pooled[3, 14] == 0.5
        assert np.all(pooled >= 0.5)

    def test_mean_drops_what_is_balanced(self):
        pooled = pooling_demo.pool2d(self.scene, "mean", 2)
        assert np.all(pooled[7:11] == 0.5)
        assert pooled[2, 5] == 0.25

    def test_subsampling_turns_stripes_black_or_white(self):
        moved = np.roll(self.scene, 1, axis=1)
        assert np.all(pooling_demo.pool2d(self.scene, "first", 2)[7:11, 1:9] == 0)
        assert np.all(pooling_demo.pool2d(moved, "first", 2)[7:11, 2:9] == 1)

    def test_subsampling_has_the_size_of_pooling(self):
        x = np.arange(7 * 8.0).reshape(7, 8)
        first = pooling_demo.pool2d(x, "first", 3, 2)
        assert first.shape == pooling_demo.pool2d(x, "max", 3, 2).shape
        assert first[1, 2] == x[2, 4]


class TestMaximumAgainstMean:
    def test_sparse_signals_suit_the_maximum_and_spread_ones_the_mean(self):
        areas = pooling_demo.detection_by_spread([1, 4, 8, 64], 64, 16.0)
        assert np.all(areas["max"][:2] > areas["mean"][:2] + 0.05)
        assert np.all(areas["mean"][2:] > areas["max"][2:])

    def test_scores_of_the_mean_are_those_of_theory(self):
        # Two normal distributions, d standard deviations apart: the area is Phi(d / sqrt 2).
        areas = pooling_demo.detection_by_spread([1, 64], 64, 16.0)["mean"]
        theory = [(1 + math.erf(d / 2)) / 2 for d in (4 / 64 * 8, 0.5 * 8)]
        np.testing.assert_allclose(areas, theory, atol=0.02)

    def test_area_under_curve(self):
        assert pooling_demo.area_under_curve(np.array([2.0, 3]), np.array([0.0, 1])) == 1
        assert pooling_demo.area_under_curve(np.array([1.0, 1]), np.array([1.0, 1])) == 0.5
        assert pooling_demo.area_under_curve(np.array([0.0, 2]), np.array([1.0, 1])) == 0.5


class TestShifts:
    edges = pooling_demo.edge_map(64)

    def test_larger_windows_tolerate_more(self):
        changes = [
            pooling_demo.relative_change(
                lambda x, k=k: pooling_demo.pool2d(x, "max", k), self.edges, 1
            )
            for k in (1, 2, 4, 8)
        ]
        assert np.all(np.diff(changes) < 0)
        assert changes[-1] > 0

    @pytest.mark.parametrize("rule", ["first", "max", "mean"])
    def test_even_shifts_fit_and_odd_ones_do_not(self, rule):
        misfits = [
            pooling_demo.misalignment(lambda x: pooling_demo.pool2d(x, rule, 2), self.edges, dx)
            for dx in (1, 2, 3, 4)
        ]
        assert misfits[1] == misfits[3] == 0
        assert min(misfits[0], misfits[2]) > 0.3

    def test_blur_helps(self):
        plain = pooling_demo.misalignment(lambda x: pooling_demo.pool2d(x, "max", 2), self.edges, 1)
        assert pooling_demo.misalignment(pooling_demo.blurred_max_pool, self.edges, 1) < 0.8 * plain
        assert pooling_demo.misalignment(pooling_demo.blurred_max_pool, self.edges, 2) == 0

    def test_global_mean_is_invariant(self):
        moved = np.roll(self.edges, (3, 5), axis=(0, 1))
        assert moved.mean() == pytest.approx(self.edges.mean(), rel=1e-12)

    def test_five_poolings_follow_steps_of_32(self):
        def five(x):
            for _ in range(5):
                x = pooling_demo.pool2d(x, "max", 2)
            return x

        x = np.random.default_rng(0).normal(size=(128, 128))
        assert pooling_demo.misalignment(five, x, 32) == 0
        assert pooling_demo.misalignment(five, x, 16) > 0


def test_activations_agree_with_torch():
    z = np.linspace(-6, 6, 101)
    theirs = {
        "ReLU": nn.functional.relu,
        "leaky ReLU": lambda t: nn.functional.leaky_relu(t, 0.1),
        "GELU": nn.functional.gelu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
    }
    assert set(theirs) == set(pooling_demo.ACTIVATIONS)
    for name, function in pooling_demo.ACTIVATIONS.items():
        close(function(z), theirs[name](torch.from_numpy(z)))


@settings(deadline=None)
@given(seeds)
def test_relu_and_max_pooling_commute(seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(1, 2, 6, 6))
    pool, relu = max_pool_forward, relu_forward
    assert np.array_equal(pool(relu(x), 3, 2), relu(pool(x, 3, 2)))


class TestCosts:
    def test_pooling_saves_no_parameters_of_convolutions(self):
        bare = pooling_demo.costs(pooling_demo.without_pooling(VGG16))
        vgg = pooling_demo.costs(VGG16)
        assert bare["conv parameters"] == vgg["conv parameters"] == 14_714_688
        assert bare["conv multiply-adds"] > 40 * vgg["conv multiply-adds"]
        assert bare["linear parameters"] > 800 * vgg["linear parameters"]

    def test_most_parameters_are_connected_and_most_work_is_convolution(self):
        for spec in NETWORKS.values():
            cost = pooling_demo.costs(spec)
            assert cost["linear parameters"] > 8 * cost["conv parameters"]
            assert cost["conv multiply-adds"] > 5 * cost["linear multiply-adds"]

    def test_one_layer_after_the_means(self):
        spec = vgg16_with_global_average()
        assert pooling_demo.costs(spec)["linear parameters"] == 513_000
        assert network_shapes(spec)[-3:] == [(512, 1, 1), (512,), (1000,)]

    def test_words_for_layers(self):
        assert pooling_demo.described(ALEXNET[1]) == "64 filters, 11 × 11, stride 4, padding 2"
        assert pooling_demo.described(ALEXNET[3]) == "max pool, 3 × 3, stride 2"
        assert pooling_demo.described(networks.adaptive_avg_pool(7)) == "adaptive avg pool, 7 × 7"
        assert pooling_demo.described(networks.linear(10)) == "10 units"
