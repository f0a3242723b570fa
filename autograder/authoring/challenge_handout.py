"""What students get of the challenge: the pictures, and an entry to start from."""

from __future__ import annotations

from pathlib import Path

from autograder.challenge.declaration import NAME, load_challenge
from autograder.challenge.handout import HANDOUT
from autograder.whole_files import write_whole


def generate_handout(course: Path) -> None:
    """Write ``exercises/challenge/``; raises :class:`~autograder.chapter.SourceError`."""
    challenge = load_challenge(course)
    place = course / "exercises" / NAME
    write_whole(place / HANDOUT, challenge.handout().packed())
    for path in sorted((challenge.folder / "starter").glob("*.py")):
        write_whole(place / path.name, path.read_bytes())
