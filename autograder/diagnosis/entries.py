"""Results that are lists, one entry for each layer, and results that are words."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.checks import Checks
from autograder.diagnosis.evidence import Answer, Aspect, agrees
from autograder.diagnosis.finding import Finding
from autograder.diagnosis.quantities import layers_of


def entries(checks: Checks, aspect: Aspect) -> Finding | None:
    """Say which entries of a list are wrong, if they are the same kind of entry in all cases."""
    failing = aspect.failing
    pairs = [
        (answer, answer.got, answer.expected)
        for answer in failing
        if isinstance(answer.got, list | tuple) and isinstance(answer.expected, list)
    ]
    if len(pairs) < max(2, len(failing)):
        return None
    text = (
        _too_many(checks, pairs)
        or _one_number(checks, pairs)
        or _one_kind(checks, pairs, first=False)
        or _one_kind(checks, pairs, first=True)
    )
    return Finding("place", text, len(pairs), len(failing), failing[0].case) if text else None


Pairs = Sequence[tuple[Answer, Sequence[object], Sequence[object]]]


def _too_many(checks: Checks, pairs: Pairs) -> str:
    def agree(mine: Sequence[object], theirs: Sequence[object]) -> bool:
        return all(agrees(a, b, checks.tolerance) for a, b in zip(mine, theirs, strict=True))

    if all(len(g) == len(e) + 1 and agree(g[1:], e) for _, g, e in pairs):
        return "The first entry of your list is one too many: the others are right."
    if all(len(g) == len(e) + 1 and agree(g[:-1], e) for _, g, e in pairs):
        return "The last entry of your list is one too many: the others are right."
    if all(len(g) == len(e) - 1 and agree(g, e[1:]) for _, g, e in pairs):
        return "The first entry is missing from your list: the others are right."
    if all(len(g) == len(e) - 1 and agree(g, e[:-1]) for _, g, e in pairs):
        return "The last entry is missing from your list: the others are right."
    return ""


_OF_A_SHAPE = (
    "first number, the channels,",
    "second number, the height,",
    "third number, the width,",
)


def _one_number(checks: Checks, pairs: Pairs) -> str:
    """Say which number of shapes (C, H, W) is wrong; what a flattened one holds follows from it."""
    places: set[int] = set()
    count = 0
    for _, got, expected in pairs:
        for mine, due in zip(got, expected, strict=False):
            if agrees(mine, due, checks.tolerance):
                continue
            if not isinstance(due, tuple | list) or not isinstance(mine, tuple | list):
                return ""
            if len(mine) != len(due) or len(due) not in (1, 3):
                return ""
            if len(due) == 3:
                places |= {place for place in range(3) if mine[place] != due[place]}
                count += 1
    if len(places) != 1 or count < FEWEST_SHAPES:
        return ""
    return (
        f"In each wrong shape only the {_OF_A_SHAPE[places.pop()]} is wrong. From which numbers do "
        "you compute it? Print them just before."
    )


FEWEST_SHAPES = 3
"""So many wrong shapes are evidence."""


def _one_kind(checks: Checks, pairs: Pairs, first: bool) -> str:
    """Say to which kind of layer the wrong entries, or the ``first`` of each list, belong."""
    wrong: set[str] = set()
    right: set[str] = set()
    for answer, got, expected in pairs:
        kinds = [str(layer["kind"]) for layer in layers_of(answer.case)]
        if not len(got) == len(expected) == len(kinds):
            return ""
        bad = [
            position
            for position, (mine, due) in enumerate(zip(got, expected, strict=True))
            if not agrees(mine, due, checks.tolerance)
        ]
        wrong |= {kinds[position] for position in (bad[:1] if first else bad)}
        right |= {k for i, k in enumerate(kinds) if i not in bad and (not first or i < bad[0])}
    if len(wrong) != 1 or not right - {"image"}:
        return ""
    kind = wrong.pop()
    if first:
        return f"The first wrong entry of your list is always that of a layer `{kind}`."
    return f"Only entries of layers `{kind}` are wrong in your list."


def words(aspect: Aspect) -> Finding | None:
    """Say what is the matter with results that are words."""
    failing = aspect.failing
    texts = [(a.got, a.expected) for a in failing if isinstance(a.expected, str)]
    if len(texts) < max(2, len(failing)) or not all(isinstance(got, str) for got, _ in texts):
        return None
    of, first = len(failing), failing[0].case
    spelled = sum(got.strip().lower() == due.lower() for got, due in texts)
    if 2 * spelled >= of:
        text = "Your words are written in another way: compare small letters, capitals and spaces."
        return Finding("relation", text, spelled, of, first)
    known = {answer.expected for answer in aspect.answers}
    unknown = sorted({got for got, _ in texts} - known)
    if unknown:
        listed = " and ".join(repr(text[:40]) for text in unknown)
        text = (
            f"{listed} is no answer that the task knows. Compare with its table, letter by letter."
        )
        return Finding("place", text, sum(got in unknown for got, _ in texts), of, first)
    due = sorted({expected for _, expected in texts})
    right = {answer.expected for answer in aspect.passing}
    if len(due) <= 2 and not right & set(due):
        listed = " or ".join(repr(text) for text in due)
        return Finding("place", f"Your function never recognizes {listed}.", of, of, first)
    never = sorted(set(due) - {answer.got for answer in aspect.answers if answer.failed is None})
    if never:
        listed = " or ".join(repr(text) for text in never)
        count = sum(expected in never for _, expected in texts)
        return Finding("place", f"Your function never answers {listed}.", count, of, first)
    return None
