"""What runs on the workers of a cluster: submissions are graded in sandboxes that stay warm.

A worker needs this package and Dask, and no copy of the course: the chapter's files come with
the first chunk and are kept in a folder of their own until nothing has been graded for a while.
Everything goes both ways as bytes.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import importlib.metadata
import platform
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypedDict

from distributed import get_worker

from autograder.grading.container import SandboxUnavailable
from autograder.grading.course import Course, GradedChapter
from autograder.grading.fingerprint import (
    fingerprint,
    package_digest,
    released_files,
    source_files,
)
from autograder.grading.jobs import packed_result, unpacked_jobs
from autograder.grading.options import Figures
from autograder.grading.pool import SandboxPool

IDLE_SECONDS = 300.0
"""After how long without work the sandboxes and the chapter's files are given up."""

# Now, while the package is being imported: a worker may run for days, and its files may be replaced
# meanwhile by a newer version, which is not what it runs.
package_digest()


@dataclasses.dataclass(frozen=True)
class ChapterKey:
    """Which chapter is to be graded, and with what; plain data.

    ``versions`` are the versions of Python and of the packages that marks may depend on.
    """

    name: str
    fingerprint: str
    figures: Figures
    versions: tuple[tuple[str, str], ...]


class Reply(TypedDict, total=False):
    """What comes back for a chunk: one of these.

    ``results`` of all its submissions; ``unfit``: why this worker cannot grade the chapter, as a
    sentence; ``files_needed``: the chunk has to be sent again, with the chapter's files.
    """

    results: list[bytes]
    unfit: str
    files_needed: bool


class _Unfit(Exception):
    """This worker cannot grade the chapter; the message says why and what to do."""


class _FilesNeeded(Exception):
    """The chapter's files are not here (any more)."""


@dataclasses.dataclass
class _Prepared:
    """A chapter's files, its sandboxes, and by how many chunks they are in use."""

    folder: tempfile.TemporaryDirectory[str]
    pool: SandboxPool
    users: int = 0
    timer: threading.Timer | None = None

    def close(self) -> None:
        self.pool.close()
        self.folder.cleanup()


_prepared: dict[ChapterKey, _Prepared] = {}
_lock = threading.Lock()


def grade_chunk(key: tuple[Any, ...], jobs: bytes, files: Mapping[str, bytes] | None) -> Reply:
    """Grade a chunk of submissions. Doing it twice gives the same results and harms nothing.

    ``key`` are the fields of a :class:`ChapterKey`, and ``jobs`` are packed; ``files`` are the
    chapter's, or None if they should be here already.
    """
    try:
        with _pool(ChapterKey(*key), files) as pool:
            results = [packed_result(pool.grade_one(job)) for job in unpacked_jobs(jobs)]
    except _FilesNeeded:
        return {"files_needed": True}
    except (_Unfit, SandboxUnavailable) as error:
        return {"unfit": str(error)}
    return {"results": results}


def versions(packages: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the versions of Python and of the packages that marks may depend on."""
    known = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for package in sorted({"numpy", *packages}):
        try:
            known[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            known[package] = "missing"
    return tuple(known.items())


def chapter_files(course: Course, name: str) -> dict[str, bytes]:
    """Return the files of a course that grading a chapter takes, by their path in the course."""
    root = course.root
    paths = source_files(root, name) | released_files(root, name)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(paths)}


@contextlib.contextmanager
def _pool(key: ChapterKey, files: Mapping[str, bytes] | None) -> Iterator[SandboxPool]:
    """Give access to the sandboxes of a chapter; afterwards they stay open for a while."""
    with _lock:
        if key not in _prepared:
            if files is None:
                raise _FilesNeeded
            _prepared[key] = _prepare(key, files)
        prepared = _prepared[key]
        prepared.users += 1
        if prepared.timer is not None:
            prepared.timer.cancel()
    try:
        yield prepared.pool
    finally:
        with _lock:
            prepared.users -= 1
            if not prepared.users:
                prepared.timer = threading.Timer(IDLE_SECONDS, _close_idle, (key, prepared))
                prepared.timer.daemon = True
                prepared.timer.start()


def _prepare(key: ChapterKey, files: Mapping[str, bytes]) -> _Prepared:
    mine = dict(versions(name for name, _ in key.versions if name != "Python"))
    different = [
        f"{name} {mine[name]}, not {theirs}"
        for name, theirs in key.versions
        if mine[name] != theirs
    ]
    if different:
        raise _Unfit(
            f"It has {'; '.join(different)}. Install the same versions as on the machine that "
            "reads the submissions: `pip install -r requirements.txt -c constraints.txt`."
        )
    worker = get_worker()
    # In Dask's own folder, which the next worker tidies up if this one is killed.
    folder = tempfile.TemporaryDirectory(dir=worker.local_directory, prefix="chapter-")
    try:
        pool = SandboxPool(_load(key, Path(folder.name), files), worker.state.nthreads, key.figures)
    except BaseException:
        folder.cleanup()
        raise
    return _Prepared(folder, pool)


def _load(key: ChapterKey, root: Path, files: Mapping[str, bytes]) -> GradedChapter:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    # The chapter's files are those of the course, so what differs can only be this package.
    if fingerprint(root, key.name) != key.fingerprint:
        raise _Unfit(
            "It has another version of the package `autograder` than the machine that reads the "
            "submissions. Install the same on both, and start the worker again."
        )
    try:
        return Course.at(root).chapter(key.name)
    except ImportError as error:
        raise _Unfit(
            f"It cannot load the chapter {key.name} ({error}). Install what the course needs: "
            "`pip install -r requirements.txt -c constraints.txt`."
        ) from error


def _close_idle(key: ChapterKey, prepared: _Prepared) -> None:
    with _lock:
        if prepared.users or _prepared.get(key) is not prepared:
            return
        del _prepared[key]
    prepared.close()


@atexit.register
def _close_all() -> None:
    with _lock:
        closing = list(_prepared.values())
        _prepared.clear()
    for prepared in closing:
        prepared.close()
