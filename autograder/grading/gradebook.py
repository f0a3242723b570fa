"""Results into nbgrader's gradebook and ``autograded/``, through nbgrader's own classes."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution
from sqlalchemy.exc import DatabaseError, SAWarning
from traitlets.config import Config

from autograder.grading.course import Course, CourseError, GradedChapter

ADVICE = {
    "locked": "Another program writes into it: close it (a database browser, a second server).",
    "not a database": "Move it away to start a new gradebook, or restore a copy of it.",
    "malformed": "Move it away to start a new gradebook, or restore a copy of it.",
    "no such": "An older nbgrader has made it: run `nbgrader db upgrade`.",
    "readonly": "Its file or folder may not be written to: change that.",
    "full": "There is no room: make some.",
}
"""What to do, by words in the database's own messages."""


class Ledger:
    """The gradebook of a class, open for one chapter. Use as a context manager.

    Several graders may work on one class: whoever writes holds a lock, and nobody keeps a
    transaction open in between.
    """

    def __init__(self, course: Course, chapter: GradedChapter, config: Config) -> None:
        self._course = course
        self._chapter = chapter
        self._config = config
        course.notes.mkdir(parents=True, exist_ok=True)
        with self.writing():
            with self._telling():
                self._gradebook = Gradebook(course.gradebook, config.CourseDirectory.course_id)
            self._register()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._gradebook.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Keep every other grader of this class from writing."""
        with (self._course.notes / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Say in one sentence what is wrong with the gradebook; raises :class:`CourseError`."""
        try:
            yield
        except DatabaseError as error:
            said = str(error.orig)
            todo = next(
                (advice for words, advice in ADVICE.items() if words in said),
                "See whether its folder is in order and has room.",
            )
            url = self._course.gradebook
            raise CourseError(
                f"The gradebook {url}: {said}. {todo} Marks saved before are kept; grade again "
                "when that is done."
            ) from error

    def scores(self, student: str) -> dict[str, float | None]:
        """Return the automatic points of a student's graded cells; empty if there are none."""
        name = self._chapter.name
        try:
            with self._telling():
                submission = self._gradebook.find_submission_notebook(name, name, student)
                names = _cell_names(submission)
                return {names[grade.cell_id]: grade.auto_score for grade in submission.grades}
        except MissingEntry:
            return {}
        finally:
            self._gradebook.db.remove()

    def record(
        self,
        student: str,
        text: str,
        needs_person: bool,
        handed_in: datetime.datetime | None = None,
    ) -> None:
        """Save a graded notebook: its points in the gradebook, its text in ``autograded/``.

        ``handed_in`` is in UTC. To be called while :meth:`writing`.
        """
        name = self._chapter.name
        notebook: NotebookNode = nbformat.v4.reads(text)  # our own: no need to validate it
        options = {"timestamp": handed_in} if handed_in is not None else {}
        with self._telling(), self._transaction():
            with warnings.catch_warnings():
                # nbgrader relates objects before it adds them to the session, and gets away
                # with it.
                warnings.simplefilter("ignore", SAWarning)
                self._gradebook.update_or_create_student(student)
                self._gradebook.update_or_create_submission(name, student, **options)
            submission = self._gradebook.find_submission_notebook(name, name, student)
            _enter(submission, notebook, needs_person)
            submission.late_submission_penalty = None
            late = submission.assignment.total_seconds_late > 0
        if late:
            with self._telling():
                penalties = AssignLatePenalties(config=self._config)
                penalties.preprocess(notebook, self._resources(student))
        place = self._course.autograded(student, name) / f"{name}.ipynb"
        write_whole(place, text + "\n")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Let everything inside be written at once, or nothing.

        nbgrader commits after each step, and every time would wait for the disk. A session that
        joins an outer transaction in this mode hands over its changes and leaves the commit to us.
        """
        sessions = self._gradebook.db
        sessions.remove()
        with self._gradebook.engine.begin() as connection:
            session = sessions(bind=connection, join_transaction_mode="rollback_only")
            try:
                yield
                session.commit()
            finally:
                sessions.remove()

    def _register(self) -> None:
        """Enter the released notebook in the gradebook, as `generate_assignment` does."""
        name = self._chapter.name
        try:
            with self._telling():
                if self._is_registered():
                    return
        finally:
            self._gradebook.db.remove()
        release = nbformat.from_dict(self._chapter.release)
        try:
            with self._telling():
                self._gradebook.update_or_create_assignment(name)
                SaveCells(config=self._config).preprocess(release, self._resources(""))
        except RuntimeError as error:
            raise CourseError(
                f"The tasks of {name} are not those that earlier submissions were graded with, and "
                f"nbgrader cannot change them any more. Move {self._course.gradebook} away to "
                "start a new gradebook, or restore the earlier exercise."
            ) from error

    def _is_registered(self) -> bool:
        name = self._chapter.name
        try:
            known = self._gradebook.find_notebook(name, name)
        except MissingEntry:
            return False
        cells = [cell for cell in self._chapter.release.cells if "nbgrader" in cell.metadata]
        points = {
            cell.metadata.nbgrader.grade_id: float(cell.metadata.nbgrader.points)
            for cell in cells
            if is_grade(cell)
        }
        sums = {cell.metadata.nbgrader.grade_id: compute_checksum(cell) for cell in cells}
        return points == {cell.name: cell.max_score for cell in known.grade_cells} and sums == {
            cell.name: cell.checksum for cell in known.source_cells
        }

    def _resources(self, student: str) -> dict[str, Any]:
        name = self._chapter.name
        return {
            "nbgrader": {
                "student": student,
                "assignment": name,
                "notebook": name,
                "db_url": self._course.gradebook,
            }
        }


def _cell_names(submission: SubmittedNotebook) -> dict[str, str]:
    """Return the names of a notebook's cells by their ids in the gradebook.

    In one query: grades and comments would each ask for the name of their own.
    """
    cells = (*submission.notebook.grade_cells, *submission.notebook.solution_cells)
    return {cell.id: cell.name for cell in cells}


def _enter(submission: SubmittedNotebook, notebook: NotebookNode, needs_person: bool) -> None:
    """Put a notebook's points and comments where nbgrader's `SaveAutoGrades` puts them."""
    names = _cell_names(submission)
    grades = {names[grade.cell_id]: grade for grade in submission.grades}
    comments = {names[comment.cell_id]: comment for comment in submission.comments}
    for cell in notebook.cells:
        if is_grade(cell):
            grade = grades[cell.metadata.nbgrader.grade_id]
            grade.auto_score, _ = determine_grade(cell)
            # A manual score stays, but a person has to confirm it for the new submission.
            grade.needs_manual_grade = (
                needs_person or grade.manual_score is not None or grade.auto_score is None
            )
        if is_solution(cell):
            comment = comments[cell.metadata.nbgrader.grade_id]
            untouched = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
            comment.auto_comment = "No response." if untouched else None


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is either there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
