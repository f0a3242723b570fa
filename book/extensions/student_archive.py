"""Offer the students' archive, and the wheel of their side, on the site, beside its first page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from autograder.authoring.archive import ARCHIVE_NAME, make_archive
from autograder.authoring.wheel import make_wheel, wheel_name
from book.extensions.course_setup import COURSE_ROOT


class ArchiveLink(SphinxRole):
    """The role ``exercise-archive``: a link that downloads the archive; its text is the label."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, relative to the page."""
        up = "../" * self.env.docname.count("/")
        return [nodes.reference("", self.text, refuri=up + ARCHIVE_NAME, internal=True)], []


class WheelLink(SphinxRole):
    """The role ``student-wheel``: a link that downloads the wheel; its text is the label."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, relative to the page."""
        uri = "../" * self.env.docname.count("/") + wheel_name(COURSE_ROOT)
        return [nodes.reference("", self.text, refuri=uri, internal=True)], []


class InstallWheel(SphinxDirective):
    """The directive ``install-wheel``: the command that installs the downloaded wheel."""

    def run(self) -> list[nodes.Node]:
        """Return the command as a block."""
        command = f'python -m pip install "./{wheel_name(COURSE_ROOT)}[notebook]"'
        return [nodes.literal_block("", command, language="shell")]


def write_files(app: Sphinx, error: Exception | None) -> None:
    """Make the archive and the wheel, and put them into the built site."""
    if error is None and app.builder.format == "html":
        make_archive(COURSE_ROOT, Path(app.outdir, ARCHIVE_NAME))
        make_wheel(COURSE_ROOT, Path(app.outdir))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_role("exercise-archive", ArchiveLink())
    app.add_role("student-wheel", WheelLink())
    app.add_directive("install-wheel", InstallWheel)
    app.connect("build-finished", write_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
