"""What the build of the course needs and ``_config.yml`` cannot say.

The pages import ``solutions``, ``book`` and ``autograder`` when they are executed. This extension
makes them importable, however ``jupyter-book`` was started. The title stands in ``course.toml``.
"""

from __future__ import annotations

import functools
import html
import os
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from autograder.authoring.book_sections import Book, read_book
from autograder.course_settings import load_course_settings
from book.extensions.logo import ICON

COURSE_ROOT = Path(__file__).resolve().parents[2]

REDIRECT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={target}">
<title>{title}</title>
<link rel="icon" href="{icon}">
</head>
<body><main><h1>{title}</h1><p><a href="{target}">Go to the first page</a></p></main></body>
</html>
"""


@functools.cache
def course_book() -> Book:
    """Return what the pages say of tasks and sections, as they are when the build begins."""
    return read_book(COURSE_ROOT)


def make_importable(root: Path) -> None:
    """Put ``root`` first on the import path of this process and of the kernels it starts."""
    if str(root) not in sys.path[:1]:
        sys.path.insert(0, str(root))
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if str(root) not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(root), *filter(None, paths)])


def use_settings(_app: Sphinx, config: Config) -> None:
    """Take the site's title, and the repository's address if there is one, from ``course.toml``."""
    settings = load_course_settings(COURSE_ROOT)
    config.project = config.html_title = settings.title
    options = config.html_theme_options
    options.setdefault("logo", {})["text"] = settings.title
    if settings.repository:
        link = f'<a href="{html.escape(settings.repository)}">Its files</a>'
        options["extra_footer"] = f"{options.get('extra_footer', '')}<p>{link}</p>"


def mend_roles(
    _app: Sphinx, _pagename: str, _templatename: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Call the entries of a bibliography list items: their list may hold nothing else.

    Docutils calls them ``doc-biblioentry``, a role that its standard has withdrawn.
    """
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def write_redirect(app: Sphinx, error: Exception | None) -> None:
    """Send visitors of the site's root to the first page."""
    if error is None and app.builder.format == "html" and app.config.root_doc != "index":
        page = REDIRECT.format(
            target=app.builder.get_target_uri(app.config.root_doc),
            title=app.config.html_title,
            icon=ICON,
        )
        Path(app.outdir, "index.html").write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    make_importable(COURSE_ROOT)
    app.connect("config-inited", use_settings, priority=100)  # before the theme reads them
    app.connect("html-page-context", mend_roles)
    app.connect("build-finished", write_redirect)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
