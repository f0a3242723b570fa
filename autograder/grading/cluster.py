"""Grading on many machines: chunks of submissions go to the workers of a Dask cluster.

Dask connects the machines and moves the data. Which worker gets which chunk is decided here,
for three reasons: a submission on which workers die must be told from those that were only
graded beside it; a worker that cannot grade is left out; and the last chunks are small, so that
all workers end at about the same time.
"""

from __future__ import annotations

import dataclasses
import itertools
import logging
import math
import queue
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Self, TypeVar

from distributed import Client, Future, KilledWorker

from autograder.grading.cluster_worker import (
    ChapterKey,
    Reply,
    chapter_files,
    versions,
)
from autograder.grading.course import Course, GradedChapter
from autograder.grading.jobs import (
    ClusterError,
    Graded,
    Job,
    Jobs,
    packed_jobs,
    ungraded,
    unpacked_result,
)
from autograder.grading.options import Figures

_log = logging.getLogger(__name__)

T = TypeVar("T")

CALL = "__import__('autograder.grading.cluster_worker', fromlist=['_']).grade_chunk(*arguments)"
"""What a worker does, as text, and with arguments that are plain data.

A function, or an object of our own, is looked up when the message is read: a worker that does not
have this package would die of that, and not say why.
"""

CONNECT_SECONDS = 10.0
CHUNK_BYTES = 8_000_000
"""A chunk ends with the submission that makes it larger than this."""

FETCH_SECONDS = 60.0
LOOK_SECONDS = 1.0
"""How often to look which workers there are."""

WAIT_SECONDS = 15.0
"""How long no worker may be there until that is said."""

MAX_DEATHS = 10
"""How many deaths of workers, before any result, mean that the fault is the cluster's."""


@dataclasses.dataclass(frozen=True)
class _Chunk:
    """Jobs that a worker has been given; ``alone`` if it got nothing else meanwhile."""

    jobs: list[Job]
    worker: str
    future: Future[Reply]
    alone: bool


class Cluster:
    """The workers of a Dask cluster, busy with one chapter. Use as a context manager.

    A submission that was on a worker when it died is graded again by itself, and the next time
    alone on its worker. If that dies too, a person has to look at the submission.
    """

    def __init__(
        self, course: Course, chapter: GradedChapter, address: str, chunk: int, figures: Figures
    ) -> None:
        self._chapter = chapter
        self._address = address
        self._size = chunk
        self._key = ChapterKey(
            chapter.name, chapter.fingerprint, figures, versions(chapter.packages)
        )
        self._files = chapter_files(course, chapter.name)
        self._threads: dict[str, int] = {}
        self._equipped: set[str] = set()
        self._unfit: dict[str, str] = {}
        self._chunks: dict[object, _Chunk] = {}
        self._done: queue.SimpleQueue[Future[Reply]] = queue.SimpleQueue()
        self._next: deque[list[Job]] = deque()
        self._suspects: deque[Job] = deque()
        self._deaths: Counter[str] = Counter()
        self._given_up: deque[tuple[Job, Graded]] = deque()
        self._died = 0
        self._looked = -math.inf
        self._missing_since: float | None = None

    def __enter__(self) -> Self:
        try:
            self._client = Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise ClusterError(
                f"There is no Dask scheduler at {self._address} ({error}). Start one with "
                "`dask scheduler`, and give the address that it prints, for example "
                "tcp://10.0.0.1:8786."
            ) from error
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def grade(self, jobs: Jobs) -> Iterator[tuple[Job, Graded]]:
        """Yield each job with what came of it, in the order in which they are finished."""
        while True:
            self._look_at_workers()
            self._hand_out(jobs)
            while self._given_up:
                yield self._given_up.popleft()
            if not self._chunks and not self._next and not self._suspects:
                return
            try:
                future = self._done.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue
            # A worker that is gone is noticed by looking; its futures are no longer ours.
            chunk = self._chunks.pop(future.key, None)
            if chunk is not None:
                yield from self._results(chunk)

    # Handing out

    def _hand_out(self, jobs: Jobs) -> None:
        """Give every worker as much as it has threads for, and one chunk in reserve."""
        while True:
            load = Counter(chunk.worker for chunk in self._chunks.values())
            taken = {chunk.worker for chunk in self._chunks.values() if chunk.alone}
            fit = [worker for worker in self._threads if worker not in self._unfit]
            free = [worker for worker in fit if worker not in taken]
            if self._suspects and free:
                # One worker, of those that have proved themselves, gets nothing until it is idle.
                place = min(
                    free, key=lambda worker: (worker not in self._equipped, load[worker], worker)
                )
                if not load[place]:
                    self._send([self._suspects.popleft()], place, alone=True)
                    continue
                free.remove(place)
            free = [worker for worker in free if load[worker] <= self._threads[worker]]
            if not self._next:
                slots = sum(self._threads[worker] for worker in fit)
                size = math.ceil(jobs.left / (2 * max(slots, 1)))
                chunk = _read(jobs, max(1, min(size, self._size)))
                if not chunk:
                    return
                self._next.append(chunk)
            if not free:
                return
            place = min(free, key=lambda worker: (load[worker] / self._threads[worker], worker))
            self._send(self._next.popleft(), place)

    def _send(self, jobs: list[Job], worker: str, alone: bool = False) -> None:
        self._check_connection()
        files = None if worker in self._equipped else self._files
        future = self._client.submit(
            eval,
            CALL,
            {"arguments": (dataclasses.astuple(self._key), packed_jobs(jobs), files)},
            workers=[worker],
            allow_other_workers=False,
            pure=False,
        )
        self._chunks[future.key] = _Chunk(jobs, worker, future, alone)
        future.add_done_callback(self._done.put)

    def _again(self, chunk: _Chunk) -> None:
        """Grade a chunk again that has not been graded, by no fault of its own."""
        if chunk.alone:
            self._suspects.extendleft(chunk.jobs)
        else:
            self._next.appendleft(chunk.jobs)

    # What comes back

    def _results(self, chunk: _Chunk) -> Iterator[tuple[Job, Graded]]:
        reply = self._reply(chunk)
        if reply is None:
            return
        if "results" in reply:
            self._equipped.add(chunk.worker)
            for job, data in zip(chunk.jobs, reply["results"], strict=True):
                yield job, unpacked_result(data)
        elif "unfit" in reply:
            self._leave_out(chunk, reply["unfit"])
        else:
            self._equipped.discard(chunk.worker)
            self._again(chunk)

    def _reply(self, chunk: _Chunk) -> Reply | None:
        """Return a worker's reply; without one, see to it that the chunk is graded again."""
        try:
            if chunk.future.status == "finished":
                return self._fetched(chunk)
            failed = chunk.future.status == "error"
            error = chunk.future.exception(timeout=FETCH_SECONDS) if failed else None
        except (TimeoutError, CancelledError, OSError):
            self._check_connection()
            error = None  # the worker has died with the results
        if error is None or isinstance(error, KilledWorker) or chunk.worker in self._equipped:
            _log.warning("a chunk of %d submissions failed on %s: %s", *_described(chunk, error))
            self._lost(chunk)
        else:
            # It has not graded anything yet: what is wrong is the worker, not a submission.
            self._leave_out(chunk, _reason(error))
        return None

    def _fetched(self, chunk: _Chunk) -> Reply:
        """Fetch a finished reply; TimeoutError if it is gone with its worker, or does not come."""
        reply: Reply
        try:
            reply = chunk.future.result(timeout=LOOK_SECONDS)
        except TimeoutError:
            # Dask would wait for the dead worker to come back.
            if chunk.worker not in self._ask(self._client.nthreads):
                raise
            reply = chunk.future.result(timeout=FETCH_SECONDS)
        return reply

    def _leave_out(self, chunk: _Chunk, reason: str) -> None:
        """Give no more work to a worker that cannot grade, and its chunk to another."""
        self._again(chunk)
        if chunk.worker not in self._unfit:
            self._unfit[chunk.worker] = reason
            _log.warning("the worker %s cannot grade and is left out: %s", chunk.worker, reason)
        self._threads = self._ask(self._client.nthreads)  # others may have come
        if all(worker in self._unfit for worker in self._threads):
            workers: dict[str, list[str]] = {}
            for worker, known in self._unfit.items():
                workers.setdefault(known, []).append(worker)
            reasons = [f"{', '.join(names)}: {known}" for known, names in workers.items()]
            raise ClusterError(f"No worker of the cluster can grade. {' '.join(reasons)}")

    def _lost(self, chunk: _Chunk) -> None:
        """Grade the jobs again that were on a worker when it died, each by itself."""
        for job in chunk.jobs:
            self._deaths[job.student] += 1
            if chunk.alone:
                reason = f"Each of {self._deaths[job.student]} workers that graded it died."
                self._given_up.append((job, ungraded(self._chapter, job.student, reason)))
            elif self._deaths[job.student] > 1:
                self._suspects.append(job)
            else:
                self._next.append([job])

    # The workers

    def _look_at_workers(self) -> None:
        """Notice, once in a while, which workers have come and which are gone."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        self._threads = self._ask(self._client.nthreads)
        gone = {chunk.worker for chunk in self._chunks.values()} - set(self._threads)
        for worker in gone:
            on_purpose = self._left_on_purpose(worker)
            if not on_purpose:
                _log.warning("the worker %s has died; its submissions are graded again", worker)
                self._died += 1
            for chunk in [chunk for chunk in self._chunks.values() if chunk.worker == worker]:
                del self._chunks[chunk.future.key]
                chunk.future.cancel()
                if on_purpose:
                    self._again(chunk)
                else:
                    self._lost(chunk)
        if self._died >= MAX_DEATHS and not self._equipped:
            raise ClusterError(
                f"{self._died} workers have died, and none has graded anything. See what their "
                "logs say; often there is too little memory for so many workers on a machine."
            )
        if self._threads:
            self._missing_since = None
        elif self._missing_since is None:
            self._missing_since = now
        elif now - self._missing_since > WAIT_SECONDS:
            self._missing_since = math.inf  # once is enough
            _log.warning("there is no worker; waiting for one (`dask worker %s`)", self._address)

    def _left_on_purpose(self, worker: str) -> bool:
        """Whether a worker was told to go, or had come to the end of its time."""
        events = self._ask(lambda: self._client.get_events(worker))
        removals = [event for _, event in events if event.get("action") == "remove-worker"]
        return bool(removals) and bool(removals[-1].get("expected"))

    def _ask(self, question: Callable[[], T]) -> T:
        """Ask the scheduler something."""
        self._check_connection()
        try:
            return question()
        except (OSError, TimeoutError) as error:
            raise self._disconnected() from error

    def _check_connection(self) -> None:
        if self._client.status != "running":
            raise self._disconnected()

    def _disconnected(self) -> ClusterError:
        return ClusterError(
            f"The connection to the scheduler at {self._address} was lost. What has been graded is "
            "saved: give the same command again, and it goes on from there."
        )


def _read(jobs: Jobs, count: int) -> list[Job]:
    """Read so many jobs, or fewer if they are large."""
    chunk: list[Job] = []
    size = 0
    for job in itertools.islice(jobs, count):
        chunk.append(job)
        size += job.submission.size
        if size > CHUNK_BYTES:
            break
    return chunk


def _described(chunk: _Chunk, error: BaseException | None) -> tuple[int, str, str]:
    return len(chunk.jobs), chunk.worker, repr(error) if error is not None else "it was lost"


def _reason(error: BaseException) -> str:
    """Say in a sentence why a worker failed on its first chunk."""
    if isinstance(error, ModuleNotFoundError):
        return (
            f"{error}. Install there what this machine has: "
            "`pip install -r requirements.txt -c constraints.txt`."
        )
    return f"It fails with {type(error).__name__}: {error}."
