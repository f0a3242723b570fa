"""Reading the source of an exercise: ``solutions/<chapter>/<chapter>.md``.

The file is a MyST notebook, so Jupyter opens it too. Beside ordinary cells it may hold

* a task: a code cell without a body, with the options ``task``, ``points``, ``difficulty``
  and ``minutes``; the generator puts the reference function there;
* a question graded by hand: a Markdown cell that holds the model answer, after the line
  ``+++ {"question": "name", "points": 4, "difficulty": 2, "minutes": 15}``;
* hints: ``{hint}`` fences in the prose, whose title stands on the fence's first line.

Everything that can be wrong with such a file is a :class:`SourceError`, with file and line.
"""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import jupytext.myst
from nbformat import NotebookNode

from autograder.chapter import SourceError, line_of
from autograder.course_settings import FILE_NAME, load_course_settings

DIFFICULTIES = {1: "easy", 2: "medium", 3: "hard"}
"""What the numbers of the option ``difficulty`` mean."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_WORTH = re.compile(r"^\*\*\d+ \((\d+(?:\.\d+)?) points?\b", re.MULTILINE)
"""What a part of a model answer is worth: ``**2 (1.5 points).** ...``."""

_HINT = re.compile(r"^(?P<fence>`{3,}|:{3,})\{hint\}[ \t]*(?P<title>[^\n]*)\n", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Text:
    """Markdown as the student reads it."""

    source: str
    line: int


@dataclasses.dataclass(frozen=True)
class Demo:
    """A code cell that is neither graded nor locked."""

    source: str
    line: int
    tags: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class TaskCell:
    """The place of a graded function: a code cell without a body."""

    function: str
    points: float
    difficulty: int
    minutes: int
    line: int


@dataclasses.dataclass(frozen=True)
class QuestionCell:
    """A question graded by hand; ``answer`` is the model answer."""

    name: str
    points: float
    difficulty: int
    minutes: int
    answer: str
    line: int


Part: TypeAlias = Text | Demo | TaskCell | QuestionCell


@dataclasses.dataclass(frozen=True)
class Exercise:
    """A chapter's exercise: its parts in the order of the file."""

    path: Path
    title: str
    parts: tuple[Part, ...]

    @property
    def tasks(self) -> tuple[TaskCell, ...]:
        """The places of the graded functions."""
        return tuple(part for part in self.parts if isinstance(part, TaskCell))

    @property
    def questions(self) -> tuple[QuestionCell, ...]:
        """The questions graded by hand."""
        return tuple(part for part in self.parts if isinstance(part, QuestionCell))

    @property
    def points(self) -> float:
        """The points of all tasks and questions together."""
        graded: list[TaskCell | QuestionCell] = [*self.tasks, *self.questions]
        return sum(part.points for part in graded)


def read_exercise_source(path: Path) -> Exercise:
    """Read the exercise source at ``path``. Raises :class:`SourceError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(path, 1, f"cannot be read: {error.strerror}") from error
    try:
        notebook = jupytext.myst.myst_to_notebook(text, add_source_map=True)
    except jupytext.myst.MystMetadataParsingError as error:
        match = re.search(r"at line (\d+)", str(error))
        raise SourceError(path, int(match[1]) if match else 1, str(error)) from error
    lines = text.splitlines()
    parts = []
    for cell, above in zip(notebook.cells, notebook.metadata["source_map"], strict=True):
        # Jupytext counts from 0, but for code cells from the line below the opening fence.
        line = above + (cell.cell_type == "markdown")
        while not lines[line - 1].strip():
            line += 1
        if cell.cell_type == "markdown" and cell.metadata:
            while not lines[line - 1].startswith("+++"):
                line -= 1
        parts.append(_part(path, cell, line))
    _check_names(path, parts)
    return Exercise(path, _title(path, parts), tuple(_with_course_points(path, parts)))


def parts_of_answer(answer: str) -> list[float]:
    """Return what the parts of a model answer are worth; nothing if it does not say."""
    return [float(points) for points in _WORTH.findall(answer)]


def _with_course_points(path: Path, parts: list[Part]) -> Iterator[Part]:
    """Yield the parts with the points that the course's settings give them."""
    course, chapter = path.parents[2], path.parent.name
    is_exercise = path.stem == chapter  # not a companion of one
    points = dict(load_course_settings(course).of(chapter).points) if is_exercise else {}
    for part in parts:
        if isinstance(part, TaskCell | QuestionCell):
            name = part.function if isinstance(part, TaskCell) else part.name
            part = dataclasses.replace(part, points=points.pop(name, part.points))
        yield part
    for name in points:
        settings = course / FILE_NAME
        message = f"{chapter} has no task and no question {name!r}"
        raise SourceError(settings, line_of(settings, name), message)


def _part(path: Path, cell: NotebookNode, line: int) -> Part:
    options = dict(cell.metadata)
    if cell.cell_type == "markdown":
        if "question" not in options:
            _refuse_options(path, line, options, ())
            return Text(_with_hints(path, cell.source, line), line)
        settings = _settings(path, line, options, "question")
        parts = parts_of_answer(cell.source)
        if parts and sum(parts) != settings["points"]:
            raise SourceError(
                path,
                line,
                f"the parts of the model answer are worth {sum(parts):g} points together",
            )
        return QuestionCell(answer=cell.source, line=line, name=options["question"], **settings)
    if cell.cell_type != "code":
        raise SourceError(path, line, f"a {cell.cell_type} cell has no place in an exercise")
    if "task" in options:
        if cell.source.strip():
            raise SourceError(
                path, line, "a task cell has no body: its code comes from the reference function"
            )
        settings = _settings(path, line, options, "task")
        return TaskCell(function=options["task"], line=line, **settings)
    _refuse_options(path, line, options, ("tags",))
    return Demo(cell.source, line, tuple(options.get("tags", ())))


def _settings(path: Path, line: int, options: dict[str, Any], kind: str) -> dict[str, Any]:
    """Check the options of a task or question, and return all but its name."""
    name = options[kind]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SourceError(path, line, f"{kind} must be named by a plain word, not {name!r}")
    _refuse_options(path, line, options, (kind, "points", "difficulty", "minutes"))
    for key in ("points", "difficulty", "minutes"):
        if key not in options:
            raise SourceError(path, line, f"{kind} {name} lacks the option {key!r}")
    points, difficulty, minutes = (options[key] for key in ("points", "difficulty", "minutes"))
    if isinstance(points, bool) or not isinstance(points, int | float) or points <= 0:
        raise SourceError(path, line, f"points of {name} must be a number above 0, not {points!r}")
    if difficulty not in DIFFICULTIES:
        raise SourceError(path, line, f"difficulty of {name} must be 1, 2 or 3, not {difficulty!r}")
    if isinstance(minutes, bool) or not isinstance(minutes, int) or minutes <= 0:
        raise SourceError(
            path, line, f"minutes of {name} must be a whole number above 0, not {minutes!r}"
        )
    return {"points": float(points), "difficulty": difficulty, "minutes": minutes}


def _refuse_options(
    path: Path, line: int, options: dict[str, Any], allowed: tuple[str, ...]
) -> None:
    for key in options:
        if key not in allowed:
            may = f"; it may have {', '.join(allowed)}" if allowed else ""
            raise SourceError(path, line, f"unknown option {key!r} of this cell{may}")


def _check_names(path: Path, parts: list[Part]) -> None:
    first_lines: dict[str, int] = {}
    for part in parts:
        if isinstance(part, TaskCell | QuestionCell):
            name = part.function if isinstance(part, TaskCell) else part.name
            if name in first_lines:
                raise SourceError(
                    path,
                    part.line,
                    f"{name} is used twice; it is first used in line {first_lines[name]}",
                )
            first_lines[name] = part.line


def _title(path: Path, parts: list[Part]) -> str:
    for part in parts:
        if isinstance(part, Text):
            match = re.match(r"# (.+)", part.source)
            if match:
                return match[1].strip()
        break
    raise SourceError(path, 1, "the exercise must begin with a title: a line '# ...'")


def _with_hints(path: Path, source: str, line: int) -> str:
    """Turn ``{hint}`` fences into folded HTML blocks, which every notebook program shows."""
    pieces = list(_hint_pieces(path, source, line))
    return "".join(pieces).strip("\n")


def _hint_pieces(path: Path, source: str, line: int) -> Iterator[str]:
    position = 0
    while match := _HINT.search(source, position):
        yield source[position : match.start()]
        end = re.compile(rf"^{match['fence']}[ \t]*$", re.MULTILINE).search(source, match.end())
        here = line + source[: match.start()].count("\n")
        if end is None:
            raise SourceError(path, here, "this {hint} is never closed")
        body = source[match.end() : end.start()].strip("\n")
        if "{code-cell}" in body:
            raise SourceError(path, here, "this {hint} swallows a code cell: is it closed?")
        if not body:
            raise SourceError(path, here, "this {hint} is empty")
        title = html.escape(match["title"].strip() or "Hint")
        yield f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"
        position = end.end()
    yield source[position:]
