"""Documents of the repository that are pages of the book as well: each stands once, in its file.

A page that begins with an ``include`` says what the file says. In it, links to other documents
lead to the repository, where ``course.toml`` names one; else they become their own texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from autograder.course_settings import load_course_settings
from book.extensions.course_setup import COURSE_ROOT

logger = logging.getLogger(__name__)

INCLUDE = re.compile(r"```\{include\} (\S+)\n(?::.*\n)*```\n")


class LinkDocuments(SphinxTransform):
    """Let links of an included document lead to where it lies."""

    default_priority = 400  # before links are resolved

    def apply(self, **_options: Any) -> None:
        """Change the page, if it is an included document."""
        page = Path(self.env.doc2path(self.env.docname))
        include = INCLUDE.match(page.read_text("utf-8")) if page.suffix == ".md" else None
        if include is None:
            return
        document = (page.parent / include[1]).resolve()
        repository = load_course_settings(COURSE_ROOT).repository.rstrip("/")
        for link in list(file_links(self.document)):
            path, _, anchor = str(link["reftarget"]).partition("#")
            target = (document.parent / path).resolve()
            if not target.exists() or not target.is_relative_to(COURSE_ROOT):
                logger.warning("%s links to %s, which is not there", document, path, location=link)
                continue
            place = target.relative_to(COURSE_ROOT).as_posix()
            if repository:
                uri = f"{repository}/blob/HEAD/{place}" + f"#{anchor}" * bool(anchor)
                link.replace_self(nodes.reference("", "", *link.children, refuri=uri))
            else:
                link.replace_self(link.children)


def file_links(page: nodes.document) -> Iterator[nodes.Element]:
    """Yield the links of a page that name files."""
    for kind in (addnodes.pending_xref, addnodes.download_reference):
        for link in page.findall(kind):
            if link.get("reftype") == "myst":
                yield link


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(LinkDocuments)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
