"""The figure "column explorer": windows of a picture as the columns of a matrix."""

from __future__ import annotations

from typing import Any

import traitlets

from book.figures.figure import Figure

PICTURE = [[1, 0, 2, 1, 3], [4, 1, 0, 2, 1], [0, 3, 1, 5, 0], [2, 1, 4, 0, 1]]
"""A picture of 4 x 5 pixels: few enough to see all windows at once."""

FILTER = [[1, 0, -1, 2, 0], [2, -1, 0, 1, -2], [0, 1, -2, 0, 1], [1, 1, 0, -1, 0], [0, 2, 1, 0, -1]]
"""The weights; a window of HH x WW uses the first HH rows and WW columns."""


class ColumnExplorer(Figure):
    """A picture, the matrix that im2col makes of it, and its product with one filter.

    ``height`` and ``width`` (1 to 5) are those of the window, ``column`` is the chosen column.
    """

    picture: Any = traitlets.List(PICTURE).tag(sync=True)
    filter: Any = traitlets.List(FILTER).tag(sync=True)
    height = traitlets.Int(2, min=1, max=5).tag(sync=True)
    width = traitlets.Int(2, min=1, max=5).tag(sync=True)
    stride = traitlets.Int(1, min=1, max=3).tag(sync=True)
    padding = traitlets.Int(0, min=0, max=2).tag(sync=True)
    column = traitlets.Int(5, min=0).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        """Refuse, in words, a window that does not fit into the picture with its padding."""
        super().__init__(**traits)
        rows, columns = len(self.picture), len(self.picture[0])
        if self.height > rows + 2 * self.padding or self.width > columns + 2 * self.padding:
            raise traitlets.TraitError(
                f"a window of {self.height} x {self.width} does not fit into {rows} x {columns} "
                f"pixels with padding {self.padding}"
            )
