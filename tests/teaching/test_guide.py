"""docs/teaching.md, followed to the letter: every command, in its order."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
import zipfile
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


def block_below(heading: str) -> str:
    """The commands below a heading that are not run in the order of the guide."""
    match = re.search(rf"^## {heading}\n.*?^```text\n(.*?)^```", GUIDE, re.M | re.S)
    assert match is not None
    return match[1]


def test_private_tasks_are_laid_over_the_course(
    in_course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The public repository's task is replaced; what is private stays where it is."""
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    public, private = tmp_path / "public.git", tmp_path / "private.git"
    shutil.copytree(in_course.root, public, ignore=shutil.ignore_patterns("*.db", ".grading"))
    own = "    weighted = x * factor + 0 * factor\n    return weighted\n"
    task = public / "solutions" / "probe" / "tasks" / "scale.py"
    changed = private / task.relative_to(public)
    changed.parent.mkdir(parents=True)
    changed.write_text(task.read_text().replace("    return x * factor\n", own))
    assert own in changed.read_text()
    for place in (public, private):
        for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "it"]):
            subprocess.run(["git", *identity, *command], cwd=place, check=True)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    script = block_below("Tasks of your own, kept private").replace("filters", "probe")
    script = script.replace("https://example.org/course", str(public))
    script = script.replace("https://example.org/my-tasks", str(private))
    *shell, generating, releasing = script.strip().splitlines()
    subprocess.run(["bash", "-ec", "\n".join(shell)], check=True)
    course = tmp_path / "work" / "course"
    monkeypatch.chdir(course)
    assert own in (course / "solutions" / "probe" / "tasks" / "scale.py").read_text()
    for line in (generating, releasing):
        program, *arguments = shlex.split(line)
        assert program == "autograder"
        autograder(*arguments)
    with zipfile.ZipFile(course / "_build" / "release" / "cnn-probe.zip") as archive:
        for name in archive.namelist():
            assert b"weighted" not in archive.read(name), name
    # And what would give it away is refused.
    notebook_path = course / "exercises" / "probe" / "probe.ipynb"
    leaking = json.loads(notebook_path.read_text())
    leaking["cells"][0]["source"] = own.splitlines(keepends=True)
    notebook_path.write_text(json.dumps(leaking))
    assert "an answer to the task scale" in autograder("release", "probe", fails=1)


def test_the_container_for_grading_is_what_the_guide_says() -> None:
    recipe = (COURSE / "Dockerfile").read_text()
    commands = block_below("On macOS and Windows")
    # What a sandbox in a container needs is said where grading refuses to start without it.
    advice = (COURSE / "autograder" / "grading" / "sandbox.py").read_text()
    options = re.findall(r"--security-opt (\S+)", commands)
    assert options
    for option in options:
        assert f"--security-opt {option}" in advice
    assert "--privileged" not in commands
    [version] = re.findall(r"^FROM python:(3\.\d+)-slim-\w+$", recipe, re.M)
    assert f'"{version}"' in (COURSE / ".github" / "workflows" / "test.yml").read_text()
    assert recipe.index("USER teacher") < recipe.index("CMD")
    [extras] = re.findall(r"/build\[([\w,]+)\]", recipe)
    project = tomllib.loads((COURSE / "pyproject.toml").read_text())["project"]
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    assert "bubblewrap" in recipe
    copied = set(re.findall(r"^COPY (?:(.*) )/build", recipe, re.M))
    for name in " ".join(copied).split():
        assert (COURSE / name).exists(), name
        assert f"!{name}" in (COURSE / ".dockerignore").read_text().splitlines()
