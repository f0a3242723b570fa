"""The task ``train``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Formula, Value
from solutions.arrays import Array, Labels
from solutions.training.parameters import LossAndGradients, Parameters
from solutions.training.rounding import ROUNDED
from solutions.training.tasks.sgd_step import sgd_step


def train(
    loss_and_gradients: LossAndGradients,
    parameters: Parameters,
    x: Array,
    y: Labels,
    order: Sequence[Labels],
    batch_size: int,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Array]:
    """Train a model by stochastic gradient descent with momentum.

    loss_and_gradients: function of (parameters, x, y) that returns the loss of a batch and
    a dictionary of gradients.
    parameters: dictionary of arrays to start from.
    x, y: training examples and what they should give, N of each along the first axis.
    order: for every epoch, the numbers 0 to N - 1 in the order in which to take the examples.
    batch_size: examples per step; the last batch of an epoch may be smaller.
    learning_rate, momentum: as in sgd_step. All velocities start at zero.
    Returns the parameters after the last step, and an array with the loss of every batch
    as it was before its step.
    """
    ### BEGIN SOLUTION
    velocities = {name: np.zeros_like(value) for name, value in parameters.items()}
    losses = []
    for examples in order:
        for start in range(0, len(examples), batch_size):
            batch = examples[start : start + batch_size]
            loss, gradients = loss_and_gradients(parameters, x[batch], y[batch])
            losses.append(loss)
            state = sgd_step(parameters, gradients, velocities, learning_rate, momentum)
            parameters, velocities = state
    return parameters, np.array(losses)
    ### END SOLUTION


# Cases

LINE = Formula(
    ("parameters", "x", "y"),
    "(float(np.mean((x @ parameters['w'] - y) ** 2)), "
    "{'w': 2 / len(x) * (x @ parameters['w'] - y) @ x})",
)
"""A model without a bias: one answer for each example, the mean squared error as its loss."""

PLANE = Formula(
    ("parameters", "x", "y"),
    "(float(np.sum((x @ parameters['w'] + parameters['b'] - y) ** 2)) / len(x), "
    "{'w': 2 / len(x) * x.T @ (x @ parameters['w'] + parameters['b'] - y), "
    "'b': 2 / len(x) * np.sum(x @ parameters['w'] + parameters['b'] - y, axis=0)})",
)
"""A model with several answers for each example, and biases."""


def _training_arguments(
    rng: Random, examples: int, batch: int, epochs: int, rate: float, answers: int = 0
) -> dict[str, Value]:
    """Draw a model, examples and an order that is another one in every epoch.

    answers: 0 for the model LINE, else how many answers PLANE gives.
    """
    straight = np.arange(examples)
    orders = {tuple(straight.tolist()): straight}
    while len(orders) <= epochs:
        drawn = rng.permutation(examples)
        orders[tuple(drawn.tolist())] = drawn
    shape = (3, answers) if answers else (3,)
    parameters = {"w": quarters(rng, *shape, low=-1, high=1)}
    if answers:
        parameters["b"] = quarters(rng, answers, low=-1, high=1)
    return {
        "loss_and_gradients": PLANE if answers else LINE,
        "parameters": parameters,
        "x": quarters(rng, examples, 3, low=-1, high=1),
        "y": quarters(rng, examples, *shape[1:], low=-2, high=2),
        "order": np.stack(list(orders.values())[1:]),
        "batch_size": batch,
        "learning_rate": rate,
        "momentum": 0.5,
    }


ORDERS = ("first_order_again",)
"""What epochs find that do not happen to have the same batches."""


def cases(rng: Random) -> list[Case]:
    """From two steps to several epochs whose last batch is smaller."""
    return [
        Case(
            "one epoch of two batches",
            _training_arguments(rng, 4, 2, 1, 0.25),
            finds=("labels_not_shuffled", "order_ignored"),
        ),
        Case("two epochs", _training_arguments(rng, 6, 2, 2, 0.125), finds=ORDERS),
        Case("a smaller last batch", _training_arguments(rng, 7, 3, 2, 0.125), finds=ORDERS),
        Case("several answers, three epochs", _training_arguments(rng, 5, 2, 3, 0.125, answers=2)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("the batch size divides", _training_arguments(rng, 8, 4, 3, 0.0625, answers=3)),
        Case(
            "a last batch of one",
            _training_arguments(rng, 9, 4, 2, 0.125),
            finds=ORDERS,
        ),
        Case("batches of one", _training_arguments(rng, 4, 1, 2, 0.0625, answers=2)),
    ]


# Misconceptions


def _batches(order: Sequence[Labels], batch_size: int) -> list[list[Labels]]:
    return [
        [examples[start : start + batch_size] for start in range(0, len(examples), batch_size)]
        for examples in order
    ]


def _every_loss(losses: list[list[float]]) -> list[float]:
    return [loss for epoch in losses for loss in epoch]


def _training(
    batches: Callable[[Sequence[Labels], int], list[list[Labels]]] = _batches,
    labels: Callable[[Labels, Labels, int, int], Labels] = lambda y, batch, number, size: y[batch],
    step: Callable[..., tuple[Parameters, Parameters]] = sgd_step,
    velocities: Callable[[Parameters, int], bool] = lambda parameters, number: False,
    losses: Callable[[list[list[float]]], list[float]] = _every_loss,
    loss_after_step: bool = False,
    gradients_pile_up: bool = False,
) -> Callable[..., tuple[Parameters, Array]]:
    """Return the training loop as a function, with the given parts in place of the right ones."""

    def loop(
        loss_and_gradients: LossAndGradients,
        parameters: Parameters,
        x: Array,
        y: Labels,
        order: Sequence[Labels],
        batch_size: int,
        learning_rate: float,
        momentum: float,
    ) -> tuple[Parameters, Array]:
        zeros = {name: np.zeros_like(value) for name, value in parameters.items()}
        moving, used = zeros, zeros
        per_epoch: list[list[float]] = []
        for epoch in batches(order, batch_size):
            per_epoch.append([])
            for number, batch in enumerate(epoch):
                if velocities(parameters, number):
                    moving = zeros
                answers = labels(y, batch, number, batch_size)
                loss, gradients = loss_and_gradients(parameters, x[batch], answers)
                if gradients_pile_up:
                    gradients = {name: used[name] + part for name, part in gradients.items()}
                    used = gradients
                parameters, moving = step(parameters, gradients, moving, learning_rate, momentum)
                if loss_after_step:
                    loss, _ = loss_and_gradients(parameters, x[batch], answers)
                per_epoch[-1].append(loss)
        return parameters, np.array(losses(per_epoch), dtype=float)

    return loop


def _stays(parameters: Parameters, *rest: Any) -> tuple[Parameters, Parameters]:
    """Throw the new parameters away."""
    return parameters, sgd_step(parameters, *rest)[1]


def _without_rest(order: Sequence[Labels], batch_size: int) -> list[list[Labels]]:
    return [
        [batch for batch in epoch if len(batch) == batch_size]
        for epoch in _batches(order, batch_size)
    ]


def _sliding(order: Sequence[Labels], batch_size: int) -> list[list[Labels]]:
    return [
        [examples[start : start + batch_size] for start in range(len(examples))]
        for examples in order
    ]


MISCONCEPTIONS = (
    Misconception(
        "labels_not_shuffled",
        _training(
            labels=lambda y, batch, number, size: y[number * size : number * size + len(batch)]
        ),
        title="Images are shuffled, labels are not",
        symptom="The examples meet the answers of others; the network learns nothing.",
        hint="Your x and your y do not belong together: one is taken in the new order, the other "
        "in the old one.",
    ),
    Misconception(
        "order_ignored",
        _training(batches=lambda order, size: _batches([np.arange(len(e)) for e in order], size)),
        title="The examples are not shuffled",
        symptom="Every epoch takes the examples as they come.",
        hint="You take the examples as they lie in x. What is `order` for?",
    ),
    Misconception(
        "first_order_again",
        _training(batches=lambda order, size: _batches([order[0]] * len(order), size)),
        title="Every epoch has the order of the first",
        symptom="The first epoch is right, the second is not.",
        hint="Your first epoch is right. In the second you take the examples in the order of the "
        "first again.",
    ),
    Misconception(
        "rest_dropped",
        _training(batches=_without_rest),
        title="The last, smaller batch is left out",
        symptom="It works where the batch size divides the number of examples.",
        hint="Your epochs end early: what happens to the examples that do not fill a batch?",
    ),
    Misconception(
        "batches_overlap",
        _training(batches=_sliding),
        title="Batches begin at every example",
        symptom="There are as many steps as examples.",
        hint="You make a step for every example: your batches overlap. How far is it from the "
        "start of one batch to the start of the next?",
    ),
    Misconception(
        "whole_set_at_once",
        _training(batches=lambda order, size: [[examples] for examples in order]),
        title="Every step takes all examples",
        symptom="There is one step per epoch.",
        hint="You make one step per epoch, with all examples. How many should a step take?",
    ),
    Misconception(
        "one_batch_per_epoch",
        _training(batches=lambda order, size: [epoch[:1] for epoch in _batches(order, size)]),
        title="Each epoch ends after its first batch",
        symptom="There is one step per epoch, with one batch.",
        hint="Each of your epochs ends after its first batch. What takes you out of the inner "
        "loop?",
    ),
    Misconception(
        "one_epoch_only",
        _training(batches=lambda order, size: _batches(order[:1], size)),
        title="The training ends after the first epoch",
        symptom="The losses of the first epoch are right, the others are missing.",
        hint="Your training ends after the first epoch. Is there a `return` inside the loop?",
    ),
    Misconception(
        "velocities_new_each_epoch",
        _training(velocities=lambda parameters, number: number == 0),
        title="The velocities start again at 0 in every epoch",
        symptom="The first epoch is right; without momentum all is.",
        hint="Your first epoch is right, then momentum gets lost. Where do the velocities become "
        "zero?",
    ),
    Misconception(
        "velocities_new_each_step",
        _training(velocities=lambda parameters, number: True),
        title="The velocities start again at 0 in every step",
        symptom="The result is that of training without momentum.",
        hint="Momentum has no effect in your training. What does a step pass on to the next one?",
    ),
    Misconception(
        "parameters_not_kept",
        _training(step=_stays),
        title="The new parameters are thrown away",
        symptom="The parameters come back as they were.",
        hint="Your parameters come back unchanged: `sgd_step` returns new ones. What do you do "
        "with them?",
        catalog_number=58,
    ),
    Misconception(
        "gradients_pile_up",
        _training(gradients_pile_up=True),
        title="Gradients of earlier batches are added",
        symptom="The first step is right; then the steps grow.",
        hint="Your first step is right; after that your gradients hold those of earlier batches, "
        "too. What should a batch's gradient depend on?",
        catalog_number=59,
    ),
    Misconception(
        "loss_after_step",
        _training(loss_after_step=True),
        title="The loss is measured after the step",
        symptom="The parameters are right, the losses are too small.",
        hint="Your parameters are right. Your losses are those after the step; which one does the "
        "task ask for?",
    ),
    Misconception(
        "loss_per_epoch",
        _training(losses=lambda losses: [float(np.mean(epoch)) for epoch in losses]),
        title="One loss per epoch",
        symptom="The parameters are right, but there are too few losses.",
        hint="Your parameters are right, but you return one loss per epoch. The task asks for "
        "one per batch.",
    ),
    Misconception(
        "last_loss_of_each_epoch",
        _training(losses=lambda losses: [epoch[-1] for epoch in losses]),
        title="Only the last loss of each epoch is kept",
        symptom="The parameters are right, but there are too few losses.",
        hint="Your parameters are right, but only the last loss of each epoch is kept. Where do "
        "you store the loss: in the inner loop or after it?",
    ),
    Misconception(
        "rate_and_momentum_swapped",
        lambda f, parameters, x, y, order, size, rate, momentum: train(
            f, parameters, x, y, order, size, momentum, rate
        ),
        title="Learning rate and momentum are exchanged",
        symptom="The first loss is right, nothing else.",
        hint="Learning rate and momentum have changed places on their way to `sgd_step`.",
    ),
)


# Alternatives


def train_while(
    loss_and_gradients: LossAndGradients,
    parameters: Parameters,
    x: Array,
    y: Labels,
    order: Sequence[Labels],
    batch_size: int,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Array]:
    """Count by hand, shuffle once per epoch, and grow an array of losses."""
    v = {key: 0 * value for key, value in parameters.items()}
    losses = np.empty(0)
    for epoch in range(len(order)):
        shuffled_x, shuffled_y = x[order[epoch]], y[order[epoch]]
        i = 0
        while i < len(x):
            loss, g = loss_and_gradients(
                parameters, shuffled_x[i : i + batch_size], shuffled_y[i : i + batch_size]
            )
            losses = np.append(losses, loss)
            parameters, v = sgd_step(parameters, g, v, learning_rate, momentum)
            i += batch_size
    return parameters, losses


def train_own_step(
    loss_and_gradients: LossAndGradients,
    parameters: Parameters,
    x: Array,
    y: Labels,
    order: Sequence[Labels],
    batch_size: int,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Array]:
    """Change copies of the parameters in place, without sgd_step."""
    p = {key: np.array(value, dtype=float) for key, value in parameters.items()}
    v = {key: np.zeros(value.shape) for key, value in parameters.items()}
    history = []
    for indices in order:
        steps = int(np.ceil(len(indices) / batch_size))
        for k in range(steps):
            chosen = indices[k * batch_size : (k + 1) * batch_size]
            value, gradients = loss_and_gradients(p, x[chosen], y[chosen])
            history.append(value)
            for key in p:
                v[key] = momentum * v[key] + gradients[key]
                p[key] -= learning_rate * v[key]
    return p, np.asarray(history)


def train_all_batches_first(
    loss_and_gradients: LossAndGradients,
    parameters: Parameters,
    x: Array,
    y: Labels,
    order: Sequence[Labels],
    batch_size: int,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Array]:
    """Cut all epochs into batches, then go through them in a single loop."""
    batches = [
        batch for row in order for batch in np.split(row, range(batch_size, len(row), batch_size))
    ]
    speeds: Parameters = {name: np.zeros(1) for name in parameters}
    losses = np.zeros(len(batches))
    for step, batch in enumerate(batches):
        losses[step], slopes = loss_and_gradients(
            parameters, np.take(x, batch, axis=0), np.take(y, batch, axis=0)
        )
        parameters, speeds = sgd_step(parameters, slopes, speeds, learning_rate, momentum)
    return parameters, losses


def train_generator(
    loss_and_gradients: LossAndGradients,
    parameters: Parameters,
    x: Array,
    y: Labels,
    order: Sequence[Labels],
    batch_size: int,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Array]:
    """Let a generator hand out the batches."""

    def batches() -> Iterator[tuple[Array, Labels]]:
        for row in order:
            waiting = list(row)
            while waiting:
                batch, waiting = waiting[:batch_size], waiting[batch_size:]
                yield x[batch], y[batch]

    state = parameters, {name: np.zeros_like(value) for name, value in parameters.items()}
    losses = []
    for x_batch, y_batch in batches():
        loss, gradients = loss_and_gradients(state[0], x_batch, y_batch)
        state = sgd_step(state[0], gradients, state[1], learning_rate, momentum)
        losses.append(loss)
    return state[0], np.array(losses)


ALTERNATIVES = (train_while, train_own_step, train_all_batches_first, train_generator)

STYLES = (
    Style(
        train_all_batches_first,
        "One loop instead of two: all epochs are cut into batches first.",
    ),
    Style(
        train_generator,
        "It separates two things: a generator hands out the batches, and the loop learns.",
    ),
)


PROBLEM = Problem(
    train,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    **ROUNDED,
    results=("parameters", "losses"),
    styles=STYLES,
)
