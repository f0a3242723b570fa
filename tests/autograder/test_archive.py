"""The archive that students download."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from autograder import __version__
from autograder.authoring.archive import (
    FOLDER,
    NotForStudents,
    make_archive,
    readme,
    student_files,
)
from autograder.authoring.wheel import make_wheel
from autograder.course_settings import chapters_in_use
from autograder.student.exercise_file import read_exercise
from tests import COURSE


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return make_archive(COURSE, tmp_path / "deep" / "exercises.zip")


@pytest.fixture
def small_course(tmp_path: Path) -> Path:
    """A course with everything that must stay at home lying in the way."""
    files = {
        "exercises/a/a.ipynb": '{"cells": []}',
        "exercises/a/checks.npz": "numbers",
        "exercises/a/.ipynb_checkpoints/a-checkpoint.ipynb": "old",
        "exercises/a/gradebook.db": "marks",
        "exercises/.course_secret": "secret",
        "autograder/__init__.py": "",
        "autograder/__pycache__/__init__.cpython-311.pyc": "",
        "solutions/a/tasks/a.py": "### BEGIN SOLUTION",
        "pyproject.toml": "",
        ".course_secret": "secret",
        "gradebook.db": "marks",
        "submitted/student/a/a.ipynb": "{}",
    }
    for name, text in files.items():
        path = tmp_path / "course" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "course"


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def test_holds_what_students_need_and_nothing_else(small_course: Path, tmp_path: Path) -> None:
    archive = make_archive(small_course, tmp_path / "small.zip")
    assert names(archive) == [
        f"{FOLDER}/{name}"
        for name in (
            "README.md",
            "autograder/__init__.py",
            "exercises/a/a.ipynb",
            "exercises/a/checks.npz",
            "pyproject.toml",
        )
    ]


@pytest.mark.parametrize("mark", ["### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS"])
def test_refuses_an_instructors_notebook(small_course: Path, tmp_path: Path, mark: str) -> None:
    (small_course / "exercises" / "a" / "a.ipynb").write_text(f"{{'source': '{mark}'}}")
    with pytest.raises(NotForStudents, match=r"a\.ipynb"):
        make_archive(small_course, tmp_path / "small.zip")
    assert not (tmp_path / "small.zip").exists()


def test_same_files_give_the_same_bytes(small_course: Path, tmp_path: Path) -> None:
    first = make_archive(small_course, tmp_path / "first.zip").read_bytes()
    for path in student_files(small_course):
        path.touch(mode=0o600)
        path.chmod(0o700)
    assert make_archive(small_course, tmp_path / "second.zip").read_bytes() == first


def test_holds_every_exercise(archive: Path) -> None:
    for chapter in chapters_in_use(COURSE):
        for name in (f"{chapter}.ipynb", "checks.npz"):
            assert f"{FOLDER}/exercises/{chapter}/{name}" in names(archive)


def test_the_readme_speaks_of_the_chapters_that_are_there() -> None:
    with_torch = readme(COURSE, {"filters", "visualization"})
    assert "exercises/filters/filters.ipynb" in with_torch
    assert "torchvision --index-url" in with_torch
    without = readme(COURSE, {"padding_stride", "pooling"})
    assert "exercises/padding_stride/padding_stride.ipynb" in without
    assert "orch" not in without


def test_holds_nothing_of_the_solutions(archive: Path) -> None:
    lines = set()
    for path in (COURSE / "solutions").glob("*/tasks/*.py"):
        for body in re.findall(r"BEGIN SOLUTION\n(.*?)### END", path.read_text(), re.S):
            lines |= {line.strip() for line in body.splitlines() if len(line.strip()) > 25}
    assert lines
    secret = COURSE / ".course_secret"
    if secret.exists():
        lines |= set(secret.read_text().split())
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            assert "solutions" not in name
            assert not Path(name).name.startswith(".")
            text = opened.read(name).decode("utf-8", "replace")
            assert not [line for line in lines if line in text], name


def test_notebooks_find_what_they_import(archive: Path, tmp_path: Path) -> None:
    """Unpacked, every module of the course that a notebook imports is there, with its data."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path)
    folder = tmp_path / FOLDER
    lines = {
        line
        for notebook in folder.rglob("*.ipynb")
        for source in read_exercise(notebook).cells
        for line in source.splitlines()
        if re.match(r"(from|import) (autograder|book|laboratory)\b", line)
    }
    assert "from book.visualization.occlusion_sliders import OcclusionSliders" in lines
    program = "\n".join(
        [*sorted(lines), "load_network('small_vgg')", "print(chosen_network.__file__)"]
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(folder)


def test_refuses_a_notebook_that_imports_a_solution(small_course: Path, tmp_path: Path) -> None:
    (small_course / "laboratory").mkdir()
    (small_course / "laboratory" / "maps.py").write_text("from solutions.a.tasks import a")
    cells = [{"cell_type": "code", "source": "from laboratory import maps"}]
    (small_course / "exercises" / "a" / "more.ipynb").write_text(json.dumps({"cells": cells}))
    with pytest.raises(NotForStudents, match=r"imports .*solutions.a.tasks.a\.py"):
        make_archive(small_course, tmp_path / "small.zip")


def test_package_works_where_there_is_only_numpy(archive: Path, tmp_path: Path) -> None:
    """Unpacked, `autograder` can be imported by a Python that has NumPy and nothing else."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path)
    program = """
import importlib.abc, sys

class OnlyNumPy(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        top = name.split(".")[0]
        known = {"numpy", "autograder", *sys.stdlib_module_names}
        if top not in known and not top.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"no {top} here")

sys.meta_path.insert(0, OnlyNumPy())
import autograder
from autograder import check, explore
print(autograder.__file__)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path / FOLDER,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path / FOLDER)


def test_project_file_names_what_the_archive_holds(archive: Path) -> None:
    """`pip install .` reads the files that the project file names."""
    with zipfile.ZipFile(archive) as opened:
        project = opened.read(f"{FOLDER}/pyproject.toml").decode()
    for name in re.findall(r'"(README\.md|LICENSE[^"]*)"', project):
        assert f"{FOLDER}/{name}" in names(archive)


def test_command_writes_the_archive(small_course: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autograder.authoring.archive"],
        cwd=small_course,
        env={"PYTHONPATH": str(COURSE)},
        text=True,
        capture_output=True,
        check=False,
    )
    assert (small_course / "_build" / "cnn-course-exercises.zip").exists(), done.stderr


# The wheel of the student side


def test_the_wheel_is_installed_and_checks(tmp_path: Path) -> None:
    """By pip, from the file alone; the instructor's part and the solutions stay at home."""
    (tmp_path / "cnn_by_hand-0.0.1-py3-none-any.whl").write_bytes(b"an older one")
    wheel = make_wheel(COURSE, tmp_path)
    assert [path.name for path in tmp_path.glob("*.whl")] == [wheel.name]
    assert wheel.read_bytes() == make_wheel(COURSE, tmp_path / "again").read_bytes()
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--target", str(site), str(wheel)], check=True)
    assert {path.name for path in (site / "autograder").iterdir() if path.is_dir()} - {
        "__pycache__"
    } == {"student", "diagnosis", "challenge"}
    assert not (site / "autograder" / "instructor.py").exists()
    code = (
        "import sys\n"
        # Where this test runs, the course itself is installed, too.
        "sys.meta_path[:] = [f for f in sys.meta_path if 'Editable' not in repr(f)]\n"
        "import autograder; from autograder import check, explore, own_functions\n"
        "assert autograder.__file__.startswith(sys.argv[1]), autograder.__file__\n"
        "from autograder.__main__ import app, main\n"
        "sys.argv[1:] = ['--help']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(site)],
        cwd=site,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert "progress" in done.stdout
    assert "sample-class" not in done.stdout


def test_the_wheel_needs_what_the_package_needs(tmp_path: Path) -> None:
    wheel = make_wheel(COURSE, tmp_path)
    (metadata,) = importlib.metadata.distributions(path=[str(wheel)])
    project = tomllib.loads((COURSE / "pyproject.toml").read_text())["project"]
    assert metadata.name == project["name"]
    assert metadata.version == __version__
    assert {"numpy>=2"} <= set(metadata.requires or [])
    assert set(metadata.metadata.get_all("Provides-Extra") or []) == {
        *("terminal", "notebook", "visualization")
    }
