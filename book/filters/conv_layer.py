"""The figure "convolutional layer": several filters of full depth slide over an input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import traitlets

from book.figures.figure import Figure

CHANNELS = 3
FILTERS = 3
SIDE = 5
KERNEL = 3


def random_integers(seed: int) -> Iterator[tuple[int, int]]:
    """Return an endless stream of pseudorandom numbers, the same as the figure's own module.

    seed: any integer from 0 to 2**32 - 1.
    Yields (state, 2**32) pairs: ``state * span // 2**32`` is a number from 0 to span - 1.
    The stream is a linear congruential generator modulo 2**32 (multiplier 1664525, increment
    1013904223: Press et al., Numerical Recipes); the first eight numbers are thrown away.
    """
    modulus = 2**32
    state = seed % modulus
    skipped = 0
    while True:
        state = (1664525 * state + 1013904223) % modulus
        skipped += 1
        if skipped > 8:
            yield state, modulus


def draw_numbers(seed: int) -> dict[str, Any]:
    """Draw the numbers of a layer: small integers that can be added in the head.

    seed: which draw; the same seed gives the same numbers, here and in the figure's module.
    Returns ``input`` (3, 5, 5) from 0 to 3, ``weights`` (3, 3, 3, 3) from -2 to 2 and ``biases``
    (3,) from -3 to 3, as nested lists.
    """
    stream = random_integers(seed)

    def draw(low: int, high: int) -> int:
        state, modulus = next(stream)
        return low + state * (high - low + 1) // modulus

    def square(side: int, low: int, high: int) -> list[list[int]]:
        return [[draw(low, high) for _ in range(side)] for _ in range(side)]

    return {
        "input": [square(SIDE, 0, 3) for _ in range(CHANNELS)],
        "weights": [[square(KERNEL, -2, 2) for _ in range(CHANNELS)] for _ in range(FILTERS)],
        "biases": [draw(-3, 3) for _ in range(FILTERS)],
    }


class ConvLayer(Figure):
    """A convolutional layer with every number visible: stride 1, no padding.

    ``seed`` draws new numbers; ``input``, ``weights`` and ``biases`` can also be set from Python
    as nested lists of the same shapes. ``channels`` and ``filters`` say how many are used.
    """

    seed = traitlets.Int(1, min=0, max=2**32 - 1).tag(sync=True)
    input: Any = traitlets.List().tag(sync=True)
    weights: Any = traitlets.List().tag(sync=True)
    biases: Any = traitlets.List().tag(sync=True)
    channels = traitlets.Int(3, min=1, max=CHANNELS).tag(sync=True)
    filters = traitlets.Int(2, min=1, max=FILTERS).tag(sync=True)
    filter = traitlets.Int(0, min=0, max=FILTERS - 1).tag(sync=True)
    row = traitlets.Int(0, min=0, max=SIDE - KERNEL).tag(sync=True)
    column = traitlets.Int(0, min=0, max=SIDE - KERNEL).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        """Draw the numbers of ``seed`` for those of input, weights and biases not given."""
        super().__init__(**{**draw_numbers(int(traits.get("seed", 1))), **traits})
        self.observe(self._draw_again, "seed")

    def _draw_again(self, _change: object) -> None:
        with self.hold_sync():
            for name, numbers in draw_numbers(self.seed).items():
                self.set_trait(name, numbers)
