"""The challenge as its author declares it, under the name ``CHALLENGE``.

It stands in ``solutions/challenge/declared.py``; a course may have none.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from autograder.challenge.entry import Entry, Rules, read_folder
from autograder.challenge.handout import Handout
from autograder.chapter import SourceError, import_module
from autograder.course_settings import load_course_settings
from autograder.problems import VISIBLE_SEED, Random

NAME = "challenge"
"""What the challenge is called where chapters have their names: folders, commands, settings."""

MODULE = f"solutions.{NAME}.declared"

Draw = Callable[[int, Random], tuple[np.ndarray, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """Pictures (N, H, W), uint8, and their labels (N,), which never enter the sandbox."""

    pictures: np.ndarray
    labels: np.ndarray

    @property
    def digest(self) -> str:
        """A hash of the pictures and the labels."""
        return hashlib.sha256(self.pictures.tobytes() + self.labels.tobytes()).hexdigest()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Challenge:
    """The challenge: how pictures are drawn, how many there are, what entries may use.

    ``folder`` holds ``starter/``, which students get, and ``baselines/``, entries of the course's
    own; ``baselines`` has their titles by the names of their folders.
    """

    folder: Path
    draw: Draw
    rules: Rules
    training: int
    validation: int
    baselines: Mapping[str, str]

    def handout(self) -> Handout:
        """Return what students get: the same whenever it is drawn."""
        rng = np.random.default_rng(VISIBLE_SEED)
        training, validation = self.draw(self.training, rng), self.draw(self.validation, rng)
        return Handout(*training, *validation, self.rules)

    def held_out(self, seed: int) -> HeldOut:
        """Draw the pictures of a test; nobody can without its seed."""
        return HeldOut(*self.draw(self.rules.pictures, np.random.default_rng(seed)))

    def baseline(self, name: str) -> Entry:
        """Read one of the course's own entries."""
        return read_folder(self.folder / "baselines" / name)


def in_use(course: Path) -> bool:
    """Whether a course has a challenge, and its settings do not leave it out."""
    declared = course / "solutions" / NAME / "declared.py"
    return declared.is_file() and load_course_settings(course).challenge.use


def load_challenge(course: Path) -> Challenge:
    """Import the challenge of a course; raises :class:`~autograder.chapter.SourceError`."""
    challenge = getattr(import_module(course.resolve(), MODULE), "CHALLENGE", None)
    if not isinstance(challenge, Challenge):
        path = course / "solutions" / NAME / "declared.py"
        raise SourceError(path, 1, "it has no CHALLENGE = Challenge(...)")
    return challenge
