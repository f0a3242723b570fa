"""The tests, in folders as the packages."""

from pathlib import Path

COURSE = Path(__file__).parents[1]
"""The root of the repository."""
