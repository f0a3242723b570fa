"""What students get of the challenge: the pictures, and an entry to start from."""

from __future__ import annotations

from pathlib import Path

from autograder.challenge.declaration import NAME, load_challenge
from autograder.challenge.handout import HANDOUT


def generate_handout(course: Path) -> None:
    """Write ``exercises/challenge/``; raises :class:`~autograder.chapter.SourceError`."""
    challenge = load_challenge(course)
    place = course / "exercises" / NAME
    place.mkdir(parents=True, exist_ok=True)
    (place / HANDOUT).write_bytes(challenge.handout().packed())
    for path in sorted((challenge.folder / "starter").glob("*.py")):
        (place / path.name).write_bytes(path.read_bytes())
