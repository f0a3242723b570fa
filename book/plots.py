"""Drawing for the pages of the book: pictures, signed maps, number grids and curves.

A figure is a row of panels that wraps on a narrow screen. Pictures are gray or in color. A
signed map is drawn from transparent (zero) to orange (positive) and blue (negative), so that zero
is the background of the page in the light and in the dark theme. Text and lines take the text
color of the page. Every figure needs an alternative text.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, TypeAlias

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from autograder import palette

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Window: TypeAlias = tuple[int, int, int, int]

POSITIVE_COLOR = palette.MAP_POSITIVE
NEGATIVE_COLOR = palette.MAP_NEGATIVE
POSITIVE = palette.rgb(POSITIVE_COLOR)
NEGATIVE = palette.rgb(NEGATIVE_COLOR)
INK = palette.TEXT_STAND_IN

_LEVELS = 31  # steps on each side of zero in a signed map
_OPACITY_EXPONENT = 0.75  # below 1, so that weak responses can still be seen
_PHOTOGRAPH = 64  # from this width on, a picture is stored as JPEG and drawn smoothly
_CELL = 40  # side of one cell of a number grid, in units of its viewBox
_MARGIN = 3
_STYLE = """<style>
.drawing{display:flex;flex-wrap:wrap;justify-content:center;align-items:center;gap:.9rem 1rem;
margin:.3rem 0;color:inherit}
.drawing .panel{flex:0 1 auto;max-width:100%;text-align:center;line-height:1.25}
.drawing .panel-body{position:relative;max-width:100%;margin:0 auto}
.drawing .panel-row{display:flex;align-items:center;gap:.6rem}
.drawing .new-row{flex-basis:100%;height:0;margin-top:-.9rem}
.drawing .marks{position:absolute;inset:0}
.drawing .panel-title{font-size:.9rem;margin-bottom:.3rem}
.drawing .panel-note{font-size:.8rem;margin-top:.3rem}
.drawing .sign{font-size:1.6rem;line-height:1}
.drawing svg,.drawing img{display:block;width:100%;height:auto}
.wide-table{overflow-x:auto}
html .wide-table th,html .wide-table td{padding:.35rem .5rem}
@media (max-width:500px){html .wide-table table{font-size:.85rem}}
html .bd-content div.cell_output .text_html:has(> .drawing,> .wide-table){overflow:visible;
background:none!important;color:inherit!important;padding:0!important}
html .drawing img,html .bd-content div.cell_output .drawing img{padding:0;margin:0;
border-radius:0;color:inherit;background:none!important;
box-shadow:0 0 0 1px color-mix(in srgb,currentColor 35%,transparent)}
</style>"""


@dataclass(frozen=True)
class Panel:
    """One part of a figure: a body of HTML, with a title above and a note below.

    width: preferred width of the body in pixels; 0 lets the body decide.
    new_row: nothing is drawn; the next panel starts a new row.
    """

    body: str
    title: str = ""
    note: str = ""
    width: int = 0
    new_row: bool = False

    def html(self) -> str:
        """Return the panel as HTML."""
        if self.new_row:
            return '<div class="new-row"></div>'
        size = f' style="width:{self.width}px"' if self.width else ""
        title = f'<div class="panel-title">{escape(self.title)}</div>' if self.title else ""
        note = f'<div class="panel-note">{escape(self.note)}</div>' if self.note else ""
        body = f'<div class="panel-body"{size}>{self.body}</div>'
        return f'<div class="panel">{title}{body}{note}</div>'


@dataclass(frozen=True)
class Drawing:
    """A finished figure; Jupyter and the book show it through ``_repr_html_``."""

    panels: tuple[Panel, ...]
    alt: str

    def _repr_html_(self) -> str:
        inside = "".join(panel.html() for panel in self.panels)
        label = escape(self.alt)
        return f'{_STYLE}<div class="drawing" role="img" aria-label="{label}">{inside}</div>'

    def __repr__(self) -> str:
        return f"[figure: {self.alt}]"


def show(*panels: Panel, alt: str) -> Drawing:
    """Put panels side by side into one figure.

    alt: what the figure shows, in words, for readers who do not see it.
    """
    if not alt.strip():
        raise ValueError("a figure needs an alternative text")
    return Drawing(panels, alt)


def picture(
    values: Array,
    title: str = "",
    note: str = "",
    *,
    low: float = 0.0,
    high: float | None = None,
    width: int = 200,
    marks: Sequence[tuple[int, int]] = (),
) -> Panel:
    """Draw a gray picture (H, W) or a color picture (H, W, 3); low is black, high is white.

    high: by default the largest value.
    marks: pixels (row, column) to put a ring around.
    """
    top = float(np.max(values)) if high is None else high
    span = max(top - low, 1e-12)
    bytes_ = np.round(np.clip((np.asarray(values, float) - low) / span, 0, 1) * 255)
    image = Image.fromarray(bytes_.astype(np.uint8))
    body = _image(image, title) + _rings(marks, image.width, image.height)
    return Panel(body, title, note, width)


def response(
    values: Array,
    title: str = "",
    note: str = "",
    *,
    limit: float | None = None,
    width: int = 200,
) -> Panel:
    """Draw a signed map (H, W): orange above zero, blue below, transparent at zero.

    limit: the absolute value drawn in full color; by default the largest one.
    """
    image = response_image(values, _limit(values, limit))
    return Panel(_image(image, title), title, note, width)


def response_image(values: Array, limit: float) -> Image.Image:
    """Return a signed map (H, W) as an image of the same size, in the colors of ``response``.

    limit: the absolute value drawn in full color.
    """
    levels = np.round(np.clip(np.asarray(values, float) / limit, -1, 1) * _LEVELS) + _LEVELS
    image = Image.fromarray(levels.astype(np.uint8), mode="P")
    colors = [NEGATIVE] * _LEVELS + [(127, 127, 127)] + [POSITIVE] * _LEVELS
    image.putpalette([part for color in colors for part in color])
    image.info["transparency"] = bytes(
        round(255 * (abs(level) / _LEVELS) ** _OPACITY_EXPONENT)
        for level in range(-_LEVELS, _LEVELS + 1)
    )
    return image


def numbers(
    values: Array,
    title: str = "",
    note: str = "",
    *,
    signed: bool = False,
    limit: float | None = None,
    window: Window | None = None,
    decimals: int = 0,
    cell: int = 32,
) -> Panel:
    """Draw a small array (H, W) as a grid in which every number can be read.

    signed: color by sign, as in ``response``; otherwise from black (0) to white (limit).
    window: (top, left, height, width) of a part to frame.
    cell: preferred side of one cell in pixels.
    """
    grid = np.atleast_2d(np.asarray(values, float))
    rows, columns = grid.shape
    top = _limit(grid, limit)
    parts: list[str] = []
    for i in range(rows):
        for j in range(columns):
            value = float(grid[i, j])
            fill, opacity, ink = _cell_colors(value / top, signed)
            x, y = j * _CELL, i * _CELL
            parts.append(
                f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="{fill}" '
                f'fill-opacity="{opacity:.2f}" stroke="currentColor" stroke-opacity=".35"/>'
                f'<text x="{x + _CELL / 2:g}" y="{y + _CELL * 0.65:g}" fill="{ink}">'
                f"{_number(value, decimals)}</text>"
            )
    if window is not None:
        y, x, height, width = (part * _CELL for part in window)
        parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" '
            f'stroke="{POSITIVE_COLOR}" stroke-width="5"/>'
        )
    box = f"{-_MARGIN} {-_MARGIN} {columns * _CELL + 2 * _MARGIN} {rows * _CELL + 2 * _MARGIN}"
    size = max(11.0, 17 - 2.2 * max(0, _longest(grid, decimals) - 2))
    body = (
        f'<svg viewBox="{box}" font-family="inherit" font-size="{size:g}" text-anchor="middle">'
        + "".join(parts)
        + "</svg>"
    )
    return Panel(body, title, note, columns * cell + 2 * _MARGIN)


def group(*panels: Panel, title: str = "", note: str = "") -> Panel:
    """Join panels that belong together into one, which is never torn apart by a narrow screen."""
    inside = "".join(panel.html() for panel in panels)
    return Panel(f'<div class="panel-row">{inside}</div>', title, note)


def new_row() -> Panel:
    """Start a new row of panels."""
    return Panel("", new_row=True)


def sign(text: str) -> Panel:
    """Put a sign such as ``=`` between two panels."""
    return Panel(f'<div class="sign">{escape(text)}</div>')


def legend(
    limit: float, low: str = "", high: str = "", *, signed: bool = True, width: int = 260
) -> Panel:
    """Draw the color scale of signed maps, with the limit at both ends.

    low, high: words added under the two ends.
    signed: False leaves out the negative half.
    """
    colors = [NEGATIVE_COLOR, "transparent", POSITIVE_COLOR][0 if signed else 1 :]
    texts = [f"{_number(-limit, 2)} {low}", "0", f"{high} +{_number(limit, 2)}"]
    body = (
        f'<div style="height:.7rem;background:linear-gradient(90deg,{",".join(colors)});'
        'box-shadow:0 0 0 1px color-mix(in srgb,currentColor 35%,transparent)"></div>'
        '<div style="display:flex;justify-content:space-between;font-size:.8rem">'
    )
    body += "".join(f"<span>{escape(text)}</span>" for text in texts[0 if signed else 1 :])
    return Panel(body + "</div>", width=width)


def chart(width: float = 4.8, height: float = 2.9) -> tuple[Figure, Axes]:
    """Return an empty chart whose lines and text will take the text color of the page.

    width, height: in inches. Keep them small: the text must stay readable on a phone.
    """
    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "book",
        "font.family": "sans-serif",
        "font.size": 10,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.linewidth": 2,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    return figure, axes


def drawn_chart(figure: Figure, title: str = "", note: str = "", *, width: int = 500) -> Panel:
    """Turn a chart into a panel: scalable, and readable in both themes."""
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "book"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    return Panel(svg, title, note, width)


@dataclass(frozen=True)
class Table:
    """A table of words and numbers; columns after the first are aligned to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    label: str

    def _repr_html_(self) -> str:
        def line(cells: Sequence[str], tag: str) -> str:
            sides = ["left", *["right"] * (len(cells) - 1)]
            inside = "".join(
                f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>'
                for cell, side in zip(cells, sides, strict=True)
            )
            return f"<tr>{inside}</tr>"

        body = "".join(line(row, "td") for row in self.rows)
        return (
            f'{_STYLE}<div class="wide-table" role="region" tabindex="0" '
            f'aria-label="{escape(self.label)}"><table class="dataframe table">'
            f"<thead>{line(self.head, 'th')}</thead><tbody>{body}</tbody></table></div>"
        )

    def __repr__(self) -> str:
        return "\n".join("  ".join(row) for row in (self.head, *self.rows))


def table(head: Sequence[str], rows: Sequence[Sequence[str | int | float]], *, label: str) -> Table:
    """Make a table; numbers get separators, and at most two decimals.

    label: what the table is, for readers who do not see it.
    """

    def write(value: str | int | float) -> str:
        if isinstance(value, str):
            return value
        return _number(value, 2)

    return Table(tuple(head), tuple(tuple(write(value) for value in row) for row in rows), label)


def show_maps(
    values: Sequence[Array],
    titles: Sequence[str],
    *,
    alt: str,
    notes: Sequence[str] = (),
    limit: float | None = None,
    width: int = 200,
) -> Drawing:
    """Draw signed maps on one common color scale, with its legend.

    limit: the absolute value drawn in full color; by default the largest one of all maps.
    """
    top = max(_limit(value, None) for value in values) if limit is None else limit
    words = list(notes) or [""] * len(titles)
    panels = [
        response(value, title, note, limit=top, width=width)
        for value, title, note in zip(values, titles, words, strict=True)
    ]
    signed = min(float(np.min(value)) for value in values) < 0
    return show(*panels, new_row(), legend(top, signed=signed), alt=alt)


def _limit(values: Array, limit: float | None) -> float:
    """Return the value drawn in full color, never zero."""
    top = float(np.max(np.abs(values))) if limit is None else limit
    return top if top > 0 else 1.0


def _number(value: float, decimals: int) -> str:
    """Write a number as a reader would: a true minus, no needless zeros."""
    text = f"{value:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "−")


def _longest(grid: Array, decimals: int) -> int:
    return max(len(_number(float(value), decimals)) for value in grid.flat)


def _cell_colors(share: float, signed: bool) -> tuple[str, float, str]:
    """Return fill, its opacity and the color of the number for one cell."""
    if signed:
        fill = POSITIVE_COLOR if share > 0 else NEGATIVE_COLOR
        return fill, 0.5 * min(abs(share), 1.0), "currentColor"
    gray = round(255 * min(max(share, 0.0), 1.0))
    return f"rgb({gray},{gray},{gray})", 1.0, palette.BLACK if gray > 127 else palette.WHITE


def _image(image: Image.Image, alt: str) -> str:
    """Return an HTML image with its pixels inside; small pictures keep their square pixels."""
    buffer = io.BytesIO()
    if image.mode == "P":
        transparency = image.info["transparency"]
        image.save(buffer, format="PNG", optimize=True, transparency=transparency)
    elif image.width < _PHOTOGRAPH:
        image.save(buffer, format="PNG", optimize=True)
    else:
        image.save(buffer, format="JPEG", quality=88, optimize=True)
    kind = "jpeg" if image.mode != "P" and image.width >= _PHOTOGRAPH else "png"
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    crisp = ' style="image-rendering:pixelated"' if image.width < _PHOTOGRAPH else ""
    return (
        f'<img class="dark-light" alt="{escape(alt)}"{crisp} src="data:image/{kind};base64,{data}">'
    )


def _rings(marks: Sequence[tuple[int, int]], columns: int, rows: int) -> str:
    """Return an overlay with a ring around every marked pixel."""
    if not marks:
        return ""
    radius = max(rows, columns) / 32
    rings = "".join(
        f'<circle cx="{column + 0.5:g}" cy="{row + 0.5:g}" r="{radius:.2f}"/>'
        for row, column in marks
    )
    return (
        f'<svg class="marks" viewBox="0 0 {columns} {rows}" fill="none" '
        f'stroke="{POSITIVE_COLOR}" stroke-width="{radius / 2.5:.2f}">{rings}</svg>'
    )
