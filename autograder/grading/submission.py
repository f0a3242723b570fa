"""What a student handed in: the files of a folder, none of which can be trusted to be one."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from autograder.grading.submitted_notebook import (
    SubmittedNotebook,
    UnreadableSubmission,
    document_of,
    notebook_of,
)

MAX_FILE = 60_000_000
MAX_EXTRA_FILES = 10_000_000
MAX_DEPTH = 20
"""Folders in each other; what lies deeper is not read."""


@dataclasses.dataclass(frozen=True)
class Submission:
    """What a student handed in: the notebook's bytes, or why there are none; other files.

    ``absent`` says that there is no folder at all. ``links`` are symbolic links, never followed.
    """

    notebook: bytes | None
    reason: str
    files: Mapping[str, bytes]
    absent: bool = False
    links: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """A hash of everything in the submission."""
        digest = hashlib.sha256(self.reason.encode())
        parts = {"": self.notebook or b"", **self.files}
        parts.update(dict.fromkeys(self.links, b"link"))
        for name in sorted(parts):
            digest.update(f"{len(parts[name])}:{name}\0".encode())
            digest.update(parts[name])
        return digest.hexdigest()

    @property
    def size(self) -> int:
        """How many bytes were handed in."""
        return sum(map(len, (self.notebook or b"", *self.files.values())))

    def parsed(self) -> SubmittedNotebook:
        """Return what counts of the notebook; raises :class:`UnreadableSubmission`."""
        if self.notebook is None:
            raise UnreadableSubmission(self.reason)
        return notebook_of(document_of(self.notebook))


def read_submission(folder: Path, notebook: str) -> Submission:
    """Read what lies in a student's folder for the notebook of that name; never raises."""
    for place in (folder.parent, folder):
        if place.is_symlink():
            return Submission(None, f"The folder {place.name} is a symbolic link.", {})
    if not folder.is_dir():
        return Submission(None, "Nothing was handed in.", {}, absent=True)
    files, links = extra_files(folder, notebook), tuple(_links(folder))
    try:
        content = read_file(folder / f"{notebook}.ipynb", MAX_FILE)
    except UnreadableSubmission as error:
        return Submission(None, _with_guess(str(error), folder), files, links=links)
    return Submission(content, "", files, links=links)


def _links(folder: Path) -> Iterator[str]:
    """Yield the symbolic links in a folder: they may point at anything on this machine."""
    for base, folders, names in _walk(folder):
        for name in (*folders, *names):
            if (base / name).is_symlink():
                yield _as_text((base / name).relative_to(folder))


def _walk(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield the folders in a folder as `os.walk` does, itself first, down to a limit."""
    for base, folders, names in os.walk(folder):
        if len(Path(base).relative_to(folder).parts) >= MAX_DEPTH:
            folders.clear()
        yield Path(base), folders, names


def _with_guess(reason: str, folder: Path) -> str:
    others = sorted(_as_text(Path(path.name)) for path in folder.glob("*.ipynb"))
    return (
        f"{reason} There is {', '.join(others)[:200]}."
        if others and "no file" in reason
        else reason
    )


def read_file(path: Path, limit: int) -> bytes:
    """Read a regular file of at most ``limit`` bytes, never through a symbolic link."""
    try:
        # Not blocking: opening a named pipe would wait for someone to write into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UnreadableSubmission(f"There is no file {path.name}.") from None
    except OSError as error:
        if path.is_symlink():
            raise UnreadableSubmission(f"{path.name} is a symbolic link, not a file.") from None
        raise UnreadableSubmission(f"{path.name} cannot be opened: {error.strerror}.") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableSubmission(f"{path.name} is not a regular file.")
        if status.st_size > limit:
            size = status.st_size / 1e6
            raise UnreadableSubmission(f"{path.name} is too large ({size:.0f} MB).")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(descriptor)


def extra_files(folder: Path, notebook: str) -> dict[str, bytes]:
    """Read the files that were submitted beside the notebook: regular ones, of bounded size."""
    files: dict[str, bytes] = {}
    bytes_left = MAX_EXTRA_FILES
    for base, folders, names in _walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in sorted(names):
            path = base / name
            if name.startswith(".") or name == f"{notebook}.ipynb" or len(files) >= 100:
                continue
            try:
                content = read_file(path, bytes_left)
            except UnreadableSubmission:
                continue  # links, pipes and huge files are nothing that a notebook needs
            bytes_left -= len(content)
            files[_as_text(path.relative_to(folder))] = content
    return files


def _as_text(path: Path) -> str:
    """Return a path as text: names that are not UTF-8 come from old archives, in Latin-1."""
    try:
        return os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        return os.fsencode(path).decode("latin-1")
