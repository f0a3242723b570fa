"""``check(fn)``: run a function through the cases of its task and say what came of it."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from autograder.checks import (
    FILE_NAME,
    ChapterFacts,
    Checks,
    ChecksFileError,
    load_checks,
    load_facts,
    load_packages,
)
from autograder.examination import Examination, examine
from autograder.handover import hand_over
from autograder.packages import DEFAULT_PACKAGES, missing_package, not_allowed, pip_install
from autograder.report import report
from autograder.report_lines import Line, Report
from autograder.student.calls import PrintAllowance, StudentCaller
from autograder.student.foreign_packages import foreign_packages
from autograder.student.notebook import name_in_notebook, running_shell, show, syntax_error
from autograder.student.other_styles import other_styles
from autograder.student.progress import Progress, after_a_pass, exercise_folders, overview
from autograder.values import Value, describe
from autograder.versions import misfit


class CheckFailed(AssertionError):
    """A check did not pass. The report above the exception says why."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks the exception itself: the report has said everything a traceback could.
        return [str(self)]


class CannotCheck(ValueError):
    """There is nothing to check; ``report`` says why."""

    def __init__(self, title: str, *advice: str) -> None:
        super().__init__(" ".join([title, *advice]))
        self.report = Report(title, "bad", tuple(Line(line) for line in advice))

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class MissingPackage(CannotCheck):
    """The exercise needs a package that is not installed; ``report`` says how to get it."""

    def __init__(self, package: str, in_notebook: bool = False) -> None:
        command = pip_install(package)
        if not in_notebook:
            how = f"Install it once, then try again: `python -m {command}`"
        else:
            how = f"Run `%{command}` in a cell of its own, then restart the kernel."
        super().__init__(f"This exercise needs {package}, which is not installed.", how)


_NOTHING: Any = object()


class Check:
    """The callable behind ``check``; one object per process.

    ``check(fn)`` shows a report and raises :class:`CheckFailed` if a case is not passed.
    ``check()`` shows how far the student has come in all chapters.
    ``check.case(fn, 2)`` returns copies of the arguments of the second case.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._stamp: tuple[Path, int, int] | None = None
        self._checks: dict[str, Checks] = {}
        self._packages: Iterable[str] = DEFAULT_PACKAGES
        self._facts = ChapterFacts("")
        self._progress = Progress()
        self._start = Path.cwd()

    def use(self, path: str | Path) -> None:
        """Take the checks from ``path`` instead of ``checks.npz`` in the notebook's folder."""
        self._path = Path(path)

    def __call__(self, function: Callable[..., Value] = _NOTHING) -> None:
        """Run ``function`` through the visible cases of its task; without one, show the progress.

        Shows the report. Raises :class:`CheckFailed` unless all cases are passed.
        """
        outcome = self.overview() if function is _NOTHING else self._checked(function)
        show(outcome)
        if outcome.tone == "bad":
            raise CheckFailed("Not passed yet. The report above says why.")

    def overview(self) -> Report:
        """Return how far the student has come, in the chapters whose folders lie side by side."""
        try:
            self.checks()
        except ChecksFileError as error:
            return _unreadable(error).report
        return overview(exercise_folders(self.folder()), self._progress)

    def _checked(self, function: Callable[..., Value]) -> Report:
        """Return the report of a check, with what the notebook knows beyond it."""
        outcome = self.report(function)
        lines = [*outcome.lines, *_older(function)]
        with contextlib.suppress(CannotCheck):  # the report says so already
            task = self.find(function).function
            passed = outcome.tone == "good"
            self._progress.note(self.folder(), task, passed)
            if passed:
                so_far = self._progress.passed(self.folder())
                lines += after_a_pass(self.checks(), self.facts().points_by_hand, so_far, task)
                lines += other_styles(self.checks()[task], function)
        if misfit(self._facts.version):
            lines.append(Line(f"Note: {misfit(self._facts.version)}"))
        return dataclasses.replace(outcome, lines=tuple(lines))

    def report(self, function: Callable[..., Value]) -> Report:
        """Return the report of a check without showing it or raising."""
        try:
            return self.report_on(self.find(function), function)[0]
        except CannotCheck as problem:
            return problem.report

    def report_on(
        self, checks: Checks, function: Callable[..., Value], silent: bool = False
    ) -> tuple[Report, Examination | None]:
        """Run ``function`` through ``checks``; return the report and what it was made from.

        ``silent``: nothing that the function prints is shown. The examination is None where
        the function was not run, or the check itself failed, which no student's code should
        bring about. Raises
        :class:`MissingPackage` where the cases need a package that is not installed.
        """
        foreign = foreign_packages(function, self._packages)
        if foreign:
            reason = Line(not_allowed(foreign[0], self._packages))
            advice = Line("It is not there when your work is graded: write that part yourself.")
            return Report(f"{checks.function}: not passed.", "bad", (reason, advice)), None
        allowance = PrintAllowance(characters=0) if silent else PrintAllowance()
        caller = StudentCaller(function, checks.time_limit, allowance)
        try:
            examination = examine(checks, caller)
            outcome = report(examination)
        except Exception as error:
            missing = self.missing_package(error)
            if missing is not None:
                raise missing from None
            return _stumbled(checks, error), None
        broken = [] if examination.passed or silent else self._broken_parts(checks, function)
        if broken:
            names = " and ".join(f"`{name}`" for name in broken)
            verb = "does" if len(broken) == 1 else "do"
            first = Line(
                f"Your function calls {names}, which {verb} not pass the check yet. Begin there: "
                "the mistake may be in that function.",
                strong=True,
            )
            outcome = dataclasses.replace(outcome, lines=(first, *outcome.lines))
        if allowance.left_out and not silent:
            note = Line(
                "Note: your function prints a lot. The check shows the beginning and leaves out "
                f"{allowance.left_out:,} characters."
            )
            outcome = dataclasses.replace(outcome, lines=(*outcome.lines, note))
        return outcome, examination

    def _broken_parts(self, checks: Checks, function: Callable[..., Value]) -> list[str]:
        """Return the other tasks whose functions this one calls and which fail their own check."""
        called = getattr(getattr(function, "__code__", None), "co_names", ())
        names = getattr(function, "__globals__", {})
        return [
            task
            for task in self._checks
            if task in called and task != checks.function and callable(names.get(task))
            if getattr(names[task], "__name__", "") == task and not self.passes(names[task])
        ]

    def passes(self, function: Callable[..., Value]) -> bool:
        """Whether ``function`` passes all visible cases of its task; shows nothing."""
        try:
            return self.report_on(self.find(function), function, silent=True)[0].tone == "good"
        except CannotCheck:
            return False

    def case(self, function: Callable[..., Value] | str, number: int) -> tuple[Value, ...]:
        """Return copies of the arguments of case ``number`` (from 1) of a function's task."""
        checks = self.find(function, or_name=True)
        if number not in range(1, len(checks.cases) + 1):
            raise CannotCheck(f"{checks.function} has the cases 1 to {len(checks.cases)}.")
        return tuple(hand_over(value) for value in checks.cases[number - 1].arguments.values())

    def checks(self) -> dict[str, Checks]:
        """Return the checks of this exercise, keyed by function name, in task order.

        Raises :class:`autograder.checks.ChecksFileError` where they cannot be read.
        """
        path = self._path or self._beside_notebook()
        stamp = None
        if path.exists():
            status = path.stat()
            stamp = (path.resolve(), status.st_mtime_ns, status.st_size)
        if stamp is None or stamp != self._stamp:
            self._checks = load_checks(path)
            self._packages = tuple(load_packages(path))
            self._facts = load_facts(path)
            self._stamp = stamp
        return self._checks

    def facts(self) -> ChapterFacts:
        """Return what the file of these checks says of its chapter; raises as :meth:`checks`."""
        self.checks()
        return self._facts

    def missing_package(self, error: BaseException) -> MissingPackage | None:
        """Return what to raise for a failed import, None if no package of the exercise lacks."""
        if not isinstance(error, ModuleNotFoundError):
            return None
        try:
            packages = load_packages(self._path or self._beside_notebook())
        except ChecksFileError:  # not an exercise
            return None
        package = missing_package(error, packages)
        return None if package is None else MissingPackage(package, self.in_notebook())

    def in_notebook(self) -> bool:
        """Whether a reader of the report can run a cell to mend things."""
        return running_shell() is not None

    def report_on_import(self, error: BaseException) -> Report | None:
        """Return the report of :meth:`missing_package`."""
        missing = self.missing_package(error)
        return None if missing is None else missing.report

    def folder(self) -> Path:
        """Return the folder of the exercise's files."""
        return (self._path or self._beside_notebook()).parent

    def _beside_notebook(self) -> Path:
        """Return where ``checks.npz`` is, also after the notebook has changed the folder."""
        folders = [Path(), self._start]
        if "JPY_SESSION_NAME" in os.environ:  # Jupyter's path of the notebook
            folders.append(Path(os.environ["JPY_SESSION_NAME"]).parent)
        for folder in folders:
            if (folder / FILE_NAME).is_file():
                return folder / FILE_NAME
        return Path(FILE_NAME)

    def find(self, function: Callable[..., Value] | str, or_name: bool = False) -> Checks:
        """Return the checks of a function's task; ``or_name``: its name will do.

        Raises :class:`CannotCheck` where there is no such task, or nothing can be read.
        """
        try:
            known = self.checks()
        except ChecksFileError as error:
            raise _unreadable(error) from None
        tasks = ", ".join(known)
        if isinstance(function, str) and not or_name:
            mend = f"`check({function})`" if function in known else "the name itself"
            raise CannotCheck(
                "check() needs a function.", f"It got a text. Leave out the quotes: {mend}."
            )
        if not isinstance(function, str) and not callable(function):
            raise CannotCheck(
                "check() needs a function.",
                f"It got a result: {describe(function)}. Hand over the function itself, without "
                "calling it: `check(name)`, not `check(name(...))`.",
            )
        name = function if isinstance(function, str) else name_in_notebook(function, known)
        if name in known:
            return known[name]
        if name in ("", "<lambda>"):
            raise CannotCheck(
                "This function has no name.",
                f"Define it with `def` and the name of its task. The tasks are {tasks}.",
            )
        lower = {task.lower(): task for task in known}
        close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
        guess = f"Did you rename {lower[close[0]]}? " if close else ""
        raise CannotCheck(
            f"There is no task named {name}.",
            f"{guess}Keep the name that the task gives to the function. The tasks are {tasks}.",
        )


def _unreadable(error: ChecksFileError) -> CannotCheck:
    return CannotCheck("The checks cannot be read.", str(error))


def _older(function: Any) -> list[Line]:
    """Say that a function is an older one: the cell that was to define it anew has stopped."""
    shell, name = running_shell(), getattr(function, "__name__", "")
    stopped = syntax_error(name, shell) if shell is not None and name else ""
    if not stopped:
        return []
    return [
        Line(
            f"Note: this is an older {name}. The cell that should define it anew stopped: {stopped}"
        )
    ]


def _stumbled(checks: Checks, error: Exception) -> Report:
    return Report(
        f"{checks.function}: the check itself failed.",
        "bad",
        (
            Line(f"{type(error).__name__}: {error}"[:500], code=True),
            Line("This is most likely not your mistake. Please show it to your instructor."),
        ),
    )


check = Check()
