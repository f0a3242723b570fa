"""What `autograder grade` shows while it works, and what its options refuse."""

from __future__ import annotations

import io
import logging
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
import typer
from rich.console import Console

from autograder import instructor
from autograder.grading import progress as progress_module
from autograder.grading.progress import GradingProgress
from autograder.grading.results import SubmissionResult
from tests.grading.grading_class import RIGHT, Grader

GRADED = SubmissionResult("ada", "probe", "graded", ())
UNCHANGED = SubmissionResult("ben", "probe", "graded", (), unchanged=True)
FAILED = SubmissionResult("cleo", "probe", "needs a person", (), "The file is empty.")


def printed(terminal: bool, *results: SubmissionResult, total: int) -> tuple[str, str]:
    """Return what is drawn while these results come in, and the summary."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=120, color_system=None)
    with GradingProgress(console, "probe", total) as progress:
        for result in results:
            progress.count(result)
        logging.getLogger("autograder.grading.pool").warning("the sandbox broke")
    logging.getLogger("autograder.grading.pool").warning("nobody looks any more")
    return file.getvalue(), progress.summary


def test_the_bar_counts_what_has_been_done() -> None:
    drawn, summary = printed(True, GRADED, UNCHANGED, FAILED, GRADED, total=9)
    last = [line for line in drawn.splitlines() if "Grading probe" in line][-1]
    assert "3/8" in last  # what is unchanged was nothing to do
    assert "1 need a person" in last
    assert "/s" in last
    assert "the sandbox broke" in drawn
    assert "nobody looks" not in drawn
    assert summary.startswith("3 graded in 0:00:00, ")
    assert summary.endswith(" per second, 1 unchanged, 1 need a person.")


def test_a_log_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "LINE_SECONDS", -1.0)
    drawn, _ = printed(False, GRADED, FAILED, GRADED, total=3)
    lines = [line for line in drawn.splitlines() if line.startswith("Grading probe: ")]
    assert lines[0] == "Grading probe: 1 of 3, 0:00:00 left"
    assert lines[1].startswith("Grading probe: 2 of 3, 1 need a person, ")
    assert lines[2].endswith("/s, 0:00:00 left")
    monkeypatch.setattr(progress_module, "LINE_SECONDS", 3600.0)
    assert "of 3" not in printed(False, GRADED, FAILED, GRADED, total=3)[0].replace("3/3", "")


def test_nothing_to_do_is_no_division_by_zero() -> None:
    assert printed(True, total=0)[1] == "0 graded in 0:00:00."
    assert printed(True, UNCHANGED, total=1)[1] == "0 graded in 0:00:00, 1 unchanged."


@pytest.fixture
def course(grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course with two submissions, and the current folder in it."""
    root = tmp_path / "course"
    shutil.copytree(grader.course.root, root)
    for student in ("ada", "ben"):
        folder = root / "submitted" / student / "probe"
        folder.mkdir(parents=True)
        nbformat.write(grader.notebook(RIGHT), folder / "probe.ipynb")
    (root / "submitted" / ".trash" / "probe").mkdir(parents=True)  # nobody's name
    monkeypatch.chdir(root)
    return root


def test_the_command_grades_and_sums_up(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instructor.grade("probe", workers=2)
    printed = capsys.readouterr().out
    assert "2 of 2 graded, mean 11.0 points" in printed
    assert printed.splitlines()[-1].startswith("2 graded in 0:00:")
    instructor.grade("probe", student=["ada", "ada"])
    assert capsys.readouterr().out.splitlines()[-1].endswith(", 1 unchanged.")


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ({"scheduler": "tcp://127.0.0.1:1", "workers": 2}, 2, "--workers is for this machine"),
        ({"chunk": 5}, 2, "it needs --scheduler"),
        ({"scheduler": "nonsense"}, 1, "Not graded: There is no Dask scheduler at nonsense"),
    ],
)
def test_what_the_command_cannot_do_is_told(
    course: Path,
    capsys: pytest.CaptureFixture[str],
    options: dict[str, Any],
    status: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("autograder.grading.cluster.CONNECT_SECONDS", 1.0)
    with pytest.raises(typer.Exit) as end:
        instructor.grade("probe", **options)
    assert end.value.exit_code == status
    assert message in capsys.readouterr().out
    assert not (course / "autograded").exists()
