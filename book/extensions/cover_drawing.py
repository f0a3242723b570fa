"""The directive ``filter-at-work``: the drawing on the first page, with real numbers.

It shows a picture, the filter of the logo, and the filter's responses, computed here. Its colors
stand in ``course.css``, under the names of ``autograder/palette.py``. ``cover-drawing.js`` lets a
reader drag the window and change the filter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

Array: TypeAlias = np.ndarray[Any, np.dtype[np.int_]]

EDGE_FILTER: Array = np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]])
PICTURE: Array = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 0],
        [0, 0, 0, 1, 1, 0, 0],
        [0, 0, 0, 1, 1, 0, 0],
        [0, 0, 0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ]
)
SCRIPT = "cover-drawing.js"
WINDOW = (2, 2)
"""Row and column of the picture where the filter lies in the drawing."""


def responses(picture: Array, weights: Array) -> Array:
    """Return the filter's dot product with the picture at every position where it fits."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, weights.shape)
    return np.asarray(np.einsum("ijkl,kl->ij", windows, weights))


def minus(number: int) -> str:
    """Write a whole number with a true minus sign."""
    return str(number).replace("-", "−")


def cells(
    numbers: Array, left: float, top: float, color: Callable[[int], str], side: int = 20
) -> Iterator[str]:
    """Draw a grid of numbers, one SVG square and one text each."""
    for row, column in np.ndindex(*numbers.shape):
        value = int(numbers[row, column])
        x, y = left + column * side, top + row * side
        yield (
            f'<g class="{color(value)}"><rect x="{x}" y="{y}" width="{side}" height="{side}"/>'
            f'<text x="{x + side // 2}" y="{y + side // 2}" dy=".35em">{minus(value)}</text></g>'
        )


def signed(largest: int) -> Callable[[int], str]:
    """Return the class of a signed number's cell: its sign, and how strong it is in thirds."""

    def name(value: int) -> str:
        kind = "positive" if value > 0 else "negative" if value < 0 else "zero"
        return f"{kind} strength-{round(3 * abs(value) / largest)}"

    return name


def filter_at_work() -> str:
    """Return a figure: a picture, a filter, and the filter's responses, computed here."""
    response = responses(PICTURE, EDGE_FILTER)
    row, column = WINDOW
    rows, columns = EDGE_FILTER.shape
    window = PICTURE[row : row + rows, column : column + columns]
    value = minus(int(response[row, column]))
    label = (
        f"A {PICTURE.shape[0]} by {PICTURE.shape[1]} picture of the letter T, a {rows} by "
        f"{columns} filter, and its {response.shape[0]} by {response.shape[1]} responses. One "
        f"position of the filter is outlined on the picture; its response is {value}."
    )
    parts = [
        '<g class="cover-picture">',
        *cells(PICTURE, 2, 20, lambda pixel: "pixel-light" if pixel else "pixel-dark"),
        '</g><g class="cover-filter">',
        *cells(EDGE_FILTER, 178, 60, signed(1)),
        '</g><g class="cover-responses">',
        *cells(response, 274, 40, signed(int(np.abs(response).max()))),
        "</g>",
        f'<rect class="outline cover-window" x="{2 + 20 * column}" y="{20 + 20 * row}" '
        'width="60" height="60"/>',
        '<rect class="outline" x="178" y="60" width="60" height="60" pointer-events="none"/>',
        f'<rect class="outline cover-place" x="{274 + 20 * column}" y="{40 + 20 * row}" '
        'width="20" height="20" pointer-events="none"/>',
        '<text class="sign" x="160" y="90" dy=".35em">⋆</text>',
        '<text class="sign" x="256" y="90" dy=".35em">=</text>',
        '<text class="name" x="72" y="12">picture</text>',
        '<text class="name" x="208" y="52">filter</text>',
        '<text class="name" x="324" y="32">responses</text>',
    ]
    pairs = zip(window.flat, EDGE_FILTER.flat, strict=True)
    products = " + ".join(f"{pixel}·{f'({minus(int(w))})' if w < 0 else w}" for pixel, w in pairs)
    return (
        '<figure class="filter-at-work">'
        f'<svg viewBox="0 0 376 164" role="img" aria-label="{label}">{"".join(parts)}</svg>'
        "<figcaption>Nine products, added up: "
        f'<span class="sum">{products} = {value}</span></figcaption></figure>\n'
    )


class FilterAtWork(SphinxDirective):
    """The directive ``filter-at-work``: the picture of the first page."""

    def run(self) -> list[nodes.Node]:
        """Return the drawing."""
        return [nodes.raw("", filter_at_work(), format="html")]


def add_script(
    app: Sphinx, _pagename: str, _templatename: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Load the script where the drawing is."""
    if 'class="filter-at-work"' in context.get("body", ""):
        app.add_js_file(SCRIPT, loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("filter-at-work", FilterAtWork)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
