"""The task ``batch_norm_forward``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style
from autograder.values import Value
from solutions.arrays import Array
from solutions.deep_networks.drawn_layers import (
    ROUNDED,
    apart_from_zero,
    per_channel,
    variances,
)

Normalized: TypeAlias = tuple[Array, Array, Array]


def batch_norm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    momentum: float,
    epsilon: float,
    training: bool,
) -> Normalized:
    """Normalize each channel of a batch.

    x: batch of maps, shape (N, C, H, W).
    gamma, beta: scale and shift of each channel, shape (C,).
    running_mean, running_var: mean and variance of each channel, collected so far, shape (C,).
    momentum: the share of this batch in the new running mean and variance, from 0 to 1.
    epsilon: a small number that is added to the variance, so that nothing is divided by zero.
    training: whether the network is learning; if not, the running statistics are used, and stay.
    Returns the normalized maps (N, C, H, W), and the running mean and variance, both (C,).
    """
    ### BEGIN SOLUTION
    if training:
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        count = x.size // x.shape[1]
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * var * count / (count - 1)
    else:
        mean, var = running_mean, running_var
    mean, var, gamma, beta = (values.reshape(-1, 1, 1) for values in (mean, var, gamma, beta))
    y = gamma * (x - mean) / np.sqrt(var + epsilon) + beta
    return y, running_mean, running_var
    ### END SOLUTION


# Cases


def _batch(
    rng: Random, shape: tuple[int, int, int, int], momentum: float, epsilon: float, training: bool
) -> dict[str, Value]:
    """Draw a batch whose channels have other means and spreads, and what is known of earlier."""
    channels = shape[1]
    return {
        "x": apart_from_zero(rng, *shape, low=0.25) * per_channel(np.arange(1.0, channels + 1))
        + per_channel(apart_from_zero(rng, channels)),
        "gamma": apart_from_zero(rng, channels, low=1.5),
        "beta": apart_from_zero(rng, channels),
        "running_mean": apart_from_zero(rng, channels, low=2),
        "running_var": variances(rng, channels),
        "momentum": momentum,
        "epsilon": epsilon,
        "training": training,
    }


WORKED = np.array([6.0, 0.0, 4.0, 6.0]).reshape(2, 1, 1, 2)
"""Two images of one channel, 1 by 2: the batch that page and exercise normalize by hand."""


def cases(rng: Random) -> list[Case]:
    """The worked example, learning and answering; several channels, images, rows."""
    worked: dict[str, Value] = {
        "x": WORKED,
        "gamma": np.array([3.0]),
        "beta": np.array([1.0]),
        "running_mean": np.array([1.0]),
        "running_var": np.array([2.0]),
        "momentum": 0.25,
        "epsilon": 0.25,
    }
    return [
        Case("the worked example, in training", worked | {"training": True}),
        Case("the worked example, in inference", worked | {"training": False}),
        Case("one image in training", _batch(rng, (1, 3, 4, 2), 0.25, 0.5, True)),
        Case("several images in training", _batch(rng, (3, 2, 2, 4), 0.125, 0.5, True)),
        Case("several images in inference", _batch(rng, (2, 3, 2, 3), 0.25, 0.75, False)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """Other sizes."""
    return [
        Case("maps of one pixel", _batch(rng, (5, 2, 1, 1), 0.75, 0.5, True)),
        Case("many channels", _batch(rng, (2, 5, 2, 1), 0.125, 0.25, True)),
        Case("one image in inference", _batch(rng, (1, 4, 3, 2), 0.5, 1.0, False)),
    ]


# Misconceptions

Axes: TypeAlias = tuple[int, ...]


def _right(x: Array, mean: Array, var: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    y: Array = gamma * (x - mean) / np.sqrt(var + epsilon) + beta
    return y


def _updated(
    x: Array, mean: Array, var: Array, momentum: float, ddof: int = 1
) -> tuple[Array, Array]:
    """Return the running mean and variance after a batch."""
    axes = (0, 2, 3)
    new_mean = (1 - momentum) * mean + momentum * x.mean(axis=axes)
    return new_mean, (1 - momentum) * var + momentum * x.var(axis=axes, ddof=ddof)


def _wrong(
    *,
    axes: Axes = (0, 2, 3),
    formula: Callable[..., Array] = _right,
    update: Callable[..., tuple[Array, Array]] = _updated,
    always_by_batch: bool = False,
    always_updated: bool = False,
) -> Callable[..., Normalized]:
    """Return a normalization that is right but for what is given.

    axes: over which the batch's mean and variance are taken.
    formula: of the maps: ``formula(x, mean, var, gamma, beta, epsilon)``.
    update: of the running statistics: ``update(x, mean, var, momentum)``.
    always_by_batch, always_updated: do in inference, too, what belongs to training.
    """

    def normalized(
        x: Array,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        momentum: float,
        epsilon: float,
        training: bool,
    ) -> Normalized:
        mean, var = per_channel(running_mean), per_channel(running_var)
        if training or always_by_batch:
            mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
        y = formula(x, mean, var, per_channel(gamma), per_channel(beta), epsilon)
        if training or always_updated:
            running_mean, running_var = update(x, running_mean, running_var, momentum)
        return y, running_mean, running_var

    return normalized


def _unbiased_everywhere(
    x: Array, mean: Array, var: Array, gamma: Array, beta: Array, epsilon: float
) -> Array:
    count = x.size // x.shape[1]
    factor = count / (count - 1) if mean.ndim == x.ndim else 1.0
    y: Array = gamma * (x - mean) / np.sqrt(factor * var + epsilon) + beta
    return y


def _running_used_in_training(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    momentum: float,
    epsilon: float,
    training: bool,
) -> Normalized:
    if training:
        running_mean, running_var = _updated(x, running_mean, running_var, momentum)
    mean, var, scale, shift = map(per_channel, (running_mean, running_var, gamma, beta))
    return _right(x, mean, var, scale, shift, epsilon), running_mean, running_var


def _deviation_kept(x: Array, mean: Array, var: Array, momentum: float) -> tuple[Array, Array]:
    new_mean, _ = _updated(x, mean, var, momentum)
    return new_mean, (1 - momentum) * var + momentum * x.std(axis=(0, 2, 3), ddof=1)


MISCONCEPTIONS = (
    Misconception(
        "each_image_alone",
        _wrong(axes=(2, 3)),
        title="Each image is normalized by itself",
        symptom="Right in inference, and for a batch of one image.",
        hint="You normalize each image with its own mean. Batch normalization shares one mean and "
        "one variance among all images of the batch.",
    ),
    Misconception(
        "each_place_alone",
        _wrong(axes=(0,)),
        title="Each pixel is normalized by itself",
        symptom="Right in inference, and for maps of one pixel.",
        hint="You take a mean for each place of the map. A channel has the same filter at all "
        "places, and is normalized as a whole.",
    ),
    Misconception(
        "all_channels_together",
        _wrong(axes=(0, 1, 2, 3)),
        title="All channels share a mean",
        symptom="Right in inference, and for one channel.",
        hint="You take one mean for the whole batch. Which axis has to be left when you average?",
    ),
    Misconception(
        "each_image_whole",
        _wrong(axes=(1, 2, 3)),
        title="Each image is normalized over all its channels",
        symptom="Right in inference; in training every image has the mean 0, no channel has.",
        hint="You average over the channels of an image. That is layer normalization. Which "
        "numbers belong together here?",
    ),
    Misconception(
        "no_root",
        _wrong(formula=lambda x, mean, var, gamma, beta, e: gamma * (x - mean) / (var + e) + beta),
        title="Divided by the variance",
        symptom="The running statistics are right, the maps are scaled wrongly.",
        hint="You divide by the variance. After the division every channel should have the "
        "standard deviation 1.",
    ),
    Misconception(
        "epsilon_outside",
        _wrong(
            formula=lambda x, mean, var, gamma, beta, e: (
                gamma * (x - mean) / (np.sqrt(var) + e) + beta
            )
        ),
        title="Epsilon is added after the root",
        symptom="The running statistics are right, the maps are a little too flat.",
        hint="Your maps are close. To what is epsilon added: to the variance, or to its root?",
    ),
    Misconception(
        "epsilon_forgotten",
        _wrong(
            formula=lambda x, mean, var, gamma, beta, e: gamma * (x - mean) / np.sqrt(var) + beta
        ),
        title="Epsilon is forgotten",
        symptom="The running statistics are right, the maps are a little too steep.",
        hint="Your maps are close. One argument of the function does not occur in your code.",
    ),
    Misconception(
        "shift_scaled",
        _wrong(
            formula=lambda x, mean, var, gamma, beta, e: (
                gamma * ((x - mean) / np.sqrt(var + e) + beta)
            )
        ),
        title="The shift is scaled, too",
        symptom="The running statistics are right, each channel is off by a constant.",
        hint="Each of your channels is off by a constant. Which comes first, scale or shift?",
    ),
    Misconception(
        "no_scale_and_shift",
        _wrong(formula=lambda x, mean, var, gamma, beta, e: (x - mean) / np.sqrt(var + e)),
        title="Scale and shift are forgotten",
        symptom="The running statistics are right, all channels have the mean 0.",
        hint="Your channels have the mean 0 and the variance 1, whatever gamma and beta are.",
    ),
    Misconception(
        "unbiased_everywhere",
        _wrong(formula=_unbiased_everywhere),
        title="Normalized with the unbiased variance",
        symptom="Right in inference; in training the maps are a little too flat.",
        hint="Your running statistics are right, and your maps are close. There are two variances "
        "in this task: which of them normalizes the batch?",
    ),
    Misconception(
        "biased_running_variance",
        _wrong(update=lambda x, mean, var, momentum: _updated(x, mean, var, momentum, ddof=0)),
        title="The running variance is not unbiased",
        symptom="Only the running variance is wrong, and too small.",
        hint="Only your running variance is wrong, by a little. By which number is the sum of "
        "squares divided there?",
    ),
    Misconception(
        "shares_exchanged",
        _wrong(update=lambda x, mean, var, momentum: _updated(x, mean, var, 1 - momentum)),
        title="The shares of old and new are exchanged",
        symptom="The maps are right, the running statistics jump to the batch.",
        hint="Your maps are right. Your running statistics follow the batch too closely, or too "
        "slowly: whose share is the momentum in this task?",
    ),
    Misconception(
        "not_updated",
        _wrong(update=lambda x, mean, var, momentum: (mean, var)),
        title="The running statistics do not change",
        symptom="The maps are right, the running statistics are the old ones.",
        hint="Your maps are right, but nothing is kept for later: what the network has "
        "seen has to go into the running statistics.",
    ),
    Misconception(
        "batch_kept",
        _wrong(update=lambda x, mean, var, momentum: _updated(x, mean, var, 1.0)),
        title="The numbers of the last batch are kept",
        symptom="The maps are right, the running statistics forget all earlier batches.",
        hint="Your maps are right. Your running statistics are those of this batch alone; what "
        "about the batches before?",
    ),
    Misconception(
        "added_in_full",
        _wrong(
            update=lambda x, mean, var, momentum: (
                mean + momentum * x.mean(axis=(0, 2, 3)),
                var + momentum * x.var(axis=(0, 2, 3), ddof=1),
            )
        ),
        title="The new numbers are added to the old ones",
        symptom="The maps are right, the running statistics are too large.",
        hint="Your maps are right. Your running statistics grow from step to step: in a mean, the "
        "two shares have to add up to 1.",
    ),
    Misconception(
        "deviation_kept",
        _wrong(update=_deviation_kept),
        title="The standard deviation is collected",
        symptom="Only the running variance is wrong.",
        hint="Only your running variance is wrong: you collect the standard deviation there.",
    ),
    Misconception(
        "running_used_in_training",
        _running_used_in_training,
        title="In training, too, the running statistics are used",
        symptom="The running statistics are right, the maps only in inference.",
        hint="Your running statistics are right. In training, with which mean is the batch "
        "normalized: with that of many batches, or with its own?",
    ),
    Misconception(
        "batch_used_in_inference",
        _wrong(always_by_batch=True),
        title="In inference, too, the batch is used",
        symptom="Right in training, wrong in inference.",
        hint="In inference your answer to an image depends on the other images of the batch. What "
        "should be used instead?",
    ),
    Misconception(
        "updated_in_inference",
        _wrong(always_updated=True),
        title="The running statistics change in inference",
        symptom="The maps are right, the running statistics only in training.",
        hint="Your maps are right. A network that only answers must not change: which of your "
        "results does?",
    ),
)


# Alternatives


def batch_norm_in_columns(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    momentum: float,
    epsilon: float,
    training: bool,
) -> Normalized:
    """Make each channel one column of numbers, and put the columns back in the end."""
    n, c, height, width = x.shape
    columns = x.transpose(0, 2, 3, 1).reshape(-1, c)
    mean, var = running_mean, running_var
    if training:
        mean = columns.sum(axis=0) / len(columns)
        var = ((columns - mean) ** 2).sum(axis=0) / len(columns)
        unbiased = var * len(columns) / (len(columns) - 1)
        running_mean = running_mean + momentum * (mean - running_mean)
        running_var = running_var + momentum * (unbiased - running_var)
    columns = (columns - mean) / np.sqrt(var + epsilon) * gamma + beta
    return columns.reshape(n, height, width, c).transpose(0, 3, 1, 2), running_mean, running_var


def batch_norm_channel_by_channel(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    momentum: float,
    epsilon: float,
    training: bool,
) -> Normalized:
    """One channel after the other, in a loop."""
    y = np.empty(x.shape)
    means, squares = running_mean.astype(float), running_var.astype(float)
    for c in range(x.shape[1]):
        numbers = x[:, c]
        mean, var = means[c], squares[c]
        if training:
            mean, var = numbers.mean(), numbers.var()
            means[c] = (1 - momentum) * means[c] + momentum * mean
            squares[c] = (1 - momentum) * squares[c] + momentum * numbers.var(ddof=1)
        y[:, c] = gamma[c] * (numbers - mean) / np.sqrt(var + epsilon) + beta[c]
    return y, means, squares


def batch_norm_as_factor_and_shift(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    momentum: float,
    epsilon: float,
    training: bool,
) -> Normalized:
    """Work out one factor and one shift for each channel first."""
    used_mean, used_var, new_mean, new_var = running_mean, running_var, running_mean, running_var
    if training:
        used_mean = np.einsum("nchw->c", x) / (x.size / x.shape[1])
        used_var = np.var(x, axis=(0, 2, 3))
        new_mean = np.average([running_mean, used_mean], 0, [1 - momentum, momentum])
        spread = np.var(x, axis=(0, 2, 3), ddof=1)
        new_var = np.average([running_var, spread], 0, [1 - momentum, momentum])
    factor = gamma * (used_var + epsilon) ** -0.5
    shift = beta - factor * used_mean
    return np.einsum("nchw,c->nchw", x, factor) + shift[None, :, None, None], new_mean, new_var


def batch_norm_keeping_axes(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    momentum: float,
    epsilon: float,
    training: bool,
) -> Normalized:
    """Keep the axes of mean and variance, so that they fit to the batch."""
    shape = (1, -1, 1, 1)
    if not training:
        root = np.sqrt(running_var.reshape(shape) + epsilon)
        y = (x - running_mean.reshape(shape)) / root * gamma.reshape(shape) + beta.reshape(shape)
        return y, running_mean.copy(), running_var.copy()
    mean = np.mean(x, axis=(0, 2, 3), keepdims=True)
    centered = x - mean
    var = np.mean(centered**2, axis=(0, 2, 3), keepdims=True)
    y = centered / np.sqrt(var + epsilon) * gamma.reshape(shape) + beta.reshape(shape)
    count = len(x) * x.shape[2] * x.shape[3]
    share = 1 - momentum
    return (
        y,
        share * running_mean + momentum * mean.ravel(),
        share * running_var + momentum * var.ravel() * count / (count - 1),
    )


ALTERNATIVES = (
    batch_norm_in_columns,
    batch_norm_channel_by_channel,
    batch_norm_as_factor_and_shift,
    batch_norm_keeping_axes,
)

STYLES = (
    Style(
        batch_norm_in_columns,
        "Each channel is a column, as in the example by hand: no axes have to be added.",
    ),
    Style(
        batch_norm_channel_by_channel,
        "A loop over the channels: inside it, there are only plain numbers.",
    ),
)

PROBLEM = Problem(
    batch_norm_forward,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    results=("y", "running_mean", "running_var"),
    styles=STYLES,
    **ROUNDED,
)
