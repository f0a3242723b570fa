"""What other programs and lost readers find: a social card, a map of the site, a page 404.

They need the site's address, which is one setting, ``site`` in ``course.toml``. Without it the card
is made, and no page names it; there is no map of the site; and the page 404 leads to the root of
its host.
"""

from __future__ import annotations

import html
import io
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from docutils import nodes
from matplotlib.figure import Figure
from sphinx.application import Sphinx

from autograder import palette
from autograder.course_settings import load_course_settings
from book.extensions import cover_drawing
from book.extensions.course_setup import COURSE_ROOT
from book.extensions.logo import ICON, logo
from book.extensions.page_facts import day_of_change

CARD = "_static/card.png"
CARD_SIZE = (1200, 630)
"""Pixels, as https://ogp.me readers expect them."""

LONGEST_DESCRIPTION = 200
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"

MISSING = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<base href="{base}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Page not found - {title}</title>
<link rel="icon" href="{icon}">
<style>
body {{ margin: 10vh auto; max-width: 36rem; padding: 0 1rem; font: 1.1rem/1.5 system-ui,
  sans-serif; background: {paper}; color: {text}; }}
a {{ color: {link}; }}
@media (prefers-color-scheme: dark) {{
  body {{ background: {dark_paper}; color: {dark_text}; }}
  a {{ color: {dark_link}; }}
}}
</style>
</head>
<body><main>
{logo}<h1>There is no such page</h1>
<p>Perhaps it has moved. Here is the <a href="{root}">first page of the course</a>, and here
are its chapters:</p>
<ul>
{chapters}
</ul>
<p>Or <a href="search.html">search</a> for it.</p>
</main></body>
</html>
"""


def card(title: str) -> bytes:
    """Return the social card as PNG: the title, and the drawing of the first page."""
    colors = palette.PAGE["light"]
    width, height = CARD_SIZE
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor=colors["paper"])
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    axes.text(60, 110, title, fontsize=33, fontweight="bold", color=colors["text"], va="center")
    response = cover_drawing.responses(cover_drawing.PICTURE, cover_drawing.EDGE_FILTER)
    side, (row, column) = 50, cover_drawing.WINDOW
    size = len(cover_drawing.EDGE_FILTER)
    parts = (
        (cover_drawing.PICTURE, 60, 210, (row, column, size)),
        (cover_drawing.EDGE_FILTER, 510, 310, (0, 0, size)),
        (response, 760, 260, (row, column, 1)),
    )
    for numbers, left, top, (first, start, length) in parts:
        picture = numbers is cover_drawing.PICTURE
        strongest = max(abs(int(number)) for number in numbers.flat)
        for (i, j), number in ((index, int(numbers[index])) for index in cells(numbers)):
            fill, ink, alpha = cell_colors(colors, number, strongest, picture)
            corner = (left + side * j, top + side * i)
            square(axes, corner, side, colors["raised"], colors["paper"])
            square(axes, corner, side, fill, colors["paper"], alpha)
            middle = (corner[0] + side / 2, corner[1] + side / 2)
            label = cover_drawing.minus(number)
            axes.text(*middle, label, color=ink, fontsize=17, ha="center", va="center")
        outline = (left + side * start, top + side * first)
        square(axes, outline, side * length, "none", colors["focus"], width=5)
    axes.text(460, 385, "⋆", fontsize=34, ha="center", va="center", color=colors["text"])
    axes.text(710, 385, "=", fontsize=34, ha="center", va="center", color=colors["text"])
    out = io.BytesIO()
    figure.savefig(out, metadata={"Software": None})
    return out.getvalue()


def cells(numbers: cover_drawing.Array) -> list[tuple[int, int]]:
    """Return the rows and columns of all cells of a grid."""
    rows, columns = numbers.shape
    return [(i, j) for i in range(rows) for j in range(columns)]


def cell_colors(
    colors: dict[str, str], number: int, strongest: int, picture: bool
) -> tuple[str, str, float]:
    """Return the colors of a cell and of its number, and how much of the first."""
    if picture:
        kind = "pixel-light" if number else "pixel-dark"
        return colors[kind], colors[f"on-{kind}"], 1
    kind = "positive-fill" if number > 0 else "negative-fill" if number < 0 else "raised"
    return colors[kind], colors["text"], 0.3 + 0.7 * abs(number) / strongest


def square(
    axes: Any,
    corner: tuple[float, float],
    side: float,
    fill: str,
    edge: str,
    alpha: float = 1,
    width: float = 2,
) -> None:
    """Draw a square."""
    x, y = (corner[0], corner[0] + side), (corner[1], corner[1] + side)
    corners = ([x[0], x[1], x[1], x[0]], [y[0], y[0], y[1], y[1]])
    if fill != "none":
        axes.fill(*corners, color=fill, alpha=alpha, linewidth=0)
    axes.plot([*corners[0], x[0]], [*corners[1], y[0]], color=edge, linewidth=width)


def description_of(doctree: nodes.document) -> str:
    """Return the first paragraph of a page, cut off at a word."""
    paragraphs = (
        " ".join(paragraph.astext().split())
        for paragraph in doctree.findall(nodes.paragraph)
        if "reading-time" not in paragraph["classes"]
    )
    text = next(filter(None, paragraphs), "")
    if len(text) <= LONGEST_DESCRIPTION:
        return text
    return text[: LONGEST_DESCRIPTION + 1].rsplit(" ", 1)[0] + " …"


def add_tags(
    app: Sphinx, pagename: str, _templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Describe the page to those who show a link to it."""
    if doctree is None:
        return
    site = app.config.html_baseurl
    tags = {
        "description": description_of(doctree),
        "og:title": html.unescape(nodes.Text(context["title"]).astext()),
        "og:type": "article",
        "og:site_name": app.config.html_title,
    }
    if site:
        tags |= {
            "og:url": urljoin(site, app.builder.get_target_uri(pagename)),
            "og:image": urljoin(site, CARD),
            "og:image:alt": "A small picture, a filter of 3 x 3 numbers, and its responses.",
            "twitter:card": "summary_large_image",
        }
    lines = (
        f'<meta {"property" if ":" in name else "name"}="{name}" '
        f'content="{html.escape(text, quote=True)}" />'
        for name, text in tags.items()
    )
    context["metatags"] = "\n".join([context.get("metatags", ""), *lines, ""])


def write_card(app: Sphinx) -> None:
    """Draw the social card."""
    if app.builder.format == "html":
        path = Path(app.outdir, CARD)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(card(app.config.html_title))


def sitemap(app: Sphinx) -> bytes:
    """Return the map of the site: the address of each page, and the day of its last change."""
    ET.register_namespace("", SITEMAP)
    root = ET.Element(f"{{{SITEMAP}}}urlset")
    for page in sorted(app.env.found_docs):
        entry = ET.SubElement(root, f"{{{SITEMAP}}}url")
        address = urljoin(app.config.html_baseurl, app.builder.get_target_uri(page))
        ET.SubElement(entry, f"{{{SITEMAP}}}loc").text = address
        if day := day_of_change(Path(app.env.doc2path(page))):
            ET.SubElement(entry, f"{{{SITEMAP}}}lastmod").text = day
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def missing_page(app: Sphinx) -> str:
    """Return the page 404. A host shows it at any address, so it holds all that it needs."""
    base = urlsplit(app.config.html_baseurl or "/").path or "/"
    root = app.config.root_doc
    chapters = [
        f'<li><a href="{app.builder.get_target_uri(page)}">'
        f"{html.escape(app.env.titles[page].astext())}</a></li>"
        for page in app.env.toctree_includes.get(root, [])
    ]
    light, dark = palette.PAGE["light"], palette.PAGE["dark"]
    return MISSING.format(
        title=html.escape(app.config.html_title),
        icon=ICON,
        logo=logo("light"),
        base=base,
        root=app.builder.get_target_uri(root),
        chapters="\n".join(chapters),
        **{name: light[name] for name in ("paper", "text", "link")},
        **{f"dark_{name}": dark[name] for name in ("paper", "text", "link")},
    )


def write_pages(app: Sphinx, error: Exception | None) -> None:
    """Write the page 404, and the map of the site where its address is known."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    (out / "404.html").write_text(missing_page(app), "utf-8")
    if app.config.html_baseurl:
        (out / "sitemap.xml").write_bytes(sitemap(app))


def set_address(_app: Sphinx, config: Any) -> None:
    """Take the site's address from the course's settings; it ends with a slash."""
    if address := config.html_baseurl or load_course_settings(COURSE_ROOT).site:
        config.html_baseurl = address.rstrip("/") + "/"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("config-inited", set_address)
    app.connect("builder-inited", write_card)
    app.connect("html-page-context", add_tags)
    app.connect("build-finished", write_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
