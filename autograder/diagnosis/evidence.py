"""The answers of all cases side by side, for a whole result and for each part of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from autograder.checks import CheckedCase, Checks
from autograder.comparison import Tolerance, first_difference
from autograder.failures import Failed
from autograder.outcomes import Outcome, Returned
from autograder.values import Value

Path = tuple[int | str, ...]


@dataclasses.dataclass(frozen=True)
class Missing:
    """Stands where a result has no such part."""


MISSING = Missing()


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a function gave in one case, as a whole or in part, beside what it should give.

    ``got`` is MISSING where the call raised: then ``failed`` says what.
    """

    case: CheckedCase
    expected: Value
    got: Value
    right: bool
    failed: Failed | None = None

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray] | None:
        """What was got and what was expected as float arrays; None where they are no numbers."""
        if not (is_numeric(self.got) and is_numeric(self.expected)):
            return None
        return np.asarray(self.got, float), np.asarray(self.expected, float)

    @property
    def same_shape(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The same, where the shapes agree, too."""
        pair = self.arrays
        return pair if pair is not None and pair[0].shape == pair[1].shape else None


@dataclasses.dataclass(frozen=True)
class Aspect:
    """The answers for a whole result, or for one part of all results, such as ``dx``.

    ``name`` is what the part is called, empty for the whole; ``path`` leads to it.
    ``others_right``: all other parts are right in all cases. ``of`` is how many cases fail, in
    this part or in others.
    """

    name: str
    path: Path
    answers: tuple[Answer, ...]
    tolerance: Tolerance
    others_right: bool = False
    of: int = 0

    @property
    def failing(self) -> list[Answer]:
        """The answers that are wrong, exceptions among them."""
        return [answer for answer in self.answers if not answer.right]

    @property
    def passing(self) -> list[Answer]:
        """The answers that are right."""
        return [answer for answer in self.answers if answer.right]

    def close(self, a: np.ndarray, b: np.ndarray) -> bool:
        """Whether two arrays of the same shape agree as far as the task asks for."""
        if a.shape != b.shape:
            return False
        # An answer in float32 has the digits of float32: nothing finer is asked of it here.
        allowed = self.tolerance.absolute + self.tolerance.relative32 * 0.1 * _scale(b)
        with np.errstate(invalid="ignore"):
            return bool(np.all((np.abs(a - b) <= allowed) | (a == b)))

    def differs(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return where two arrays of the same shape do not agree."""
        allowed = self.tolerance.absolute + self.tolerance.relative32 * 0.1 * _scale(b)
        with np.errstate(invalid="ignore"):
            differing: np.ndarray = ~((np.abs(a - b) <= allowed) | (a == b))
        return differing


def _scale(array: np.ndarray) -> float:
    sizes = np.abs(array[np.isfinite(array)])
    return float(sizes.max()) if sizes.size else 0.0


def is_numeric(value: Value) -> bool:
    """Whether a value is a number or an array of real numbers."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biuf"
    if isinstance(value, int):
        return abs(value) < 2**1000  # a larger one is no float
    return isinstance(value, float | np.bool_ | np.integer | np.floating)


def aspects(checks: Checks, outcomes: Sequence[Outcome]) -> list[Aspect]:
    """Return the answers as a whole, then part by part where results have named parts."""
    judged = [o for o in outcomes if o.verdict in ("passed", "different", "raised")]
    whole = Aspect("", (), tuple(map(_whole, judged)), checks.tolerance)
    parts = [
        Aspect(name, path, tuple(_part(checks, o, path) for o in judged), checks.tolerance)
        for path, name in _paths(checks, judged)
    ]
    wrong = sum(any(a.failed is None for a in part.failing) for part in parts)
    raised = any(answer.failed for answer in whole.failing)
    only = wrong == 1 and not raised
    of = len(whole.failing)
    return [
        dataclasses.replace(view, others_right=only and view is not whole, of=of)
        for view in (whole, *parts)
    ]


def _whole(outcome: Outcome) -> Answer:
    ending = outcome.ending
    got = ending.value if isinstance(ending, Returned) else MISSING
    failed = ending if isinstance(ending, Failed) else None
    return Answer(outcome.case, outcome.case.expected, got, outcome.passed, failed)


def _part(checks: Checks, outcome: Outcome, path: Path) -> Answer:
    whole = _whole(outcome)
    expected, got = pick(whole.expected, path), pick(whole.got, path)
    if outcome.passed or whole.failed:
        right = outcome.passed
    else:
        right = agrees(got, expected, checks.tolerance)
    return Answer(whole.case, expected, got, right, whole.failed)


def agrees(got: Value, expected: Value, tolerance: Tolerance) -> bool:
    """Whether a value passes for another; what has no such part agrees with what has none."""
    if isinstance(got, Missing) or isinstance(expected, Missing):
        return got is expected
    try:
        return first_difference(got, expected, tolerance) is None
    except TypeError:  # a type that no reference returns
        return False


def _paths(checks: Checks, judged: Sequence[Outcome]) -> Iterator[tuple[Path, str]]:
    """Yield the paths to the parts of the results, with their names."""
    if not judged or not checks.results:
        return
    known: set[Path] = set()
    for outcome in judged:
        for position, name in enumerate(checks.results):
            part = pick(outcome.case.expected, (position,))
            inner = list(part) if isinstance(part, Mapping) else [None]
            for key in inner:
                path: Path = (position,) if key is None else (position, key)
                if path not in known:
                    known.add(path)
                    yield path, name if key is None else f"{name}[{key!r}]"


def pick(value: Value, path: Path) -> Value:
    """Return the part of a value that a path leads to, MISSING where there is none."""
    for step in path:
        if isinstance(step, int):
            fits = isinstance(value, tuple | list) and step < len(value)
        else:
            fits = isinstance(value, Mapping) and step in value
        if not fits:
            return MISSING
        value = value[step]
    return value
