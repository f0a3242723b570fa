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
from autograder.diagnosis.quantities import NAMES, arrays_of, axis_names, name_of, quantities

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
        fewest = {"relation": 1, "place": 3}.get(rule, 2)
        if count < fewest or 2 * count < len(failing) or (best is not None and count <= best[0]):
            continue
        if _is_evidence(aspect, sentence, sentences, count):
            best = count, sentence
    if best is None:
        return None
    count, sentence = best
    first = next(a for a, s in zip(failing, sentences, strict=True) if sentence in s)
    return Finding(rule, subject(aspect, sentence), count, aspect.of or len(failing), first.case)


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
    if aspect.close(got, -expected):
        yield "every number of {what} has the wrong sign."
        return
    simple = Fraction(ratio).limit_denominator(64)
    if abs(float(simple) - ratio) <= 1e-5 * abs(ratio):
        yield f"every number of {{what}} is {simple} times what it should be."
    sizes = {k: v for k, v in quantities(answer.case).items() if v > 1 and k in NAMES}
    called = {letter: name_of(letter, answer.case) for letter in sizes}
    for letter, size in sizes.items():
        for value, words in ((size, "too large"), (1 / size, "too small")):
            if abs(ratio - value) <= 1e-5 * value:
                yield f"every number of {{what}} is {words}, by the factor {called[letter]}."
    for many, few in itertools.permutations(sizes, 2):
        if abs(ratio - sizes[many] / sizes[few]) <= 1e-5 * ratio:
            yield (
                f"{{what}} is divided by {called[few]}, where {called[many]} would give the right "
                "numbers."
            )


def summand(aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """An argument, or the same number everywhere, is added or missing."""
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
        return
    more = "large" if difference.flat[0] > 0 else "small"
    yield f"all numbers of {{what}} are too {more} by the same amount."


def _spread(array: np.ndarray, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield an array spread to a shape: as it is, or one number for each of the second axis."""
    if array.shape == shape and array.dtype.kind in "iuf":
        yield array.astype(float)
    elif array.dtype.kind in "iuf" and len(shape) in (2, 4) and array.shape == shape[1:2]:
        yield np.broadcast_to(array.reshape(-1, *[1] * (len(shape) - 2)), shape).astype(float)


def elementwise(
    aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """Each number is the same function of the right one."""
    if got.shape != expected.shape:
        return
    known: list[tuple[np.ndarray, str]] = [
        (np.abs(expected), "the numbers of {what} have lost their signs: none is negative."),
        (np.maximum(expected, 0), "where {what} should be negative, it is 0."),
        (np.trunc(expected), "the numbers of {what} have lost their fractions."),
        (np.round(expected), "the numbers of {what} are rounded to whole numbers."),
        (np.floor(expected), "the numbers of {what} are rounded down to whole numbers."),
        (expected**2, "{what} is the square of what it should be."),
        (np.sqrt(expected), "{what} is the square root of what it should be."),
        (np.log(expected), "{what} is the logarithm of what it should be."),
        (np.exp(expected), "{what} is `exp` of what it should be."),
        (1 - expected, "{what} is 1 minus what it should be."),
    ]
    yield from (words for value, words in known if aspect.close(got, value))


def running(aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """Sums or maxima that go on from number to number."""
    if got.shape != expected.shape or got.size < 3:
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


# The right numbers in other places


def order_of_axes(
    aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """The axes are exchanged."""
    if not 2 <= expected.ndim <= 4 or got.ndim != expected.ndim:
        return
    names = axis_names(answer.case, aspect.name, expected.ndim)
    plural = [f"{name}s" for name in names]
    for axes in itertools.permutations(range(expected.ndim)):
        moved = expected.transpose(axes)
        if axes == tuple(range(expected.ndim)) or moved.shape != got.shape:
            continue
        if aspect.close(got, moved):
            changed = [axis for position, axis in enumerate(axes) if axis != position]
            if len(changed) == 2:
                first, second = sorted(changed)
                yield f"in {{what}} {plural[first]} and {plural[second]} are exchanged."
            else:
                order = ", ".join(names[axis] for axis in axes)
                yield (
                    f"the axes of {{what}} stand in the order ({order}); it should be "
                    f"({', '.join(names)})."
                )


def mirrored(
    aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """Axes run backward, or the map is turned."""
    if got.shape != expected.shape or got.ndim == 0:
        return
    names = axis_names(answer.case, aspect.name, got.ndim)
    for axis in range(got.ndim):
        if got.shape[axis] > 1 and aspect.close(got, np.flip(expected, axis)):
            yield f"in {{what}} the {names[axis]}s stand in reverse order."
    if got.ndim >= 2 and min(got.shape[-2:]) > 1:
        if aspect.close(got, np.flip(expected, (-2, -1))):
            yield "{what} is turned by half: its rows and its columns stand in reverse order."
        if got.shape[-1] == got.shape[-2]:
            for turns in (1, 3):
                if aspect.close(got, np.rot90(expected, turns, (-2, -1))):
                    yield "{what} is turned by a quarter."


def shifted(aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """The right numbers stand a few rows or columns away."""
    if got.shape != expected.shape or got.ndim < 2 or got.ndim > 4:
        return
    height, width = got.shape[-2:]
    for down, right in itertools.product(range(-2, 3), range(-2, 3)):
        if (down, right) == (0, 0) or abs(down) >= height or abs(right) >= width:
            continue
        theirs = _overlap(expected, -down, -right)
        mine = _overlap(got, down, right)
        if 2 * mine.size >= got.size and np.ptp(mine) > 0 and aspect.close(mine, theirs):
            steps = [
                _steps(abs(down), "row", "down" if down > 0 else "up"),
                _steps(abs(right), "column", "to the right" if right > 0 else "to the left"),
            ]
            yield f"{{what}} is shifted: {' and '.join(filter(None, steps))}."


def _overlap(array: np.ndarray, down: int, right: int) -> np.ndarray:
    """Return what is left of an array when it is moved out of its frame by so much."""
    height, width = array.shape[-2:]
    return array[..., max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]


def _steps(count: int, what: str, where: str) -> str:
    number = {0: "", 1: f"one {what}", 2: f"two {what}s"}[count]
    return f"{number} {where}" if number else ""


def slices(aspect: Aspect, answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """Whole images, maps or rows are right, and stand in others' places."""
    if got.shape != expected.shape or got.ndim == 0:
        return
    names = axis_names(answer.case, aspect.name, got.ndim)
    for axis, length in enumerate(got.shape):
        if length < 2 or got.size // length < 3:
            continue
        mine, theirs = np.moveaxis(got, axis, 0), np.moveaxis(expected, axis, 0)
        source = [
            next((j for j in range(length) if aspect.close(part, theirs[j])), None) for part in mine
        ]
        if None in source or any(
            aspect.close(theirs[i], theirs[j]) for i in range(length) for j in range(i)
        ):
            continue
        name = names[axis]
        if len(set(source)) == 1:
            which = {0: "first", length - 1: "last"}.get(source[0] or 0)
            if which:
                yield f"every {name} of {{what}} holds what belongs to the {which} {name}."
        elif len(set(source)) == length:
            yield f"the {name}s of {{what}} are right, but they stand in another order."
        else:
            yield f"some {name}s of {{what}} hold what belongs to another {name}."


def reshaped(
    aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray
) -> Iterator[str]:
    """All numbers are right, and stand in wrong places."""
    if got.size != expected.size or got.size < 4 or len(np.unique(expected)) < 4:
        return
    if not aspect.close(np.sort(got, axis=None), np.sort(expected, axis=None)):
        return
    if aspect.close(got.ravel(), expected.ravel()):
        return
    for axes in itertools.permutations(range(expected.ndim)):
        if axes != tuple(range(expected.ndim)) and aspect.close(
            got.ravel(), expected.transpose(axes).ravel()
        ):
            yield (
                "{what} holds the right numbers in the wrong places, as after a `reshape` where "
                "an axis should have been moved: `reshape` moves no axis, `transpose` does."
            )
            break
    yield (
        "{what} holds the right numbers, all of them, in the wrong places: in which order do they "
        "come, and in which order are they put down?"
    )


def moved(aspect: Aspect, _answer: Answer, got: np.ndarray, expected: np.ndarray) -> Iterator[str]:
    """Each map has the right sum: everything arrives, and not where it should."""
    if got.shape != expected.shape or got.ndim != 4 or got.shape[-1] < 2:
        return
    mine, due = got.sum(axis=(2, 3)), expected.sum(axis=(2, 3))
    if due.any() and aspect.close(mine, due):
        yield (
            "the numbers in each map of {what} add up to the right sum, but they stand in the "
            "wrong places. Where does each window begin, and which place in it do you mean?"
        )


RELATIONS: tuple[Relation, ...] = (
    factor,
    elementwise,
    summand,
    running,
    order_of_axes,
    mirrored,
    shifted,
    slices,
)
"""Relations between numbers in which the shape is right, or has its axes exchanged."""

LAST: tuple[Relation, ...] = (reshaped, moved)
"""What is true of some other relations, too."""
