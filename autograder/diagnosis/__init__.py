"""What is wrong with a function, from what it gives in all cases: NumPy, and no solution.

The rules in the order in which they are asked, each in a module: what the catalog knows exactly; a
relation between what was got and what was expected, or the arguments; where the wrong numbers
stand; what the failing cases have in common. The first that has evidence speaks, and no other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from autograder.advice import speaks_for_itself
from autograder.checks import Checks
from autograder.diagnosis import catalog
from autograder.diagnosis.arguments import ARGUMENTS, OFTEN
from autograder.diagnosis.entries import entries, one_kind_of_layers, order_of_results, words
from autograder.diagnosis.evidence import Aspect, aspects
from autograder.diagnosis.finding import Finding
from autograder.diagnosis.lines import LINES, some_factor
from autograder.diagnosis.places import PLACES
from autograder.diagnosis.rearrangements import LAST, REARRANGEMENTS
from autograder.diagnosis.relations import NUMBERS, in_the_first_row, strongest
from autograder.diagnosis.remainder import remainder
from autograder.diagnosis.shapes import LENGTHS, WITH_NUMBERS, axes_only, window_counts
from autograder.diagnosis.shared import shared_property
from autograder.outcomes import Outcome, Returned

catalog_hint = catalog.misconception

__all__ = ["Finding", "catalog_hint", "diagnose"]


def diagnose(checks: Checks, outcomes: Sequence[Outcome]) -> Finding | None:
    """Return what explains the cases that were not passed, None where nothing is sure.

    Cases that were not called, or did not come back, are left out.
    """
    views = aspects(checks, outcomes)
    if not views[0].failing:
        return None
    exact = catalog.misconception(checks, outcomes)
    if exact is not None or any(map(_is_explained, outcomes)):
        return exact
    return next(
        (finding for rule in _rules(checks, views) if (finding := rule()) is not None), None
    )


def _is_explained(outcome: Outcome) -> bool:
    """Whether something else than a rule says what is wrong: input changed, answers that change."""
    ending = outcome.ending
    changed = isinstance(ending, Returned) and ending.changed and not outcome.passed
    return bool(changed) or outcome.verdict in ("changing", "not done", "timed out")


def _rules(checks: Checks, views: Sequence[Aspect]) -> Iterator[Callable[[], Finding | None]]:
    whole = views[0]
    wrong = [view for view in views if any(a.failed is None for a in view.failing)]
    yield lambda: order_of_results(checks, whole)
    yield lambda: catalog.part(checks, views) or one_kind_of_layers(checks, whole)
    first = whole.failing[0].failed
    if first is not None and speaks_for_itself(first):
        return
    relations = (*NUMBERS, *ARGUMENTS, *REARRANGEMENTS, *WITH_NUMBERS, *LAST)
    for view in wrong:
        yield partial(strongest, view, relations, "relation")
    yield lambda: remainder(checks, wrong)
    yield lambda: catalog.beginning(checks, views)
    for view in wrong:
        yield partial(strongest, view, (*OFTEN, *LINES, in_the_first_row), "relation")
    for view in wrong:
        yield partial(strongest, _returned(view), (window_counts,), "shape")
        yield partial(strongest, view, (axes_only,), "shape")
    yield lambda: entries(checks, whole)
    yield lambda: words(whole)
    for view in wrong:
        yield partial(strongest, view, LENGTHS, "shape")
    for view in wrong:
        yield partial(strongest, view, PLACES, "place")
    yield lambda: shared_property(next((view for view in wrong if view.others_right), whole))
    for view in wrong:
        yield partial(strongest, view, (some_factor,), "relation")
    for view in wrong:
        if view.path:
            yield partial(shared_property, view)
    yield lambda: _wrong_parts(whole, views[1:])


def _returned(view: Aspect) -> Aspect:
    """Leave out exceptions: a wrong shape may be one's own in some cases, and raise in others."""
    answers = tuple(answer for answer in view.answers if answer.failed is None)
    return dataclasses.replace(view, answers=answers, of=len(view.failing))


def _wrong_parts(whole: Aspect, parts: Sequence[Aspect]) -> Finding | None:
    """Say which of several results are wrong, where the others are right in all cases."""
    right = {_dictionary(part) for part in parts if not part.failing}
    wrong = [part for part in parts if part.failing]
    # All entries of a dictionary are one result.
    called = (part.name if _dictionary(part) in right else _dictionary(part) for part in wrong)
    names = [f"`{name}`" for name in dict.fromkeys(called)]
    failing = whole.failing
    if any(answer.failed for answer in failing) or not right or not 1 <= len(names) <= MOST_PARTS:
        return None
    if len(failing) < 2 and len(names) < 2:
        return None
    be = "is" if len(names) == 1 else "are"
    text = f"Of the results only {' and '.join(names)} {be} wrong."
    return Finding("place", text, len(failing), len(failing), failing[0].case)


MOST_PARTS = 2
"""Of more wrong results the list says little."""


def _dictionary(part: Aspect) -> str:
    """Return the name of the dictionary that a part is an entry of, else its own."""
    return part.name.partition("[")[0]
