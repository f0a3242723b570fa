"""A chapter's sources as a whole: the exercise text and the problems, checked together."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import sys
from pathlib import Path
from types import ModuleType

from autograder.authoring.source import Exercise, SourceError, read_exercise
from autograder.examination import examine
from autograder.problems import Function, Misconception, Problem
from autograder.report import report
from autograder.student.calls import in_notebook

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
"""The lines between which nbgrader replaces the reference by ``raise NotImplementedError()``."""


@dataclasses.dataclass(frozen=True)
class Chapter:
    """A chapter of the course: its name, its exercise, its problems by function name."""

    name: str
    exercise: Exercise
    problems: dict[str, Problem]


def chapters(course: Path) -> list[str]:
    """Return the names of the chapters that have an exercise, in alphabetical order."""
    sources = (course / "solutions").glob("*/problems.py")
    return sorted(path.parent.name for path in sources)


def load_problems(course: Path, name: str) -> dict[str, Problem]:
    """Import ``solutions.<name>.problems`` from the folder ``course``."""
    root = course.resolve()
    module = _import(root, f"solutions.{name}.problems")
    problems: dict[str, Problem] = {}
    for problem in module.PROBLEMS:
        if problem.name in problems:
            where = Path(inspect.getsourcefile(module) or "")
            raise SourceError(where, 1, f"PROBLEMS holds two problems named {problem.name}")
        problems[problem.name] = problem
    return problems


def _import(root: Path, name: str) -> ModuleType:
    # Every course has a package of this name; one imported from elsewhere must not answer.
    known = sys.modules.get("solutions")
    if known is not None and Path(known.__file__ or "").parent.parent != root:
        for loaded in [one for one in sys.modules if one.split(".")[0] == "solutions"]:
            del sys.modules[loaded]
    sys.path.insert(0, str(root))
    try:
        importlib.invalidate_caches()
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(root))


def load_chapter(course: Path, name: str) -> Chapter:
    """Read the sources of a chapter and check that they fit together.

    Raises :class:`SourceError` for a task without a problem, a problem without a task, a
    reference without solution markers.
    """
    exercise = read_exercise(course / "solutions" / name / f"{name}.md")
    problems = load_problems(course, name)
    for task in exercise.tasks:
        if task.function not in problems:
            raise SourceError(
                exercise.path,
                task.line,
                f"unknown function {task.function}: problems.py has {', '.join(problems)}",
            )
        _check_markers(problems[task.function].reference)
    placed = {task.function for task in exercise.tasks}
    for problem in problems.values():
        if problem.name not in placed:
            path, line = location(problem.reference)
            raise SourceError(path, line, f"{problem.name} has no task in {exercise.path.name}")
    return Chapter(name, exercise, problems)


def prove(problem: Problem, seed: int = 0) -> None:
    """Check that the checks of a problem are worth something.

    The reference and every alternative must pass, every misconception must fail a visible
    case. Raises :class:`SourceError` that names the function at fault.
    """
    for function in (problem.reference, *problem.alternatives):
        path, line = location(function)
        try:
            checks = problem.hidden_checks(seed)
        except ValueError as error:
            raise SourceError(*location(problem.reference), str(error)) from error
        examination = examine(checks, in_notebook(function, problem.time_limit))
        changed = report(examination).lines if examination.passed else ()
        if not examination.passed or (changed and function is problem.reference):
            raise SourceError(
                path,
                line,
                f"{function.__name__} fails the checks of {problem.name}:\n"
                f"{report(examination, show_hidden=True)}",
            )
    for wrong in problem.misconceptions:
        _prove_wrong(problem, wrong)


def _prove_wrong(problem: Problem, wrong: Misconception) -> None:
    if all(wrong.name not in case.wrong for case in problem.visible_checks().cases):
        path, line = location(wrong.wrong)
        raise SourceError(
            path, line, f"misconception {wrong.name} passes every visible case of {problem.name}"
        )


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
