"""What a page says of itself: how long it takes to read, when it was last changed, its version.

The day of the last change is that of git, so that the same commit always gives the same page;
where the course is no repository, a page names its version only.
"""

from __future__ import annotations

import math
import subprocess
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

import autograder
from book.extensions.common_mistakes import folded
from book.extensions.course_setup import COURSE_ROOT
from book.extensions.task_cell import task_cell

WORDS_A_MINUTE = 180
"""At which one reads what is to be understood; formulas, figures and tasks come on top of it."""

SHORTEST = 5
"""From how many minutes on a page says how long it is."""

READING_MINUTES = "reading_minutes"
"""Under this name a page's metadata hold how long it takes to read, for other pages."""


def words_in(doctree: nodes.document) -> int:
    """Return how many words a page has, without code, folded mistakes and tasks."""
    texts = (
        node
        for node in doctree.findall(nodes.TextElement)
        if isinstance(node, nodes.paragraph | nodes.caption | nodes.title)
    )
    return sum(len(text.astext().split()) for text in texts if not beside(text))


def beside(node: nodes.Node) -> bool:
    """Whether a text stands in what nobody reads from start to end."""
    parent = node.parent
    while parent is not None and not isinstance(parent, folded | task_cell):
        parent = parent.parent
    return parent is not None


def add_reading_time(app: Sphinx, doctree: nodes.document) -> None:
    """Say below the title of a page how long it takes to read."""
    minutes = math.ceil(words_in(doctree) / WORDS_A_MINUTE)
    app.env.metadata[app.env.docname][READING_MINUTES] = minutes
    title = next(iter(doctree.findall(nodes.title)), None)
    if title is not None and minutes >= SHORTEST:
        line = nodes.paragraph("", f"About {minutes} minutes to read", classes=["reading-time"])
        title.parent.insert(title.parent.index(title) + 1, line)


def day_of_change(path: Path) -> str:
    """Return the day on which git saw a file change last, as 2026-11-30; "" where it has none."""
    command = ["git", "log", "-1", "--format=%cs", "--", str(path)]
    try:
        done = subprocess.run(command, cwd=COURSE_ROOT, text=True, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def add_facts(
    app: Sphinx, pagename: str, _templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Give templates the day of the last change and the version."""
    context["course_version"] = autograder.__version__
    context["last_change"] = (
        day_of_change(Path(app.env.doc2path(pagename))) if doctree is not None else ""
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("doctree-read", add_reading_time)
    app.connect("html-page-context", add_facts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
