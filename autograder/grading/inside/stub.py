"""What a submission gets when it imports ``autograder`` while it is graded.

The student's own calls of ``check`` and ``explore`` do nothing here: they must neither cost time
nor stop a cell. The grader examines each function by itself, from outside.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.checks import FILE_NAME, load_checks
from autograder.handover import hand_over

__all__ = ["check", "explore"]


class _Check:
    def __call__(self, *arguments: Any, **options: Any) -> None:
        """Do nothing: the grader checks from outside."""

    def use(self, path: Any) -> None:
        """Do nothing: there is only one set of checks."""

    def passes(self, function: Any) -> bool:
        """Say yes, so that a notebook goes on."""
        return True

    def report(self, function: Any) -> str:
        """Return what is shown in place of a report."""
        return "The report follows from the grading."

    def case(self, function: Any, number: int) -> tuple[Any, ...]:
        """Return copies of the arguments of a visible case, as in the student's notebook."""
        name = function if isinstance(function, str) else function.__name__
        cases = self.checks()[name].cases
        return tuple(hand_over(value) for value in cases[number - 1].arguments.values())

    def checks(self) -> Any:
        """Return the visible checks."""
        return load_checks(Path(FILE_NAME))


check = _Check()


def explore(*arguments: Any, **options: Any) -> None:
    """Do nothing: nobody is there to play."""
