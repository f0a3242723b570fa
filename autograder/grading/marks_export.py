"""What `nbgrader export` writes: marks as a table that a spreadsheet opens, and takes for text.

nbgrader's own exporter writes names as they are: a comma moves the columns, and a name such as
``=HYPERLINK(...)`` is a formula, which the spreadsheet of whoever opens it computes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from nbgrader.api import Assignment, Gradebook, MissingEntry, Student
from nbgrader.plugins import ExportPlugin

from autograder.grading.submitted_text import one_line

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)
"""Those of nbgrader's own exporter."""

FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a formula begins with, in the wide forms of East Asian keyboards, too."""


class MarksExport(ExportPlugin):  # type: ignore[misc]
    """Writes the marks of a class to ``grades.csv``, or to where ``--to`` says."""

    def export(self, gradebook: Gradebook) -> None:
        """Write a line for every student and assignment, or for those that were asked for."""
        place = self.to or "grades.csv"
        self.log.info("Exporting grades to %s", place)
        with open(place, "w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            for assignment in gradebook.assignments:
                for student in gradebook.students:
                    if assignment.name in (self.assignment or [assignment.name]) and student.id in (
                        self.student or [student.id]
                    ):
                        table.writerow(map(plain, _row(gradebook, assignment, student)))


def _row(gradebook: Gradebook, assignment: Assignment, student: Student) -> Iterator[Any]:
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        timestamp, score, penalty = None, 0.0, 0.0
    else:
        timestamp, score = submission.timestamp, submission.score
        penalty = submission.late_submission_penalty or 0.0
    yield from (assignment.name, assignment.duedate, timestamp, student.id)
    yield from (student.last_name, student.first_name, student.email)
    yield from (score, penalty, max(0.0, score - penalty), assignment.max_score)


def plain(value: Any) -> str:
    """Return what stands in a field of the table: text that no spreadsheet computes."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = one_line(value)
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text
