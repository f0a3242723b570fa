"""How results are stored that no choice of numbers makes exact."""

from __future__ import annotations

from typing import Any

from autograder.comparison import Tolerance

ROUNDED: dict[str, Any] = {"digits": 10, "tolerance": Tolerance(absolute=1e-7)}
"""For what no choice of numbers makes exact: exp and log, and sums of what they give. The rounding
stays far below the tolerance, and far above what differs from machine to machine."""
