"""The tables of a class report, for a spreadsheet: nothing in them is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from autograder.grading.explained import rule_of
from autograder.grading.marks_export import plain
from autograder.teaching import report_numbers as numbers
from autograder.teaching import report_words as words
from autograder.teaching.report_material import Material

STUDENTS = (
    *(
        "student",
        "name",
        "state",
        "handed in (UTC)",
        "hours late",
        "penalty",
        "final points",
        "most points",
    ),
    *("waiting", "remarks", "seconds or more"),
)
WRONG = (
    *("student", "task", "points", "rule", "misconception", "clue", "cases", "unexplained group"),
)
ALIKE = ("student", "other student", "likeness", "evidence", "tasks", "to the letter")


def tables(material: Material) -> dict[str, str]:
    """Return the tables by file name: students, wrong answers, pairs that are alike."""
    name = material.chapter.name
    marks = (column.name for column in material.columns)
    return {
        f"{name}-students.csv": table((*STUDENTS, *marks), _students(material)),
        f"{name}-wrong-answers.csv": table(WRONG, _wrong(material)),
        f"{name}-alike.csv": table(ALIKE, _alike(material)),
    }


def table(columns: Iterable[str], lines: Iterable[Sequence[Any]]) -> str:
    """Return a table as comma-separated values; nothing in it is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(list(map(plain, line)) for line in lines)
    return text.getvalue()


def _students(material: Material) -> Iterator[Sequence[Any]]:
    for record in material.record.students:
        result = record.result
        remarks = (result.for_a_person, *result.flags, *result.stopped) if result else ()
        yield (
            record.student,
            record.full_name,
            material.state(record),
            record.handed_in,
            round(record.late.total_seconds() / 3600, 2) or "",
            record.penalty or "",
            record.total if record.marks else "",
            record.most or "",
            ", ".join(record.waiting),
            "; ".join(filter(None, remarks)),
            (result.seconds or "") if result else "",
            *(words.mark(record, column.cell) for column in material.columns),
        )


def _wrong(material: Material) -> Iterator[Sequence[Any]]:
    groups = {
        (answer.student, group.task): number
        for number, group in enumerate(numbers.unexplained(material.wrong), 1)
        for answer in group.answers
    }
    for answer in material.wrong:
        result = answer.result
        yield (
            answer.student,
            result.function,
            result.points,
            rule_of(result),
            result.misconception,
            result.clue,
            # With a word in front: a spreadsheet would take "-" for the beginning of a formula.
            f"cases {result.cases}" if result.cases else "",
            groups.get((answer.student, result.function), ""),
        )


def _alike(material: Material) -> Iterator[Sequence[Any]]:
    for pair in material.pairs:
        tasks = ", ".join(f"{task} {share:.0%}" for task, share in pair.tasks.items())
        yield pair.first, pair.second, pair.likeness, pair.evidence, tasks, ", ".join(pair.same)
