"""The graded functions of the exercise "visualization": their cases and mistakes.

The networks are small and their weights are random, but they have the parts of VGG16: padded
convolutions, ReLUs that overwrite their input, max pooling, a linear layer on flattened maps.
Their weights are multiples of a power of two, so that scores and gradients are exact.
"""

from __future__ import annotations

import numpy as np

from autograder.handover import hand_over
from autograder.problems import Case, Problem, quarters
from autograder.values import Network, Tensor, Value
from laboratory import small_vgg
from solutions.visualization import alternatives, misconceptions, reference

PACKAGES = ("numpy", "matplotlib", "ipywidgets", "torch")
"""What submissions may import when they are graded."""

LIMITS = {"memory": 2048, "cell_seconds": 30.0, "total_seconds": 300.0}

FILES = ("laboratory/small_vgg_noise.npz",)
"""What the notebook reads, beside the files in this folder; paths from the root of the course."""

SECONDS = 10.0
"""Per call: every network here is tiny, but PyTorch needs its time on a busy machine."""

DIGITS = 10
"""Digits of what is stored where a misconception takes a softmax or divides."""

Random = np.random.Generator


def _conv(rng: Random, channels: int, filters: int) -> dict[str, Value]:
    return {
        "kind": "conv",
        "weight": quarters(rng, filters, channels, 3, 3) / 8,
        "bias": quarters(rng, filters) / 8,
        "padding": 1,
    }


def _linear(rng: Random, inputs: int, units: int) -> dict[str, Value]:
    return {
        "kind": "linear",
        "weight": quarters(rng, units, inputs) / 16,
        "bias": quarters(rng, units) / 8,
    }


RELU = {"kind": "relu", "inplace": True}
POOL = {"kind": "max_pool", "size": 2}
FLATTEN = {"kind": "flatten"}
CLASSES = 5


def _network(rng: Random, height: int, width: int, max_calls: int | None = None) -> Network:
    """Draw a network of the VGG kind for color pictures of the given size."""
    layers = (_conv(rng, 3, 4), RELU, POOL, _conv(rng, 4, 6), RELU, FLATTEN)
    inputs = 6 * (height // 2) * (width // 2)
    return Network((*layers, _linear(rng, inputs, CLASSES)), max_calls)


def _small_network(rng: Random, height: int, width: int, max_calls: int | None = None) -> Network:
    """Draw a network with a single convolution."""
    layers = (_conv(rng, 3, 2), RELU, FLATTEN, _linear(rng, 2 * height * width, CLASSES))
    return Network(layers, max_calls)


def _pictures(rng: Random, *shape: int) -> Tensor:
    return Tensor(quarters(rng, *shape, low=-2.0, high=2.0))


def _classes(rng: Random, count: int) -> Tensor:
    """Draw one class for each picture; neighbors differ."""
    return Tensor((rng.integers(CLASSES) + np.arange(count)) % CLASSES)


# layer_outputs


def layer_outputs_cases(rng: Random) -> list[Case]:
    """A network without surprises, one that overwrites, one picture alone."""
    gentle = {"kind": "relu"}
    plain = Network((_conv(rng, 3, 2), gentle, POOL, FLATTEN, _linear(rng, 8, 3)))
    return [
        Case("every layer makes a new tensor", {"model": plain, "x": _pictures(rng, 2, 3, 4, 4)}),
        Case(
            "ReLUs that overwrite their input",
            {"model": _network(rng, 4, 6), "x": _pictures(rng, 2, 3, 4, 6)},
        ),
        Case(
            "a single picture",
            {"model": _small_network(rng, 3, 5), "x": _pictures(rng, 1, 3, 3, 5)},
        ),
    ]


def layer_outputs_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case(
            "tall pictures",
            {"model": _network(rng, 8, 4), "x": _pictures(rng, 3, 3, 8, 4)},
        ),
        Case(
            "a network of one layer",
            {"model": Network((_conv(rng, 3, 4),)), "x": _pictures(rng, 2, 3, 5, 4)},
        ),
    ]


# filter_grid


def _filters(rng: Random, *shape: int) -> Tensor:
    """Draw filters whose slices have different ranges."""
    w = quarters(rng, *shape)
    return Tensor(w * 2.0 ** rng.integers(-1, 3, size=(shape[0], 1, 1, 1)))


def filter_grid_cases(rng: Random) -> list[Case]:
    """Full rows, then a row that is not full, then the special slices."""
    flat = _filters(rng, 3, 2, 2, 3)
    flat.array[1, 0] = -1.5
    return [
        Case("two full rows", {"w": _filters(rng, 6, 2, 3, 3), "channel": 0, "columns": 3}),
        Case(
            "the last row is not full",
            {"w": _filters(rng, 5, 3, 2, 2), "channel": 2} | {"columns": 3},
        ),
        Case("a slice of equal numbers", {"w": flat, "channel": 0, "columns": 2}),
        Case(
            "a single row of wide filters",
            {"w": _filters(rng, 4, 3, 2, 4), "channel": 1} | {"columns": 4},
        ),
    ]


def filter_grid_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("many filters", {"w": _filters(rng, 11, 4, 3, 2), "channel": 3, "columns": 4}),
        Case(
            "more columns than filters",
            {"w": _filters(rng, 3, 2, 3, 4), "channel": 1} | {"columns": 5},
        ),
        Case("one column", {"w": _filters(rng, 3, 2, 3, 2), "channel": 0, "columns": 1}),
    ]


# occlusion_map


def _occlusion(
    rng: Random, size: tuple[int, int], patch: int, stride: int, fill: float, batch_size: int
) -> dict[str, Value]:
    height, width = size
    positions = ((height - patch) // stride + 1) * ((width - patch) // stride + 1)
    return {
        "model": _network(rng, height, width, max_calls=-(-positions // batch_size)),
        "x": _pictures(rng, 3, height, width),
        "target": int(rng.integers(CLASSES)),
        "patch": patch,
        "stride": stride,
        "fill": fill,
        "batch_size": batch_size,
    }


def occlusion_map_cases(rng: Random) -> list[Case]:
    """One batch, several batches, then patches that leave a border."""
    return [
        Case("everything in one batch", _occlusion(rng, (4, 6), 2, 2, 0.0, 6)),
        Case("a last batch that is not full", _occlusion(rng, (6, 8), 2, 2, 0.5, 5)),
        Case("patches that overlap", _occlusion(rng, (6, 4), 3, 1, -1.0, 4)),
        Case("a border that no patch reaches", _occlusion(rng, (8, 6), 3, 2, 0.25, 8)),
    ]


def occlusion_map_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("a wide picture", _occlusion(rng, (4, 10), 2, 1, 0.75, 7)),
        Case("patch of one pixel", _occlusion(rng, (6, 6), 1, 3, 1.5, 3)),
        Case("patch as high as the picture", _occlusion(rng, (4, 8), 4, 2, -0.5, 2)),
    ]


# saliency_map


def _scored(rng: Random, count: int, height: int, width: int) -> dict[str, Value]:
    return {
        "model": _network(rng, height, width),
        "x": _pictures(rng, count, 3, height, width),
        "targets": _classes(rng, count),
    }


def _used_before(rng: Random, given: dict[str, Value]) -> dict[str, Value]:
    """Let pictures keep the gradient of an earlier computation."""
    array = given["x"].array
    return given | {"x": Tensor(array, quarters(rng, *array.shape))}


def saliency_map_cases(rng: Random) -> list[Case]:
    """One picture, several, then pictures with a past."""
    return [
        Case("a single picture", _scored(rng, 1, 4, 6)),
        Case("three pictures of different classes", _scored(rng, 3, 4, 4)),
        Case("pictures with a gradient from before", _used_before(rng, _scored(rng, 2, 6, 4))),
    ]


def saliency_map_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("tall pictures", _scored(rng, 2, 8, 4)),
        Case("four pictures", _scored(rng, 4, 4, 6)),
        Case("one picture with a past", _used_before(rng, _scored(rng, 1, 4, 8))),
    ]


# gradient_path


def _path(rng: Random, height: int, width: int, times: list[float]) -> dict[str, Value]:
    row, column = int(rng.integers(height)), int(rng.integers(width))
    if row == column:
        column = (column + 1) % width
    return {
        "model": _network(rng, height, width),
        "x": _pictures(rng, 3, height, width),
        "target": int(rng.integers(CLASSES)),
        "row": row,
        "column": column,
        "step": _pictures(rng, 3, height, width),
        "times": Tensor(np.array(times)),
    }


def gradient_path_cases(rng: Random) -> list[Case]:
    """Two times, a longer way, a way in both directions."""
    return [
        Case("there and a step away", _path(rng, 4, 6, [0.0, 1.0])),
        Case("six steps", _path(rng, 6, 6, [0.0, 0.5, 1.0, 1.5, 2.0, 2.5])),
        Case("backward and forward", _path(rng, 6, 4, [-2.0, -0.5, 0.25, 3.0])),
    ]


def gradient_path_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("a single time", _path(rng, 4, 4, [1.5])),
        Case("not in order", _path(rng, 8, 4, [2.0, -1.0, 4.0, 0.0, 1.0])),
    ]


# smoothgrad


def _noisy(rng: Random, n: int, height: int, width: int, level: float) -> dict[str, Value]:
    x = quarters(rng, 3, height, width, low=-1.0, high=1.0)
    x[0, 0, 0], x[-1, -1, -1] = -3.0, 5.0
    return {
        "model": _network(rng, height, width),
        "x": Tensor(x),
        "target": int(rng.integers(CLASSES)),
        "noise": _pictures(rng, n, 3, height, width),
        "level": level,
    }


def smoothgrad_cases(rng: Random) -> list[Case]:
    """Few draws, then many; the range of the pictures is 8."""
    return [
        Case("two draws", _noisy(rng, 2, 4, 6, 0.25)),
        Case("eight draws", _noisy(rng, 8, 6, 4, 0.125)),
        Case("strong noise", _noisy(rng, 4, 4, 4, 0.5)),
    ]


def smoothgrad_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("one draw", _noisy(rng, 1, 4, 8, 0.25)),
        Case("a tall picture", _noisy(rng, 4, 8, 4, 0.25)),
        Case("weak noise", _noisy(rng, 16, 4, 6, 0.0625)),
    ]


# grad_cam


def _located(rng: Random, count: int, height: int, width: int, layer: int) -> dict[str, Value]:
    return _scored(rng, count, height, width) | {"layer": layer}


def grad_cam_cases(rng: Random) -> list[Case]:
    """The last maps, those before a ReLU that overwrites them, those in the middle."""
    return [
        Case("the last maps of one picture", _located(rng, 1, 4, 8, 4)),
        Case("three pictures of different classes", _located(rng, 3, 4, 4, 4)),
        Case("maps that a ReLU overwrites", _located(rng, 2, 4, 8, 3)),
        Case("maps in the middle", _located(rng, 2, 8, 4, 2)),
    ]


def grad_cam_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("the first maps", _located(rng, 2, 4, 4, 0)),
        Case("four pictures", _located(rng, 4, 4, 8, 4)),
        Case("tall pictures", _located(rng, 2, 8, 4, 3)),
    ]


# pointing_game


def _game(
    rng: Random, count: int, height: int, width: int, offset: float = 0.0
) -> dict[str, Value]:
    """Draw maps and masks for which no typical mistake happens to give the right share.

    Every second map has its largest number at two places. With an ``offset`` that makes all
    numbers negative, the smallest number is also the largest in magnitude: then two mistakes agree.
    """
    distinct = len(misconceptions.POINTING_GAME) + 1 - (offset < -5)
    while True:
        maps = quarters(rng, count, height, width, low=-9.0)
        masks = rng.random((count, height, width)) < 0.4
        for n in range(count):
            places = rng.choice(height * width, size=1 + n % 2, replace=False)
            maps[n].flat[places] = 5.0
        given = {"maps": Tensor(maps + offset), "masks": Tensor(masks)}
        tensors = [hand_over(value) for value in given.values()]
        share = reference.pointing_game(*tensors)
        others = [wrong.wrong(*tensors) for wrong in misconceptions.POINTING_GAME]
        if 0 < share < 1 and share not in others and len({share, *others}) == distinct:
            return given


def pointing_game_cases(rng: Random) -> list[Case]:
    """Small maps, then maps of one sign."""
    return [
        Case("hits and misses", _game(rng, 14, 3, 6)),
        Case("tall maps", _game(rng, 17, 5, 2)),
        Case("maps without a positive number", _game(rng, 15, 4, 5, offset=-20.0)),
    ]


def pointing_game_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("many maps", _game(rng, 30, 5, 4)),
        Case("wide maps", _game(rng, 20, 2, 9)),
    ]


EXPLORED = {
    "network": "small_vgg_noise.npz",
    "pictures": "pictures.npz",
    "mean": small_vgg.MEAN[0],
    "std": small_vgg.STD[0],
}
"""What the explorers play with; the channels are normalized alike."""

PROBLEMS = (
    Problem(
        reference.layer_outputs,
        layer_outputs_cases,
        misconceptions.LAYER_OUTPUTS,
        layer_outputs_hidden,
        alternatives.LAYER_OUTPUTS,
        time_limit=SECONDS,
        explorer={"kind": "layer outputs", **EXPLORED},
    ),
    Problem(
        reference.filter_grid,
        filter_grid_cases,
        misconceptions.FILTER_GRID,
        filter_grid_hidden,
        alternatives.FILTER_GRID,
        time_limit=SECONDS,
        explorer={"kind": "filter grid", **EXPLORED},
    ),
    Problem(
        reference.occlusion_map,
        occlusion_map_cases,
        misconceptions.OCCLUSION_MAP,
        occlusion_map_hidden,
        alternatives.OCCLUSION_MAP,
        time_limit=SECONDS,
        explorer={"kind": "occlusion", **EXPLORED},
        digits=DIGITS,
    ),
    Problem(
        reference.saliency_map,
        saliency_map_cases,
        misconceptions.SALIENCY_MAP,
        saliency_map_hidden,
        alternatives.SALIENCY_MAP,
        time_limit=SECONDS,
        explorer={"kind": "saliency", **EXPLORED},
        digits=DIGITS,
    ),
    Problem(
        reference.gradient_path,
        gradient_path_cases,
        misconceptions.GRADIENT_PATH,
        gradient_path_hidden,
        alternatives.GRADIENT_PATH,
        time_limit=SECONDS,
        explorer={"kind": "gradient path", **EXPLORED},
    ),
    Problem(
        reference.smoothgrad,
        smoothgrad_cases,
        misconceptions.SMOOTHGRAD,
        smoothgrad_hidden,
        alternatives.SMOOTHGRAD,
        time_limit=SECONDS,
        explorer={"kind": "smoothgrad", **EXPLORED},
    ),
    Problem(
        reference.grad_cam,
        grad_cam_cases,
        misconceptions.GRAD_CAM,
        grad_cam_hidden,
        alternatives.GRAD_CAM,
        time_limit=SECONDS,
        explorer={"kind": "grad-cam", **EXPLORED},
    ),
    Problem(
        reference.pointing_game,
        pointing_game_cases,
        misconceptions.POINTING_GAME,
        pointing_game_hidden,
        alternatives.POINTING_GAME,
        time_limit=SECONDS,
        digits=DIGITS,
    ),
)
