"""How a class is graded: what the instructor may choose, and no mark depends on."""

from __future__ import annotations

import dataclasses
from typing import Literal, get_args

from traitlets.config import Config

from autograder.grading.course import CourseError

Figures = Literal["all", "own", "none"]
"""Which figures are drawn into graded notebooks: "own" are those of cells that the student wrote
or changed; the course's own cells are then run without what they only show. No mark depends on it;
figures take most of the time."""

DEFAULT_FIGURES: Figures = "own"


@dataclasses.dataclass(frozen=True)
class GradingOptions:
    """Who grades a class, and how.

    ``workers`` sandboxes at a time on this machine; or, if ``scheduler`` is the address of a Dask
    scheduler, its workers, which get at most ``chunk`` submissions at a time. ``figures`` are
    drawn ("all", "own" or "none"); None stands for what ``nbgrader_config.py`` says. ``force``:
    what has been graded before and has not changed is graded again, too.
    """

    workers: int = 1
    scheduler: str | None = None
    chunk: int = 20
    figures: str | None = None
    force: bool = False


DEFAULT_OPTIONS = GradingOptions()


def figures_to_draw(settings: Config, choice: str | None = None) -> Figures:
    """Return which figures are drawn: ``choice``, or else what nbgrader's settings say.

    Raises :class:`~autograder.grading.course.CourseError` for anything else than a choice.
    """
    configured = settings.get("ExamineSubmission", {}).get("figures", DEFAULT_FIGURES)
    name = configured if choice is None else choice
    for figures in get_args(Figures):
        if figures == name:
            return figures  # type: ignore[no-any-return]
    choices = ", ".join(get_args(Figures))
    raise CourseError(f"{name!r} is no choice of figures to draw. The choices are: {choices}.")
