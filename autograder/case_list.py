"""What came of each case, in a line for all of them or a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.failures import Failed
from autograder.outcomes import Outcome

_WORDS = {
    "passed": "passed",
    "different": "wrong result",
    "raised": "stopped with an error",
    "not done": "not done yet",
    "timed out": "took too long",
    "changing": "changes from call to call",
    "not called": "not tried any more",
}
"""What came of a case."""

_DIFFERENCES = {
    "type": "wrong type",
    "shape": "wrong shape",
    "not a number": "NaN or infinity",
    "value": "wrong numbers",
    "precision": "too few digits",
}
"""What is wrong with a result."""


def case_map(outcomes: Sequence[Outcome]) -> str:
    """Say in one line which cases passed, and why the others did not."""
    return " · ".join(
        f"✔ {number}" if outcome.passed else f"✘ {number} {_why(outcome)}"
        for number, outcome in enumerate(outcomes, 1)
    )


def _why(outcome: Outcome) -> str:
    difference, expected = outcome.difference, outcome.case.expected
    if difference is not None:
        single = isinstance(expected, str | int | float)
        is_value = difference.kind == "value"
        return "wrong result" if single and is_value else _DIFFERENCES[difference.kind]
    if outcome.verdict == "raised" and isinstance(outcome.ending, Failed):
        return outcome.ending.kind
    return _WORDS[outcome.verdict]


def case_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield a line for each case: its name, and what came of it."""
    for number, outcome in enumerate(outcomes, 1):
        mark = "✔" if outcome.passed else "✘"
        kind = " (with numbers you have not seen)" if outcome.case.hidden else ""
        word = _WORDS[outcome.verdict]
        if outcome.difference is not None and outcome.difference.kind == "precision":
            word = _DIFFERENCES["precision"]
        yield f"{mark} {number:2} {outcome.case.name}{kind}: {word}"
