"""``explore(fn)``: play with a function you built, once it passes its check."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

from autograder.report_lines import Line, Report
from autograder.student.check import CannotCheck, Check, check
from autograder.student.notebook import running_shell, show
from autograder.values import Value


def explore(function: Callable[..., Value]) -> None:
    """Open controls over ``function``, once it passes its check.

    The pictures and numbers come from the student's own function. Before it passes, and where
    there is no notebook, one line says so; nothing is raised.
    """
    refusal = _refusal(function, check)
    if refusal is not None:
        show(refusal)
        return
    from IPython.display import display

    from autograder.student.explorers import open_explorer

    display(open_explorer(function, check.find(function)).widget)


def _refusal(function: Callable[..., Value], check: Check) -> Report | None:
    """Say why no explorer opens, or return None."""
    try:
        checks = check.find(function)
    except CannotCheck as problem:
        return problem.report
    name = checks.function
    if not checks.explorer:
        return Report(f"{name}: there is nothing to explore for this task.", "note")
    if not check.passes(function):
        return Report(f"{name}: explore opens once check({name}) passes.", "note")
    if running_shell() is None:
        return Report(f"{name}: explore needs a notebook.", "note")
    if importlib.util.find_spec("ipywidgets") is None:
        return Report(
            f"{name}: explore needs ipywidgets.",
            "note",
            (Line("%pip install ipywidgets", code=True),),
        )
    return None
