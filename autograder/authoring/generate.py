"""Generating what students get: from ``solutions/<chapter>/`` to ``exercises/<chapter>/``."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import SaveCells
from sqlalchemy.exc import DatabaseError
from traitlets.config import Config

from autograder.authoring.chapter_source import read_chapter_source
from autograder.authoring.notebook import companion_notebook, source_notebook
from autograder.authoring.other_styles import sealed_styles
from autograder.authoring.proof import prove
from autograder.authoring.proven_marks import prove_marks
from autograder.chapter import SourceError, load_chapter
from autograder.checks import FILE_NAME, save_checks
from autograder.course_settings import load_course_settings
from autograder.nbgrader_settings import nbgrader_settings
from autograder.packages import DEFAULT_PACKAGES, import_name
from autograder.releases import keep_release
from autograder.torch_threads import one_thread


def generate(
    course: Path,
    chapter: str,
    *,
    release: Path | None = None,
    gradebook: str | None = None,
) -> Path:
    """Generate a chapter's exercise and return its folder.

    Proves the chapter's checks and marks, writes nbgrader's source notebook and ``checks.npz``
    beside the sources, and hands both to nbgrader's ``generate_assignment``, which strips the
    solutions and enters the assignment in the gradebook. ``release`` stands in for
    ``exercises/``, and ``gradebook`` (a database URL) for the course's own gradebook.

    Raises :class:`~autograder.chapter.SourceError` if the sources are wrong.
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
    folder = Path(coursedir.format_path(coursedir.release_directory, ".", chapter)).resolve()
    keep_release(course, chapter, folder / f"{chapter}.ipynb")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Aside, and then put in place: whatever goes wrong, students' files are whole.
    with tempfile.TemporaryDirectory(prefix=".generated-", dir=folder.parent) as aside:
        config.CourseDirectory.release_directory = aside
        converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
        converter.no_database = True
        converter.preprocessors = [
            step for step in converter.preprocessors if step is not SaveCells
        ]
        converter.log.setLevel(logging.WARNING)
        converter.start()
        fresh = Path(aside) / chapter
        # Not through nbgrader, which would expect them in every submission.
        for name in load_chapter(course, chapter).companions:
            source = course / "solutions" / chapter / f"{name}.md"
            nbformat.write(companion_notebook(source), fresh / f"{name}.ipynb")
        if folder.exists():
            folder.rename(Path(aside) / "before")
        fresh.rename(folder)
    try:
        _enter(config, coursedir.db_url, chapter, folder / f"{chapter}.ipynb")
    except DatabaseError as error:
        said = " ".join(str(error.orig).split())
        raise SourceError(
            course / "nbgrader_config.py",
            1,
            f"the exercise is made, but the gradebook that db_url names cannot be used: {said}",
        ) from error
    return folder


def _enter(config: Config, gradebook: str, chapter: str, released: Path) -> None:
    """Enter an exercise in nbgrader's gradebook, unless a class was graded with other tasks.

    ``autograder migrate`` carries those into the gradebook.
    """
    with Gradebook(gradebook, config.CourseDirectory.course_id) as known:
        known.update_or_create_assignment(chapter)
    names = {"assignment": chapter, "notebook": chapter, "student": "", "db_url": gradebook}
    with contextlib.suppress(RuntimeError):  # nbgrader's word for: there are submissions
        SaveCells(config=config).preprocess(
            nbformat.read(released, as_version=4), {"nbgrader": names}
        )


def write_source(course: Path, chapter: str) -> None:
    """Prove a chapter's checks and marks; write its source notebook and its ``checks.npz``."""
    source = read_chapter_source(course, chapter)
    with one_thread():
        for problem in source.problems.values():
            prove(problem)
        prove_marks(course, source)
    folder = course / "solutions" / chapter
    for name in source.settings.files:
        shutil.copyfile(course / name, folder / Path(name).name)
    nbformat.write(source_notebook(source), folder / f"{chapter}.ipynb")
    others = {
        import_name(package): package
        for package in source.settings.packages
        if package not in DEFAULT_PACKAGES
    }
    facts = source.book.facts(source.exercise)
    checks = source.checks()
    if load_course_settings(course).other_styles:
        checks = [
            dataclasses.replace(known, other_styles=sealed_styles(source.problems[known.function]))
            for known in checks
        ]
    save_checks(folder / FILE_NAME, chapter, checks, others, facts)
