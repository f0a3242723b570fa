"""The style sheet ``palette.css``: the colors as variables, and the theme's own set from them.

It is made from ``autograder/palette.py``, where colors are chosen; ``course.css`` uses it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from autograder import palette

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


def palette_css() -> str:
    """Return the palette as CSS variables, and the theme's own variables set from it.

    On paper, a page is light whatever theme the screen has.
    """
    blocks = [rule(f'html[data-theme="{theme}"]', palette.PAGE[theme]) for theme in palette.PAGE]
    paper = rule("html[data-theme][data-theme]", palette.PAGE["light"])
    sheet = "\n\n".join([*blocks, f"@media print {{\n{paper}\n}}"])
    return f"/* Made from autograder/palette.py. */\n\n{sheet}\n"


def rule(selector: str, colors: dict[str, str]) -> str:
    """Return the rule that sets the variables from a theme's colors."""
    own = [f"  --course-{name}: {color};" for name, color in colors.items()]
    given = [f"  --{name}: var(--course-{color});" for name, color in THEME_VARIABLES.items()]
    return "\n".join([f"{selector} {{", *own, *given, "}"])


def write_sheet(app: Sphinx) -> None:
    """Write the style sheet into the site, before pages are written."""
    if app.builder.format == "html":
        folder = Path(app.outdir, "_static")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "palette.css").write_text(palette_css(), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("builder-inited", write_sheet)
    app.add_css_file("palette.css", priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
