"""The task ``adam_step``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.training.parameters import Parameters

State: TypeAlias = tuple[Parameters, Parameters, Parameters]


def adam_step(
    parameters: Parameters,
    gradients: Parameters,
    means: Parameters,
    squares: Parameters,
    step: int,
    learning_rate: float,
    betas: tuple[float, float],
    epsilon: float,
) -> State:
    """Make one step of Adam.

    parameters, gradients, means, squares: dictionaries of arrays with the same keys and shapes;
    means and squares are the running means of the gradients and of their squares, all zero
    before the first step.
    step: the number of this step, 1 for the first.
    learning_rate: size of the step.
    betas: the part of means and the part of squares that remains, each from 0 to below 1.
    epsilon: a small number that is added to the root, so that nothing is divided by zero.
    Returns the new parameters, means and squares, three dictionaries; means and squares as they
    are before the correction of their bias.
    """
    ### BEGIN SOLUTION
    beta1, beta2 = betas
    new_parameters: Parameters = {}
    new_means: Parameters = {}
    new_squares: Parameters = {}
    for name, gradient in gradients.items():
        mean = beta1 * means[name] + (1 - beta1) * gradient
        square = beta2 * squares[name] + (1 - beta2) * gradient**2
        unbiased_mean = mean / (1 - beta1**step)
        unbiased_square = square / (1 - beta2**step)
        change = learning_rate * unbiased_mean / (np.sqrt(unbiased_square) + epsilon)
        new_parameters[name] = parameters[name] - change
        new_means[name], new_squares[name] = mean, square
    return new_parameters, new_means, new_squares
    ### END SOLUTION


# Cases

Shapes: TypeAlias = dict[str, tuple[int, ...]]


def _step(
    rng: Random, shapes: Shapes, step: int, rate: float, betas: tuple[float, float], epsilon: float
) -> dict[str, Value]:
    """Draw what one step is given.

    No gradient is 0, and squares lie above 0.
    """
    gradients = {name: quarters(rng, *shape, low=0.5) for name, shape in shapes.items()}
    signs = {name: rng.choice([-1.0, 1.0], size=shape) for name, shape in shapes.items()}
    begun = step > 1
    return {
        "parameters": {name: quarters(rng, *shape) for name, shape in shapes.items()},
        "gradients": {name: signs[name] * gradients[name] for name in shapes},
        "means": {name: quarters(rng, *shape, low=0.5) * begun for name, shape in shapes.items()},
        "squares": {
            name: quarters(rng, *shape, low=0.5, high=9) * begun for name, shape in shapes.items()
        },
        "step": step,
        "learning_rate": rate,
        "betas": betas,
        "epsilon": epsilon,
    }


def cases(rng: Random) -> list[Case]:
    """The worked example, a first step, and a second one."""
    worked = {
        "parameters": {"w": np.array([2.0])},
        "gradients": {"w": np.array([4.0])},
        "means": {"w": np.array([0.0])},
        "squares": {"w": np.array([0.0])},
        "step": 1,
        "learning_rate": 0.5,
        "betas": (0.5, 0.75),
        "epsilon": 1.0,
    }
    return [
        Case("the worked example", worked),
        Case("a first step", _step(rng, {"w": (2, 3)}, 1, 0.5, (0.75, 0.5), 0.25)),
        Case("a second step", _step(rng, {"w": (3,), "b": (1,)}, 2, 0.25, (0.5, 0.75), 0.5)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """Other names, numbers and shapes."""
    shapes: Shapes = {"filters": (3, 2), "scale": (4,)}
    return [
        Case("other names", _step(rng, shapes, 3, 0.5, (0.25, 0.75), 0.5)),
        Case("a later step", _step(rng, {"w": (2, 1, 2, 2)}, 5, 0.125, (0.75, 0.875), 0.25)),
        Case(
            "another first step", _step(rng, {"w": (2, 2), "b": (2,)}, 1, 0.25, (0.5, 0.875), 0.5)
        ),
        Case("much later", _step(rng, {"a": (5,), "b": (1, 3)}, 9, 0.0625, (0.75, 0.5), 0.25)),
    ]


# Misconceptions

Rule: TypeAlias = Callable[..., tuple[Array, Array, Array]]


def _each(rule: Rule) -> Callable[..., State]:
    """Return a step that applies ``rule(p, g, m, v, t, rate, b1, b2, e)`` to every parameter."""

    def step(
        parameters: Parameters,
        gradients: Parameters,
        means: Parameters,
        squares: Parameters,
        step: int,
        learning_rate: float,
        betas: tuple[float, float],
        epsilon: float,
    ) -> State:
        numbers = step, learning_rate, *betas, epsilon
        results = {
            name: rule(value, gradients[name], means[name], squares[name], *numbers)
            for name, value in parameters.items()
        }
        first, second, third = (
            {name: result[place] for name, result in results.items()} for place in range(3)
        )
        return first, second, third

    return step


def _moved(
    p: Array, mean: Array, square: Array, step: float, rate: float, b1: float, b2: float, e: float
) -> Array:
    """Return the parameters after a step along given running means."""
    unbiased: Array = p - rate * (mean / (1 - b1**step)) / (np.sqrt(square / (1 - b2**step)) + e)
    return unbiased


def _means(g: Array, m: Array, v: Array, b1: float, b2: float) -> tuple[Array, Array]:
    """Return both running means after a gradient."""
    return b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2


def _uncorrected(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    mean, square = _means(g, m, v, b1, b2)
    return p - rate * mean / (np.sqrt(square) + e), mean, square


def _mean_corrected_only(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    mean, square = _means(g, m, v, b1, b2)
    return p - rate * mean / (1 - b1**t) / (np.sqrt(square) + e), mean, square


def _corrected_without_a_power(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    mean, square = _means(g, m, v, b1, b2)
    return _moved(p, mean, square, 1, rate, b1, b2, e), mean, square


def _steps_from_zero(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    mean, square = _means(g, m, v, b1, b2)
    return _moved(p, mean, square, t + 1, rate, b1, b2, e), mean, square


def _epsilon_below_the_root(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    mean, square = _means(g, m, v, b1, b2)
    root = np.sqrt(square / (1 - b2**t) + e)
    return p - rate * mean / (1 - b1**t) / root, mean, square


def _no_root(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    mean, square = _means(g, m, v, b1, b2)
    return p - rate * mean / (1 - b1**t) / (square / (1 - b2**t) + e), mean, square


def _not_squared(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    mean, square = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * np.abs(g)
    return _moved(p, mean, square, t, rate, b1, b2, e), mean, square


def _sums(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    mean, square = b1 * m + g, b2 * v + g**2
    return _moved(p, mean, square, t, rate, b1, b2, e), mean, square


def _corrected_returned(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    mean, square = _means(g, m, v, b1, b2)
    moved = _moved(p, mean, square, t, rate, b1, b2, e)
    return moved, mean / (1 - b1**t), square / (1 - b2**t)


def _betas_exchanged(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    mean, square = _means(g, m, v, b2, b1)
    return _moved(p, mean, square, t, rate, b2, b1, e), mean, square


def _old_means_used(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    return _moved(p, m, v, t, rate, b1, b2, e), *_means(g, m, v, b1, b2)


def _old_means_returned(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    return _moved(p, *_means(g, m, v, b1, b2), t, rate, b1, b2, e), m, v


def _upward(
    p: Array, g: Array, m: Array, v: Array, t: int, rate: float, b1: float, b2: float, e: float
) -> tuple[Array, Array, Array]:
    mean, square = _means(g, m, v, b1, b2)
    return _moved(p, mean, square, t, -rate, b1, b2, e), mean, square


MISCONCEPTIONS = (
    Misconception(
        "uncorrected",
        _each(_uncorrected),
        title="The bias is not corrected",
        symptom="Both running means are right, the parameters move too far or too little.",
        hint="Your running means are right, but at the beginning they are too small: they started "
        "at 0. What has to be done to them before they are used?",
    ),
    Misconception(
        "mean_corrected_only",
        _each(_mean_corrected_only),
        title="Only the mean of the gradients is corrected",
        symptom="Both running means are right, the parameters move too far.",
        hint="The mean of the squares started at 0, too, and you use it as it is.",
    ),
    Misconception(
        "corrected_without_a_power",
        _each(_corrected_without_a_power),
        title="The correction is the same in every step",
        symptom="The first step is right, later ones are wrong.",
        hint="Your first step is right. Which part of the correction has to change from step to "
        "step?",
    ),
    Misconception(
        "steps_from_zero",
        _each(_steps_from_zero),
        title="The steps are counted one too far",
        symptom="Every step is wrong, the later ones less.",
        hint="Your correction belongs to the step after this one. The number of the first step is "
        "1 already.",
    ),
    Misconception(
        "epsilon_below_the_root",
        _each(_epsilon_below_the_root),
        title="Epsilon is under the root",
        symptom="The parameters are close, and wrong.",
        hint="Your epsilon comes before the root. Where is it in the formula?",
    ),
    Misconception(
        "no_root",
        _each(_no_root),
        title="The root is missing",
        symptom="Large gradients make small steps.",
        hint="You divide by the mean of the squares. Twice the gradient would make half the step; "
        "what has to be done to a mean of squares to get the size of a gradient?",
    ),
    Misconception(
        "not_squared",
        _each(_not_squared),
        title="The gradients are not squared",
        symptom="The means are right, the squares are not.",
        hint="Your squares collect the sizes of the gradients. What has to be done to them first?",
    ),
    Misconception(
        "sums",
        _each(_sums),
        title="The gradient counts in full",
        symptom="Means and squares are too large.",
        hint="You add the whole gradient, as momentum does. For a mean, which part of it counts?",
    ),
    Misconception(
        "corrected_returned",
        _each(_corrected_returned),
        title="The corrected means are returned",
        symptom="The parameters are right, means and squares are too large.",
        hint="Your parameters are right, but you pass on the corrected means. The next step would "
        "correct them once more.",
    ),
    Misconception(
        "betas_exchanged",
        _each(_betas_exchanged),
        title="The two betas are exchanged",
        symptom="All three results are wrong unless both are equal.",
        hint="The two betas have changed places. Which one belongs to the squares?",
    ),
    Misconception(
        "old_means_used",
        _each(_old_means_used),
        title="The step follows the old means",
        symptom="Means and squares are right, the first step does nothing.",
        hint="Your step uses the running means from before this gradient. Which comes first?",
    ),
    Misconception(
        "old_means_returned",
        _each(_old_means_returned),
        title="The new means are not returned",
        symptom="The parameters are right, means and squares are the old ones.",
        hint="Your parameters are right, but you return the old means and squares. The next step "
        "would begin with them.",
    ),
    Misconception(
        "upward",
        _each(_upward),
        title="The step goes up",
        symptom="Means and squares are right, the parameters move the wrong way.",
        hint="Your parameters move in the direction in which the loss grows.",
    ),
)


# Alternatives


def adam_step_in_comprehensions(
    parameters: Parameters,
    gradients: Parameters,
    means: Parameters,
    squares: Parameters,
    step: int,
    learning_rate: float,
    betas: tuple[float, float],
    epsilon: float,
) -> State:
    """One dictionary after the other, in comprehensions where they are short."""
    beta1, beta2 = betas
    m = {k: beta1 * means[k] + (1 - beta1) * gradients[k] for k in parameters}
    v: Parameters = {}
    for k, g in gradients.items():
        v[k] = beta2 * squares[k] + (1 - beta2) * g * g
    root = {k: (v[k] / (1 - beta2**step)) ** 0.5 + epsilon for k in parameters}
    p: Parameters = {
        k: value - learning_rate * m[k] / (1 - beta1**step) / root[k]
        for k, value in parameters.items()
    }
    return p, m, v


def adam_step_on_copies(
    parameters: Parameters,
    gradients: Parameters,
    means: Parameters,
    squares: Parameters,
    step: int,
    learning_rate: float,
    betas: tuple[float, float],
    epsilon: float,
) -> State:
    """Copy everything, then change the copies in place."""
    beta1, beta2 = betas
    p, m, v = (
        {name: array.copy() for name, array in state.items()}
        for state in (parameters, means, squares)
    )
    for name, g in gradients.items():
        m[name] += (1 - beta1) * (g - m[name])
        v[name] += (1 - beta2) * (g * g - v[name])
        p[name] -= (
            learning_rate
            * (m[name] / (1 - beta1**step))
            / (np.sqrt(v[name] / (1 - beta2**step)) + epsilon)
        )
    return p, m, v


def adam_step_with_one_factor(
    parameters: Parameters,
    gradients: Parameters,
    means: Parameters,
    squares: Parameters,
    step: int,
    learning_rate: float,
    betas: tuple[float, float],
    epsilon: float,
) -> State:
    """Put both corrections into one factor, as the paper proposes, and epsilon with them."""
    beta1, beta2 = betas
    root = np.sqrt(1 - beta2**step)
    factor = learning_rate * root / (1 - beta1**step)
    p: Parameters = {}
    m: Parameters = {}
    v: Parameters = {}
    for name in gradients:
        m[name] = means[name] * beta1 + gradients[name] * (1 - beta1)
        v[name] = squares[name] * beta2 + gradients[name] ** 2 * (1 - beta2)
        p[name] = parameters[name] - factor * m[name] / (np.sqrt(v[name]) + epsilon * root)
    return p, m, v


def adam_step_by_powers(
    parameters: Parameters,
    gradients: Parameters,
    means: Parameters,
    squares: Parameters,
    step: int,
    learning_rate: float,
    betas: tuple[float, float],
    epsilon: float,
) -> State:
    """Multiply the betas in a loop, and each parameter by itself."""
    beta1, beta2 = betas
    left1 = left2 = 1.0
    for _ in range(step):
        left1 *= beta1
        left2 *= beta2
    results = []
    for name in parameters:
        mean = np.average([means[name], gradients[name]], axis=0, weights=[beta1, 1 - beta1])
        square = beta2 * squares[name] + np.square(gradients[name]) * (1 - beta2)
        pace = np.sqrt(square / (1 - left2)) + epsilon
        results.append((parameters[name] - learning_rate / (1 - left1) * mean / pace, mean, square))
    first, second, third = (
        dict(zip(parameters, part, strict=True)) for part in zip(*results, strict=True)
    )
    return first, second, third


ALTERNATIVES = (
    adam_step_in_comprehensions,
    adam_step_on_copies,
    adam_step_with_one_factor,
    adam_step_by_powers,
)

PROBLEM = Problem(
    adam_step,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    results=("parameters", "means", "squares"),
)
