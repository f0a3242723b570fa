"""What a student may read of hidden cases: nothing that their function was given.

Whatever a function raises, it chooses itself: an exception's name, its message and the line may
carry what it saw. So names are those of Python and NumPy, messages are left out but for one of the
grader's own, and lines are those of the notebook.
"""

from __future__ import annotations

import builtins
import dataclasses
import re
from collections.abc import Iterable

from autograder.examination import Examination
from autograder.failures import Failed
from autograder.grading.inside.image_libraries import REASON
from autograder.outcomes import Outcome, TimedOut

KINDS = {
    *(name for name, kind in vars(builtins).items() if isinstance(kind, type)),
    *("Crash", "AxisError", "LinAlgError", "UFuncTypeError", "_UFuncOutputCastingError"),
}
"""What an exception may be called: as Python and NumPy call theirs, and what ends a process."""

OTHER_KIND = "an exception of its own"
NAMELESS = (None, "<lambda>", "<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>")
_LINE = re.compile(r"line (?P<number>\d{1,6})(?: of (?P<name>[\w<>]+))?: (?P<text>.+)")


def without_hidden_inputs(examination: Examination, sources: Iterable[str]) -> Examination:
    """Return an examination whose hidden cases say nothing that a function could have put there.

    ``sources`` are those of the notebook's code cells.
    """
    lines = _lines(sources)
    limit = examination.checks.time_limit
    outcomes = tuple(_told(outcome, lines, limit) for outcome in examination.outcomes)
    return dataclasses.replace(examination, outcomes=outcomes)


def without_messages(failed: Failed, source: str) -> Failed:
    """Return what may be told of an exception in a function that stands in ``source``.

    A function that has seen what is hidden chooses the rest.
    """
    return _told_failure(failed, _lines([source]))


def _lines(sources: Iterable[str]) -> set[tuple[int, str]]:
    return {
        (number, line.strip().rstrip(": "))
        for source in sources
        for number, line in enumerate(source.splitlines(), 1)
    }


def _told(outcome: Outcome, lines: set[tuple[int, str]], limit: float) -> Outcome:
    ending = outcome.ending
    if outcome.case.hidden and isinstance(ending, TimedOut):
        # How much time was left for a call depends on how long others took.
        return dataclasses.replace(outcome, ending=dataclasses.replace(ending, seconds=limit))
    if not outcome.case.hidden or not isinstance(ending, Failed):
        return outcome
    return dataclasses.replace(outcome, ending=_told_failure(ending, lines))


def _told_failure(failed: Failed, lines: set[tuple[int, str]]) -> Failed:
    kind = failed.kind if failed.kind in KINDS else OTHER_KIND
    if (failed.kind, failed.message) == ("ImportError", REASON):
        kind = f"ImportError: {REASON}"
    line = failed.line if _is_of_the_notebook(failed.line, lines) else ""
    caller = failed.caller if _is_of_the_notebook(failed.caller, lines) else ""
    return Failed(kind, "", line, caller)


def _is_of_the_notebook(line: str, lines: set[tuple[int, str]]) -> bool:
    """Whether a line that an exception names stands in the notebook, and a function of the name."""
    match = _LINE.fullmatch(line)
    if match is None or (int(match["number"]), match["text"]) not in lines:
        return False
    name = match["name"]
    return name in NAMELESS or any(text.startswith(f"def {name}(") for _, text in lines)
