"""The misconceptions of all chapters as if students had made them, from what `checks.npz` holds."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator

from autograder.checks import FILE_NAME, Checks, Raised, load_checks
from autograder.diagnosis import Finding, diagnose
from autograder.examination import judge
from autograder.failures import Failed
from autograder.outcomes import Outcome, Returned
from tests import COURSE
from tests.diagnosis.wrong_functions import CHAPTERS


@functools.cache
def tasks() -> dict[str, Checks]:
    """Return the checks of all chapters, by chapter and task."""
    return {
        f"{chapter}-{task}": checks
        for chapter in CHAPTERS
        for task, checks in load_checks(COURSE / "exercises" / chapter / FILE_NAME).items()
    }


def outcomes_of(checks: Checks, name: str) -> list[Outcome]:
    """Return what comes of the visible cases where a student has this misconception."""
    outcomes = []
    for case in checks.cases:
        result = case.wrong.get(name, case.expected)
        raised = isinstance(result, Raised)
        ending = Failed(result.kind, result.message) if raised else Returned(result)
        outcomes.append(judge(checks, case, ending))
    return outcomes


@functools.cache
def table(taken_out: bool = False) -> list[tuple[str, str, Finding | None]]:
    """Return for each misconception what is found: its task, its name, the finding.

    ``taken_out``: the catalog lacks the entry, as it lacks most mistakes of real students.
    """
    return list(_rows(taken_out))


def _rows(taken_out: bool) -> Iterator[tuple[str, str, Finding | None]]:
    for task, checks in tasks().items():
        for name in checks.hints:
            hints = {key: hint for key, hint in checks.hints.items() if key != name}
            known = dataclasses.replace(checks, hints=hints) if taken_out else checks
            yield task, name, diagnose(known, outcomes_of(checks, name))
