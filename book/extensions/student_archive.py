"""Offer the students' archive on the site, beside its first page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from autograder.authoring.archive import ARCHIVE_NAME, make_archive
from book.extensions.course_setup import COURSE_ROOT


class ArchiveLink(SphinxRole):
    """The role ``exercise-archive``: a link that downloads the archive; its text is the label."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, relative to the page."""
        up = "../" * self.env.docname.count("/")
        return [nodes.reference("", self.text, refuri=up + ARCHIVE_NAME, internal=True)], []


def write_archive(app: Sphinx, error: Exception | None) -> None:
    """Make the archive and put it into the built site."""
    if error is None and app.builder.format == "html":
        make_archive(COURSE_ROOT, Path(app.outdir, ARCHIVE_NAME))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_role("exercise-archive", ArchiveLink())
    app.connect("build-finished", write_archive)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
