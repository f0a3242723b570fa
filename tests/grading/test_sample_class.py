"""The sample class: every student gets what was put into the submission, and no more."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.authoring.standalone import standalone_source
from autograder.chapter import chapters, load_problems
from autograder.checks import CheckedCase, Raised
from autograder.grading import ClassResult, grade
from autograder.grading.course import Course
from autograder.grading.sample_class import SampleStudent, sample_students, write_sample_class
from autograder.grading.submission import read_submission
from autograder.problems import Function, Problem
from autograder.values import copy_of, same

ROOT = Path(__file__).parents[2]
CHAPTERS = chapters(ROOT)
STUDENTS = [
    (chapter, student.name)
    for chapter in CHAPTERS
    for student in sample_students(load_problems(ROOT, chapter))
]


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("class")


@pytest.fixture(scope="module", autouse=True)
def secret() -> Iterator[None]:
    """A secret of the tests' own: none is written into the course."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTOGRADER_SECRET", "sample class")
        yield


@pytest.fixture(scope="module")
def graded(classroom: Path) -> Callable[[str], ClassResult]:
    """Return what came of a chapter's class, which is graded when it is first asked for."""

    @functools.cache
    def graded(chapter: str) -> ClassResult:
        students = sample_students(load_problems(ROOT, chapter))
        write_sample_class(ROOT / "exercises" / chapter, students, classroom / "submitted")
        return grade(ROOT, chapter, classroom=classroom)

    return graded


def student_of(chapter: str, name: str) -> tuple[SampleStudent, dict[str, Problem]]:
    problems = load_problems(ROOT, chapter)
    students = [candidate for candidate in sample_students(problems) if candidate.name == name]
    assert len(students) == 1
    return students[0], problems


def test_there_are_enough_students_of_different_kinds() -> None:
    for chapter in CHAPTERS:
        assert sum(name == chapter for name, _ in STUDENTS) >= 12


@pytest.mark.parametrize(("chapter", "name"), STUDENTS)
def test_marks_follow_from_what_was_put_in(
    classroom: Path, graded: Callable[[str], ClassResult], chapter: str, name: str
) -> None:
    student, _ = student_of(chapter, name)
    result = graded(chapter).of(name)
    course = Course.at(ROOT, classroom)
    attempt = read_submission(course.submitted(name, chapter), chapter).digest
    shares = student.expected(course.chapter(chapter).tasks, course.seed(chapter, name, attempt))
    expected = {
        task.function: round(shares[task.function] * task.max_points, 2) for task in result.tasks
    }
    assert {task.function: task.points for task in result.tasks} == expected
    assert (result.state == "graded") == (student.spoil is None)
    assert bool(result.reason) == (student.spoil is not None)


def test_the_class_is_not_all_alike(graded: Callable[[str], ClassResult]) -> None:
    for result in map(graded, CHAPTERS):
        points = {submission.student: submission.points for submission in result.submissions}
        best = result.submissions[0].max_points
        for name in ("ada", "ben", "cleo", "kim", "max", "nina"):
            assert points[name] == best
        for name in ("gus", "ivan", "lea", "omar", "pia", "quin"):
            assert points[name] == 0
        assert 0 < points["hana"] <= points["fay"] < best
        # Of three tasks, a single one is left to fay for a misconception, and it may earn nothing.
        assert points["hana"] < points["fay"] or len(result.submissions[0].tasks) == 3
        assert points["dana"] < best / 2
        assert best / 2 < points["jo"] < best


def test_misconceptions_are_named(graded: Callable[[str], ClassResult]) -> None:
    for chapter in CHAPTERS:
        problems = load_problems(ROOT, chapter)
        for task in graded(chapter).of("dana").tasks:
            assert task.misconception == problems[task.function].misconceptions[0].name


def test_a_second_run_grades_nothing_again(
    classroom: Path, graded: Callable[[str], ClassResult]
) -> None:
    for chapter in CHAPTERS:
        before = graded(chapter)
        again = grade(ROOT, chapter, classroom=classroom)
        assert all(
            submission.unchanged for submission in again.submissions if submission.state == "graded"
        )
        for old, new in zip(before.submissions, again.submissions, strict=True):
            assert (old.student, old.tasks) == (new.student, new.tasks)


def test_the_command_prints_the_class_view() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "sample-class", "filters"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    for text in ("Marks: filters", "ada", "Most common misconceptions", "Needs a person", "omar"):
        assert text in done.stdout
    assert "Warning" not in done.stderr


def every_function() -> list[tuple[str, Function, Problem]]:
    return [
        (problem.name, function, problem)
        for chapter in CHAPTERS
        for problem in load_problems(ROOT, chapter).values()
        for function in (
            problem.reference,
            *problem.alternatives,
            *(wrong.wrong for wrong in problem.misconceptions),
        )
    ]


def answer(function: Function, case: CheckedCase) -> object:
    try:
        return function(*copy_of(dict(case.arguments)).values())
    except Exception as error:
        return Raised(type(error).__name__, str(error))


def test_a_function_standing_alone_gives_the_same_results() -> None:
    for name, function, problem in every_function():
        namespace: dict[str, Function] = {}
        exec(standalone_source(function, name), namespace)
        assert namespace[name].__name__ == name
        for case in problem.visible_checks().cases[:2]:
            assert same(answer(function, case), answer(namespace[name], case))
