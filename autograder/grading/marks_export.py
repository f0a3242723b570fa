"""What `nbgrader export` writes: marks as a table that a spreadsheet opens, and takes for text.

nbgrader's own exporter writes names as they are: a comma moves the columns, and a name such as
``=HYPERLINK(...)`` is a formula, which the spreadsheet of whoever opens it computes. It also writes
a score for those who wait for a person to read their answer; here the field is left empty.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
from collections.abc import Iterator
from typing import Any

from nbgrader.api import Assignment, Gradebook, MissingEntry, Student
from nbgrader.plugins import ExportPlugin

from autograder.course_settings import CourseSettings, load_course_settings
from autograder.grading.course import Course
from autograder.grading.lateness import seconds_late, update_lateness
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
        settings = CourseSettings()
        if self.parent is not None:  # nbgrader's command, which knows the course
            course = Course.of(self.parent.coursedir)
            settings = load_course_settings(course.root)
            update_lateness(course)
        with open(place, "w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            for assignment in gradebook.assignments:
                if not settings.is_released(assignment.name):
                    continue
                for student in gradebook.students:
                    if assignment.name in (self.assignment or [assignment.name]) and student.id in (
                        self.student or [student.id]
                    ):
                        table.writerow(map(plain, _row(gradebook, assignment, student)))


@dataclasses.dataclass(frozen=True)
class Standing:
    """Where a student stands in a chapter, with the points as they are now.

    ``moment`` is in UTC without saying so; ``absent``: nothing was handed in; ``waiting``: a person
    has to read something first, so ``points`` are not final.
    """

    student: Student
    chapter: str
    most: float
    moment: datetime.datetime | None = None
    seconds_late: float = 0.0
    points: float = 0.0
    penalty: float = 0.0
    absent: bool = False
    waiting: bool = False

    @property
    def score(self) -> float:
        """The mark: points less what being late costs."""
        return round(max(0.0, self.points - self.penalty), 2)


def standing_of(gradebook: Gradebook, assignment: Assignment, student: Student) -> Standing:
    """Return where a student stands; penalties are as they were last computed."""
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        return Standing(student, assignment.name, assignment.max_score, absent=True)
    return Standing(
        student,
        assignment.name,
        assignment.max_score,
        submission.timestamp,
        seconds_late(submission),
        submission.score,
        submission.late_submission_penalty or 0.0,
        waiting=bool(submission.needs_manual_grade),
    )


def _row(gradebook: Gradebook, assignment: Assignment, student: Student) -> Iterator[Any]:
    standing = standing_of(gradebook, assignment, student)
    yield from (assignment.name, assignment.duedate, standing.moment, student.id)
    yield from (student.last_name, student.first_name, student.email)
    yield from (standing.points, standing.penalty)
    yield from (None if standing.waiting else standing.score, assignment.max_score)


def plain(value: Any) -> str:
    """Return what stands in a field of the table: text that no spreadsheet computes."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = one_line(value)
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text
