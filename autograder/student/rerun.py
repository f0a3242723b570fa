"""Runs an exercise from top to bottom in a process of its own, then checks its tasks.

``autograder check`` starts this module as a program and reads the JSON file that it leaves. The
student's code is free to do what it would do in the notebook; the calling process stays clean.
"""

from __future__ import annotations

import ast
import builtins
import json
import linecache
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import autograder
from autograder.advice import first_line
from autograder.checks import FILE_NAME
from autograder.failures import Failed, failure
from autograder.student import check as check_module
from autograder.student import explore as explore_module
from autograder.student.calls import PrintAllowance, limited_printing
from autograder.student.check import CannotCheck, Check, MissingPackage
from autograder.student.exercise_file import ExerciseFile, read_exercise
from autograder.student.limits import run_within
from autograder.student.notebook import missing_function
from autograder.values import Value


class _QuietCheck(Check):
    """Stands in for ``check`` while the cells run: the checks come afterwards."""

    def __call__(self, function: Callable[..., Value] | None = None) -> None:
        pass


class Rerun:
    """One run of an exercise. ``stopped`` and ``skipped`` say what did not run, cell by cell."""

    def __init__(self, exercise: ExerciseFile, cell_limit: float) -> None:
        self._exercise = exercise
        self._cell_limit = cell_limit
        self._check = _QuietCheck()
        self._check.use(exercise.path.parent / FILE_NAME)
        self.stopped: list[dict[str, Any]] = []
        self.skipped: list[dict[str, Any]] = []
        # A Python file is imported, so that its `if __name__ == "__main__":` part does not run.
        name = "__main__" if exercise.is_notebook else exercise.path.stem
        self._module = ModuleType(name)
        self._number = 0
        self._missing: MissingPackage | None = None

    @property
    def tasks(self) -> list[str]:
        """The names of the exercise's tasks, in their order."""
        return list(self._check.checks())

    def run_cells(self) -> None:
        """Run all code cells; an exception ends its cell, not the run.

        Raises :class:`MissingPackage` at the first import of a package of the exercise that is not
        installed: the rest would only fail for want of it.
        """
        self._stand_in()
        for number, source in enumerate(self._exercise.cells, start=1):
            self._number = number
            ended = self._run_cell(source)
            if self._missing is not None:
                raise self._missing
            if ended is not None:
                self.stopped.append({"cell": number, **ended})

    def examine(self, task: str) -> dict[str, Any]:
        """Check one task; return the entry of the JSON document."""
        checks = self._check.checks()[task]
        names = vars(self._module)
        examination = None
        if task not in names:
            own = [name for name, value in names.items() if _is_own(name, value)]
            others = [name for name in own if name not in self.tasks]
            report = missing_function(task, others, in_notebook=False)
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
            "lines": [line.text for line in report.lines],
            "text": report.text,
        }

    def _stand_in(self) -> None:
        """Put quiet versions of what only makes sense in a notebook in the place of the others."""
        for module in (autograder, check_module):
            module.check = self._check  # type: ignore[attr-defined]
        for module in (autograder, explore_module):
            module.explore = _nothing  # type: ignore[attr-defined]
        vars(builtins).update(display=_nothing, get_ipython=lambda: _Magics(self))
        sys.modules[self._module.__name__] = self._module
        sys.path.insert(0, str(self._exercise.path.parent.resolve()))
        vars(self._module)["__file__"] = str(self._exercise.path)

    def _run_cell(self, source: str) -> dict[str, str] | None:
        """Run one cell; return how it ended if it did not reach its end."""
        failed: list[Failed] = []

        def code() -> None:
            try:
                self.execute(self._plain_python(source))
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self._missing = self._check.missing_package(error)
                if not self._check_will_say(error):
                    failed.append(failure(error))

        with limited_printing(PrintAllowance()):
            stopped = run_within(self._cell_limit, code)
        if stopped is not None:
            how = "was interrupted" if stopped.interrupted else "was stopped"
            return {"message": f"it {how} after {stopped.seconds:g} seconds", "line": ""}
        if failed:
            return {"message": first_line(failed[0]), "line": failed[0].line}
        return None

    def _check_will_say(self, error: BaseException) -> bool:
        """Whether a cell stopped because a task is not done yet, or not defined."""
        if isinstance(error, NameError):
            return error.name in self.tasks
        return isinstance(error, NotImplementedError)

    def execute(self, source: str) -> None:
        """Run Python code in the namespace of the exercise."""
        name = f"<code cell {self._number}>"
        if not self._exercise.is_notebook:
            name = self._exercise.path.name
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), vars(self._module))

    def skip(self, what: str) -> None:
        """Note that a piece of a cell does not run here."""
        self.skipped.append({"cell": self._number, "what": what})

    def _plain_python(self, source: str) -> str:
        """Return the cell without `%magics` and `!commands`, which are not Python."""
        try:
            ast.parse(source)
            return source
        except SyntaxError:
            pass
        try:
            from IPython.core.inputtransformer2 import TransformerManager
        except ImportError:
            return self._without_magic_lines(source)
        return str(TransformerManager().transform_cell(source))

    def _without_magic_lines(self, source: str) -> str:
        lines = source.splitlines()
        if lines and lines[0].startswith("%%"):
            self.skip(lines[0])
            return "" if lines[0].split()[0] not in _TRANSPARENT else "\n".join(["", *lines[1:]])
        for i, line in enumerate(lines):
            if line.lstrip().startswith(("%", "!", "?")) or line.rstrip().endswith("?"):
                if not line.lstrip().startswith(tuple(f"%{name}" for name in _HARMLESS)):
                    self.skip(line.strip())
                lines[i] = line[: len(line) - len(line.lstrip())] + "pass"
        return "\n".join(lines)


_TRANSPARENT = ("%%time", "%%timeit", "%%capture", "%%prun")
"""Cell magics whose cell is run all the same."""

_HARMLESS = ("matplotlib", "config", "load_ext", "reload_ext", "autoreload")
"""Line magics that nobody misses outside a notebook."""


class _Magics:
    """What ``get_ipython()`` returns while the cells run: magics and commands are skipped."""

    def __init__(self, rerun: Rerun) -> None:
        self._rerun = rerun

    def run_line_magic(self, name: str, line: str, *rest: object) -> None:
        if f"%%{name}" in _TRANSPARENT:
            self._rerun.execute(line)
        elif name not in _HARMLESS:
            self._rerun.skip(f"%{name} {line}".rstrip())

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        if f"%%{name}" in _TRANSPARENT:
            self._rerun.execute(cell)
        else:
            self._rerun.skip(f"%%{name} {line}".rstrip())

    def system(self, command: str) -> None:
        self._rerun.skip(f"!{command}")

    def getoutput(self, command: str, *rest: object) -> list[str]:
        self._rerun.skip(f"!{command}")
        return []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return _nothing


def _nothing(*arguments: object, **named: object) -> None:
    return None


def _is_own(name: str, value: object) -> bool:
    return callable(value) and not name.startswith("_") and not isinstance(value, type)


def main() -> None:
    """Run the exercise, the result file, the limit per cell and the tasks given as arguments."""
    path, result, limit, *chosen = sys.argv[1:]
    os.dup2(2, 1)  # whatever the student's code prints, also past Python, goes to stderr
    sys.argv = [path]
    rerun = Rerun(read_exercise(Path(path)), float(limit))
    document: dict[str, Any]
    try:
        rerun.run_cells()
        tasks = [rerun.examine(task) for task in rerun.tasks if not chosen or task in chosen]
        document = {"tasks": tasks, "stopped_cells": rerun.stopped, "skipped": rerun.skipped}
    except MissingPackage as missing:
        document = {"tasks": [], "error": str(missing)}
    Path(result).write_text(json.dumps(document), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that the student's code has started do not hold us up


if __name__ == "__main__":
    main()
