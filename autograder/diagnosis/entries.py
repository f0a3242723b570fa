"""Results that are lists, one entry for each layer, and results that are words."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence

from autograder.checks import Checks
from autograder.diagnosis import catalog
from autograder.diagnosis.evidence import MISSING, Answer, Aspect, agrees, pick
from autograder.diagnosis.finding import Finding
from autograder.diagnosis.quantities import layers_of
from autograder.values import Value


def order_of_results(checks: Checks, aspect: Aspect) -> Finding | None:
    """Say that the results are right, and come in another order."""
    failing, names = aspect.failing, checks.results
    if len(names) < 2 or len(failing) < 2:
        return None
    for order in itertools.permutations(range(len(names))):
        if all(
            isinstance(answer.got, tuple | list)
            and len(answer.got) == len(names)
            and agrees(tuple(answer.got[i] for i in order), answer.expected, checks.tolerance)
            for answer in failing
        ):
            listed = ", ".join(f"`{name}`" for name in names)
            text = f"Your results are right, but in another order. The order is {listed}."
            return Finding("relation", text, len(failing), len(failing), failing[0].case)
    return None


def one_kind_of_layers(checks: Checks, aspect: Aspect) -> Finding | None:
    """Return the misconception that has the student's entries for one kind of layers.

    Each kind is looked at as one of several results is: a mistake for each is no rare thing.
    """
    answers = [_sorted_by_kind(answer) for answer in aspect.answers]
    if not all(isinstance(answer.expected, Mapping) for answer in answers):
        return None
    kinds = dict.fromkeys(kind for answer in answers for kind in answer.expected)
    views = [
        Aspect(kind, (kind,), tuple(_of_kind(checks, a, kind) for a in answers), checks.tolerance)
        for kind in kinds
    ]
    finding = catalog.part(checks, [dataclasses.replace(aspect, answers=tuple(answers)), *views])
    if finding is None or 2 * finding.explained < len(aspect.failing):
        return None
    first = next(a.case for a in aspect.failing if a.case.name == finding.case.name)
    return dataclasses.replace(finding, case=first, path=())


def _sorted_by_kind(answer: Answer) -> Answer:
    """Make dictionaries of the lists: for each kind of layers, the entries of these."""
    kinds = [str(layer["kind"]) for layer in layers_of(answer.case)]

    def group(value: Value) -> Value:
        if not isinstance(value, list) or len(value) != len(kinds):
            return MISSING
        pairs = list(zip(kinds, value, strict=True))
        return {kind: [entry for known, entry in pairs if known == kind] for kind in kinds}

    case = dataclasses.replace(
        answer.case,
        expected=group(answer.expected),
        wrong={name: group(value) for name, value in answer.case.wrong.items()},
    )
    return dataclasses.replace(answer, case=case, expected=case.expected, got=group(answer.got))


def _of_kind(checks: Checks, answer: Answer, kind: str) -> Answer:
    got, expected = pick(answer.got, (kind,)), pick(answer.expected, (kind,))
    right = answer.right or (not answer.failed and agrees(got, expected, checks.tolerance))
    return dataclasses.replace(answer, got=got, expected=expected, right=right)


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
        or _as_sets(pairs)
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


def _as_sets(pairs: Pairs) -> str:
    """Compare lists of positions, whose order is another question than what is in them."""
    if not all(isinstance(entry, int) for _, g, e in pairs for entry in (*g, *e)):
        return ""
    if any(layers_of(answer.case) for answer, *_ in pairs):
        return ""
    mine, due = [Counter(got) for _, got, _ in pairs], [Counter(due) for *_, due in pairs]
    if all(a == b for a, b in zip(mine, due, strict=True)):
        return "Your list holds the right entries in another order."
    if all(set(a) == set(b) for a, b in zip(mine, due, strict=True)):
        return "Your list holds some entries more than once."
    if all(a >= b for a, b in zip(mine, due, strict=True)):
        return (
            "Your list lacks nothing, and holds entries that should not be in it. Take one of "
            "them: which test should have removed it?"
        )
    if all(a <= b for a, b in zip(mine, due, strict=True)):
        return (
            "All entries of your list are right, but some are missing. Take one of them: which "
            "line leaves it out?"
        )
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
