"""How long a page takes, on the page that lists it: counted and measured, written down nowhere.

::

    {page-hours}`filters/filters`

names a page in ``book/``. The role says the minutes that it takes to read, as the page itself
says them, and how long the tasks below its sections take, from their exercise's source. Closing
questions count to the page that bears the exercise's name.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from autograder.authoring.source import QuestionCell, TaskCell
from book.extensions.course_setup import course_book
from book.extensions.exercise_facts import count, duration, exercise_of, graded_parts
from book.extensions.page_facts import READING_MINUTES

logger = logging.getLogger(__name__)


class page_hours(nodes.Inline, nodes.Element):
    """A page's hours, once all pages have been read: ``page``, and ``work`` in words."""


class PageHours(SphinxRole):
    """The role ``page-hours``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a place for the hours; the page is read again when the other one changes."""
        page = f"book/{self.text}"
        self.env.note_dependency(f"{page}.md")
        parts = [
            part
            for chapter in {chapter for chapter, _ in course_book().tasks}
            if self.text.startswith(f"{chapter}/")
            for part in graded_parts(exercise_of(self.env, chapter))
            if page == home(chapter, part)
        ]
        return [page_hours(page=page, work=work(parts))], []


def home(chapter: str, part: TaskCell | QuestionCell) -> str:
    """Return the page of a task or question, such as ``book/filters/filters``."""
    if isinstance(part, QuestionCell):
        return f"book/{chapter}/{chapter}"
    section = course_book().tasks.get((chapter, part.function))
    return section.path.partition(".html")[0] if section else ""


def work(parts: list[TaskCell | QuestionCell]) -> str:
    """Return how long tasks and questions take, and what they are: "" where there are none."""
    if not parts:
        return ""
    questions = sum(isinstance(part, QuestionCell) for part in parts)
    counts = [count(len(parts) - questions, "task")]
    if questions:
        counts.append(count(questions, "question"))
    time = duration(sum(part.minutes for part in parts))
    points = count(sum(part.points for part in parts), "point")
    return f"{time} for {' and '.join(counts)}, {points}"


def fill_in(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the hours where they are asked for, now that every page is known."""
    for place in list(doctree.findall(page_hours)):
        minutes = app.env.metadata.get(place["page"], {}).get(READING_MINUTES)
        if minutes is None:
            logger.warning("page-hours: there is no page %s", place["page"], location=docname)
            minutes = 0
        hours = [f"About {duration(minutes)} to read", place["work"]]
        place.replace_self(nodes.Text("; ".join(filter(None, hours))))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the role."""
    app.add_node(page_hours)
    app.add_role("page-hours", PageHours())
    app.connect("doctree-resolved", fill_in)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
