"""Checks for the exercises of the course, in the notebook and for grading.

Students use two names: ``check`` and ``explore``. Importing them loads NumPy and nothing heavier.
"""

from autograder.student.check import check
from autograder.student.explore import explore

__all__ = ["check", "explore"]
__version__ = "0.1.0"

check.explain_missing_functions()
