"""Train the challenge's baselines: `python -m solutions.challenge.train_baselines`, half a minute.

What comes out lies in `baselines/`, and is committed: the last bits differ between machines.
"""

from __future__ import annotations

import numpy as np

from autograder.challenge.entry import WEIGHTS
from solutions.arrays import Array, Labels
from solutions.challenge.declared import CHALLENGE
from solutions.training.network import random_parameters
from solutions.training.parameters import Parameters
from solutions.training.tasks.adam_step import adam_step
from solutions.training.tasks.small_cnn_loss_and_gradients import small_cnn_loss_and_gradients

SEED = 1
FILTERS, EPOCHS, BATCH, LEARNING_RATE, DECAY = 8, 25, 50, 3e-3, 3e-3
"""Of the small CNN; the last is the weight decay, as a share of the learning rate."""

PENALTY = 100.0
"""Of the linear classifier, which fits one-hot labels by least squares, on squared weights."""


def nearest_centroid(pictures: Array, labels: Labels) -> Parameters:
    """Return the mean picture of each class."""
    return {"centroids": np.stack([pictures[labels == digit].mean(0) for digit in range(10)])}


def linear(pictures: Array, labels: Labels) -> Parameters:
    """Return the weights (pixels, 10) and biases (10,) of ridge regression on one-hot labels."""
    x, y = pictures.reshape(len(pictures), -1), np.eye(10)[labels]
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    centered = x - x_mean
    matrix = centered.T @ centered + PENALTY * np.eye(x.shape[1])
    weights = np.linalg.solve(matrix, centered.T @ (y - y_mean))
    return {"w": weights, "b": y_mean - x_mean @ weights}


def small_cnn(pictures: Array, labels: Labels) -> Parameters:
    """Train the network of the chapter Training by Adam with decoupled weight decay."""
    rng = np.random.default_rng(SEED)
    x = pictures[:, np.newaxis]
    parameters = random_parameters(rng, FILTERS, 10, side=x.shape[-1])
    means, squares = ({name: 0 * value for name, value in parameters.items()} for _ in range(2))
    step, steps = 0, EPOCHS * len(x) // BATCH
    for _ in range(EPOCHS):
        for batch in rng.permutation(len(x)).reshape(-1, BATCH):
            step += 1
            rate = LEARNING_RATE * (1 + np.cos(np.pi * step / steps)) / 2
            _, gradients = small_cnn_loss_and_gradients(parameters, x[batch], labels[batch])
            parameters, means, squares = adam_step(
                parameters, gradients, means, squares, step, rate, (0.9, 0.999), 1e-8
            )
            for name in ("w1", "w2"):
                parameters[name] = parameters[name] * (1 - DECAY * rate / LEARNING_RATE)
    return parameters


def main() -> None:
    """Write the weights of all baselines."""
    data = CHALLENGE.handout()
    for train in (nearest_centroid, linear, small_cnn):
        weights = train(data.training_pictures / 255, data.training_labels)
        rounded = {name: value.astype(np.float32) for name, value in weights.items()}
        np.savez_compressed(
            CHALLENGE.folder / "baselines" / train.__name__ / WEIGHTS,
            allow_pickle=False,
            **rounded,
        )


if __name__ == "__main__":
    main()
