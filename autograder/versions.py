"""Whether the installed package fits an exercise: each says the version that it was made with."""

from __future__ import annotations

import re

import autograder


def misfit(made_with: str, installed: str = "") -> str:
    """Say, in words for students, that the package does not fit an exercise; "" where it does.

    It fits if it is not older, and if no mark may have changed in between: by the course's
    numbers (docs/releases.md), if the first part is the same, or the second while the first is 0.
    """
    installed = installed or autograder.__version__
    made, here = _numbers(made_with), _numbers(installed)
    if not made or (here >= made and _marks(here) == _marks(made)):
        return ""
    return (
        f"This exercise was made with version {made_with} of autograder, and version {installed} "
        "is installed. Install the one that came with the exercise: in the folder that you have "
        'unpacked, run `python -m pip install -e ".[notebook]"`. Then restart the kernel.'
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _marks(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Return the part of a version that changes with the marks."""
    return numbers[:1] if numbers[0] else numbers[:2]
