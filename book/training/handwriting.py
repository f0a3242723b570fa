"""Handwritten digits in three sets, and the orders in which a training goes through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits

from solutions.arrays import Array, Labels

VALIDATION_IMAGES = TEST_IMAGES = 360


@dataclass(frozen=True)
class Digits:
    """The handwritten digits of scikit-learn: images (N, 1, 8, 8) from 0 to 1, and labels (N,)."""

    x: Array
    y: Labels
    validation_x: Array
    validation_y: Labels
    test_x: Array
    test_y: Labels


def digits() -> Digits:
    """Return the 1797 digits in a fixed random order: 1077 to learn from, 360 and 360 held out."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    x, y = images[order].reshape(-1, 1, 8, 8) / 16, labels[order]
    ends = [-VALIDATION_IMAGES - TEST_IMAGES, -TEST_IMAGES]
    parts = zip(np.split(x, ends), np.split(y, ends), strict=True)
    return Digits(*(array for part in parts for array in part))


def epochs_of(images: int, epochs: int, seed: int) -> Array:
    """Return a random order of the images for each epoch, shape (epochs, images)."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(images) for _ in range(epochs)])
