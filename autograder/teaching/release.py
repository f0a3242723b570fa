"""Releasing: the archives that students get, for a chapter and for the course.

Every notebook in them says from which release it is. What goes into an archive is looked through
for solutions, wrong answers and secrets first. The same course gives the same bytes.
"""

from __future__ import annotations

import inspect
import os
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import Exchange, ExchangeReleaseAssignment

from autograder.authoring.archive import (
    ARCHIVE_NAME,
    NotForStudents,
    everything_in_use,
    make_archive,
)
from autograder.authoring.chapter_source import BEGIN, END
from autograder.challenge.declaration import NAME as CHALLENGE
from autograder.chapter import load_problems
from autograder.course_settings import load_course_settings
from autograder.grading.course import SECRET_FILE, SECRET_VARIABLE, CourseError
from autograder.nbgrader_settings import nbgrader_settings
from autograder.problems import Function, Problem

FOLDER = Path("_build") / "release"
"""Where archives are written, below the root of the course."""

SHORTEST = 25
"""Shorter code than so many characters may stand in a text by chance: ``return x``."""


def release(root: Path, chapter: str | None = None) -> Path:
    """Write the archive of a chapter, or of all that are in use, and return its path.

    Raises :class:`NotForStudents`, and writes nothing, if there is something in it that students
    must not get.
    """
    names = [chapter] if chapter else everything_in_use(root)
    settings = load_course_settings(root)
    name = f"{settings.id}-{chapter}.zip" if chapter else ARCHIVE_NAME
    secrets = dict(_secrets(root, names))

    def look_through(path: str, data: bytes) -> None:
        text = _squeezed(data.decode("utf-8", "replace"))
        for secret, what in secrets.items():
            if secret in text:
                raise NotForStudents(f"{path} holds {what}.")

    return make_archive(root, root / FOLDER / name, names, look_through)


def _secrets(root: Path, chapters: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield what no student may get, squeezed, with what it is."""
    path = root / SECRET_FILE
    known = [path.read_text().strip()] if path.exists() else []
    for secret in filter(None, (*known, os.environ.get(SECRET_VARIABLE))):
        yield _squeezed(secret), "the course's secret"
    for chapter in set(chapters) - {CHALLENGE}:
        for name, problem in load_problems(root, chapter).items():
            for code in _answers(problem):
                if len(code) >= SHORTEST:
                    yield code, f"an answer to the task {name}, or a wrong one from its catalog"


def _answers(problem: Problem) -> Iterator[str]:
    """Yield the bodies of a task's right and wrong answers, squeezed."""
    reference = inspect.getsource(problem.reference)
    yield from map(_squeezed, re.findall(rf"{BEGIN}\n(.*?){END}", reference, re.DOTALL))
    others = (*problem.alternatives, *(wrong.wrong for wrong in problem.misconceptions))
    for function in others:
        if inspect.isfunction(function) and function.__name__ != "<lambda>":
            yield _squeezed(_body(function))


def _body(function: Function) -> str:
    """Return a function's source below its head and docstring."""
    lines, _ = inspect.getsourcelines(function)
    source = textwrap.dedent("".join(lines))
    text = re.sub(r"\A.*?\)(?:\s*->[^\n]*)?:\s*\n", "", source, count=1, flags=re.DOTALL)
    return re.sub(r'\A\s*""".*?"""', "", text, count=1, flags=re.DOTALL)


def _squeezed(text: str) -> str:
    """Return a text without blanks and line ends, also those that JSON writes as such."""
    return re.sub(r'\\n|",|[\s"]', "", text)


# nbgrader's exchange


def exchange_root(root: Path) -> Path:
    """Return the folder of nbgrader's exchange."""
    return Path(Exchange(config=nbgrader_settings(root)).root)


def release_to_exchange(root: Path, chapter: str) -> Path:
    """Release a chapter, or its newest version, by nbgrader's exchange; return where it lies.

    Raises :class:`CourseError` if the exchange cannot be written to.
    """
    config = nbgrader_settings(root)
    config.CourseDirectory.assignment_id = chapter
    config.ExchangeReleaseAssignment.force = True
    coursedir = CourseDirectory(config=config)
    try:
        ExchangeReleaseAssignment(coursedir=coursedir, config=config).start()
    except (ExchangeError, OSError) as error:
        raise CourseError(
            f"nbgrader's exchange {exchange_root(root)}: {error}. It has to be there and writable, "
            "or c.Exchange.root in nbgrader_config.py has to name another."
        ) from error
    return exchange_root(root) / str(coursedir.course_id) / "outbound" / chapter
