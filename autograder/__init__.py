"""Checks for the exercises of the course, in the notebook and for grading.

Students use ``check`` and ``explore``, and ``own_functions`` in notebooks that go on with what an
exercise has made. Taking them from here loads NumPy and nothing heavier, and in a notebook prepares
it (:func:`load_ipython_extension`). ``import autograder`` alone loads nothing and changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.student.check import check
    from autograder.student.explore import explore
    from autograder.student.own_functions import own_functions

__all__ = ["check", "explore", "own_functions"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load what students use, once it is asked for."""
    if name == "check":
        from autograder.student.check import check
        from autograder.student.notebook import running_shell

        shell = running_shell()
        if shell is not None:
            load_ipython_extension(shell)
        return check
    if name == "explore":
        from autograder.student.explore import explore

        return explore
    if name == "own_functions":
        from autograder.student.own_functions import own_functions

        return own_functions
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """Let a notebook explain, from now on, functions and packages that are missing.

    IPython calls it for ``%load_ext autograder``, and ``from autograder import check`` does where
    a notebook is running.
    """
    from autograder.student.check import check
    from autograder.student.notebook import explain_what_is_missing

    explain_what_is_missing(shell, check.checks, check.report_on_import)
