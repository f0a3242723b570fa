"""Releasing: archives that give nothing away; changed exercises in a class that is graded."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder import __version__
from autograder.authoring.generate import generate
from autograder.grading.course import Course
from tests import COURSE
from tests.grading.grading_class import CHAPTER, SOURCE, TASKS
from tests.teaching.test_term import (
    autograder,
    graded_course,
    mark_by_hand,
    marks,
    table,
    term,
)

__all__ = ["graded_course", "term"]  # fixtures


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_an_archive_of_a_chapter_says_from_which_release_it_is(in_course: Course) -> None:
    said = autograder("release", "probe")
    path = in_course.root / "_build" / "release" / "cnn-probe.zip"
    assert said.startswith("_build/release/cnn-probe.zip")
    files = contents(path)
    notebook = json.loads(files["cnn-course/exercises/probe/probe.ipynb"])
    stamp = notebook["metadata"].pop("course")
    assert stamp["version"] == __version__
    original = json.loads((in_course.root / "exercises" / "probe" / "probe.ipynb").read_text())
    assert notebook == original
    first = path.read_bytes()
    path.unlink()
    for file in (in_course.root / "exercises").rglob("*"):
        os.utime(file, (1, 1))
    autograder("release", "probe")
    assert path.read_bytes() == first
    # Another text is another release.
    original["cells"][0]["source"] = "# Another title"
    (in_course.root / "exercises" / "probe" / "probe.ipynb").write_text(json.dumps(original))
    autograder("release", "probe")
    other = json.loads(contents(path)["cnn-course/exercises/probe/probe.ipynb"])
    assert other["metadata"]["course"]["release"] != stamp["release"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("out = f(x)\nout[0] *= 2\nreturn out", "an answer to the task apply"),
        ("  return float(abs(x).sum())\n ", "an answer to the task total, or a wrong one"),
        ("the secret is: 0123456789abcdef0123456789abcdef", "the course's secret"),
    ],
)
def test_what_gives_an_answer_away_is_refused(in_course: Course, code: str, words: str) -> None:
    (in_course.root / ".course_secret").write_text("0123456789abcdef0123456789abcdef\n")
    path = in_course.root / "exercises" / "probe" / "probe.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] = [f"{line}\n" for line in code.splitlines()]
    path.write_text(json.dumps(notebook))
    said = autograder("release", "probe", fails=1)
    assert words in said
    assert not (in_course.root / "_build").exists()


def test_the_archive_of_a_real_chapter_gives_nothing_away() -> None:
    from autograder.teaching.release import release

    path = release(COURSE, "filters")
    names = contents(path)
    assert "cnn-course/exercises/filters/filters.ipynb" in names
    assert not [name for name in names if "/pooling/" in name or "solutions" in name]


def test_a_chapter_that_is_left_out_is_nowhere(in_course: Course) -> None:
    (in_course.root / "course.toml").write_text('id = "cnn"\n[chapters.probe]\nuse = false\n')
    autograder("release")
    path = in_course.root / "_build" / "release" / "cnn-course-exercises.zip"
    assert not [name for name in contents(path) if "probe" in name]
    assert "There is no chapter 'probe'" in autograder("grade", "probe", fails=2)


# A changed exercise


def change(course: Course, *, remove: str = "", points: str = "", fail: bool = False) -> None:
    """Change the sources: leave out a task, add one, give one other points, or break one."""
    folder = course.root / "solutions" / "probe"
    text = SOURCE
    if remove:
        start = text.index("```{code-cell} python\n:task: " + remove)
        text = text[:start] + text[text.index("```\n", start + 10) + 4 :]
        (folder / "tasks" / f"{remove}.py").unlink()
        (folder / "chapter.py").write_text(CHAPTER.replace(f', "{remove}"', ""))
    if points:
        text = text.replace(f":task: {points}\n:points: 4", f":task: {points}\n:points: 6")
    if fail:
        (folder / "tasks" / "scale.py").write_text(
            TASKS["scale"].replace("return x + factor", "return x * factor")
        )
    (folder / "probe.md").write_text(text)
    forget_modules()


def forget_modules() -> None:
    """Have the sources read again, as in a new process."""
    for name in [name for name in sys.modules if name.split(".")[0] == "solutions"]:
        del sys.modules[name]


def test_what_fails_leaves_the_exercise_whole(
    in_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = in_course.root / "exercises" / "probe"
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    change(in_course, fail=True)
    assert "scale" in autograder("generate", "probe", fails=1)
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
    change(in_course)
    (in_course.root / "solutions" / "probe" / "tasks" / "scale.py").write_text(TASKS["scale"])

    def broken(*arguments: object, **options: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("autograder.authoring.generate.GenerateAssignment.start", broken)
    with pytest.raises(OSError, match="no room"):
        generate(in_course.root, "probe")
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
    assert [file.name for file in path.parent.iterdir()] == ["probe"]


@pytest.mark.sandbox
def test_a_changed_exercise_is_carried_into_a_running_class(term: Course) -> None:
    mark_by_hand(term, "ada", 2.5)
    mark_by_hand(term, "ben", 1.5, "check-extremes")
    with Gradebook(term.gradebook, "cnn") as gradebook:
        gradebook.find_comment("why", "probe", "probe", "ada").manual_comment = "Well said."
        gradebook.find_comment("extremes", "probe", "probe", "ben").manual_comment = "Half."
        gradebook.db.commit()
    change(term, remove="extremes", points="scale")
    said = autograder("generate", "probe")
    assert "3 submissions were graded with another version of probe" in said
    assert "check-extremes is gone" in said
    assert "check-scale is worth 6 points instead of 4" in said
    assert "1 marks by hand were given for what is gone" in said
    assert "autograder migrate probe" in autograder("grade", "probe", fails=1)
    assert "--yes" in autograder("migrate", "probe")
    assert "Done." in autograder("migrate", "probe", "--yes")
    said = autograder("grade", "probe")
    assert "3 of 3 graded" in said
    assert "Remarks" not in said  # nobody is blamed for what the course has changed
    assert marks(term) == {"ada": "13.5", "ben": "8.0", "cleo": "11.0", "dan": ""}
    assert table(term)["ben"]["of"] == "14.0"
    with Gradebook(term.gradebook, "cnn") as gradebook:
        assert gradebook.find_comment("why", "probe", "probe", "ada").manual_comment == "Well said."
    [kept] = (term.notes / "migrations" / "probe").iterdir()
    lost = json.loads(kept.read_text())
    assert {"student": "ben", "cell": "extremes", "comment": "Half."} in lost
    assert [one["manual_score"] for one in lost if one.get("manual_score")] == [1.5]
    assert "there is nothing to do" in autograder("migrate", "probe", "--yes")
    # And back: a task that is new to the class.
    folder = term.root / "solutions" / "probe"
    (folder / "tasks" / "extremes.py").write_text(TASKS["extremes"])
    (folder / "chapter.py").write_text(CHAPTER)
    (folder / "probe.md").write_text(SOURCE)
    forget_modules()
    said = autograder("generate", "probe")
    assert "check-extremes is new" in said
    autograder("migrate", "probe", "--yes")
    autograder("grade", "probe")
    assert marks(term) == {"ada": "13.5", "ben": "6.0", "cleo": "11.0", "dan": ""}
