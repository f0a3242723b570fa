"""The task ``he_init``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import math

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, quarters
from solutions.arrays import Array


def he_init(noise: Array) -> Array:
    """Return initial weights by He's rule for a layer in front of a ReLU.

    noise: random numbers with mean 0 and standard deviation 1, in the shape of the weights:
    (F, C, HH, WW) for the filters of a convolutional layer, (D, M) for a dense layer that maps
    D numbers to M.
    Returns the weights, of the same shape: the same numbers, with the standard deviation that the
    rule asks for.
    """
    ### BEGIN SOLUTION
    inputs = len(noise) if noise.ndim == 2 else math.prod(noise.shape[1:])
    weights: Array = noise * np.sqrt(2 / inputs)
    return weights
    ### END SOLUTION


# Cases


def _nonzero(rng: Random, *shape: int) -> Array:
    """Draw numbers from 1/4 to 3, with both signs."""
    values: Array = quarters(rng, *shape, low=0.25, high=3) * rng.choice([-1.0, 1.0], size=shape)
    return values


def cases(rng: Random) -> list[Case]:
    """The worked example, filters whose axes all differ, dense layers both ways."""
    return [
        Case("eight inputs", {"noise": np.array([[1.0, -2], [0, 1]] * 4)}),
        Case("filters", {"noise": _nonzero(rng, 4, 2, 3, 5)}),
        Case("one channel", {"noise": _nonzero(rng, 9, 1, 3, 3)}),
        Case("a wide dense layer", {"noise": _nonzero(rng, 3, 5)}),
        Case("a narrow dense layer", {"noise": _nonzero(rng, 18, 4)}),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """Other shapes."""
    return [
        Case("other filters", {"noise": _nonzero(rng, 3, 5, 2, 4)}),
        Case("another dense layer", {"noise": _nonzero(rng, 7, 6)}),
        Case("filters of one pixel", {"noise": _nonzero(rng, 2, 10, 1, 1)}),
    ]


# Misconceptions


def _inputs(noise: Array) -> int:
    """Return how many numbers each unit reads."""
    return len(noise) if noise.ndim == 2 else math.prod(noise.shape[1:])


def _outputs(noise: Array) -> int:
    """Return the fan-out: how many products each input takes part in."""
    return noise.shape[1] if noise.ndim == 2 else noise[:, 0].size


MISCONCEPTIONS = (
    Misconception(
        "variance_for_deviation",
        lambda noise: noise * (2 / _inputs(noise)),
        title="The variance is taken for the standard deviation",
        symptom="All weights are too small.",
        hint="Your factor is the variance that the rule asks for. Which number do you have to "
        "multiply by to get that variance?",
    ),
    Misconception(
        "without_the_two",
        lambda noise: noise * np.sqrt(1 / _inputs(noise)),
        title="The rule for layers without ReLU",
        symptom="All weights are too small by the root of 2.",
        hint="This keeps the size of numbers where no ReLU follows. What does a ReLU take away?",
    ),
    Misconception(
        "fan_out",
        lambda noise: noise * np.sqrt(2 / _outputs(noise)),
        title="Outputs are counted instead of inputs",
        symptom="Layers with as many inputs as outputs are right.",
        hint="You count how many outputs there are to an input. Each output is a sum: over how "
        "many numbers does it run?",
    ),
    Misconception(
        "mean_of_both",
        lambda noise: noise * np.sqrt(2 / (_inputs(noise) + _outputs(noise))),
        title="Inputs and outputs are counted together",
        symptom="All weights are too small.",
        hint="You count inputs and outputs, as another rule does. In this one the size of a sum "
        "depends on one of them only.",
    ),
    Misconception(
        "window_forgotten",
        lambda noise: noise * np.sqrt(2 / (len(noise) if noise.ndim == 2 else noise.shape[1])),
        title="Only the channels are counted",
        symptom="Dense layers are right, filters are too large.",
        hint="Your dense layers are right. A filter reads more than one number of each channel.",
    ),
    Misconception(
        "channels_forgotten",
        lambda noise: (
            noise * np.sqrt(2 / (len(noise) if noise.ndim == 2 else math.prod(noise.shape[2:])))
        ),
        title="The channels are not counted",
        symptom="Filters for one channel are right, others are too large.",
        hint="Filters for one channel are right. How many channels does a filter read?",
    ),
    Misconception(
        "all_weights",
        lambda noise: noise * np.sqrt(2 / noise.size),
        title="All weights of the layer are counted",
        symptom="All weights are too small.",
        hint="You count every weight of the layer. How many of them meet in one output?",
    ),
    Misconception(
        "first_axis",
        lambda noise: noise * np.sqrt(2 / len(noise)),
        title="The first axis is always taken for the inputs",
        symptom="Dense layers are right, most filters are not.",
        hint="Your dense layers are right. What does the first axis of filters count?",
    ),
    Misconception(
        "divided_by_the_inputs",
        lambda noise: noise * np.sqrt(2) / _inputs(noise),
        title="The root is taken of the 2 only",
        symptom="All weights are too small.",
        hint="Your root ends too early: it contains the 2, but not what the 2 is divided by.",
    ),
)


# Alternatives


def he_init_by_cases(noise: Array) -> Array:
    """Unpack the shape."""
    if noise.ndim == 4:
        _, channels, height, width = noise.shape
        inputs = channels * height * width
    else:
        inputs = noise.shape[0]
    weights: Array = (2 / inputs) ** 0.5 * noise
    return weights


def he_init_by_size(noise: Array) -> Array:
    """Ask one filter, or one column, for its size."""
    unit = noise[0] if noise.ndim == 4 else noise[:, 0]
    weights: Array = noise / np.sqrt(unit.size / 2)
    return weights


def he_init_by_reshape(noise: Array) -> Array:
    """Make a dense layer of every layer."""
    columns = noise.reshape(len(noise), -1).T if noise.ndim == 4 else noise
    weights: Array = noise * math.sqrt(2) / math.sqrt(columns.shape[0])
    return weights


def he_init_in_place(noise: Array) -> Array:
    """Copy, and multiply the copy."""
    weights = np.array(noise, dtype=float)
    weights *= np.sqrt(2.0 * noise.shape[0 if noise.ndim == 4 else 1] / noise.size)
    return weights


ALTERNATIVES = (he_init_by_cases, he_init_by_size, he_init_by_reshape, he_init_in_place)

PROBLEM = Problem(
    he_init,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
)
