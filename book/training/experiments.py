"""Experiments of the page "Optimizers and regularization": how a step is made, and from what.

The steps are those of the exercise. Parameters, gradients and what an optimizer remembers are
dictionaries of arrays with the same keys.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np

from solutions.arrays import Array, Labels
from solutions.training.network import cross_entropy, softmax
from solutions.training.parameters import LossAndGradients, Parameters
from solutions.training.tasks.adam_step import adam_step
from solutions.training.tasks.dropout import dropout
from solutions.training.tasks.he_init import he_init
from solutions.training.tasks.im2col import im2col
from solutions.training.tasks.sgd_step import sgd_step
from solutions.training.tasks.small_cnn_loss_and_gradients import small_cnn_loss_and_gradients

Schedule: TypeAlias = Callable[[float], float]
"""The factor of the learning rate, from the share of the training that is done, 0 to 1."""


def constant(_done: float) -> float:
    """Return 1: the learning rate stays."""
    return 1.0


def cosine(done: float) -> float:
    """Return half a wave of the cosine, from 1 to 0 (Loshchilov and Hutter 2017)."""
    return (1 + math.cos(math.pi * done)) / 2


def warm_up(schedule: Schedule, share: float) -> Schedule:
    """Return a schedule that first rises in a straight line, for a share of the training."""

    def warmed(done: float) -> float:
        return done / share if done < share else schedule((done - share) / (1 - share))

    return warmed


class Optimizer(Protocol):
    """Makes steps, and remembers what it needs for the next."""

    rate: float

    def step(self, parameters: Parameters, gradients: Parameters, factor: float) -> Parameters:
        """Return the parameters after a step with the learning rate times ``factor``."""
        ...


def zeros_like(parameters: Parameters) -> Parameters:
    """Return arrays of zeros with the names and shapes of the parameters."""
    return {name: np.zeros_like(value) for name, value in parameters.items()}


@dataclass
class Sgd:
    """Gradient descent with momentum; ``decay`` times the parameter is added to its gradient."""

    rate: float
    momentum: float = 0.0
    decay: float = 0.0
    velocities: Parameters = field(default_factory=dict)

    def step(self, parameters: Parameters, gradients: Parameters, factor: float) -> Parameters:
        """Make one step."""
        velocities = self.velocities or zeros_like(parameters)
        pulled = {name: g + self.decay * parameters[name] for name, g in gradients.items()}
        parameters, self.velocities = sgd_step(
            parameters, pulled, velocities, factor * self.rate, self.momentum
        )
        return parameters


@dataclass
class Adam:
    """Adam; ``decay`` shrinks the parameters apart from the step (AdamW)."""

    rate: float
    decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    steps: int = 0
    means: Parameters = field(default_factory=dict)
    squares: Parameters = field(default_factory=dict)

    def step(self, parameters: Parameters, gradients: Parameters, factor: float) -> Parameters:
        """Make one step."""
        self.steps += 1
        rate = factor * self.rate
        parameters, self.means, self.squares = adam_step(
            {name: p * (1 - rate * self.decay) for name, p in parameters.items()},
            gradients,
            self.means or zeros_like(parameters),
            self.squares or zeros_like(parameters),
            self.steps,
            rate,
            self.betas,
            self.epsilon,
        )
        return parameters


@dataclass(frozen=True)
class Fitted:
    """What came of a training: the parameters, the loss of each batch, what ``look`` returned."""

    parameters: Parameters
    losses: Array
    looks: Array


def fit(
    optimizer: Optimizer,
    parameters: Parameters,
    x: Array,
    y: Labels,
    order: Sequence[Labels],
    batch_size: int,
    *,
    model: LossAndGradients = small_cnn_loss_and_gradients,
    schedule: Schedule = constant,
    augment: Callable[[Array], Array] = lambda batch: batch,
    look: Callable[[Parameters], Sequence[float]] = lambda parameters: (),
) -> Fitted:
    """Train as ``train`` does, with any optimizer and schedule.

    augment: changes the images of a batch before they are used.
    look: is shown the parameters before each epoch and after the last.
    """
    losses: list[float] = []
    looks = []
    steps = sum(-(-len(examples) // batch_size) for examples in order)
    for examples in order:
        looks.append(look(parameters))
        for start in range(0, len(examples), batch_size):
            batch = examples[start : start + batch_size]
            loss, gradients = model(parameters, augment(x[batch]), y[batch])
            parameters = optimizer.step(parameters, gradients, schedule(len(losses) / steps))
            losses.append(loss)
    return Fitted(parameters, np.array(losses), np.array([*looks, look(parameters)]))


def signal_by_layer(factor: float, layers: int, units: int, seed: int) -> tuple[Array, Array]:
    """Follow numbers and gradients through layers of random weights, each with a ReLU.

    factor: what the weights of He's rule are multiplied by.
    Returns the root mean square of the numbers after 0, 1, ... layers, and that of their gradients,
    both of shape (layers + 1,), where the gradient at the end is drawn at random.
    """
    rng = np.random.default_rng(seed)
    numbers = [rng.standard_normal((200, units))]
    weights = [factor * he_init(rng.standard_normal((units, units))) for _ in range(layers)]
    for matrix in weights:
        numbers.append(np.maximum(numbers[-1] @ matrix, 0))
    gradients = [rng.standard_normal((200, units))]
    for matrix, result in zip(weights[::-1], numbers[:0:-1], strict=True):
        gradients.append((gradients[-1] * (result > 0)) @ matrix.T)

    def size(arrays: Sequence[Array]) -> Array:
        return np.array([np.sqrt(np.mean(array**2)) for array in arrays])

    return size(numbers), size(gradients)[::-1]


def uncorrected_excess(steps: int, beta1: float = 0.9, beta2: float = 0.999) -> Array:
    """Return how many times too long the first steps of Adam are without the correction.

    The gradient is the same in each step. Returns shape (steps,).
    """
    t = np.arange(1, steps + 1)
    excess: Array = (1 - beta1**t) / np.sqrt(1 - beta2**t)
    return excess


def shifted(images: Array, rng: np.random.Generator) -> Array:
    """Move each image (N, C, H, W) by up to one pixel, in both directions; zeros come in."""
    height, width = images.shape[2:]
    framed = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    moved = np.empty_like(images)
    for n, (down, right) in enumerate(rng.integers(0, 3, size=(len(images), 2))):
        moved[n] = framed[n, :, down : down + height, right : right + width]
    return moved


def with_dropout(rate: float, rng: np.random.Generator) -> LossAndGradients:
    """Return the small CNN with dropout in front of its dense layer, as it learns."""

    def loss_and_gradients(p: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
        images, filters, side = len(x), len(p["w1"]), x.shape[2] // 2
        columns = im2col(x, 3, 3, stride=1, padding=1)
        maps = p["w1"].reshape(filters, -1) @ columns + p["b1"][:, np.newaxis]
        quads = maps.reshape(filters, images, side, 2, side, 2).transpose(1, 0, 2, 4, 3, 5)
        windows = quads.reshape(images, filters, side, side, 4)
        winner = windows.argmax(axis=-1)[..., np.newaxis]
        pooled = np.maximum(np.take_along_axis(windows, winner, axis=-1)[..., 0], 0)
        noise = rng.random((images, filters * side**2))
        features = dropout(pooled.reshape(images, -1), noise, rate, training=True)
        z = features @ p["w2"] + p["b2"]

        d_scores = (softmax(z) - np.eye(z.shape[1])[y]) / images
        d_features = dropout(d_scores @ p["w2"].T, noise, rate, training=True)
        d_pooled = d_features.reshape(pooled.shape) * (pooled > 0)
        d_windows = d_pooled[..., np.newaxis] * (winner == np.arange(4))
        d_quads = d_windows.reshape(images, filters, side, side, 2, 2)
        d_maps = d_quads.transpose(1, 0, 2, 4, 3, 5).reshape(filters, -1)
        return cross_entropy(z, y), {
            "w1": (d_maps @ columns.T).reshape(p["w1"].shape),
            "b1": d_maps.sum(axis=1),
            "w2": features.T @ d_scores,
            "b2": d_scores.sum(axis=0),
        }

    return loss_and_gradients
