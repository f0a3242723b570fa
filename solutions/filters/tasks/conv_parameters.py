"""The task ``conv_parameters``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random
from autograder.values import Value


def conv_parameters(channels: int, filters: int, height: int, width: int) -> int:
    """Return how many numbers a convolutional layer learns, biases included.

    channels: channels C of the input.
    filters: number of filters F.
    height, width: size of each filter, HH and WW.
    """
    ### BEGIN SOLUTION
    return filters * (channels * height * width + 1)
    ### END SOLUTION


# Cases


def _sizes(channels: int, filters: int, height: int, width: int) -> dict[str, Value]:
    return {"channels": channels, "filters": filters, "height": height, "width": width}


def cases(rng: Random) -> list[Case]:
    """Layers of known networks, and one whose sizes all differ."""
    return [
        Case("gray picture, one filter", _sizes(1, 1, 3, 3)),
        Case("first layer of VGG16", _sizes(3, 64, 3, 3)),
        Case("wide filters", _sizes(4, 6, 3, 5)),
        Case("filters of one pixel", _sizes(256, 64, 1, 1)),
        Case("gray picture, four filters", _sizes(1, 4, 2, 2)),
        Case("as many filters as channels", _sizes(5, 5, 2, 2)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """Sizes drawn at random, all different."""
    channels, filters, height, width = (int(i) for i in rng.permutation(np.arange(4, 12))[:4])
    return [
        Case("sizes drawn at random", _sizes(channels, filters, height, width)),
        Case("tall filters", _sizes(filters, channels, 7, 2)),
        Case("last convolutional layer of VGG16", _sizes(512, 512, 3, 3)),
    ]


# Misconceptions

MISCONCEPTIONS = (
    Misconception(
        "no_depth_no_bias",
        lambda channels, filters, height, width: filters * height * width,
        title="Neither depth nor bias",
        symptom="Far too few, except for gray pictures.",
        hint="Two things are missing. How deep is a filter, and what is added to its dot product?",
        catalog_number=63,
    ),
    Misconception(
        "no_depth",
        lambda channels, filters, height, width: filters * (height * width + 1),
        title="The depth of the filters is missing",
        symptom="Right for gray pictures only.",
        hint="Your filters are flat. How deep is a filter when the input has several channels?",
        catalog_number=63,
    ),
    Misconception(
        "no_bias",
        lambda channels, filters, height, width: filters * channels * height * width,
        title="The biases are missing",
        symptom="Too few by the number of filters.",
        hint="You counted the weights. What else does a layer learn?",
        catalog_number=64,
    ),
    Misconception(
        "bias_per_slice",
        lambda channels, filters, height, width: filters * channels * (height * width + 1),
        title="One bias for every channel of every filter",
        symptom="Right for gray pictures; else too many.",
        hint="You counted one bias for every slice of a filter. How many does a whole filter have?",
    ),
    Misconception(
        "one_bias",
        lambda channels, filters, height, width: filters * channels * height * width + 1,
        title="One bias for the whole layer",
        symptom="Right for a single filter; else too few.",
        hint="You counted one bias for the whole layer. What is the shape of `b` in `conv2d`?",
    ),
    Misconception(
        "bias_per_channel",
        lambda channels, filters, height, width: filters * channels * height * width + channels,
        title="One bias for every input channel",
        symptom="Right where input and output have equally many channels.",
        hint="You counted one bias for every input channel. What is the shape of `b` in `conv2d`?",
    ),
    Misconception(
        "one_filter",
        lambda channels, filters, height, width: channels * height * width + 1,
        title="Only one filter is counted",
        symptom="Right for a single filter; else far too few.",
        hint="This is the count for one filter. How many does the layer have?",
    ),
    Misconception(
        "square_filters",
        lambda channels, filters, height, width: filters * (channels * height * height + 1),
        title="The filters are taken to be square",
        symptom="Right for square filters only.",
        hint="You counted as if all filters were square. Which argument have you not used?",
    ),
    Misconception(
        "sides_added",
        lambda channels, filters, height, width: filters * (channels * (height + width) + 1),
        title="The sides of the filter are added",
        symptom="Too few for filters larger than 2 by 2.",
        hint="How many elements does a filter with three rows and five columns have?",
    ),
)


# Alternatives


def conv_parameters_two_terms(channels: int, filters: int, height: int, width: int) -> int:
    """Add weights and biases."""
    weights = channels * filters * height * width
    biases = filters
    return weights + biases


def conv_parameters_arrays(channels: int, filters: int, height: int, width: int) -> int:
    """Make the arrays and count their elements."""
    return np.zeros((filters, channels, height, width)).size + np.zeros(filters).size


def conv_parameters_loop(channels: int, filters: int, height: int, width: int) -> int:
    """Count filter by filter."""
    total = 0
    for _ in range(filters):
        total += channels * height * width
        total += 1
    return total


def conv_parameters_numpy(channels: int, filters: int, height: int, width: int) -> Any:
    """Return a NumPy integer."""
    return np.prod([filters, channels, height, width]) + filters


def conv_parameters_float(channels: int, filters: int, height: int, width: int) -> float:
    """Return a float that holds a whole number."""
    return float(math.prod((channels, height, width)) + 1) * filters


ALTERNATIVES = (
    conv_parameters_two_terms,
    conv_parameters_arrays,
    conv_parameters_loop,
    conv_parameters_numpy,
    conv_parameters_float,
)

PROBLEM = Problem(
    conv_parameters,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={
        "kind": "values",
        "ranges": {
            "channels": (1, 512),
            "filters": (1, 512),
            "height": (1, 11),
            "width": (1, 11),
        },
        "try": (
            "Compare 7 by 7 filters with three layers of 3 by 3 filters, all with 64 channels.",
            "Filters of one pixel over many channels: what are they good for?",
        ),
    },
)
