"""What a lecturer sets for the whole course, in ``course.toml`` at its root."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path

from autograder.chapter import SourceError, line_of

FILE = "course.toml"


@dataclasses.dataclass(frozen=True, kw_only=True)
class CourseSettings:
    """The settings of a course.

    ``site`` is the address of the published book: exercises, reports and the feedback of grading
    link its sections; without it, they name them. ``other_styles``: whether ``check`` shows other
    right answers to a task that has passed.
    """

    site: str = ""
    other_styles: bool = True


def course_settings(course: Path) -> CourseSettings:
    """Read the settings of a course; a course without the file has the defaults.

    Raises :class:`~autograder.chapter.SourceError`.
    """
    path = course / FILE
    if not path.is_file():
        return CourseSettings()
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(path, 1, str(error)) from error
    known = [field.name for field in dataclasses.fields(CourseSettings)]
    for name in given:
        if name not in known:
            message = f"there is no setting {name}; the settings are {', '.join(known)}"
            raise SourceError(path, line_of(path, name), message)
    settings = CourseSettings(**given)
    if not isinstance(settings.other_styles, bool):
        raise SourceError(path, line_of(path, "other_styles"), "other_styles is true or false")
    if not re.fullmatch(r"(https?://\S+)?", str(settings.site)):
        message = "site is an address, such as https://example.org/course"
        raise SourceError(path, line_of(path, "site"), message)
    return settings
