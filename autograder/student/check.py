"""``check(fn)``: run a function through the cases of its task and say what came of it."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from pathlib import Path

from autograder.checks import FILE_NAME, Checks, ChecksFileError, load_checks
from autograder.examination import Examination, examine
from autograder.report import Line, Report, report
from autograder.student.calls import in_notebook
from autograder.values import Value, copy_of, describe


class CheckFailed(AssertionError):
    """A check did not pass. The report above the exception says why."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks the exception itself: the report has said everything a traceback could.
        return [str(self)]


class Check:
    """The callable behind ``check``; one object per process.

    ``check(fn)`` shows a report and raises :class:`CheckFailed` if a case is not passed.
    ``check.case(fn, 2)`` returns copies of the arguments of the second case.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._stamp: tuple[Path, int, int] | None = None
        self._checks: dict[str, Checks] = {}

    def use(self, path: str | Path) -> None:
        """Take the checks from ``path`` instead of ``checks.npz`` in the current folder."""
        self._path = Path(path)

    def __call__(self, function: Callable[..., Value]) -> None:
        """Run ``function`` through the visible cases of its task.

        Prints the report (HTML in a notebook). Raises :class:`CheckFailed` unless all pass.
        """
        outcome = self.report(function)
        _show(outcome)
        if outcome.tone != "good":
            raise CheckFailed(f"Not passed yet: {outcome.title}")

    def report(self, function: Callable[..., Value]) -> Report:
        """Return the report of a check without showing it or raising."""
        try:
            checks = self._find(function)
        except _CannotCheck as problem:
            return problem.report
        return report(self._examine(checks, function))

    def passes(self, function: Callable[..., Value]) -> bool:
        """Whether ``function`` passes all visible cases of its task."""
        return self.report(function).tone == "good"

    def case(self, function: Callable[..., Value] | str, number: int) -> tuple[Value, ...]:
        """Return copies of the arguments of case ``number`` (from 1) of a function's task."""
        checks = self._find(function)
        if not 1 <= number <= len(checks.cases):
            raise ValueError(f"{checks.function} has cases 1 to {len(checks.cases)}")
        return tuple(copy_of(value) for value in checks.cases[number - 1].arguments.values())

    def checks(self) -> dict[str, Checks]:
        """Return the checks of this exercise, keyed by function name, in task order."""
        path = self._path or Path(FILE_NAME)
        stamp = None
        if path.exists():
            status = path.stat()
            stamp = (path.resolve(), status.st_mtime_ns, status.st_size)
        if stamp is None or stamp != self._stamp:
            self._checks = load_checks(path)
            self._stamp = stamp
        return self._checks

    def _examine(self, checks: Checks, function: Callable[..., Value]) -> Examination:
        return examine(checks, in_notebook(function, checks.time_limit))

    def _find(self, function: Callable[..., Value] | str) -> Checks:
        try:
            known = self.checks()
        except ChecksFileError as error:
            raise _CannotCheck("The checks cannot be read.", str(error)) from None
        name = function if isinstance(function, str) else getattr(function, "__name__", None)
        if not isinstance(function, str) and not callable(function):
            raise _CannotCheck(
                "check() needs a function.",
                f"It got a {describe(function)}. Hand over the function itself: check(name), not check(name(...)).",
            )
        if name in known:
            return known[str(name)]
        close = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
        guess = f" Did you rename {close[0]}?" if close else ""
        raise _CannotCheck(
            f"There is no task named {name}.",
            f"The tasks of this exercise are {', '.join(known)}.{guess} "
            "Keep the name that the task gives to the function.",
        )


class _CannotCheck(ValueError):
    def __init__(self, title: str, advice: str) -> None:
        super().__init__(f"{title} {advice}")
        self.report = Report(title, "bad", (Line(advice),))


def _show(outcome: Report) -> None:
    # Without importing IPython: where it is not loaded, nobody could show HTML.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None and "display_formatter" in shell.trait_names():
        from IPython.display import display

        display({"text/html": outcome._repr_html_(), "text/plain": outcome.text}, raw=True)
    else:
        print(outcome.text)


check = Check()
