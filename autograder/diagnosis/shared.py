"""What the failing cases have in common, and the passing ones have not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Mapping, Sequence

from autograder.diagnosis.evidence import Answer, Aspect
from autograder.diagnosis.finding import Finding
from autograder.diagnosis.properties import Statement, statements
from autograder.diagnosis.quantities import name_of, quantities
from autograder.diagnosis.relations import subject

SEVERAL = ("there are several images", "there are several examples")
"""What may be said where a single case passes: most mistakes about batches are of this kind."""

MOST = 2
"""So many properties that fit equally well are told; of more, none means much."""


def shared_property(aspect: Aspect) -> Finding | None:
    """Return the property that exactly the failing cases have.

    Where there is none, the failing cases are taken by what happens in them: those that raise an
    exception, those of a wrong shape, those of wrong numbers.
    """
    failing = aspect.failing
    for answers in (failing, *_by_ending(failing)):
        others = len(aspect.answers) - len(answers)
        # One case alone has many properties: then there have to be more that tell it apart.
        if min(len(answers), others) < 1 or len(answers) + others < 4:
            continue
        if 2 * len(answers) < len(failing):
            continue
        text = _said(aspect, answers)
        if text:
            return Finding(
                "property", subject(aspect, text), len(answers), aspect.of, answers[0].case
            )
    return None


def _by_ending(failing: Sequence[Answer]) -> list[list[Answer]]:
    """Group answers by how they are wrong, the group of the first one first."""
    groups: dict[Hashable, list[Answer]] = {}
    for answer in failing:
        groups.setdefault(_ending(answer), []).append(answer)
    return list(groups.values()) if len(groups) > 1 else []


def _ending(answer: Answer) -> Hashable:
    if answer.failed is not None:
        return answer.failed.kind
    return "shape" if answer.arrays and not answer.same_shape else "value"


def _said(aspect: Aspect, answers: Sequence[Answer]) -> str:
    """Return in words what these answers have in common and all others have not."""
    chosen = set(map(id, answers))
    others = [answer for answer in aspect.answers if id(answer) not in chosen]
    if not others:
        return ""
    known = [statements(answer.case) for answer in aspect.answers]
    inside = [id(answer) in chosen for answer in aspect.answers]
    common = [
        statement
        for statement in known[0]
        if all(statement in each for each in known)
        and [each[statement] for each in known] == inside
    ]
    verb = _verb(aspect, answers)
    if len(others) == 1:
        # The simplest case is the only one of many kinds, and it is likely to pass.
        common = [statement for statement in common if statement.words in SEVERAL]
    if 1 <= len(common) <= MOST:
        words = " and ".join(statement.words for statement in common)
        ask = common[0].ask if len(common) == 1 and len(others) > 1 else ""
        return f"{verb} exactly when {words}. {ask}".strip()
    if common or len(others) == 1:
        return ""
    fixed = _fixed(aspect.answers, inside)
    if fixed:
        return fixed
    pair = _pair(known, inside)
    return f"{verb} exactly when {pair}." if pair else ""


def _verb(aspect: Aspect, answers: Sequence[Answer]) -> str:
    """Say what happens in these cases."""
    if all(answer.failed for answer in answers):
        return "your function stops"
    if aspect.path:
        return "{what} is wrong"
    if len(answers) == len(aspect.failing):
        return "your function fails"
    if _ending(answers[0]) == "shape":
        return "the result has the wrong shape"
    return "the result has wrong numbers"


def _fixed(answers: Sequence[Answer], inside: Sequence[bool]) -> str:
    """Say which quantity has one value in all passing cases, and other values in the failing."""
    sizes = [quantities(answer.case) for answer in answers]
    passing = [s for s, failing in zip(sizes, inside, strict=True) if not failing]
    failing = [s for s, fails in zip(sizes, inside, strict=True) if fails]
    if len(passing) < 2:
        return ""
    for letter in ("N", "C", "F", "K"):
        if not all(letter in each for each in sizes):
            continue
        values = {each[letter] for each in passing}
        other = {each[letter] for each in failing}
        if len(values) == 1 and len(other) >= 2 and not values & other and min(values) > 1:
            value, called = values.pop(), name_of(letter, answers[0].case)
            return (
                f"your function works only when {called} is {value}. Does a {value} stand in your "
                "code, or is something as large by chance?"
            )
    return ""


def _pair(known: Sequence[Mapping[Statement, bool]], inside: Sequence[bool]) -> str:
    """Return two properties of which exactly the failing cases have both, or at least one.

    Among so many pairs one may fit by chance: there have to be three cases on either side, and
    one pair only.
    """
    if min(sum(inside), len(inside) - sum(inside)) < 3:
        return ""
    candidates = [s for s in known[0] if all(s in each for each in known)]
    columns = {s: tuple(each[s] for each in known) for s in candidates}
    distinct = {column: s for s, column in reversed(columns.items()) if len(set(column)) > 1}
    joined: list[str] = []
    joins: tuple[tuple[str, Callable[[bool, bool], bool]], ...] = (
        ("and", lambda a, b: a and b),
        ("or", lambda a, b: a or b),
    )
    for (column, first), (other, second) in itertools.combinations(distinct.items(), 2):
        for word, join in joins:
            if [join(a, b) for a, b in zip(column, other, strict=True)] == list(inside):
                two = ". These may be two mistakes" if word == "or" else ""
                joined.append(f"{first.words} {word} {second.words}{two}")
    return joined[0] if len(joined) == 1 else ""
