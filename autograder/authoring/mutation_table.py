"""Tables for authors: which case finds each misconception, and what it earns with other numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from autograder.authoring.luck import SEEDS, marks_by_seed
from autograder.checks import CheckedCase, Raised
from autograder.comparison import first_difference
from autograder.examination import Examination, examine
from autograder.problems import Misconception, Problem
from autograder.student.calls import in_notebook

_HEADER = ("Function", "Misconception", "Catalog", "Found by", "How", "Hint that is shown")


def mutation_table(problems: Sequence[Problem]) -> str:
    """Return a Markdown table with one row per misconception, and a line that sums it up.

    "Found by" is the first visible case that the misconception fails, with the number of all
    visible cases that it fails. The hint is the one that ``check`` answers with: where another
    misconception was named instead, the row says so.
    """
    rows = [_HEADER, tuple("---" for _ in _HEADER)]
    failed = named = total = 0
    for problem in problems:
        checks = problem.visible_checks()
        for misconception in problem.misconceptions:
            outcome = examine(checks, in_notebook(misconception.wrong, problem.time_limit))
            rows.append((f"`{problem.name}`", *_row(misconception, outcome)))
            total += 1
            failed += not outcome.passed
            named += outcome.misconception == misconception.name
    lines = [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join(
        [*lines, "", f"{total} misconceptions: {failed} found, {named} named by their own hint."]
    )


def _row(misconception: Misconception, examination: Examination) -> tuple[str, ...]:
    number = misconception.catalog_number
    start = (misconception.title, "" if number is None else str(number))
    failure = examination.first_failure
    if failure is None:
        return (*start, "**no case**", "", "")
    failed = sum(not outcome.passed for outcome in examination.outcomes)
    by = f"{failure.case.name} ({failed} of {len(examination.outcomes)})"
    hint = examination.hint or "**none**"
    if examination.misconception not in (misconception.name, None):
        hint = f"**of {examination.misconception}:** {hint}"
    return (*start, by, _how(failure.case, misconception, examination), hint)


def _how(case: CheckedCase, misconception: Misconception, examination: Examination) -> str:
    """Say what is wrong with the result: its type, shape or values, or an exception."""
    wrong = case.wrong[misconception.name]
    if isinstance(wrong, Raised):
        return wrong.kind
    difference = first_difference(wrong, case.expected, examination.checks.tolerance)
    return "" if difference is None else difference.kind


def table_of_marks(problem: Problem, points: float, seeds: Sequence[int] = SEEDS) -> str:
    """Return a Markdown table: what each answer earns, with how many seeds, and the lucky cases."""
    lines = [
        f"| {problem.name}, of {points:g} points | earns | where luck decides |",
        "|---|---|---|",
    ]
    for earned in marks_by_seed(problem, points, seeds):
        counts = sorted(Counter(earned.points).items())
        marks = ", ".join(f"{mark:g} ({count} seeds)" for mark, count in counts)
        lines.append(f"| {earned.answer} | {marks} | {'; '.join(earned.lucky_cases(seeds))} |")
    return "\n".join(lines)
