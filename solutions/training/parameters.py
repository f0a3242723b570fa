"""Types of what a network learns, and of the function that says how."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from solutions.arrays import Array, Labels

Parameters: TypeAlias = dict[str, Array]
LossAndGradients: TypeAlias = Callable[[Parameters, Array, Labels], tuple[float, Parameters]]
