"""What is kept of a task's examination, compactly: enough to see what a class gets wrong.

A result says which rule of the diagnosis spoke, which cases failed and how, and, of the visible
cases, a digest of each wrong result: two students with the same digests made the same mistake,
whatever their code looks like.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from autograder.advice import advice, first_line
from autograder.examination import Examination
from autograder.failures import Failed
from autograder.grading.engine import TaskGrade
from autograder.grading.results import TaskResult
from autograder.outcomes import Outcome, Returned
from autograder.values import Value

LETTERS = {
    "passed": ".",
    "not done": "0",
    "timed out": "o",
    "changing": "c",
    "not called": "-",
    "raised": "e",
    "type": "t",
    "shape": "s",
    "not a number": "n",
    "value": "v",
    "precision": "p",
}
"""What came of a case, in a letter: the verdict, or how a result differs."""

DIGITS = 4
"""To so many significant digits two wrong results count as the same."""

LONGEST_CLUE = 300


def recorded(task: TaskGrade) -> TaskResult:
    """Return what is kept of a graded task."""
    examination = task.examination
    rule, clue = _explanation(examination)
    visible = [outcome for outcome in examination.outcomes if not outcome.case.hidden]
    return TaskResult(
        task.function,
        task.points,
        task.max_points,
        task.misconception,
        rule,
        clue[:LONGEST_CLUE],
        "".join(map(_letter, examination.outcomes)),
        " ".join(map(_digest, visible)) if examination.first_failure else "",
    )


def _letter(outcome: Outcome) -> str:
    return LETTERS[outcome.difference.kind if outcome.difference else outcome.verdict]


def _explanation(examination: Examination) -> tuple[str, str]:
    """Return the rule that explains the failing cases, and its words where no catalog has them.

    The rule is empty where everything was passed, or nothing explains what was not.
    """
    finding, failure = examination.finding, examination.shown_failure
    if failure is None:
        return "", ""
    if finding is not None:
        return finding.rule, "" if finding.misconception else finding.words
    ending = failure.ending
    if isinstance(ending, Failed) and failure.verdict == "raised":
        return _exception(examination, ending)
    if failure.verdict != "different":
        return failure.verdict, ""
    if isinstance(ending, Returned) and ending.changed:
        return "changed input", ""
    if failure.difference is not None and failure.difference.kind in ("type", "precision"):
        return failure.difference.kind, failure.difference.message
    return "", ""


def _exception(examination: Examination, ending: Failed) -> tuple[str, str]:
    """Say whether the advice on an exception explains it; the clue is the exception itself."""
    if ending.kind == "Crash":
        return "crash", ending.message
    if ending.kind == "NotImplementedError":  # another function, which is not done yet
        return "not done", first_line(ending)
    if ending.kind == "NameError" and not ending.line:
        return "missing", ending.message
    parameters = tuple(examination.checks.cases[0].arguments)
    known = advice(ending, examination.checks.function, parameters)
    return "exception" if known else "", first_line(ending)


def _digest(outcome: Outcome) -> str:
    """Return a digest of a wrong result, the same for results that agree to a few digits."""
    ending = outcome.ending
    if outcome.passed or ending is None:
        return LETTERS[outcome.verdict]
    if isinstance(ending, Returned):
        digest = hashlib.sha256()
        _add(digest, ending.value)
        return digest.hexdigest()[:8]
    return ending.kind[:40] if isinstance(ending, Failed) else LETTERS[outcome.verdict]


def _add(digest: hashlib._Hash, value: Value) -> None:
    if isinstance(value, Mapping):
        for key in value:
            _add(digest, key)
            _add(digest, value[key])
    elif isinstance(value, list | tuple):
        digest.update(f"{len(value)} parts".encode())
        for part in value:
            _add(digest, part)
    elif isinstance(value, bool | int | float | np.bool_ | np.number | np.ndarray):
        array = np.asarray(value)
        if array.dtype.kind in "biuf":
            digest.update(f"{array.shape}".encode() + _rounded(array.astype(float)).tobytes())
        else:
            digest.update(repr(array.dtype).encode() + array.tobytes())
    else:
        digest.update(repr(value).encode("utf-8", "replace")[:10_000])


def _rounded(array: np.ndarray) -> np.ndarray:
    """Round to a few digits of the largest number: sums in another order are the same."""
    finite = np.abs(array[np.isfinite(array)])
    largest = float(finite.max()) if finite.size else 0.0
    if not largest:
        return array + 0.0
    decimals = DIGITS - int(np.ceil(np.log10(largest)))
    if abs(decimals) > 290:
        return array
    with np.errstate(over="ignore", invalid="ignore"):
        rounded: np.ndarray = np.round(array, decimals) + 0.0  # -0 is 0
    return rounded
