"""The explorers that ``explore(fn)`` opens: controls over the student's own function.

A problem chooses one by its kind (:data:`kinds.KINDS`) and may set its options (:mod:`options`).
Nothing in this package knows the answer to a task: every number comes from the student's function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from autograder.checks import Checks
from autograder.student.explorers.options import read_options
from autograder.values import Value

if TYPE_CHECKING:
    from autograder.student.explorers.base import Explorer


def open_explorer(function: Callable[..., Value], checks: Checks) -> Explorer:
    """Return the explorer of a task over ``function``; its ``widget`` can be displayed.

    Loads ipywidgets. Raises :class:`~autograder.student.explorers.options.ExplorerError` for a kind
    or an option that does not exist.
    """
    kind, options = read_options(checks.explorer or {})
    from autograder.student.explorers.kinds import KINDS

    return KINDS[kind](function, checks, options)
