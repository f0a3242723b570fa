"""Text that quotes a submission, made harmless before it is shown, logged or saved.

Names of files, tags, versions and messages may hold anything: half a surrogate pair, which no file
can store; characters that steer a terminal; Markdown and HTML that act in the instructor's browser.
"""

from __future__ import annotations

import re
from typing import Any

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def one_line(text: str) -> str:
    """Return a text in one line, with ``?`` for each character that nobody could read."""
    return "".join(c if c.isprintable() else "?" for c in text)


def printable_text(value: Any, limit: int = 2000) -> str:
    """Return the beginning of a text, without what could steer a terminal; else nothing."""
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value[:limit] if c.isprintable() or c in "\n\t")


def literal(text: str) -> str:
    """Return Markdown that shows a text as it is: no emphasis, no link, no picture, no tag."""
    return _PUNCTUATION.sub(r"\\\g<0>", inactive(one_line(text)))


def inactive(text: str) -> str:
    """Return Markdown that looks the same and cannot do anything in the reader's browser.

    The instructor reads submissions in formgrader, with the right to change marks. An invisible
    character (word joiner) behind each ``<``, ``&`` and ``javascript`` leaves text, code and
    formulas as they are, and no tag, entity or address that a browser would act on.
    """
    return re.sub(
        r"(<(?=[A-Za-z/!?])|&(?=[#A-Za-z])|javascript(?=:))", "\\1\u2060", text, flags=re.I
    )
