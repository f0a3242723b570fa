"""The task ``sgd_step``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.training.parameters import Parameters


def sgd_step(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Make one step of gradient descent with momentum.

    parameters, gradients, velocities: dictionaries of arrays with the same keys and shapes.
    learning_rate: size of the step.
    momentum: the part of the velocity that remains, from 0 to below 1.
    Returns the new parameters and the new velocities, two dictionaries.
    """
    ### BEGIN SOLUTION
    new_velocities: Parameters = {
        name: momentum * velocities[name] + gradient for name, gradient in gradients.items()
    }
    new_parameters: Parameters = {
        name: value - learning_rate * new_velocities[name] for name, value in parameters.items()
    }
    return new_parameters, new_velocities
    ### END SOLUTION


# Cases


def _step(
    rng: Random, shapes: dict[str, tuple[int, ...]], rate: float, momentum: float
) -> dict[str, Value]:
    """Draw parameters, gradients and velocities of the given shapes, no velocity being zero."""
    return {
        "parameters": {name: quarters(rng, *shape) for name, shape in shapes.items()},
        "gradients": {name: quarters(rng, *shape) for name, shape in shapes.items()},
        "velocities": {name: quarters(rng, *shape, low=0.5) for name, shape in shapes.items()},
        "learning_rate": rate,
        "momentum": momentum,
    }


def cases(rng: Random) -> list[Case]:
    """The worked example, the first step of a training, and a network's parameters."""
    worked = {
        "parameters": {"w": np.array([2.0, -1.0])},
        "gradients": {"w": np.array([4.0, 1.0])},
        "velocities": {"w": np.array([2.0, -4.0])},
        "learning_rate": 0.25,
        "momentum": 0.5,
    }
    start = _step(rng, {"w": (2, 3), "b": (3,)}, 0.5, 0.75)
    start["velocities"] = {name: np.zeros_like(p) for name, p in start["parameters"].items()}
    network = {"w1": (2, 1, 3, 3), "b1": (2,), "w2": (4, 3), "b2": (3,)}
    return [
        Case("the worked example", worked),
        Case("the first step", start),
        Case("without momentum", _step(rng, {"w": (3,), "b": (1,)}, 0.25, 0.0)),
        Case("the small CNN", _step(rng, network, 0.125, 0.75)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """Other names, rates and shapes."""
    return [
        Case("other names", _step(rng, {"filters": (3, 2), "scale": (4,)}, 0.5, 0.25)),
        Case("large momentum", _step(rng, {"w": (2, 2), "b": (2,)}, 0.0625, 0.875)),
        Case("small rate", _step(rng, {"a": (5,), "b": (1, 3), "c": (2,)}, 0.03125, 0.5)),
    ]


# Misconceptions


def _each(rule: Callable[..., tuple[Array, Array]]) -> Callable[..., Any]:
    """Return a step that applies ``rule(p, g, v, rate, momentum)`` to every parameter."""

    def step(
        parameters: Parameters,
        gradients: Parameters,
        velocities: Parameters,
        learning_rate: float,
        momentum: float,
    ) -> tuple[Parameters, Parameters]:
        results = {
            name: rule(value, gradients[name], velocities[name], learning_rate, momentum)
            for name, value in parameters.items()
        }
        moved = {name: result[0] for name, result in results.items()}
        return moved, {name: result[1] for name, result in results.items()}

    return step


def unchanged(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Give a name to the new values instead of storing them."""
    for name, p in parameters.items():
        v = momentum * velocities[name] + gradients[name]
        p = p - learning_rate * v
    return parameters, velocities


def one_parameter_only(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Return from inside the loop."""
    first = next(iter(parameters))
    moved, faster = sgd_step(
        {first: parameters[first]}, {first: gradients[first]}, velocities, learning_rate, momentum
    )
    return {**parameters, **moved}, {**velocities, **faster}


MISCONCEPTIONS = (
    Misconception(
        "unchanged",
        unchanged,
        title="The parameters do not change",
        symptom="What comes back is what went in.",
        hint="Nothing has changed. A line like `p = p - ...` gives a new array the name p; what "
        "the dictionary holds is still the old one.",
        catalog_number=58,
    ),
    Misconception(
        "upward",
        _each(lambda p, g, v, rate, m: (p + rate * (m * v + g), m * v + g)),
        title="The step goes up",
        symptom="The velocities are right, the parameters move the wrong way.",
        hint="Your parameters move in the direction in which the loss grows. Where does the "
        "gradient point?",
    ),
    Misconception(
        "no_momentum",
        _each(lambda p, g, v, rate, m: (p - rate * g, g)),
        title="The old velocity is forgotten",
        symptom="Momentum 0 works, every other momentum fails.",
        hint="This is right without momentum. What remains of the old velocity?",
    ),
    Misconception(
        "velocity_not_used",
        _each(lambda p, g, v, rate, m: (p - rate * g, m * v + g)),
        title="The step follows the gradient, not the velocity",
        symptom="The velocities are right, the parameters are those without momentum.",
        hint="Your velocities are right, but your parameters do not follow them. What moves the "
        "parameters?",
    ),
    Misconception(
        "old_velocity_used",
        _each(lambda p, g, v, rate, m: (p - rate * v, m * v + g)),
        title="The step follows the old velocity",
        symptom="The parameters lag one step behind; the first step does nothing.",
        hint="Your parameters follow the velocity from before this step. Which comes first, the "
        "new velocity or the step?",
    ),
    Misconception(
        "velocity_not_kept",
        _each(lambda p, g, v, rate, m: (p - rate * (m * v + g), v)),
        title="The new velocity is not returned",
        symptom="The parameters are right, the velocities are the old ones.",
        hint="Your parameters are right, but you return the old velocities. The next step would "
        "begin with them.",
    ),
    Misconception(
        "averaged_gradient",
        _each(lambda p, g, v, rate, m: (p - rate * (m * v + (1 - m) * g), m * v + (1 - m) * g)),
        title="The gradient is weakened by 1 minus momentum",
        symptom="Momentum 0 works; otherwise the steps are too short.",
        hint="You take a mean of velocity and gradient. Some optimizers do; look at the formula "
        "of the task again.",
    ),
    Misconception(
        "rate_in_the_velocity",
        _each(lambda p, g, v, rate, m: (p - (m * v + rate * g), m * v + rate * g)),
        title="The learning rate is part of the velocity",
        symptom="Both results differ from the expected ones by the learning rate.",
        hint="Your velocity holds the learning rate. That is another form of the method: in this "
        "one the rate enters only when the parameters move.",
    ),
    Misconception(
        "negative_velocity",
        _each(lambda p, g, v, rate, m: (p + m * v - rate * g, m * v - rate * g)),
        title="The velocity points downhill and holds the learning rate",
        symptom="The velocities have the wrong sign.",
        hint="Your velocity points downhill and holds the learning rate. Many courses write it "
        "so; in the formula of this task it has the sign of the gradient.",
    ),
    Misconception(
        "look_ahead",
        _each(lambda p, g, v, rate, m: (p - rate * (g + m * (m * v + g)), m * v + g)),
        title="Nesterov's step",
        symptom="The velocities are right, the steps are too long.",
        hint="Your step uses the momentum twice, as Nesterov's method does. The task wants the "
        "plain form.",
    ),
    Misconception(
        "rate_and_momentum_swapped",
        _each(lambda p, g, v, rate, m: (p - m * (rate * v + g), rate * v + g)),
        title="Learning rate and momentum are exchanged",
        symptom="All numbers are wrong unless both are equal.",
        hint="Learning rate and momentum have changed places. Which one shrinks the old velocity?",
    ),
    Misconception(
        "momentum_times_gradient",
        _each(lambda p, g, v, rate, m: (p - rate * (v + m * g), v + m * g)),
        title="The momentum shrinks the gradient",
        symptom="The velocity never fades.",
        hint="Your old velocity remains whole, and the gradient shrinks. Which of the two does "
        "the momentum belong to?",
    ),
    Misconception(
        "one_parameter_only",
        one_parameter_only,
        title="Only the first parameter moves",
        symptom="One array works, several fail.",
        hint="Only your first parameter has moved. Is there a `return` inside the loop?",
    ),
)


# Alternatives


def sgd_step_loop(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Fill two new dictionaries."""
    moved: Parameters = {}
    faster: Parameters = {}
    for key in parameters:
        faster[key] = gradients[key] + velocities[key] * momentum
        moved[key] = parameters[key] - faster[key] * learning_rate
    return moved, faster


def sgd_step_on_copies(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Copy everything, then change the copies in place."""
    p = {name: array.copy() for name, array in parameters.items()}
    v = {name: array.copy() for name, array in velocities.items()}
    for name in p:
        v[name] *= momentum
        v[name] += gradients[name]
        p[name] -= learning_rate * v[name]
    return p, v


def sgd_step_from_pairs(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Compute lists, and make dictionaries of them in the end."""
    names = sorted(parameters)
    faster = [np.add(momentum * velocities[name], gradients[name]) for name in names]
    moved = [
        np.subtract(parameters[name], learning_rate * speed)
        for name, speed in zip(names, faster, strict=True)
    ]
    return dict(zip(names, moved, strict=True)), dict(zip(names, faster, strict=True))


def sgd_step_flat(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Join all arrays into one vector, make the step, and take it apart again."""
    names = list(parameters)
    p, g, v = (
        np.concatenate([arrays[name].ravel() for name in names])
        for arrays in (parameters, gradients, velocities)
    )
    v = momentum * v + g
    p = p - learning_rate * v
    ends = np.cumsum([parameters[name].size for name in names])[:-1]

    def apart(vector: Array) -> Parameters:
        pieces = np.split(vector, ends)
        return {
            name: piece.reshape(parameters[name].shape)
            for name, piece in zip(names, pieces, strict=True)
        }

    return apart(p), apart(v)


ALTERNATIVES = (sgd_step_loop, sgd_step_on_copies, sgd_step_from_pairs, sgd_step_flat)

STYLES = (
    Style(
        sgd_step_loop,
        "Clearest: two new dictionaries are filled, and nothing that came in is changed.",
    ),
    Style(
        sgd_step_flat,
        "What libraries do for speed: all parameters become one vector, and one step moves them.",
    ),
)


PROBLEM = Problem(
    sgd_step,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "descent"},
    results=("parameters", "velocities"),
    styles=STYLES,
)
