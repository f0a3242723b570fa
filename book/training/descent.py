"""The figure "descent": gradient descent with momentum in a valley."""

from __future__ import annotations

import math
from typing import Any

import traitlets

from book.figures.figure import Figure

CURVATURES = (1.0, 25.0)
"""Of the valley, along it and across, unless a reader sets others."""


class Descent(Figure):
    """A valley from above, the path of gradient descent in it, and the loss after each step.

    The loss of a point is half the sum of ``curvatures`` times its coordinates squared. ``rate``
    is the learning rate; the path begins at ``start`` and makes ``steps`` steps.
    """

    rate = traitlets.Float(0.03, min=0.002, max=0.16).tag(sync=True)
    momentum = traitlets.Float(0.0, min=0.0, max=0.98).tag(sync=True)
    steps = traitlets.Int(40, min=1, max=200).tag(sync=True)
    start: Any = traitlets.List(traitlets.Float(), [-9.0, 1.5]).tag(sync=True)
    curvatures: Any = traitlets.List(traitlets.Float(), [*CURVATURES]).tag(sync=True)

    @traitlets.validate("start", "curvatures")
    def _two_numbers(self, proposal: dict[str, Any]) -> list[float]:
        numbers: list[float] = proposal["value"]
        if len(numbers) != 2 or not all(math.isfinite(number) for number in numbers):
            raise traitlets.TraitError(
                f"{proposal['trait'].name} takes two finite numbers, not {numbers}"
            )
        if proposal["trait"].name == "curvatures" and min(numbers) <= 0:
            raise traitlets.TraitError(f"a valley has curvatures above 0, not {numbers}")
        return numbers
