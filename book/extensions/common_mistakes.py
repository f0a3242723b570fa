"""The directive ``common-mistakes``: what typically goes wrong in a chapter's tasks.

::

    ```{common-mistakes} filters corr2d conv2d
    ```

The entries are the misconceptions of ``solutions.filters.problems.PROBLEMS``: the same texts
that ``check`` answers with. Without task names, all tasks of the chapter are listed. No code of
a wrong or right implementation is ever shown.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from autograder.problems import Misconception, Problem


class folded(nodes.General, nodes.Element):
    """A block that opens on demand; its first child is the line that is always shown."""


class folded_line(nodes.General, nodes.TextElement):
    """The line of a folded block that is always shown."""


class CommonMistakes(SphinxDirective):
    """The directive ``common-mistakes``."""

    required_arguments = 1
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return a box with one folded entry per misconception."""
        chapter = self.arguments[0]
        names = self.arguments[1].split() if len(self.arguments) > 1 else []
        try:
            module = importlib.import_module(f"solutions.{chapter}.problems")
        except ModuleNotFoundError as error:
            raise self.error(f"the chapter {chapter!r} has no problems: {error}") from error
        for path in sorted(Path(str(module.__file__)).parent.glob("*.py")):
            self.env.note_dependency(str(path))
        problems: dict[str, Problem] = {problem.name: problem for problem in module.PROBLEMS}
        unknown = [name for name in names if name not in problems]
        if unknown:
            raise self.error(
                f"the chapter {chapter!r} has no task {', '.join(unknown)}; "
                f"its tasks are {', '.join(problems)}"
            )
        box = nodes.admonition("", classes=["common-mistakes"])
        box += nodes.title("", "Common mistakes, by what you see")
        for name in names or problems:
            if problems[name].misconceptions:
                box += nodes.paragraph("", "", nodes.literal(text=name), classes=["task"])
                box += [self.entry(wrong) for wrong in problems[name].misconceptions]
        return [box]

    def entry(self, wrong: Misconception) -> folded:
        """Return one misconception: its symptom, and below the fold its title and hint."""
        return folded(
            "",
            folded_line("", "", *self.inline(wrong.symptom)),
            nodes.paragraph("", "", nodes.strong("", "", *self.inline(sentence(wrong.title)))),
            nodes.paragraph("", "", *self.inline(wrong.hint)),
        )

    def inline(self, text: str) -> list[nodes.Node]:
        """Parse one line of Markdown."""
        parsed, messages = self.state.inline_text(text, self.lineno)
        return [*parsed, *messages]


def sentence(text: str) -> str:
    """Let a title end like a sentence."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""

    def element(tag: str) -> tuple[Any, Any]:
        return (
            lambda translator, node: translator.body.append(f"<{tag}>"),
            lambda translator, node: translator.body.append(f"</{tag}>\n"),
        )

    def plain() -> tuple[Any, Any]:
        return (lambda translator, node: None, lambda translator, node: None)

    app.add_node(folded, html=element("details"), text=plain(), latex=plain())
    app.add_node(folded_line, html=element("summary"), text=plain(), latex=plain())
    app.add_directive("common-mistakes", CommonMistakes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
