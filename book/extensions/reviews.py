"""Questions of other pages, asked again.

::

    ```{review} dense-camera bar-lies next-depth
    ```

The text of a question stands once, on its own page: :mod:`book.extensions.questions`. Where it is
asked again, its title leads there. Answers are kept for each place by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import NoUri
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from book.extensions.common_mistakes import folded
from book.extensions.questions import element, leave, question

logger = logging.getLogger(__name__)


class review(folded):
    """Questions of other pages. They are there when pages are written."""


class Review(SphinxDirective):
    """The directive ``review``."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the place of the questions."""
        node = review("", labels=self.arguments[0].split())
        self.set_source_info(node)
        return [node]


def questions_of(env: BuildEnvironment) -> dict[str, dict[str, list[str]]]:
    """Return by page the labels of the questions that it asks and reviews."""
    if not hasattr(env, "course_questions"):
        env.course_questions = {}  # type: ignore[attr-defined]
    return env.course_questions  # type: ignore[attr-defined, no-any-return]


def note_questions(app: Sphinx, page: nodes.document) -> None:
    """Note which questions a page asks and reviews."""
    asked = [node["label"] for node in page.findall(question)]
    reviewed = [label for node in page.findall(review) for label in node["labels"]]
    if asked or reviewed:
        questions_of(app.env)[app.env.docname] = {"asks": asked, "reviews": reviewed}


def forget_questions(_app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Forget the questions of a page."""
    questions_of(env).pop(page, None)


def merge_questions(
    _app: Sphinx, env: BuildEnvironment, pages: Iterable[str], other: BuildEnvironment
) -> None:
    """Take over what another process has noted of its pages."""
    theirs = questions_of(other)
    questions_of(env).update({page: theirs[page] for page in pages if page in theirs})


def pages_of_labels(env: BuildEnvironment) -> dict[str, list[str]]:
    """Return by label the pages that ask the question."""
    pages: dict[str, list[str]] = {}
    for page, labels in questions_of(env).items():
        for label in labels["asks"]:
            pages.setdefault(label, []).append(page)
    return pages


def check_labels(_app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of labels that two questions have."""
    for label, pages in pages_of_labels(env).items():
        if len(pages) > 1:
            where = ", ".join(sorted(pages))
            logger.warning("the label %r belongs to %d questions: %s", label, len(pages), where)


def pages_to_read(
    _app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Read pages again whose reviewed questions stand on a page that has changed."""
    asked = pages_of_labels(env)
    return [
        page
        for page, labels in questions_of(env).items()
        if any({*asked.get(label, ())} & (added | changed | removed) for label in labels["reviews"])
    ]


class ReviewedQuestions(SphinxPostTransform):
    """Puts the reviewed questions of other pages into a page."""

    default_priority = 4  # before links are resolved: they lead from this page

    def run(self, **kwargs: Any) -> None:
        """Fill each place of a review; without a question it goes."""
        for place in list(self.document.findall(review)):
            copies = [copy for label in place["labels"] for copy in self.copies(place, label)]
            if copies:
                place += [nodes.rubric("", "Do you remember?", classes=["review-title"]), *copies]
            else:
                place.parent.remove(place)

    def copies(self, place: review, label: str) -> list[question]:
        """Return a question, with the way to the section that asks it; none of a page left out."""
        page, *_ = pages_of_labels(self.env).get(label, [""])
        if not page or page == self.env.docname:
            if not self.is_left_out(label):
                logger.warning("no other page asks the question %r", label, location=place)
            return []
        (original,) = (
            node for node in self.env.get_doctree(page).findall(question) if node["label"] == label
        )
        copy = original.deepcopy()
        copy["ids"] = [f"review-{label}"]
        copy["key"] = f"{label}@{self.env.docname}"
        for link in copy.findall(addnodes.pending_xref):
            link["refdoc"] = self.env.docname
        copy[0] = self.title(original, page)
        return [copy]

    def is_left_out(self, label: str) -> bool:
        """Whether a page asks the question that the course's settings leave out."""
        sources = (
            Path(self.env.srcdir, f"{page}.md")
            for page in getattr(self.config, "left_out_pages", ())
        )
        return any(f"{{question}} {label}\n" in source.read_text("utf-8") for source in sources)

    def title(self, original: question, page: str) -> nodes.paragraph:
        """Return a title that leads to the section of a question."""
        section: nodes.Node = original
        while not isinstance(section, nodes.section):
            section = section.parent
        try:
            way = self.app.builder.get_relative_uri(self.env.docname, page)
        except NoUri:
            way = ""
        (name, *_) = (title.astext() for title in section.findall(nodes.title))
        link = nodes.reference("", name, refuri=f"{way}#{original['ids'][0]}", internal=True)
        title = nodes.paragraph("", "", nodes.Text("From “"), link, nodes.Text("”"))
        title["classes"] = ["admonition-title"]
        return title


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    plain = (leave, leave)
    html = element('<div class="review">\n', "</div>\n")
    app.add_node(review, html=html, text=plain, latex=plain, man=plain)
    app.add_directive("review", Review)
    app.add_post_transform(ReviewedQuestions)
    app.connect("doctree-read", note_questions)
    app.connect("env-purge-doc", forget_questions)
    app.connect("env-merge-info", merge_questions)
    app.connect("env-get-outdated", pages_to_read)
    app.connect("env-check-consistency", check_labels)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
