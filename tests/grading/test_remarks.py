"""What the course itself has changed is not held against students."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell

from autograder import grading
from autograder.authoring.generate import generate_release
from autograder.grading.explanation import explain
from autograder.releases import MOST, keep_release, kept_releases
from tests.grading.grading_class import RIGHT, Grader, cell, make_course
from tests.grading.test_hostile_class import hand_in


def earlier_release(grader: Grader) -> NotebookNode:
    """A release before the points were changed, a task was added, and the imports."""
    release = nbformat.from_dict(json.loads(json.dumps(grader.chapter.release)))
    cell(release, "check-scale").metadata.nbgrader.points = 3
    added = ("extremes", "check-extremes")
    release.cells = [
        c
        for c in release.cells
        if c.metadata.get("nbgrader", {}).get("grade_id") not in added
        and not c.source.startswith("import numpy")
    ]
    release.cells.insert(1, new_code_cell("import numpy as np", id="imports"))
    return release


def solved(release: NotebookNode) -> Any:
    notebook = json.loads(json.dumps(release))
    for c in notebook["cells"]:
        name = c["metadata"].get("nbgrader", {}).get("grade_id")
        c["source"] = RIGHT.get(name, c["source"])
    return notebook


def test_who_started_from_an_earlier_release_is_not_remarked_on(
    grader: Grader, tmp_path: Path
) -> None:
    release = earlier_release(grader)
    first = solved(release)
    tampered = copy.deepcopy(first)
    test = next(c for c in tampered["cells"] if c["source"] == "check(scale)")
    test["metadata"]["nbgrader"]["points"] = 100
    fewer = copy.deepcopy(first)
    fewer["cells"] = [c for c in fewer["cells"] if c["source"] != "check(apply)"]
    for name, document in (("ada", first), ("eve", tampered), ("fay", fewer)):
        hand_in(tmp_path, name, document)
    held_against = grading.grade(grader.course.root, "probe", classroom=tmp_path).of("ada").flags
    assert len(held_against) >= 2  # without any knowledge of earlier releases
    nbformat.write(release, tmp_path / "earlier.ipynb")
    keep_release(tmp_path, "probe", tmp_path / "earlier.ipynb")
    options = grading.GradingOptions(force=True)
    result = grading.grade(grader.course.root, "probe", classroom=tmp_path, options=options)
    assert result.of("ada").flags == ()
    assert result.of("ada").points == 9.0
    assert result.of("eve").flags == ("the points of a cell were changed",)
    assert result.of("fay").flags == ("cells were deleted and have been restored: check-apply",)
    assert explain(grader.course.root, "probe", "ada", classroom=tmp_path).flags == ()


def test_generating_an_exercise_keeps_the_one_before(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    assert not list(kept_releases(course.root, "probe"))
    place = course.root / "exercises" / "probe" / "probe.ipynb"
    release = nbformat.read(place, as_version=4)
    cell(release, "check-scale").metadata.nbgrader.points = 3
    nbformat.write(release, place)
    generate_release(course.root, "probe", gradebook=f"sqlite:///{course.root}/unused.db")
    assert cell(nbformat.read(place, as_version=4), "check-scale").metadata.nbgrader.points == 4
    [kept] = kept_releases(course.root, "probe")
    assert cell(kept, "check-scale").metadata.nbgrader.points == 3


def test_a_class_remembers_what_it_was_graded_with(grader: Grader, tmp_path: Path) -> None:
    hand_in(tmp_path, "omar", None)
    for _ in range(2):
        grading.grade(grader.course.root, "probe", classroom=tmp_path)
    [release] = kept_releases(tmp_path, "probe")
    assert cell(release, "check-scale").metadata.nbgrader.points == 4
    assert not list(kept_releases(tmp_path, "other"))


def test_a_damaged_release_is_as_good_as_none(grader: Grader, tmp_path: Path) -> None:
    hand_in(tmp_path, "ada", solved(earlier_release(grader)))
    keep_release(tmp_path, "probe", grader.chapter.folder / "probe.ipynb")
    [place] = (tmp_path / ".grading" / "releases" / "probe").iterdir()
    place.with_name("damaged.json").write_bytes(b'{"cells": [\xff')
    assert len(list(kept_releases(tmp_path, "probe"))) == 1
    ada = grading.grade(grader.course.root, "probe", classroom=tmp_path).of("ada")
    assert ada.points == 9.0


def test_only_so_many_releases_are_kept(grader: Grader, tmp_path: Path) -> None:
    place = tmp_path / "probe.ipynb"
    for points in range(MOST + 5):
        release = nbformat.from_dict(json.loads(json.dumps(grader.chapter.release)))
        cell(release, "check-scale").metadata.nbgrader.points = points
        nbformat.write(release, place)
        keep_release(tmp_path, "probe", place)
    kept = [
        cell(r, "check-scale").metadata.nbgrader.points for r in kept_releases(tmp_path, "probe")
    ]
    assert kept == list(range(5, MOST + 5))
