"""The proof that the checks are worth something, for every chapter that has problems."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import inspect
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.authoring.luck import fault, marks_by_seed
from autograder.authoring.mutation_table import mutation_table
from autograder.chapter import chapters, load_problems
from autograder.checks import Checks, load_checks, save_checks
from autograder.comparison import first_difference
from autograder.examination import Examination, examine, outcomes_of
from autograder.handover import hand_over, take_back
from autograder.problems import Misconception, Problem
from autograder.rounding import decimals_of, rounded
from autograder.student.calls import in_notebook
from autograder.values import same
from tests import COURSE

# Some wrong answers are wrong by an overflow: in a notebook, no more than a warning.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

SEEDS: Sequence[int | list[int]] = (0, 1, 2026, [3, 14, 159])
PROBLEMS = {chapter: load_problems(COURSE, chapter) for chapter in chapters(COURSE)}

every_chapter = pytest.mark.parametrize("chapter", PROBLEMS)


def every(condition: Callable[[Problem], bool] = lambda problem: True) -> pytest.MarkDecorator:
    """Run a test for each problem, under the name of its chapter and its function."""
    return pytest.mark.parametrize(
        "problem",
        [
            pytest.param(problem, id=f"{chapter}-{name}")
            for chapter, problems in PROBLEMS.items()
            for name, problem in problems.items()
            if condition(problem)
        ],
    )


every_problem = every()


def visible(problem: Problem) -> Checks:
    return problem.visible_checks()


def hidden(problem: Problem) -> list[Checks]:
    chapter = Path(inspect.getfile(problem.reference)).parents[1].name
    return _hidden(chapter, problem.name)


@functools.cache
def _hidden(chapter: str, name: str) -> list[Checks]:
    return [PROBLEMS[chapter][name].hidden_checks(seed) for seed in SEEDS]


def examined(checks: Checks, function: Callable[..., Any]) -> Examination:
    return examine(checks, in_notebook(function, checks.time_limit))


def failure(examination: Examination) -> str:
    first = examination.first_failure
    return "" if first is None else f"{first.case.name}: {first.verdict}, {first.difference}"


def test_every_chapter_has_problems() -> None:
    assert PROBLEMS
    assert all(PROBLEMS.values())


# Right answers pass


@every_problem
def test_the_reference_passes(problem: Problem) -> None:
    for checks in hidden(problem):
        examination = examined(checks, problem.reference)
        assert examination.passed, failure(examination)


@every_problem
def test_alternatives_pass(problem: Problem) -> None:
    for right in problem.alternatives:
        for checks in hidden(problem):
            examination = examined(checks, right)
            assert examination.passed, f"{right.__name__}: {failure(examination)}"
            assert examination.misconception is None, right.__name__


@every_problem
def test_there_are_enough_of_everything(problem: Problem) -> None:
    assert len(visible(problem).cases) >= 3
    assert len(problem.misconceptions) >= 5
    assert len(problem.alternatives) >= 4
    names = [wrong.name for wrong in problem.misconceptions]
    assert len(set(names)) == len(names)


@every_problem
def test_neither_reference_nor_alternatives_change_their_input(problem: Problem) -> None:
    for function in (problem.reference, *problem.alternatives):
        for outcome in examined(hidden(problem)[0], function).outcomes:
            assert outcome.ending.changed == (), function.__name__


# Wrong answers fail, and are named


@every_problem
def test_misconceptions_fail_and_are_named(problem: Problem) -> None:
    faults = [fault for wrong in problem.misconceptions for fault in faults_of(problem, wrong)]
    assert not faults, "\n".join(faults)


def faults_of(problem: Problem, wrong: Misconception) -> Iterator[str]:
    """Yield what is to be said against the cases, given a wrong implementation."""
    examination = examined(visible(problem), wrong.wrong)
    if examination.passed:
        yield f"{wrong.name} passes every visible case"
    if examination.misconception != wrong.name:
        yield f"{wrong.name} is taken for {examination.misconception} with the visible cases"
    for seed, checks in zip(SEEDS, hidden(problem), strict=True):
        examination = examined(checks, wrong.wrong)
        if all(outcome.passed for outcome in examination.outcomes if outcome.case.hidden):
            yield f"{wrong.name} passes every hidden case of seed {seed}"
        if examination.misconception != wrong.name:
            yield f"{wrong.name} is taken for {examination.misconception} with seed {seed}"
        # A mistake that shows in one special case only is a small one, but it must be felt.
        if seed == SEEDS[0] and examination.fraction > 0.9:
            yield f"{wrong.name} still earns {examination.fraction:.0%} of the points"


@every_problem
def test_no_answer_earns_by_luck_or_for_nothing(problem: Problem) -> None:
    """Generation proves it with 50 seeds; these are others."""
    points, seeds = 10, range(100, 103)
    faults = [fault(earned, points, seeds) for earned in marks_by_seed(problem, points, seeds)]
    assert not any(faults), "\n".join(filter(None, faults))


@every_problem
def test_trivial_answers_earn_little(problem: Problem) -> None:
    def zeros(expected: Any) -> Any:
        return np.zeros_like(expected) if isinstance(expected, np.ndarray) else 0

    for checks in hidden(problem):
        # Of the right shape, which no trivial answer can know: more than anyone gets for nothing.
        answers: dict[str, Callable[[Any], Any]] = {
            "zeros": zeros,
            "ones": lambda expected: zeros(expected) + 1,
            "minus": lambda expected: -expected,
            "none": lambda expected: None,
        }
        for name, answer in answers.items():
            assert earned(checks, answer) < 0.25, name
        for position, name in enumerate(problem.parameters):
            assert share(checks, lambda *given, at=position: given[at]) < 0.25, name
        first = checks.cases[0].expected
        assert share(checks, lambda *given, first=first: first) < 0.25


def earned(checks: Checks, answer: Callable[[Any], Any]) -> float:
    """Return the share of the points for answers made from the expected results."""
    answers = iter([checks.cases[0].expected, *(case.expected for case in checks.cases)])
    return share(checks, lambda *given: answer(next(answers)))


def share(checks: Checks, function: Callable[..., Any]) -> float:
    """Return a function's share of the points; why it has failed is not asked."""
    call = in_notebook(function, checks.time_limit)
    return Examination(checks, tuple(outcomes_of(checks, checks.cases, call))).fraction


# Words


@every_problem
def test_words_are_sentences(problem: Problem) -> None:
    for wrong in problem.misconceptions:
        assert wrong.title[0] in "`" or wrong.title[0].isupper(), wrong.name
        assert not wrong.title.endswith("."), wrong.name
        assert wrong.symptom.endswith("."), wrong.name
        assert wrong.hint[-1] in ".?", wrong.name
        assert 20 <= len(wrong.hint) <= 200, wrong.name
        assert wrong.catalog_number is None or 1 <= wrong.catalog_number <= 88, wrong.name


@every_problem
def test_words_do_not_give_the_solution_away(problem: Problem) -> None:
    folder = Path(inspect.getfile(problem.reference)).parents[1]
    source = (folder / f"{folder.name}.md").read_text()
    prose = re.sub(r"^```\{code-cell\}.*?^```", "", source, flags=re.M | re.S)
    words = [prose] + [
        text
        for wrong in problem.misconceptions
        for text in (wrong.title, wrong.symptom, wrong.hint)
    ]
    secrets = set().union(*map(expressions, (problem.reference, *problem.alternatives)))
    assert secrets
    for text in map(compact, words):
        assert not [secret for secret in secrets if secret in text]


def expressions(function: Callable[..., Any]) -> set[str]:
    """Return the calls, slices, sums and products in a function's body, without spaces."""
    tree = ast.parse(inspect.getsource(function))
    texts = {
        compact(ast.unparse(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call | ast.BinOp | ast.Subscript | ast.Assign | ast.Return)
    }
    return {text for text in texts if len(text) >= 14}


def compact(text: str) -> str:
    return re.sub(r"\s", "", text)


@every_problem
def test_no_comment_between_the_solution_markers(problem: Problem) -> None:
    # A comment in the reference would be a hint; hints belong into the exercise's text.
    source = inspect.getsource(problem.reference)
    body = source.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
    tokens = tokenize.generate_tokens(io.StringIO(inspect.cleandoc(body)).readline)
    assert not [token for token in tokens if token.type == tokenize.COMMENT]


# Results that no choice of numbers makes exact


every_rounded_problem = every(lambda problem: problem.digits is not None)


def floats_in(value: Any) -> list[np.ndarray]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return [array for item in value for array in floats_in(item)]
    is_float = isinstance(value, float | np.floating | np.ndarray)
    return [np.asarray(value, dtype=float)] if is_float else []


def results(problem: Problem) -> Iterator[Any]:
    """Yield what the reference and the misconceptions return on visible cases, not rounded."""
    for function in (problem.reference, *(wrong.wrong for wrong in problem.misconceptions)):
        for case in problem.visible_checks().cases:
            with np.errstate(all="ignore"), contextlib.suppress(Exception):
                yield take_back(function(*map(hand_over, case.arguments.values())))


@every_rounded_problem
def test_no_stored_result_lies_where_rounding_could_go_either_way(problem: Problem) -> None:
    """Another machine's exp and log may differ in the last bits, and must not show."""
    compared = 0
    for array in (array for result in results(problem) for array in floats_in(result)):
        numbers = array[np.isfinite(array)]
        decimals = decimals_of(array, problem.digits)
        doubt = 100 * np.finfo(float).eps * np.abs(numbers).max(initial=0.0)
        down, up = np.round(numbers - doubt, decimals), np.round(numbers + doubt, decimals)
        for number in numbers[down != up].tolist():
            # An exact half is a fraction of a power of two, and the same on every machine.
            assert (Fraction(number) * Fraction(10) ** decimals) % 1 == Fraction(1, 2), number
        compared += numbers.size
    assert compared > 20


@every_rounded_problem
def test_rounding_stays_below_the_tolerance(problem: Problem) -> None:
    for case in problem.visible_checks().cases:
        exact = take_back(problem.reference(*map(hand_over, case.arguments.values())))
        close = dataclasses.replace(
            problem.tolerance,
            relative=problem.tolerance.relative / 10,
            absolute=problem.tolerance.absolute / 10,
        )
        assert first_difference(exact, case.expected, close) is None


def test_rounded_keeps_types_and_tames_odd_numbers() -> None:
    odd = np.array([1 / 3, -np.inf, np.nan, 2.0, -1e-12])
    number, array, rest = rounded((2 / 3, odd, [True, 7, "word", None]), 3)
    assert number == 0.667
    assert array.dtype == np.float64
    assert array[[0, 1, 3, 4]].tolist() == [0.33, -np.inf, 2.0, 0.0]
    assert not np.signbit(array[4])
    bits = rounded(np.array([np.nan, -np.nan]), 3).view(np.uint64).tolist()
    assert bits[0] == bits[1]
    assert rest == [True, 7, "word", None]
    assert rounded({"a": np.float64(1 / 3)}, 3) == {"a": 0.333}
    assert rounded(np.ones(2, np.float32) / 3, 10).dtype == np.float32
    assert rounded(np.array([1, 2]), 3).dtype.kind == "i"


def test_a_number_just_below_a_power_of_ten_keeps_its_decimals() -> None:
    just_below = np.array([np.nextafter(1.0, 0), 0.123456789])
    assert rounded(just_below, 4).tolist() == rounded(np.array([1.0, 0.123456789]), 4).tolist()


# Files


@every_chapter
def test_checks_are_the_same_bytes_each_time(chapter: str, tmp_path: Path) -> None:
    problems = PROBLEMS[chapter].values()
    for name in ("first.npz", "second.npz"):
        save_checks(tmp_path / name, chapter, [problem.visible_checks() for problem in problems])
    first, second = (tmp_path / name for name in ("first.npz", "second.npz"))
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 250_000
    assert list(load_checks(first)) == [problem.name for problem in problems]


@every_chapter
def test_stored_checks_name_the_same_misconceptions(chapter: str, tmp_path: Path) -> None:
    problems = PROBLEMS[chapter].values()
    save_checks(
        tmp_path / "checks.npz", chapter, [problem.visible_checks() for problem in problems]
    )
    stored = load_checks(tmp_path / "checks.npz")
    for problem in problems:
        for wrong in problem.misconceptions:
            named = examined(stored[problem.name], wrong.wrong).misconception
            assert named == wrong.name


@every_problem
def test_hidden_cases_depend_on_the_seed(problem: Problem) -> None:
    def values(checks: Checks) -> list[Any]:
        return [[dict(case.arguments), case.expected, case.name] for case in checks.cases]

    drawn = values(hidden(problem)[1])
    assert same(drawn, values(problem.hidden_checks(SEEDS[1])))
    assert not same(drawn, values(hidden(problem)[0]))


# What an exercise says of itself


# The mutation table


@every_chapter
def test_mutation_table(chapter: str) -> None:
    problems = list(PROBLEMS[chapter].values())
    table = mutation_table(problems)
    total = sum(len(problem.misconceptions) for problem in problems)
    assert f"{total} misconceptions: {total} found, {total} named" in table
    assert "**" not in table
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert len(rows) == total + 2
    assert {row.count(" | ") for row in rows} == {5}
    for problem in problems:
        assert all(wrong.hint in table for wrong in problem.misconceptions)


def test_mutation_table_shows_what_is_not_found() -> None:
    problem = PROBLEMS["filters"]["conv_parameters"]
    wrong = problem.misconceptions[0]
    right = Misconception("right", problem.reference, "A | b", "None.", "No hint.")
    twin = Misconception("twin", wrong.wrong, "Twin", "None.", "No hint.")
    changed = Problem(problem.reference, problem.cases, [wrong, right, twin])
    table = mutation_table([changed])
    assert "| A &#124; b |  | **no case** |" in table
    assert f"**of {wrong.name}:** {wrong.hint}" in table
    assert "3 misconceptions: 2 found, 1 named" in table
