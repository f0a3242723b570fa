"""The attempts of one student: the newest where it is graded, every one kept."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from autograder.challenge.declaration import NAME as CHALLENGE
from autograder.challenge.entry import CODE
from autograder.challenge.entry import FILES as ENTRY_FILES
from autograder.grading.course import Course
from autograder.grading.handed_in import TIMESTAMP, UnclearTime, handed_in
from autograder.grading.submitted_text import one_line
from autograder.teaching.attempts import Attempt
from autograder.teaching.collect_report import Report
from autograder.teaching.notebook_names import (
    best_first,
    copies,
    fault_of,
    holds_answers,
    is_notebook,
    stamp_of,
)
from autograder.teaching.zip_files import CollectError
from autograder.whole_files import write_whole

ATTEMPTS = "attempts"
"""The folder with all attempts, in the folder of notes."""

SECRET = "submission_secret.txt"
"""Nbgrader's exchange puts it beside a submission: it names the student's feedback."""

PLATFORMS_OWN = (TIMESTAMP, SECRET)
"""Files that count, so students may not hand them in."""


@dataclasses.dataclass(frozen=True)
class ReadAttempt:
    """An attempt that has been read: its files under the names that grading expects."""

    attempt: Attempt
    files: Mapping[str, bytes]
    moment: datetime.datetime | None

    @property
    def digest(self) -> str:
        """A hash of what the student handed in; when does not matter."""
        digest = hashlib.sha256()
        for name in sorted(set(self.files) - set(PLATFORMS_OWN)):
            digest.update(f"{len(self.files[name])}:{name}\0".encode())
            digest.update(self.files[name])
        return digest.hexdigest()[:24]

    @property
    def rank(self) -> tuple[bool, datetime.datetime, int]:
        """Attempts in order: those without a time first, then by time, then as numbered."""
        start = datetime.datetime.min.replace(tzinfo=datetime.UTC)
        return (self.moment is not None, self.moment or start, self.attempt.order)


@dataclasses.dataclass(frozen=True)
class Placing:
    """Puts the attempts of one student in place."""

    course: Course
    chapter: str
    student: str
    cells: set[str]
    release: str
    report: Report

    def place(self, attempts: Iterable[Attempt]) -> None:
        """Keep all attempts; put the newest in ``submitted/`` if it has not been collected yet."""
        read = sorted(
            (self._read(attempt) for attempt in attempts), key=lambda notebook: notebook.rank
        )
        name = one_line(self.student)
        current = self._current()
        newest, different = read[-1], {notebook.digest: notebook for notebook in read}
        if len(different) > 1:
            self.report.earlier.append(f"{name}: {len(different) - 1}")
        if any(notebook.attempt.late for notebook in read):
            self.report.late.append(name)
        news = [notebook for notebook in read if not self._kept(notebook).exists()]
        for notebook in news:
            if notebook.digest != newest.digest:
                self._keep(notebook)
        if current is not None and current.digest == newest.digest:
            self.report.unchanged.append(name)
        elif newest not in news:
            self.report.unchanged.append(name)
            if current is not None:
                self.report.remarks.append(
                    f"{name}: {self._folder} is not as it was collected; it stays as it is"
                )
            else:
                self._put(newest)
        elif current is not None and current.rank > newest.rank and newest.moment is not None:
            self.report.earlier.append(f"{name}: older than what lies in {self._folder}")
        else:
            if current is not None:
                self._keep(current)
            self._put(newest)
            when = f" at {newest.moment:%Y-%m-%d %H:%M %Z}" if newest.moment else ""
            (self.report.new if current is None else self.report.newer).append(f"{name}{when}")
        # Last: what is kept counts as collected, and a collecting may be killed before.
        self._keep(newest)
        self._look_at(newest)

    @property
    def _folder(self) -> Path:
        return self.course.submitted(self.student, self.chapter)

    def _kept(self, attempt: ReadAttempt) -> Path:
        folder = self.course.notes / ATTEMPTS / self.chapter / self.student
        return folder / attempt.digest

    def _current(self) -> ReadAttempt | None:
        """Return what lies in ``submitted/`` now."""
        if not self._folder.is_dir():
            return None
        files = {
            path.relative_to(self._folder).as_posix(): path.read_bytes()
            for path in sorted(self._folder.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }
        return ReadAttempt(Attempt("", "", ()), files, self._moment(files))

    def _moment(self, files: Mapping[str, bytes]) -> datetime.datetime | None:
        try:
            moment = handed_in(files)
        except UnclearTime as error:
            self.report.remarks.append(f"{one_line(self.student)}: {error}")
            return None
        return moment and moment.replace(tzinfo=datetime.UTC)

    def _read(self, attempt: Attempt) -> ReadAttempt:
        """Read an attempt's files, and give the notebook its name."""
        name = one_line(self.student)
        files: dict[str, bytes] = {}
        for file in attempt.files:
            path = PurePosixPath(file.path)
            if path.is_absolute() or ".." in path.parts or "\0" in file.path:
                self.report.remarks.append(f"{name}: {one_line(file.path)}: leads elsewhere")
            elif file.path in PLATFORMS_OWN and not attempt.has_time:
                self.report.remarks.append(f"{name}: {file.path} counts only from the platform")
            else:
                try:
                    files[file.path] = file.read()
                except CollectError as error:
                    self.report.unreadable.append(f"{name}: {one_line(file.path)}: {error}")
        for inner in [path for path in files if not files.keys().isdisjoint(_folders_of(path))]:
            del files[inner]
            self.report.remarks.append(f"{name}: {one_line(inner)}: lies in what is a file, too")
        self._name_notebook(files)
        moment = attempt.moment
        if moment is None:
            moment = self._moment(files)
        elif TIMESTAMP not in files:
            utc = moment.astimezone(datetime.UTC)
            files[TIMESTAMP] = f"{utc:%Y-%m-%d %H:%M:%S} UTC\n".encode()
        # Both, whatever the platform: `nbgrader release_feedback` stops where one is missing.
        files.setdefault(TIMESTAMP, b"")
        files.setdefault(SECRET, self._secret(files))
        return ReadAttempt(attempt, files, moment)

    def _secret(self, files: Mapping[str, bytes]) -> bytes:
        """Return what nbgrader's exchange would have drawn: the same again for the same files."""
        attempt = f"{SECRET}:{ReadAttempt(Attempt('', '', ()), files, None).digest}"
        return f"{self.course.seed(self.chapter, self.student, attempt):064x}".encode()

    def _name_notebook(self, files: dict[str, bytes]) -> None:
        """Give the student's notebook the chapter's name; the others keep theirs."""
        if self.chapter == CHALLENGE:
            self._name_entry(files)
            return
        name, plain = one_line(self.student), f"{self.chapter}.ipynb"
        candidates = best_first(files, self.chapter)
        if not candidates:
            others = filter(is_notebook, files)
            candidates = [path for path in others if holds_answers(files[path], self.cells)]
        if not candidates:
            there = ", ".join(one_line(path) for path in files) or "nothing that can be read"
            self.report.unreadable.append(f"{name}: no notebook {plain}; there is {there}")
            return
        if len(candidates) > 1:
            rest = ", ".join(map(one_line, candidates[1:]))
            self.report.duplicate.append(
                f"{name}: {one_line(candidates[0])} counts; there is {rest}, too"
            )
        if candidates[0] != plain:
            self.report.renamed.append(f"{name}: {one_line(candidates[0])}")
            files[plain] = files.pop(candidates[0])

    def _name_entry(self, files: dict[str, bytes]) -> None:
        """Give the files of an entry of the challenge their names."""
        name = one_line(self.student)
        for plain in ENTRY_FILES:
            path = next(iter(copies(files, plain)), plain)
            if path != plain:
                self.report.renamed.append(f"{name}: {one_line(path)}")
                files[plain] = files.pop(path)
        if CODE not in files:
            there = ", ".join(one_line(path) for path in files) or "nothing that can be read"
            self.report.unreadable.append(f"{name}: no {CODE}; there is {there}")

    def _look_at(self, newest: ReadAttempt) -> None:
        """Say what is remarkable about the notebook that counts."""
        content = newest.files.get(f"{self.chapter}.ipynb")
        if content is None:
            return
        name = one_line(self.student)
        if fault := fault_of(content):
            self.report.unreadable.append(f"{name}: {fault}")
        stamp = stamp_of(content)
        if stamp.get("release", self.release) != self.release:
            version = one_line(stamp.get("version", "?"))
            self.report.remarks.append(f"{name}: made from an earlier release ({version})")

    def _keep(self, attempt: ReadAttempt) -> None:
        """Keep an attempt for good."""
        if not self._kept(attempt).exists():
            _write_folder(self._kept(attempt), attempt.files)
            note = {
                "collected_as": attempt.attempt.label,
                "moment": attempt.moment.isoformat() if attempt.moment else None,
            }
            text = json.dumps(note, ensure_ascii=False, indent=1)
            write_whole(self._kept(attempt).with_suffix(".json"), text)

    def _put(self, attempt: ReadAttempt) -> None:
        """Put an attempt in ``submitted/``, whole or not at all."""
        aside = self._folder.with_name(f".{self.chapter}.{os.getpid()}")
        shutil.rmtree(aside, ignore_errors=True)
        if self._folder.exists():
            self._folder.rename(aside)  # its files have just been kept
        _write_folder(self._folder, attempt.files)
        shutil.rmtree(aside, ignore_errors=True)


def _folders_of(path: str) -> set[str]:
    return {f"{folder}" for folder in PurePosixPath(path).parents}


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name, content in files.items():
        place = part / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    part.rename(folder)
