"""What the failing cases have in common, and the passing ones have not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Sequence

import numpy as np

from autograder.diagnosis.evidence import Answer, Aspect
from autograder.diagnosis.finding import Finding
from autograder.diagnosis.properties import Statement, statements
from autograder.diagnosis.quantities import layers_of, name_of, quantities
from autograder.diagnosis.relations import subject

SEVERAL = ("there are several images", "there are several examples", "there are several channels")
"""What may be said where a single case passes: it is the simplest one.

Most mistakes about batches and channels are of this kind; a question follows for channels only.
"""

ALONE = (
    "there is one image only",
    "there is one example only",
    "there is one channel only",
    "there is one filter only",
    "the padding is 0",
)
"""What may be said where one of few cases fails: an axis of length 1, a slice that is empty."""

FEWEST_BESIDE_ONE = 6
"""One failing case of so many is evidence for any property that no other has."""

MOST = 2
"""So many properties that fit equally well are told; of more, none means much."""


def shared_property(aspect: Aspect) -> Finding | None:
    """Return the property that exactly the failing cases have.

    Or else one that they have in common by what happens in them: those that raise an exception,
    those of a wrong shape, those of wrong numbers. What leads to a question goes before what does
    not, and one property before two.
    """
    failing = aspect.failing
    parts = _by_ending(failing)
    tries = (
        (_with_question, [failing]),
        (_only_value, [failing]),
        (_with_question, parts),
        (_without_question, [failing]),
        (_pair, [failing]),
    )
    for say, groups in tries:
        for answers in groups:
            if not _is_evidence(aspect, answers):
                continue
            chosen = set(map(id, answers))
            inside = [id(answer) in chosen for answer in aspect.answers]
            text = say(aspect, inside)
            if text:
                count, first = len(answers), answers[0].case
                return Finding("property", subject(aspect, text), count, aspect.of, first)
    return None


def _is_evidence(aspect: Aspect, answers: Sequence[Answer]) -> bool:
    """Whether there are enough answers on both sides, and most of those that fail."""
    others = len(aspect.answers) - len(answers)
    enough = min(len(answers), others) >= 1 and len(answers) + others >= 4
    return enough and 2 * len(answers) >= len(aspect.failing)


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


def _common(aspect: Aspect, inside: Sequence[bool]) -> list[Statement]:
    """Return what is true of the answers ``inside``, and of no other."""
    known = [statements(answer.case) for answer in aspect.answers]
    common = [
        statement
        for statement in known[0]
        if all(statement in each for each in known)
        and [each[statement] for each in known] == list(inside)
        and not _denied(aspect, inside, statement)
    ]
    if inside.count(False) == 1:
        # The simplest case is the only one of many kinds, and it is likely to pass.
        few = [s for s in common if s.words in SEVERAL]
        return [s if s.words == SEVERAL[-1] else Statement(s.words, "") for s in few]
    if inside.count(True) == 1 and len(inside) < FEWEST_BESIDE_ONE:
        return [statement for statement in common if statement.words in ALONE]
    return common


def _with_question(aspect: Aspect, inside: Sequence[bool]) -> str:
    common = _common(aspect, inside)
    if len(common) != 1 or not common[0].ask:
        return ""
    return f"{_verb(aspect, inside)} exactly when {common[0].words}. {common[0].ask}"


def _denied(aspect: Aspect, inside: Sequence[bool], statement: Statement) -> bool:
    """Whether the results deny what a property would explain.

    Sizes of the whole image or map, exchanged, leave the first window where it is: its number is
    right. A slice that is empty because the padding is 0 gives no result of another shape but an
    empty one.
    """
    answers = [answer for answer, here in zip(aspect.answers, inside, strict=True) if here]
    if statement.words == "the padding is 0":
        return any(a.arrays and not a.same_shape and np.size(a.got) for a in answers)
    if not statement.words.startswith(OF_THE_WHOLE):
        return False
    pairs = [answer.same_shape for answer in answers]
    wrong = [bool(pair and pair[0].size > 1 and aspect.differs(*pair).flat[0]) for pair in pairs]
    return 2 * sum(wrong) > len(wrong)


OF_THE_WHOLE = ("the images are not square", "the map has not as many rows as columns")
"""Properties of the whole image or map."""


def _without_question(aspect: Aspect, inside: Sequence[bool]) -> str:
    common = _common(aspect, inside)
    # Where layers of a kind have the key that is missing, that there are such layers is no news.
    known = set[str]().union(*map(_having_the_key, aspect.failing))
    common = [s for s in common if not any(f"layer `{kind}`" in s.words for kind in known)]
    if not 1 <= len(common) <= MOST:
        return ""
    words = " and ".join(statement.words for statement in common)
    return f"{_verb(aspect, inside)} exactly when {words}."


def _having_the_key(answer: Answer) -> set[str]:
    """Return the kinds of layers that have the key which a KeyError is about."""
    if answer.failed is None or answer.failed.kind != "KeyError":
        return set()
    key = answer.failed.message.strip("'")
    return {str(layer["kind"]) for layer in layers_of(answer.case) if key in layer}


def _verb(aspect: Aspect, inside: Sequence[bool]) -> str:
    """Say what happens in these cases."""
    answers = [answer for answer, here in zip(aspect.answers, inside, strict=True) if here]
    if all(answer.failed for answer in answers):
        return "your function stops"
    if aspect.path:
        return "{what} is wrong"
    if len(answers) == len(aspect.failing):
        return "your function fails"
    if _ending(answers[0]) == "shape":
        return "the result has the wrong shape"
    return "the result has wrong numbers"


def _only_value(aspect: Aspect, inside: Sequence[bool]) -> str:
    """Say which quantity has one value in all passing cases, and other values in the failing.

    The failing ones have to show it: by a result that is as long, by numbers, by a position.
    """
    sizes = [quantities(answer.case) for answer in aspect.answers]
    passing = [s for s, failing in zip(sizes, inside, strict=True) if not failing]
    failing = [s for s, fails in zip(sizes, inside, strict=True) if fails]
    if len(passing) < 2 or any(
        answer.failed and answer.failed.kind != "IndexError" for answer in aspect.failing
    ):
        return ""
    for letter in ("N", "C", "F", "K"):
        if not all(letter in each for each in sizes):
            continue
        values = {each[letter] for each in passing}
        other = {each[letter] for each in failing}
        if len(values) == 1 and len(other) >= 2 and not values & other and min(values) > 1:
            value, called = values.pop(), name_of(letter, aspect.answers[0].case)
            return (
                f"your function works only when {called} is {value}. Does a {value} stand in your "
                "code, or is something as large by chance?"
            )
    return ""


def _pair(aspect: Aspect, inside: Sequence[bool]) -> str:
    """Return two properties of which exactly the failing cases have both, or at least one.

    Among so many pairs one may fit by chance: there have to be three cases on either side, and
    one pair only.
    """
    if min(sum(inside), len(inside) - sum(inside)) < 3 or _common(aspect, inside):
        return ""
    known = [statements(answer.case) for answer in aspect.answers]
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
                two = " These may be two mistakes." if word == "or" else ""
                words = f"{first.words} {word} {second.words}"
                joined.append(f"{_verb(aspect, inside)} exactly when {words}.{two}")
    return joined[0] if len(joined) == 1 else ""
