"""What the catalog of misconceptions says: for whole results, and for parts of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from autograder.checks import CheckedCase, Checks, Raised
from autograder.comparison import first_difference
from autograder.diagnosis.evidence import MISSING, Aspect, agrees, is_numeric, pick
from autograder.diagnosis.finding import Finding
from autograder.failures import Failed
from autograder.outcomes import Outcome, Returned
from autograder.values import Value

Likeness = Literal["same", "alike", "other"]


def misconception(checks: Checks, outcomes: Sequence[Outcome]) -> Finding | None:
    """Return the misconception whose results are the student's, if there is one.

    It has to explain the first failing case and at least half of all failing ones (a student may
    have made a second mistake), one of them exactly, and no more passed cases may contradict it
    than failing ones speak for it; none, where only numbers that may agree by chance speak for
    it, or exceptions. Of several, the one that explains most is named; if that leaves a choice,
    the one that contradicts the fewest passed cases, then the first listed.
    """
    failing = [outcome for outcome in outcomes if outcome.verdict in ("different", "raised")]
    passed = [outcome for outcome in outcomes if outcome.passed]
    if not failing:
        return None
    ranked = []
    for position, name in enumerate(checks.hints):
        likeness = _all_likeness(checks, failing, name)
        if likeness[0] == "other":
            continue
        same, alike = likeness.count("same"), len(likeness) - likeness.count("other")
        contradicted = sum(name in outcome.case.wrong for outcome in passed)
        if not same or 2 * alike < len(failing) or contradicted > alike:
            continue
        agreeing = (o for o, like in zip(failing, likeness, strict=True) if like == "same")
        # What raises an exception with one NumPy may pass with another: that denies nothing.
        denied = any(_gives_numbers(name, outcome.case) for outcome in passed)
        if (denied or alike == 1 < len(failing)) and sum(map(_numbers, agreeing)) < FEWEST_NUMBERS:
            continue
        ranked.append((-alike, -same, contradicted, position, name))
    if not ranked:
        return None
    best = min(ranked)
    name = best[-1]
    likeness = _all_likeness(checks, failing, name)
    case = next(o.case for o, like in zip(failing, likeness, strict=True) if like != "other")
    return Finding("misconception", checks.hints[name], -best[0], len(failing), case, name)


FEWEST_NUMBERS = 3
"""So few numbers may agree by chance: then no passed case may say otherwise."""


def _gives_numbers(name: str, case: CheckedCase) -> bool:
    """Whether a misconception is wrong in a case, and not by an exception."""
    return name in case.wrong and not isinstance(case.wrong[name], Raised)


def _numbers(outcome: Outcome) -> int:
    """Return how many finite numbers of a result are not as expected."""
    ending = outcome.ending
    return _finite(ending.value, outcome.case.expected) if isinstance(ending, Returned) else 0


def _finite(got: Value, expected: Value) -> int:
    if isinstance(got, np.ndarray):
        if got.dtype.kind not in "biuf":
            return 0
        alike = isinstance(expected, np.ndarray) and got.shape == expected.shape
        return int((np.isfinite(got) & (got != expected if alike else True)).sum())
    if isinstance(got, tuple | list):
        return sum(_finite(value, pick(expected, (place,))) for place, value in enumerate(got))
    if isinstance(got, Mapping):
        return sum(_finite(value, pick(expected, (key,))) for key, value in got.items())
    return int(is_numeric(got) and bool(got != expected) and bool(np.isfinite(float(got))))


def _all_likeness(checks: Checks, failing: Sequence[Outcome], name: str) -> list[Likeness]:
    """Return how like the misconception's each failing case's result is."""
    strictly = [_likeness(checks, outcome, name, numbers=False) for outcome in failing]
    numbers = any(
        like == "same" and isinstance(outcome.ending, Returned)
        for outcome, like in zip(failing, strictly, strict=True)
    )
    return [_likeness(checks, o, name, numbers=True) for o in failing] if numbers else strictly


def _likeness(checks: Checks, outcome: Outcome, name: str, numbers: bool) -> Likeness:
    """Compare what the student got with what the misconception gives.

    Two exceptions of the same type are alike: the same mistake, written differently, may have
    another message. Where the ``numbers`` of other cases agree, the type may be another, too.
    """
    if name not in outcome.case.wrong:
        return "other"
    wrong, ending = outcome.case.wrong[name], outcome.ending
    if isinstance(wrong, Raised):
        if not isinstance(ending, Failed):
            return "other"
        same = (ending.kind, ending.message) == (wrong.kind, wrong.message)
        return "same" if same else "alike" if ending.kind == wrong.kind or numbers else "other"
    if not isinstance(ending, Returned):
        return "other"
    try:
        difference = first_difference(ending.value, wrong, checks.tolerance)
    except TypeError:  # the misconception returns a type that no reference may return
        return "other"
    return "other" if difference else "same"


def part(checks: Checks, aspects: Sequence[Aspect]) -> Finding | None:
    """Return the misconception that gives one of several results as the student's function does.

    The first result that is wrong is asked for first. Of what is right in the student's results
    nothing may be wrong in the misconception's, and no hint may call right what is wrong.
    """
    for aspect in aspects:
        failing = [answer for answer in aspect.failing if answer.failed is None]
        if not aspect.path or not failing:
            continue
        # One number may agree by chance.
        fewest = 1 if isinstance(failing[0].expected, np.ndarray) else 2
        ranked = []
        for position, name in enumerate(checks.hints):
            same = [_part_fits(checks, aspect, name, answer.case, answer.got) for answer in failing]
            if not same[0] or sum(same) < fewest or 2 * sum(same) < len(failing):
                continue
            if not _contradicts(checks, aspects, aspect, name):
                ranked.append((-sum(same), position, name))
        if ranked:
            count, _, name = min(ranked)
            words, first = checks.hints[name], failing[0].case
            of = len(aspects[0].failing)
            return Finding("part", words, -count, of, first, name, aspect.others_right, aspect.path)
    return None


_CALLED_RIGHT = re.compile(r"\b(?:is|are) right\b|\b[Oo]nly your\b")


_RIGHT_IN_CASES = re.compile(
    r"\b(?:is|are) right,? (?:where|for|with|until|when|as long|if)\b|you are right|^Right\b"
)


def _contradicts(checks: Checks, aspects: Sequence[Aspect], aspect: Aspect, name: str) -> bool:
    """Whether a misconception, or its hint, is at odds with what the student has right or wrong."""
    if aspect.path and not aspect.others_right and _CALLED_RIGHT.search(checks.hints[name]):
        return True
    return any(
        _part_wrong(checks, view, name, answer.case)
        for view in aspects
        if view.path or not aspect.path
        for answer in view.passing
    )


def _part_fits(checks: Checks, aspect: Aspect, name: str, case: CheckedCase, got: object) -> bool:
    return _part_wrong(checks, aspect, name, case) and agrees(
        got, pick(case.wrong[name], aspect.path), checks.tolerance
    )


def _part_wrong(checks: Checks, aspect: Aspect, name: str, case: CheckedCase) -> bool:
    """Whether a misconception gives another part than the expected one in a case."""
    if not _gives_numbers(name, case):
        return False
    wrong = pick(case.wrong[name], aspect.path)
    return wrong is not MISSING and not agrees(
        wrong, pick(case.expected, aspect.path), checks.tolerance
    )


def beginning(checks: Checks, aspects: Sequence[Aspect]) -> Finding | None:
    """Return the only misconception that the first failing case and another speak for exactly.

    Or else the first image of all. Another mistake hides it elsewhere. A passed case that
    contradicts it is a veto.
    """
    for aspect in aspects:
        failing = aspect.failing
        if not failing or not is_numeric(failing[0].got):
            continue
        ranked: dict[int, list[str]] = {}
        for name, hint in checks.hints.items():
            if _RIGHT_IN_CASES.search(hint) or _contradicts(checks, aspects, aspect, name):
                continue
            count = _begins(checks, aspect, name)
            ranked.setdefault(count, []).append(name)
        count = max(ranked, default=0)
        if count and len(ranked[count]) == 1:
            name, first = ranked[count][0], failing[0].case
            words = checks.hints[name]
            return Finding("part", words, count, aspect.of, first, name, False, aspect.path)
    return None


def _begins(checks: Checks, aspect: Aspect, name: str) -> int:
    """Return how many failing cases agree with a misconception, or begin as it does; 0 for few."""
    failing = aspect.failing
    same = [
        a.arrays is not None and _part_fits(checks, aspect, name, a.case, a.got) for a in failing
    ]
    wrong = sum(
        _differing(aspect, a.got, a.expected) for a, fits in zip(failing, same, strict=True) if fits
    )
    long = any(_is_long(a.got) for a, fits in zip(failing, same, strict=True) if fits)
    if same[0] and sum(same) > 1 and (wrong >= FEWEST_WRONG or long):
        return sum(same)
    wrong, shows = 0, 0
    for answer in failing:
        theirs = pick(answer.case.wrong.get(name, answer.case.expected), aspect.path)
        if answer.same_shape is None or np.ndim(answer.got) != 4 or not is_numeric(theirs):
            return 0
        if np.shape(theirs) != np.shape(answer.got) or not np.size(theirs):
            return 0
        if _differing(aspect, answer.got[0], theirs[0]):
            return 0
        count = _differing(aspect, theirs[0], answer.expected[0])
        wrong, shows = wrong + count, shows + (count > 0)
    return len(failing) if wrong >= FEWEST_WRONG and 2 * shows > len(failing) else 0


FEWEST_WRONG = 6
"""So many wrong numbers that agree are no chance."""


def _is_long(got: object) -> bool:
    """Whether a single number has so many digits that none agrees with it by chance."""
    return isinstance(got, float) and bool(np.isfinite(got)) and (64 * got) % 1 != 0


def _differing(aspect: Aspect, a: object, b: object) -> int:
    """Return how many numbers of two arrays differ; all where the shapes do."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return int(aspect.differs(a, b).sum()) if a.shape == b.shape else a.size
