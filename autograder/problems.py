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
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks import SECONDS_PER_CALL, CheckedCase, Checks, Raised
from autograder.comparison import Tolerance, first_difference
from autograder.handover import hand_over, take_back
from autograder.values import Value, is_finite, same

Function = Callable[..., Value]
Random = np.random.Generator

VISIBLE_SEED = 2017
"""Seed of the cases that students see. Hidden cases are drawn from a secret seed."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One call of a graded function: a name for people, and the arguments in their order.

    Draw numbers that binary floating point adds up exactly (see :func:`quarters`), so that the
    expected results are the same bytes on every machine; where that cannot be, give the problem
    ``digits``. ``weight`` is the share of the points.

    ``loop_steps`` makes the case one of speed: the function has to be clearly faster than a Python
    loop of so many steps (see :mod:`autograder.speed`). After a call that is not, no other is made,
    so let it be the last visible and the first hidden case. It is no evidence for a misconception.
    """

    name: str
    arguments: Mapping[str, Value]
    weight: float = 1.0
    loop_steps: int = 0


CaseMaker = Callable[[Random], Sequence[Case]]


@dataclasses.dataclass(frozen=True)
class Misconception:
    """One typical wrong implementation.

    ``wrong`` takes the same arguments as the reference. ``title`` names the mistake in a few
    words, ``symptom`` says what the student sees, ``hint`` is what ``check`` answers: it points
    at the mistake and never states the solution. ``catalog_number`` is its number in the course's
    catalog of wrong implementations, None if the chapter added it.
    """

    name: str
    wrong: Function
    title: str
    symptom: str
    hint: str
    catalog_number: int | None = None


@dataclasses.dataclass(frozen=True)
class Problem:
    """One graded function.

    ``cases`` draws the cases that the student sees (from a fixed seed) and, from a secret seed,
    the same kinds of cases again when grading. ``hidden_cases`` are only drawn when grading.
    ``alternatives`` are correct implementations in other styles; the tests prove that they pass.
    ``time_limit`` is in seconds per call; ``explorer`` configures ``explore()``.

    ``digits`` is for functions that no choice of numbers makes exact, such as exp and log, whose
    last bits differ from machine to machine: the stored results, right and wrong, are rounded to
    so many significant digits (see :func:`rounded`). The tolerance has to be wider than that.

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

    @property
    def name(self) -> str:
        """The name of the graded function, which is also the name of its task."""
        return self.reference.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the function's parameters, in their order."""
        return tuple(inspect.signature(self.reference).parameters)

    def visible_checks(self) -> Checks:
        """Return the checks that go into the student's ``checks.npz``."""
        return self._visible

    @functools.cached_property
    def _visible(self) -> Checks:
        rng = np.random.default_rng(VISIBLE_SEED)
        return self._checks([(case, False) for case in self.cases(rng)])

    def hidden_checks(self, seed: int | Sequence[int]) -> Checks:
        """Return the checks for grading: the visible ones, then fresh ones from ``seed``.

        A case that does not depend on the seed is not repeated: students know it already.
        """
        rng = np.random.default_rng(seed)
        drawn = list(self.cases(rng))
        if self.hidden_cases is not None:
            drawn += self.hidden_cases(rng)
        visible = self.visible_checks()
        known = [dict(case.arguments) for case in visible.cases]
        fresh = [
            case
            for case in drawn
            if not any(same(dict(case.arguments), arguments) for arguments in known)
        ]
        # Stable: what is too slow ends with the first of them, without points.
        fresh.sort(key=lambda case: not case.loop_steps)
        hidden = self._checks([(case, True) for case in fresh])
        return dataclasses.replace(visible, cases=visible.cases + hidden.cases)

    def _checks(self, cases: Sequence[tuple[Case, bool]]) -> Checks:
        return Checks(
            function=self.name,
            cases=tuple(self._checked(case, hidden) for case, hidden in cases),
            hints={wrong.name: wrong.hint for wrong in self.misconceptions},
            tolerance=self.tolerance,
            time_limit=self.time_limit,
            explorer=self.explorer,
            results=self.results,
        )

    def _checked(self, case: Case, hidden: bool) -> CheckedCase:
        if tuple(case.arguments) != self.parameters:
            raise ValueError(
                f"case {case.name!r} gives {tuple(case.arguments)}, "
                f"but {self.name} takes {self.parameters}"
            )
        expected = _result(self.reference, case, self.digits)
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
            case.name, case.arguments, expected, wrong, case.weight, hidden, case.loop_steps
        )


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
        self._known: dict[str, Value | Raised | None] = {}

    def __getitem__(self, name: str) -> Value | Raised:
        if name not in self:
            raise KeyError(name)
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or name not in self._misconceptions:
            return False
        if name not in self._known:
            self._known[name] = _result(self._misconceptions[name], self._case, self._digits)
        return self._differs(self._known[name])

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


def _result(function: Function, case: Case, digits: int | None) -> Value | Raised:
    arguments = [hand_over(value) for value in case.arguments.values()]
    try:
        with np.errstate(all="ignore"):
            result = take_back(function(*arguments))
    except Exception as error:  # a misconception may fail in any way a student may
        return Raised(type(error).__name__, str(error))
    return result if digits is None else rounded(result, digits)


def rounded(value: Value, digits: int) -> Value:
    """Return ``value`` with its floats rounded to ``digits`` significant decimal digits.

    In an array, those of its largest number count for all: as with the tolerance, what has
    canceled down to nearly nothing has no digits of its own. Two machines whose results differ in
    the last bits agree after that, unless a result lies within those bits of the middle between
    two rounded numbers. NaN becomes the one NaN whose bits are the same everywhere, and negative
    zero becomes zero.
    """
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        plain = np.round(value, decimals_of(value, digits)) + 0.0
        return np.where(np.isnan(value), np.nan, plain).astype(value.dtype)
    if isinstance(value, float | np.floating):
        return float(rounded(np.asarray(value, dtype=np.float64), digits))
    if isinstance(value, tuple | list):
        return type(value)(rounded(item, digits) for item in value)
    if isinstance(value, Mapping):
        return {key: rounded(item, digits) for key, item in value.items()}
    return value


def decimals_of(array: np.ndarray, digits: int) -> int:
    """Return behind which decimal the largest number of an array has ``digits`` digits."""
    sizes = np.abs(array[np.isfinite(array)])
    largest = float(sizes.max()) if sizes.size else 0.0
    # Rounded first: 0.999... and 1 have to get the same number of decimals.
    return digits - 1 - int(f"{largest:.3e}".partition("e")[2])


def quarters(rng: Random, *shape: int, low: float = -4.0, high: float = 4.0) -> np.ndarray:
    """Draw a float64 array of multiples of 1/4 from ``low`` to ``high``.

    Their sums and products are exact in float64, in whatever order they are added.
    """
    return rng.integers(round(low * 4), round(high * 4), size=shape, endpoint=True) / 4.0
