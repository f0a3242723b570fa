"""A class in one file, and back: gradebook, secret, notes, and what was handed in and graded.

The gradebook is in it as a file of SQLite, wherever it lies, so a class moves from one database to
another by a backup. Feedback, reports and exported marks are not: a command makes them again.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import json
import os
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import Base, Gradebook
from sqlalchemy import Connection, func, select

import autograder
from autograder.course_settings import FILE_NAME as SETTINGS
from autograder.course_settings import load_course_settings
from autograder.grading.course import SECRET_FILE, SECRET_VARIABLE, Course, CourseError
from autograder.grading.database import (
    LOCK_FILE,
    GradebookLock,
    exists,
    open_gradebook,
    shown_url,
)
from autograder.grading.private_files import BACKUPS

FORMAT = 1
MANIFEST, GRADEBOOK = "manifest.json", "gradebook.db"
ROWS = 1000
"""Rows of a gradebook that are copied at a time."""

_DAMAGED = (zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError)


@dataclasses.dataclass(frozen=True)
class Contents:
    """What a backup holds: when it was made, of which course, how much, and whether the secret."""

    format: int
    course: str
    version: str
    made: str
    students: int
    submissions: int
    files: int
    secret: bool


def default_place(course: Course, kind: str = "") -> Path:
    """Return where a backup is written unless somebody names another place."""
    now = datetime.datetime.now(datetime.UTC)
    name = f"{load_course_settings(course.root).id}{kind}-{now:%Y-%m-%d-%H%M%S}"
    folder = course.classroom / BACKUPS
    # Two within a second have two names.
    numbered = (folder / f"{name}-{number}.zip" for number in itertools.count(2))
    places = itertools.chain([folder / f"{name}.zip"], numbered)
    return next(place for place in places if not place.exists())


def backup(course: Course, target: Path) -> Contents:
    """Write a class to one file that only its owner may read, and say what is in it.

    Nobody grades or collects meanwhile. Raises :class:`CourseError` if the file is there already.
    """
    if target.exists():
        raise CourseError(f"{target} is there already: name another file.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    lock = GradebookLock(course)
    try:
        with lock.held(), tempfile.TemporaryDirectory() as aside:
            copied = Path(aside, GRADEBOOK)
            counts = _copy_out(course, copied)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with (
                os.fdopen(descriptor, "wb") as file,
                zipfile.ZipFile(
                    file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False
                ) as archive,
            ):
                archive.write(copied, GRADEBOOK)
                contents = _write(course, archive, counts)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
        lock.close()
    return contents


def _write(course: Course, archive: zipfile.ZipFile, counts: dict[str, int]) -> Contents:
    """Write a class's files and, last, what the backup holds."""
    number = 0
    for name, folder in _parts(course).items():
        for path in _files(folder):
            archive.write(path, f"{name}/{path.relative_to(folder).as_posix()}")
            number += 1
    single = [path for path in (course.root / SECRET_FILE, course.root / SETTINGS) if path.exists()]
    for path in single:
        archive.write(path, path.name)
    contents = Contents(
        format=FORMAT,
        course=load_course_settings(course.root).id,
        version=autograder.__version__,
        made=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC",
        files=number,
        secret=course.root / SECRET_FILE in single and not os.environ.get(SECRET_VARIABLE),
        **counts,
    )
    archive.writestr(MANIFEST, json.dumps(dataclasses.asdict(contents), indent=1))
    return contents


def contents_of(source: Path) -> Contents:
    """Return what a backup holds. Raises :class:`CourseError` if it is none, or is damaged."""
    try:
        with zipfile.ZipFile(source) as archive:
            fields: dict[str, Any] = json.loads(archive.read(MANIFEST))
            damaged = archive.testzip()
        if damaged is None and fields["format"] == FORMAT:
            return Contents(**fields)
        reason = f"{damaged} in it is damaged" if damaged else f"its format is {fields['format']}"
    except (*_DAMAGED, OSError) as error:
        reason = f"{error}" if isinstance(error, OSError) else "it is not a backup of a class"
    raise CourseError(f"{source} cannot be restored: {reason}.")


def restore(course: Course, source: Path, replace: bool = False) -> tuple[Contents, Path | None]:
    """Bring a class back from a backup; return what it holds, and where what was there is kept.

    Raises :class:`CourseError` if it is no backup, and, unless told to ``replace`` it, if there is
    a class already; that is backed up first.
    """
    contents = contents_of(source)
    earlier = None
    if there := _in_the_way(course):
        if not replace:
            raise CourseError(
                f"There is a class already: {', '.join(there)}. With --replace, the backup takes "
                "its place, and what is there is backed up first."
            )
        earlier = default_place(course, "-before-restore")
        backup(course, earlier)
    lock, here = GradebookLock(course), course.classroom
    try:
        with (
            lock.held(),
            zipfile.ZipFile(source) as archive,
            tempfile.TemporaryDirectory(prefix=".restoring-", dir=here) as aside,
        ):
            _extract(archive, Path(aside))
            for name, folder in _parts(course).items():
                _put_in_place(Path(aside, name), folder, Path(aside, f"before-{name}"))
            for name in (SECRET_FILE, SETTINGS):
                _put_file(Path(aside, name), course.root / name)
            _copy_in(Path(aside, GRADEBOOK), course)
    finally:
        lock.close()
    return contents, earlier


def _parts(course: Course) -> dict[str, Path]:
    """Return the folders of a class by their names in a backup."""
    return {
        "submitted": course.classroom / course.submitted_directory,
        "autograded": course.classroom / course.autograded_directory,
        "notes": course.notes,
    }


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, without links and the lock."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path != folder / LOCK_FILE:
            yield path


def _in_the_way(course: Course) -> list[str]:
    """Return what a restored class would take the place of."""
    folders = [folder for folder in _parts(course).values() if any(_files(folder))]
    names = [f"{folder.name}/" for folder in folders]
    if exists(course):
        with open_gradebook(course) as gradebook:
            if gradebook.students:
                names.append(shown_url(course))
    return names


def _extract(archive: zipfile.ZipFile, aside: Path) -> None:
    """Unpack a backup; files are as old as they were."""
    for entry in archive.infolist():
        path = Path(archive.extract(entry, aside))
        moment = time.mktime((*entry.date_time, 0, 0, -1))
        os.utime(path, (moment, moment))


def _put_in_place(fresh: Path, folder: Path, before: Path) -> None:
    """Put what lies in a fresh folder in place of what lies in another, but for the lock."""
    before.mkdir()
    folder.mkdir(parents=True, exist_ok=True)
    for path in list(folder.iterdir()):
        if path.name != LOCK_FILE:
            shutil.move(path, before)
    if fresh.exists():
        for path in list(fresh.iterdir()):
            shutil.move(path, folder)


def _put_file(fresh: Path, place: Path) -> None:
    """Put a single file in place; another one that was there stays beside it."""
    if not fresh.exists():
        return
    if place.exists():
        if place.read_bytes() == fresh.read_bytes():
            return
        place.replace(place.with_name(f"{place.name}.before-restore"))
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(fresh.read_bytes())
    if place.name == SETTINGS:
        place.chmod(0o644)


# The gradebook


def _copy_out(course: Course, path: Path) -> dict[str, int]:
    """Copy a gradebook into a new file of SQLite; return how many students and submissions."""
    with (
        open_gradebook(course) as gradebook,
        Gradebook(f"sqlite:///{path}") as copied,
        gradebook.engine.connect() as here,
        copied.engine.begin() as there,
    ):
        _copy_rows(here, there)
        tables = {"students": "student", "submissions": "submitted_assignment"}
        counts = {name: Base.metadata.tables[table] for name, table in tables.items()}
        return {
            name: here.scalar(select(func.count()).select_from(table))
            for name, table in counts.items()
        }


def _copy_in(path: Path, course: Course) -> None:
    """Let a gradebook hold what a file of SQLite holds: all of it, or what it held before."""
    with (
        Gradebook(f"sqlite:///{path}") as copied,
        open_gradebook(course) as gradebook,
        copied.engine.connect() as there,
        gradebook.engine.begin() as here,
    ):
        _copy_rows(there, here)


def _copy_rows(source: Connection, target: Connection) -> None:
    """Let all tables of nbgrader hold what they hold elsewhere."""
    tables = Base.metadata.sorted_tables
    for table in reversed(tables):
        target.execute(table.delete())
    for table in tables:
        for rows in source.execute(select(table)).mappings().partitions(ROWS):
            target.execute(table.insert(), [dict(row) for row in rows])
