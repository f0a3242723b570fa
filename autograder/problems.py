"""The author's vocabulary: a graded function with its cases and its misconceptions.

Each graded function has a file, ``solutions/<chapter>/tasks/<function>.py``, with a
:class:`Problem` under the name ``PROBLEM``. Everything else is made from it: the exercise notebook,
the instant feedback, the hidden tests, the proof that the tests are worth something, the book's
"common mistakes".
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks import SECONDS_PER_CALL, CheckedCase, Checks, Raised
from autograder.comparison import Tolerance, first_difference
from autograder.empty_answers import EMPTY_ANSWERS
from autograder.handover import hand_over, take_back
from autograder.rounding import rounded
from autograder.values import Value, is_finite, same

Function = Callable[..., Value]
Random = np.random.Generator

VISIBLE_SEED = 2017
"""Seed of the cases that students see. Hidden cases are drawn from a secret seed."""

FRESH_SEED = 1962
"""Seed of the cases whose answers open other styles: see :mod:`autograder.sealed`."""

TRIES = 1000
"""How often a case is drawn, at most, until it finds what it has to find."""

DRAWS = 8
"""From so many draws is known which cases depend on the seed."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One call of a graded function: a name for people, and the arguments in their order.

    Draw numbers that binary floating point adds up exactly (see :func:`quarters`), so that the
    expected results are the same bytes on every machine; where that cannot be, give the problem
    ``digits``. ``weight`` is the share of the points.

    ``finds`` names misconceptions, or empty answers, that must be wrong in this case, and
    ``overlooks`` those that must be right: numbers that happen to do otherwise are drawn again, so
    that a mistake costs everybody the same. Name only those that some numbers find and others do
    not: ``autograder generate`` says which.

    ``loop_steps`` makes the case one of speed: the function has to be clearly faster than a Python
    loop of so many steps (see :mod:`autograder.speed`). After a call that is not, no other is made,
    so let it be the last visible and the first hidden case. It is no evidence for a misconception.
    """

    name: str
    arguments: Mapping[str, Value]
    weight: float = 1.0
    finds: tuple[str, ...] = ()
    overlooks: tuple[str, ...] = ()
    loop_steps: int = 0


CaseMaker = Callable[[Random], Sequence[Case]]


@dataclasses.dataclass(frozen=True)
class Misconception:
    """One typical wrong implementation.

    ``wrong`` takes the same arguments as the reference. ``title`` names the mistake in a few
    words, ``symptom`` says what the student sees, ``hint`` is what ``check`` answers: it points
    at the mistake and never states the solution. ``catalog_number`` is its number in the course's
    catalog of wrong implementations, None if the chapter added it. ``section`` is the title of the
    section of the chapter's pages that explains it, if that is another one than the task's; one of
    another chapter begins with ``chapter/``.
    """

    name: str
    wrong: Function
    title: str
    symptom: str
    hint: str
    catalog_number: int | None = None
    section: str = ""


@dataclasses.dataclass(frozen=True)
class Style:
    """A right answer that `check` shows after the student's own; ``why`` says what is good in it.

    ``function`` is one of the problem's alternatives. ``why`` is a sentence for the student.
    """

    function: Function
    why: str


@dataclasses.dataclass(frozen=True)
class Problem:
    """One graded function.

    ``cases`` draws the cases that the student sees (from a fixed seed) and, from a secret seed,
    the same kinds of cases again when grading. ``hidden_cases`` are only drawn when grading.
    ``alternatives`` are correct implementations in other styles; the tests prove that they pass.
    ``styles`` are those that the student sees once the task has passed: two or three.
    ``time_limit`` is in seconds per call; ``explorer`` configures ``explore()``.

    ``digits`` is for functions that no choice of numbers makes exact, such as exp and log, whose
    last bits differ from machine to machine: the stored results, right and wrong, are rounded to
    so many significant digits (see :mod:`autograder.rounding`). The tolerance has to be wider.

    ``results`` are the names of the results of a function that returns several.
    """

    reference: Function
    cases: CaseMaker
    misconceptions: Sequence[Misconception]
    hidden_cases: CaseMaker | None = None
    alternatives: Sequence[Function] = ()
    tolerance: Tolerance = Tolerance()
    time_limit: float = SECONDS_PER_CALL
    explorer: Mapping[str, Value] | None = None
    digits: int | None = None
    results: tuple[str, ...] = ()
    styles: tuple[Style, ...] = ()

    @property
    def name(self) -> str:
        """The name of the graded function, which is also the name of its task."""
        return self.reference.__name__

    @functools.cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the function's parameters, in their order."""
        return tuple(inspect.signature(self.reference).parameters)

    def visible_checks(self) -> Checks:
        """Return the checks that go into the student's ``checks.npz``."""
        return self._visible

    @functools.cached_property
    def _visible(self) -> Checks:
        rng = np.random.default_rng(VISIBLE_SEED)
        return self._checks(self._drawn(rng, self.cases, (), TRIES))

    def hidden_checks(self, seed: int | Sequence[int], tries: int = TRIES) -> Checks:
        """Return the checks for grading: the visible ones, then fresh ones from ``seed``.

        A case that does not depend on the seed is not repeated: students know it already. Raises
        ValueError for a case that does not find what it has to find in so many ``tries``.
        """
        rng = np.random.default_rng(seed)
        visible = self.visible_checks().cases
        hidden = self._drawn(rng, self.cases, visible, tries)
        if self.hidden_cases is not None:
            hidden += self._drawn(rng, self.hidden_cases, visible, tries)
        # Stable: what is too slow ends with the first of them, without points.
        hidden.sort(key=lambda case: not case.loop_steps)
        fresh = [dataclasses.replace(case, hidden=True) for case in hidden]
        return self._checks([*visible, *fresh])

    def fresh_cases(self) -> list[Case]:
        """Return cases that are neither among the visible ones nor drawn when grading."""
        rng = np.random.default_rng(FRESH_SEED)
        cases = [*self.cases(rng), *(self.hidden_cases(rng) if self.hidden_cases else ())]
        visible = self.visible_checks().cases
        return [case for case in cases if not case.loop_steps and not _same_in(visible, case)]

    def _checks(self, cases: Sequence[CheckedCase]) -> Checks:
        return Checks(
            function=self.name,
            cases=tuple(cases),
            hints={wrong.name: wrong.hint for wrong in self.misconceptions},
            tolerance=self.tolerance,
            time_limit=self.time_limit,
            explorer=self.explorer,
            results=self.results,
        )

    def _drawn(
        self, rng: Random, make: CaseMaker, known: Sequence[CheckedCase], tries: int
    ) -> list[CheckedCase]:
        """Draw cases that are not known; again, alone, each that does not find what it has to."""
        fitting: dict[int, CheckedCase] = {}
        cases = make(rng)
        repeated = {n for n, case in enumerate(cases) if _same_in(known, case)}
        fixed = self._fixed(make, known) if repeated else ()
        left = [n for n, case in enumerate(cases) if n not in repeated or not _same_in(fixed, case)]
        for _ in range(tries):
            for position in left:
                checked = self._checked(cases[position])
                if position not in repeated and self._fits(cases[position], checked):
                    fitting[position] = checked
            left = [position for position in left if position not in fitting]
            if not left:
                return [fitting[position] for position in sorted(fitting)]
            cases = make(rng)
            repeated = {position for position in left if _same_in(known, cases[position])}
        case = cases[left[0]]
        raise ValueError(
            f"case {case.name!r} of {self.name} was drawn {tries} times, and never found "
            f"({', '.join(case.finds)}) and overlooked ({', '.join(case.overlooks)}): draw numbers "
            "that do so more often"
        )

    def _fixed(self, make: CaseMaker, known: Sequence[CheckedCase]) -> Sequence[CheckedCase]:
        """Return the known cases that are drawn with every seed."""
        if make not in self._fixed_cases:
            draws = [make(np.random.default_rng(seed)) for seed in range(DRAWS)]
            self._fixed_cases[make] = [
                case for case in known if all(_same_in(drawn, case) for drawn in draws)
            ]
        return self._fixed_cases[make]

    @functools.cached_property
    def _fixed_cases(self) -> dict[CaseMaker, Sequence[CheckedCase]]:
        return {}

    def _fits(self, case: Case, checked: CheckedCase) -> bool:
        """Whether a case finds, and overlooks, what it has to."""
        return all(self._is_wrong(name, checked) for name in case.finds) and not any(
            self._is_wrong(name, checked) for name in case.overlooks
        )

    def _is_wrong(self, name: str, checked: CheckedCase) -> bool:
        if name in EMPTY_ANSWERS:
            arguments = [take_back(hand_over(value)) for value in checked.arguments.values()]
            answer = EMPTY_ANSWERS[name](arguments, checked.expected)
            return first_difference(answer, checked.expected, self.tolerance) is not None
        if all(name != wrong.name for wrong in self.misconceptions):
            raise ValueError(
                f"case {checked.name!r} names {name!r}: {self.name} has no misconception like that"
            )
        return name in checked.wrong

    def _checked(self, case: Case) -> CheckedCase:
        if tuple(case.arguments) != self.parameters:
            raise ValueError(
                f"case {case.name!r} gives {tuple(case.arguments)}, "
                f"but {self.name} takes {self.parameters}"
            )
        expected = result_of(self.reference, case, self.digits)
        if isinstance(expected, Raised):
            raise ValueError(
                f"the reference of {self.name} raises {expected.kind} on case "
                f"{case.name!r}: {expected.message}"
            )
        if self.results and not (
            isinstance(expected, tuple) and len(expected) == len(self.results)
        ):
            raise ValueError(
                f"the reference of {self.name} does not return {', '.join(self.results)} on case "
                f"{case.name!r}"
            )
        if not is_finite(expected):
            raise ValueError(
                f"the reference of {self.name} returns NaN or infinity on case {case.name!r}"
            )
        # Of a case of speed, whose arrays are large, students do not get what is wrong.
        wrong = {} if case.loop_steps else _WrongResults(self, case, expected)
        return CheckedCase(
            case.name,
            case.arguments,
            expected,
            wrong,
            case.weight,
            loop_steps=case.loop_steps,
        )


def _same_in(cases: Iterable[Case | CheckedCase], case: Case | CheckedCase) -> bool:
    """Whether one of some cases has the same arguments."""
    values = list(case.arguments.values())
    # One after the other: most cases differ in the shape of the first.
    return any(all(map(same, values, other.arguments.values())) for other in cases)


class _WrongResults(Mapping[str, Value | Raised]):
    """What the misconceptions of a problem give on one case, without those that are right.

    Worked out when it is asked for: most graded functions are right, and then nobody asks.
    """

    def __init__(self, problem: Problem, case: Case, expected: Value) -> None:
        self._misconceptions = {wrong.name: wrong.wrong for wrong in problem.misconceptions}
        self._case = case
        self._expected = expected
        self._tolerance = problem.tolerance
        self._digits = problem.digits
        self._wrong: dict[str, Value | Raised] = {}
        self._right: set[str] = set()

    def __getitem__(self, name: str) -> Value | Raised:
        if name not in self:
            raise KeyError(name)
        return self._wrong[name]

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or name not in self._misconceptions or name in self._right:
            return False
        if name not in self._wrong:
            result = result_of(self._misconceptions[name], self._case, self._digits)
            if not self._differs(result):
                self._right.add(name)
                return False
            self._wrong[name] = result
        return True

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._misconceptions if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Value | Raised]:
        return copy.deepcopy(dict(self), memo)

    def _differs(self, result: Value | Raised) -> bool:
        if isinstance(result, Raised):
            return True
        return first_difference(result, self._expected, self._tolerance) is not None


def result_of(
    function: Function, case: Case | CheckedCase, digits: int | None = None
) -> Value | Raised:
    """Return what a function gives on a case, or raises; rounded where ``digits`` says so."""
    arguments = [hand_over(value) for value in case.arguments.values()]
    try:
        with np.errstate(all="ignore"):
            result = take_back(function(*arguments))
    except Exception as error:  # a misconception may fail in any way a student may
        return Raised(type(error).__name__, str(error))
    return result if digits is None else rounded(result, digits)


def quarters(rng: Random, *shape: int, low: float = -4.0, high: float = 4.0) -> np.ndarray:
    """Draw a float64 array of multiples of 1/4 from ``low`` to ``high``.

    Their sums and products are exact in float64, in whatever order they are added.
    """
    return rng.integers(round(low * 4), round(high * 4), size=shape, endpoint=True) / 4.0
