"""The rules of the catalog, in which order rules speak, and what is left to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.checks import CheckedCase, Checks, Raised
from autograder.diagnosis import Finding, diagnose
from autograder.examination import diagnosed, judge
from autograder.failures import Failed
from autograder.outcomes import Ending, Outcome, Returned
from autograder.report import graded_report, report

RNG = np.random.default_rng(5)


def case(number: int, wrong: dict[str, Any], hidden: bool = False) -> CheckedCase:
    """Return a case whose results are two arrays; ``wrong`` makes of them what entries give."""
    expected = (RNG.normal(size=(number, 3)), RNG.normal(size=3))
    given = {name: change(*expected) for name, change in wrong.items()}
    arguments = {"dout": RNG.normal(size=(number, 3)), "x": RNG.normal(size=(number, 4))}
    return CheckedCase(f"case {number}", arguments, expected, given, hidden=hidden)


HINTS = {"squared": "You square dx.", "both": "db is right, but dx is not."}


def checks_of(wrong: dict[str, Any], hidden: int = 0) -> Checks:
    cases = [case(n, wrong) for n in (2, 3, 4, 5)]
    cases += [case(n, wrong, hidden=True) for n in range(6, 6 + hidden)]
    return Checks("task", tuple(cases), HINTS, results=("dx", "db"))


def outcomes(checks: Checks, change: Callable[..., Any]) -> list[Outcome]:
    return [judge(checks, c, Returned(change(*c.expected))) for c in checks.cases]


def test_one_of_several_results_is_enough_for_a_hint() -> None:
    checks = checks_of({"squared": lambda dx, db: (dx**2, db)})
    finding = diagnose(checks, outcomes(checks, lambda dx, db: (dx**2, db + dx[0] ** 3)))
    assert finding is not None
    assert (finding.rule, finding.misconception) == ("part", "squared")
    assert finding.label == "Hint"
    assert "something else may be wrong, too" in finding.remains
    whole = diagnose(checks, outcomes(checks, lambda dx, db: (dx**2, db)))
    assert whole is not None
    assert (whole.rule, whole.remains) == ("misconception", "")


def test_a_hint_does_not_call_right_what_is_wrong() -> None:
    checks = checks_of({"both": lambda dx, db: (dx**3, db)})
    finding = diagnose(checks, outcomes(checks, lambda dx, db: (dx**3, db + dx[0] ** 3)))
    assert finding is None
    # An entry that has `dx` wrong, too, is not the one where `dx` is right.
    checks = checks_of({"squared": lambda dx, db: (dx**2, db**2)})
    finding = diagnose(checks, outcomes(checks, lambda dx, db: (dx, db**2)))
    assert finding is not None
    assert finding.misconception is None


def maps(wrong: dict[str, Any], shapes: tuple[tuple[int, int], ...]) -> Checks:
    cases = []
    for shape in shapes:
        expected = RNG.normal(size=shape)
        given = {
            name: value for name, change in wrong.items() if (value := change(expected)) is not None
        }
        cases.append(CheckedCase(str(shape), {"x": RNG.normal(size=shape)}, expected, given))
    return Checks("task", tuple(cases), {name: f"hint {name}" for name in wrong})


SHAPES = ((4, 5), (3, 6), (5, 5), (6, 4))


def found(checks: Checks, change: Callable[[np.ndarray], Any]) -> Finding | None:
    endings: list[Ending] = []
    for each in checks.cases:
        value = change(each.expected)
        raised = isinstance(value, Raised)
        endings.append(Failed(value.kind, value.message) if raised else Returned(value))
    judged = [judge(checks, c, e) for c, e in zip(checks.cases, endings, strict=True)]
    return diagnose(checks, judged)


def test_an_entry_with_another_mistake_on_top() -> None:
    checks = maps({"cubed": lambda a: a**3 + 1}, SHAPES)
    finding = found(checks, lambda a: (a**3 + 1)[:-1, :-1])
    assert finding is not None
    assert (finding.rule, finding.misconception) == ("remainder", "cubed")


def test_another_mistake_that_is_a_relation_is_named_too() -> None:
    checks = maps({"cubed": lambda a: a**3 + 1}, SHAPES)
    halved = found(checks, lambda a: (a**3 + 1) / 2)
    assert halved is not None
    assert halved.misconception == "cubed"
    assert halved.words.startswith("hint cubed And every number of the result is half of")
    unsigned = found(checks, lambda a: np.abs(a**3 + 1))
    assert unsigned is not None
    assert "lost their signs" in unsigned.words


def test_a_passed_case_vetoes_what_few_numbers_speak_for() -> None:
    def checks_with(results: list[float], wrong: list[float | None]) -> Checks:
        cases = [
            CheckedCase(str(n), {"x": np.ones(n + 1)}, due, {} if w is None else {"entry": w})
            for n, (due, w) in enumerate(zip(results, wrong, strict=True))
        ]
        return Checks("task", tuple(cases), {"entry": "hint"})

    def said(got: list[float], wrong: list[float | None]) -> str | None:
        checks = checks_with([1.0, 2.0, 3.0, 4.0], wrong)
        judged = [judge(checks, c, Returned(g)) for c, g in zip(checks.cases, got, strict=True)]
        finding = diagnose(checks, judged)
        return finding.misconception if finding else None

    nan = float("nan")
    assert said([nan, nan, 3.0, 4.0], [nan, nan, None, None]) == "entry"
    assert said([nan, nan, 3.0, 4.0], [nan, nan, 9.0, None]) is None
    assert said([5.0, 6.0, 7.0, 4.0], [5.0, 6.0, 7.0, 9.0]) == "entry"


def test_two_failing_cases_that_one_entry_explains_are_enough() -> None:
    checks = maps({"cubed": lambda a: a**3 + 1}, (*SHAPES, (7, 7)))
    calls = iter(range(5))
    finding = found(checks, lambda a: a**3 + 1 if next(calls) < 2 else np.sin(a) * 3)
    assert finding is not None
    assert (finding.misconception, finding.explained, finding.of) == ("cubed", 2, 5)
    calls = iter(range(5))
    assert found(checks, lambda a: a**3 + 1 if next(calls) < 1 else np.sin(a) * 3) is None


def test_exceptions_count_by_their_type() -> None:
    checks = maps({"broken": lambda a: Raised("ValueError", f"shape {a.shape}")}, SHAPES)
    same = found(checks, lambda a: Raised("ValueError", f"shape {a.shape}"))
    assert same is not None
    assert same.misconception == "broken"
    first = checks.cases[0].expected.shape
    alike = found(
        checks, lambda a: Raised("ValueError", f"shape {first}" if a.shape == first else "other")
    )
    assert alike is not None
    assert (alike.misconception, alike.explained) == ("broken", 4)
    assert found(checks, lambda a: Raised("IndexError", f"shape {a.shape}")) is None


def test_an_exception_that_says_what_is_wrong_needs_no_clue() -> None:
    checks = maps({}, SHAPES)
    said = Raised("TypeError", "'tuple' object is not callable")
    assert found(checks, lambda a: said if a.shape[0] != a.shape[1] else a) is None
    vague = Raised("ValueError", "operands could not be broadcast together")
    clue = found(checks, lambda a: vague if a.shape[0] != a.shape[1] else a)
    assert clue is None  # one case passes, and it is of many kinds


def test_a_function_that_changes_its_input_gets_no_other_clue() -> None:
    checks = maps({}, SHAPES)
    judged = [judge(checks, c, Returned(2 * c.expected, ("x",))) for c in checks.cases]
    assert diagnose(checks, judged) is None
    assert "changes its input `x` in place" in report(diagnosed(checks, judged)).text


def test_grading_loses_no_hint_of_the_check() -> None:
    checks = checks_of({"squared": lambda dx, db: (dx**2, db)}, hidden=12)
    crash = Failed("Crash", "the function ended Python")
    judged = [
        judge(checks, c, crash if c.hidden else Returned((c.expected[0] ** 2, c.expected[1])))
        for c in checks.cases
    ]
    examination = diagnosed(checks, judged)
    assert examination.hint == "You square dx."
    assert "Hint: You square dx." in graded_report(examination, 0, 4).text


def test_of_hidden_cases_no_property_is_told() -> None:
    checks = checks_of({}, hidden=4)
    judged = [
        judge(checks, c, Returned((-c.expected[0], c.expected[1]) if c.hidden else c.expected))
        for c in checks.cases
    ]
    assert diagnosed(checks, judged).finding is None


def test_the_case_that_is_explained_is_shown() -> None:
    checks = maps({}, SHAPES)
    first = checks.cases[0].expected.shape
    judged = [
        judge(checks, c, Returned(c.expected**2 + 1 if c.expected.shape == first else -c.expected))
        for c in checks.cases
    ]
    examination = diagnosed(checks, judged)
    assert examination.finding is not None
    assert examination.finding.explained == 3
    text = report(examination).text
    assert "Case 2: (3, 6)" in text
    assert "It shows in 3 of 4 failing cases." in text
    assert "Cases: ✘ 1 wrong numbers · ✘ 2 wrong numbers" in text
