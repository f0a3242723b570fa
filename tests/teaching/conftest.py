"""A course whose classes are collected, graded and exported, and a class that was taught."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.grading.course import Course
from tests.grading.grading_class import SECRET, Grader, make_course
from tests.teaching.taught_class import TaughtClass, make_class


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


@pytest.fixture(scope="module")
def taught(grader: Grader, tmp_path_factory: pytest.TempPathFactory) -> TaughtClass:
    """A class that has been graded: once for each file of tests."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTOGRADER_SECRET", SECRET)
        return make_class(grader, tmp_path_factory.mktemp("class"))
