"""The fast lane picks the tests of what has changed, and tells when something fails."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import COURSE, changed

CODE = ("autograder", "benchmarks", "book", "laboratory", "solutions")


@pytest.mark.parametrize(
    ("file", "test"),
    [
        ("solutions/filters/filters.md", "tests/solutions"),
        ("solutions/filters/filters.md", "tests/book/test_filters.py"),
        ("solutions/filters/filters.md", changed.GENERATED),
        ("exercises/filters/checks.npz", changed.GENERATED),
        ("book/pooling/pooling.md", "tests/book/test_pooling.py"),
        ("autograder/grading/wire.py", "tests/grading/test_wire.py"),
        ("autograder/student/explore.py", "tests/autograder/test_explore.py"),
        ("autograder/py.typed", "tests/autograder"),
        ("book/extensions/course_setup.py", "tests/book/test_extensions.py"),
        ("book/_static/course.css", "tests/book"),
        ("tests/grading/test_wire.py", "tests/grading/test_wire.py"),
        ("tests/grading/grading_class.py", "tests/grading/test_grading.py"),
        ("README.md", "tests/project"),
        ("Makefile", "tests/project"),
    ],
)
def test_a_file_has_its_tests(file: str, test: str) -> None:
    assert test in changed.tests_of(file)


@pytest.mark.parametrize("package", CODE)
def test_every_file_has_tests_that_exist(package: str) -> None:
    files = changed.git("ls-files", package)
    assert files
    for file in files:
        tests = changed.tests_of(file)
        assert tests, file
        assert all((COURSE / test.split("::")[0]).exists() for test in tests), file


def test_another_chapter_is_left_alone() -> None:
    tests = changed.tests_of("solutions/filters/filters.md")
    assert not {test for test in tests if "pooling" in test}
    reading, [running] = changed.commands({"solutions/filters/filters.md"}, {"filters"})
    assert "--chapter=filters" in running
    assert next(command for command in reading if "codespell_lib" in command)[-1].endswith(".md")


def test_nothing_changed_means_nothing_to_test() -> None:
    reading, running = changed.commands(set(), set())
    assert running == []
    assert len(reading) >= 3


def test_new_and_edited_files_count_as_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"merge-base": ["abc"], "diff": ["README.md"], "ls-files": ["new.py"]}
    asked = []

    def git(*arguments: str) -> list[str]:
        asked.append(arguments)
        return answers[arguments[0]]

    monkeypatch.setattr(changed, "git", git)
    assert changed.changed_files() == {"README.md", "new.py"}
    assert asked[1][-1] == "abc"


@pytest.mark.parametrize(
    ("code", "passed", "told"),
    [
        ("print('first'); print('all is well')", True, ": all is well"),
        ("print('what is wrong'); raise SystemExit(1)", False, ": failed\nwhat is wrong"),
    ],
)
def test_a_failure_is_shown(
    capsys: pytest.CaptureFixture[str], code: str, passed: bool, told: str
) -> None:
    assert changed.passes([sys.executable, "-c", code]) == passed
    assert told in capsys.readouterr().out


def test_an_unknown_chapter_is_told() -> None:
    with pytest.raises(SystemExit, match=r"no chapter nonsense; there are: .*filters"):
        changed.main({"nonsense"})


def test_a_run_can_be_of_one_chapter_and_of_what_is_quick() -> None:
    """What tests/conftest.py does to a run: chapters by name, markers by the fixtures used."""
    test = "tests/grading/test_sample_class.py"
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--chapter=pooling", test]
    names = subprocess.run(
        [*command, "-m", "slow and sandbox"], cwd=COURSE, text=True, capture_output=True
    ).stdout
    assert "[pooling-ada]" in names
    assert "[filters-" not in names
    assert "test_the_class_is_not_all_alike" in names
    assert "test_there_are_enough_students_of_different_kinds" not in names
