"""Places whose windows get the same sizes, so that they can be computed together.

More classes waste less arithmetic, but make smaller batches. Multiplications grow with the area of
the windows; a dynamic program finds the division with the fewest.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

Sizes: TypeAlias = Sequence[Sequence[int]]
"""For each place, how long its windows are along one axis, after every layer."""

Classes: TypeAlias = list[list[int]]
"""Places by number, class by class."""

MOST_CLASSES = 5
"""Into how many classes the places are divided at most, per axis."""

CLASS_COSTS = {"cpu": 3.5e8, "cuda": 1e11}
"""What a class more costs on a device, as the number of multiply-adds that take the same time.

On a GPU, small batches waste more than large windows do.
"""


def best_classes(
    heights: Sizes,
    widths: Sizes,
    work: Sequence[float],
    device_type: str,
    size_classes: int | None = None,
) -> tuple[Classes, Classes]:
    """Return classes of rows and of columns.

    heights, widths: of the windows, for each row and for each column of places.
    work: multiply-adds for one place of each layer's output.
    device_type: such as "cpu"; decides how many classes pay.
    size_classes: at most so many classes per axis; by default as many as pay.

    Raises ValueError if there would be no class.
    """
    most = MOST_CLASSES if size_classes is None else size_classes
    if most < 1:
        raise ValueError(f"size_classes must be at least 1; {size_classes} was given.")
    options = list(zip(_divided(heights, work, most), _divided(widths, work, most), strict=True))
    if size_classes is not None:
        return options[-1]
    class_cost = CLASS_COSTS.get(device_type, CLASS_COSTS["cpu"])

    def cost(classes: tuple[Classes, Classes]) -> float:
        total = 0.0
        for rows, columns in itertools.product(*classes):
            highest = (max(sizes) for sizes in zip(*(heights[i] for i in rows), strict=True))
            widest = (max(sizes) for sizes in zip(*(widths[j] for j in columns), strict=True))
            area = sum(map(math.prod, zip(work, highest, widest, strict=True)))
            total += len(rows) * len(columns) * area + class_cost
        return total

    return min(options, key=cost)


def _divided(sizes: Sizes, work: Sequence[float], most: int) -> list[Classes]:
    """Divide places along an axis so that there is as little as possible to compute.

    Returns the divisions into at most 1, 2, ..., ``most`` classes.
    """
    # What a row more costs: the work of a place times the length of a typical row.
    typical = sorted(sizes, key=sum)[len(sizes) // 2]
    row_costs = [per_place * length for per_place, length in zip(work, typical, strict=True)]

    def cost(members: Sequence[int]) -> float:
        total = 0.0
        for layer, row_cost in enumerate(row_costs):
            total += row_cost * max(sizes[i][layer] for i in members)
        return len(members) * total

    order = sorted(range(len(sizes)), key=lambda i: cost([i]))
    return [
        [[order[i] for i in piece] for piece in division]
        for division in divisions(len(order), most, lambda a, b: cost(order[a:b]))
    ]


def divisions(length: int, most: int, cost: Callable[[int, int], float]) -> list[list[range]]:
    """Cut 0 ... length into at most 1, 2, ..., ``most`` pieces of least total cost.

    By a dynamic program. cost: of the piece from its first number to the one after its last.
    """
    price = {(a, b): cost(a, b) for a in range(length) for b in range(a + 1, length + 1)}
    best = [price[0, b] if b else 0.0 for b in range(length + 1)]
    cuts: list[list[int]] = [[0] * (length + 1)]
    for _ in range(1, most):
        options = [
            min((best[a] + (price[a, b] if a < b else 0.0), a) for a in range(b + 1))
            for b in range(length + 1)
        ]
        best = [total for total, _ in options]
        cuts.append([a for _, a in options])
    pieces = []
    for count in range(1, most + 1):
        ends = [length]
        for cut in reversed(cuts[:count]):
            ends.append(cut[ends[-1]])
        pieces.append([range(a, b) for b, a in pairwise(ends) if a < b])
    return pieces
