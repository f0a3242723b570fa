"""The task ``dropout``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, quarters
from solutions.arrays import Array


def dropout(x: Array, noise: Array, rate: float, training: bool) -> Array:
    """Apply dropout to the numbers of a layer.

    x: numbers of a layer, of any shape.
    noise: random numbers from 0 to below 1, of the same shape.
    rate: the share of numbers to drop, from 0 to below 1; dropped is where noise is below it.
    training: whether the network learns; otherwise it answers, and nothing is dropped.
    Returns an array of the shape of x, whose expectation over the noise is x.
    """
    ### BEGIN SOLUTION
    if not training:
        return x.copy()
    return np.where(noise < rate, 0, x) / (1 - rate)
    ### END SOLUTION


# Cases

ANSWERING = 0.4
"""The weight of a case in which nothing is dropped: x itself is the right answer there."""


def _case(
    rng: Random, name: str, shape: tuple[int, ...], rate: float, training: bool = True
) -> Case:
    """Draw numbers that are not 0, and noise with several on both sides of the rate."""
    x = quarters(rng, *shape, low=0.25) * rng.choice([-1.0, 1.0], size=shape)
    size = int(np.prod(shape))
    below = round(size * rate)
    places = np.arange(size) / size
    places[:below] = np.linspace(0, rate, below, endpoint=False)
    places[below:] = np.linspace(rate + 0.01, 0.99, size - below)
    return Case(
        name,
        {
            "x": x,
            "noise": rng.permutation(places).reshape(shape),
            "rate": rate,
            "training": training,
        },
        weight=1 if training else ANSWERING,
    )


def cases(rng: Random) -> list[Case]:
    """The worked example, in training and not, another rate, and maps."""
    worked = {
        "x": np.array([2.0, -1.0, 3.0, 4.0]),
        "noise": np.array([0.9, 0.3, 0.8, 0.6]),
        "rate": 0.75,
    }
    return [
        Case("the worked example", {**worked, "training": True}),
        Case("the same, answering", {**worked, "training": False}, weight=ANSWERING),
        _case(rng, "a quarter dropped", (3, 4), 0.25),
        _case(rng, "maps", (2, 3, 2, 4), 0.375),
        _case(rng, "maps, answering", (2, 2, 3, 3), 0.25, training=False),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """Other rates and shapes."""
    return [
        _case(rng, "most dropped", (4, 5), 0.875),
        _case(rng, "other maps", (1, 4, 3, 2), 0.25),
        _case(rng, "answering", (5, 3), 0.625, training=False),
    ]


# Misconceptions


def _not_scaled(x: Array, noise: Array, rate: float, training: bool) -> Array:
    return np.where(noise < rate, 0, x) if training else x.copy()


def _scaled_when_answering(x: Array, noise: Array, rate: float, training: bool) -> Array:
    return np.where(noise < rate, 0, x) if training else x * (1 - rate)


def _always(x: Array, noise: Array, rate: float, training: bool) -> Array:
    return dropout(x, noise, rate, training=True)


def _never(x: Array, noise: Array, rate: float, training: bool) -> Array:
    return x.copy()


def _rate_is_kept(x: Array, noise: Array, rate: float, training: bool) -> Array:
    return np.where(noise < rate, x, 0) / rate if training else x.copy()


def _wrong_side(x: Array, noise: Array, rate: float, training: bool) -> Array:
    return np.where(noise < rate, x, 0) / (1 - rate) if training else x.copy()


def _divided_by_the_rate(x: Array, noise: Array, rate: float, training: bool) -> Array:
    return np.where(noise < rate, 0, x) / rate if training else x.copy()


def _multiplied(x: Array, noise: Array, rate: float, training: bool) -> Array:
    return np.where(noise < rate, 0, x) * (1 - rate) if training else x.copy()


MISCONCEPTIONS = (
    Misconception(
        "not_scaled",
        _not_scaled,
        title="What is left is not scaled up",
        symptom="Zeros stand where they should, the other numbers are too small.",
        hint="You drop the right numbers. With some of them gone, is the sum of the others on "
        "average as large as before?",
    ),
    Misconception(
        "scaled_when_answering",
        _scaled_when_answering,
        title="The numbers are scaled down when the network answers",
        symptom="Training lacks the factor, answering has one.",
        hint="You scale when the network answers. That is the older form of dropout: here the "
        "network that answers is left alone.",
    ),
    Misconception(
        "always",
        _always,
        title="Numbers are dropped when the network answers, too",
        symptom="Training is right, answering is random.",
        hint="Training is right. Should the same picture get another answer each time?",
    ),
    Misconception(
        "never",
        _never,
        title="Nothing is dropped",
        symptom="What comes back is what went in.",
        hint="Your result is x, whatever the noise. What happens in training?",
    ),
    Misconception(
        "rate_is_kept",
        _rate_is_kept,
        title="The rate is taken for the share that is kept",
        symptom="The wrong numbers are zero, and the others have the wrong factor.",
        hint="You keep what should be dropped: the rate is the share of numbers to drop.",
    ),
    Misconception(
        "wrong_side",
        _wrong_side,
        title="The wrong numbers are dropped",
        symptom="The factor is right, the zeros are at the other places.",
        hint="Your factor is right, but you drop the numbers that should stay. Where is the noise "
        "below the rate?",
    ),
    Misconception(
        "divided_by_the_rate",
        _divided_by_the_rate,
        title="Divided by the share that is dropped",
        symptom="The zeros are right, the factor is wrong.",
        hint="You drop the right numbers. If 9 of 10 are dropped, by what must you multiply the "
        "last one so that it stands for all ten?",
    ),
    Misconception(
        "multiplied",
        _multiplied,
        title="Scaled down instead of up",
        symptom="The zeros are right, the other numbers are too small.",
        hint="You drop the right numbers, and then make the others smaller, too. The sum should "
        "stay as it is on average.",
    ),
)


# Alternatives


def dropout_by_mask(x: Array, noise: Array, rate: float, training: bool) -> Array:
    """Multiply by a mask."""
    mask = (noise >= rate) / (1 - rate) if training else 1.0
    return x * mask


def dropout_by_index(x: Array, noise: Array, rate: float, training: bool) -> Array:
    """Copy, and put zeros into the copy."""
    y = x.astype(float)
    if training:
        y /= 1 - rate
        y[noise < rate] = 0
    return y


def dropout_by_loop(x: Array, noise: Array, rate: float, training: bool) -> Array:
    """Number by number."""
    if not training:
        return x + 0
    y = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        if noise[place] >= rate:
            y[place] = x[place] / (1 - rate)
    return y


def dropout_by_rate(x: Array, noise: Array, rate: float, training: bool) -> Array:
    """Take a rate of 0 for answering."""
    share = rate if training else 0.0
    return np.multiply(x, np.greater_equal(noise, share)) * (1 / (1 - share))


ALTERNATIVES = (dropout_by_mask, dropout_by_index, dropout_by_loop, dropout_by_rate)

PROBLEM = Problem(
    dropout,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
)
