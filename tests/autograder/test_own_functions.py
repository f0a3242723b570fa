"""A student's functions, taken over from an exercise notebook into another one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder import own_functions
from autograder.checks import FILE_NAME, Checks, ChecksFileError, save_checks
from autograder.student.exercise_file import UnreadableFile

EMPTY = "def total(x):\n    '''Return the sum.'''\n    raise NotImplementedError()"


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    """Write an exercise of two tasks, with these code cells."""
    tasks = [Checks(name, (), {}) for name in ("double", "total")]
    save_checks(tmp_path / FILE_NAME, "toy", tasks)

    def write(*cells: str) -> Path:
        path = tmp_path / "toy.ipynb"
        path.write_text(
            json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]})
        )
        return path

    return write


def test_functions_come_with_what_they_need(
    notebook: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = notebook(
        "import math\nfactor = 2\nunused = 1 / 0",
        "def helper(x):\n    return factor * x",
        "def double(x):\n    return helper(x)",
        "def total(x):\n    return math.fsum(x)",
        "print(double(5))",
    )
    own = own_functions(path)
    assert own["double"](4) == 8
    assert own["total"]([1, 2]) == 3
    assert capsys.readouterr().out == "2 of 2 functions are yours, from toy.ipynb.\n"


def test_what_is_missing_is_said(
    notebook: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    broken = "def double(x, times=missing):\n    return x"
    assert own_functions(notebook(broken, EMPTY, "%matplotlib inline\n!ls", "def total(x:")) == {}
    assert capsys.readouterr().out == (
        "double: NameError: name 'missing' is not defined\n"
        "total: not written yet\n"
        "0 of 2 functions are yours, from toy.ipynb.\n"
    )


def test_written_again_below(notebook: Callable[..., Path]) -> None:
    """A second definition counts, as in the notebook itself."""
    own = own_functions(notebook(EMPTY, "def total(x):\n    return sum(x)"))
    assert own["total"]([1, 2]) == 3


def test_files_that_are_none(notebook: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="There is no file"):
        own_functions(tmp_path / "other.ipynb")
    path = notebook()
    (tmp_path / FILE_NAME).unlink()
    with pytest.raises(ChecksFileError):
        own_functions(path)
