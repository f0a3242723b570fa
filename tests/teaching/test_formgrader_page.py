"""Formgrader: model answers with their points beside the answer; nobody's name, if so set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader import handlers

from autograder.grading.course import Course
from autograder.nbgrader_settings import nbgrader_settings
from autograder.teaching.formgrader_page import FORMGRADER
from tests.teaching.test_term import graded_course, nbgrader, term

__all__ = ["graded_course", "term"]  # fixtures

pytestmark = pytest.mark.sandbox

MODEL = "The model answer of the manual question."
NAMES = ("ada", "Ada", "Lovelace")


def page(course: Course, template: str = FORMGRADER) -> str:
    """Return a page about Ada's answer, made as formgrader makes it from the same settings."""
    config = nbgrader_settings(course.root)
    config.HTMLExporter.template_name = template
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    resources: dict[str, Any] = {
        "assignment_id": "probe",
        "notebook_id": "probe",
        "submission_id": "0",
        "index": 4,
        "total": 9,
        "base_url": "",
        "student": "ada",
        "last_name": "Lovelace",
        "first_name": "Ada",
        "notebook_path": "autograded/ada/probe/probe.ipynb",
    }
    path = course.autograded("ada", "probe") / "probe.ipynb"
    html, _ = HTMLExporter(config=config).from_filename(str(path), resources=resources)
    return str(html)


def test_the_model_answer_stands_below_the_answer(term: Course) -> None:
    html = page(term)
    assert html.count(MODEL) == 1
    answer = html.index("Because.")
    assert html.index(MODEL) > answer
    # Nothing of it is in the graded notebook, or comes to a student.
    assert MODEL not in (term.autograded("ada", "probe") / "probe.ipynb").read_text()
    nbgrader("generate_feedback probe")
    feedback = (term.feedback("ada", "probe") / "probe.html").read_text()
    assert "Because." in feedback
    assert MODEL not in feedback


def listed(course: Course) -> list[dict[str, Any]]:
    """Return formgrader's list of the answers to be read."""
    coursedir = CourseDirectory(config=nbgrader_settings(course.root))
    api = NbGraderAPI(coursedir)
    submissions: list[dict[str, Any]] = api.get_notebook_submissions("probe", "probe")
    return submissions


@pytest.fixture
def own_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring nbgrader's list back after the test."""
    monkeypatch.setattr(
        NbGraderAPI, "get_notebook_submissions", NbGraderAPI.get_notebook_submissions
    )


@pytest.mark.usefixtures("own_api")
def test_marks_are_given_without_names(term: Course) -> None:
    assert any(name in page(term) for name in NAMES)
    named = listed(term)
    assert {entry["student"] for entry in named} == {"ada", "ben", "cleo"}
    text = (term.root / "course.toml").read_text()
    (term.root / "course.toml").write_text(f"anonymous = true\n{text}")
    html = page(term)
    assert not [name for name in NAMES if name in html]
    assert "Submission #5" in html
    assert MODEL in html
    nameless = listed(term)
    assert {entry["student"] for entry in nameless} == {f"Submission #{n}" for n in (1, 2, 3)}
    assert {entry["first_name"] for entry in nameless} == {None}
    # Each leads to the same answer as before.
    assert {entry["id"] for entry in nameless} == {entry["id"] for entry in named}


def test_settings_hold_wherever_nbgrader_is_started(
    term: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert MODEL in page(term)
