"""What a diagnosis has found: the rule, its words, and how much it explains."""

from __future__ import annotations

import dataclasses
from typing import Literal

from autograder.checks import CheckedCase

Rule = Literal["misconception", "part", "shape", "relation", "place", "remainder", "property"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """What explains a function's failing cases.

    ``words`` are for the student. ``explained`` of the ``of`` failing cases that were looked at
    fit; ``case`` is the first of them. ``misconception`` is the entry of the catalog whose hint the
    words are. ``whole``: nothing else seems to be wrong with the cases that fit. ``path`` leads to
    the part of the result that the words are about.
    """

    rule: Rule
    words: str
    explained: int
    of: int
    case: CheckedCase = dataclasses.field(compare=False, repr=False)
    misconception: str | None = None
    whole: bool = True
    path: tuple[int | str, ...] = ()

    @property
    def label(self) -> str:
        """What stands before the words: a hint is the catalog's, a clue is an observation."""
        return "Hint" if self.misconception else "Clue"

    @property
    def remains(self) -> str:
        """A sentence on what is left to explain; empty where that is nothing."""
        if self.explained < self.of:
            return (
                f"It shows in {self.explained} of {self.of} failing cases. Mend it first, and "
                "check again: what is left may follow from it, or have another cause."
            )
        if self.whole:
            return ""
        return "Mend this first, and check again: something else may be wrong, too."
