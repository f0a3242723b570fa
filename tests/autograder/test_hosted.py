"""The first cell of notebooks that Colab and Binder open."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from autograder.authoring.chapter_source import read_chapter_source
from autograder.authoring.hosted import github_name, hosted_cell
from autograder.authoring.notebook import source_notebook

ADDRESS = "https://github.com/somebody/course"


@pytest.fixture
def hosted(tmp_path: Path) -> Path:
    """A course in a public repository."""
    (tmp_path / "course.toml").write_text(f'repository = "{ADDRESS}.git"\n')
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "course-package"\n')
    return tmp_path


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (ADDRESS, "somebody/course"),
        (f"{ADDRESS}/", "somebody/course"),
        (f"{ADDRESS}.git", "somebody/course"),
        ("https://gitlab.example/somebody/course", ""),
        ("", ""),
    ],
)
def test_the_name_at_github(address: str, name: str) -> None:
    assert github_name(address) == name


def test_on_colab_the_cell_gets_what_is_missing(
    hosted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, check: calls.append(command))
    monkeypatch.setattr(urllib.request, "urlretrieve", lambda *names: calls.append(list(names)))
    code = hosted_cell(hosted, "filters", ["numpy", "matplotlib"])
    exec(code, {})
    assert calls == []
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-1")
    exec(code, {})
    pip, download = calls
    assert pip[:4] == [sys.executable, "-m", "pip", "install"]
    assert pip[-1] == f"course-package @ git+{ADDRESS}"
    raw = "https://raw.githubusercontent.com/somebody/course/HEAD"
    assert download == [f"{raw}/exercises/filters/checks.npz", "checks.npz"]


def test_pytorch_keeps_the_cell_out(hosted: Path) -> None:
    assert hosted_cell(hosted, "visualization", ["numpy", "torch"]) == ""


def test_a_notebook_begins_with_the_cell_where_there_is_a_repository(
    toy_course: Path, hosted: Path
) -> None:
    root = toy_course
    plain = source_notebook(read_chapter_source(root, "toy"))
    for name in ("course.toml", "pyproject.toml"):
        (root / name).write_text((hosted / name).read_text())
    notebook = source_notebook(read_chapter_source(root, "toy"))
    assert ADDRESS in notebook.cells[0].source
    sources = [cell.source for cell in notebook.cells[1:]]
    assert sources == [cell.source for cell in plain.cells]
