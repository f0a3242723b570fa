"""Making nbgrader's source notebook from a chapter's sources."""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.authoring.chapter_source import BEGIN, END, ChapterSource
from autograder.authoring.exercise_size import with_facts
from autograder.authoring.source import (
    DIFFICULTIES,
    Demo,
    QuestionCell,
    TaskCell,
    Text,
    read_exercise_source,
)
from autograder.chapter import SourceError
from autograder.problems import Function
from autograder.sections import Section


def source_notebook(chapter: ChapterSource) -> NotebookNode:
    """Return the notebook that nbgrader takes as its source, solutions included.

    The same sources give the same notebook, cell ids included.
    """
    cells: list[NotebookNode] = []
    for part in chapter.exercise.parts:
        match part:
            case Text():
                cells.append(new_markdown_cell(with_facts(part.source, chapter.exercise)))
            case Demo():
                cells.append(_demo(part))
            case TaskCell():
                section = chapter.book.tasks.get((chapter.name, part.function))
                cells += _task(part, chapter.problems[part.function].reference, section)
            case QuestionCell():
                cells += _question(part)
    return _notebook(cells, chapter.name, chapter.exercise.title)


def companion_notebook(path: Path) -> NotebookNode:
    """Return the notebook of a companion's source, in which nothing is graded.

    Raises SourceError if there is a task or a question in it.
    """
    source = read_exercise_source(path)
    for part in source.parts:
        if isinstance(part, TaskCell | QuestionCell):
            raise SourceError(path, part.line, "nothing is graded in a companion of an exercise")
    cells = [
        new_markdown_cell(part.source) if isinstance(part, Text) else _demo(part)
        for part in source.parts
        if isinstance(part, Text | Demo)
    ]
    return _notebook(cells, path.stem, source.title)


def _notebook(cells: list[NotebookNode], name: str, title: str) -> NotebookNode:
    """Number the cells and put the notebook together."""
    for number, cell in enumerate(cells):
        cell.id = f"{name}-{number:03d}".replace("_", "-")
    metadata: dict[str, Any] = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
        "title": title,
    }
    notebook: NotebookNode = new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(notebook)
    return notebook


def _demo(demo: Demo) -> NotebookNode:
    tags = {"tags": list(demo.tags)} if demo.tags else {}
    cell: NotebookNode = new_code_cell(demo.source, metadata=tags)
    return cell


def _task(task: TaskCell, reference: Function, section: Section | None) -> list[NotebookNode]:
    solution = new_code_cell(plain_source(reference))
    solution.metadata["nbgrader"] = _nbgrader(task.function, solution=True)
    test = new_code_cell(f"check({task.function})")
    # Lets "run all" go on after a task that is not passed yet.
    test.metadata["tags"] = ["raises-exception"]
    test.metadata["nbgrader"] = _nbgrader(
        f"check-{task.function}", grade=True, locked=True, points=task.points
    )
    facts = _facts(task, f"`{task.function}`")
    if section is not None:
        name = f"[{section.name}]({section.address})" if section.address else section.name
        facts += f" · explained in {name}"
    return [new_markdown_cell(facts), solution, test]


def _question(question: QuestionCell) -> list[NotebookNode]:
    answer = new_markdown_cell(f"{BEGIN}\n{question.answer}\n{END}")
    answer.metadata["nbgrader"] = _nbgrader(
        question.name, grade=True, solution=True, points=question.points
    )
    return [new_markdown_cell(_facts(question, "Graded by hand")), answer]


def _facts(part: TaskCell | QuestionCell, what: str) -> str:
    points = f"{part.points:g} point" + ("" if part.points == 1 else "s")
    return f"**{what}** · {points} · {DIFFICULTIES[part.difficulty]} · about {part.minutes} minutes"


def _nbgrader(
    grade_id: str,
    *,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
    points: float | None = None,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": grade,
        "solution": solution,
        "locked": locked,
        "task": False,
    }
    if points is not None:
        metadata["points"] = points
    return metadata


def plain_source(function: Function) -> str:
    """Return a function's source without type annotations: students need not know them yet."""
    source = textwrap.dedent(inspect.getsource(function))
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef)
    for argument in ast.walk(definition.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    header = f"def {definition.name}({ast.unparse(definition.args)}):"
    body = source.splitlines()[definition.body[0].lineno - 1 :]
    return "\n".join([header, *body]).rstrip()
