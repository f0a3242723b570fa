"""What typically goes wrong in a chapter's tasks, and how ``check`` answers.

::

    ```{common-mistakes} filters corr2d conv2d
    ```

    ```{other-mistakes}
    - **The mask is inverted.** You gave GrabCut the map of scores ...
    ```

    ```{sample-feedback} filters corr2d mean_for_sum
    ```

``common-mistakes`` lists the misconceptions of the chapter's problems: the same texts that
``check`` answers with. Without task names, all tasks of the chapter are listed. In the same box,
``other-mistakes`` lists what no task asks for: a list of what one sees, in bold, and what it means.
``sample-feedback`` shows the whole answer of ``check`` to one of them, or, if none is named, to
a right solution. No code of a wrong or right implementation is ever shown.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from autograder import check
from autograder.chapter import SourceError, load_problems
from autograder.problems import Misconception, Problem
from autograder.sections import Section
from book.extensions.course_setup import COURSE_ROOT, course_book


class folded(nodes.General, nodes.Element):
    """A block that opens on demand; its first child is the line that is always shown."""


class folded_line(nodes.General, nodes.TextElement):
    """The line of a folded block that is always shown."""


class ProblemDirective(SphinxDirective):
    """A directive about the problems of a chapter."""

    required_arguments = 1
    optional_arguments = 1
    final_argument_whitespace = True

    def names(self) -> list[str]:
        """Return the arguments after the chapter's name."""
        return self.arguments[1].split() if len(self.arguments) > 1 else []

    def problems(self, *tasks: str) -> dict[str, Problem]:
        """Return the chapter's problems by task, after making sure that ``tasks`` exist."""
        chapter = self.arguments[0]
        try:
            problems = load_problems(COURSE_ROOT, chapter)
        except (ModuleNotFoundError, SourceError) as error:
            raise self.error(f"the chapter {chapter!r} has no problems: {error}") from error
        for path in sorted((COURSE_ROOT / "solutions" / chapter).rglob("*.py")):
            self.env.note_dependency(str(path))
        unknown = [task for task in tasks if task not in problems]
        if unknown:
            raise self.error(
                f"the chapter {chapter!r} has no task {', '.join(unknown)}; "
                f"its tasks are {', '.join(problems)}"
            )
        return problems

    def inline(self, text: str) -> list[nodes.Node]:
        """Parse one line of Markdown."""
        parsed, messages = self.state.inline_text(text, self.lineno)
        return [*parsed, *messages]


def empty_box() -> nodes.admonition:
    """Return the box of the common mistakes, with its title."""
    box = nodes.admonition("", classes=["common-mistakes"])
    box += nodes.title("", "Common mistakes, by what you see")
    return box


class CommonMistakes(ProblemDirective):
    """The directive ``common-mistakes``."""

    def run(self) -> list[nodes.Node]:
        """Return a box with one folded entry per misconception."""
        problems = self.problems(*self.names())
        tasks = [task for task in self.names() or problems if problems[task].misconceptions]
        box = empty_box()
        for task in tasks:
            sections = course_book().of_problem(self.arguments[0], problems[task])
            entries: list[nodes.Node] = [
                self.entry(wrong, sections.get(wrong.name))
                for wrong in problems[task].misconceptions
            ]
            number = nodes.inline("", f" {len(entries)}", classes=["number"])
            if "" in sections:
                entries.insert(0, self.ways(task, sections[""]))
            name, ids = nodes.literal(text=task), [f"mistakes-{task}"]
            if len(tasks) == 1:
                box += [nodes.paragraph("", "", name, classes=["task"], ids=ids), *entries]
            else:
                line = folded_line("", "", name, number)
                box += folded("", line, *entries, classes=["task"], ids=ids)
        return [box]

    def ways(self, task: str, section: Section) -> nodes.paragraph:
        """Return the ways to the section that explains a task, and to the task itself."""
        page = section.path.partition("#")[0]
        to_task = nodes.reference("", "Write it", refuri=self.uri(f"{page}#task-{task}"))
        parts = [*self.explained(section), nodes.Text(" "), to_task, nodes.Text(".")]
        return nodes.paragraph("", "", *parts, classes=["ways"])

    def explained(self, section: Section) -> list[nodes.Node]:
        """Return a sentence with the way to a section."""
        link = nodes.reference("", section.title, refuri=self.uri(section.path))
        return [nodes.Text("Explained in "), link, nodes.Text(".")]

    def uri(self, path: str) -> str:
        """Return the way from this page to a place on the site."""
        return "../" * self.env.docname.count("/") + path

    def entry(self, wrong: Misconception, section: Section | None) -> folded:
        """Return one misconception: its symptom, and below the fold its title and hint.

        ``section`` explains it, if that is another one than the task's.
        """
        entry = folded(
            "",
            folded_line("", "", *self.inline(wrong.symptom)),
            nodes.paragraph("", "", nodes.strong("", "", *self.inline(sentence(wrong.title)))),
            nodes.paragraph("", "", *self.inline(wrong.hint)),
        )
        if section is not None:
            entry += nodes.paragraph("", "", *self.explained(section), classes=["ways"])
        return entry


class OtherMistakes(SphinxDirective):
    """The directive ``other-mistakes``."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return a box with one folded entry per item of the list."""
        parsed = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        box = empty_box()
        for item in parsed.findall(nodes.list_item):
            text = item.next_node(nodes.paragraph)
            # An empty text may stand in front of what is bold.
            symptom, *rest = [node for node in text.children if node.astext()] if text else [None]
            if not isinstance(symptom, nodes.strong):
                raise self.error("a mistake has to start with what one sees, in bold")
            line = folded_line("", "", *symptom.children)
            box += folded("", line, nodes.paragraph("", "", *rest))
        return [box]


class SampleFeedback(ProblemDirective):
    """The directive ``sample-feedback``."""

    def run(self) -> list[nodes.Node]:
        """Return the report of ``check`` as HTML, and as text where HTML cannot be shown."""
        task, *wrong = self.names() or [""]
        problem = self.problems(task)[task]
        function = problem.reference
        if wrong:
            known = {mistake.name: mistake.wrong for mistake in problem.misconceptions}
            if wrong[0] not in known:
                raise self.error(f"{task} has no misconception {wrong[0]!r}")
            function = known[wrong[0]]
        report, _ = check.report_on(problem.visible_checks(), function)
        answer = f'<div class="sample-feedback">{report._repr_html_()}</div>\n'
        return [
            nodes.raw("", answer, format="html"),
            nodes.raw("", report.text, format="text"),
        ]


def sentence(text: str) -> str:
    """Let a title end like a sentence."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""

    def element(tag: str) -> tuple[Any, Any]:
        return (
            lambda translator, node: translator.body.append(translator.starttag(node, tag)),
            lambda translator, node: translator.body.append(f"</{tag}>\n"),
        )

    def plain() -> tuple[Any, Any]:
        return (lambda translator, node: None, lambda translator, node: None)

    app.add_node(folded, html=element("details"), text=plain(), latex=plain())
    app.add_node(folded_line, html=element("summary"), text=plain(), latex=plain())
    app.add_directive("common-mistakes", CommonMistakes)
    app.add_directive("other-mistakes", OtherMistakes)
    app.add_directive("sample-feedback", SampleFeedback)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
