"""The task ``fold_batch_norm``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.deep_networks.drawn_layers import ROUNDED, apart_from_zero, variances

Folded: TypeAlias = tuple[Array, Array]


def fold_batch_norm(
    w: Array,
    b: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    epsilon: float,
) -> Folded:
    """Fold a batch normalization into the convolution before it, for inference.

    w: filters, shape (F, C, HH, WW).
    b: biases, shape (F,).
    gamma, beta: scale and shift of the normalization, shape (F,).
    running_mean, running_var: what it subtracts, and the variance that it divides by the root of,
    shape (F,).
    epsilon: a small number that is added to the variance.
    Returns the filters (F, C, HH, WW) and biases (F,) of a convolution that gives by itself what
    convolution and normalization give together.
    """
    ### BEGIN SOLUTION
    scale = gamma / np.sqrt(running_var + epsilon)
    filters = w * scale[:, np.newaxis, np.newaxis, np.newaxis]
    biases = (b - running_mean) * scale + beta
    return filters, biases
    ### END SOLUTION


# Cases


def _layer(
    rng: Random, shape: tuple[int, int, int, int], epsilon: float, *, bias: bool = True
) -> dict[str, Value]:
    """Draw a convolution and its normalization; without ``bias`` all biases are 0."""
    filters = shape[0]
    return {
        "w": apart_from_zero(rng, *shape),
        "b": apart_from_zero(rng, filters) * bias,
        "gamma": apart_from_zero(rng, filters, low=1.5),
        "beta": apart_from_zero(rng, filters),
        "running_mean": apart_from_zero(rng, filters),
        "running_var": variances(rng, filters),
        "epsilon": epsilon,
    }


def cases(rng: Random) -> list[Case]:
    """The worked example, one channel, as many filters as channels, no biases."""
    worked = {
        "w": np.array([[[[1.0, 2.0], [0.0, -1.0]]]]),
        "b": np.array([0.5]),
        "gamma": np.array([3.0]),
        "beta": np.array([1.0]),
        "running_mean": np.array([2.5]),
        "running_var": np.array([3.0]),
        "epsilon": 1.0,
    }
    return [
        Case("the worked example", worked),
        Case("several filters", _layer(rng, (4, 1, 3, 2), 0.5)),
        Case("several channels", _layer(rng, (2, 3, 1, 2), 0.25)),
        Case("as many filters as channels", _layer(rng, (3, 3, 2, 3), 1.0)),
        Case("no biases before", _layer(rng, (2, 4, 3, 3), 0.5, bias=False)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """Other shapes."""
    small = _layer(rng, (3, 2, 2, 2), 0.25)
    small["running_var"] = quarters(rng, 3, low=0.25, high=0.5)
    return [
        Case("small variances", small),
        Case("filters of one pixel", _layer(rng, (5, 2, 1, 1), 0.5)),
        Case("filters that are not square", _layer(rng, (2, 2, 1, 4), 0.75)),
    ]


# Misconceptions


def _per_filter(values: Array) -> Array:
    return np.reshape(values, (-1, 1, 1, 1))


def _right_scale(gamma: Array, var: Array, epsilon: float) -> Array:
    scale: Array = gamma / np.sqrt(var + epsilon)
    return scale


def _right_bias(b: Array, scale: Array, beta: Array, mean: Array) -> Array:
    return (b - mean) * scale + beta


def _wrong(
    *, scale: Callable[..., Array] = _right_scale, bias: Callable[..., Array] = _right_bias
) -> Callable[..., Folded]:
    """Return a folding that is right but for what is given.

    scale: ``scale(gamma, variance, epsilon)``. bias: ``bias(b, scale, beta, mean)``.
    """

    def folded(
        w: Array,
        b: Array,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        epsilon: float,
    ) -> Folded:
        factor = scale(gamma, running_var, epsilon)
        return w * _per_filter(factor), bias(b, factor, beta, running_mean)

    return folded


def _filters_not_scaled(
    w: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, epsilon: float
) -> Folded:
    return w + 0, (b - mean) * gamma / np.sqrt(var + epsilon) + beta


def _scaled_by_channel(
    w: Array, b: Array, gamma: Array, beta: Array, mean: Array, var: Array, epsilon: float
) -> Folded:
    scale = gamma / np.sqrt(var + epsilon)
    return w * scale[:, np.newaxis, np.newaxis], (b - mean) * scale + beta


MISCONCEPTIONS = (
    Misconception(
        "bias_not_scaled",
        _wrong(bias=lambda b, scale, beta, mean: b - mean * scale + beta),
        title="The old bias is not scaled",
        symptom="The filters are right, the biases are wrong unless they were 0.",
        hint="Your filters are right. The old bias goes through the normalization, too: what "
        "happens to it there?",
    ),
    Misconception(
        "old_bias_forgotten",
        _wrong(bias=lambda b, scale, beta, mean: beta - mean * scale),
        title="The old bias is forgotten",
        symptom="The filters are right, the biases are right only if they were 0.",
        hint="Your filters are right. What has become of the bias that the convolution had?",
    ),
    Misconception(
        "mean_not_subtracted",
        _wrong(bias=lambda b, scale, beta, mean: b * scale + beta),
        title="The running mean is not subtracted",
        symptom="The filters are right, the biases are not.",
        hint="Your filters are right. The normalization subtracts something before it divides; "
        "where has it gone?",
    ),
    Misconception(
        "mean_not_scaled",
        _wrong(bias=lambda b, scale, beta, mean: b * scale - mean + beta),
        title="The running mean is not scaled",
        symptom="The filters are right, the biases are not.",
        hint="Your filters are right. The mean is subtracted before the division: what does that "
        "do to its share in the result?",
    ),
    Misconception(
        "beta_forgotten",
        _wrong(bias=lambda b, scale, beta, mean: (b - mean) * scale),
        title="Beta is forgotten",
        symptom="The filters are right, every bias is wrong by beta.",
        hint="Your filters are right. What does the normalization do last of all?",
    ),
    Misconception(
        "beta_scaled",
        _wrong(bias=lambda b, scale, beta, mean: (b - mean + beta) * scale),
        title="Beta is scaled, too",
        symptom="The filters are right, the biases are not.",
        hint="Your filters are right. Beta is added after the scaling, and you scale it.",
    ),
    Misconception(
        "no_root",
        _wrong(scale=lambda gamma, var, epsilon: gamma / (var + epsilon)),
        title="Divided by the variance",
        symptom="Filters and biases are too small where the variance is large.",
        hint="You divide by the variance. What does a normalization divide by, so that the result "
        "has the variance 1?",
    ),
    Misconception(
        "epsilon_outside",
        _wrong(scale=lambda gamma, var, epsilon: gamma / (np.sqrt(var) + epsilon)),
        title="Epsilon is added after the root",
        symptom="All numbers are a little too small.",
        hint="Your numbers are close. To what exactly is epsilon added: to the variance, or to its "
        "root?",
    ),
    Misconception(
        "epsilon_forgotten",
        _wrong(scale=lambda gamma, var, epsilon: gamma / np.sqrt(var)),
        title="Epsilon is forgotten",
        symptom="All numbers are a little too large.",
        hint="Your numbers are close. One argument of the function does not occur in your code.",
    ),
    Misconception(
        "gamma_forgotten",
        _wrong(scale=lambda gamma, var, epsilon: 1 / np.sqrt(var + epsilon)),
        title="Gamma is forgotten",
        symptom="Each filter is wrong by a factor of its own.",
        hint="Each of your filters is wrong by a factor. Which argument is one number for each "
        "filter, and a factor?",
    ),
    Misconception(
        "filters_not_scaled",
        _filters_not_scaled,
        title="Only the biases are changed",
        symptom="The biases are right, the filters are the old ones.",
        hint="Your biases are right. The normalization also multiplies what the filters have "
        "answered.",
    ),
    Misconception(
        "scaled_by_channel",
        _scaled_by_channel,
        title="The scale runs along the channels",
        symptom="Right for one filter; an error, or wrong filters, for several.",
        hint="Your scale changes from input channel to input channel. Along which axis of w do "
        "the filters lie?",
    ),
)


# Alternatives


def fold_with_einsum(
    w: Array,
    b: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    epsilon: float,
) -> Folded:
    """Name the axes."""
    scale = gamma * (running_var + epsilon) ** -0.5
    return np.einsum("fchw,f->fchw", w, scale), scale * b + (beta - scale * running_mean)


def fold_filter_by_filter(
    w: Array,
    b: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    epsilon: float,
) -> Folded:
    """One filter after the other, on copies."""
    filters, biases = w.astype(float), b.astype(float)
    for f in range(len(w)):
        deviation = np.sqrt(running_var[f] + epsilon)
        filters[f] *= gamma[f] / deviation
        biases[f] = gamma[f] * (b[f] - running_mean[f]) / deviation + beta[f]
    return filters, biases


def fold_as_rows(
    w: Array,
    b: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    epsilon: float,
) -> Folded:
    """Take filters for the rows of a matrix, with the bias as one more column."""
    rows = np.hstack([w.reshape(len(w), -1), (b - running_mean)[:, np.newaxis]])
    rows = np.diag(gamma / np.sqrt(running_var + epsilon)) @ rows
    return rows[:, :-1].reshape(w.shape), rows[:, -1] + beta


def fold_with_filters_last(
    w: Array,
    b: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    epsilon: float,
) -> Folded:
    """Bring the filters to the last axis, where a number for each of them fits by itself."""
    factor = np.divide(gamma, np.sqrt(np.add(running_var, epsilon)))
    return (w.T * factor).T, beta + factor * (b - running_mean)


ALTERNATIVES = (
    fold_with_einsum,
    fold_filter_by_filter,
    fold_as_rows,
    fold_with_filters_last,
)

STYLES = (
    Style(fold_with_einsum, "The axes are named: whose scale it is can be read off."),
    Style(
        fold_with_filters_last,
        "Transposed, the filters lie along the last axis, and the scale fits without new axes.",
    ),
)

PROBLEM = Problem(
    fold_batch_norm,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    results=("w", "b"),
    styles=STYLES,
    **ROUNDED,
)
