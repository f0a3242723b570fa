"""The directive ``live-figure``: a figure that answers to the reader, on a page without a kernel.

::

    ```{live-figure} kernel_explorer
    :name: fig-kernel-explorer
    :alt: What the figure shows, for readers who cannot see it.

    The caption.
    ```

``kernel_explorer`` is a key of ``book.figures.FIGURES``, which says where the figure's class is, an
``anywidget.AnyWidget``. The page gets the very ES module that runs in a live notebook, written into
the page itself, with the starting values of the widget. ``live-figure.js`` runs it. Values that are
large, such as pictures and maps, stand in a script of their own, which is loaded when the figure is
about to come into view; a script, as a page that is opened from a disk may read nothing else.
"""

from __future__ import annotations

import hashlib
import html
import importlib
import inspect
import json
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from autograder import palette
from book.figures.figure import SHARED_SHEET

SCRIPT = "live-figure.js"
LARGE = 50_000
"""From how many characters on the starting values of a figure have a file of their own."""

VALUES_FOLDER = "_static/figures"
SOURCE_SUFFIXES = {".py", ".mjs", ".js", ".css"}


class live_figure(nodes.General, nodes.Element):
    """The live part of a figure, without its caption."""


class LiveFigure(SphinxDirective):
    """The directive ``live-figure``."""

    required_arguments = 1
    has_content = True
    option_spec = {  # noqa: RUF012 (docutils wants a plain dictionary here)
        "name": directives.unchanged,
        "alt": directives.unchanged_required,
        "class": directives.class_option,
    }

    def run(self) -> list[nodes.Node]:
        """Return a docutils figure with a ``live_figure`` in it."""
        name = self.arguments[0]
        figures = importlib.import_module("book.figures")
        if name not in figures.FIGURES:
            known = ", ".join(sorted(figures.FIGURES))
            raise self.error(f"no live figure {name!r}; there are {known}")
        if not self.options.get("alt"):
            raise self.error(f"the live figure {name!r} needs an alternative text (:alt:)")
        figure_class = figures.figure_class(name)
        for path in sources(figure_class):
            self.env.note_dependency(str(path))
        widget = figure_class()
        module = {"esm": text_of(widget, "_esm"), "css": text_of(widget, "_css")}
        try:
            state = json.dumps(figures.figure_state(widget), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise self.error(f"the state of {name!r} cannot be written as JSON: {error}") from error
        live = live_figure(
            figure=name, alt=self.options["alt"], module=json.dumps(module), state=state
        )
        figure = nodes.figure("", live, classes=["live-figure", *self.options.get("class", [])])
        self.set_source_info(figure)
        figure += self.caption()
        self.add_name(figure)
        return [figure]

    def caption(self) -> list[nodes.Node]:
        """Parse the body: its first paragraph is the caption, the rest the legend."""
        parsed = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        if not parsed.children:
            return []
        first, *rest = parsed.children
        if not isinstance(first, nodes.paragraph):
            raise self.error("the caption of a live figure has to start with a paragraph")
        caption = nodes.caption(first.rawsource, "", *first.children)
        caption.source, caption.line = first.source, first.line
        return [caption, nodes.legend("", *rest)] if rest else [caption]


def sources(figure: type[Any]) -> list[Path]:
    """Return the files that a figure may be made of: its chapter's, and what figures share."""
    folders = {Path(inspect.getfile(figure)).parent, SHARED_SHEET.parent}
    files = {path for folder in folders for path in folder.iterdir()}
    return sorted(
        {Path(palette.__file__), *(path for path in files if path.suffix in SOURCE_SUFFIXES)}
    )


def text_of(widget: Any, name: str) -> str:
    """Return the text of a widget's module (``_esm``) or style sheet (``_css``)."""
    return str(getattr(widget, name, "") or "")


def json_script(text: str) -> str:
    """Make JSON safe inside a script element: no tag and no comment can start or end there."""
    return text.replace("<", "\\u003c")


def written_values(translator: Any, state: str) -> str:
    """Return the element that holds or names the starting values of a figure.

    state: these, as JSON.
    """
    if len(state) < LARGE:
        return f'<script type="application/json">{json_script(state)}</script>'
    name = hashlib.sha256(state.encode()).hexdigest()[:16]
    path = Path(translator.builder.outdir, VALUES_FOLDER, f"{name}.js")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'(window.liveFigureValues ??= {{}})["{name}"] = {state};\n', "utf-8")
    above = "../" * translator.builder.current_docname.count("/")
    address = f"{above}{VALUES_FOLDER}/{path.name}"
    return f'<script type="application/json" data-values="{address}"></script>'


def visit_html(translator: Any, node: live_figure) -> None:
    """Write the custom element, and the module in front of its first use on the page."""
    name = html.escape(node["figure"], quote=True)
    written: set[str] = translator.__dict__.setdefault("live_figures_written", set())
    if name not in written:
        written.add(name)
        translator.body.append(
            f'<script type="application/json" id="live-figure-module-{name}">'
            f"{json_script(node['module'])}</script>\n"
        )
    translator.body.append(
        f'<live-figure figure="{name}">'
        f'<p class="live-figure-alt">{html.escape(node["alt"])}</p>'
        f"{written_values(translator, node['state'])}</live-figure>\n"
    )
    raise nodes.SkipNode


def visit_text(translator: Any, node: live_figure) -> None:
    """Write the alternative text where no script can run."""
    translator.visit_paragraph(nodes.paragraph())
    translator.visit_Text(nodes.Text(node["alt"]))
    translator.depart_paragraph(nodes.paragraph())
    raise nodes.SkipNode


def add_script(
    app: Sphinx,
    _pagename: str,
    _templatename: str,
    _context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Load the script on pages that have a live figure."""
    if doctree is not None and next(iter(doctree.findall(live_figure)), None) is not None:
        app.add_js_file(SCRIPT, loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    text = (visit_text, None)
    app.add_node(live_figure, html=(visit_html, None), text=text, latex=text, man=text)
    app.add_directive("live-figure", LiveFigure)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
