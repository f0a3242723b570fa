"""The task ``receptive_field``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style
from autograder.values import Value

Layer: TypeAlias = tuple[int, int, int]


def receptive_field(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Return which pixels a unit of the last layer can see, along one axis.

    layers: (kernel, stride, padding) of every layer, from the input upward.
    Returns (size, jump, start): the field is `size` pixels long; the fields of neighboring
    units lie `jump` pixels apart; the field of unit 0 begins at pixel `start`, which is
    negative if it begins in the padding.
    """
    ### BEGIN SOLUTION
    size, jump, start = 1, 1, 0
    for kernel, stride, padding in layers:
        start -= padding * jump
        size += (kernel - 1) * jump
        jump *= stride
    return size, jump, start
    ### END SOLUTION


# Cases

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


def cases(rng: Random) -> list[Case]:
    """One layer, two, strides, padding, all of it, and a real network."""
    kernel, other = (int(size) for size in rng.permutation(np.arange(3, 8))[:2])
    return [
        Case("one layer", _stack((kernel, 1, 0))),
        Case("two layers, stride 1", _stack((kernel, 1, 0), (other, 1, 0))),
        Case("strides, no padding", _stack((kernel, 3, 0), (other, 2, 0), (3, 1, 0))),
        Case("padding, stride 1", _stack((kernel, 1, 2), (other, 1, 1))),
        Case("everything at once", _drawn_stack(rng, 4)),
        Case("the first seven layers of VGG16", _stack(*VGG16_BEGINNING)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """No layer, and deeper stacks."""
    return [
        Case("no layer at all", _stack(), weight=0.5),
        Case("stride above the kernel", _stack((2, 3, 1), (int(rng.integers(3, 9)), 2, 2))),
        Case("five layers", _drawn_stack(rng, 5)),
        Case("six layers", _drawn_stack(rng, 6)),
    ]


# Misconceptions


def jump_too_early(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Update the jump before it is used."""
    size, jump, start = 1, 1, 0
    for kernel, stride, padding in layers:
        jump *= stride
        start -= padding * jump
        size += (kernel - 1) * jump
    return size, jump, start


def kernels_added(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Add the whole kernel per layer."""
    _, jump, start = receptive_field(layers)
    size, step = 1, 1
    for kernel, stride, _ in layers:
        size += kernel * step
        step *= stride
    return size, jump, start


def product_of_kernels(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Multiply the kernels."""
    _, jump, start = receptive_field(layers)
    return math.prod(kernel for kernel, _, _ in layers), jump, start


def strides_added(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Add the strides up instead of multiplying them."""
    size, jump, start = 1, 1, 0
    for kernel, stride, padding in layers:
        start -= padding * jump
        size += (kernel - 1) * jump
        jump += stride - 1
    return size, jump, start


def last_stride(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Take the stride of the layer itself for the jump."""
    size, jump, start = 1, 1, 0
    for kernel, stride, padding in layers:
        start -= padding * jump
        size += (kernel - 1) * jump
        jump = stride
    return size, jump, start


MISCONCEPTIONS = (
    Misconception(
        "kernels_added",
        kernels_added,
        title="The whole kernel is added",
        symptom="The size is too large; the jump and the start are right.",
        hint="Your size grows too fast. How many steps are there from the first to the last unit "
        "of a window of 3?",
        catalog_number=60,
    ),
    Misconception(
        "jump_too_early",
        jump_too_early,
        title="The jump is updated too early",
        symptom="Right for stride 1; else size and start are too large.",
        hint="A layer looks at the units below it. Do you use their distance, or already the "
        "distance of its own units?",
        catalog_number=61,
    ),
    Misconception(
        "stride_ignored",
        lambda layers: receptive_field([(kernel, 1, padding) for kernel, _, padding in layers]),
        title="Stride is ignored",
        symptom="Right for stride 1; else size and jump are too small.",
        hint="Your jump stays 1. After a layer with stride 2, how many pixels apart are the units?",
        catalog_number=62,
    ),
    Misconception(
        "stride_ignored_in_the_size",
        lambda layers: (
            1 + sum(kernel - 1 for kernel, _, _ in layers),
            *receptive_field(layers)[1:],
        ),
        title="The size does not know the stride",
        symptom="Right for stride 1; else the size is too small, and the jump is right.",
        hint="Your jump is right, but the size does not use it. Two units of the layer below may "
        "lie several pixels apart.",
        catalog_number=62,
    ),
    Misconception(
        "product_of_kernels",
        product_of_kernels,
        title="The kernels are multiplied",
        symptom="Two layers of 3 give 9 instead of 5.",
        hint="You multiply the kernels. Draw two layers of 3 above each other, and count the "
        "pixels that the upper unit reaches.",
    ),
    Misconception(
        "strides_added",
        strides_added,
        title="The strides are added up",
        symptom="Right while only one layer has a stride above 1.",
        hint="After two layers with stride 3 your units are 5 pixels apart. Draw them: what does "
        "the second layer skip?",
    ),
    Misconception(
        "last_stride",
        last_stride,
        title="The jump is the stride of the last layer",
        symptom="The jump forgets the layers before.",
        hint="Your jump is the stride of one layer. What do the strides of the layers below it do?",
    ),
    Misconception(
        "top_down",
        lambda layers: receptive_field(list(reversed(layers))),
        title="The layers are read from the top downward",
        symptom="Right where all layers are equal; else size and start are off.",
        hint="You begin with the last layer. In which order does the list name them, and which "
        "layer is next to the pixels?",
    ),
    Misconception(
        "padding_ignored",
        lambda layers: (*receptive_field(layers)[:2], 0),
        title="Padding is ignored, or the start is cut off at 0",
        symptom="The start is always 0.",
        hint="Your start is always 0. With padding, where does the window of unit 0 begin? It "
        "need not lie inside the picture.",
    ),
    Misconception(
        "start_without_jump",
        lambda layers: (
            *receptive_field(layers)[:2],
            -sum(padding for _, _, padding in layers),
        ),
        title="The start does not know the stride",
        symptom="Right for stride 1; else the start is too close to 0.",
        hint="Size and jump are right. One unit of padding in a higher layer is worth how many "
        "pixels?",
    ),
    Misconception(
        "start_after_the_stride",
        lambda layers: (*receptive_field(layers)[:2], jump_too_early(layers)[2]),
        title="The start uses the jump of its own layer",
        symptom="Right for stride 1; else the start is too far from 0.",
        hint="Size and jump are right, the start is too far out. Zeros are added to the units "
        "below: how far apart are those?",
    ),
    Misconception(
        "start_positive",
        lambda layers: (*receptive_field(layers)[:2], -receptive_field(layers)[2]),
        title="The start has the wrong sign",
        symptom="The start is above 0.",
        hint="Your start lies inside the picture. On which side of pixel 0 are the zeros?",
    ),
    Misconception(
        "padding_grows_the_field",
        lambda layers: (
            receptive_field(layers)[0] - 2 * receptive_field(layers)[2],
            *receptive_field(layers)[1:],
        ),
        title="Padding makes the field larger",
        symptom="Right without padding; else the size is too large.",
        hint="With padding your field is larger. Does a window see more because zeros are around "
        "the picture?",
    ),
    Misconception(
        "begins_with_nothing",
        lambda layers: (receptive_field(layers)[0] - 1, *receptive_field(layers)[1:]),
        title="The size begins at 0",
        symptom="The size is too small by one.",
        hint="Your size is too small by one. How many pixels does a unit see if there is no layer "
        "at all?",
    ),
    Misconception(
        "jump_begins_at_zero",
        lambda layers: (1, 0, 0),
        title="The jump begins at 0",
        symptom="The size stays 1 and the jump stays 0.",
        hint="Your jump stays 0, so nothing grows. How far apart are two neighboring pixels?",
    ),
    Misconception(
        "size_only",
        lambda layers: receptive_field(layers)[0],
        title="Only the size is returned",
        symptom="One number comes back instead of three.",
        hint="Three numbers are asked for: the size, the jump, and the start.",
    ),
)


# Alternatives


def receptive_field_from_the_top(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Follow the first and the last pixel of units 0 and 1 downward."""

    def ends(unit: int) -> tuple[int, int]:
        first = last = unit
        for kernel, stride, padding in reversed(layers):
            first = first * stride - padding
            last = last * stride - padding + kernel - 1
        return first, last

    (first, last), (second, _) = ends(0), ends(1)
    return last - first + 1, second - first, first


def receptive_field_sets(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Collect the pixels that units 0 and 1 see."""
    pixels = [{0}, {1}]
    for kernel, stride, padding in layers[::-1]:
        pixels = [
            {unit * stride - padding + offset for unit in units for offset in range(kernel)}
            for units in pixels
        ]
    return max(pixels[0]) - min(pixels[0]) + 1, min(pixels[1]) - min(pixels[0]), min(pixels[0])


def receptive_field_products(layers: Sequence[Layer]) -> list[int]:
    """Sum over layers with the product of the strides below; return a list."""
    jumps = [math.prod(stride for _, stride, _ in layers[:at]) for at in range(len(layers) + 1)]
    pairs = list(zip(layers, jumps, strict=False))
    size = 1 + sum((kernel - 1) * jump for (kernel, _, _), jump in pairs)
    return [size, jumps[-1], sum(-padding * jump for (_, _, padding), jump in pairs)]


def receptive_field_numpy(layers: Sequence[Layer]) -> tuple[Any, Any, Any]:
    """Use cumulative products."""
    table = np.array(layers, dtype=int).reshape(-1, 3)
    jumps = np.concatenate([[1], np.cumprod(table[:, 1])])
    return 1 + (table[:, 0] - 1) @ jumps[:-1], jumps[-1], -(table[:, 2] @ jumps[:-1])


def receptive_field_recursion(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """Ask the layers below first."""
    if not layers:
        return 1, 1, 0
    size, jump, start = receptive_field_recursion(layers[:-1])
    kernel, stride, padding = layers[-1]
    return size + (kernel - 1) * jump, jump * stride, start - padding * jump


ALTERNATIVES = (
    receptive_field_from_the_top,
    receptive_field_sets,
    receptive_field_products,
    receptive_field_numpy,
    receptive_field_recursion,
)

STYLES = (
    Style(
        receptive_field_sets,
        "Clearest: it collects the very pixels that two units see, and reads the answer off them.",
    ),
    Style(
        receptive_field_recursion,
        "It follows the idea: ask the layers below, then add what this layer adds.",
    ),
)


PROBLEM = Problem(
    receptive_field,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "stack"},
    results=("size", "jump", "start"),
    styles=STYLES,
)
