"""Demonstrations of the chapter "Pooling and the other layers": experiments and counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from book.filters.demo import VERTICAL_EDGE, photograph
from solutions.deep_networks.tasks.count_multiply_adds import count_multiply_adds
from solutions.filters.tasks.corr2d import corr2d
from solutions.networks import Layer, Spec
from solutions.pooling.tasks.avg_pool_forward import avg_pool_forward
from solutions.pooling.tasks.count_parameters import count_parameters
from solutions.pooling.tasks.max_pool_forward import max_pool_forward
from solutions.pooling.tasks.network_shapes import network_shapes
from solutions.pooling.tasks.relu_forward import relu_forward

Array: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]
Map: TypeAlias = Callable[[Array], Array]


def pool2d(x: Array, rule: str, size: int, stride: int | None = None) -> Array:
    """Pool one map.

    x: map, shape (H, W).
    rule: "max", "mean", or "first", which keeps the first number of each window (subsampling).
    stride: by default the size.
    Returns shape (H', W').
    """
    stride = stride or size
    if rule == "first":
        rows, columns = ((side - size) // stride + 1 for side in x.shape)
        return x[::stride, ::stride][:rows, :columns]
    forward = {"max": max_pool_forward, "mean": avg_pool_forward}[rule]
    pooled: Array = forward(x[None, None], size, stride)[0, 0]
    return pooled


def line_scene() -> Array:
    """Draw fine details on gray ground, shape (24, 40): what pooling keeps or loses.

    A light and a dark upright line, a light and a dark point, stripes and a checkerboard.
    """
    x = np.full((24, 40), 0.5)
    x[2:11, 4], x[2:11, 11] = 1, 0
    x[6, 19], x[6, 28] = 1, 0
    row, column = np.indices(x.shape)
    x[14:22, 2:18] = (column % 2)[14:22, 2:18]
    x[14:22, 22:38] = ((row + column) % 2)[14:22, 22:38]
    return x


def edge_map(size: int = 128) -> Array:
    """Return the rectified answers of the vertical edge filter to a part of a photograph.

    Returns shape (size, size), with values between 0 and 1.
    """
    camera = photograph("camera", shrink=2)[40 : size + 42, 70 : size + 72]
    edges = relu_forward(corr2d(camera, VERTICAL_EDGE))
    scaled: Array = edges / edges.max()
    return scaled


def relative_change(f: Map, x: Array, dx: int) -> float:
    """Measure how much f changes when x moves dx pixels to the right.

    Returns |f(shifted x) - f(x)| / |f(x)| in the Euclidean norm: 0 means that f does not notice.
    """
    before = f(x)
    return float(np.linalg.norm(f(np.roll(x, dx, axis=1)) - before) / np.linalg.norm(before))


def misalignment(f: Map, x: Array, dx: int) -> float:
    """Measure how far f is from following a shift of dx pixels by a shift of its own.

    Returns the smallest |f(shifted x) - shifted f(x)| / |f(x)| over all whole shifts of f(x).
    """
    before, after = f(x), f(np.roll(x, dx, axis=1))
    gaps = [np.linalg.norm(after - np.roll(before, step, axis=1)) for step in range(-dx, dx + 1)]
    return float(min(gaps) / np.linalg.norm(before))


def blurred_max_pool(x: Array) -> Array:
    """Halve a map as Zhang (2019) proposes: maximum with stride 1, blur, and only then subsample.

    x: map, shape (H, W); its borders are taken to meet, as np.roll does it.
    """
    largest = np.maximum(x, np.roll(x, -1, axis=1))
    largest = np.maximum(largest, np.roll(largest, -1, axis=0))
    for axis in (0, 1):
        sides = np.roll(largest, 1, axis) + np.roll(largest, -1, axis)
        largest = (2 * largest + sides) / 4
    halved: Array = largest[::2, ::2]
    return halved


def area_under_curve(with_feature: Array, without: Array) -> float:
    """Return how often an example with the feature scores above one without (ties count half)."""
    ordered = np.sort(without)
    below = np.searchsorted(ordered, with_feature, side="left")
    not_above = np.searchsorted(ordered, with_feature, side="right")
    return float(np.mean(below + not_above) / (2 * len(without)))


def detection(numbers: int, signal: Array, trials: int, seed: int) -> dict[str, float]:
    """Compare maximum and mean at finding a signal in noise.

    numbers: how many numbers a window holds.
    signal: what is added to the noise where there is a feature, shape (numbers,).
    trials: windows with and without the feature, each.
    Returns the area under the ROC curve for "max" and "mean": 0.5 is chance, 1 is perfect.
    """
    rng = np.random.default_rng(seed)
    without = rng.standard_normal((trials, numbers))
    with_feature = rng.standard_normal((trials, numbers)) + signal
    return {
        "max": area_under_curve(with_feature.max(axis=1), without.max(axis=1)),
        "mean": area_under_curve(with_feature.mean(axis=1), without.mean(axis=1)),
    }


def detection_by_spread(spreads: Sequence[int], numbers: int, energy: float) -> dict[str, Array]:
    """Spread a signal over more and more numbers of a window, with the same energy.

    spreads: over how many numbers; each gets sqrt(energy / spread).
    Returns for "max" and "mean" the areas under the ROC curve, shape (len(spreads),).
    """
    areas: dict[str, list[float]] = {"max": [], "mean": []}
    for spread in spreads:
        signal = np.zeros(numbers)
        signal[:spread] = math.sqrt(energy / spread)
        for rule, area in detection(numbers, signal, trials=4000, seed=spread).items():
            areas[rule].append(area)
    return {rule: np.array(values) for rule, values in areas.items()}


ACTIVATIONS: dict[str, Map] = {
    "ReLU": relu_forward,
    "leaky ReLU": lambda z: np.where(z > 0, z, 0.1 * z),
    "GELU": lambda z: z * (1 + np.vectorize(math.erf)(z / math.sqrt(2))) / 2,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
}
"""ReLU and its relatives, each on any array."""


def coin_template(side: int = 28) -> tuple[Array, Array]:
    """Return a photograph of coins at half size, and one coin of it as a pattern.

    Returns the picture (H, W), with mean 0, and the pattern (side, side), with mean 0 and norm 1.
    """
    coins = photograph("coins", shrink=2)
    picture = (coins - coins.mean()) / coins.std()
    coin = picture[COIN[0] : COIN[0] + side, COIN[1] : COIN[1] + side]
    pattern = coin - coin.mean()
    return picture, pattern / np.linalg.norm(pattern)


COIN = (84, 37)
"""Top left corner of the coin that serves as the pattern."""


def costs(spec: Spec) -> dict[str, int]:
    """Return what a network costs, split into convolutional and fully connected layers.

    Keys: "conv parameters", "linear parameters", "conv multiply-adds", "linear multiply-adds",
    and "numbers", how many numbers all entries hand on for one image.
    """
    shapes = network_shapes(spec)
    counts = count_parameters(spec, shapes)
    work = count_multiply_adds(spec, shapes)

    def total(values: Sequence[int], kind: str) -> int:
        return sum(v for v, layer in zip(values, spec, strict=True) if layer["kind"] == kind)

    return {
        "conv parameters": total(counts, "conv"),
        "linear parameters": total(counts, "linear"),
        "conv multiply-adds": total(work, "conv"),
        "linear multiply-adds": total(work, "linear"),
        "numbers": sum(map(math.prod, shapes)),
    }


def without_pooling(spec: Spec) -> Spec:
    """Return a network without its pooling layers, adaptive pooling included."""
    return [layer for layer in spec if "pool" not in str(layer["kind"])]


def described(layer: Layer) -> str:
    """Say in a few words what an entry of a network is."""
    kind = str(layer["kind"]).replace("_", " ")
    if layer["kind"] == "conv":
        text = f"{layer['filters']} filters, {layer['size']} × {layer['size']}"
        text += f", stride {layer['stride']}" if layer["stride"] != 1 else ""
        return text + (f", padding {layer['padding']}" if layer["padding"] else "")
    if layer["kind"] == "linear":
        return f"{layer['units']} units"
    if "size" in layer:
        stride = f", stride {layer['stride']}" if "stride" in layer else ""
        return f"{kind}, {layer['size']} × {layer['size']}{stride}"
    return kind


def original_lenet5_parameters() -> dict[str, int]:
    """Count what the original LeNet-5 learns, layer by layer (LeCun et al. 1998, section II.B).

    C3 reads three maps in 6 of its filters, four in 9, and all six in one. S2 and S4 learn a
    factor and a bias for every map. The numbers of the last layer are fixed.
    """
    window = 5 * 5
    third = {3: 6, 4: 9, 6: 1}
    return {
        "C1": 6 * (window + 1),
        "S2": 6 * 2,
        "C3": sum(filters * (maps * window + 1) for maps, filters in third.items()),
        "S4": 16 * 2,
        "C5": 120 * (16 * window + 1),
        "F6": 84 * (120 + 1),
    }
