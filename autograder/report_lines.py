"""A report as a student reads it: a title and lines, as plain text and as HTML."""

from __future__ import annotations

import dataclasses
import html
import re
import textwrap
from typing import Literal

from autograder import palette
from autograder.sections import Section

Tone = Literal["good", "bad", "note"]


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of a report. ``code`` lines are shown in a fixed-width font.

    A line with a ``section`` ends with its name, which leads there if its address is known. The
    code of a line may be ``folded`` below a sentence.
    """

    text: str
    code: bool = False
    strong: bool = False
    section: Section | None = None
    folded: str = ""

    @property
    def whole(self) -> str:
        """All of the line as plain text."""
        if self.folded:
            return self.folded + "\n" + textwrap.indent(self.text, "    ")
        if self.section is None:
            return self.text
        address = f" ({self.section.address})" if self.section.address else ""
        return f"{self.text} {self.section.name}{address}"

    @property
    def html(self) -> str:
        """All of the line as HTML."""
        text = html.escape(self.text)
        if self.folded:
            return (
                f"<details><summary>{with_code(self.folded)}</summary>"
                f'<pre style="padding-left:1.5em">{text}</pre></details>'
            )
        if self.code:
            return (
                '<div style="font-family:monospace;white-space:pre-wrap;'
                f'padding-left:1.5em">{text}</div>'
            )
        text = with_code(self.text)
        if self.section is not None:
            name = html.escape(self.section.name)
            if self.section.address:
                name = f'<a href="{html.escape(self.section.address)}">{name}</a>'
            text = f"{text} {name}"
        return f"<div>{f'<strong>{text}</strong>' if self.strong else text}</div>"


def with_code(text: str) -> str:
    """Return a text as HTML, what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


@dataclasses.dataclass(frozen=True)
class Report:
    """A titled block of lines. ``tone`` decides the mark before the title."""

    title: str
    tone: Tone
    lines: tuple[Line, ...] = ()

    @property
    def text(self) -> str:
        """The report as plain text."""
        mark = {"good": "[passed]", "bad": "[not yet]", "note": "[note]"}[self.tone]
        body = [
            textwrap.indent(line.whole, "  " if line.folded or not line.code else "    ")
            for line in self.lines
        ]
        return "\n".join([f"{mark} {self.title}", *body])

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """The report as an HTML block that reads well on light and dark backgrounds."""
        # Mark and bar have 3:1 contrast on white and on black; the text takes the theme's color.
        mark = {"good": "✔", "bad": "✘", "note": "i"}[self.tone]
        color = palette.REPORT[self.tone]
        parts = [
            f'<div role="status" style="border-left:4px solid {color};padding:.4em .8em;'
            'margin:.3em 0;line-height:1.45">',
            f'<div><span aria-hidden="true" style="color:{color};font-weight:bold">{mark}</span> '
            f"<strong>{html.escape(self.title)}</strong></div>",
        ]
        parts += [line.html for line in self.lines]
        return "".join(parts) + "</div>"
