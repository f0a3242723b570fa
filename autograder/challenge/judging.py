"""What an entry is worth: how many pictures it recognizes, and how exactly that is known."""

from __future__ import annotations

import dataclasses
import math
from typing import TypeGuard

import numpy as np

from autograder.challenge.entry import FUNCTION
from autograder.values import Value

NORMAL = 1.959964
"""95 % of a normal distribution lie within so many standard deviations of its mean."""


@dataclasses.dataclass(frozen=True)
class Score:
    """``right`` of ``count`` pictures recognized, in ``seconds`` of CPU time."""

    right: int
    count: int
    seconds: float

    @property
    def accuracy(self) -> float:
        """The share of the pictures that are recognized, 0 to 1."""
        return self.right / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Between which shares the accuracy on all such pictures lies, in 95 of 100 cases."""
        return interval(self.right, self.count)


def interval(right: int, count: int) -> tuple[float, float]:
    """Return Wilson's interval for a share, with a confidence of 95 %.

    right: how many of the pictures were recognized.
    count: how many there were, at least 1.
    Returns the lower and the upper end, 0 to 1 (Wilson, 1927).
    """
    share, square = right / count, NORMAL**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    spread = share * (1 - share) / count + square / (4 * count**2)
    half = NORMAL * math.sqrt(spread) / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def is_answer(result: Value, count: int) -> TypeGuard[np.ndarray]:
    """Whether a result of ``predict`` is one whole number for each of so many pictures."""
    is_array = type(result) is np.ndarray and result.dtype.kind in "iu"
    return is_array and result.shape == (count,)


def score(answers: np.ndarray, labels: np.ndarray, seconds: float) -> Score:
    """Return the score of answers that took so long: one for each label."""
    return Score(int(np.count_nonzero(answers == labels)), len(labels), seconds)


def requirement(count: int) -> str:
    """Say what ``predict`` has to return for so many pictures."""
    return f"{FUNCTION} has to return an array of {count} whole numbers, the class of each picture."
