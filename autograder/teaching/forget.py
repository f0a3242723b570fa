"""Forgetting a student: every trace of one in the course's folder and its gradebook.

What lies elsewhere can only be named: backups, nbgrader's exchange, the platform's downloads.
"""

from __future__ import annotations

import dataclasses
import html
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy import text

from autograder.grading.batch import note_of
from autograder.grading.course import Course, CourseError
from autograder.grading.database import GradebookLock, open_gradebook, shown_url
from autograder.grading.private_files import BACKUPS, MARKS, REPORTS
from autograder.teaching.placing import ATTEMPTS
from autograder.teaching.release import exchange_root
from autograder.whole_files import write_whole


@dataclasses.dataclass(frozen=True)
class Traces:
    """Where a student is named: whole files and folders, files of notes, and the gradebook.

    ``lines`` say what will be removed, ``elsewhere`` what a person has to see to.
    """

    student: str
    paths: tuple[Path, ...]
    notes: tuple[Path, ...]
    in_gradebook: bool
    lines: tuple[str, ...]
    elsewhere: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.paths or self.notes or self.in_gradebook)


def traces_of(course: Course, student: str) -> Traces:
    """Find every trace of a student. Raises :class:`CourseError` if the gradebook is unusable."""
    with open_gradebook(course) as gradebook:
        words, known = _words_for(gradebook, student)
    steps = (course.submitted_directory, course.autograded_directory, course.feedback_directory)
    own = [course.classroom / step / student for step in steps]
    own += [folder / student for folder in (course.notes / ATTEMPTS).glob("*")]
    own += [note_of(course, folder.name, student) for folder in course.notes.glob("*/")]
    # Tables and pages about a whole class are made again by a command.
    own += [folder for folder in (course.classroom / REPORTS).glob("*") if _names(folder, words)]
    own += [path for path in (course.root / MARKS).glob("*") if _names(path, words)]
    paths = [path for path in own if path.exists()]
    whole = {path for path in paths if path.is_dir()}
    notes = [
        path
        for path in sorted(course.notes.rglob("*.json"))
        if path not in paths
        and whole.isdisjoint(path.parents)
        and _without(_read(path), student)[1]
    ]
    elsewhere = [
        f"the backup {path}" for path in sorted((course.classroom / BACKUPS).glob("*.zip"))
    ]
    inbound = exchange_root(course.root)
    for path in inbound.glob(f"*/inbound/{student}+*") if inbound.is_dir() else ():
        elsewhere.append(f"nbgrader's exchange, {path}")
    log = course.root / ".nbgrader.log"
    if log.exists() and _names(log, words):
        elsewhere.append(f"nbgrader's log, {log}")
    lines = [f"{_shown(course, path)}{'/' if path.is_dir() else ''}" for path in paths]
    lines += [f"what {_shown(course, path)} says of one" for path in notes]
    lines += [f"name, email, marks and comments in {shown_url(course)}"] * known
    return Traces(student, tuple(paths), tuple(notes), known, tuple(lines), tuple(elsewhere))


def forget(course: Course, traces: Traces) -> None:
    """Remove the traces of a student; who is killed meanwhile begins anew."""
    lock = GradebookLock(course)
    try:
        with lock.held():
            for path in traces.notes:
                value, _ = _without(_read(path), traces.student)
                write_whole(path, json.dumps(value, ensure_ascii=False, indent=1))
            for path in traces.paths:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            if traces.in_gradebook:
                with open_gradebook(course) as gradebook:
                    gradebook.remove_student(traces.student)
                    _overwrite_free_pages(gradebook)
    finally:
        lock.close()


def _words_for(gradebook: Gradebook, student: str) -> tuple[list[str], bool]:
    """Return the words that name a student, and whether the gradebook knows one."""
    try:
        known = gradebook.find_student(student)
    except MissingEntry:
        return [student], False
    name = " ".join(filter(None, (known.first_name, known.last_name)))
    return [word for word in (student, known.email, name) if word], True


def _names(place: Path, words: Iterable[str]) -> bool:
    """Whether a file, or one in a folder, names somebody by one of these words."""
    forms = {form.encode() for word in words for form in (word, html.escape(word))}
    files = [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else [place]
    return any(form in path.read_bytes() for path in files for form in forms)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise CourseError(f"{path} is damaged ({error}): restore it, or delete it.") from error


def _without(value: Any, student: str) -> tuple[Any, bool]:
    """Return a value of JSON without what is about a student, and whether there was anything."""
    if isinstance(value, dict):
        parts = {key: _without(part, student) for key, part in value.items() if key != student}
        there = student in value or any(inside for _, inside in parts.values())
        return {key: part for key, (part, _) in parts.items()}, there
    if isinstance(value, list):
        rest = [_without(part, student) for part in value if not _is_about(part, student)]
        there = len(rest) < len(value) or any(inside for _, inside in rest)
        return [part for part, _ in rest], there
    return value, False


def _is_about(value: Any, student: str) -> bool:
    return value == student or (isinstance(value, dict) and value.get("student") == student)


def _overwrite_free_pages(gradebook: Gradebook) -> None:
    """Let a file of SQLite hold nothing of rows that are gone; a server sees to that itself."""
    if gradebook.engine.dialect.name == "sqlite":
        gradebook.db.remove()
        with gradebook.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as here:
            here.execute(text("VACUUM"))


def _shown(course: Course, path: Path) -> Path:
    inside = path.is_relative_to(course.classroom)
    return path.relative_to(course.classroom) if inside else path
