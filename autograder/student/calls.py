"""Calling a student's function inside the notebook, without letting it take the kernel down."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autograder.checks import CheckedCase
from autograder.failures import Failed, failure
from autograder.handover import changed, hand_over, take_back
from autograder.outcomes import Caller, Ending, Returned, TimedOut
from autograder.speed import ATTEMPTS, clock, fast_enough
from autograder.student.limits import run_within
from autograder.student.notebook import running_shell
from autograder.values import Value


@dataclasses.dataclass
class PrintAllowance:
    """How much a function may still print during one check; the rest is left out."""

    characters: int = 4000
    lines: int = 40
    left_out: int = 0

    def take(self, text: str) -> str:
        """Return the part of ``text`` that may be printed, and count it."""
        pieces = text[: self.characters].splitlines(keepends=True)
        printed = "".join(pieces[: self.lines])
        self.characters -= len(printed)
        self.lines -= printed.count("\n")
        self.left_out += len(text) - len(printed)
        return printed


class StudentCaller:
    """Runs ``function`` in this process, on copies of each case's arguments.

    It is a caller for :func:`autograder.examination.examine`. What the function prints passes
    through as far as ``allowance`` goes.
    """

    def __init__(
        self, function: Callable[..., Value], seconds: float, allowance: PrintAllowance
    ) -> None:
        self._function = function
        self._seconds = seconds
        self._allowance = allowance
        self._last: CheckedCase | None = None

    def __call__(self, case: CheckedCase) -> Ending:
        """Make one call and say how it ended; of a case of speed, some more if it was slow."""
        for _ in range(ATTEMPTS if case.loop_steps else 1):
            ending = fast_enough(*self._call(case), case.loop_steps)
            if not (isinstance(ending, TimedOut) and ending.loops):
                break
        return ending

    def _call(self, case: CheckedCase) -> tuple[Ending, float]:
        """Make one call; return how it ended, and how long the function computed."""
        seconds = 0.0
        arguments = {name: hand_over(value) for name, value in case.arguments.items()}
        endings: list[Ending] = []

        def code() -> None:
            nonlocal seconds
            begin = clock()
            try:
                result = self._function(*arguments.values())
                seconds = clock() - begin
                endings.append(Returned(take_back(result)))
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                endings.append(failure(error))

        heading = f"Printed in the case {case.name!r}:\n"
        # A case that is called twice, to compare the results, prints once.
        allowance = PrintAllowance(characters=0) if case is self._last else self._allowance
        self._last = case
        with limited_printing(allowance, heading), _exit_without_effect():
            stopped = run_within(self._seconds, code)
        if stopped is not None:
            return stopped, seconds
        if not endings:
            return Failed("KeyboardInterrupt", "raised by the function itself"), seconds
        ending = endings[0]
        if isinstance(ending, Returned):
            ending = Returned(ending.value, changed(case.arguments, arguments))
        return ending, seconds


@contextmanager
def limited_printing(allowance: PrintAllowance, heading: str = "") -> Iterator[None]:
    """Let ``allowance`` of what is printed pass, with ``heading`` before it."""
    stream = sys.stdout
    limited = _LimitedStream(stream, allowance, heading)
    sys.stdout = limited
    try:
        yield
    finally:
        sys.stdout = stream
        limited.end_line()


def in_notebook(function: Callable[..., Value], seconds: float) -> Caller:
    """Return a caller that runs ``function`` in this process, ``seconds`` per call at most."""
    return StudentCaller(function, seconds, PrintAllowance())


class _LimitedStream:
    """Stands in for ``sys.stdout``: puts a heading before the first text, cuts off the rest."""

    def __init__(self, stream: Any, allowance: PrintAllowance, heading: str) -> None:
        self._stream = stream
        self._allowance = allowance
        self._heading = heading
        self._last = "\n"

    def write(self, text: str) -> int:
        printed = self._allowance.take(text)
        if printed:
            self._stream.write(self._heading + printed)
            self._heading = ""
            self._last = printed[-1]
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def end_line(self) -> None:
        if self._last != "\n":
            self._stream.write("\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _exit_without_effect() -> Iterator[None]:
    """Make ``exit()`` and ``quit()`` raise `SystemExit`; in a notebook they end the kernel.

    They are two names in the notebook's namespace: others stand there for the time of a call.
    """
    shell = running_shell()
    if shell is None:
        yield
        return
    names = shell.user_ns
    own = [name for name in ("exit", "quit") if names.get(name) is shell.exiter]
    names.update(dict.fromkeys(own, _exit))
    try:
        yield
    finally:
        names.update(dict.fromkeys(own, shell.exiter))


def _exit(*arguments: object) -> None:
    raise SystemExit
