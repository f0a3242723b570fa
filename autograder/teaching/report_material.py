"""What a report is made from: the chapter, the record of the class, and what was written."""

from __future__ import annotations

import dataclasses
import functools

from autograder.grading.course import Course, GradedChapter
from autograder.grading.rebuild import is_answer
from autograder.teaching import report_numbers as numbers
from autograder.teaching.class_record import ClassRecord, StudentRecord
from autograder.teaching.graded_notebook import NOTHING, GradedNotebook, read_graded
from autograder.teaching.similar import Pair, Written, same_texts, similar_pairs


@dataclasses.dataclass(frozen=True)
class Column:
    """A cell that is graded: the name to show, and the points that it gives at most."""

    cell: str
    most: float

    @property
    def name(self) -> str:
        """The task or the question."""
        return self.cell.removeprefix("check-")


@dataclasses.dataclass(frozen=True)
class Material:
    """A chapter and a class; ``folders`` are the students who have one in ``submitted/``."""

    course: Course
    chapter: GradedChapter
    record: ClassRecord
    folders: frozenset[str]

    @functools.cached_property
    def wrong(self) -> list[numbers.WrongAnswer]:
        """The wrong answers of the class."""
        return list(numbers.wrong_answers(self.record))

    @functools.cached_property
    def columns(self) -> list[Column]:
        """What is graded, in the order of the exercise."""
        return [
            Column(cell.metadata.nbgrader.grade_id, float(cell.metadata.nbgrader.points))
            for cell in self.chapter.release.cells
            if cell.metadata.get("nbgrader", {}).get("grade")
        ]

    @functools.cached_property
    def notebooks(self) -> dict[str, GradedNotebook]:
        """The graded notebooks, by student."""
        name = self.chapter.name
        return {
            record.student: read_graded(
                self.course.autograded(record.student, name) / f"{name}.ipynb"
            )
            for record in self.record.students
            if record.marks
        }

    @functools.cached_property
    def pairs(self) -> list[Pair]:
        """The pairs of students whose answers are strikingly alike."""
        return similar_pairs(self._written, self._released)

    @property
    def same_texts(self) -> list[tuple[str, list[str]]]:
        """The tasks with an answer that many students share to the letter, with these students."""
        return same_texts(self._written, self._released)

    @functools.cached_property
    def _written(self) -> dict[str, list[Written]]:
        return {
            record.student: [
                Written(task.function, self.source(record.student, task.function), task.passed)
                for task in record.result.tasks
            ]
            for record in self.record.students
            if record.result is not None and record.graded
        }

    @functools.cached_property
    def _released(self) -> dict[str, str]:
        return {
            cell.metadata.nbgrader.grade_id: cell.source
            for cell in self.chapter.release.cells
            if is_answer(cell)
        }

    def is_as_released(self, cell: str, source: str) -> bool:
        """Whether a cell holds what was handed out."""
        return source.strip() == self._released.get(cell, "").strip()

    def source(self, student: str, cell: str) -> str:
        """Return what a student has written in a cell, nothing if that is not there."""
        return self.notebooks.get(student, NOTHING).answers.get(cell, "")

    def is_absent(self, record: StudentRecord) -> bool:
        """Whether a student of the class has handed in nothing."""
        return record.absent and record.student not in self.folders

    def state(self, record: StudentRecord) -> str:
        """Say in words how far a submission has come."""
        if self.is_absent(record):
            return "nothing handed in"
        if not record.marks:
            return "not graded yet"
        if not record.graded:
            return "could not be graded"
        more = f", {len(record.waiting)} not graded yet" if record.waiting else ""
        return f"{record.total:g} of {record.most:g} points{more}"
