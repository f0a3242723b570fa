"""Results into nbgrader's gradebook and ``autograded/``, through nbgrader's own classes."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Self

import nbformat
from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import compute_checksum, is_grade
from traitlets.config import Config

from autograder.grading.course import Course, CourseError, GradedChapter
from autograder.grading.database import GradebookLock, shown_url, telling
from autograder.grading.gradebook_rows import Marked, MarkTables
from autograder.grading.graded_files import Answer, graded_answers, write_graded


@dataclasses.dataclass(frozen=True)
class Entry:
    """A graded notebook to be saved.

    ``moment`` is when it was handed in (in UTC; None if unknown), ``files`` what came beside it.
    """

    student: str
    text: str
    needs_person: bool
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

    def record(self, entries: Sequence[Entry]) -> None:
        """Save graded notebooks: points in the gradebook, all or none; texts in ``autograded/``.

        To be called while :meth:`writing`.
        """
        notebooks = {entry.student: nbformat.v4.reads(entry.text) for entry in entries}  # our own
        with telling(self._course), self._gradebook.engine.begin() as connection:
            tables = MarkTables(connection, self._chapter.name)
            rows = tables.rows_of({entry.student: entry.moment for entry in entries})
            marked = [
                Marked(
                    entry.student,
                    notebooks[entry.student],
                    entry.needs_person,
                    self._earlier(entry.student) if rows.marked_by_hand(entry.student) else None,
                )
                for entry in entries
            ]
            tables.enter(marked, rows)
        ignored = list(self._config.CourseDirectory.get("ignore", ()))
        for entry in entries:
            folder = self._course.autograded(entry.student, self._chapter.name)
            write_graded(folder, self._chapter, entry.text, entry.files, ignored)

    def _earlier(self, student: str) -> dict[str, Answer] | None:
        name = self._chapter.name
        return graded_answers(self._course.autograded(student, name) / f"{name}.ipynb")

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
