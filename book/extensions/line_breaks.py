"""No line ends before ``%`` or around ``×``: a number stays with what belongs to it."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

TIED = re.compile(r"(?:(?<=\w)|^) (?=%(?!\w))|(?:(?<=[\w)])|^) (?=× )|(?<=×) ")
"""A space that is no place for a break; a text may begin behind a computed number."""

NO_BREAK = "\N{NO-BREAK SPACE}"


def tie(_app: Sphinx, page: nodes.document) -> None:
    """Tie numbers to what belongs to them, in the text of a page."""
    fixed = (nodes.FixedTextElement, nodes.literal, nodes.math, nodes.math_block, nodes.raw)
    for text in list(page.findall(nodes.Text)):
        tied = TIED.sub(NO_BREAK, text)
        if tied != text and not isinstance(text.parent, fixed):
            text.parent.replace(text, nodes.Text(tied))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("doctree-read", tie)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
