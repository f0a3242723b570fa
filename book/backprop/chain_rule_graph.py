"""The figure "chain rule graph": one weight used twice, forward and backward, number by number."""

from __future__ import annotations

import math
from typing import Any

import traitlets

from book.figures.figure import Figure

STEPS = 12
"""How many gradients the backward pass of the graph computes, dL/dL = 1 included."""

LARGEST = 100.0


class ChainRuleGraph(Figure):
    """The graph of L = (ReLU(w x1 + b) + ReLU(w x2 + b) - t)^2, with editable numbers.

    ``step`` says how many gradients are shown, from the loss backward: 0 to 12.
    """

    x1 = traitlets.Float(3.0).tag(sync=True)
    x2 = traitlets.Float(1.0).tag(sync=True)
    w = traitlets.Float(2.0).tag(sync=True)
    b = traitlets.Float(-1.0).tag(sync=True)
    t = traitlets.Float(4.0).tag(sync=True)
    step = traitlets.Int(0, min=0, max=STEPS).tag(sync=True)

    @traitlets.validate("x1", "x2", "w", "b", "t")
    def _sensible(self, proposal: dict[str, Any]) -> float:
        value = float(proposal["value"])
        if not math.isfinite(value) or abs(value) > LARGEST:
            raise traitlets.TraitError(
                f"{proposal['trait'].name} is a number from -{LARGEST:g} to {LARGEST:g}, "
                f"not {value}"
            )
        return value
