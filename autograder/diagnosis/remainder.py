"""A misconception of the catalog with another mistake on top: the relation is to its results."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from autograder.checks import Checks, Raised
from autograder.diagnosis.evidence import Answer, Aspect, pick
from autograder.diagnosis.finding import Finding
from autograder.diagnosis.rearrangements import order_of_axes
from autograder.diagnosis.relations import Relation, strongest
from autograder.diagnosis.shapes import one_short, without_ones


def _signs_lost(
    aspect: Aspect, _answer: Answer, got: np.ndarray, other: np.ndarray
) -> Iterator[str]:
    if got.shape == other.shape and got.ndim and aspect.close(got, np.abs(other)):
        yield "And the numbers of {what} have lost their signs: none is negative."


def _ones_lost(aspect: Aspect, answer: Answer, got: np.ndarray, other: np.ndarray) -> Iterator[str]:
    for _ in without_ones(aspect, answer, got, other):
        yield f"And {{what}} has axes of length 1 too {'many' if got.ndim > other.ndim else 'few'}."


def _multiplied(
    aspect: Aspect, _answer: Answer, got: np.ndarray, other: np.ndarray
) -> Iterator[str]:
    if got.shape == other.shape:
        for ratio, words in ((2, "2 times"), (0.5, "half of")):
            if other.any() and aspect.close(got, ratio * other):
                yield f"And every number of {{what}} is {words} what this mistake alone would give."


ON_TOP: tuple[Relation, ...] = (order_of_axes, _ones_lost, one_short, _signs_lost, _multiplied)
"""What a second mistake may have made of the first one's results.

Others, such as any factor or rows cut off, would turn one entry of the catalog into another.
"""


def remainder(checks: Checks, aspects: Sequence[Aspect]) -> Finding | None:
    """Return the misconception of which the student's results are another form.

    The relation has to hold for all failing cases: it is looked for among many.
    """
    for aspect in aspects:
        failing = [answer for answer in aspect.failing if answer.failed is None]
        if len(failing) < 2 or len(failing) < len(aspect.failing):
            continue
        for name in checks.hints:
            wrong = [answer.case.wrong.get(name, answer.case.expected) for answer in failing]
            shows = sum(name in answer.case.wrong for answer in failing)
            if any(isinstance(value, Raised) for value in wrong) or 2 * shows <= len(failing):
                continue
            answers = tuple(
                dataclasses.replace(answer, expected=pick(value, aspect.path))
                for answer, value in zip(failing, wrong, strict=True)
            )
            on_top = strongest(dataclasses.replace(aspect, answers=answers), ON_TOP, "remainder")
            if on_top is not None and on_top.explained == on_top.of:
                count, first = len(failing), failing[0].case
                words = f"{checks.hints[name]} {on_top.words}"
                return Finding(
                    "remainder", words, count, aspect.of, first, name, False, aspect.path
                )
    return None
