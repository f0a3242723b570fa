"""Running a function through its checks and finding out what is wrong with it.

The same code serves the notebook, where the function is the student's own, and grading, where
it runs in another process: both hand in a *caller* that makes one call and says how it ended.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from autograder.checks import CheckedCase, Checks
from autograder.comparison import Difference, first_difference
from autograder.diagnosis import Finding, catalog_hint, diagnose
from autograder.failures import Failed
from autograder.outcomes import Caller, Ending, Outcome, Returned, TimedOut


@dataclasses.dataclass(frozen=True)
class Examination:
    """The outcomes of all cases, and what explains the failures, if anything does."""

    checks: Checks
    outcomes: tuple[Outcome, ...]
    finding: Finding | None = None

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
    def shown_failure(self) -> Outcome | None:
        """The first case that is explained, or else the first that was not answered correctly."""
        finding = self.finding
        if finding is None:
            return self.first_failure
        return next(outcome for outcome in self.outcomes if outcome.case is finding.case)

    @property
    def misconception(self) -> str | None:
        """The name of the misconception that explains the failures, if one does."""
        return self.finding.misconception if self.finding else None

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
    """Return the examination that the outcomes of all cases come to.

    What the visible cases say comes first: so grading names what the check has named. Of hidden
    cases nothing but a hint of the catalog is told: what they hold stays unknown.
    """
    visible = [outcome for outcome in outcomes if not outcome.case.hidden]
    finding = diagnose(checks, visible) or catalog_hint(checks, outcomes)
    return Examination(checks, tuple(outcomes), finding)


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
