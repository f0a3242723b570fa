"""The figure "transposed explorer": where the windows of a transposed convolution lie."""

from __future__ import annotations

import traitlets

from book.figures.figure import Figure


class TransposedExplorer(Figure):
    """How many windows each pixel of the output lies in, and which one is the chosen number's.

    Input of ``size`` x ``size`` numbers, square filter of side ``kernel``, ``stride`` and
    ``padding``; ``row`` and ``column`` choose a number of the input. An output without pixels is
    refused in words by the figure itself.
    """

    size = traitlets.Int(4, min=1, max=6).tag(sync=True)
    kernel = traitlets.Int(3, min=1, max=6).tag(sync=True)
    stride = traitlets.Int(2, min=1, max=4).tag(sync=True)
    padding = traitlets.Int(0, min=0, max=2).tag(sync=True)
    row = traitlets.Int(1, min=0).tag(sync=True)
    column = traitlets.Int(1, min=0).tag(sync=True)
