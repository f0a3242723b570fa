"""The wrong functions are wrong, there are enough of them, and each is judged."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from autograder.checks import FILE_NAME, load_checks
from tests import COURSE
from tests.diagnosis import rate
from tests.diagnosis.wrong_functions import CHAPTERS, Form, Kind, wrong_functions

every_chapter = pytest.mark.parametrize("chapter", CHAPTERS)


@every_chapter
def test_every_wrong_function_fails_a_visible_case(chapter: str) -> None:
    for feedback in rate.feedback_on(chapter):
        reached = {outcome.verdict for outcome in feedback.examination.outcomes}
        assert not feedback.examination.passed, feedback.key
        # It is a mistake that gives the same in each call, and comes back in time.
        assert reached <= {"passed", "different", "raised"}, feedback.key


@every_chapter
def test_every_task_has_wrong_functions(chapter: str) -> None:
    tasks = Counter(wrong.task for wrong in wrong_functions(chapter))
    checks = load_checks(COURSE / "exercises" / chapter / FILE_NAME)
    assert tasks.keys() == checks.keys()
    assert min(tasks.values()) >= 3
    named = Counter((wrong.task, wrong.name) for wrong in wrong_functions(chapter))
    assert max(named.values()) == 1


def test_half_of_them_hold_two_mistakes_or_are_written_in_another_form() -> None:
    wrong = [function for chapter in CHAPTERS for function in wrong_functions(chapter)]
    assert {function.kind for function in wrong} == set(Kind)
    assert 2 * sum(function.form is not Form.PLAIN for function in wrong) >= len(wrong) >= 300


def test_every_wrong_function_is_judged() -> None:
    wrong = [function for chapter in CHAPTERS for function in wrong_functions(chapter)]
    keys = {(function.task, function.name) for function in wrong}
    before, after = rate.verdicts(rate.BEFORE), rate.verdicts(rate.AFTER)
    assert before.keys() == after.keys() == keys
    assert {row["verdict"] for row in before.values()} == set(rate.VERDICTS)
    assert {row["verdict"] for row in after.values()} == set(rate.VERDICTS) - {"misleading"}
    helped = [key for key, row in after.items() if row["verdict"] in ("right", "helpful")]
    assert len(helped) > 0.9 * len(keys)
    apart = rate.held_out(after)
    assert len(apart & set(helped)) > 0.85 * len(apart) > 80


def test_most_wrong_functions_are_told_something() -> None:
    feedback = [entry for chapter in CHAPTERS for entry in rate.feedback_on(chapter)]
    silent = [entry.key for entry in feedback if entry.rule == "nothing"]
    assert len(silent) < 0.1 * len(feedback), silent


def test_rates_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, table = tmp_path / "feedback.md", tmp_path / "verdicts.csv"
    rate.main(["--chapter", "filters", "--report", str(text), "--sentences", str(table)])
    wrong = wrong_functions("filters")
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    by_rule = next(row for row in rows if row[:1] == ["filters"])
    assert int(by_rule[1]) == len(wrong) == sum(map(int, by_rule[2:]))
    written = text.read_text(encoding="utf-8")
    assert all(f"{function.task}: {function.name}" in written for function in wrong)
    assert "def corr2d(x, w):" in written
    assert "@wrong" not in written
    assert rate.verdicts(table).keys() == {(function.task, function.name) for function in wrong}
