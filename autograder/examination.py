"""Running a function through its checks and finding out what is wrong with it.

The same code serves the notebook, where the function is the student's own, and grading, where
it runs in another process: both hand in a *caller* that makes one call and says how it ended.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from autograder.checks import CheckedCase, Checks, Raised
from autograder.comparison import Difference, first_difference
from autograder.failures import Failed
from autograder.values import Value

Verdict = Literal[
    "passed", "different", "raised", "not done", "timed out", "changing", "not called"
]


@dataclasses.dataclass(frozen=True)
class Returned:
    """A call that came back. ``changed`` names the arguments the function modified in place."""

    value: Value
    changed: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class TimedOut:
    """A call that was stopped after ``seconds``.

    ``interrupted``: by the user, before the time was up. ``running``: it could not be stopped.
    ``loops``: it was not stopped, but computed for more than the ``seconds`` that a case allows
    whose point is to be faster than Python loops.
    """

    seconds: float
    interrupted: bool = False
    running: bool = False
    loops: bool = False


Ending: TypeAlias = Returned | Failed | TimedOut
Caller: TypeAlias = Callable[[CheckedCase], Ending]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of one case. ``difference`` is set for the verdict "different" only."""

    case: CheckedCase
    verdict: Verdict
    ending: Ending | None = None
    difference: Difference | None = None

    @property
    def passed(self) -> bool:
        """Whether the case was answered correctly."""
        return self.verdict == "passed"


@dataclasses.dataclass(frozen=True)
class Examination:
    """The outcomes of all cases, and the misconception that explains the failures, if any."""

    checks: Checks
    outcomes: tuple[Outcome, ...]
    misconception: str | None = None

    @property
    def passed(self) -> bool:
        """Whether every case was answered correctly."""
        return all(outcome.passed for outcome in self.outcomes)

    @property
    def fraction(self) -> float:
        """The share of the points that was earned, by the weights of the cases; 0 to 1.

        In grading only cases count that the student could not know: a table of the visible
        cases' answers earns nothing. Where there are no such cases, all of them count. One answer
        to everything earns nothing, even where it happens to be right.
        """
        if self.constant:
            return 0.0
        counted = [outcome for outcome in self.outcomes if outcome.case.hidden] or self.outcomes
        total = sum(outcome.case.weight for outcome in counted)
        earned = sum(outcome.case.weight for outcome in counted if outcome.passed)
        return earned / total if total else 0.0

    @property
    def constant(self) -> bool:
        """Whether the function gave one answer to all cases, right in some of them only."""
        right = next((outcome.case.expected for outcome in self.outcomes if outcome.passed), None)
        return (
            not self.passed
            and any(outcome.passed for outcome in self.outcomes)
            and all(
                isinstance(outcome.ending, Returned)
                and first_difference(outcome.ending.value, right, self.checks.tolerance) is None
                for outcome in self.outcomes
            )
        )

    @property
    def first_failure(self) -> Outcome | None:
        """The first case that was not answered correctly."""
        return next((outcome for outcome in self.outcomes if not outcome.passed), None)

    @property
    def hint(self) -> str | None:
        """The hint that belongs to the misconception."""
        return self.checks.hints[self.misconception] if self.misconception else None


def examine(checks: Checks, call: Caller) -> Examination:
    """Run every case through ``call`` and diagnose what comes back.

    The first case is called twice, to find functions whose answer changes from call to call.
    After a call that ran out of time no further call is made; those cases count as not passed.
    """
    return diagnosed(checks, outcomes_of(checks, checks.cases, call))


def outcomes_of(
    checks: Checks, cases: Sequence[CheckedCase], call: Caller, before: Sequence[Outcome] = ()
) -> list[Outcome]:
    """Run some of the cases through ``call``; return what came of those ``before``, and of them."""
    outcomes = list(before)
    for case in cases:
        if outcomes and outcomes[-1].verdict in ("timed out", "not done", "not called"):
            outcomes.append(Outcome(case, "not called"))
            continue
        outcome = judge(checks, case, call(case))
        if not outcomes and isinstance(outcome.ending, Returned):
            outcome = _called_again(checks, outcome, call(case))
        outcomes.append(outcome)
    return outcomes


def diagnosed(checks: Checks, outcomes: Sequence[Outcome]) -> Examination:
    """Return the examination that the outcomes of all cases come to."""
    return Examination(checks, tuple(outcomes), find_misconception(checks, outcomes))


def judge(checks: Checks, case: CheckedCase, ending: Ending) -> Outcome:
    """Say what one call's ending is worth."""
    if isinstance(ending, TimedOut):
        return Outcome(case, "timed out", ending)
    if isinstance(ending, Failed):
        # Another function that this one calls may be what is not done yet.
        own = ending.function in ("", checks.function)
        not_done = ending.kind == "NotImplementedError" and own
        return Outcome(case, "not done" if not_done else "raised", ending)
    difference = first_difference(
        ending.value, case.expected, checks.tolerance, names=checks.results
    )
    return Outcome(case, "different" if difference else "passed", ending, difference)


def _called_again(checks: Checks, first: Outcome, ending: Ending) -> Outcome:
    assert isinstance(first.ending, Returned)
    if isinstance(ending, TimedOut):
        return Outcome(first.case, "timed out", ending)
    if isinstance(ending, Returned):
        before, after = first.ending.value, ending.value
        try:
            agrees = first_difference(after, before, checks.tolerance) is None
        except TypeError:  # both are of a type that no reference returns: "wrong type" says it
            agrees = True
        if agrees or _holds_nan(first.difference):
            return first
    return Outcome(first.case, "changing", ending)


def _holds_nan(difference: Difference | None) -> bool:
    return difference is not None and difference.kind in ("not a number", "type")


def find_misconception(checks: Checks, outcomes: Sequence[Outcome]) -> str | None:
    """Return the misconception that explains the student's results, if there is one.

    It has to explain the first failing case and at least half of all failing ones (a student may
    have made a second mistake), one of them exactly, and no more passed cases may contradict it
    than failing ones speak for it. Of several, the one that explains most is named; if that
    leaves a choice, the one that contradicts the fewest passed cases, then the first listed.
    """
    failing = [outcome for outcome in outcomes if outcome.verdict in ("different", "raised")]
    passed = [outcome for outcome in outcomes if outcome.passed]
    if not failing:
        return None
    ranked = []
    for position, name in enumerate(checks.hints):
        if _likeness(checks, failing[0], name) == "other":
            continue
        likeness = [_likeness(checks, outcome, name) for outcome in failing]
        same, alike = likeness.count("same"), len(likeness) - likeness.count("other")
        contradicted = sum(name in outcome.case.wrong for outcome in passed)
        if not same or 2 * alike < len(failing) or contradicted > alike:
            continue
        ranked.append((-alike, -same, contradicted, position, name))
    return min(ranked)[-1] if ranked else None


def _likeness(checks: Checks, outcome: Outcome, name: str) -> Literal["same", "alike", "other"]:
    """Compare what the student got with what the misconception gives.

    Two exceptions are alike at least: the same mistake, written differently, may raise another
    type or another message.
    """
    if name not in outcome.case.wrong:
        return "other"
    wrong, ending = outcome.case.wrong[name], outcome.ending
    if isinstance(wrong, Raised):
        if not isinstance(ending, Failed):
            return "other"
        same = (ending.kind, ending.message) == (wrong.kind, wrong.message)
        return "same" if same else "alike"
    if not isinstance(ending, Returned):
        return "other"
    try:
        difference = first_difference(ending.value, wrong, checks.tolerance)
    except TypeError:  # the misconception returns a type that no reference may return
        return "other"
    return "other" if difference else "same"
