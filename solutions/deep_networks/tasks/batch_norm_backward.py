"""The task ``batch_norm_backward``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style
from autograder.values import Value
from solutions.arrays import Array
from solutions.deep_networks.drawn_layers import ROUNDED, apart_from_zero, per_channel
from solutions.deep_networks.tasks.batch_norm_forward import WORKED

Gradients: TypeAlias = tuple[Array, Array, Array]


def batch_norm_backward(dout: Array, x: Array, gamma: Array, epsilon: float) -> Gradients:
    """Go backward through batch normalization in training.

    dout: upstream gradient, shape (N, C, H, W).
    x: what was normalized, shape (N, C, H, W).
    gamma: scale of each channel, shape (C,).
    epsilon: what was added to the variance.
    Returns dx (N, C, H, W), dgamma (C,) and dbeta (C,).
    """
    ### BEGIN SOLUTION
    axes = (0, 2, 3)
    mean = x.mean(axis=axes, keepdims=True)
    deviation = np.sqrt(x.var(axis=axes, keepdims=True) + epsilon)
    normalized = (x - mean) / deviation
    dbeta = dout.sum(axis=axes)
    dgamma = (dout * normalized).sum(axis=axes)
    slope = dout * gamma.reshape(-1, 1, 1)
    level = slope.mean(axis=axes, keepdims=True)
    tilt = (slope * normalized).mean(axis=axes, keepdims=True)
    dx = (slope - level - normalized * tilt) / deviation
    return dx, dgamma, dbeta
    ### END SOLUTION


# Cases


def _batch(rng: Random, shape: tuple[int, int, int, int], epsilon: float) -> dict[str, Value]:
    """Draw a batch whose channels have other means and spreads."""
    channels = shape[1]
    return {
        "dout": apart_from_zero(rng, *shape, low=0.25),
        "x": apart_from_zero(rng, *shape, low=0.25) * per_channel(np.arange(1.0, channels + 1))
        + per_channel(apart_from_zero(rng, channels)),
        "gamma": apart_from_zero(rng, channels, low=1.5),
        "epsilon": epsilon,
    }


def cases(rng: Random) -> list[Case]:
    """The worked example; one image, one channel, several of both."""
    worked = {
        "dout": np.array([1.0, 0, 0, 0]).reshape(WORKED.shape),
        "x": WORKED,
        "gamma": np.array([3.0]),
        "epsilon": 0.25,
    }
    return [
        Case("the worked example", worked),
        Case("one channel", _batch(rng, (2, 1, 3, 2), 0.5), finds=("mean_constant",)),
        Case("one image", _batch(rng, (1, 3, 4, 2), 0.5)),
        Case("several images", _batch(rng, (3, 2, 2, 3), 0.5)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """Other sizes."""
    return [
        Case("maps of one pixel", _batch(rng, (4, 3, 1, 1), 0.5)),
        Case("many channels", _batch(rng, (2, 5, 1, 3), 0.25)),
        Case("a large epsilon", _batch(rng, (2, 2, 3, 2), 2.0)),
    ]


# Misconceptions

AXES = (0, 2, 3)


def _parts(dout: Array, x: Array, gamma: Array, epsilon: float) -> Gradients:
    """Return what dx is made of: the slopes, the normalized maps, the standard deviations."""
    deviation = np.sqrt(x.var(axis=AXES, keepdims=True) + epsilon)
    normalized = (x - x.mean(axis=AXES, keepdims=True)) / deviation
    return dout * per_channel(gamma), normalized, deviation


def _mean(values: Array) -> Array:
    mean: Array = values.mean(axis=AXES, keepdims=True)
    return mean


def _scales(dout: Array, normalized: Array) -> tuple[Array, Array]:
    return (dout * normalized).sum(axis=AXES), dout.sum(axis=AXES)


def _dx(rule: Callable[[Array, Array, Array], Array]) -> Callable[..., Gradients]:
    """Return a wrong backward with ``dx = rule(slope, normalized, deviation)``."""

    def backward(dout: Array, x: Array, gamma: Array, epsilon: float) -> Gradients:
        slope, normalized, deviation = _parts(dout, x, gamma, epsilon)
        return rule(slope, normalized, deviation), *_scales(dout, normalized)

    return backward


def _right_dx(slope: Array, normalized: Array, deviation: Array) -> Array:
    return (slope - _mean(slope) - normalized * _mean(slope * normalized)) / deviation


def _scales_by(
    rule: Callable[[Array, Array, Array], tuple[Array, Array]],
) -> Callable[..., Gradients]:
    """Return a wrong backward with ``dgamma, dbeta = rule(dout, x, normalized)``."""

    def backward(dout: Array, x: Array, gamma: Array, epsilon: float) -> Gradients:
        slope, normalized, deviation = _parts(dout, x, gamma, epsilon)
        return _right_dx(slope, normalized, deviation), *rule(dout, x, normalized)

    return backward


def _sums_for_means(slope: Array, normalized: Array, deviation: Array) -> Array:
    level, tilt = (values.sum(axis=AXES, keepdims=True) for values in (slope, slope * normalized))
    dx: Array = (slope - level - normalized * tilt) / deviation
    return dx


def _divided_by_images(slope: Array, normalized: Array, deviation: Array) -> Array:
    level, tilt = (
        values.sum(axis=AXES, keepdims=True) / len(slope) for values in (slope, slope * normalized)
    )
    dx: Array = (slope - level - normalized * tilt) / deviation
    return dx


def _without_gamma(dout: Array, x: Array, gamma: Array, epsilon: float) -> Gradients:
    _, normalized, deviation = _parts(dout, x, gamma, epsilon)
    return _right_dx(dout, normalized, deviation), *_scales(dout, normalized)


def _without_epsilon(dout: Array, x: Array, gamma: Array, epsilon: float) -> Gradients:
    slope, normalized, deviation = _parts(dout, x, gamma, 0.0)
    return _right_dx(slope, normalized, deviation), *_scales(dout, normalized)


def _unbiased(dout: Array, x: Array, gamma: Array, epsilon: float) -> Gradients:
    deviation = np.sqrt(x.var(axis=AXES, keepdims=True, ddof=1) + epsilon)
    normalized = (x - _mean(x)) / deviation
    slope = dout * per_channel(gamma)
    return _right_dx(slope, normalized, deviation), *_scales(dout, normalized)


MISCONCEPTIONS = (
    Misconception(
        "constants",
        _dx(lambda slope, normalized, deviation: slope / deviation),
        title="Mean and variance are taken for constants",
        symptom="dgamma and dbeta are right, dx does not add up to 0.",
        hint="Your dgamma and dbeta are right. Your dx takes mean and variance for constants: but "
        "each number of the batch moves them, and with them all others.",
    ),
    Misconception(
        "variance_constant",
        _dx(lambda slope, normalized, deviation: (slope - _mean(slope)) / deviation),
        title="The variance is taken for a constant",
        symptom="dgamma and dbeta are right, dx adds up to 0 but is wrong.",
        hint="Your dx knows that each number moves the mean. What else of the batch does it move?",
    ),
    Misconception(
        "mean_constant",
        _dx(
            lambda slope, normalized, deviation: (
                (slope - normalized * _mean(slope * normalized)) / deviation
            )
        ),
        title="The mean is taken for a constant",
        symptom="dgamma and dbeta are right, dx does not add up to 0.",
        hint="Your dx knows that each number moves the variance. Add up the dx of a channel: what "
        "should come out, since a shift of the whole channel changes nothing?",
    ),
    Misconception(
        "tilt_not_normalized",
        _dx(
            lambda slope, normalized, deviation: (
                (slope - _mean(slope) - _mean(slope * normalized)) / deviation
            )
        ),
        title="The path through the variance does not ask for the number",
        symptom="dgamma and dbeta are right, dx is off by a constant in each channel.",
        hint="Your dx is off by a constant in each channel. How much a number moves the variance "
        "depends on how far from the mean it lies.",
    ),
    Misconception(
        "sign_of_the_variance",
        _dx(
            lambda slope, normalized, deviation: (
                (slope - _mean(slope) + normalized * _mean(slope * normalized)) / deviation
            )
        ),
        title="The path through the variance has the wrong sign",
        symptom="dgamma and dbeta are right, dx adds up to 0 but is wrong.",
        hint="One of your three parts of dx has the wrong sign. If the variance grows, do the "
        "normalized numbers grow or shrink?",
    ),
    Misconception(
        "sums_for_means",
        _dx(_sums_for_means),
        title="Sums stand where means belong",
        symptom="dgamma and dbeta are right, dx is far too large.",
        hint="Your dx is far too large. By how much does the mean of a channel move when one of "
        "its numbers moves by 1?",
    ),
    Misconception(
        "divided_by_images",
        _dx(_divided_by_images),
        title="Divided by the number of images only",
        symptom="dx is right for maps of one pixel only.",
        hint="You divide by the number of images. Over how many numbers was the mean of a channel "
        "taken?",
    ),
    Misconception(
        "deviation_forgotten",
        _dx(
            lambda slope, normalized, deviation: deviation * _right_dx(slope, normalized, deviation)
        ),
        title="Not divided by the standard deviation",
        symptom="Each channel of dx is wrong by a factor of its own.",
        hint="Each channel of your dx is wrong by a factor. What does the forward pass divide by?",
    ),
    Misconception(
        "multiplied_by_the_deviation",
        _dx(
            lambda slope, normalized, deviation: (
                deviation**2 * _right_dx(slope, normalized, deviation)
            )
        ),
        title="Multiplied by the standard deviation",
        symptom="Each channel of dx is wrong by a factor of its own.",
        hint="Each channel of your dx is wrong by a factor. Forward, a number is divided by the "
        "standard deviation: what is the slope of that?",
    ),
    Misconception(
        "without_gamma",
        _without_gamma,
        title="Gamma is forgotten in dx",
        symptom="dgamma and dbeta are right, each channel of dx is wrong by a factor.",
        hint="Each channel of your dx is wrong by a factor. What are the normalized numbers "
        "multiplied by before they leave?",
    ),
    Misconception(
        "without_epsilon",
        _without_epsilon,
        title="Epsilon is forgotten",
        symptom="dbeta is right, dx and dgamma are close.",
        hint="Your dx and dgamma are close. One argument of the function does not occur in your "
        "code.",
    ),
    Misconception(
        "unbiased",
        _unbiased,
        title="Normalized with the unbiased variance",
        symptom="dbeta is right, dx and dgamma are close.",
        hint="Your dx and dgamma are close. Which variance normalizes the batch in training: "
        "divided by n, or by n - 1?",
    ),
    Misconception(
        "dgamma_of_x",
        _scales_by(lambda dout, x, normalized: _scales(dout, x)),
        title="The gradient of gamma is taken from x",
        symptom="dx and dbeta are right, dgamma is not.",
        hint="Only your dgamma is wrong. What exactly is gamma multiplied by in the forward pass?",
    ),
    Misconception(
        "means_of_the_batch",
        _scales_by(
            lambda dout, x, normalized: (
                (dout * normalized).mean(axis=AXES),
                dout.mean(axis=AXES),
            )
        ),
        title="The gradients of gamma and beta are means",
        symptom="dx is right, dgamma and dbeta are too small.",
        hint="Your dx is right, dgamma and dbeta are too small. Gamma is used at every place of "
        "every image: what does the chain rule do with several uses?",
        catalog_number=43,
    ),
    Misconception(
        "exchanged",
        _scales_by(lambda dout, x, normalized: _scales(dout, normalized)[::-1]),
        title="The gradients of gamma and beta are exchanged",
        symptom="dx is right, the two others are exchanged.",
        hint="All your numbers are right, but not all are in their place. In which order are "
        "they asked for?",
    ),
    Misconception(
        "per_image",
        _scales_by(
            lambda dout, x, normalized: (
                (dout * normalized).sum(axis=(2, 3)),
                dout.sum(axis=(2, 3)),
            )
        ),
        title="Gamma and beta have a gradient for each image",
        symptom="dgamma and dbeta have an axis too many.",
        hint="Your dgamma and dbeta have a row for each image. All images share one gamma.",
    ),
)


# Alternatives


def batch_norm_backward_in_steps(dout: Array, x: Array, gamma: Array, epsilon: float) -> Gradients:
    """Follow the graph backward, node by node."""
    axes, count = (0, 2, 3), x.size / x.shape[1]
    centered = x - x.mean(axis=axes, keepdims=True)
    var = np.mean(centered**2, axis=axes, keepdims=True)
    inverse = 1 / np.sqrt(var + epsilon)
    d_normalized = dout * gamma[None, :, None, None]
    d_inverse = np.sum(d_normalized * centered, axis=axes, keepdims=True)
    d_var = d_inverse * -0.5 * inverse**3
    d_centered = d_normalized * inverse + d_var * 2 * centered / count
    d_mean = -np.sum(d_centered, axis=axes, keepdims=True)
    d_gamma = np.sum(dout * centered * inverse, axis=axes)
    return d_centered + d_mean / count, d_gamma, np.sum(dout, axis=axes)


def batch_norm_backward_in_columns(
    dout: Array, x: Array, gamma: Array, epsilon: float
) -> Gradients:
    """Make each channel one column, and use what is known of dgamma and dbeta."""
    n, c, height, width = x.shape
    columns, upstream = (a.transpose(0, 2, 3, 1).reshape(-1, c) for a in (x, dout))
    root = np.sqrt(columns.var(axis=0) + epsilon)
    hat = (columns - columns.mean(axis=0)) / root
    dgamma, dbeta = np.sum(upstream * hat, axis=0), np.sum(upstream, axis=0)
    dx = gamma / root * (upstream - (dbeta + hat * dgamma) / len(columns))
    return dx.reshape(n, height, width, c).transpose(0, 3, 1, 2), dgamma, dbeta


def batch_norm_backward_channel_by_channel(
    dout: Array, x: Array, gamma: Array, epsilon: float
) -> Gradients:
    """One channel after the other, in a loop."""
    dx = np.empty(x.shape)
    dgamma, dbeta = np.empty(x.shape[1]), np.empty(x.shape[1])
    for c in range(x.shape[1]):
        d, root = dout[:, c], np.sqrt(x[:, c].var() + epsilon)
        hat = (x[:, c] - x[:, c].mean()) / root
        dgamma[c], dbeta[c] = np.vdot(d, hat), d.sum()
        dx[:, c] = gamma[c] / root * (d - d.mean() - hat * np.mean(d * hat))
    return dx, dgamma, dbeta


def batch_norm_backward_by_matrix(dout: Array, x: Array, gamma: Array, epsilon: float) -> Gradients:
    """Multiply the slopes of each channel by the matrix of all derivatives."""
    n, c, height, width = x.shape
    flat, upstream = (a.transpose(1, 0, 2, 3).reshape(c, -1) for a in (x, dout))
    dx, dgamma = np.empty(flat.shape), []
    count = flat.shape[1]
    for k in range(c):
        root = (flat[k].var() + epsilon) ** 0.5
        hat = (flat[k] - flat[k].mean()) / root
        jacobian = np.eye(count) - (1 + np.outer(hat, hat)) / count
        dx[k] = gamma[k] / root * jacobian @ upstream[k]
        dgamma.append(upstream[k] @ hat)
    unfolded = dx.reshape(c, n, height, width).transpose(1, 0, 2, 3)
    return unfolded, np.array(dgamma), upstream.sum(axis=1)


ALTERNATIVES = (
    batch_norm_backward_in_steps,
    batch_norm_backward_in_columns,
    batch_norm_backward_channel_by_channel,
    batch_norm_backward_by_matrix,
)

STYLES = (
    Style(
        batch_norm_backward_in_steps,
        "It follows the forward pass backward, step by step, and needs no formula for the whole.",
    ),
    Style(
        batch_norm_backward_in_columns,
        "The two means of the formula are dbeta and dgamma divided by n: so they are used twice.",
    ),
)

PROBLEM = Problem(
    batch_norm_backward,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    results=("dx", "dgamma", "dbeta"),
    styles=STYLES,
    **ROUNDED,
)
