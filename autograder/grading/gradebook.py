"""Results into nbgrader's gradebook and ``autograded/``, through nbgrader's own classes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades, SaveCells
from nbgrader.utils import parse_utc
from traitlets.config import Config

from autograder.grading.course import Chapter, Course
from autograder.grading.submission import UnreadableSubmission, read_file

TIMESTAMP = "timestamp.txt"


@contextlib.contextmanager
def writing(course: Course) -> Iterator[None]:
    """Let one process at a time write into the class's gradebook and folders."""
    course.notes.mkdir(parents=True, exist_ok=True)
    with (course.notes / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def register(course: Course, chapter: Chapter, config: Config) -> None:
    """Enter the chapter's released notebook in the gradebook, as `generate_assignment` does."""
    with Gradebook(course.gradebook) as gradebook:
        gradebook.update_or_create_assignment(chapter.name)
    SaveCells(config=config).preprocess(
        nbformat.from_dict(chapter.release), _resources(course, chapter.name, "")
    )


def record(
    course: Course,
    chapter: Chapter,
    student: str,
    notebook: NotebookNode,
    needs_person: bool,
    config: Config,
) -> None:
    """Save a graded notebook's points in the gradebook, and the notebook in ``autograded/``."""
    timestamp = _timestamp(course.submitted(student, chapter.name))
    with Gradebook(course.gradebook) as gradebook:
        gradebook.update_or_create_student(student)
        options = {"timestamp": timestamp} if timestamp is not None else {}
        gradebook.update_or_create_submission(chapter.name, student, **options)
    resources = _resources(course, chapter.name, student)
    for step in (SaveAutoGrades(config=config), AssignLatePenalties(config=config)):
        step.preprocess(notebook, resources)
    if needs_person:
        with Gradebook(course.gradebook) as gradebook:
            found = gradebook.find_submission_notebook(chapter.name, chapter.name, student)
            for grade in found.grades:
                grade.needs_manual_grade = True
            gradebook.db.commit()
    folder = course.autograded(student, chapter.name)
    write_whole(folder / f"{chapter.name}.ipynb", nbformat.writes(notebook) + "\n")


def scores(course: Course, chapter: Chapter, student: str) -> dict[str, float | None]:
    """Return the points that the gradebook has for a student's graded cells; none if unknown."""
    with Gradebook(course.gradebook) as gradebook:
        try:
            found = gradebook.find_submission_notebook(chapter.name, chapter.name, student)
        except MissingEntry:
            return {}
        return {grade.name: grade.auto_score for grade in found.grades}


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is either there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _timestamp(folder: Path) -> object:
    """Return when a submission was handed in, as nbgrader's collecting notes it."""
    try:
        text = read_file(folder / TIMESTAMP, 200).decode("ascii", "replace").strip()
        return parse_utc(text) if re.match(r"\d{4}-\d\d-\d\d", text) else None
    except (UnreadableSubmission, ValueError):
        return None  # handed in without one: as good as in time


def _resources(course: Course, chapter: str, student: str) -> dict[str, object]:
    return {
        "nbgrader": {
            "student": student,
            "assignment": chapter,
            "notebook": chapter,
            "db_url": course.gradebook,
        },
        "unique_key": chapter,
    }
