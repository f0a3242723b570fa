"""Who may read what a class has handed in, and what came of it: its lecturer, and co-teachers.

Folders that hold something of students are closed to others (0750), and files in them are made
0640. The setting ``group`` of ``course.toml`` names the Unix group of the co-teachers: they may
then work as the lecturer does, so files are 0660, folders 2770, and the secret can be read.
"""

from __future__ import annotations

import contextlib
import grp
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

from autograder.course_settings import FILE_NAME, load_course_settings
from autograder.grading.course import SECRET_FILE, Course, CourseError

REPORTS = "reports"
MARKS = Path("_build") / "marks"
"""Where exported marks are written, below the root of the course."""

BACKUPS = "backups"


@contextlib.contextmanager
def opened_class(root: Path, classroom: Path | None = None) -> Iterator[Course]:
    """Open a course and its class for a command that works on them; see :func:`protect`.

    What the process writes afterwards has the rights that it would have had before.
    """
    course = Course.at(root, classroom)
    mask = os.umask(0o077)
    try:
        protect(course)
        yield course
    finally:
        os.umask(mask)


def private_folders(course: Course) -> list[Path]:
    """Return the folders that hold something of students, whether they are there or not."""
    steps = (course.submitted_directory, course.autograded_directory, course.feedback_directory)
    inside = [course.classroom / name for name in (*steps, REPORTS, BACKUPS)]
    return [*inside, course.notes, course.root / MARKS]


def protect(course: Course) -> None:
    """Close a class's folders and its gradebook to others, and what this process is going to write.

    Raises :class:`CourseError` for a group that does not exist, or that one may not give files to.
    """
    name = load_course_settings(course.root).group
    group = _group_id(name) if name else None
    os.umask(0o007 if name else 0o027)
    for folder in private_folders(course):
        if name:
            # What is made in a folder of the group's belongs to the group: so it has to be there.
            folder.mkdir(parents=True, exist_ok=True)
        if folder.is_dir() and _is_open(folder, group):
            # What is inside first: a folder that is closed says that all is done. Pages of feedback
            # are copied to students as they are, and so stay readable.
            inside = folder.rglob("*") if folder.name != course.feedback_directory else ()
            for path in inside:
                _close(path, group)
            _close(folder, group)
    database = make_url(course.gradebook)
    files = [course.root / SECRET_FILE] if group is not None else []
    if database.get_backend_name() == "sqlite" and database.database:
        files.append(Path(database.database))
    for path in files:
        if path.exists():
            _close(path, group)


def _group_id(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise CourseError(
            f"{FILE_NAME} names the group {name!r}, which this machine does not have: create it "
            f"(`sudo groupadd {name}`), or name another."
        ) from None


def _mode(path: Path, group: int | None) -> int:
    """Return what a file or folder is to be; the owner's rights are those that it has."""
    is_folder = path.is_dir()
    mode = stat.S_IMODE(path.stat().st_mode)
    if group is None:
        return mode & ~0o7027 if is_folder else mode & ~0o137
    if path.name == SECRET_FILE:
        return 0o640
    return 0o2770 if is_folder else (mode & 0o700) | 0o060


def _is_open(path: Path, group: int | None) -> bool:
    other_group = group is not None and path.stat().st_gid != group
    return other_group or stat.S_IMODE(path.stat().st_mode) != _mode(path, group)


def _close(path: Path, group: int | None) -> None:
    """Give a file or folder its group and mode; another teacher's are left to that one."""
    if path.is_symlink() or not _is_open(path, group):
        return
    try:
        if group is not None and path.stat().st_gid != group:
            os.chown(path, -1, group)
        path.chmod(_mode(path, group))
    except PermissionError as error:
        if path.stat().st_uid != os.geteuid():
            return
        raise CourseError(
            f"{path} cannot be given to the group that {FILE_NAME} names: are you in it? "
            f"`id` tells ({error.strerror})."
        ) from error
