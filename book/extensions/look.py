"""The look of the site: its colors, its logo, and the picture on the first page, drawn by code.

``PALETTE`` is the one place where colors are chosen. ``palette.css`` is made from it, and the
tests compute the contrast of every pair in ``READABLE``. The logo is a small picture with a
3 x 3 filter on it; the picture on the first page shows that filter at work, with real numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ICON = "_static/logo-light.svg"
"""The icon of every page, from the site's root: where none is named, browsers ask for another."""

Theme: TypeAlias = Literal["light", "dark"]
Array: TypeAlias = np.ndarray[Any, np.dtype[np.int_]]

PALETTE: dict[Theme, dict[str, str]] = {
    "light": {
        "paper": "#ffffff",
        "raised": "#f4f6fa",
        "tint": "#e2ecf9",
        "line": "#cfd6e2",
        "text": "#1c2333",
        "quiet": "#4c576b",
        "link": "#0b57a8",
        "link-hover": "#08407c",
        "strong-fill": "#0b57a8",
        "on-strong-fill": "#ffffff",
        "code": "#8f3b00",
        "mark": "#ffe3c2",
        "positive": "#a84600",
        "positive-fill": "#ffd2a3",
        "negative": "#0b57a8",
        "negative-fill": "#bddcff",
        "pixel-dark": "#4c576b",
        "on-pixel-dark": "#ffffff",
        "pixel-light": "#eef1f6",
        "on-pixel-light": "#1c2333",
        "focus": "#a84600",
        "good": "#1c6b34",
        "bad": "#b0212b",
    },
    "dark": {
        "paper": "#12161f",
        "raised": "#1c2230",
        "tint": "#1d3253",
        "line": "#3b465a",
        "text": "#e4e9f2",
        "quiet": "#aab5c6",
        "link": "#86b9ff",
        "link-hover": "#b5d4ff",
        "strong-fill": "#86b9ff",
        "on-strong-fill": "#0c1118",
        "code": "#ffb877",
        "mark": "#5a3a12",
        "positive": "#ffb066",
        "positive-fill": "#6b3800",
        "negative": "#86b9ff",
        "negative-fill": "#12437d",
        "pixel-dark": "#303a4d",
        "on-pixel-dark": "#ffffff",
        "pixel-light": "#dde3ed",
        "on-pixel-light": "#1c2333",
        "focus": "#ffb066",
        "good": "#74cf90",
        "bad": "#ff8f93",
    },
}

READABLE = (
    *(
        (ink, ground)
        for ink in ("text", "quiet", "link", "link-hover", "code", "good", "bad")
        for ground in ("paper", "raised", "tint")
    ),
    ("on-strong-fill", "strong-fill"),
    ("on-strong-fill", "link-hover"),
    ("on-pixel-dark", "pixel-dark"),
    ("on-pixel-light", "pixel-light"),
    ("text", "mark"),
    ("text", "positive-fill"),
    ("text", "negative-fill"),
    ("positive", "paper"),
    ("negative", "paper"),
)
"""Pairs of ink and ground that carry text: their contrast is 4.5 or more in both themes."""

THEME_VARIABLES = {
    "pst-color-background": "paper",
    "pst-color-on-background": "raised",
    "pst-color-surface": "raised",
    "pst-color-on-surface": "text",
    "pst-color-border": "line",
    "pst-color-border-muted": "line",
    "pst-color-text-base": "text",
    "pst-color-text-muted": "quiet",
    "pst-color-heading": "text",
    "pst-color-primary": "link",
    "pst-color-primary-text": "on-strong-fill",
    "pst-color-primary-highlight": "link-hover",
    "pst-color-primary-bg": "tint",
    "pst-color-secondary": "link-hover",
    "pst-color-secondary-text": "on-strong-fill",
    "pst-color-accent": "positive",
    "pst-color-link": "link",
    "pst-color-link-hover": "link-hover",
    "pst-color-link-higher-contrast": "link-hover",
    "pst-color-inline-code": "code",
    "pst-color-target": "mark",
    "pst-color-info": "link",
    "pst-color-info-bg": "tint",
    "pst-color-success": "good",
    "pst-color-danger": "bad",
    "mystnb-source-margin-color": "link",
    "mystnb-source-border-color": "line",
    "mystnb-source-bg-color": "raised",
    "mystnb-stdout-bg-color": "raised",
    "pst-color-table-heading-bg": "raised",
    "pst-color-table-row-zebra-low-bg": "raised",
    "pst-color-table-row-hover-bg": "mark",
}
"""The theme's own variables, and the color of the palette that each of them takes."""

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
WINDOW = (2, 2)
"""Row and column of the picture where the filter lies in the drawing."""


def luminance(color: str) -> float:
    """Return the relative luminance of ``#rrggbb``, by WCAG 2."""
    shares = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(ink: str, ground: str) -> float:
    """Return the contrast of two colors ``#rrggbb``, from 1 to 21, by WCAG 2."""
    darker, lighter = sorted((luminance(ink), luminance(ground)))
    return (lighter + 0.05) / (darker + 0.05)


def palette_css() -> str:
    """Return the palette as CSS variables, and the theme's own variables set from it."""
    blocks = ["/* Made from book/extensions/look.py. */"]
    for theme, colors in PALETTE.items():
        own = [f"  --course-{name}: {color};" for name, color in colors.items()]
        given = [f"  --{name}: var(--course-{color});" for name, color in THEME_VARIABLES.items()]
        blocks.append("\n".join([f'html[data-theme="{theme}"] {{', *own, *given, "}"]))
    return "\n\n".join(blocks) + "\n"


def logo(theme: Theme) -> str:
    """Return the logo as SVG: 4 x 4 pixels of a picture under the outline of a 3 x 3 filter."""
    colors = PALETTE[theme]
    fills = {1: colors["positive"], -1: colors["negative"], 0: colors["line"]}
    cells = [
        f'<rect x="{2 + 11 * x}" y="{2 + 11 * y}" width="10" height="10" rx="1.5" '
        f'fill="{fills[value]}"/>'
        for y in range(4)
        for x, value in enumerate((1, 0, -1, 0) if y < 3 else (0, 0, 0, 0))
    ]
    outline = (
        f'<rect x="1" y="1" width="34" height="34" rx="3" fill="none" '
        f'stroke="{colors["text"]}" stroke-width="2"/>'
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 47 47" width="94" height="94">'
        f"{''.join(cells)}{outline}</svg>\n"
    )


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
        *cells(PICTURE, 2, 20, lambda one: "pixel-light" if one else "pixel-dark"),
        *cells(EDGE_FILTER, 178, 60, signed(1)),
        *cells(response, 274, 40, signed(int(np.abs(response).max()))),
        f'<rect class="outline" x="{2 + 20 * column}" y="{20 + 20 * row}" width="60" height="60"/>',
        '<rect class="outline" x="178" y="60" width="60" height="60"/>',
        f'<rect class="outline" x="{274 + 20 * column}" y="{40 + 20 * row}" width="20" '
        'height="20"/>',
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


def write_files(app: Sphinx) -> None:
    """Write style sheet, logo and icon into the site, before pages are written."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static")
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "palette.css": palette_css(),
        "logo-light.svg": logo("light"),
        "logo-dark.svg": logo("dark"),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def add_icon(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Use the logo as the icon of the page."""
    context["favicon_url"] = context["pathto"](ICON, resource=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("builder-inited", write_files)
    app.connect("html-page-context", add_icon)
    app.add_directive("filter-at-work", FilterAtWork)
    app.add_css_file("palette.css", priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
