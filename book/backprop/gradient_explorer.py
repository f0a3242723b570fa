"""The figure "gradient explorer": which outputs a pixel or a weight feeds, and their sum."""

from __future__ import annotations

from typing import Any

import traitlets

from book.figures.figure import Figure
from book.filters.conv_layer import random_integers

SIDE = 5
KERNEL = 3
MOST_PADDING = 2
MOST_STRIDE = 3
MOST_PLACES = SIDE + 2 * MOST_PADDING - KERNEL + 1


def draw_gradient_numbers(seed: int) -> dict[str, Any]:
    """Draw a picture, a filter and an upstream gradient: small integers to add in the head.

    seed: which draw; the same seed gives the same numbers, here and in the figure's module.
    Returns ``input`` (5, 5) from 0 to 3, ``kernel`` (3, 3) from -2 to 2 and ``upstream`` (7, 7)
    from -2 to 3, as nested lists. A layer with fewer places uses the upper left part of it.
    """
    stream = random_integers(seed)

    def square(side: int, low: int, high: int) -> list[list[int]]:
        rows = []
        for _ in range(side):
            states = [next(stream) for _ in range(side)]
            rows.append([low + state * (high - low + 1) // span for state, span in states])
        return rows

    return {
        "input": square(SIDE, 0, 3),
        "kernel": square(KERNEL, -2, 2),
        "upstream": square(MOST_PLACES, -2, 3),
    }


class GradientExplorer(Figure):
    """Backward through one filter over one picture, with every number visible.

    ``seed`` draws new numbers; ``input``, ``kernel`` and ``upstream`` can also be set from Python
    as nested lists of the same shapes. ``part`` says whose gradient is shown, "input" or
    "kernel", and ``row`` and ``column`` which element of it. ``ones`` puts ones in place of the
    upstream gradient.
    """

    seed = traitlets.Int(3, min=0, max=2**32 - 1).tag(sync=True)
    input: Any = traitlets.List().tag(sync=True)
    kernel: Any = traitlets.List().tag(sync=True)
    upstream: Any = traitlets.List().tag(sync=True)
    stride = traitlets.Int(1, min=1, max=MOST_STRIDE).tag(sync=True)
    padding = traitlets.Int(0, min=0, max=MOST_PADDING).tag(sync=True)
    ones = traitlets.Bool(False).tag(sync=True)
    part = traitlets.Enum(["input", "kernel"], "input").tag(sync=True)
    row = traitlets.Int(1, min=0, max=SIDE - 1).tag(sync=True)
    column = traitlets.Int(2, min=0, max=SIDE - 1).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        """Draw the numbers of ``seed`` for those of input, kernel and upstream not given."""
        numbers = draw_gradient_numbers(int(traits.get("seed", 3)))
        super().__init__(**{**numbers, **traits})
        self.observe(self._draw_again, "seed")

    def _draw_again(self, _change: object) -> None:
        with self.hold_sync():
            for name, numbers in draw_gradient_numbers(self.seed).items():
                self.set_trait(name, numbers)
