"""Marks of many submissions into nbgrader's tables, with a few statements for all of them.

What is written is what nbgrader's own objects would write: its ``add_submission``, and then
``SaveAutoGrades``. One submission after the other, those take several times as long.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution
from sqlalchemy import Connection, Table, bindparam, select

from autograder.grading.graded_files import Answer, answers_of

Row = dict[str, Any]

_NOTE = re.compile(r"An earlier answer was given [\d.]+ points by hand\.")
_ASSIGNMENTS, _NOTEBOOKS = SubmittedAssignment.__table__, SubmittedNotebook.__table__
_GRADES, _COMMENTS = Grade.__table__, Comment.__table__


@dataclasses.dataclass(frozen=True)
class Marked:
    """A graded notebook, and what has to be known to enter it.

    ``earlier`` says which answers marks by hand were given for, None if nobody can tell any more.
    """

    student: str
    notebook: NotebookNode
    needs_person: bool
    earlier: Mapping[str, Answer] | None = None


@dataclasses.dataclass(frozen=True)
class Rows:
    """The rows of some students' submissions: of each, grades and comments by cell."""

    grades: Mapping[str, Mapping[str, Row]]
    comments: Mapping[str, Mapping[str, Row]]

    def marked_by_hand(self, student: str) -> bool:
        """Whether a person has given points to something of a student."""
        return any(row["manual_score"] is not None for row in self.grades[student].values())


class MarkTables:
    """The tables of marks, for one chapter, within a transaction."""

    def __init__(self, connection: Connection, chapter: str) -> None:
        self._connection = connection
        notebook = connection.execute(
            select(Notebook.id, Notebook.assignment_id)
            .join(Assignment, Assignment.id == Notebook.assignment_id)
            .where(Assignment.name == chapter, Notebook.name == chapter)
        ).one()
        self._notebook, self._assignment = notebook
        cells = connection.execute(
            select(BaseCell.id, BaseCell.name, BaseCell.type).where(
                BaseCell.notebook_id == self._notebook
            )
        ).all()
        self._grade_cells = {row.name: row.id for row in cells if row.type == "GradeCell"}
        self._solution_cells = {row.name: row.id for row in cells if row.type == "SolutionCell"}

    def rows_of(self, moments: Mapping[str, datetime.datetime | None]) -> Rows:
        """Return the rows of students' submissions, made where there are none.

        ``moments`` says when each was handed in; where that is unknown, what is known stays.
        """
        run, students = self._connection.execute, list(moments)
        known = set(run(select(Student.id).where(Student.id.in_(students))).scalars())
        self._insert(Student.__table__, [{"id": name} for name in students if name not in known])
        known_submissions = run(
            select(_ASSIGNMENTS.c.student_id, _ASSIGNMENTS.c.id, _ASSIGNMENTS.c.timestamp).where(
                _ASSIGNMENTS.c.assignment_id == self._assignment,
                _ASSIGNMENTS.c.student_id.in_(students),
            )
        ).all()
        submissions = {row.student_id: row.id for row in known_submissions}
        moved = [
            {"row": row.id, "timestamp": moments[row.student_id]}
            for row in known_submissions
            if moments[row.student_id] not in (None, row.timestamp)
        ]
        self._update(_ASSIGNMENTS, moved)
        new = [
            {
                "id": new_uuid(),
                "student_id": name,
                "assignment_id": self._assignment,
                "timestamp": moments[name],
            }
            for name in students
            if name not in submissions
        ]
        self._insert(_ASSIGNMENTS, new)
        submissions |= {row["student_id"]: row["id"] for row in new}
        notebooks = self._notebooks(submissions)
        grades = self._parts(_GRADES, notebooks, self._grade_cells)
        return Rows(grades, self._parts(_COMMENTS, notebooks, self._solution_cells))

    def _notebooks(self, submissions: Mapping[str, str]) -> dict[str, str]:
        """Return the ids of the submitted notebooks by student."""
        known = self._connection.execute(
            select(_NOTEBOOKS.c.assignment_id, _NOTEBOOKS.c.id).where(
                _NOTEBOOKS.c.notebook_id == self._notebook,
                _NOTEBOOKS.c.assignment_id.in_(list(submissions.values())),
            )
        ).all()
        ids: dict[str, str] = {row.assignment_id: row.id for row in known}
        new = [
            {"id": new_uuid(), "assignment_id": submission, "notebook_id": self._notebook}
            for submission in submissions.values()
            if submission not in ids
        ]
        self._insert(_NOTEBOOKS, new)
        ids |= {row["assignment_id"]: row["id"] for row in new}
        return {student: ids[submission] for student, submission in submissions.items()}

    def _parts(
        self, table: Table, notebooks: Mapping[str, str], cells: Mapping[str, str]
    ) -> dict[str, dict[str, Row]]:
        """Return the rows of a table by student and cell, and make those that are missing."""
        names = {cell: name for name, cell in cells.items()}
        owners = {notebook: student for student, notebook in notebooks.items()}
        parts: dict[str, dict[str, Row]] = {student: {} for student in notebooks}
        known = self._connection.execute(select(table).where(table.c.notebook_id.in_(list(owners))))
        for mapping in known.mappings():
            if mapping["cell_id"] in names:
                parts[owners[mapping["notebook_id"]]][names[mapping["cell_id"]]] = dict(mapping)
        new = []
        for student, notebook in notebooks.items():
            for name, cell in cells.items():
                if name not in parts[student]:
                    row: Row = dict.fromkeys(table.c.keys())
                    row |= {"id": new_uuid(), "notebook_id": notebook, "cell_id": cell}
                    if table is _GRADES:
                        row["needs_manual_grade"] = True
                    parts[student][name] = row
                    new.append(dict(row))
        self._insert(table, new)
        return parts

    def enter(self, marked: Sequence[Marked], rows: Rows) -> None:
        """Put points and remarks where nbgrader's `SaveAutoGrades` puts them."""
        for work in marked:
            _mark(work, rows.grades[work.student], rows.comments[work.student])
        own = [part for work in marked for part in rows.grades[work.student].values()]
        self._update(_GRADES, [_changeable(row, _GRADE_FIELDS) for row in own])
        own = [part for work in marked for part in rows.comments[work.student].values()]
        self._update(_COMMENTS, [_changeable(row, _COMMENT_FIELDS) for row in own])

    def _insert(self, table: Table, rows: list[Row]) -> None:
        if rows:
            self._connection.execute(table.insert(), rows)

    def _update(self, table: Table, rows: list[Row]) -> None:
        if rows:
            fields: Row = {name: bindparam(name) for name in rows[0] if name != "row"}
            statement = table.update().where(table.c.id == bindparam("row")).values(fields)
            self._connection.execute(statement, rows)


_GRADE_FIELDS = ("auto_score", "manual_score", "needs_manual_grade")
_COMMENT_FIELDS = ("auto_comment",)


def _changeable(row: Row, fields: Sequence[str]) -> Row:
    return {"row": row["id"], **{name: row[name] for name in fields}}


def _mark(marked: Marked, grades: Mapping[str, Row], comments: Mapping[str, Row]) -> None:
    """Let rows say what a notebook has earned, and what is remarkable about its answers."""
    answers, earlier = answers_of(marked.notebook), marked.earlier
    for cell in marked.notebook.cells:
        if is_solution(cell):
            comment = comments[cell.metadata.nbgrader.grade_id]
            untouched = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
            remarks = ["No response."] * untouched + _NOTE.findall(comment["auto_comment"] or "")
            comment["auto_comment"] = " ".join(remarks) or None
    for cell in marked.notebook.cells:
        if is_grade(cell):
            name = cell.metadata.nbgrader.grade_id
            grade, before = grades[name], grades[name]["auto_score"]
            by_hand = grade["manual_score"] is not None
            grade["auto_score"], _ = determine_grade(cell)
            unmarked = not by_hand and grade["auto_score"] is None
            lost = by_hand and earlier is None
            grade["needs_manual_grade"] = marked.needs_person or unmarked or lost
            moved = before != grade["auto_score"]
            if earlier is not None and answers[name].changed_since(earlier.get(name), moved):
                _set_aside(grade, comments[name.removeprefix("check-")])


def _set_aside(grade: Row, comment: Row) -> None:
    """Let a mark by hand that another answer was given count no more, and say so beside it."""
    if grade["manual_score"] is not None:
        note = f"An earlier answer was given {grade['manual_score']:g} points by hand."
        comment["auto_comment"] = " ".join(filter(None, (comment["auto_comment"], note)))
        grade["manual_score"], grade["needs_manual_grade"] = None, True
