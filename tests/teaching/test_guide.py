"""docs/teaching.md, followed to the letter: every command, in its order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from autograder.course_settings import load_course_settings
from autograder.grading.course import Course
from tests import COURSE
from tests.teaching.classes import (
    CANVAS_COLUMNS,
    CANVAS_POINTS,
    MOODLE_COLUMNS,
    canvas_row,
    csv_file,
    moodle_row,
    notebook,
    zip_file,
)
from tests.teaching.test_term import autograder, nbgrader

GUIDE = (COURSE / "docs" / "teaching.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.M | re.S)


def commands() -> list[list[str]]:
    """The guide's commands, about the small course's chapter."""
    lines = [line for block in blocks("shell") for line in block.splitlines()]
    return [shlex.split(re.sub(r"\bfilters\b", "probe", line)) for line in lines]


def download(course: Course) -> None:
    """Put what the guide speaks of where it speaks of it: everywhere one student, Ada."""
    right, place = notebook(course), course.root / "downloads"
    zip_file(
        place / "submissions.zip", {"Ada Lovelace_7_assignsubmission_file_/probe.ipynb": right}
    )
    when = "Friday, 2 October 2026, 10:00 AM"
    csv_file(place / "worksheet.csv", [MOODLE_COLUMNS, moodle_row(7, "Ada Lovelace", when)])
    zip_file(place / "canvas.zip", {"lovelaceada_501_9001_probe-1.ipynb": right})
    rows = [CANVAS_COLUMNS, CANVAS_POINTS, canvas_row(501, "Lovelace, Ada", "ada@example.org")]
    csv_file(place / "gradebook.csv", rows)
    name = "11-77 - Ada1 - Ada Lovelace - Oct 2, 2026 1000 AM/probe.ipynb"
    zip_file(place / "brightspace.zip", {name: right})
    inbound = place.parent / "exchange" / "cnn" / "inbound"
    name = "ada@example.org+probe+2026-10-03 10:00:00.000000 UTC+x"
    for folder in (place / "by-hand" / "ada@example.org", inbound / name):
        folder.mkdir(parents=True)
        (folder / "probe.ipynb").write_bytes(right)
    (inbound / name / "timestamp.txt").write_text("2026-10-03 10:00:00.000000 UTC")
    (inbound / name / "submission_secret.txt").write_text("a secret")
    repository = place / "probe-submissions" / "probe-ada"
    repository.mkdir(parents=True)
    (repository / "probe.ipynb").write_bytes(right)
    who = {
        f"GIT_{role}_{part}": "a" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
    }
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "done"]):
        subprocess.run(["git", *command], cwd=repository, env={**os.environ, **who}, check=True)


def test_the_settings_of_the_guide_are_sound(tmp_path: Path) -> None:
    text, group = blocks("toml")
    assert set(tomllib.loads(group)) == {"group"}
    for name in tomllib.loads(text)["chapters"]:
        assert (COURSE / "solutions" / name).is_dir()
        (tmp_path / "solutions" / name).mkdir(parents=True)
        (tmp_path / "solutions" / name / "chapter.py").touch()
    (tmp_path / "course.toml").write_text(text)
    assert load_course_settings(tmp_path).of("training").use is False


@pytest.mark.sandbox
def test_every_command_of_the_guide_works(in_course: Course) -> None:
    course = in_course
    (course.root / "exchange").mkdir()
    (course.root / "exchange").chmod(0o777)
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.Exchange.root = {str(course.root / 'exchange')!r}\n")
    (course.root / "course.toml").write_text(
        'id = "cnn"\n[chapters.probe]\nrelease = 2026-01-05\ndue = 2026-10-19T18:00:00\n'
    )
    download(course)
    said = {}
    for program, *arguments in commands():
        line = shlex.join(arguments)
        if program == "nbgrader":
            said[line] = nbgrader(line)
        else:
            assert program == "autograder", f"the test does not know how to run {program}"
            said[line] = autograder(*arguments)
    ways = [line for line in said if line.startswith("collect ")]
    assert len(ways) == len(re.findall(r"^\| .* \| `--", GUIDE, re.M))
    assert "1 handed in" in said[ways[0]]
    # Ada by email, by Brightspace's number, and by her login.
    assert "3 of 3 graded, mean 11.0 points" in said["grade probe"]
    assert "3 marks" in said["export probe --csv"]
    assert "until 2026-10-26 18:00 UTC" in said["extend probe ada@example.org"]
    assert "ada@example.org, probe: 11 of 11 points" in said["explain probe ada@example.org"]
    assert "there is nothing to do" in said["migrate probe"]
    assert "3 students, 3 graded" in said["restore ../safe/cnn-week-4.zip --replace"]
    assert "autograded/ada@example.org/" in said["forget ada@example.org --yes"]
    assert not list(course.root.glob("*/ada@example.org"))
    assert len(list((course.root / "exchange" / "cnn" / "feedback").glob("*.html"))) == 3
    assert (course.root / "_build" / "release" / "cnn-probe.zip").exists()
