"""The database of a class's gradebook: who may write into it, and what is wrong with it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from autograder.grading.course import Course, CourseError
from autograder.nbgrader_settings import nbgrader_settings

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

ADVICE = {
    "locked": "Another program writes into it: close it (a database browser, a second server).",
    "not a database": "Move it away to start a new gradebook, or restore a copy of it.",
    "malformed": "Move it away to start a new gradebook, or restore a copy of it.",
    "no such": "An older nbgrader has made it: run `nbgrader db upgrade`.",
    "readonly": "Its file or folder may not be written to: change that.",
    "full": "There is no room: make some.",
    "refused": "Start the database's server, or correct db_url in nbgrader_config.py.",
    "resolve": "Correct the server's name in db_url, in nbgrader_config.py.",
    "authentication": "Correct user and password in db_url, in nbgrader_config.py.",
    "does not exist": "Create it, or correct db_url in nbgrader_config.py.",
}
"""What to do, by words in the database's own messages."""

LOCK_FILE = "lock"
"""In the folder of notes: who writes, or brings a class back, holds it."""

_LOCK = int.from_bytes(hashlib.sha256(b"cnn-by-hand: gradebook").digest()[:8], signed=True)
"""The number of the advisory lock. PostgreSQL keeps locks apart by database."""


def shown_url(course: Course) -> str:
    """Return the gradebook's URL as it may be shown: without a password."""
    return make_url(course.gradebook).render_as_string(hide_password=True)


def exists(course: Course) -> bool:
    """Whether there is a gradebook; nbgrader makes an empty one for whoever asks."""
    url = make_url(course.gradebook)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


@contextlib.contextmanager
def telling(course: Course) -> Iterator[None]:
    """Say in one sentence what is wrong with the gradebook; raises :class:`CourseError`."""
    try:
        yield
    except DatabaseError as error:
        said = " ".join(str(error.orig).split())
        todo = next(
            (advice for words, advice in ADVICE.items() if words in said),
            "See whether its folder is in order and has room.",
        )
        raise CourseError(
            f"The gradebook {shown_url(course)}: {said}. {todo} Marks saved before are kept; grade "
            "again when that is done."
        ) from error


@contextlib.contextmanager
def open_gradebook(course: Course) -> Iterator[Gradebook]:
    """Open a class's gradebook with nbgrader's own objects, under the id that the settings give.

    Raises :class:`CourseError` if it cannot be used.
    """
    from nbgrader.api import Gradebook  # takes a second: the report does without

    course_id = nbgrader_settings(course.root).CourseDirectory.course_id
    with telling(course), Gradebook(course.gradebook, course_id) as gradebook:
        yield gradebook


class GradebookLock:
    """Keeps others from writing into a class's gradebook while it is held.

    On this machine by a file in the class's folder; on PostgreSQL, for graders on other machines,
    by an advisory lock, too.
    """

    def __init__(self, course: Course) -> None:
        course.notes.mkdir(parents=True, exist_ok=True)
        self._course = course
        self._path = course.notes / LOCK_FILE
        self._engine = _server(course)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the lock, and hold it."""
        with self._path.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if self._engine is None:
                yield
                return
            with contextlib.ExitStack() as stack:
                with telling(self._course):
                    connection = stack.enter_context(self._engine.connect())
                    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
                try:
                    yield
                finally:
                    # Also given back by the server when the connection ends, however it does.
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})

    def close(self) -> None:
        """Close the connection to the server."""
        if self._engine is not None:
            self._engine.dispose()


def _server(course: Course) -> Engine | None:
    """Return the PostgreSQL server of a gradebook, None if it is a file of SQLite.

    Raises :class:`CourseError` for another database, and where its driver is missing.
    """
    try:
        url = make_url(course.gradebook)
        backend = url.get_backend_name()
        if backend == "sqlite":
            return None
        if backend == "postgresql":
            return create_engine(url, isolation_level="AUTOCOMMIT")
    except (ArgumentError, NoSuchModuleError, ValueError):
        backend = "nothing known"
    except ModuleNotFoundError as error:
        raise CourseError(
            f"A gradebook on PostgreSQL needs the package {error.name}, which is not installed: "
            'python -m pip install -e ".[postgresql]"'
        ) from error
    raise CourseError(
        f"nbgrader's db_url names {backend}. A gradebook is a file of SQLite "
        "(sqlite:////srv/course/gradebook.db) or on PostgreSQL "
        "(postgresql+psycopg://user:password@host/database)."
    )
