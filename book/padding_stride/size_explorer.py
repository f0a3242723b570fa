"""The figure "size explorer": a window with stride, padding and dilation over an input."""

from __future__ import annotations

import traitlets

from book.figures.figure import Figure


class SizeExplorer(Figure):
    """Which positions a window has, and how many windows read each pixel.

    ``height`` and ``width`` of the input, side of the square filter ``kernel``, ``stride``,
    ``padding`` and ``dilation`` are in pixels; ``row`` and ``column`` say which window is shown.
    A filter that fits nowhere is refused in words by the figure itself.
    """

    height = traitlets.Int(6, min=1, max=12).tag(sync=True)
    width = traitlets.Int(8, min=1, max=12).tag(sync=True)
    kernel = traitlets.Int(3, min=1, max=7).tag(sync=True)
    stride = traitlets.Int(2, min=1, max=4).tag(sync=True)
    padding = traitlets.Int(1, min=0, max=3).tag(sync=True)
    dilation = traitlets.Int(1, min=1, max=3).tag(sync=True)
    row = traitlets.Int(0, min=0).tag(sync=True)
    column = traitlets.Int(1, min=0).tag(sync=True)
