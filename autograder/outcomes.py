"""What came of calling a student's function: how one call ended, and what that is worth."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal, TypeAlias

from autograder.checks import CheckedCase
from autograder.comparison import Difference
from autograder.failures import Failed
from autograder.values import Value

Verdict = Literal[
    "passed", "different", "raised", "not done", "timed out", "changing", "not called"
]


@dataclasses.dataclass(frozen=True)
class Returned:
    """A call that came back. ``changed`` names the arguments the function modified in place."""

    value: Value
    changed: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class TimedOut:
    """A call that was stopped after ``seconds``.

    ``interrupted``: by the user, before the time was up. ``running``: it could not be stopped.
    ``loops``: it was not stopped, but computed for more than the ``seconds`` that a case allows
    whose point is to be faster than Python loops.
    """

    seconds: float
    interrupted: bool = False
    running: bool = False
    loops: bool = False


Ending: TypeAlias = Returned | Failed | TimedOut
Caller: TypeAlias = Callable[[CheckedCase], Ending]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of one case. ``difference`` is set for the verdict "different" only."""

    case: CheckedCase
    verdict: Verdict
    ending: Ending | None = None
    difference: Difference | None = None

    @property
    def passed(self) -> bool:
        """Whether the case was answered correctly."""
        return self.verdict == "passed"
