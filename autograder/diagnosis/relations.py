"""How a wrong array comes from the expected one: relations that need no catalog.

A relation yields sentences that are true of one answer. A sentence that is true of at least
half of all failing answers is a finding, if enough numbers speak for it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from autograder.diagnosis.evidence import Answer, Aspect
from autograder.diagnosis.finding import Finding, Rule
from autograder.diagnosis.quantities import (
    NAMES,
    arrays_of,
    axis_names,
    name_of,
    quantities,
)

Relation = Callable[[Aspect, Answer, np.ndarray, np.ndarray], Iterator[str]]
"""Yields sentences that hold of what was got (the first array) and expected (the second)."""

FEWEST_NUMBERS = 6
"""One case alone is evidence where so many numbers are wrong."""


def strongest(aspect: Aspect, relations: Iterable[Relation], rule: Rule) -> Finding | None:
    """Return the sentence that is true of most failing answers, if they are enough.

    Of sentences that are true of as many, the first counts.
    """
    failing = aspect.failing
    if not failing or failing[0].arrays is None:
        return None
    sentences = [_sentences(aspect, answer, relations) for answer in failing]
    best: tuple[int, str] | None = None
    for sentence in dict.fromkeys(itertools.chain(*sentences)):
        count = sum(sentence in others for others in sentences)
        fewest = {"relation": min(2, len(failing)), "place": 3}.get(rule, 2)
        share = 2 / 3 if rule == "place" else 1 / 2
        if count < max(fewest, share * len(failing)) or (best is not None and count <= best[0]):
            continue
        if _is_evidence(aspect, sentence, sentences, count):
            best = count, sentence
    if best is None:
        return None
    count, sentence = best
    first = next(a for a, s in zip(failing, sentences, strict=True) if sentence in s)
    of = aspect.of or len(failing)
    return Finding(rule, subject(aspect, sentence), count, of, first.case, path=aspect.path)


def subject(aspect: Aspect, sentence: str) -> str:
    """Put the name of a part into a sentence, and say where it is the only one that is wrong."""
    what = f"`{aspect.name}`" if aspect.name else "the result"
    text = sentence.replace("{what}", what)
    text = text[0].upper() + text[1:]
    return f"Of the results only {what} is wrong. {text}" if aspect.others_right else text


def _sentences(aspect: Aspect, answer: Answer, relations: Iterable[Relation]) -> list[str]:
    pair = answer.arrays
    if pair is None:
        return []
    with np.errstate(all="ignore"):
        return [text for relation in relations for text in relation(aspect, answer, *pair)]


def _is_evidence(
    aspect: Aspect, sentence: str, sentences: Sequence[Sequence[str]], count: int
) -> bool:
    """Whether enough wrong numbers speak for a sentence."""
    wrong = 0
    for answer, others in zip(aspect.failing, sentences, strict=True):
        if sentence in others and answer.arrays is not None:
            got, expected = answer.arrays
            if got.shape == expected.shape:
                wrong += int(aspect.differs(got, expected).sum())
            else:
                wrong += max(got.size, 1)
    return wrong >= (3 if count >= 2 else FEWEST_NUMBERS)


# The same shape, other numbers


def factor(aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """All numbers are multiplied by the same."""
    if got.shape != expected.shape or not expected.any() or not got.any():
        return
    ratio = float((got * expected).sum() / (expected * expected).sum())
    if not np.isfinite(ratio) or not aspect.close(got, ratio * expected):
        return
    each = "every number of {what}" if got.ndim else "{what}"
    if aspect.close(got, -expected):
        yield f"{each} has the wrong sign."
        return
    simple = Fraction(ratio).limit_denominator(64)
    plain = simple.denominator == 1 or abs(simple.numerator) == 1
    if plain and abs(float(simple) - ratio) <= 1e-5 * abs(ratio):
        yield f"{each} is {_times(simple)} what it should be. {_next_step(ratio)}"
    for value, words in BASES:
        # A size may be such a number in one case.
        if len(aspect.failing) > 1 and abs(ratio - value) <= 1e-5 * value:
            yield f"{each} is {words}"
    yield from _by_size(answer, each, ratio)


def _by_size(answer: Answer, each: str, ratio: float) -> Iterator[str]:
    """The factor is a size of the case, the root of one, or one divided by another."""
    sizes = {k: v for k, v in quantities(answer.case).items() if v > 1 and k in NAMES}
    called = {letter: name_of(letter, answer.case) for letter in sizes}
    for letter, size in sizes.items():
        for value, words in ((size, "too large"), (1 / size, "too small")):
            if abs(ratio - value) <= 1e-5 * value:
                yield f"{each} is {words}, by the factor {called[letter]}."
            if size > 2 and abs(ratio - value**0.5) <= 1e-5 * value**0.5:
                yield f"{each} is {words}, by the root of {called[letter]}."
    for many, few in itertools.permutations(sizes, 2):
        if abs(ratio - sizes[many] / sizes[few]) <= 1e-5 * ratio:
            yield (
                f"{{what}} is divided by {called[few]}, where {called[many]} would give the right "
                "numbers."
            )


BASES = (
    (1 / np.log(10), "as with the logarithm of base 10. Which one does `np.log` take?"),
    (1 / np.log(2), "as with the logarithm of base 2. Which one does `np.log` take?"),
    (2**0.5, "too large, by the root of 2. What stands below the root?"),
    (0.5**0.5, "too small, by the root of 2. What stands below the root?"),
)
"""Factors that tell where they come from."""


def _times(ratio: Fraction) -> str:
    if ratio == Fraction(1, 2):
        return "half of"
    return f"{ratio} of" if abs(ratio) < 1 else f"{ratio} times"


def _next_step(ratio: float) -> str:
    if abs(ratio) < 1:
        return "Compute one by hand: which factor is missing, or which division is too many?"
    return "Compute one by hand: which division is missing, or which factor is too many?"


def but_for_signs(
    aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """The sizes are right, or wrong by a factor, and some signs are wrong."""
    if got.shape != expected.shape or got.size < 2 or not expected.any():
        return
    mine, due = np.abs(got), np.abs(expected)
    ratio = float((mine * due).sum() / (due * due).sum())
    simple = Fraction(ratio if np.isfinite(ratio) else 0).limit_denominator(8)
    if not simple or not aspect.close(mine, float(simple) * due):
        return
    if simple == 1:
        yield "the numbers of {what} are right but for their signs: some are wrong."
    elif min(simple.numerator, simple.denominator) == 1:
        yield (
            f"but for their signs, all numbers of {{what}} are {_times(simple)} what they should "
            f"be, and some signs are wrong. {_next_step(ratio)}"
        )


def in_the_first_row(
    aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """A factor is wrong in the first row; in the others something more is wrong."""
    if got.shape != expected.shape or got.ndim < 2 or 0 in got.shape:
        return
    if aspect.close(got[..., 0, :], expected[..., 0, :]):
        return
    for sentence in factor(aspect, answer, got[..., 0, :], expected[..., 0, :]):
        first = sentence.replace("of {what}", "in the first row of {what}")
        yield f"{first} In the other rows something more is wrong."


def summand(aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """A bias, or the same number everywhere, is added or missing."""
    if got.shape != expected.shape or got.size < 2:
        return
    difference = got - expected
    for name, array in arrays_of(answer.case):
        for other in _spread(array, expected.shape):
            if not other.any():
                continue
            if aspect.close(got, expected - other):
                yield f"`{name}` is missing from every number of {{what}}."
            elif aspect.close(got, expected + other):
                yield f"`{name}` is added once too often to every number of {{what}}."
    if not aspect.close(difference, np.full(got.shape, difference.flat[0])):
        yield from _by_column(aspect, answer, difference)
        return
    more = "large" if difference.flat[0] > 0 else "small"
    yield f"all numbers of {{what}} are too {more} by the same amount."


def _by_column(aspect: Aspect, answer: Answer, difference: np.ndarray) -> Iterator[str]:
    """What is added is wrong, and the same in all rows, or in all of a map."""
    if difference.ndim not in (2, 4) or difference.size < 2 * difference.shape[1]:
        return
    axes = (0, 2, 3)[: difference.ndim - 1]
    mean = np.broadcast_to(difference.mean(axis=axes, keepdims=True), difference.shape)
    if aspect.close(difference, mean):
        name = axis_names(answer.case, aspect.name, difference.ndim)[1]
        yield (
            f"in each {name} of {{what}} all numbers are wrong by the same amount, and each {name} "
            "has another. Which number do you add there, and which belongs there?"
        )


def _spread(array: np.ndarray, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield an array of one number for each place of the second axis, spread over the others.

    An array of the result's own shape may be the difference for many reasons.
    """
    if array.dtype.kind in "iuf" and len(shape) in (2, 4) and array.shape == shape[1:2]:
        yield np.broadcast_to(array.reshape(-1, *[1] * (len(shape) - 2)), shape).astype(float)


def elementwise(
    aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """Each number is the same function of the right one."""
    if got.shape != expected.shape:
        return
    if got.ndim == 0 and not got:
        return
    known: list[tuple[np.ndarray, str]] = [
        (np.abs(expected), "the numbers of {what} have lost their signs: none is negative."),
        (np.maximum(expected, 0), "where {what} should be negative, it is 0."),
        (np.trunc(expected), _FRACTIONS),
        (np.round(expected), "the numbers of {what} are rounded to whole numbers."),
        (np.floor(expected), "the numbers of {what} are rounded down to whole numbers."),
        (expected**2, "{what} is the square of what it should be."),
        (np.sqrt(expected), "{what} is the square root of what it should be."),
        (np.log(expected), "{what} is the logarithm of what it should be."),
        (np.exp(expected), "{what} is `exp` of what it should be."),
        (1 - expected, "{what} is 1 minus what it should be."),
    ]
    if got.size > 1 and np.ptp(expected) > 0 and np.ptp(got) == 0:
        known = [(got, "all numbers of {what} are the same." if got.any() else _ALL_ZERO)]
    yield from (words for value, words in known if aspect.close(got, value))


_FRACTIONS = (
    "the numbers of {what} have lost their fractions. Of which type is the array that you fill? "
    "Print its `dtype`."
)
_ALL_ZERO = "all numbers of {what} are 0."


def running(
    aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """Sums or maxima that go on from number to number."""
    if got.shape != expected.shape or got.size < 3 or np.ptp(got) == 0:
        return
    for axes in (got.ndim, 2, 1):
        if axes > got.ndim or axes < 1:
            continue
        rows = expected.reshape(*expected.shape[: got.ndim - axes], -1)
        if aspect.close(got, np.cumsum(rows, axis=-1).reshape(got.shape)):
            yield (
                "each number of {what} contains all numbers before it: what is added up is not "
                "set back to 0 for each new one."
            )
        for accumulate, word in ((np.maximum, "largest"), (np.minimum, "smallest")):
            if aspect.close(got, accumulate.accumulate(rows, axis=-1).reshape(got.shape)):
                yield (
                    f"each number of {{what}} is the {word} of the right numbers so far: the "
                    f"{word} is not forgotten from one place to the next."
                )


NUMBERS: tuple[Relation, ...] = (factor, elementwise, summand, but_for_signs, running)
"""Relations between numbers that stand in the right places."""
