"""The graded functions of the exercise "training": their cases, mistakes and other right answers.

The sizes tell apart what beginners mix up: images and windows are rarely square; images,
channels, filters and classes differ in number; there are several images, strides other than 1,
and paddings other than 1. Networks are drawn without ties in pooling and without a zero at the
corner of ReLU: there correct solutions differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.comparison import Tolerance
from autograder.problems import Case, Problem, quarters
from autograder.values import Formula, Value
from solutions.training import alternatives, misconceptions, reference
from solutions.training.network import scores
from solutions.training.reference import Array, Parameters, im2col
from solutions.training.runs import KINDS, Run, stored_runs

LIMITS = {"cell_seconds": 10.0}
"""What a cell of a submission may take when it is graded: the longest trains a small network."""

ROUNDED: dict[str, Any] = {"digits": 10, "tolerance": Tolerance(absolute=1e-7)}
"""For what no choice of numbers makes exact: exp and log, and sums of what they give. The rounding
stays far below the tolerance, and far above what differs from machine to machine."""

Random = np.random.Generator

WORKED_IMAGE = np.array([[[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]]])
WORKED_COLUMNS = np.array([[1.0, 2, 3, 4], [10, 20, 30, 40], [5, 6, 7, 8], [50, 60, 70, 80]])
"""The examples that the exercise computes by hand."""


def _windows(x: Array, height: int, width: int, stride: int, padding: int) -> dict[str, Value]:
    return {"x": x, "height": height, "width": width, "stride": stride, "padding": padding}


def im2col_cases(rng: Random) -> list[Case]:
    """The worked example, then one new thing at a time."""
    return [
        Case("the worked example", _windows(WORKED_IMAGE, 2, 2, 1, 0)),
        Case("wide window", _windows(quarters(rng, 1, 1, 4, 5), 2, 3, 1, 0)),
        Case("three channels", _windows(quarters(rng, 1, 3, 3, 4), 2, 2, 1, 0)),
        Case("two images", _windows(quarters(rng, 2, 1, 4, 3), 3, 2, 1, 0)),
        Case("stride 2", _windows(quarters(rng, 1, 2, 5, 8), 3, 2, 2, 0)),
        Case("stride 2 with a rest", _windows(quarters(rng, 1, 1, 6, 8), 3, 3, 2, 0)),
        Case("padding 1", _windows(quarters(rng, 1, 2, 3, 4), 3, 3, 1, 1)),
        Case("all at once, padding 2", _windows(quarters(rng, 3, 2, 5, 4), 3, 2, 3, 2)),
    ]


def im2col_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("windows of one pixel", _windows(quarters(rng, 2, 3, 3, 2), 1, 1, 1, 0)),
        Case("stride larger than the window", _windows(quarters(rng, 2, 2, 7, 8), 2, 1, 3, 1)),
        Case("window as large as the images", _windows(quarters(rng, 2, 2, 3, 4), 3, 4, 1, 0)),
        Case("larger images", _windows(quarters(rng, 2, 3, 7, 5), 3, 2, 2, 1)),
    ]


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


def col2im_cases(rng: Random) -> list[Case]:
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
    ]


def col2im_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("windows of one pixel, padding 1", _columns(rng, (2, 3, 3, 2), 1, 1, 1, 1)),
        Case("stride larger than the window", _columns(rng, (2, 2, 7, 8), 2, 1, 3, 1)),
        Case("larger images", _columns(rng, (2, 3, 7, 5), 3, 2, 2, 1)),
        Case("larger images without padding", _columns(rng, (2, 2, 7, 6), 3, 4, 2, 0)),
    ]


def _step(
    rng: Random, shapes: dict[str, tuple[int, ...]], rate: float, momentum: float
) -> dict[str, Value]:
    """Draw parameters, gradients and velocities of the given shapes, no velocity being zero."""
    return {
        "parameters": {name: quarters(rng, *shape) for name, shape in shapes.items()},
        "gradients": {name: quarters(rng, *shape) for name, shape in shapes.items()},
        "velocities": {name: quarters(rng, *shape, low=0.5) for name, shape in shapes.items()},
        "learning_rate": rate,
        "momentum": momentum,
    }


def sgd_step_cases(rng: Random) -> list[Case]:
    """The worked example, the first step of a training, and a network's parameters."""
    worked = {
        "parameters": {"w": np.array([2.0, -1.0])},
        "gradients": {"w": np.array([4.0, 1.0])},
        "velocities": {"w": np.array([2.0, -4.0])},
        "learning_rate": 0.25,
        "momentum": 0.5,
    }
    start = _step(rng, {"w": (2, 3), "b": (3,)}, 0.5, 0.75)
    start["velocities"] = {name: np.zeros_like(p) for name, p in start["parameters"].items()}
    network = {"w1": (2, 1, 3, 3), "b1": (2,), "w2": (4, 3), "b2": (3,)}
    return [
        Case("the worked example", worked),
        Case("the first step", start),
        Case("without momentum", _step(rng, {"w": (3,), "b": (1,)}, 0.25, 0.0)),
        Case("the small CNN", _step(rng, network, 0.125, 0.75)),
    ]


def sgd_step_hidden(rng: Random) -> list[Case]:
    """Other names, rates and shapes."""
    return [
        Case("other names", _step(rng, {"filters": (3, 2), "scale": (4,)}, 0.5, 0.25)),
        Case("large momentum", _step(rng, {"w": (2, 2), "b": (2,)}, 0.0625, 0.875)),
        Case("small rate", _step(rng, {"a": (5,), "b": (1, 3), "c": (2,)}, 0.03125, 0.5)),
    ]


def _drawn_network(
    rng: Random, images: int, channels: int, size: tuple[int, int], filters: int, classes: int
) -> dict[str, Any]:
    features = filters * size[0] * size[1] // 4
    return {
        "parameters": {
            "w1": quarters(rng, filters, channels, 3, 3) / 4,
            "b1": quarters(rng, filters, low=0.25, high=1),
            "w2": quarters(rng, features, classes, low=-1, high=1) / 2,
            "b2": quarters(rng, classes, low=-1, high=1),
        },
        "x": quarters(rng, images, channels, *size) / 4,
        "y": rng.integers(0, classes, size=images),
    }


def _has_ties(parameters: Parameters, x: Array) -> bool:
    """Whether correct solutions may differ: equal maxima in a pooling window, or a zero in ReLU."""
    w1 = parameters["w1"]
    maps = w1.reshape(len(w1), -1) @ im2col(x, 3, 3, 1, 1) + parameters["b1"][:, np.newaxis]
    blocks = maps.reshape(len(w1), len(x), x.shape[2] // 2, 2, x.shape[3] // 2, 2)
    top = blocks.max(axis=(3, 5))
    winners = (blocks == top[:, :, :, np.newaxis, :, np.newaxis]).sum(axis=(3, 5))
    return bool((winners > 1)[top > 0].any() or (maps == 0).any())


def _network(
    rng: Random,
    images: int,
    channels: int,
    size: tuple[int, int],
    filters: int,
    classes: int,
    large: bool = False,
    apart: bool = False,
) -> dict[str, Value]:
    """Draw a network and a batch on which all correct solutions agree.

    large: all scores lie near 1024. apart: those of one image lie far above those of the others.
    """
    while True:
        drawn = _drawn_network(rng, images, channels, size, filters, classes)
        if large:
            drawn["parameters"]["b2"] += 1024
        if apart:
            drawn["x"][0] *= 1024
        all_alike = images > 1 and len(set(drawn["y"].tolist())) == 1
        if all_alike or _has_ties(drawn["parameters"], drawn["x"]):
            continue
        top = scores(drawn["parameters"], drawn["x"]).max(axis=1)
        if not apart or top.max() - top.min() > 800:
            return drawn


def small_cnn_cases(rng: Random) -> list[Case]:
    """From one image with one filter to a batch, then scores that overflow."""
    one = _drawn_network(np.random.default_rng(4), 1, 1, (2, 2), 1, 2)
    one["parameters"] |= {"b1": np.array([0.5]), "b2": np.array([0.0, 0.25])}
    one["x"] = np.array([[[[1.0, 0.0], [0.5, -1.0]]]])
    one["y"] = np.array([1])
    one["parameters"]["w1"] = np.array([[[[0.0, 0, 0], [0, 1, 0.5], [0, 0, 0]]]])
    one["parameters"]["w2"] = np.array([[1.0, -1.0]])
    return [
        Case("the worked example", one),
        Case("three images", _network(rng, 3, 1, (4, 6), 2, 3)),
        Case("more of everything", _network(rng, 4, 2, (2, 6), 3, 4)),
        Case("very large scores", _network(rng, 3, 1, (2, 4), 2, 4, large=True)),
        Case("scores far apart", _network(rng, 3, 1, (2, 4), 2, 4, apart=True)),
    ]


def small_cnn_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("one image", _network(rng, 1, 2, (4, 2), 2, 3)),
        Case("tall images", _network(rng, 3, 2, (6, 2), 2, 4)),
        Case("as many images as filters", _network(rng, 3, 1, (4, 4), 3, 4)),
        Case("large scores of large images", _network(rng, 4, 2, (4, 4), 2, 3, large=True)),
    ]


LINE = Formula(
    ("parameters", "x", "y"),
    "(float(np.mean((x @ parameters['w'] - y) ** 2)), "
    "{'w': 2 / len(x) * (x @ parameters['w'] - y) @ x})",
)
"""A model without a bias: one answer for each example, the mean squared error as its loss."""

PLANE = Formula(
    ("parameters", "x", "y"),
    "(float(np.sum((x @ parameters['w'] + parameters['b'] - y) ** 2)) / len(x), "
    "{'w': 2 / len(x) * x.T @ (x @ parameters['w'] + parameters['b'] - y), "
    "'b': 2 / len(x) * np.sum(x @ parameters['w'] + parameters['b'] - y, axis=0)})",
)
"""A model with several answers for each example, and biases."""


def _training(
    rng: Random, examples: int, batch: int, epochs: int, rate: float, answers: int = 0
) -> dict[str, Value]:
    """Draw a model, examples and an order that is another one in every epoch.

    answers: 0 for the model LINE, else how many answers PLANE gives.
    """
    straight = np.arange(examples)
    orders = {tuple(straight.tolist()): straight}
    while len(orders) <= epochs:
        drawn = rng.permutation(examples)
        orders[tuple(drawn.tolist())] = drawn
    shape = (3, answers) if answers else (3,)
    parameters = {"w": quarters(rng, *shape, low=-1, high=1)}
    if answers:
        parameters["b"] = quarters(rng, answers, low=-1, high=1)
    return {
        "loss_and_gradients": PLANE if answers else LINE,
        "parameters": parameters,
        "x": quarters(rng, examples, 3, low=-1, high=1),
        "y": quarters(rng, examples, *shape[1:], low=-2, high=2),
        "order": np.stack(list(orders.values())[1:]),
        "batch_size": batch,
        "learning_rate": rate,
        "momentum": 0.5,
    }


def train_cases(rng: Random) -> list[Case]:
    """From two steps to several epochs whose last batch is smaller."""
    return [
        Case("one epoch of two batches", _training(rng, 4, 2, 1, 0.25)),
        Case("two epochs", _training(rng, 6, 2, 2, 0.125)),
        Case("a smaller last batch", _training(rng, 7, 3, 2, 0.125)),
        Case("several answers, three epochs", _training(rng, 5, 2, 3, 0.125, answers=2)),
    ]


def train_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("the batch size divides", _training(rng, 8, 4, 3, 0.0625, answers=3)),
        Case("a last batch of one", _training(rng, 9, 4, 2, 0.125)),
        Case("batches of one", _training(rng, 4, 1, 2, 0.0625, answers=2)),
    ]


VISIBLE_RUNS = 2
"""Runs of each kind that students see; the others are for grading."""


def _runs(rng: Random, chosen: list[Run], first: int) -> list[Case]:
    """Number runs from ``first`` on, in an order that gives nothing away."""
    places = rng.permutation(len(chosen))
    return [
        Case(f"run {first + number}", dict(chosen[place])) for number, place in enumerate(places)
    ]


def name_that_bug_cases(rng: Random) -> list[Case]:
    """The same runs of each kind, whatever the seed."""
    return _runs(rng, [run for kind in KINDS for run in stored_runs()[kind][:VISIBLE_RUNS]], 1)


def name_that_bug_hidden(rng: Random) -> list[Case]:
    """Four other runs of each kind."""
    others = {kind: stored_runs()[kind][VISIBLE_RUNS:] for kind in KINDS}
    chosen = [
        some[place] for some in others.values() for place in rng.permutation(len(some))[:4].tolist()
    ]
    return _runs(rng, chosen, 1 + VISIBLE_RUNS * len(KINDS))


PROBLEMS = (
    Problem(
        reference.im2col,
        im2col_cases,
        misconceptions.IM2COL,
        im2col_hidden,
        alternatives.IM2COL,
        explorer={"kind": "columns"},
    ),
    Problem(
        reference.col2im,
        col2im_cases,
        misconceptions.COL2IM,
        col2im_hidden,
        alternatives.COL2IM,
        explorer={"kind": "uses"},
    ),
    Problem(
        reference.sgd_step,
        sgd_step_cases,
        misconceptions.SGD_STEP,
        sgd_step_hidden,
        alternatives.SGD_STEP,
        explorer={"kind": "descent"},
        results=("parameters", "velocities"),
    ),
    Problem(
        reference.small_cnn_loss_and_gradients,
        small_cnn_cases,
        misconceptions.SMALL_CNN_LOSS_AND_GRADIENTS,
        small_cnn_hidden,
        alternatives.SMALL_CNN_LOSS_AND_GRADIENTS,
        **ROUNDED,
        results=("loss", "gradients"),
    ),
    Problem(
        reference.train,
        train_cases,
        misconceptions.TRAIN,
        train_hidden,
        alternatives.TRAIN,
        **ROUNDED,
        results=("parameters", "losses"),
    ),
    Problem(
        reference.name_that_bug,
        name_that_bug_cases,
        misconceptions.NAME_THAT_BUG,
        name_that_bug_hidden,
        alternatives.NAME_THAT_BUG,
    ),
)
