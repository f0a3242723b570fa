"""The challenge of a class: every entry is scored once, and a few of a student's at most."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.challenge.declaration import (
    NAME,
    Challenge,
    HeldOut,
    in_use,
    load_challenge,
)
from autograder.challenge.entry import FILES, MAX_FILE, Entry, Refused, read_entry
from autograder.challenge.judging import Score
from autograder.chapter import Limits
from autograder.course_settings import FILE_NAME, ChallengeSettings, load_course_settings
from autograder.grading.batch import note_of, students_of
from autograder.grading.challenge_run import run_entry
from autograder.grading.course import Course, CourseError
from autograder.grading.sandbox import Sandbox, SandboxBroken
from autograder.grading.submission import read_file
from autograder.grading.submitted_notebook import UnreadableSubmission
from autograder.whole_files import write_whole

PACKAGES = ("numpy",)
"""What entries may import beside Python's own library."""


@dataclasses.dataclass(frozen=True)
class Attempt:
    """An entry that was run: its score, or why it has none."""

    digest: str
    size: int
    parameters: int
    score: Score | None
    refusal: str = ""

    @classmethod
    def of_fields(cls, fields: Mapping[str, Any]) -> Attempt:
        """Return what a note says of an attempt."""
        score = Score(**fields["score"]) if fields["score"] is not None else None
        return cls(**{**fields, "score": score})


@dataclasses.dataclass(frozen=True)
class Standing:
    """How a student stands: the attempt that counts, None if none has been scored.

    ``used`` is how many attempts have been scored; ``remark`` is what is to be said of what was
    handed in last.
    """

    student: str
    nickname: str
    attempt: Attempt | None
    used: int = 0
    remark: str = ""


@dataclasses.dataclass(frozen=True)
class Note:
    """What is kept of a student, or of a baseline: all attempts on one test set, in their order."""

    held_out: str
    attempts: tuple[Attempt, ...] = ()

    @property
    def scored(self) -> list[Attempt]:
        """The attempts that have a score."""
        return [attempt for attempt in self.attempts if attempt.score is not None]

    def of(self, entry: Entry) -> Attempt | None:
        """Return the attempt with an entry, if there was one."""
        return next((known for known in self.attempts if known.digest == entry.digest), None)


def challenge_of(course: Course) -> tuple[Challenge, ChallengeSettings]:
    """Return the challenge of a course and its settings; raises CourseError if it has none."""
    if not in_use(course.root):
        raise CourseError(
            f"This course has no challenge: solutions/{NAME} is missing, or {FILE_NAME} says "
            "`use = false`."
        )
    return load_challenge(course.root), load_course_settings(course.root).challenge


@dataclasses.dataclass
class Scoring:
    """Scores entries of a class on the test set that the course's secret gives.

    Use as a context manager: the sandbox is started for the first entry that has to be run.
    """

    course: Course
    challenge: Challenge
    settings: ChallengeSettings
    held_out: HeldOut
    again: bool = False
    _sandbox: Sandbox | None = None

    @classmethod
    def of(cls, course: Course, again: bool = False) -> Scoring:
        """Return what scores the entries of a course; ``again``: also those that were refused."""
        challenge, settings = challenge_of(course)
        held_out = challenge.held_out(course.seed(NAME, "", "held-out test"))
        return cls(course, challenge, settings, held_out, again)

    def __enter__(self) -> Scoring:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end_sandbox()

    def standings(self, students: Iterable[str]) -> Iterator[Standing]:
        """Score what students have handed in, unless that has been done; yield how they stand."""
        for student in students:
            yield self._standing(student)

    def baselines(self) -> Iterator[Standing]:
        """Yield how the course's own entries stand."""
        for name, title in self.challenge.baselines.items():
            entry = self.challenge.baseline(name)
            attempt = self._attempt(entry, self.course.notes / f"{NAME}-{name}.json", most=None)
            assert attempt is not None
            yield Standing("", title, attempt, remark=attempt.refusal)

    def _standing(self, student: str) -> Standing:
        folder, path = self.course.submitted(student, NAME), note_of(self.course, NAME, student)
        nickname, entry, remark = "", None, ""
        try:
            entry = read_entry(_files(folder))
            nickname = entry.nickname
            entry.require(self.challenge.rules)
        except Refused as refusal:
            entry, remark = None, str(refusal)
        most = self.settings.attempts
        attempt = self._attempt(entry, path, most) if entry is not None else None
        note = _read_note(path, self.held_out.digest)
        if entry is not None and attempt is None:
            remark = f"All {most} attempts are used: the last one that was scored counts."
        elif attempt is not None:
            remark = attempt.refusal
        if attempt is None or attempt.score is None:
            attempt = note.scored[-1] if note.scored else None
        nickname = self._called(student, nickname)
        return Standing(student, nickname, attempt, len(note.scored), remark)

    def _called(self, student: str, nickname: str) -> str:
        """Return what a student is called on the leaderboard: nobody is guessed from it."""
        if nickname:
            return nickname
        digest = hmac.digest(self.course.secret(), f"nickname {student}".encode(), hashlib.sha256)
        return f"anonymous {digest.hex()[:4]}"

    def _attempt(self, entry: Entry, path: Path, most: int | None) -> Attempt | None:
        """Return the attempt with an entry; None if no more than ``most`` may be scored."""
        note = _read_note(path, self.held_out.digest)
        attempt = note.of(entry)
        if attempt is not None and not (self.again and attempt.score is None):
            return attempt
        if most is not None and len(note.scored) >= most:
            return None
        others = tuple(known for known in note.attempts if known is not attempt)
        attempt = self._run(entry)
        note = dataclasses.replace(note, attempts=(*others, attempt))
        write_whole(path, json.dumps(dataclasses.asdict(note), indent=1))
        return attempt

    def _run(self, entry: Entry) -> Attempt:
        if self._sandbox is None:
            limits = Limits(memory=1024, total_seconds=2 * self.challenge.rules.seconds)
            self._sandbox = Sandbox(PACKAGES, limits=limits)
        score, refusal = None, ""
        try:
            score = run_entry(self._sandbox, entry, self.held_out, self.challenge.rules)
        except Refused as error:
            refusal = str(error)
        except SandboxBroken:
            refusal = "The sandbox ended while it ran."
            self._end_sandbox()
        return Attempt(entry.digest, entry.size, entry.parameters, score, refusal)

    def _end_sandbox(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None


def score_class(
    course: Course,
    students: Iterable[str] | None = None,
    again: bool = False,
    on_standing: Callable[[Standing], None] = lambda standing: None,
) -> list[Standing]:
    """Score the entries of a class, and the course's own; return how the students stand.

    What was scored before is not scored again; ``again`` runs those anew that were refused.
    Raises :class:`~autograder.grading.course.CourseError`, and
    :class:`~autograder.grading.container.SandboxUnavailable`.
    """
    standings = []
    with Scoring.of(course, again) as scoring:
        for _ in scoring.baselines():
            pass  # scored now, so that a report needs no sandbox
        for standing in scoring.standings(
            students_of(course, NAME) if students is None else students
        ):
            standings.append(standing)
            on_standing(standing)
    return standings


def _files(folder: Path) -> dict[str, bytes]:
    """Read the files of an entry; raises Refused for one that is no regular file, or too large."""
    if folder.is_symlink() or not folder.is_dir():
        raise Refused("Nothing was handed in.")
    files = {}
    for name in FILES:
        if (folder / name).exists() or (folder / name).is_symlink():
            try:
                files[name] = read_file(folder / name, MAX_FILE)
            except UnreadableSubmission as error:
                raise Refused(str(error)) from error
    return files


def _read_note(path: Path, held_out: str) -> Note:
    """Return what is noted of the attempts on a test set; nothing if that is another one."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        attempts = tuple(map(Attempt.of_fields, fields["attempts"]))
        note = Note(fields["held_out"], attempts)
    except FileNotFoundError:
        return Note(held_out)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CourseError(f"{path} cannot be read ({error}): delete it to score again.") from error
    return note if note.held_out == held_out else Note(held_out)
