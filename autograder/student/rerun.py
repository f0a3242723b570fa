"""Runs an exercise from top to bottom in a process of its own, then checks its tasks.

``autograder check`` starts this module as a program and reads the JSON file that it leaves. The
student's code is free to do what it would do in the notebook; the calling process stays clean.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import autograder
from autograder.advice import first_line
from autograder.checks import FILE_NAME
from autograder.failures import failure
from autograder.missing_function import why_missing
from autograder.outcomes import TimedOut
from autograder.report_lines import Line, Report
from autograder.shell import NotebookShell
from autograder.student import check as check_module
from autograder.student import explore as explore_module
from autograder.student.calls import PrintAllowance, limited_printing
from autograder.student.check import CannotCheck, Check, MissingPackage
from autograder.student.exercise_file import ExerciseFile, read_exercise
from autograder.student.limits import run_in_this_thread
from autograder.student.notebook import missing_function, other_functions
from autograder.values import Value


class _QuietCheck(Check):
    """Stands in for ``check`` while the cells run: tasks are examined where their checks stand."""

    def __call__(self, function: Callable[..., Value] | None = None) -> None:
        pass

    def in_notebook(self) -> bool:
        return False


class _Shell(NotebookShell):
    """A shell that shows no results, and remembers what it did not run."""

    def __init__(self, **options: Any) -> None:
        self.skipped: list[str] = []
        super().__init__(**options)

    def not_run(self, what: str) -> None:
        self.skipped.append(what)

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        """Show nothing: the report says which cells have stopped."""


class Rerun:
    """One run of an exercise.

    ``entries`` are the entries of the tasks in the JSON document; ``stopped`` and ``skipped`` say
    what did not run, cell by cell.
    """

    def __init__(
        self,
        exercise: ExerciseFile,
        cell_limit: float,
        stuck: Callable[[str], None],
        chosen: list[str] | None = None,
    ) -> None:
        """Prepare the run. ``stuck`` is told of a cell that cannot be stopped, and does not return.

        ``chosen`` are the tasks to examine, all by default.
        """
        self.entries: list[dict[str, Any]] = []
        self.stopped: list[dict[str, Any]] = []
        self.skipped: list[dict[str, Any]] = []
        self._exercise = exercise
        self._cell_limit = cell_limit
        self._stuck = stuck
        self._check = _QuietCheck()
        self._check.use(exercise.path.parent / FILE_NAME)
        self._tasks = list(self._check.checks())
        self._chosen = chosen or self._tasks
        # A Python file is imported, so that its `if __name__ == "__main__":` part does not run.
        module = ModuleType("__main__" if exercise.is_notebook else exercise.path.stem)
        self._shell = _Shell.instance(user_module=module, user_ns=vars(module))
        self._errors: list[str] = []

    def run(self) -> None:
        """Run all code cells, and examine each task where its check stands, or at the end.

        An exception ends its cell, not the run. Raises :class:`MissingPackage` at the first
        import of a package of the exercise that is not installed: the rest would only fail for
        want of it.
        """
        self._stand_in()
        entries: dict[str, dict[str, Any]] = {}
        for number, source in enumerate(self._exercise.cells):
            self._run_cell(number, source)
            for task in self._exercise.checked.get(number, ()):
                if task in self._chosen:
                    entries[task] = self._examine(task, number)
        for task in self._chosen:
            if task not in entries:
                entries[task] = self._examine(task, len(self._exercise.cells))
        self.entries = [entries[task] for task in self._tasks if task in entries]

    def _examine(self, task: str, number: int) -> dict[str, Any]:
        """Check one task behind the cell of that number; return the entry of the document."""
        checks = self._check.checks()[task]
        names = self._shell.user_ns
        examination = None
        if task not in names:
            report = self._missing(task, number)
        elif not callable(names[task]):
            report = CannotCheck(f"{task} is not a function any more.").report
        else:
            report, examination = self._check.report_on(checks, names[task])
        return {
            "task": task,
            "passed": report.tone == "good",
            "points": self._exercise.points.get(task),
            "cases": len(checks.cases),
            "cases_passed": sum(outcome.passed for outcome in examination.outcomes)
            if examination
            else 0,
            "fraction": examination.fraction if examination else 0.0,
            "misconception": examination.misconception if examination else None,
            "title": report.title,
            "lines": [line.whole for line in report.lines],
            "text": report.text,
        }

    def _missing(self, task: str, number: int) -> Report:
        cells = self._exercise.cells
        before = zip(cells[:number], self._errors, strict=False)
        reason = why_missing(task, before, cells[number + 1 :])
        if reason:
            return Report(f"{task} is not defined.", "bad", (Line(reason),))
        others = other_functions(self._shell.user_ns, self._tasks)
        return missing_function(task, others, in_notebook=False)

    def _stand_in(self) -> None:
        """Put quiet versions of what only makes sense in a notebook in the place of the others."""
        for module in (autograder, check_module):
            module.check = self._check  # type: ignore[attr-defined]
        for module in (autograder, explore_module):
            module.explore = _nothing  # type: ignore[attr-defined]
        sys.path.insert(0, str(self._exercise.path.parent.resolve()))
        self._shell.user_ns["__file__"] = str(self._exercise.path)

    def _run_cell(self, number: int, source: str) -> None:
        errors: list[BaseException] = []

        def code() -> None:
            error = self._shell.run(source)
            if error is not None:
                errors.append(error)

        def stuck(stopped: TimedOut) -> None:
            seconds = f"{stopped.seconds:g} seconds"
            self._stuck(f"Code cell {number + 1} could not be stopped after {seconds}.")

        with limited_printing(PrintAllowance()):
            stopped = run_in_this_thread(self._cell_limit, code, stuck)
        self.skipped += [{"cell": number + 1, "what": what} for what in self._shell.skipped]
        self._shell.skipped.clear()
        message, line = "", ""
        if stopped is not None:
            message = f"it was stopped after {stopped.seconds:g} seconds"
        elif errors:
            missing = self._check.missing_package(errors[0])
            if missing is not None:
                raise missing
            failed = failure(errors[0])
            message, line = first_line(failed), failed.line
        self._errors.append(message)
        if message and not (errors and self._check_will_say(errors[0])):
            self.stopped.append({"cell": number + 1, "message": message, "line": line})

    def _check_will_say(self, error: BaseException) -> bool:
        """Whether a cell stopped because a task is not done yet, or not defined."""
        if isinstance(error, NameError):
            return error.name in self._tasks
        return isinstance(error, NotImplementedError)


def _nothing(*arguments: object, **named: object) -> None:
    return None


def main() -> None:
    """Run the exercise, the result file, the limit per cell and the tasks given as arguments."""
    path, result, limit, *chosen = sys.argv[1:]
    os.dup2(2, 1)  # whatever the student's code prints, also past Python, goes to stderr
    sys.argv = [path]

    def finish(document: dict[str, Any]) -> None:
        Path(result).write_text(json.dumps(document), encoding="utf-8")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)  # threads that the student's code has started do not hold us up

    def fail(reason: str) -> None:
        finish({"tasks": [], "error": reason})

    try:
        rerun = Rerun(read_exercise(Path(path)), float(limit), fail, chosen)
        rerun.run()
    except MissingPackage as missing:
        fail(str(missing))
    finish({"tasks": rerun.entries, "stopped_cells": rerun.stopped, "skipped": rerun.skipped})


if __name__ == "__main__":
    main()
