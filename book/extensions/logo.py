"""The logo of the course, drawn by code: a small picture with a 3 x 3 filter on it.

It stands in the sidebar, and is the icon of every page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from autograder import palette

ICON = "_static/logo-light.svg"
"""The icon of every page, from the site's root: where none is named, browsers ask for another."""


def logo(theme: palette.Theme) -> str:
    """Return the logo as SVG: 4 x 4 pixels of a picture under the outline of a 3 x 3 filter."""
    colors = palette.PAGE[theme]
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


def write_logos(app: Sphinx) -> None:
    """Write the logo of each theme into the site, before pages are written."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static")
    folder.mkdir(parents=True, exist_ok=True)
    for theme in palette.PAGE:
        (folder / f"logo-{theme}.svg").write_text(logo(theme), encoding="utf-8")


def add_icon(
    _app: Sphinx, _pagename: str, _templatename: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Use the logo as the icon of the page."""
    context["favicon_url"] = context["pathto"](ICON, resource=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("builder-inited", write_logos)
    app.connect("html-page-context", add_icon)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
