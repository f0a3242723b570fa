"""A course whose classes the tests of this folder collect, grade and export."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.grading.course import Course
from tests.grading.grading_class import make_course


@pytest.fixture(scope="session")
def made_course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The small course, generated once, with an empty gradebook: making one takes a while."""
    made = make_course(tmp_path_factory.mktemp("course") / "made")
    Gradebook(made.gradebook, "cnn").close()
    return made


@pytest.fixture
def course(made_course: Course, tmp_path: Path) -> Course:
    """A copy of the small course with a class of its own, in the same folder."""
    shutil.copytree(
        made_course.root, tmp_path / "course", ignore=shutil.ignore_patterns("unused.db")
    )
    return Course.at(tmp_path / "course")


@pytest.fixture
def in_course(course: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    """The same, and the current folder is the course."""
    monkeypatch.chdir(course.root)
    return course
