"""What several tasks draw: numbers apart from zero, and parameters of batch normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.comparison import Tolerance
from autograder.problems import Random, quarters
from solutions.arrays import Array

ROUNDED: dict[str, Any] = {"digits": 9, "tolerance": Tolerance(absolute=1e-6)}
"""For results with a root in the denominator, which no choice of numbers makes exact."""


def apart_from_zero(rng: Random, *shape: int, low: float = 0.5, high: float = 3.0) -> Array:
    """Draw multiples of 1/4 of both signs, none nearer to zero than ``low``."""
    values: Array = quarters(rng, *shape, low=low, high=high) * rng.choice([-1.0, 1.0], size=shape)
    return values


def variances(rng: Random, channels: int) -> Array:
    """Draw a variance for each channel, far from 1 and from each other's square."""
    values: Array = quarters(rng, channels, low=2.0, high=8.0)
    return values


def per_channel(values: Array) -> Array:
    """Give a number for each channel the shape that fits to maps (N, C, H, W)."""
    return np.reshape(values, (-1, 1, 1))
