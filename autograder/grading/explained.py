"""What explained wrong answers: the rules of the diagnosis and other reasons, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from autograder.grading.results import TaskResult

RULES = {
    "misconception": "the catalog: the results of a misconception",
    "part": "the catalog: one of several results is that of a misconception",
    "shape of the catalog": "the catalog: the shapes of a misconception",
    "pattern": "the catalog: the pattern of failing cases",
    "remainder": "the catalog and one relation more",
    "relation": "a relation between what was got and what was expected",
    "shape": "a relation between the shapes",
    "place": "where the wrong numbers stand",
    "property": "a property that exactly the failing cases have",
    "exception": "advice on an exception",
    "type": "the type of the result",
    "precision": "a type with too few digits",
    "changed input": "the input is changed in place",
    "changing": "answers that change from call to call",
    "timed out": "it took too long",
    "crash": "it ended Python",
    "missing": "there is no function of that name",
    "not done": "not done yet",
    "": "nothing",
}
"""What explained wrong answers, in the order of reports."""

ENDED = ("timed out", "crash")
"""Rules that say that a function had to be stopped, or stopped Python."""

UNTRIED = ("not done", "missing")
"""Rules that say that a student has not answered: nothing has to be explained."""


def rule_of(result: TaskResult) -> str:
    """Return the rule that spoke; results of earlier versions say no more than a misconception."""
    if result.misconception and result.rule in ("", "shape"):
        return "shape of the catalog" if result.rule else "misconception"
    return result.rule


def is_tried(result: TaskResult) -> bool:
    """Whether a student has answered, as far as that was noted."""
    noted = result.cases or result.misconception
    return bool(noted) and rule_of(result) not in UNTRIED


def is_unexplained(result: TaskResult) -> bool:
    """Whether nothing explained a wrong answer; not of results that do not say which rule spoke."""
    return not result.passed and is_tried(result) and not rule_of(result)


def rule_counts(results: Iterable[TaskResult]) -> list[tuple[str, int]]:
    """Return how many wrong answers each rule explained, without those that were not tried."""
    counts = Counter(
        rule_of(result) for result in results if not result.passed and is_tried(result)
    )
    return [(words, counts[rule]) for rule, words in RULES.items() if counts[rule]]
