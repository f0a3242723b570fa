"""Packages that a student's machine lacks: in the notebook and in the terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.authoring.archive import readme
from autograder.checks import FILE_NAME, load_packages, save_checks
from autograder.packages import PYTORCH_SIZE, import_name, missing_package, pip_install
from autograder.problems import Case, Problem
from autograder.student.check import Check, MissingPackage
from autograder.values import Tensor
from tests import COURSE

EXERCISE = COURSE / "exercises" / "visualization" / "visualization.ipynb"
COMMAND = pip_install("torch")

HIDE = """
import sys
from importlib.abc import MetaPathFinder


class Hidden(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == {module!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Hidden())
"""


def same(x: Any) -> Any:
    return x


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An exercise whose single function gets tensors, in the current folder."""
    problem = Problem(same, lambda rng: [Case("three", {"x": Tensor(np.ones(3))})], ())
    save_checks(tmp_path / FILE_NAME, "test", [problem.visible_checks()], {"torch": "torch"})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Hide a module from imports in this process."""

    def hidden(module: str) -> None:
        class Hidden(MetaPathFinder):
            def find_spec(self, name: str, path: Any, target: Any = None) -> None:
                if name.partition(".")[0] == module:
                    raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        for name in [name for name in sys.modules if name.partition(".")[0] == module]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(sys, "meta_path", [Hidden(), *sys.meta_path])

    return hidden


@pytest.fixture
def shell() -> Iterator[Any]:
    from IPython.core.interactiveshell import InteractiveShell

    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def run(shell: Any, source: str) -> tuple[str, str, Any]:
    """Run a cell; return its text, its HTML and its exception."""
    from IPython.utils.capture import capture_output

    shell.colors = "nocolor"
    with capture_output() as captured:
        result = shell.run_cell(source)
    markup = "".join(output.data.get("text/html", "") for output in captured.outputs)
    return captured.stdout, markup, result.error_in_exec


def terminal(path: Path, hidden: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run ``autograder check`` on a machine that lacks a package."""
    (tmp_path / "sitecustomize.py").write_text(HIDE.format(module=hidden))
    return subprocess.run(
        [sys.executable, "-m", "autograder", "check", str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=COURSE,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        timeout=60,
    )


# What the file of checks knows


def test_the_exercise_knows_its_packages() -> None:
    names = load_packages(EXERCISE.parent / FILE_NAME)
    assert set(names) == {"numpy", "matplotlib", "ipywidgets", "torch"}
    other = load_packages(COURSE / "exercises" / "filters" / FILE_NAME)
    assert set(other) == {"numpy", "matplotlib", "ipywidgets"}


def test_a_package_is_known_by_the_name_that_is_imported() -> None:
    assert import_name("opencv-python-headless") == "cv2"
    assert import_name("torch") == "torch"
    names = {"cv2": "opencv-python-headless"}
    missing = ModuleNotFoundError("No module named 'cv2'", name="cv2")
    assert missing_package(missing, names) == "opencv-python-headless"
    assert pip_install("opencv-python-headless") == "pip install opencv-python-headless"


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'torch.nothing'", name="torch.nothing"),
        ModuleNotFoundError("No module named 'scipy'", name="scipy"),
        ModuleNotFoundError("raised by hand"),
        ImportError("cannot import name 'x' from 'torch'", name="torch"),
        NameError("name 'torch' is not defined", name="torch"),
    ],
)
def test_other_errors_are_not_about_a_package_of_the_exercise(error: Exception) -> None:
    assert missing_package(error, {"torch": "torch"}) is None


# In the notebook


def test_the_first_cell_says_what_to_install(folder: Path, shell: Any, hide: Any) -> None:
    hide("torch")
    text, markup, error = run(
        shell, "from autograder import check, explore\nimport numpy as np\nimport torch"
    )
    assert isinstance(error, ModuleNotFoundError)
    assert markup.count(f"<code>%{COMMAND}</code>") == 1
    assert "This exercise needs torch, which is not installed." in markup
    assert text.strip() == "ModuleNotFoundError: No module named 'torch'"


def test_the_exercise_begins_with_the_import_that_explains(shell: Any) -> None:
    import nbformat

    cells = nbformat.read(EXERCISE, 4).cells
    first = next(cell.source for cell in cells if cell.cell_type == "code")
    assert first.startswith("from autograder import check, explore")


def test_check_says_what_to_install(folder: Path, shell: Any, hide: Any) -> None:
    hide("torch")
    text, markup, _ = run(
        shell, "from autograder import check, explore\ndef same(x): return x\ncheck(same)"
    )
    assert markup.count(f"<code>%{COMMAND}</code>") == 1
    assert "instructor" not in markup
    assert text.strip() == "Not passed yet. The report above says why."
    assert run(shell, "explore(same)")[2] is None


def test_other_imports_that_fail_look_as_always(folder: Path, shell: Any, hide: Any) -> None:
    hide("scipy")
    source = "from autograder import check\nimport scipy"
    text, markup, _ = run(shell, source)
    assert (markup, "Traceback" in text) == ("", True)
    (folder / FILE_NAME).unlink()  # not an exercise any more
    hide("torch")
    text, markup, _ = run(shell, "import torch")
    assert (markup, "Traceback" in text) == ("", True)


def test_outside_a_notebook_the_command_is_for_a_terminal(folder: Path, hide: Any) -> None:
    hide("torch")
    report = Check().report(same)
    assert f"`python -m {COMMAND}`" in report.text
    assert not Check().passes(same)


# In the terminal


def test_the_terminal_says_it_once(tmp_path: Path) -> None:
    done = terminal(EXERCISE, "torch", tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.strip() == str(MissingPackage("torch"))
    assert done.stderr.count(f"python -m {COMMAND}") == 1


def test_a_file_that_imports_nothing_is_told_too(folder: Path, tmp_path: Path) -> None:
    path = folder / "answer.py"
    path.write_text("def same(x):\n    return x\n")
    done = terminal(path, "torch", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == str(MissingPackage("torch"))
    assert terminal(path, "matplotlib", tmp_path).returncode == 0


def test_any_package_of_the_chapter_is_named(tmp_path: Path) -> None:
    exercise = COURSE / "exercises" / "filters" / "filters.ipynb"
    done = terminal(exercise, "matplotlib", tmp_path)
    assert done.stderr.strip() == str(MissingPackage("matplotlib"))


# What students read before they begin


def plain(text: str) -> str:
    return " ".join(text.split())


PLACES = {
    "the site": COURSE / "book" / "how-exercises-work.md",
    "the exercise": COURSE / "solutions" / "visualization" / "visualization.md",
}


@pytest.mark.parametrize("place", PLACES)
def test_the_command_and_its_size_are_the_same_everywhere(place: str) -> None:
    text = PLACES[place].read_text(encoding="utf-8")
    commands = [line.strip() for line in text.splitlines() if "-m pip install torch" in line]
    assert commands == [f"python -m {COMMAND}"]
    assert PYTORCH_SIZE in plain(text)


def test_the_readme_of_the_archive_has_the_command() -> None:
    with_pytorch = readme(COURSE, {"filters", "visualization"})
    assert f"    python -m {COMMAND}\n" in with_pytorch
    assert PYTORCH_SIZE in plain(with_pytorch)
    assert "torch" not in readme(COURSE, {"filters"})


def test_the_extra_has_what_the_command_installs() -> None:
    project = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))
    extra = project["project"]["optional-dependencies"]["visualization"]
    packages = [requirement.partition(">=")[0] for requirement in extra]
    assert COMMAND.startswith(f"pip install {' '.join(packages)} --index-url ")
