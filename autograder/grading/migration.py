"""Carrying a changed exercise into a class that has been graded: nbgrader itself refuses to.

Marks and comments by hand stay with the cells that stay. Those of cells that are gone are kept in a
file among the class's notes.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import warnings
from collections.abc import Iterator

from nbformat.notebooknode import NotebookNode
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    SourceCell,
)
from nbgrader.utils import is_grade, is_locked, is_solution
from sqlalchemy.exc import SAWarning

from autograder.grading.course import Course, GradedChapter
from autograder.grading.database import GradebookLock, open_gradebook
from autograder.whole_files import write_whole

MIGRATIONS = "migrations"
"""The folder with the marks of cells that are gone, in the folder of notes."""


@dataclasses.dataclass(frozen=True)
class Change:
    """How an exercise differs from what a class was graded with, by names of cells.

    ``points`` are those before and now. ``submissions`` have been graded; ``by_hand`` counts the
    marks by hand of cells that are gone.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    points: tuple[tuple[str, float, float], ...]
    submissions: int
    by_hand: int

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.points)

    def lines(self) -> Iterator[str]:
        """Yield the changes as text."""
        for name in self.added:
            yield f"{name} is new: it counts for everybody once it is graded"
        for name in self.removed:
            yield f"{name} is gone: nobody has points for it any more"
        for name, before, now in self.points:
            yield f"{name} is worth {now:g} points instead of {before:g}"
        if self.by_hand:
            yield f"{self.by_hand} marks by hand were given for what is gone"


def change_of(course: Course, chapter: GradedChapter) -> Change:
    """Return what has changed since a class was graded; nothing if none has been.

    Raises :class:`~autograder.grading.course.CourseError` if the gradebook cannot be used.
    """
    with open_gradebook(course) as gradebook:
        try:
            known = gradebook.find_notebook(chapter.name, chapter.name)
        except MissingEntry:
            return Change((), (), (), 0, 0)
        return _change(known, chapter.release)


def migrate(course: Course, chapter: GradedChapter) -> Change:
    """Carry a changed exercise into a class's gradebook, and return what has changed.

    Everything is written at once, or nothing. Grade again after that.
    Raises :class:`~autograder.grading.course.CourseError` if the gradebook cannot be used.
    """
    lock = GradebookLock(course)
    try:
        with (
            lock.held(),
            open_gradebook(course) as gradebook,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", SAWarning)  # as in nbgrader's own use of it
            try:
                known = gradebook.find_notebook(chapter.name, chapter.name)
            except MissingEntry:
                return Change((), (), (), 0, 0)
            change = _change(known, chapter.release)
            if not change:
                return change
            _keep_lost_marks(course, known, change)
            with gradebook.db.no_autoflush:
                _carry(gradebook, known, chapter.release)
            gradebook.db.commit()
    finally:
        lock.close()
    return change


def _change(known: Notebook, release: NotebookNode) -> Change:
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in _cells(release)}
    before = {cell.name for cell in known.source_cells}
    points = {cell.name: cell.max_score for cell in known.grade_cells}
    now = {n: float(cell.metadata.nbgrader.points) for n, cell in cells.items() if is_grade(cell)}
    gone = {cell.name for cell in known.grade_cells} - set(now)
    return Change(
        added=tuple(name for name in cells if name not in before),
        removed=tuple(sorted(before - set(cells))),
        points=tuple((n, points[n], now[n]) for n in now if points.get(n, now[n]) != now[n]),
        submissions=len(known.submissions),
        by_hand=sum(
            grade.manual_score is not None
            for cell in known.grade_cells
            if cell.name in gone
            for grade in cell.grades
        ),
    )


def _cells(release: NotebookNode) -> list[NotebookNode]:
    return [
        cell
        for cell in release.cells
        if "nbgrader" in cell.metadata and (is_grade(cell) or is_solution(cell) or is_locked(cell))
    ]


def _carry(gradebook: Gradebook, known: Notebook, release: NotebookNode) -> None:
    """Bring the cells of a notebook in the gradebook, and what hangs on them, up to date."""
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in _cells(release)}
    graded = {name: cell for name, cell in cells.items() if is_grade(cell)}
    answers = {name: cell for name, cell in cells.items() if is_solution(cell)}
    for kind, stay, hangs_on in (
        ("grade_cells", graded, "grades"),
        ("solution_cells", answers, "comments"),
        ("source_cells", cells, ""),
    ):
        for old in [cell for cell in getattr(known, kind) if cell.name not in stay]:
            for entry in list(getattr(old, hangs_on)) if hangs_on else ():
                gradebook.db.delete(entry)
            gradebook.db.delete(old)
    there = {cell.name: cell for cell in known.grade_cells}
    for name, cell in graded.items():
        if name in there:
            there[name].max_score = float(cell.metadata.nbgrader.points)
        else:
            _add_grade(gradebook, known, cell)
    places = {cell.name for cell in known.solution_cells}
    for name in answers.keys() - places:
        place = SolutionCell(name=name, notebook=known)
        gradebook.db.add(place)
        for submission in known.submissions:
            gradebook.db.add(Comment(cell=place, notebook=submission))
    sources = {cell.name: cell for cell in known.source_cells}
    for name, cell in cells.items():
        source = sources.get(name) or SourceCell(name=name, notebook=known)
        gradebook.db.add(source)
        source.cell_type, source.source = cell.cell_type, cell.source
        source.locked, source.checksum = is_locked(cell), cell.metadata.nbgrader.get("checksum")


def _add_grade(gradebook: Gradebook, known: Notebook, cell: NotebookNode) -> None:
    """Add a graded cell, and a grade for everybody who has handed in; points come by grading."""
    metadata = cell.metadata.nbgrader
    new = GradeCell(
        name=metadata.grade_id,
        notebook=known,
        max_score=float(metadata.points),
        cell_type=cell.cell_type,
    )
    gradebook.db.add(new)
    for submission in known.submissions:
        gradebook.db.add(Grade(cell=new, notebook=submission, needs_manual_grade=False))


def _keep_lost_marks(course: Course, known: Notebook, change: Change) -> None:
    """Write what hangs on cells that are gone into a file of its own."""
    lost = [
        {
            "student": grade.notebook.student.id,
            "cell": cell.name,
            "auto_score": grade.auto_score,
            "manual_score": grade.manual_score,
        }
        for cell in known.grade_cells
        if cell.name in change.removed
        for grade in cell.grades
    ]
    lost += [
        {
            "student": comment.notebook.student.id,
            "cell": cell.name,
            "comment": comment.manual_comment,
        }
        for cell in known.solution_cells
        if cell.name in change.removed
        for comment in cell.comments
        if comment.manual_comment
    ]
    if lost:
        now = datetime.datetime.now(datetime.UTC)
        path = course.notes / MIGRATIONS / known.name / f"{now:%Y-%m-%d-%H%M%S}.json"
        write_whole(path, json.dumps(lost, ensure_ascii=False, indent=1))
