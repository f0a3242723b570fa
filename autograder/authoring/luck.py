"""Equal luck: what an answer earns, seed by seed, as the grader computes it.

Each student is given other hidden cases. The same code must earn all of them the same, so a case
has to find, and to overlook, the same mistakes whatever numbers are drawn.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence

from autograder.checks import CheckedCase, Checks, Raised
from autograder.empty_answers import CONSTANTS, EMPTY_ANSWERS
from autograder.examination import Examination, judge
from autograder.failures import Failed
from autograder.handover import hand_over, take_back
from autograder.outcomes import Outcome, Returned
from autograder.problems import TRIES, Function, Problem, result_of

SEEDS = range(50)
"""The seeds that the proof tries; a student's own is secret, and is none of them."""

ALLOWED = 0.1
"""By how many points the same answer may differ from seed to seed."""

FOR_NOTHING = 0.05
"""What a constant may earn, as a share of the points."""

Outcomes = Callable[[Checks, CheckedCase], Outcome]


@dataclasses.dataclass(frozen=True)
class Answer:
    """One answer to a task: a misconception, an alternative, or an empty answer.

    ``function`` is the one that is written down in the task's file, None for an empty answer.
    """

    kind: str
    name: str
    outcome: Outcomes
    function: Function | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclasses.dataclass(frozen=True)
class Earned:
    """What an answer earns with each seed, and the names of the cases that it passes then."""

    answer: Answer
    points: tuple[float, ...]
    passed: tuple[tuple[str, ...], ...]

    @property
    def spread(self) -> float:
        """How many points luck is worth."""
        return max(self.points) - min(self.points)

    def lucky_cases(self, seeds: Sequence[int]) -> Iterator[str]:
        """Say of each case that some seeds pass and others do not, which seeds these are."""
        for name in dict.fromkeys(name for names in self.passed for name in names):
            passing = [
                seed for seed, names in zip(seeds, self.passed, strict=True) if name in names
            ]
            failing = [seed for seed in seeds if seed not in passing]
            if failing:
                yield (
                    f"{name!r}: passed with {len(passing)} of {len(seeds)} seeds, such as "
                    f"{_first(passing)}; not with {_first(failing)}"
                )


def _first(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds[:4]))


def marks_by_seed(problem: Problem, points: float, seeds: Iterable[int] = SEEDS) -> list[Earned]:
    """Return what every answer of a problem earns of so many points, for each seed.

    Raises ValueError for a case that finds what it has to find too seldom.
    """
    # In a tenth of the tries: then no student will ever need them all.
    draws = [problem.hidden_checks(seed, tries=TRIES // 10) for seed in seeds]
    return [_earned(answer, points, draws) for answer in answers(problem)]


def answers(problem: Problem) -> Iterator[Answer]:
    """Yield the misconceptions of a problem, its alternatives, and the empty answers."""
    for wrong in problem.misconceptions:
        yield Answer("misconception", wrong.name, _of_misconception(wrong.name), wrong.wrong)
    for right in problem.alternatives:
        yield Answer("alternative", right.__name__, _of_alternative(right), right)
    for name in EMPTY_ANSWERS:
        yield Answer("empty answer", name, _of_empty(name))


def _of_misconception(name: str) -> Outcomes:
    # Compared already, and looked up: most of the proof's time goes into this.
    def outcome(_checks: Checks, case: CheckedCase) -> Outcome:
        if name not in case.wrong:
            return Outcome(case, "passed", Returned(case.expected))
        wrong = case.wrong[name]
        if isinstance(wrong, Raised):
            return Outcome(case, "raised", Failed(wrong.kind, wrong.message))
        return Outcome(case, "different", Returned(wrong))

    return outcome


def _of_alternative(function: Function) -> Outcomes:
    def outcome(checks: Checks, case: CheckedCase) -> Outcome:
        result = result_of(function, case)
        if isinstance(result, Raised):
            return Outcome(case, "raised", Failed(result.kind, result.message))
        return judge(checks, case, Returned(result))

    return outcome


def _of_empty(name: str) -> Outcomes:
    def outcome(checks: Checks, case: CheckedCase) -> Outcome:
        arguments = [take_back(hand_over(value)) for value in case.arguments.values()]
        return judge(checks, case, Returned(EMPTY_ANSWERS[name](arguments, case.expected)))

    return outcome


def _earned(answer: Answer, points: float, draws: Sequence[Checks]) -> Earned:
    marks, passed = [], []
    for checks in draws:
        # The visible cases count where there are no others, and nowhere else.
        cases = [case for case in checks.cases if case.hidden] or checks.cases
        outcomes = tuple(answer.outcome(checks, case) for case in cases)
        marks.append(round(points * Examination(checks, outcomes).fraction, 2))
        passed.append(tuple(outcome.case.name for outcome in outcomes if outcome.passed))
    return Earned(answer, tuple(marks), tuple(passed))


def fault(earned: Earned, points: float, seeds: Sequence[int] = SEEDS) -> str | None:
    """Say what is to be said against the cases, if anything: luck, or points for nothing."""
    least, most = min(earned.points), max(earned.points)
    # Both are rounded to hundredths.
    if round(earned.spread, 2) > ALLOWED:
        cases = "\n".join(f"  {line}" for line in earned.lucky_cases(seeds))
        return (
            f"what {earned.answer} earns depends on the numbers drawn: {least:g} to {most:g} of "
            f"{points:g} points\n{cases}\n"
            "Draw numbers that leave no choice, or say in the case what it finds or overlooks."
        )
    is_constant = earned.answer.kind == "empty answer" and earned.answer.name in CONSTANTS
    if is_constant and most > FOR_NOTHING * points:
        passed = ", ".join(repr(name) for name in earned.passed[earned.points.index(most)])
        return (
            f"{earned.answer} earns {most:g} of {points:g} points, by {passed}: draw cases there "
            "that have another result"
        )
    return None
