"""The directive ``open-notebook``: where a chapter's notebook runs with nothing installed.

::

    ```{open-notebook} filters
    ```

Without an argument, it names all chapters. It links the site of JupyterLite (see
:mod:`book.lite.build`) where the environment variable ``LITE`` says that there will be one, and
Colab and Binder where ``course.toml`` names a repository at GitHub. With neither, it shows nothing.
"""

from __future__ import annotations

import os
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from autograder.authoring.hosted import github_name
from autograder.chapter import chapters, load_chapter
from autograder.course_settings import FILE_NAME as SETTINGS
from autograder.course_settings import chapters_in_use, load_course_settings
from autograder.packages import DEFAULT_PACKAGES
from book.extensions.course_setup import COURSE_ROOT, course_book
from book.extensions.task_cell import host_of_pyodide, up

VARIABLE = "LITE"

FOLDER = "lite"
"""Of the built site: where the site of JupyterLite lies."""

SITE_MEGABYTES, PYODIDE_MEGABYTES = 3, 24
"""What is loaded up to the first check, compressed, as hosts send it: JupyterLite with the course's
own part, and Pyodide with its packages. The tests measure both."""

ELSEWHERE = (
    "Colab and Binder run it on machines of Google and of the Jupyter community. Colab asks for an "
    "account. Both forget your work: download the notebook before you leave."
)


class open_notebook(nodes.General, nodes.Element):
    """Links that depend on the site's settings: made when the page is written."""


class OpenNotebook(SphinxDirective):
    """The directive ``open-notebook``."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a place for the links."""
        names = [name for name in chapters(COURSE_ROOT) if runs_in_browser(name)]
        if self.arguments and self.arguments[0] not in names:
            known = ", ".join(names)
            raise self.error(f"{self.arguments[0]!r} is no chapter that runs there; these: {known}")
        self.env.note_dependency(str(COURSE_ROOT / SETTINGS))
        runnable = set(names) & set(chapters_in_use(COURSE_ROOT))
        in_use = [name for name in course_book().titles if name in runnable]  # in the book's order
        place = open_notebook("", chapters=self.arguments or in_use, all=not self.arguments)
        self.set_source_info(place)
        return [place]


def runs_in_browser(chapter: str) -> bool:
    """Whether a chapter's notebook needs nothing that a browser cannot run, such as PyTorch."""
    return set(load_chapter(COURSE_ROOT, chapter).packages) <= set(DEFAULT_PACKAGES)


def addresses(chapter: str, above: str, lite: bool, source: str) -> dict[str, str]:
    """Return, by what a link says, where a chapter's notebook can be opened.

    above: the way to the site's first folder. source: the address of the repository.
    """
    notebook = f"exercises/{chapter}/{chapter}.ipynb"
    ways = {}
    if lite:
        page = f"{above}{FOLDER}/notebooks/index.html?path={notebook}"
        ways["Open the notebook in the browser"] = page
    name = github_name(source)
    if name:
        colab = f"https://colab.research.google.com/github/{name}/blob/HEAD/{notebook}"
        ways["Open in Colab"] = colab
        ways["Open in Binder"] = f"https://mybinder.org/v2/gh/{name}/HEAD?labpath={notebook}"
    return ways


def what_it_loads(pyodide: str) -> str:
    """Say how much the notebook in the browser loads, and from which hosts."""
    whole = SITE_MEGABYTES + PYODIDE_MEGABYTES
    host = host_of_pyodide(pyodide)
    origin = f", {PYODIDE_MEGABYTES} MB of it from {host}" if host else ""
    return (
        f"In the browser, the notebook loads {whole} MB the first time{origin}. Nothing is "
        "installed, and your code is sent nowhere."
    )


def fill_in(app: Sphinx, doctree: nodes.document, document: str) -> None:
    """Put the links into their places."""
    lite, source = app.tags.has(VARIABLE.lower()), load_course_settings(COURSE_ROOT).repository
    for place in list(doctree.findall(open_notebook)):
        lines = []
        for chapter in place["chapters"]:
            ways = addresses(chapter, up(document), lite, source)
            line = nodes.paragraph()
            if place["all"]:
                line += nodes.Text(f"{course_book().titles[chapter]}: ")
            for number, (text, uri) in enumerate(ways.items()):
                line += nodes.Text(" · " if number else "")
                line += nodes.reference("", text, refuri=uri, internal="://" not in uri)
            lines += [line] if ways else []
        links: list[nodes.Node] = list(lines)
        if lines and place["all"]:
            links = [nodes.bullet_list("", *(nodes.list_item("", line) for line in lines))]
        if lite:
            links.append(nodes.paragraph("", what_it_loads(app.config.pyodide)))
        if github_name(source):
            links.append(nodes.paragraph("", ELSEWHERE))
        box = [nodes.container("", *links, classes=["open-notebook"])]
        place.replace_self(box if links else [])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, and the tag of a site that has JupyterLite."""
    if os.environ.get(VARIABLE, "0") != "0":
        app.tags.add(VARIABLE.lower())
    app.add_node(open_notebook)
    app.add_directive("open-notebook", OpenNotebook)
    app.connect("doctree-resolved", fill_in)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
