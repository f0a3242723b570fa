"""The task ``smoothgrad``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder import values
from autograder.problems import Case, Misconception, Problem, Random, quarters
from autograder.values import Value
from solutions.visualization.drawn_networks import (
    CLASSES,
    EXPLORED,
    SECONDS,
    drawn_network,
    drawn_pictures,
)
from solutions.visualization.gradients import gradient_of


def smoothgrad(model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float) -> Tensor:
    """Return the mean gradient of a score over noisy copies of a picture.

    model: network, from a batch (N, C, H, W) to scores (N, K).
    x: one picture, shape (C, H, W).
    target: the class whose score is differentiated.
    noise: n draws from the standard normal distribution, shape (n, C, H, W).
    level: standard deviation of the noise that is added, as a share of the picture's range, its
    largest number minus its smallest.
    Returns the mean of the n gradients with their signs, shape (C, H, W).
    """
    ### BEGIN SOLUTION
    deviation = level * (x.max() - x.min())
    pictures = (x + deviation * noise).requires_grad_()
    (gradient,) = torch.autograd.grad(model(pictures)[:, target].sum(), pictures)
    return gradient.mean(dim=0)
    ### END SOLUTION


# Cases


def _noisy(rng: Random, n: int, height: int, width: int, level: float) -> dict[str, Value]:
    x = quarters(rng, 3, height, width, low=-1.0, high=1.0)
    x[0, 0, 0], x[-1, -1, -1] = -3.0, 5.0
    return {
        "model": drawn_network(rng, height, width),
        "x": values.Tensor(x),
        "target": int(rng.integers(CLASSES)),
        "noise": drawn_pictures(rng, n, 3, height, width),
        "level": level,
    }


def cases(rng: Random) -> list[Case]:
    """Few draws, then many; the range of the pictures is 8."""
    return [
        Case("two draws", _noisy(rng, 2, 4, 6, 0.25)),
        Case("eight draws", _noisy(rng, 8, 6, 4, 0.125)),
        Case("strong noise", _noisy(rng, 4, 4, 4, 0.5), finds=("largest_number_for_range",)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case(
            "one draw",
            _noisy(rng, 1, 4, 8, 0.25),
            finds=("largest_number_for_range",),
        ),
        Case("a tall picture", _noisy(rng, 4, 8, 4, 0.25)),
        Case("weak noise", _noisy(rng, 16, 4, 6, 0.0625)),
    ]


# Misconceptions


def _smooth(
    deviation: Callable[[Tensor, float], Any],
    reduce: Callable[[Tensor], Tensor] = lambda gradient: gradient.mean(dim=0),
    draws: Callable[[Tensor], Tensor] = lambda noise: noise,
) -> Callable[..., Tensor]:
    """Return SmoothGrad with another deviation, another way to average, or other draws."""

    def wrong(model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float) -> Tensor:
        pictures = x + deviation(x, level) * draws(noise)
        return reduce(gradient_of(model, pictures, lambda scores: scores[:, target].sum()))

    return wrong


def _right(x: Tensor, level: float) -> Any:
    return level * (x.max() - x.min())


MISCONCEPTIONS = (
    Misconception(
        "deviation_not_relative",
        _smooth(lambda x, level: level),
        title="The noise does not follow the range of the picture",
        symptom="Pictures with a range of 1 work, others get too little noise.",
        hint="Your noise is the same for dark and bright pictures. What is the level a share of?",
        catalog_number=74,
    ),
    Misconception(
        "divided_by_the_range",
        _smooth(lambda x, level: level / (x.max() - x.min())),
        title="Divided by the range instead of multiplied",
        symptom="The larger the range of the picture, the weaker the noise.",
        hint="A picture with a larger range gets less noise from you. Should it not get more?",
        catalog_number=75,
    ),
    Misconception(
        "variance_for_deviation",
        _smooth(lambda x, level: _right(x, level) ** 2),
        title="The deviation is squared",
        symptom="Right only where the deviation happens to be 1.",
        hint="Only where the deviation is near 1 are you right. Standard deviation and variance "
        "are not the same.",
        catalog_number=76,
    ),
    Misconception(
        "largest_number_for_range",
        _smooth(lambda x, level: level * x.max()),
        title="The largest number instead of the range",
        symptom="Right for pictures whose smallest number is 0.",
        hint="The range is not the largest number. What if the smallest one is not zero?",
    ),
    Misconception(
        "one_draw",
        _smooth(_right, draws=lambda noise: noise[:1]),
        title="Only the first draw is used",
        symptom="The result does not depend on the number of draws.",
        hint="The number of draws makes no difference to you. Does each copy get a draw of its "
        "own?",
        catalog_number=77,
    ),
    Misconception(
        "noise_piles_up",
        _smooth(_right, draws=lambda noise: noise.cumsum(0)),
        title="Noise is added to noise",
        symptom="The first copy is right, the later ones drift away.",
        hint="Each of your copies is noisier than the one before. What does each draw have to be "
        "added to?",
        catalog_number=78,
    ),
    Misconception(
        "absolute_values_averaged",
        _smooth(_right, lambda gradient: gradient.abs().mean(dim=0)),
        title="Absolute values are averaged",
        symptom="No number is negative, and the noise does not average out.",
        hint="You remove the sign before you average, so opposite gradients add up instead of "
        "canceling.",
        catalog_number=79,
    ),
    Misconception(
        "sum_for_mean",
        _smooth(_right, lambda gradient: gradient.sum(dim=0)),
        title="The sum instead of the mean",
        symptom="All numbers are too large, by the number of draws.",
        hint="All your numbers are too large by the same factor. What makes a mean out of a sum?",
        catalog_number=80,
    ),
    Misconception(
        "gradient_of_the_mean_picture",
        _smooth(_right, draws=lambda noise: noise.mean(0, keepdim=True)),
        title="The noise is averaged instead of the gradients",
        symptom="The gradient at one picture, with hardly any noise left.",
        hint="You average the noise, and then take one gradient. What should be averaged?",
    ),
    Misconception(
        "no_noise",
        _smooth(lambda x, level: 0.0),
        title="No noise at all",
        symptom="The plain gradient.",
        hint="This is the plain gradient: your noise does not reach the network.",
    ),
    Misconception(
        "maximum_over_channels",
        lambda model, x, target, noise, level: (
            smoothgrad(model, x, target, noise, level).abs().amax(dim=0)
        ),
        title="The channels are merged",
        symptom="The result lacks the axis of the channels.",
        hint="You merged the channels, as in a saliency map. This result keeps them, with their "
        "signs.",
    ),
)


# Alternatives


def smoothgrad_loop(
    model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float
) -> Tensor:
    """Add up the gradients of one noisy copy after the other."""
    sigma = level * (x.max() - x.min())
    total = torch.zeros_like(x)
    for draw in noise:
        copy = (x + sigma * draw).unsqueeze(0).requires_grad_()
        total += torch.autograd.grad(model(copy)[0, target], copy)[0][0]
    return total / len(noise)


def smoothgrad_running_mean(
    model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float
) -> Tensor:
    """Keep a running mean."""
    mean = torch.zeros_like(x)
    spread = x.amax() - x.amin()
    for n, draw in enumerate(noise, start=1):
        copy = (x + level * spread * draw)[None].detach().requires_grad_()
        model(copy)[:, target].sum().backward()
        assert copy.grad is not None
        mean = mean + (copy.grad[0] - mean) / n
    return mean


def smoothgrad_through_the_mean(
    model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float
) -> Tensor:
    """Differentiate the mean score by the picture itself: the noise is a constant."""
    picture = x.detach().clone().requires_grad_()
    deviation = level * float(x.max() - x.min())
    score = model(picture + deviation * noise)[:, target].mean()
    return torch.autograd.grad(score, picture)[0]


def smoothgrad_parts(
    model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float
) -> np.ndarray:
    """Work in batches of at most three copies, and average in NumPy."""
    deviation = level * np.ptp(x.numpy())
    gradients = []
    for part in noise.split(3):
        copies = (x + float(deviation) * part).requires_grad_()
        gradients.append(torch.autograd.grad(model(copies)[:, target].sum(), copies)[0].numpy())
    return np.concatenate(gradients).mean(axis=0)


ALTERNATIVES = (
    smoothgrad_loop,
    smoothgrad_running_mean,
    smoothgrad_through_the_mean,
    smoothgrad_parts,
)

PROBLEM = Problem(
    smoothgrad,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    time_limit=SECONDS,
    explorer={"kind": "smoothgrad", **EXPLORED},
)
