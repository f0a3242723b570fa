"""The settings of a course: ``course.toml`` in its root.

What a lecturer decides for a term stands there and nowhere else: the title, which chapters are in
use, when they are released and due, what late work costs. A course without the file has the
defaults.
"""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import tomllib
import types
import typing
import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.chapter import SourceError, chapters, line_of

FILE_NAME = "course.toml"


@dataclasses.dataclass(frozen=True, kw_only=True)
class LatePolicy:
    """What late work costs.

    Nothing within the first ``grace_minutes``. After that, for every day begun since the due date,
    the share ``per_day`` of the chapter's points, up to the share ``at_most``.
    """

    grace_minutes: float = 0.0
    per_day: float = 0.0
    at_most: float = 1.0

    def __post_init__(self) -> None:
        if self.grace_minutes < 0:
            raise ValueError("grace_minutes must not be negative")
        for name in ("per_day", "at_most"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share of the points: a number from 0 to 1")

    def penalty(self, score: float, most: float, seconds_late: float) -> float:
        """Return the points that a score of ``most`` loses; never more than there are."""
        if seconds_late <= 60 * self.grace_minutes:
            return 0.0
        days = -(-seconds_late // datetime.timedelta(days=1).total_seconds())
        return round(min(score, most * min(self.at_most, days * self.per_day)), 2)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChapterSettings:
    """When a chapter is released and due; ``use = false`` leaves it out, its pages included.

    Times without a zone are in the course's time zone; a date alone means the day's beginning for
    ``release`` and its end for ``due``. ``points`` are those of tasks and questions, by name, that
    are worth something else than their exercise says.
    """

    use: bool = True
    release: datetime.datetime | datetime.date | None = None
    due: datetime.datetime | datetime.date | None = None
    points: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, number in self.points.items():
            if number <= 0:
                raise ValueError(f"{name} must be worth more than 0 points")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChallengeSettings:
    """The open challenge; ``use = false`` leaves it out.

    So many different ``attempts`` of a student are scored on the held-out test. With ``names`` the
    leaderboard shows who is who, and else the nicknames that students choose.
    """

    use: bool = True
    attempts: int = 5
    names: bool = False

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError("attempts must be at least 1")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CourseSettings:
    """The settings of a course; ``id`` is its name in nbgrader's gradebook and exchange.

    ``site`` is the address of the published book: exercises, reports and the feedback of grading
    link its sections; without it, they name them. ``other_styles``: whether `check` offers other
    right answers to a task that has passed. After a change of these, exercises are made anew.
    ``group``: the Unix group of those who teach the course together; see
    :mod:`autograder.grading.private_files`. ``anonymous``: formgrader names nobody where marks are
    given.
    """

    title: str = "Course"
    id: str = "course"
    repository: str = ""
    site: str = ""
    other_styles: bool = True
    group: str = ""
    anonymous: bool = False
    time_zone: str = "UTC"
    late: LatePolicy = LatePolicy()
    challenge: ChallengeSettings = ChallengeSettings()
    chapters: Mapping[str, ChapterSettings] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.id or not set(self.id).isdisjoint(" /+*"):
            raise ValueError("id is part of file names: no blanks, none of / + *")
        for name in ("repository", "site"):
            if getattr(self, name) and not getattr(self, name).startswith("https://"):
                raise ValueError(f"{name} is an address that begins with https://")
        try:
            _zone(self.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"time_zone: there is no zone {self.time_zone!r}; an example is Europe/Berlin"
            ) from None

    def of(self, chapter: str) -> ChapterSettings:
        """Return a chapter's settings."""
        return self.chapters.get(chapter, ChapterSettings())

    def due(self, chapter: str) -> datetime.datetime | None:
        """Return when a chapter is due, with its zone; None if it is never."""
        return self._moment(self.of(chapter).due, datetime.time(23, 59, 59))

    def release(self, chapter: str) -> datetime.datetime | None:
        """Return when a chapter is released, with its zone; None if it always is."""
        return self._moment(self.of(chapter).release, datetime.time())

    def is_released(self, chapter: str, now: datetime.datetime | None = None) -> bool:
        """Whether students have the chapter by now."""
        release = self.release(chapter)
        return release is None or release <= (now or datetime.datetime.now(datetime.UTC))

    def local(self, moment: datetime.datetime) -> datetime.datetime:
        """Return a moment in the course's zone; one that names no zone is in it already."""
        zone = _zone(self.time_zone)
        return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)

    def _moment(
        self, value: datetime.datetime | datetime.date | None, time: datetime.time
    ) -> datetime.datetime | None:
        if value is None:
            return None
        if not isinstance(value, datetime.datetime):
            value = datetime.datetime.combine(value, time)
        return self.local(value)


def load_course_settings(course: Path) -> CourseSettings:
    """Read the settings of the course in a folder.

    Raises :class:`SourceError` for what is no TOML, a setting that does not exist or has the wrong
    type, and a chapter that does not exist.
    """
    path = course / FILE_NAME
    if not path.is_file():
        return CourseSettings()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(path, 1, f"it is not TOML: {error}") from error
    try:
        settings = typing.cast(CourseSettings, _read(CourseSettings, table, ""))
    except _WrongSetting as error:
        raise SourceError(path, line_of(path, error.name), str(error)) from error
    for name in settings.chapters:
        if name not in chapters(course):
            raise SourceError(
                path, line_of(path, name), f"there is no chapter {name!r} in solutions/"
            )
    return settings


def chapters_in_use(course: Path) -> list[str]:
    """Return the chapters that have an exercise and are not left out, in alphabetical order."""
    settings = load_course_settings(course)
    return [name for name in chapters(course) if settings.of(name).use]


def chapters_left_out(course: Path) -> set[str]:
    """Return the chapters whose pages and exercises nobody gets this term."""
    return {
        name for name, chapter in load_course_settings(course).chapters.items() if not chapter.use
    }


def _zone(name: str) -> datetime.tzinfo:
    """Return a time zone; UTC needs no table of them, which Windows does not bring along."""
    return datetime.UTC if name == "UTC" else zoneinfo.ZoneInfo(name)


class _WrongSetting(ValueError):
    """A setting that does not exist or has a wrong value; ``name`` is where it stands."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def _read(kind: Any, value: Any, name: str) -> Any:
    """Return a value of TOML as a type: a class of settings, a mapping of them, or a plain one."""
    if dataclasses.is_dataclass(kind):
        return _read_table(typing.cast(type[Any], kind), _table(value, name), name)
    if typing.get_origin(kind) is Mapping:
        entry = typing.get_args(kind)[1]
        parts = _table(value, name).items()
        return {key: _read(entry, part, f"{name}.{key}".lstrip(".")) for key, part in parts}
    kinds = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    if float in kinds and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) not in kinds:
        names = " or ".join(kind.__name__ for kind in kinds if kind is not types.NoneType)
        raise _WrongSetting(_last(name), f"{name} must be of type {names}, not {value!r}")
    return value


def _read_table(kind: type[Any], table: dict[str, Any], name: str) -> Any:
    hints = typing.get_type_hints(kind)
    for key in table:
        if key not in hints:
            close = difflib.get_close_matches(key, hints, n=1)
            guess = f" Did you mean {close[0]}?" if close else ""
            place = f" in [{name}]" if name else ""
            settings = ", ".join(hints)
            raise _WrongSetting(
                key, f"there is no setting {key!r}{place}.{guess} There are: {settings}."
            )
    try:
        return kind(
            **{
                key: _read(hints[key], part, f"{name}.{key}".lstrip("."))
                for key, part in table.items()
            }
        )
    except ValueError as error:
        if isinstance(error, _WrongSetting):
            raise
        raise _WrongSetting(str(error).split()[0].rstrip(":"), str(error)) from error


def _table(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _WrongSetting(_last(name), f"{name} must be a table, not {value!r}")
    return value


def _last(name: str) -> str:
    return name.rpartition(".")[2]
