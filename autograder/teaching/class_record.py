"""What is known of a class and a chapter: marks from the gradebook, results from grading notes.

The gradebook is read with a few queries and, where nobody is late, without nbgrader, which takes a
second to import.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from autograder.course_settings import load_course_settings
from autograder.grading.course import Course, CourseError
from autograder.grading.database import telling
from autograder.grading.results import SubmissionResult
from autograder.grading.submitted_text import one_line


@dataclasses.dataclass(frozen=True)
class Mark:
    """The mark of one cell. ``points`` are None while a person has to give them.

    ``automatic`` and ``manual`` are what the grader and a person gave, each None if not.
    ``waiting``: a person has to look at it. ``comment`` is a person's.
    """

    cell: str
    most: float
    automatic: float | None = None
    manual: float | None = None
    extra: float = 0.0
    waiting: bool = False
    comment: str = ""

    @property
    def points(self) -> float | None:
        """The points that count, None if nobody has given any."""
        given = self.automatic if self.manual is None else self.manual
        return None if given is None else given + self.extra


@dataclasses.dataclass(frozen=True)
class StudentRecord:
    """What is known of one student's work on a chapter.

    ``marks`` are empty where nothing has been graded, ``result`` is None where the grader has no
    note of it. ``late`` is by how much it came after the due date, which is later by the
    ``extension``; ``penalty`` the points that this costs.
    """

    student: str
    full_name: str = ""
    handed_in: datetime.datetime | None = None
    late: datetime.timedelta = datetime.timedelta(0)
    extension: datetime.timedelta = datetime.timedelta(0)
    penalty: float = 0.0
    marks: Mapping[str, Mark] = dataclasses.field(default_factory=dict)
    result: SubmissionResult | None = None

    @property
    def name(self) -> str:
        """The student's id, to be shown: a folder may be called anything."""
        return one_line(self.student)

    @property
    def lateness(self) -> str:
        """By how much it came late and what that costs, in words; empty if it was in time."""
        if not self.late:
            return ""
        hours = self.late.total_seconds() / 3600
        words = f"{hours / 24:.1f} days late" if hours >= 48 else f"{hours:.1f} hours late"
        if hours < 1:
            words = f"{60 * hours:.0f} minutes late"
        return words + (f", {self.penalty:g} points less" if self.penalty else "")

    @property
    def absent(self) -> bool:
        """Whether nothing has been handed in, as far as the gradebook and the grader know."""
        return not self.marks and self.result is None

    @property
    def graded(self) -> bool:
        """Whether the grader could grade it: there are marks, and none is a stand-in."""
        return bool(self.marks) and (self.result is None or self.result.state == "graded")

    @property
    def waiting(self) -> list[str]:
        """The cells that a person has to look at."""
        return [mark.cell for mark in self.marks.values() if mark.waiting or mark.points is None]

    @property
    def points(self) -> float:
        """The points so far, without what a late submission costs."""
        return round(sum(mark.points or 0.0 for mark in self.marks.values()), 2)

    @property
    def total(self) -> float:
        """The points so far that count."""
        return round(max(0.0, self.points - self.penalty), 2)

    @property
    def most(self) -> float:
        """The points that could be had."""
        return sum(mark.most for mark in self.marks.values())


@dataclasses.dataclass(frozen=True)
class ClassRecord:
    """What is known of a class and a chapter, by student. ``due`` is in UTC."""

    chapter: str
    due: datetime.datetime | None
    students: tuple[StudentRecord, ...]

    def of(self, student: str) -> StudentRecord:
        """Return what is known of one student."""
        return next(record for record in self.students if record.student == student)


def read_class(course: Course, chapter: str, folders: Iterable[str] = ()) -> ClassRecord:
    """Return what is known of a class: whoever is in the gradebook, or has one of the ``folders``.

    Raises :class:`~autograder.grading.course.CourseError` if nothing has been graded yet.
    """
    engine = sql.create_engine(course.gradebook)
    if engine.url.get_backend_name() == "sqlite" and not _exists(engine.url.database):
        raise CourseError(f"There is no gradebook yet. Run `autograder grade {chapter}` first.")
    try:
        with telling(course):
            due, records = _gradebook(engine, chapter)
            if _lateness_matters(due, load_course_settings(course.root).due(chapter), records):
                from autograder.grading.lateness import update_lateness  # loads nbgrader

                update_lateness(course, chapter)
                due, records = _gradebook(engine, chapter)
    finally:
        engine.dispose()
    results = _results(course, chapter)
    for student in {*folders, *results} - set(records):
        records[student] = StudentRecord(student)
    students = (
        dataclasses.replace(record, result=results.get(student))
        for student, record in sorted(records.items())
    )
    return ClassRecord(chapter, due, tuple(students))


def _lateness_matters(
    due: datetime.datetime | None,
    due_by_settings: datetime.datetime | None,
    records: Mapping[str, StudentRecord],
) -> bool:
    """Whether what the gradebook says of late work may be out of date."""
    if due_by_settings is not None:
        due_by_settings = due_by_settings.astimezone(datetime.UTC).replace(tzinfo=None)
        if due != due_by_settings:
            return True
    return any(record.late or record.penalty or record.extension for record in records.values())


def _exists(database: str | None) -> bool:
    return database is not None and Path(database).is_file()


def _results(course: Course, chapter: str) -> dict[str, SubmissionResult]:
    """Return the results that the grader has noted, by student."""
    results = {}
    for path in (course.notes / chapter).glob("*.json"):
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))["result"]
            result = SubmissionResult.from_fields(fields)
        except (OSError, ValueError, TypeError, KeyError):
            continue  # no note, or not one of ours: that student is graded again some day
        results[result.student] = result
    return results


def _table(name: str, *columns: str, **typed: Any) -> Any:
    kinds: dict[str, Any] = {**dict.fromkeys(columns), **typed}
    return sql.table(name, *(sql.column(column, kind) for column, kind in kinds.items()))


# nbgrader's tables, with the columns that are read here.
_STUDENT = _table("student", "id", "first_name", "last_name")
_ASSIGNMENT = _table("assignment", "id", "name", duedate=sql.DateTime)
_SUBMISSION = _table(
    "submitted_assignment",
    *("id", "assignment_id", "student_id"),
    timestamp=sql.DateTime,
    extension=sql.Interval,
)
_NOTEBOOK = _table("submitted_notebook", "id", "assignment_id", "late_submission_penalty")
_GRADE = _table(
    "grade",
    *("notebook_id", "cell_id", "auto_score", "manual_score", "extra_credit"),
    needs_manual_grade=sql.Boolean,
)
_CELL = _table("base_cell", "id", "name")
_GRADE_CELL = _table("grade_cells", "id", "max_score")
_COMMENT = _table("comment", "notebook_id", "cell_id", "manual_comment")


def _gradebook(
    engine: sql.Engine, chapter: str
) -> tuple[datetime.datetime | None, dict[str, StudentRecord]]:
    """Return the due date of a chapter, and what the gradebook knows of all students."""
    with engine.connect() as connection:
        assignment = connection.execute(
            sql.select(_ASSIGNMENT).where(_ASSIGNMENT.c.name == chapter)
        ).first()
        if assignment is None:
            raise CourseError(
                f"{chapter} is not in the gradebook: nothing has been graded. "
                f"Run `autograder grade {chapter}` first."
            )
        return assignment.duedate, _records(connection, assignment.id, assignment.duedate)


def _records(
    connection: sql.Connection, assignment: str, due: datetime.datetime | None
) -> dict[str, StudentRecord]:
    """Return all students of the class, with what the gradebook knows of an assignment."""
    records = {
        student: StudentRecord(student, one_line(f"{first or ''} {last or ''}".strip()))
        for student, first, last in connection.execute(
            sql.select(_STUDENT.c.id, _STUDENT.c.first_name, _STUDENT.c.last_name)
        )
    }
    marks: dict[str, dict[str, Mark]] = {}
    for notebook, mark in _marks(connection, assignment):
        marks.setdefault(notebook, {})[mark.cell] = mark
    for row in connection.execute(
        sql.select(
            *(_SUBMISSION.c.student_id, _SUBMISSION.c.timestamp, _SUBMISSION.c.extension),
            *(_NOTEBOOK.c.id, _NOTEBOOK.c.late_submission_penalty),
        )
        .join_from(_SUBMISSION, _NOTEBOOK, _NOTEBOOK.c.assignment_id == _SUBMISSION.c.id)
        .where(_SUBMISSION.c.assignment_id == assignment)
    ):
        late = datetime.timedelta(0)
        if due is not None and row.timestamp is not None:
            late = max(late, row.timestamp - due - (row.extension or late))
        records[row.student_id] = dataclasses.replace(
            records[row.student_id],
            handed_in=row.timestamp,
            late=late,
            extension=row.extension or datetime.timedelta(0),
            penalty=row.late_submission_penalty or 0.0,
            marks=marks.get(row.id, {}),
        )
    return records


def _marks(connection: sql.Connection, assignment: str) -> Iterator[tuple[str, Mark]]:
    """Yield the marks of all submissions of an assignment, with the ids of their notebooks."""
    ours = (
        sql.select(_NOTEBOOK.c.id)
        .join_from(_NOTEBOOK, _SUBMISSION, _NOTEBOOK.c.assignment_id == _SUBMISSION.c.id)
        .where(_SUBMISSION.c.assignment_id == assignment)
    )
    comments = {
        (row.notebook_id, row.name): row.manual_comment
        for row in connection.execute(
            sql.select(_COMMENT.c.notebook_id, _CELL.c.name, _COMMENT.c.manual_comment)
            .join_from(_COMMENT, _CELL, _CELL.c.id == _COMMENT.c.cell_id)
            .where(_COMMENT.c.notebook_id.in_(ours), _COMMENT.c.manual_comment.is_not(None))
        )
    }
    for row in connection.execute(
        sql.select(_GRADE, _CELL.c.name, _GRADE_CELL.c.max_score)
        .join_from(_GRADE, _CELL, _CELL.c.id == _GRADE.c.cell_id)
        .join(_GRADE_CELL, _GRADE_CELL.c.id == _GRADE.c.cell_id)
        .where(_GRADE.c.notebook_id.in_(ours))
    ):
        yield (
            row.notebook_id,
            Mark(
                row.name,
                row.max_score,
                row.auto_score,
                row.manual_score,
                row.extra_credit or 0.0,
                row.needs_manual_grade,
                comments.get((row.notebook_id, row.name), ""),
            ),
        )
