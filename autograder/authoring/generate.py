"""Generating what students get: from ``solutions/<chapter>/`` to ``exercises/<chapter>/``."""

from __future__ import annotations

import logging
import shutil
import sys
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.authoring.chapter import load_chapter, prove
from autograder.authoring.notebook import source_notebook
from autograder.checks import FILE_NAME, save_checks


def generate(
    course: Path,
    chapter: str,
    *,
    release: Path | None = None,
    gradebook: str | None = None,
) -> Path:
    """Generate a chapter's exercise and return its folder.

    Proves the chapter's checks, writes nbgrader's source notebook and ``checks.npz`` beside the
    sources, and hands both to nbgrader's ``generate_assignment``, which strips the solutions and
    enters the assignment in the gradebook. ``release`` stands in for ``exercises/``, and
    ``gradebook`` (a database URL) for the course's own gradebook.

    Raises :class:`~autograder.authoring.source.SourceError` if the sources are wrong.
    """
    write_source(course.resolve(), chapter)
    return generate_release(course, chapter, release=release, gradebook=gradebook)


def generate_release(
    course: Path,
    chapter: str,
    *,
    release: Path | None = None,
    gradebook: str | None = None,
) -> Path:
    """Have nbgrader make what students get from a source notebook; see :func:`generate`."""
    config = nbgrader_settings(course.resolve())
    config.CourseDirectory.assignment_id = chapter
    if release is not None:
        config.CourseDirectory.release_directory = str(release.resolve())
    if gradebook is not None:
        config.CourseDirectory.db_url = gradebook
    coursedir = CourseDirectory(config=config)
    converter = GenerateAssignment(coursedir=coursedir, config=config)
    converter.force = True
    converter.log.setLevel(logging.WARNING)
    converter.start()
    return Path(coursedir.format_path(coursedir.release_directory, ".", chapter)).resolve()


def write_source(course: Path, chapter: str) -> None:
    """Prove a chapter's checks; write its source notebook and its ``checks.npz``."""
    loaded = load_chapter(course, chapter)
    for problem in loaded.problems.values():
        prove(problem)
    folder = course / "solutions" / chapter
    for name in getattr(sys.modules[f"solutions.{chapter}.problems"], "FILES", ()):
        shutil.copyfile(course / name, folder / Path(name).name)
    nbformat.write(source_notebook(loaded), folder / f"{chapter}.ipynb")
    # In the order of the tasks, which is the order in which students meet them.
    checks = [loaded.problems[task.function].visible_checks() for task in loaded.exercise.tasks]
    save_checks(folder / FILE_NAME, chapter, checks)


def nbgrader_settings(course: Path) -> Config:
    """Return the course's ``nbgrader_config.py``, with the root set to ``course``."""
    settings = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    settings.CourseDirectory.root = str(course)
    return settings
