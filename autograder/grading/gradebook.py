"""Results into nbgrader's gradebook and ``autograded/``, through nbgrader's own classes."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Self

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder.grading.course import Course, CourseError, GradedChapter
from autograder.grading.database import GradebookLock, shown_url, telling
from autograder.grading.graded_files import Answer, answers_of, graded_answers, write_graded

_NOTE = re.compile(r"An earlier answer was given [\d.]+ points by hand\.")


@dataclasses.dataclass(frozen=True)
class Arrival:
    """What came with a notebook: when (in UTC; None if unknown), and the files beside it."""

    moment: datetime.datetime | None = None
    files: Mapping[str, bytes] = dataclasses.field(default_factory=dict)


class Ledger:
    """The gradebook of a class, open for one chapter. Use as a context manager.

    Several graders may work on one class: whoever writes holds a lock, and nobody keeps a
    transaction open in between.
    """

    def __init__(self, course: Course, chapter: GradedChapter, config: Config) -> None:
        self._course = course
        self._chapter = chapter
        self._config = config
        self._lock = GradebookLock(course)
        with self.writing():
            with telling(course):
                self._gradebook = Gradebook(course.gradebook, config.CourseDirectory.course_id)
            self._register()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._gradebook.close()
        self._lock.close()

    def writing(self) -> contextlib.AbstractContextManager[None]:
        """Keep every other grader of this class from writing."""
        return self._lock.held()

    def scores(self, student: str) -> dict[str, float | None]:
        """Return the automatic points of a student's graded cells; empty if there are none."""
        name = self._chapter.name
        try:
            with telling(self._course):
                submission = self._gradebook.find_submission_notebook(name, name, student)
                names = _cell_names(submission)
                return {names[grade.cell_id]: grade.auto_score for grade in submission.grades}
        except MissingEntry:
            return {}
        finally:
            self._gradebook.db.remove()

    def record(
        self, student: str, text: str, needs_person: bool, arrival: Arrival | None = None
    ) -> None:
        """Save a graded notebook: its points in the gradebook, its text in ``autograded/``.

        To be called while :meth:`writing`.
        """
        name = self._chapter.name
        arrival = arrival or Arrival()
        notebook: NotebookNode = nbformat.v4.reads(text)  # our own: no need to validate it
        options = {"timestamp": arrival.moment} if arrival.moment is not None else {}
        folder = self._course.autograded(student, name)
        with telling(self._course), self._transaction():
            with warnings.catch_warnings():
                # nbgrader relates objects before it adds them to the session, and gets away
                # with it.
                warnings.simplefilter("ignore", SAWarning)
                self._gradebook.update_or_create_student(student)
                self._gradebook.update_or_create_submission(name, student, **options)
            submission = self._gradebook.find_submission_notebook(name, name, student)
            earlier = None
            if any(grade.manual_score is not None for grade in submission.grades):
                earlier = graded_answers(folder / f"{name}.ipynb")
            _enter(submission, notebook, needs_person, earlier)
        ignored = list(self._config.CourseDirectory.get("ignore", ()))
        write_graded(folder, self._chapter, text, arrival.files, ignored)

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
            with telling(self._course):
                if self._is_registered():
                    return
        finally:
            self._gradebook.db.remove()
        release = nbformat.from_dict(self._chapter.release)
        try:
            with telling(self._course):
                self._gradebook.update_or_create_assignment(name)
                SaveCells(config=self._config).preprocess(release, self._resources(""))
        except RuntimeError as error:
            raise CourseError(
                f"The tasks of {name} are not those that earlier submissions were graded with. "
                f"`autograder migrate {name}` says what has changed, and carries it into "
                f"{shown_url(self._course)}; or restore the earlier exercise."
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


def _enter(
    submission: SubmittedNotebook,
    notebook: NotebookNode,
    needs_person: bool,
    earlier: Mapping[str, Answer] | None,
) -> None:
    """Put a notebook's points and comments where nbgrader's `SaveAutoGrades` puts them.

    earlier: the answers that marks by hand were given for; None if nobody can tell any more.
    """
    names = _cell_names(submission)
    grades = {names[grade.cell_id]: grade for grade in submission.grades}
    comments = {names[comment.cell_id]: comment for comment in submission.comments}
    answers = answers_of(notebook)
    for cell in notebook.cells:
        if is_solution(cell):
            comment = comments[cell.metadata.nbgrader.grade_id]
            untouched = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
            remarks = ["No response."] * untouched + _NOTE.findall(comment.auto_comment or "")
            comment.auto_comment = " ".join(remarks) or None
    for cell in notebook.cells:
        if is_grade(cell):
            name = cell.metadata.nbgrader.grade_id
            grade, before = grades[name], grades[name].auto_score
            grade.auto_score, _ = determine_grade(cell)
            unmarked = grade.manual_score is None and grade.auto_score is None
            lost = grade.manual_score is not None and earlier is None
            grade.needs_manual_grade = needs_person or unmarked or lost
            moved = before != grade.auto_score
            if earlier is not None and answers[name].changed_since(earlier.get(name), moved):
                _set_aside(grade, comments[name.removeprefix("check-")])


def _set_aside(grade: Grade, comment: Comment) -> None:
    """Let a mark by hand that another answer was given count no more, and say so beside it."""
    if grade.manual_score is not None:
        note = f"An earlier answer was given {grade.manual_score:g} points by hand."
        comment.auto_comment = " ".join(filter(None, (comment.auto_comment, note)))
        grade.manual_score, grade.needs_manual_grade = None, True
