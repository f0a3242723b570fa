"""How far a student has come: what is kept of it, what is said of it, and which version fits."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import __version__
from autograder.checks import (
    FILE_NAME,
    ChapterFacts,
    Checks,
    ChecksFileError,
    load_checks,
    load_facts,
    save_checks,
)
from autograder.grading.fingerprint import released_files
from autograder.problems import Case, Problem, quarters
from autograder.report_lines import Line, Report
from autograder.sections import Section
from autograder.student.check import Check, CheckFailed
from autograder.student.progress import (
    MOST_BYTES,
    NOTES,
    Progress,
    after_a_pass,
    exercise_folders,
    overview,
)
from autograder.versions import misfit

SECTION = Section("Toys", "How to double", "book/toys/toys.html#how-to-double")


def double(x):
    return 2 * x


def triple(x):
    return 3 * x


def checks_of(function, points: float) -> Checks:
    problem = Problem(function, lambda rng: [Case("three", {"x": quarters(rng, 3)})], ())
    fields = {**vars(problem.visible_checks()), "points": points, "sections": {"": SECTION}}
    return Checks(**fields)


def write_exercise(folder: Path, number: int = 1, version: str = __version__) -> Path:
    folder.mkdir(parents=True)
    facts = ChapterFacts(f"Toys {number}", number, 4.0, version)
    checks = [checks_of(double, 5), checks_of(triple, 3)]
    save_checks(folder / FILE_NAME, "toys", checks, facts=facts)
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An exercise of two tasks, for 5 and 3 points, and a question for 4."""
    folder = write_exercise(tmp_path / "exercises" / "toys")
    monkeypatch.chdir(folder)
    return folder


def passed(folder: Path) -> set[str]:
    return Progress().passed(folder)


def test_a_pass_says_points_what_is_next_and_where_to_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check = Check()
    check(double)
    assert "5 of 12 points, next: `triple`, explained in “How to double” in Toys" in (
        capsys.readouterr().out
    )
    check(triple)
    assert (
        "All 2 tasks of this exercise have passed: 8 of 12 points. The other 4 are given by hand."
    ) in capsys.readouterr().out
    assert passed(folder) == {"double", "triple"}


def test_another_kernel_remembers_and_the_last_check_counts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Check()(double)
    Check()(triple)
    assert "All 2 tasks" in capsys.readouterr().out
    wrong = type(double)(triple.__code__, globals(), "double")
    with pytest.raises(CheckFailed):
        Check()(wrong)
    assert passed(folder) == {"triple"}
    size = (folder / NOTES).stat().st_size
    Check()(triple)
    assert (folder / NOTES).stat().st_size == size  # no news


def test_check_without_arguments_shows_all_chapters(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_exercise(folder.parent / "atoys", number=2)  # the book's order, not the alphabet's
    Check()(double)
    capsys.readouterr()
    Check()()
    assert capsys.readouterr().out.splitlines() == [
        "[note] Your progress: 5 of 24 points.",
        "  Toys 1: 5 of 12 points, 1 of 2 tasks",
        "  Passed: `double` (5)",
        "  Next: `triple` (3), explained in “How to double” in Toys",
        "  Given by hand: 4 points",
        "  Toys 2: 0 of 12 points, 0 of 2 tasks",
        "  Next: `double` (5), explained in “How to double” in Toys",
        "  Later: `triple` (3)",
        "  Given by hand: 4 points",
        "  No mark depends on this: when your work is graded, more cases are tried.",
    ]


def test_a_chapter_that_cannot_be_read_hides_no_other(folder: Path) -> None:
    (folder.parent / "broken").mkdir()
    (folder.parent / "broken" / FILE_NAME).write_bytes(b"no archive")
    text = overview(exercise_folders(folder), Progress()).text
    assert "broken: " in text
    assert "is damaged" in text
    assert "Toys 1: 0 of 12 points" in text


@pytest.mark.parametrize("where", ["", "exercises/toys"])
def test_progress_in_a_terminal(folder: Path, where: str) -> None:
    Progress().note(folder, "double", passed=True)
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "progress"],
        cwd=folder.parents[1] / where,
        text=True,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Your progress: 5 of 12 points." in done.stdout


def test_a_folder_without_exercises_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "progress", str(tmp_path)],
        text=True,
        capture_output=True,
    )
    assert done.returncode == 2
    assert f"There is no exercise in {tmp_path}" in done.stderr


# Nothing about the notes may break a check.


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/full")


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere" / "file")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices have no names there")
@pytest.mark.parametrize("put", [a_folder, a_pipe, a_link_to_a_device, a_link_to_nothing])
def test_notes_that_cannot_be_written_go_unsaid(
    folder: Path, put, capsys: pytest.CaptureFixture[str]
) -> None:
    put(folder / NOTES)
    check = Check()
    check(double)
    check(triple)
    output = capsys.readouterr()
    assert "All 2 tasks of this exercise have passed" in output.out  # this kernel remembers
    assert output.err == ""
    assert passed(folder) == set()


def test_a_read_only_folder(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def refuse(*arguments: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "open", refuse)  # root may write everywhere
    check = Check()
    check(double)
    check(triple)
    assert "All 2 tasks" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00 rubbish \n\n\x00", b"double passed and more\n", b"double\n", b"other passed\n"],
)
def test_notes_that_say_nothing(folder: Path, content: bytes, capsys) -> None:
    (folder / NOTES).write_bytes(content)
    assert not passed(folder) & {"double", "triple"}
    Check()(double)
    assert "5 of 12 points" in capsys.readouterr().out
    assert "double" in passed(folder)


def test_of_long_notes_the_end_is_read(folder: Path) -> None:
    (folder / NOTES).write_bytes(b"triple passed\n" + b"x" * MOST_BYTES + b"\ndouble passed\n")
    assert passed(folder) == {"double"}


def test_notebooks_at_work_at_the_same_time(folder: Path) -> None:
    """Each process turns its own task on and off; no line of another is lost or torn."""
    code = (
        "import sys; from pathlib import Path\n"
        "from autograder.student.progress import Progress\n"
        "for turn in range(101): Progress().note(Path(), sys.argv[1], turn % 2 == 0)"
    )
    names = ["double", "triple", "other"]
    started = [subprocess.Popen([sys.executable, "-c", code, n], cwd=folder) for n in names]
    assert [process.wait() for process in started] == [0, 0, 0]
    lines = (folder / NOTES).read_text().split("\n")
    assert {line for line in lines if line} == {
        f"{name} {verdict}" for name in names for verdict in ("passed", "open")
    }
    assert passed(folder) == set(names)


def test_grading_looks_at_no_notes(tmp_path: Path) -> None:
    folder = write_exercise(tmp_path / "exercises" / "toys")
    Progress().note(folder, "double", passed=True)
    assert (folder / NOTES).is_file()
    assert released_files(tmp_path, "toys") == {folder / FILE_NAME}


# What a report says.


def test_a_failure_names_the_section(folder: Path) -> None:
    report = Check().report(type(double)(triple.__code__, globals(), "double"))
    assert report.text.splitlines()[-1] == "  Explained in “How to double” in Toys"


@pytest.mark.parametrize("site", ["https://example.org/cnn", "https://example.org/cnn/"])
def test_a_section_is_linked_where_its_address_is_known(site: str) -> None:
    section = Section("Toys & more", "<b>", "book/toys.html#b", site)
    report = Report("title", "bad", (Line("Explained in", section=section),))
    address = "https://example.org/cnn/book/toys.html#b"
    assert f'<a href="{address}">“&lt;b&gt;” in Toys &amp; more</a>' in report._repr_html_()
    assert report.text.endswith(f"“<b>” in Toys & more ({address})")


def test_without_points_tasks_are_counted() -> None:
    tasks = {name: Checks(name, (), {}) for name in ("a", "b")}
    (line,) = after_a_pass(tasks, 0, {"b"}, "b")
    assert line.text == "1 of 2 tasks have passed, next: `a`."


# Versions


@pytest.mark.parametrize(
    ("made_with", "installed", "fits"),
    [
        ("", "0.1.0", True),  # a file of before versions were kept
        ("0.1.0", "0.1.0", True),
        ("0.1.0", "0.1.7", True),
        ("0.1.7", "0.1.0", False),
        ("0.1.0", "0.2.0", False),  # marks may have changed
        ("0.2.0", "0.1.9", False),
        ("1.2.0", "1.10.0", True),
        ("1.10.0", "1.2.0", False),
        ("1.2.0", "2.0.0", False),
    ],
)
def test_which_version_fits(made_with: str, installed: str, fits: bool) -> None:
    words = misfit(made_with, installed)
    assert (words == "") == fits
    if not fits:
        assert f"made with version {made_with} of autograder" in words
        assert f"version {installed} is installed" in words


def test_a_version_that_does_not_fit_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(write_exercise(tmp_path / "toys", version="99.0.0"))
    Check()(double)
    assert "Note: This exercise was made with version 99.0.0" in capsys.readouterr().out


def test_a_file_that_a_newer_version_fills_differently(tmp_path: Path, monkeypatch) -> None:
    folder = write_exercise(tmp_path / "toys", version="99.0.0")
    monkeypatch.setattr("autograder.checks.Tolerance", of_the_future)
    with pytest.raises(ChecksFileError, match=r"made with version 99\.0\.0"):
        load_checks(folder / FILE_NAME)


def of_the_future(**fields: object) -> None:
    """Stand in for a type that has other fields than those in the file."""
    raise TypeError("an option of the future")


def test_facts_of_a_file_of_before(tmp_path: Path) -> None:
    save_checks(tmp_path / FILE_NAME, "toys", [])
    assert load_facts(tmp_path / FILE_NAME) == ChapterFacts("toys")
