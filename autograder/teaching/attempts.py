"""What is to be collected, wherever it comes from: who is in the class, and every attempt."""

from __future__ import annotations

import dataclasses
import datetime

from dateutil.parser import UnknownTimezoneWarning

from autograder.course_settings import CourseSettings
from autograder.grading.handed_in import only_reading
from autograder.teaching.tables import as_exported
from autograder.teaching.zip_files import File


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody in the class. ``key`` is the platform's name in files, ``student`` a good id."""

    key: str
    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


@dataclasses.dataclass(frozen=True)
class Attempt:
    """What somebody handed in at one time; ``moment`` has a zone, and is None if unknown.

    ``late`` is the platform's word where it tells no time; ``order`` puts attempts without times
    in theirs. ``has_time``: a file ``timestamp.txt`` comes from the platform, not the student.
    """

    key: str
    label: str
    files: tuple[File, ...]
    moment: datetime.datetime | None = None
    late: bool = False
    order: int = 0
    has_time: bool = False


@dataclasses.dataclass(frozen=True)
class Source:
    """What there is to collect. ``people`` is None where no list says who is in the class."""

    people: tuple[Person, ...] | None
    attempts: tuple[Attempt, ...]
    remarks: tuple[str, ...] = ()


def moment_of(text: str, settings: CourseSettings) -> datetime.datetime:
    """Return the moment that a text names, in the course's time zone where it names none.

    Raises ValueError if it can be read in several ways, or not at all.
    """
    try:
        return settings.local(only_reading(text))
    except (OverflowError, UnknownTimezoneWarning) as error:
        raise ValueError(str(error)) from error


def cell_of(row: list[str], column: int | None) -> str:
    """Return what stands in a column of a row; nothing without such a column."""
    if column is None or column >= len(row):
        return ""
    return as_exported(row[column].strip())


def names_of(name: str) -> tuple[str, str]:
    """Return first and last name; platforms that give one text put the last name last."""
    first, _, last = name.strip().rpartition(" ")
    return first, last
