"""The graded functions of the exercise "padding and stride": cases, mistakes, other right answers.

The sizes tell apart what beginners mix up: images and filters are rarely square, the stride often
leaves pixels over, some cases have no padding, and no bias is zero.
"""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Problem, quarters
from autograder.values import Formula, Value
from solutions.padding_stride import alternatives, misconceptions, reference

LIMITS = {"cell_seconds": 30.0}
"""What a cell of a submission may take when it is graded: the fields of networks take longest."""

Random = np.random.Generator

WORKED_IMAGE = np.array([[1.0, 2, 0], [3, 1, 2], [0, 1, 1]])
WORKED_FILTER = np.array([[1.0, 0, -1], [2, 1, 0], [0, 1, 1]])
"""The example that the exercise computes by hand."""


def _axis(size: int, kernel: int, stride: int, padding: int, dilation: int) -> dict[str, Value]:
    return {
        "size": size,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }


def _fitting(
    rng: Random, stride: int, left_over: int, *, padded: bool, dilation: int = 1
) -> dict[str, Value]:
    """Draw an axis on which a window with this stride leaves so many pixels over at the end."""
    kernel, positions = int(rng.integers(3, 6)), int(rng.integers(4, 21))
    padding = int(rng.integers(1, kernel)) if padded else 0
    room = (positions - 1) * stride + left_over
    size = room + dilation * (kernel - 1) + 1 - 2 * padding
    return _axis(size, kernel, stride, padding, dilation)


def output_size_cases(rng: Random) -> list[Case]:
    """One new argument at a time, and a filter that fits nowhere."""
    small, stride = int(rng.integers(4, 30)), int(rng.integers(2, 5))
    return [
        Case("stride 1, no padding", _fitting(rng, 1, 0, padded=False)),
        Case("stride 1, padding", _fitting(rng, 1, 0, padded=True)),
        Case("stride 3, one pixel left over", _fitting(rng, 3, 1, padded=False)),
        Case("stride 3, two pixels left over", _fitting(rng, 3, 2, padded=True)),
        Case("dilation", _fitting(rng, 1, 0, padded=False, dilation=int(rng.integers(2, 4)))),
        Case("everything at once", _fitting(rng, 2, 1, padded=True, dilation=3)),
        # Seldom met, and seldom thought of: each is worth a little more than one of the others.
        Case("the filter is a little too large", _axis(small, small + 3, stride, 1, 1), 1.4),
        Case("the filter is far too large", _axis(small, small + 9, stride, 1, 1), 1.4),
    ]


def output_size_hidden(rng: Random) -> list[Case]:
    """More of the same, larger."""
    size = int(rng.integers(50, 300))
    return [
        Case("stride 5, four pixels left over", _fitting(rng, 5, 4, padded=True)),
        Case("stride 4, one pixel left over", _fitting(rng, 4, 1, padded=True)),
        Case("stride 2 and dilation", _fitting(rng, 2, 1, padded=True, dilation=2)),
        Case("a large input", _axis(3 * size, 4, 3, 1, 1)),
    ]


def pad2d_cases(rng: Random) -> list[Case]:
    """Paddings 1, 2 and 0; images that are not square; several channels and images."""
    return [
        Case("one square image", {"x": quarters(rng, 1, 1, 3, 3), "padding": 1}),
        Case("a wide image", {"x": quarters(rng, 1, 1, 3, 5), "padding": 2}),
        Case("three channels", {"x": quarters(rng, 1, 3, 4, 3), "padding": 2}),
        Case("two images", {"x": quarters(rng, 2, 2, 4, 5), "padding": 1}),
        Case("no padding", {"x": quarters(rng, 2, 1, 3, 4), "padding": 0}),
    ]


def pad2d_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("a wide frame", {"x": quarters(rng, 2, 3, 4, 6), "padding": 3}),
        Case("three images", {"x": quarters(rng, 3, 2, 5, 3), "padding": 2}),
    ]


def _biases(rng: Random, filters: int) -> np.ndarray:
    """Draw biases above zero."""
    return quarters(rng, filters, low=0.5)


def _layer(
    rng: Random, x: tuple[int, ...], w: tuple[int, ...], stride: int, padding: int
) -> dict[str, Value]:
    """Draw a batch of shape x, filters of shape w, and biases, none of them zero."""
    return {
        "x": quarters(rng, *x),
        "w": quarters(rng, *w),
        "b": _biases(rng, w[0]),
        "stride": stride,
        "padding": padding,
    }


def conv2d_forward_cases(rng: Random) -> list[Case]:
    """One new thing at a time: padding, stride, channels, filters, images."""
    worked = {
        "x": WORKED_IMAGE[None, None],
        "w": WORKED_FILTER[None, None],
        "b": np.array([0.5]),
        "stride": 2,
        "padding": 1,
    }
    whole = {
        "x": rng.integers(-9, 9, size=(1, 2, 4, 5), endpoint=True, dtype=np.int64),
        "w": quarters(rng, 2, 2, 2, 3),
        "b": _biases(rng, 2),
        "stride": 1,
        "padding": 1,
    }
    return [
        Case("the worked example", worked),
        Case("stride 1, no padding", _layer(rng, (1, 1, 4, 5), (1, 1, 2, 3), 1, 0)),
        Case("padding 2", _layer(rng, (1, 1, 4, 5), (1, 1, 2, 3), 1, 2)),
        Case("stride 2, no padding", _layer(rng, (1, 1, 7, 9), (1, 1, 3, 3), 2, 0)),
        Case("stride 3, pixels left over", _layer(rng, (1, 1, 9, 7), (2, 1, 2, 3), 3, 0)),
        Case("three channels, two filters", _layer(rng, (1, 3, 5, 6), (2, 3, 3, 2), 1, 1)),
        Case("everything at once", _layer(rng, (2, 2, 7, 5), (4, 2, 3, 2), 2, 1)),
        Case("images of whole numbers", whole),
    ]


def conv2d_forward_hidden(rng: Random) -> list[Case]:
    """More sizes."""
    whole = {
        "x": rng.integers(-9, 9, size=(2, 1, 5, 6), endpoint=True, dtype=np.int64),
        "w": quarters(rng, 3, 1, 3, 2),
        "b": _biases(rng, 3),
        "stride": 2,
        "padding": 0,
    }
    return [
        Case("as many images as filters", _layer(rng, (3, 2, 8, 6), (3, 2, 3, 3), 2, 2)),
        Case("stride 3, three channels", _layer(rng, (2, 3, 8, 9), (4, 3, 2, 3), 3, 1)),
        Case("wide filters, no padding", _layer(rng, (2, 2, 6, 11), (3, 2, 2, 4), 2, 0)),
        Case("images of whole numbers, stride 2", whole),
    ]


VGG16_BEGINNING = [(3, 1, 1), (3, 1, 1), (2, 2, 0), (3, 1, 1), (3, 1, 1), (2, 2, 0), (3, 1, 1)]
"""The first layers of VGG16, pooling layers included."""


def _stack(*layers: tuple[int, int, int]) -> dict[str, Value]:
    return {"layers": list(layers)}


def _drawn_stack(rng: Random, depth: int) -> dict[str, Value]:
    """Draw layers that differ, with stride above 1 at the bottom and padding everywhere."""
    strides = [int(rng.integers(2, 4)) for _ in range(depth - 1)] + [1]
    kernels = (2 + rng.permutation(depth)).tolist()
    return _stack(
        *[
            (int(kernel), stride, int(rng.integers(1, kernel + 1)))
            for kernel, stride in zip(kernels, strides, strict=True)
        ]
    )


def receptive_field_cases(rng: Random) -> list[Case]:
    """One layer, two, strides, padding, all of it, and a real network."""
    kernel, other = (int(one) for one in rng.permutation(np.arange(3, 8))[:2])
    return [
        Case("one layer", _stack((kernel, 1, 0))),
        Case("two layers, stride 1", _stack((kernel, 1, 0), (other, 1, 0))),
        Case("strides, no padding", _stack((kernel, 3, 0), (other, 2, 0), (3, 1, 0))),
        Case("padding, stride 1", _stack((kernel, 1, 2), (other, 1, 1))),
        Case("everything at once", _drawn_stack(rng, 4)),
        Case("the first seven layers of VGG16", _stack(*VGG16_BEGINNING)),
    ]


def receptive_field_hidden(rng: Random) -> list[Case]:
    """No layer, and deeper stacks."""
    return [
        Case("no layer at all", _stack(), weight=0.5),
        Case("stride above the kernel", _stack((2, 3, 1), (int(rng.integers(3, 9)), 2, 2))),
        Case("five layers", _drawn_stack(rng, 5)),
        Case("six layers", _drawn_stack(rng, 6)),
    ]


BLUR = "x[:-2] + 2 * x[1:-1] + x[2:]"
EDGES_SKIPPED = "(x[:, :-1] - 2 * x[:, 1:])[::2, ::2]"
EDGES_RELU = "np.maximum(x[1:, 1:] - 2 * x[:-1, :-1] + 0.5, 0)"
TWO_LAYERS = "np.maximum(x[:-1] - x[1:], 0)[:, :-1] - 2 * np.maximum(x[1:] - x[:-1], 0)[:, 1:]"
SQUARES = "x[:-1, 1:] ** 2 - x[1:, :-1] * x[:-1, :-1]"
PADDED = "np.pad(x, 1)[:-2, 1:-1] - 3 * np.pad(x, 1)[1:-1, 2:]"


def _unit(x: np.ndarray, source: str, i: int, j: int, h: float = 0.25) -> dict[str, Value]:
    return {"f": Formula(("x",), source), "x": x, "i": i, "j": j, "h": h}


def _awake(
    rng: Random, shape: tuple[int, int], source: str, i: int, j: int, h: float = 0.25
) -> dict[str, Value]:
    """Draw a picture on which ReLU does not silence the unit."""
    while True:
        drawn = _unit(quarters(rng, *shape), source, i, j, h)
        if reference.effective_receptive_field(**drawn).any():
            return drawn


def effective_receptive_field_cases(rng: Random) -> list[Case]:
    """Filters first, then stride, then maps that are not linear."""
    return [
        Case("a filter of one column", _unit(quarters(rng, 5, 4), BLUR, 1, 2, 0.5)),
        Case("a filter with stride 2", _unit(quarters(rng, 5, 7), EDGES_SKIPPED, 1, 2)),
        Case("padding", _unit(quarters(rng, 4, 5), PADDED, 0, 3, 0.5)),
        Case("products of pixels", _unit(quarters(rng, 4, 5, low=0.5), SQUARES, 2, 1)),
        Case("two filters with ReLU", _awake(rng, (5, 6), TWO_LAYERS, 2, 1)),
    ]


def effective_receptive_field_hidden(rng: Random) -> list[Case]:
    """More pictures and units."""
    return [
        Case("a large step", _unit(quarters(rng, 4, 6, low=1.0), SQUARES, 1, 3, 2.0)),
        Case("a filter with ReLU", _awake(rng, (6, 5), EDGES_RELU, 3, 2)),
        Case("two filters with ReLU, wide", _awake(rng, (4, 8), TWO_LAYERS, 1, 4)),
    ]


PROBLEMS = (
    Problem(
        reference.output_size,
        output_size_cases,
        misconceptions.OUTPUT_SIZE,
        output_size_hidden,
        alternatives.OUTPUT_SIZE,
        explorer={
            "kind": "values",
            "ranges": {
                "size": (1, 64),
                "kernel": (1, 11),
                "stride": (1, 5),
                "padding": (0, 5),
                "dilation": (1, 4),
            },
            "try": (
                "Stride 1: which padding keeps the size for kernels of 3, 5 and 7?",
                "Stride 2: move the size up by one at a time. What happens?",
                "Raise the dilation until nothing fits. Which slider helps?",
            ),
        },
    ),
    Problem(
        reference.pad2d,
        pad2d_cases,
        misconceptions.PAD2D,
        pad2d_hidden,
        alternatives.PAD2D,
        explorer={"kind": "padding"},
    ),
    Problem(
        reference.conv2d_forward,
        conv2d_forward_cases,
        misconceptions.CONV2D_FORWARD,
        conv2d_forward_hidden,
        alternatives.CONV2D_FORWARD,
        explorer={"kind": "strided layer"},
    ),
    Problem(
        reference.conv2d_forward_fast,
        conv2d_forward_cases,
        misconceptions.CONV2D_FORWARD_FAST,
        conv2d_forward_hidden,
        alternatives.CONV2D_FORWARD_FAST,
        explorer={"kind": "strided layer"},
    ),
    Problem(
        reference.receptive_field,
        receptive_field_cases,
        misconceptions.RECEPTIVE_FIELD,
        receptive_field_hidden,
        alternatives.RECEPTIVE_FIELD,
        explorer={"kind": "stack"},
        results=("size", "jump", "start"),
    ),
    Problem(
        reference.effective_receptive_field,
        effective_receptive_field_cases,
        misconceptions.EFFECTIVE_RECEPTIVE_FIELD,
        effective_receptive_field_hidden,
        alternatives.EFFECTIVE_RECEPTIVE_FIELD,
        explorer={"kind": "field"},
    ),
)
