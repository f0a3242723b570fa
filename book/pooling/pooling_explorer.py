"""The figure "pooling explorer": a window pools a small picture that can be moved by a pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from book.figures.figure import Figure

SIDE = 12
"""Height and width of the pictures: they divide by 2, 3 and 4."""

RULES = ("max", "avg", "first")


def patterns() -> list[dict[str, Any]]:
    """Return the pictures to choose from: name, label, and numbers from 0 to 9, row by row."""
    row, column = np.indices((SIDE, SIDE))
    plus = np.zeros((SIDE, SIDE), dtype=int)
    plus[4:9, 6] = plus[6, 4:9] = 9
    light = np.full((SIDE, SIDE), 2)
    light[:, 5] = 9
    dark = np.full((SIDE, SIDE), 7)
    dark[:, 5] = 0
    point = np.zeros((SIDE, SIDE), dtype=int)
    point[5, 5] = 8
    photograph = np.random.default_rng(3).integers(0, 9, size=(SIDE, SIDE), endpoint=True)
    patterns = [
        ("plus", "Plus sign", plus),
        ("point", "One point", point),
        ("light", "Light line", light),
        ("dark", "Dark line", dark),
        ("stripes", "Stripes", 8 * (column % 2)),
        ("checkers", "Checkerboard", 8 * ((row + column) % 2)),
        ("wide", "Wide stripes", 8 * (column // 2 % 2)),
        ("noise", "Noise", photograph),
    ]
    return [
        {"name": name, "label": label, "rows": numbers.tolist()}
        for name, label, numbers in patterns
    ]


class PoolingExplorer(Figure):
    """A picture, a window with size and stride, and what pooling makes of it.

    ``rule`` is "max", "avg" or "first" (the top left number of each window: subsampling).
    ``dy`` and ``dx`` move the picture down and to the right; what leaves it comes back on the other
    side. ``row`` and ``column`` choose a number of the result.
    """

    patterns = traitlets.List(traitlets.Dict()).tag(sync=True)
    pattern = traitlets.Unicode("plus").tag(sync=True)
    rule = traitlets.Enum(RULES, "max").tag(sync=True)
    size = traitlets.Int(2, min=1, max=SIDE).tag(sync=True)
    stride = traitlets.Int(2, min=1, max=SIDE).tag(sync=True)
    dy = traitlets.Int(0, min=0, max=SIDE - 1).tag(sync=True)
    dx = traitlets.Int(0, min=0, max=SIDE - 1).tag(sync=True)
    row = traitlets.Int(3, min=0, max=SIDE - 1).tag(sync=True)
    column = traitlets.Int(2, min=0, max=SIDE - 1).tag(sync=True)

    @traitlets.default("patterns")
    def _patterns(self) -> list[dict[str, Any]]:
        return patterns()

    @traitlets.validate("pattern")
    def _known_pattern(self, proposal: dict[str, Any]) -> str:
        names = [pattern["name"] for pattern in self.patterns]
        if proposal["value"] not in names:
            raise traitlets.TraitError(
                f"no pattern {proposal['value']!r}; there are {', '.join(names)}"
            )
        return str(proposal["value"])
