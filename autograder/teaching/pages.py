"""Pages that a lecturer or a student opens from a file: they hold everything and run nothing.

What comes from a submission is hostile. Jinja escapes all of it, the page's own policy forbids
scripts and anything from elsewhere, and characters that nobody can see are shown as ``?``.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path

import jinja2
from markupsafe import Markup

from autograder import palette
from autograder.grading.submitted_text import one_line
from autograder.report_lines import with_code
from autograder.whole_files import write_whole

TEMPLATES = Path(__file__).parent / "templates"
MODE = 0o640
"""Marks are for the lecturer and the group of co-teachers."""


@functools.cache
def environment() -> jinja2.Environment:
    """Return what fills in the templates: whatever they are given is escaped."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["code"] = readable_code
    made.filters["line"] = lambda value: one_line(str(value))
    made.filters["words"] = lambda value: Markup(with_code(one_line(str(value))))
    style = made.get_template("style.css").render(
        light=palette.PAGE["light"], dark=palette.PAGE["dark"]
    )
    # It holds nothing but our own rules and colors.
    made.globals["style"] = Markup(style)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    made.globals["policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    return made


def readable_code(source: str) -> str:
    """Return code as it may be shown: ``?`` for what nobody sees, or what turns a line around."""
    source = source.strip("\n")
    if source.replace("\n", "").replace("\t", "").isprintable():
        return source
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in source)


def write_page(path: Path, text: str, mode: int = MODE) -> bool:
    """Write a page, or a table beside it; return whether it is another one than before."""
    return write_whole(path, text.encode("utf-8", "replace"), mode)
