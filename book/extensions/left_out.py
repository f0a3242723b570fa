"""Chapters that ``course.toml`` leaves out: their pages, and whatever leads there.

A link to a page that is left out becomes its own text; a link that is a sentence by itself goes, as
in the glossary. From lists of chapters, on the first page, their entries go; a section whose list
is empty then goes as well. The first page's button leads to the first chapter that there is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from autograder.authoring.book_sections import CHALLENGE_PAGE, chapter_of, pages_left_out
from book.extensions.course_setup import COURSE_ROOT, course_book

logger = logging.getLogger(__name__)

CHAPTER_LIST, BUTTONS = "chapter-map", "start-row"
"""The classes of a list of chapters, and of the first page's buttons."""


def leave_out_pages(_app: Sphinx, config: Config) -> None:
    """Take the pages out of the table of contents, and keep Sphinx from reading them."""
    pages = set(config.left_out_pages)
    if not pages:
        return
    logger.info("Left out, as course.toml says: %s", ", ".join(sorted(pages)))
    for page in config.external_site_map.values():
        for part in page.subtrees:
            part.items = [item for item in part.items if item not in pages]
        page.subtrees = [part for part in page.subtrees if part.items]
    for name in pages:
        config.external_site_map.pop(name, None)
    # A new list: the other one is Sphinx's own default.
    config.exclude_patterns = [*config.exclude_patterns, *(f"{page}.md" for page in sorted(pages))]


def remove_earlier_files(app: Sphinx) -> None:
    """Remove what an earlier build has made of these pages."""
    if app.builder.format != "html":
        return
    for page in app.config.left_out_pages:
        for folder in (Path(app.outdir), Path(app.outdir, "_sources")):
            if page == CHALLENGE_PAGE:  # it has no folder of its own
                (folder / f"{page}.html").unlink(missing_ok=True)
                (folder / f"{page}.md").unlink(missing_ok=True)
            else:
                shutil.rmtree((folder / page).parent, ignore_errors=True)


class LeaveOutLinks(SphinxTransform):
    """Take out of a page what leads to pages that are left out."""

    default_priority = 400  # before the headings are collected, and links are resolved

    def apply(self, **_options: Any) -> None:
        """Change the page."""
        pages = set(self.config.left_out_pages)
        if not pages:
            return
        shorten_lists(self.document, pages)
        for link in list(links(self.document, pages)):
            if BUTTONS in link.parent.parent["classes"]:
                lead_to_first_chapter(link, self.config.external_site_map.root.child_files())
            elif is_sentence(link):
                before, after = neighbors(link)
                trim(before, before.rstrip())
                trim(after, after.removeprefix("."))
                link.parent.remove(link)
            else:
                link.replace_self([*link.children])


def links(place: nodes.Element, pages: set[str]) -> Iterator[addnodes.pending_xref]:
    """Yield the links to pages."""
    for link in place.findall(addnodes.pending_xref):
        if link.get("refdomain") == "doc" and link["reftarget"] in pages:
            yield link


def shorten_lists(page: nodes.document, pages: set[str]) -> None:
    """Take entries out of the lists of chapters; those that stay are counted on from list to list.

    A list that is empty goes, with its section unless that has another list in it.
    """
    number = 1
    for place in [node for node in page.findall(nodes.container) if is_list(node)]:
        lists = list(place.findall(nodes.enumerated_list))
        for entries in lists:
            entries["start"] = number
            for entry in entries.children[:]:
                own = next(iter(entry.findall(addnodes.pending_xref)), None)  # its page comes first
                if own is not None and own["reftarget"] in pages:
                    entries.remove(entry)
            number += len(entries)
        if not any(map(len, lists)):
            section = place.parent
            section.remove(place)
            if not any(map(is_list, section.findall(nodes.container))):
                section.parent.remove(section)


def is_list(node: nodes.Element) -> bool:
    """Whether a node is a list of chapters."""
    return CHAPTER_LIST in node["classes"]


def lead_to_first_chapter(link: addnodes.pending_xref, pages: Iterable[str]) -> None:
    """Let the button lead to the first chapter among the pages of the table of contents."""
    titles = course_book().titles
    page = next(page for page in pages if chapter_of(page) in titles)
    link["reftarget"] = page
    link.children = []
    link += nodes.inline("", f"Start with {titles[chapter_of(page)].lower()}")


def is_sentence(link: addnodes.pending_xref) -> bool:
    """Whether a link stands between two periods, at the end of its paragraph."""
    before, after = neighbors(link)
    return before.rstrip().endswith(".") and after.rstrip() == "."


def neighbors(link: addnodes.pending_xref) -> tuple[nodes.Text, nodes.Text]:
    """Return the texts before and behind a link; empty ones where there are none."""
    place, siblings = link.parent.index(link), link.parent.children
    around = (siblings[place - 1] if place else None, *siblings[place + 1 : place + 2], None)
    before, after = (
        node if isinstance(node, nodes.Text) else nodes.Text("") for node in around[:2]
    )
    return before, after


def trim(text: nodes.Text, rest: str) -> None:
    """Put a shorter text in place of a text."""
    text.parent.replace(text, nodes.Text(rest))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    # A change of it is a reason to read all pages again.
    app.add_config_value("left_out_pages", lambda _: pages_left_out(COURSE_ROOT), "env", list)
    app.connect("config-inited", leave_out_pages, priority=950)  # after the contents are read
    app.connect("builder-inited", remove_earlier_files)
    app.add_transform(LeaveOutLinks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
