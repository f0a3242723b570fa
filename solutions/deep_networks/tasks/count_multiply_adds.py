"""The task ``count_multiply_adds``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style
from solutions.arrays import Shape
from solutions.deep_networks.drawn_networks import hidden_networks, networks, shapes_of
from solutions.networks import Layer, Spec


def count_multiply_adds(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Return how many multiplications, each with an addition, a network takes for one image.

    spec: the image and the layers, one dictionary each, in the order of computing. The key
    "groups" of a convolutional layer is absent where it is 1.
    shapes: what each entry passes on, one tuple per entry.
    Returns as many whole numbers, one per entry: what convolutional and fully connected layers
    take, biases aside; 0 for all others.
    """
    ### BEGIN SOLUTION
    counts = []
    for index, layer in enumerate(spec):
        count = 0
        if layer["kind"] == "conv":
            depth = shapes[index - 1][0] // layer.get("groups", 1)
            count = int(np.prod(shapes[index])) * depth * layer["size"] ** 2
        elif layer["kind"] == "linear":
            count = shapes[index - 1][0] * layer["units"]
        counts.append(count)
    return counts
    ### END SOLUTION


# Cases


def _with_shapes(name: str, spec: Spec) -> Case:
    return Case(name, {"spec": spec, "shapes": shapes_of(spec)})


def cases(rng: Random) -> list[Case]:
    """The worked example, networks without groups, with groups, with one for each channel."""
    return [_with_shapes(name, spec) for name, spec in networks(rng)]


def hidden_cases(rng: Random) -> list[Case]:
    """More networks."""
    return [_with_shapes(name, spec) for name, spec in hidden_networks(rng)]


# Misconceptions

Counts = Callable[[list[Layer], list[Shape]], list[int]]


def _counted(
    conv: Callable[[Layer, Shape, Shape, int], int] | None = None,
    linear: Callable[[Layer, Shape], int] | None = None,
    other: Callable[[Layer, Shape], int] | None = None,
) -> Counts:
    """Return a wrong count with other rules for some kinds of layers.

    conv gets the layer, the shape before it, the shape after it and the number of groups; linear
    the layer and the shape before it; other the layer and the shape after it.
    """

    def counts(spec: list[Layer], shapes: list[Shape]) -> list[int]:
        result = count_multiply_adds(spec, shapes)
        for i, layer in enumerate(spec):
            if layer["kind"] == "conv" and conv is not None:
                result[i] = conv(layer, shapes[i - 1], shapes[i], layer.get("groups", 1))
            elif layer["kind"] == "linear" and linear is not None:
                result[i] = linear(layer, shapes[i - 1])
            elif layer["kind"] not in ("conv", "linear") and other is not None:
                result[i] = other(layer, shapes[i])
        return result

    return counts


def _area(layer: Layer) -> int:
    return int(layer["size"]) ** 2


MISCONCEPTIONS = (
    Misconception(
        "groups_ignored",
        _counted(lambda layer, before, after, groups: math.prod(after) * before[0] * _area(layer)),
        title="Groups are not taken into account",
        symptom="Right for layers without groups.",
        hint="Your layers without groups are right. How many channels does a filter read if there "
        "are several groups?",
    ),
    Misconception(
        "groups_twice",
        _counted(
            lambda layer, before, after, groups: (
                math.prod(after) * before[0] * _area(layer) // groups**2
            )
        ),
        title="Groups are divided by twice",
        symptom="Right for layers without groups; too few with groups.",
        hint="You divide by the groups twice. Each filter reads fewer channels; are there fewer "
        "filters, too?",
    ),
    Misconception(
        "depthwise_sums_up",
        _counted(
            lambda layer, before, after, groups: (
                math.prod(after[1:]) * (before[0] // groups) * _area(layer)
                if groups > 1
                else math.prod(after) * before[0] * _area(layer)
            )
        ),
        title="A grouped layer is counted as one filter",
        symptom="Right for layers without groups.",
        hint="Your layers without groups are right. With groups you count a single filter; every "
        "number of the result takes its own sum.",
    ),
    Misconception(
        "places_of_the_input",
        _counted(
            lambda layer, before, after, groups: (
                after[0] * math.prod(before[1:]) * before[0] // groups * _area(layer)
            )
        ),
        title="The places of the input are counted",
        symptom="Right where a layer keeps the height and width.",
        hint="You count a sum for every place of the input. How many sums does a layer with a "
        "stride compute?",
    ),
    Misconception(
        "one_place",
        _counted(
            lambda layer, before, after, groups: after[0] * before[0] // groups * _area(layer)
        ),
        title="The weights are counted once",
        symptom="Convolutional layers have as many multiply-adds as weights.",
        hint="You have counted weights. At how many places is each weight of a filter used?",
    ),
    Misconception(
        "no_depth",
        _counted(lambda layer, before, after, groups: math.prod(after) * _area(layer)),
        title="Filters without depth",
        symptom="Right for depthwise layers, and for one input channel.",
        hint="Your filters are flat. Through how many channels does a filter without groups reach?",
        catalog_number=63,
    ),
    Misconception(
        "size_not_squared",
        _counted(
            lambda layer, before, after, groups: (
                math.prod(after) * before[0] // groups * int(layer["size"])
            )
        ),
        title="Only one side of the filter is counted",
        symptom="Right for filters of one pixel.",
        hint="Your filters of one pixel are right. How many numbers does a slice of 3 by 3 hold?",
    ),
    Misconception(
        "biases_counted",
        _counted(
            lambda layer, before, after, groups: (
                math.prod(after) * (before[0] // groups * _area(layer) + 1)
            ),
            lambda layer, before: (before[0] + 1) * layer["units"],
        ),
        title="The biases are counted, too",
        symptom="Every layer has a few too many.",
        hint="Every layer of yours has a few too many. A bias is added; is it multiplied with "
        "anything?",
    ),
    Misconception(
        "counted_twice",
        lambda spec, shapes: [2 * count for count in count_multiply_adds(spec, shapes)],
        title="Multiplications and additions are counted separately",
        symptom="All numbers are twice as large.",
        hint="All your numbers are twice as large. A multiplication and its addition count as one "
        "here; many papers count them as two operations.",
    ),
    Misconception(
        "dense_forgotten",
        _counted(linear=lambda layer, before: 0),
        title="Fully connected layers take nothing",
        symptom="Fully connected layers are 0.",
        hint="Your fully connected layers take nothing. How many products does each unit add up?",
    ),
    Misconception(
        "dense_counts_units",
        _counted(linear=lambda layer, before: int(layer["units"])),
        title="A fully connected layer takes one for each unit",
        symptom="Fully connected layers have far too few.",
        hint="You count one multiplication for each unit. How many numbers does a unit read?",
    ),
    Misconception(
        "all_entries_multiply",
        _counted(other=lambda layer, after: 0 if layer["kind"] == "image" else math.prod(after)),
        title="ReLU, pooling and the rest are counted",
        symptom="Entries that should be 0 are not.",
        hint="Some of your entries should be 0. The task says which layers are counted.",
    ),
    Misconception(
        "normalization_multiplies",
        _counted(other=lambda layer, after: (layer["kind"] == "batch_norm") * math.prod(after)),
        title="Batch normalization is counted",
        symptom="Entries of batch normalization are not 0.",
        hint="Your batch normalization multiplies. In inference it is folded into the convolution "
        "before it; what does the task say?",
    ),
    Misconception(
        "total_only",
        lambda spec, shapes: sum(count_multiply_adds(spec, shapes)),
        title="Only the total is returned",
        symptom="One number comes back instead of a list.",
        hint="Your total is right, but the task asks for one number per entry.",
    ),
    Misconception(
        "only_counted_layers",
        lambda spec, shapes: [count for count in count_multiply_adds(spec, shapes) if count],
        title="Entries with 0 are left out",
        symptom="Too few entries.",
        hint="Your list is too short. Entries that multiply nothing have their place in it, too.",
    ),
)


# Alternatives


def multiply_adds_from_parameters(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Count the weights, and at how many places each is used."""
    counts = []
    for before, layer, after in zip([(0,), *shapes], spec, shapes, strict=False):
        weights = places = 0
        if layer["kind"] == "conv":
            reads = before[0] // layer.get("groups", 1)
            weights, places = layer["filters"] * reads * layer["size"] ** 2, after[1] * after[2]
        if layer["kind"] == "linear":
            weights, places = layer["units"] * before[0], 1
        counts.append(weights * places)
    return counts


def multiply_adds_preallocated(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Begin with zeros, and fill in what multiplies."""
    counts = [0] * len(spec)
    for i in range(1, len(spec)):
        layer, channels = spec[i], shapes[i - 1][0]
        if "filters" in layer:
            groups = layer.get("groups", 1)
            per_number = channels * layer["size"] * layer["size"] // groups
            filters, rows, columns = shapes[i]
            counts[i] = per_number * filters * rows * columns
        elif "units" in layer:
            counts[i] = channels * layer["units"]
    return counts


def multiply_adds_group_by_group(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Add up the groups of a layer, each a small convolution of its own; NumPy numbers."""
    counts: list[Any] = []
    for layer, before, after in zip(spec, [shapes[0], *shapes[:-1]], shapes, strict=True):
        total = np.int64(0)
        if layer["kind"] == "conv":
            groups = layer.get("groups", 1)
            for _ in range(groups):
                places = np.prod(after[1:])
                total += places * (after[0] // groups) * (before[0] // groups) * layer["size"] ** 2
        elif layer["kind"] == "linear":
            total += np.prod(after) * before[0]
        counts.append(total)
    return counts


def multiply_adds_with_depth_remembered(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Carry the channels along."""
    counts, channels = [], 0
    for layer, shape in zip(spec, shapes, strict=True):
        kind = layer["kind"]
        if kind == "conv":
            window = channels // layer.get("groups", 1) * layer["size"] * layer["size"]
            counts.append(window * int(np.prod(shape)))
        elif kind == "linear":
            counts.append(channels * shape[0])
        else:
            counts.append(0)
        channels = shape[0]
    return counts


ALTERNATIVES = (
    multiply_adds_from_parameters,
    multiply_adds_preallocated,
    multiply_adds_group_by_group,
    multiply_adds_with_depth_remembered,
)

STYLES = (
    Style(
        multiply_adds_from_parameters,
        "Weights times places: it says why filters are cheap to keep and costly to run.",
    ),
    Style(
        multiply_adds_with_depth_remembered,
        "It needs no index: the channels are carried along from layer to layer.",
    ),
)


PROBLEM = Problem(
    count_multiply_adds,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    styles=STYLES,
)
