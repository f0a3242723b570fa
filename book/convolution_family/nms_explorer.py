"""The figure "nms explorer": boxes that one can move, and which of them are left."""

from __future__ import annotations

from typing import Any

import traitlets

from book.figures.figure import Figure

WIDTH, HEIGHT = 100, 60
"""Size of the scene, in its own units."""

BOXES = [
    [12, 12, 46, 50],
    [17, 10, 51, 48],
    [8, 18, 42, 54],
    [44, 14, 78, 52],
    [49, 10, 83, 48],
    [39, 8, 73, 44],
]
SCORES = [0.93, 0.74, 0.58, 0.88, 0.69, 0.41]
OBJECTS = [[29, 31, 16], [63, 32, 16]]
"""Two disks as center and radius: the objects that the boxes are about."""


class NmsExplorer(Figure):
    """Boxes with scores, the IoU of each with the better ones, and what suppression leaves.

    ``boxes``: left, top, right, bottom. ``threshold``: in hundredths, the largest IoU that two
    boxes that stay may have. ``chosen``: the box that keys move.
    """

    boxes: Any = traitlets.List(BOXES).tag(sync=True)
    scores: Any = traitlets.List(SCORES).tag(sync=True)
    objects: Any = traitlets.List(OBJECTS).tag(sync=True)
    size: Any = traitlets.List([WIDTH, HEIGHT]).tag(sync=True)
    threshold = traitlets.Int(50, min=0, max=100).tag(sync=True)
    chosen = traitlets.Int(1, min=0).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        """Refuse boxes without an area, and scores that are not one for each box."""
        super().__init__(**traits)
        if len(self.scores) != len(self.boxes) or len(set(self.scores)) != len(self.scores):
            raise traitlets.TraitError(
                "each box takes a score of its own, different from the others"
            )
        if any(left >= right or top >= bottom for left, top, right, bottom in self.boxes):
            raise traitlets.TraitError("in each box left is smaller than right, top than bottom")
