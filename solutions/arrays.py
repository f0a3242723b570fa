"""Types of arrays, as references, mistakes and alternatives name them."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]
Labels: TypeAlias = np.ndarray[Any, np.dtype[np.integer[Any]]]
Shape: TypeAlias = tuple[int, ...]
