"""The task ``count_parameters``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style
from solutions.arrays import Shape
from solutions.networks import Layer
from solutions.pooling.drawn_networks import hidden_networks, networks
from solutions.pooling.tasks.network_shapes import network_shapes


def count_parameters(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Return how many numbers every entry of a network learns, biases included.

    spec: the image and the layers, as for network_shapes.
    shapes: what network_shapes returns for it, one tuple per entry.
    Returns as many whole numbers; 0 for entries that learn nothing.
    """
    ### BEGIN SOLUTION
    counts = []
    for index, layer in enumerate(spec):
        count = 0
        if layer["kind"] == "conv":
            depth = shapes[index - 1][0]
            count = layer["filters"] * (depth * layer["size"] ** 2 + 1)
        elif layer["kind"] == "linear":
            inputs = shapes[index - 1][0]
            count = layer["units"] * (inputs + 1)
        counts.append(count)
    return counts
    ### END SOLUTION


# Cases


def _with_shapes(name: str, spec: list[Layer]) -> Case:
    return Case(name, {"spec": spec, "shapes": network_shapes(spec)})


def cases(rng: Random) -> list[Case]:
    """Return the same networks as for network_shapes, but one in which nothing learns."""
    return [_with_shapes(name, spec) for name, spec in networks(rng) if "overlap" not in name]


def hidden_cases(rng: Random) -> list[Case]:
    """More networks."""
    return [_with_shapes(name, spec) for name, spec in hidden_networks(rng)]


# Misconceptions


def _counted(
    conv: Callable[[Layer, Shape, Shape], int] | None = None,
    linear: Callable[[Layer, Shape], int] | None = None,
    pool: Callable[[Layer, Shape], int] | None = None,
) -> Callable[[list[Layer], list[Shape]], list[int]]:
    """Return a wrong count_parameters with other rules for some kinds of layers.

    conv gets the layer, the shape before it and the shape after it; the others the first two.
    """

    def counts(spec: list[Layer], shapes: list[Shape]) -> list[int]:
        result = count_parameters(spec, shapes)
        for i, layer in enumerate(spec):
            if layer["kind"] == "conv" and conv is not None:
                result[i] = conv(layer, shapes[i - 1], shapes[i])
            elif layer["kind"] == "linear" and linear is not None:
                result[i] = linear(layer, shapes[i - 1])
            elif layer["kind"] in ("max_pool", "avg_pool") and pool is not None:
                result[i] = pool(layer, shapes[i - 1])
        return result

    return counts


def count_not_reset(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Keep the count of the layer before where a layer learns nothing."""
    counts = count_parameters(spec, shapes)
    for i, count in enumerate(counts):
        if count == 0 and i > 0:
            counts[i] = counts[i - 1]
    return counts


MISCONCEPTIONS = (
    Misconception(
        "no_depth_no_bias",
        _counted(lambda layer, before, after: layer["filters"] * layer["size"] ** 2),
        title="Filters without depth and bias",
        symptom="Convolutional layers have far too few.",
        hint="Your convolutional layers have far too few. How deep is a filter, and what is added "
        "to its dot product?",
        catalog_number=63,
    ),
    Misconception(
        "no_depth",
        _counted(lambda layer, before, after: layer["filters"] * (layer["size"] ** 2 + 1)),
        title="Filters without depth",
        symptom="Right for layers with one input channel.",
        hint="Your filters are flat. How deep is a filter when its input has several channels?",
        catalog_number=63,
    ),
    Misconception(
        "depth_of_output",
        _counted(
            lambda layer, before, after: layer["filters"] * (after[0] * layer["size"] ** 2 + 1)
        ),
        title="Filters as deep as the output",
        symptom="Right where a layer keeps the number of channels.",
        hint="Your filters are as deep as the maps they make. Which maps do they read?",
    ),
    Misconception(
        "no_bias",
        _counted(
            lambda layer, before, after: layer["filters"] * before[0] * layer["size"] ** 2,
            lambda layer, before: layer["units"] * before[0],
        ),
        title="No biases at all",
        symptom="Every layer has a few too few.",
        hint="Every layer has a few too few. What does a layer learn besides its weights?",
        catalog_number=64,
    ),
    Misconception(
        "no_bias_in_conv",
        _counted(lambda layer, before, after: layer["filters"] * before[0] * layer["size"] ** 2),
        title="Convolutional layers without biases",
        symptom="Convolutional layers have too few, by their number of filters.",
        hint="Your convolutional layers have a few too few. What is added to the dot product of a "
        "filter?",
        catalog_number=64,
    ),
    Misconception(
        "no_bias_in_linear",
        _counted(linear=lambda layer, before: layer["units"] * before[0]),
        title="Fully connected layers without biases",
        symptom="Fully connected layers have too few, by their number of units.",
        hint="Your fully connected layers have a few too few. Which arguments does "
        "`linear_forward` take?",
        catalog_number=64,
    ),
    Misconception(
        "one_bias",
        _counted(
            lambda layer, before, after: layer["filters"] * before[0] * layer["size"] ** 2 + 1,
            lambda layer, before: layer["units"] * before[0] + 1,
        ),
        title="One bias for a whole layer",
        symptom="Every layer has too few.",
        hint="You counted one bias for a whole layer. How many numbers does `b` hold?",
    ),
    Misconception(
        "bias_per_channel",
        _counted(
            lambda layer, before, after: layer["filters"] * before[0] * (layer["size"] ** 2 + 1)
        ),
        title="One bias for every channel of every filter",
        symptom="Right for layers with one input channel.",
        hint="You counted a bias for every slice of a filter. How many does a whole filter have?",
    ),
    Misconception(
        "size_not_squared",
        _counted(
            lambda layer, before, after: layer["filters"] * (before[0] * layer["size"] + 1),
        ),
        title="Only one side of the filter is counted",
        symptom="Convolutional layers have far too few.",
        hint="Your filters have one row. How many numbers does a slice of 5 by 5 have?",
    ),
    Misconception(
        "every_position_counted",
        _counted(
            lambda layer, before, after: (
                layer["filters"] * (before[0] * layer["size"] ** 2 + 1) * after[1] * after[2]
            )
        ),
        title="The weights are counted at every position",
        symptom="Convolutional layers have far too many.",
        hint="You count the weights again at every position. Does the filter change on its way?",
    ),
    Misconception(
        "pooling_learns",
        _counted(pool=lambda layer, before: layer["size"] ** 2),
        title="Pooling has weights",
        symptom="Pooling layers are not 0.",
        hint="Your pooling layers learn something. What could training change about a maximum or a "
        "mean?",
    ),
    Misconception(
        "linear_forgotten",
        _counted(linear=lambda layer, before: 0),
        title="Fully connected layers learn nothing",
        symptom="Fully connected layers are 0.",
        hint="Your fully connected layers learn nothing. Which arguments does `linear_forward` "
        "take?",
    ),
    Misconception(
        "linear_reads_maps",
        _counted(linear=lambda layer, before: layer["units"] * (layer["units"] + 1)),
        title="As many inputs as units",
        symptom="Right where a fully connected layer has as many inputs as units.",
        hint="Your fully connected layers have as many inputs as units. Where does the number of "
        "inputs stand?",
    ),
    Misconception(
        "count_not_reset",
        count_not_reset,
        title="The count of the layer before is kept",
        symptom="ReLU and pooling have as many parameters as the layer before them.",
        hint="Layers that learn nothing repeat the count of the layer before. What does your "
        "variable hold when no rule applies?",
    ),
    Misconception(
        "running_total",
        lambda spec, shapes: np.cumsum(count_parameters(spec, shapes)).tolist(),
        title="The counts add up from layer to layer",
        symptom="The numbers only grow.",
        hint="Your numbers only grow: each holds all layers before it, too.",
    ),
    Misconception(
        "total_only",
        lambda spec, shapes: sum(count_parameters(spec, shapes)),
        title="Only the total is returned",
        symptom="One number comes back instead of a list.",
        hint="Your total is right, but the task asks for one number per entry.",
    ),
    Misconception(
        "only_learning_layers",
        lambda spec, shapes: [count for count in count_parameters(spec, shapes) if count],
        title="Layers that learn nothing are left out",
        symptom="Too few entries.",
        hint="Your list is too short. Layers that learn nothing have their place in it, too.",
    ),
)


# Alternatives


def parameters_of_arrays(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Multiply out the shapes of weights and biases."""
    counts = []
    for before, layer in zip([(), *shapes], spec, strict=False):
        arrays: list[Shape] = []
        if layer["kind"] == "conv":
            arrays = [
                (layer["filters"], before[0], layer["size"], layer["size"]),
                (layer["filters"],),
            ]
        if layer["kind"] == "linear":
            arrays = [(before[0], layer["units"]), (layer["units"],)]
        counts.append(sum(math.prod(shape) for shape in arrays))
    return counts


def parameters_preallocated(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Begin with zeros and fill in what learns."""
    counts = [0] * len(spec)
    for i in range(1, len(spec)):
        layer, depth = spec[i], shapes[i - 1][0]
        if layer["kind"] == "conv":
            weights = depth * layer["size"] * layer["size"] * layer["filters"]
            counts[i] = weights + layer["filters"]
        elif layer["kind"] == "linear":
            counts[i] = depth * layer["units"] + layer["units"]
    return counts


def parameters_with_depth_remembered(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Carry the depth along."""
    counts, depth = [], 0
    for layer, shape in zip(spec, shapes, strict=True):
        kind = layer["kind"]
        if kind == "conv":
            counts.append((depth * layer["size"] * layer["size"] + 1) * layer["filters"])
        elif kind == "linear":
            counts.append((depth + 1) * layer["units"])
        else:
            counts.append(0)
        depth = shape[0]
    return counts


def parameters_from_shapes(spec: list[Layer], shapes: list[Shape]) -> list[Any]:
    """Use the shapes alone, wherever they say enough; NumPy numbers and floats."""
    counts: list[Any] = []
    for i, layer in enumerate(spec):
        if layer["kind"] in ("conv", "linear"):
            per_unit = shapes[i - 1][0] * layer.get("size", 1) ** 2.0 + 1
            counts.append(np.float64(shapes[i][0] * per_unit))
        else:
            counts.append(np.int64(0))
    return counts


def parameters_comprehension(spec: list[Layer], shapes: list[Shape]) -> list[int]:
    """Write one expression per layer."""
    depths = [0] + [shape[0] for shape in shapes[:-1]]
    return [
        layer.get("filters", layer.get("units", 0)) * (depth * layer.get("size", 1) ** 2 + 1)
        for layer, depth in zip(spec, depths, strict=True)
    ]


ALTERNATIVES = (
    parameters_of_arrays,
    parameters_preallocated,
    parameters_with_depth_remembered,
    parameters_from_shapes,
    parameters_comprehension,
)

STYLES = (
    Style(
        parameters_with_depth_remembered,
        "It needs no index: the depth is carried along from layer to layer.",
    ),
    Style(
        parameters_comprehension,
        "Shortest: layers without units or filters have the factor 0.",
    ),
)


PROBLEM = Problem(
    count_parameters,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    styles=STYLES,
)
