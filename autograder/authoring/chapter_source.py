"""A chapter's sources as a whole: the exercise text and the problems, checked together."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path

from autograder.authoring.book_sections import Book, read_book
from autograder.authoring.source import Exercise, read_exercise_source
from autograder.chapter import Chapter, SourceError, load_chapter, load_problems
from autograder.checks import Checks
from autograder.problems import Function, Problem

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
"""The lines between which nbgrader replaces the reference by ``raise NotImplementedError()``."""


@dataclasses.dataclass(frozen=True)
class ChapterSource:
    """The sources of a chapter: its name, settings and exercise, its problems by name, the book."""

    name: str
    settings: Chapter
    exercise: Exercise
    problems: dict[str, Problem]
    book: Book

    def checks(self) -> list[Checks]:
        """Return the checks that students get, in the order of the tasks."""
        return [
            self.book.with_exercise(problem.visible_checks(), self.exercise, problem)
            for problem in self.problems.values()
        ]


def read_chapter_source(course: Path, name: str) -> ChapterSource:
    """Read the sources of a chapter and check that they fit together.

    Raises :class:`SourceError` for a task without a problem, a problem without a task, tasks in
    another order than in ``chapter.py``, a reference without solution markers.
    """
    exercise = read_exercise_source(course / "solutions" / name / f"{name}.md")
    settings = load_chapter(course, name)
    problems = load_problems(course, name)
    for task in exercise.tasks:
        if task.function not in problems:
            raise SourceError(
                exercise.path,
                task.line,
                f"unknown function {task.function}: chapter.py has {', '.join(problems)}",
            )
        _check_markers(problems[task.function].reference)
    placed = {task.function for task in exercise.tasks}
    for problem in problems.values():
        if problem.name not in placed:
            path, line = location(problem.reference)
            raise SourceError(path, line, f"{problem.name} has no task in {exercise.path.name}")
    for task, function in zip(exercise.tasks, settings.tasks, strict=True):
        if task.function != function:
            raise SourceError(
                exercise.path,
                task.line,
                f"{task.function} stands where chapter.py has {function}: "
                "both must name the tasks in the same order",
            )
    return ChapterSource(name, settings, exercise, problems, read_book(course))


def location(function: Function) -> tuple[Path, int]:
    """Return the file and the line where a function is defined."""
    lines = inspect.getsourcelines(function)
    return Path(inspect.getsourcefile(function) or "?"), lines[1]


def _check_markers(reference: Function) -> None:
    source = inspect.getsource(reference)
    for marker in (BEGIN, END):
        if source.count(marker) != 1:
            path, line = location(reference)
            raise SourceError(path, line, f"{reference.__name__} needs exactly one line '{marker}'")
