"""The same answer earns the same for everybody: drawing again, the proof, and its record."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.authoring import proven_marks
from autograder.authoring.chapter_source import ChapterSource, read_chapter_source
from autograder.authoring.generate import generate
from autograder.authoring.luck import marks_by_seed
from autograder.authoring.mutation_table import table_of_marks
from autograder.authoring.proven_marks import FILE_NAME, PACKAGE, is_recorded, prove_marks
from autograder.chapter import SourceError, chapters
from autograder.empty_answers import EMPTY_ANSWERS
from autograder.problems import VISIBLE_SEED, Case, Misconception, Problem, quarters
from autograder.values import same
from tests import COURSE

SHIFTED = """

def shifted(x, times):
    return 2**times * np.roll(x, 1)


PROBLEM = Problem(
    double,
    lambda rng: [*cases(rng), Case("two numbers", {"x": rng.integers(3, 5, size=2), "times": 1})],
    (*PROBLEM.misconceptions, Misconception("shifted", shifted, "t", "s", "Look at the places.")),
)
"""
"""Half of all pairs of threes and fours read the same from both ends."""


def total(x: Any) -> float:
    """Return the sum."""
    return float(np.sum(x))


def magnitude(x: Any) -> float:
    return float(np.sum(np.abs(x)))


WRONG = Misconception("magnitude", magnitude, "t", "s", "h")


def drawn(finds: Sequence[str] = (), overlooks: Sequence[str] = ()) -> Problem:
    """Return a problem with a case of two numbers, which may be above zero or below."""

    def cases(rng: np.random.Generator) -> list[Case]:
        return [
            Case("before", {"x": quarters(rng, 3)}),
            Case("two", {"x": quarters(rng, 2)}, finds=tuple(finds), overlooks=tuple(overlooks)),
            Case("after", {"x": quarters(rng, 4)}),
        ]

    return Problem(total, cases, (WRONG,))


def argument(problem: Problem, seed: int, position: int) -> Any:
    hidden = [case for case in problem.hidden_checks(seed).cases if case.hidden]
    return hidden[position].arguments["x"]


# Drawing


def test_a_case_is_drawn_again_until_it_finds_what_it_has_to() -> None:
    for seed in range(30):
        assert argument(drawn(finds=["magnitude"]), seed, 1).min() < 0
        assert argument(drawn(overlooks=["magnitude"]), seed, 1).min() >= 0
    lucky = {bool(argument(drawn(), seed, 1).min() < 0) for seed in range(30)}
    assert lucky == {True, False}


def test_only_the_case_that_does_not_fit_is_drawn_again() -> None:
    plain, choosy = drawn(), drawn(overlooks=["magnitude"])
    for seed in range(30):
        for position in (0, 2):
            assert same(argument(plain, seed, position), argument(choosy, seed, position))
        fits = argument(plain, seed, 1).min() >= 0
        assert same(argument(plain, seed, 1), argument(choosy, seed, 1)) == fits
        assert same(argument(choosy, seed, 1), argument(choosy, seed, 1))


def test_visible_cases_find_what_they_have_to() -> None:
    for problem, wrong in ((drawn(["magnitude"]), True), (drawn([], ["magnitude"]), False)):
        assert ("magnitude" in problem.visible_checks().cases[1].wrong) == wrong


def test_an_empty_answer_can_be_what_a_case_finds() -> None:
    def cases(rng: np.random.Generator) -> list[Case]:
        return [Case("sign", {"x": rng.integers(-1, 2, size=1)}, finds=("0",))]

    problem = Problem(total, cases, ())
    assert all(argument(problem, seed, 0) != 0 for seed in range(9) if has_hidden(problem, seed))


def has_hidden(problem: Problem, seed: int) -> bool:
    return any(case.hidden for case in problem.hidden_checks(seed).cases)


def test_every_student_gets_as_many_hidden_cases() -> None:
    """A number that happens to be the visible one is drawn again; what never changes is not."""

    def cases(rng: np.random.Generator) -> list[Case]:
        return [
            Case("always", {"x": np.ones(2)}),
            Case("one of four", {"x": rng.integers(0, 4, size=1)}),
        ]

    problem = Problem(total, cases, ())
    visible = problem.visible_checks().cases[1].arguments["x"]
    for seed in range(20):
        hidden = [case for case in problem.hidden_checks(seed).cases if case.hidden]
        assert [case.name for case in hidden] == ["one of four"]
        assert not same(hidden[0].arguments["x"], visible)
    assert not has_hidden(Problem(total, lambda rng: [Case("always", {"x": np.ones(2)})], ()), 1)


def test_known_cases_in_another_order_are_not_repeated() -> None:
    def cases(rng: np.random.Generator) -> list[Case]:
        numbers = rng.permutation(3)
        return [Case(f"run {n}", {"x": np.full(2, number)}) for n, number in enumerate(numbers)]

    assert not has_hidden(Problem(total, cases, ()), VISIBLE_SEED + 1)


def test_a_case_that_names_what_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'two' names 'magnitud': total has no misc"):
        drawn(finds=["magnitud"]).visible_checks()


def test_a_case_that_cannot_find_what_it_has_to_is_refused() -> None:
    problem = Problem(
        total, lambda rng: [Case("above", {"x": quarters(rng, 2, low=1)}, finds=("magnitude",))], ()
    )
    problem = Problem(total, problem.cases, (WRONG,))
    with pytest.raises(ValueError, match=r"'above' of total was drawn 1000 times, and never found"):
        problem.visible_checks()


# Marks by seed


def test_marks_of_every_kind_of_answer() -> None:
    problem = Problem(total, drawn(["magnitude"]).cases, (WRONG,), alternatives=(np.sum,))
    marks = {str(earned.answer): earned for earned in marks_by_seed(problem, 6, range(5))}
    assert list(marks) == [
        "misconception magnitude",
        "alternative sum",
        *(f"empty answer {name}" for name in EMPTY_ANSWERS),
    ]
    assert marks["alternative sum"].points == (6,) * 5
    assert marks["empty answer None"].points == (0,) * 5
    assert marks["misconception magnitude"].spread in (0, 2, 4)
    assert "two" not in marks["misconception magnitude"].passed[0]
    table = table_of_marks(problem, 6, range(5))
    assert "| alternative sum | 6 (5 seeds) |  |" in table


def test_luck_is_told_with_its_cases_and_seeds() -> None:
    earned, *_ = marks_by_seed(drawn(), 3, range(20))
    lines = list(earned.lucky_cases(range(20)))
    assert re.fullmatch(
        r"'two': passed with \d+ of 20 seeds, such as (\d+(, )?)+; not with (\d+(, )?)+",
        next(line for line in lines if "two" in line),
    )


# The proof


@pytest.fixture
def toy(toy_course: Path) -> Path:
    return toy_course / "solutions" / "toy"


def toy_source(root: Path) -> ChapterSource:
    """Read the toy chapter as it is now, not as it was imported before."""
    for name in [name for name in sys.modules if name.split(".")[0] == "solutions"]:
        del sys.modules[name]
    return read_chapter_source(root, "toy")


def proven(toy: Path) -> list[str]:
    return prove_marks(toy.parents[1], toy_source(toy.parents[1]))


def add(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_generation_refuses_marks_that_depend_on_luck(toy: Path) -> None:
    add(toy / "tasks" / "double.py", SHIFTED)
    line = (toy / "tasks" / "double.py").read_text().split("def shifted")[0].count("\n") + 1
    with pytest.raises(SourceError) as refused:
        generate(toy.parents[1], "toy")
    message = str(refused.value)
    assert message.startswith(f"{toy / 'tasks' / 'double.py'}:{line}: double: ")
    assert "misconception shifted earns depends on the numbers drawn: 0 to 1.33 of 4" in message
    assert re.search(r"'two numbers': passed with \d+ of 50 seeds, such as \d+, \d+", message)
    assert not (toy / FILE_NAME).exists()


def test_naming_what_the_case_finds_makes_marks_equal(toy: Path) -> None:
    mended = SHIFTED.replace('"times": 1})]', '"times": 1}, finds=("shifted",))]')
    add(toy / "tasks" / "double.py", mended)
    assert proven(toy) == ["double", "total"]
    assert "| misconception shifted | 0 |" in (toy / FILE_NAME).read_text()


def test_generation_refuses_points_for_nothing(toy: Path) -> None:
    add(
        toy / "tasks" / "double.py",
        "\nPROBLEM = Problem(double, lambda rng: [*cases(rng), "
        'Case("black", {"x": 0 * quarters(rng, 2, 2), "times": int(rng.integers(3, 9))})], '
        "PROBLEM.misconceptions)\n",
    )
    with pytest.raises(
        SourceError, match=r"empty answer zeros earns 1\.33 of 4 points, by 'black'"
    ):
        generate(toy.parents[1], "toy")


def test_generation_refuses_a_case_that_seldom_finds(toy: Path) -> None:
    seldom = SHIFTED.replace('"times": 1})]', '"times": 1}, finds=("shifted",))]')
    add(toy / "tasks" / "double.py", seldom.replace("rng.integers(3, 5, size=2)", "np.ones(2)"))
    with pytest.raises(
        SourceError, match=r"double\.py:\d+: case 'two numbers' of double was drawn"
    ):
        generate(toy.parents[1], "toy")


# The record


def test_what_is_proven_is_not_proven_again(toy: Path) -> None:
    assert proven(toy) == ["double", "total"]
    text = (toy / FILE_NAME).read_text()
    assert proven(toy) == []
    assert (toy / FILE_NAME).read_text() == text


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("tasks/double.py", "quarters(rng, 3)", "quarters(rng, 4)"),
        ("tasks/double.py", "return x**2", "return x**2 + 1"),
        (
            "tasks/double.py",
            "    double,\n    cases",
            "    double,\n    alternatives=(), cases=cases",
        ),
        ("toy.md", ":points: 4", ":points: 5"),
    ],
    ids=["case", "misconception", "alternative", "points"],
)
def test_a_change_is_proven_again(toy: Path, file: str, old: str, new: str) -> None:
    assert proven(toy) == ["double", "total"]
    text = (toy / file).read_text()
    assert old in text
    new_text = text.replace(old, new)
    if "alternatives" in new:
        new_text = new_text.replace(
            "    (\n        Misconception", "    misconceptions=(\n        Misconception"
        )
    (toy / file).write_text(new_text)
    assert proven(toy) == ["double"]


def test_a_changed_module_or_data_is_proven_again(toy: Path) -> None:
    root = toy.parents[1]
    (root / "solutions" / "shared.py").write_text("SIZE = 3\n")
    add(toy / "tasks" / "total.py", "\n\ndef later():\n    from solutions.shared import SIZE\n")
    assert proven(toy) == ["double", "total"]
    (root / "solutions" / "shared.py").write_text("SIZE = 4\n")
    assert proven(toy) == ["total"]
    (toy / "numbers.json").write_text("[1]")
    assert proven(toy) == ["double", "total"]
    (toy / "notes.md").write_text("For people.")
    assert proven(toy) == []


def test_a_changed_grader_is_proven_again(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: set[Path] = set()
    monkeypatch.setattr(proven_marks, "add_files", lambda digest, root, paths: files.update(paths))
    proven(toy)
    for name in ("authoring/luck", "problems", "examination", "comparison", "empty_answers"):
        assert PACKAGE / f"{name}.py" in files
    assert toy / "tasks" / "double.py" in files
    assert not any("student" in path.parts or "grading" in path.parts for path in files)


def test_another_grader_makes_a_record_worthless(toy: Path) -> None:
    assert proven(toy) == ["double", "total"]
    assert is_recorded(toy.parents[1], toy_source(toy.parents[1]))
    text = (toy / FILE_NAME).read_text()
    (toy / FILE_NAME).write_text(re.sub(r"Grader: .", "Grader: x", text))
    assert not is_recorded(toy.parents[1], toy_source(toy.parents[1]))
    assert proven(toy) == ["double", "total"]
    assert (toy / FILE_NAME).read_text() == text


@pytest.mark.parametrize("damage", ["", "# Nothing\n", "\n## double: 4 points\n\nTask: 0\n"])
def test_a_damaged_record_is_made_anew(toy: Path, damage: str) -> None:
    assert proven(toy) == ["double", "total"]
    text = (toy / FILE_NAME).read_text()
    (toy / FILE_NAME).write_text(damage)
    assert proven(toy) == ["double", "total"]
    assert (toy / FILE_NAME).read_text() == text


@pytest.mark.parametrize("name", chapters(COURSE))
def test_committed_marks_are_those_of_the_sources(name: str) -> None:
    assert is_recorded(COURSE, read_chapter_source(COURSE, name)), (
        f"solutions/{name}/{FILE_NAME} is not up to date: run `make exercises`"
    )
