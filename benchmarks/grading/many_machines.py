"""What one submission costs each part of a cluster, and what 100,000 cost; see docs.

A scheduler and one worker, each a process of its own on this machine, grade a class of honest
submissions of a chapter. CPU seconds are counted, not the clock: so the figures hold on a busy
machine, too, if a little high.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import platform
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
from distributed import Client, SpecCluster
from distributed.deploy.subprocess import SubprocessCluster

from autograder import grading
from autograder.chapter import load_problems
from autograder.grading import cluster
from autograder.grading.jobs import Job, packed_jobs
from autograder.grading.options import DEFAULT_OPTIONS
from autograder.grading.sample_class import sample_students, write_sample_class

ROOT = Path(__file__).parents[2]
KINDS = ("ada", "ben", "cleo", "dana", "emil", "fay", "hana", "kim")
"""Those of the sample class that are typical: right and wrong, no attacks, no endless loops."""

CLASS = 100_000
TASKS = 40
CORES = (8, 32, 128)


@dataclasses.dataclass(frozen=True)
class Cost:
    """What one submission costs: CPU seconds of each part, bytes on the network.

    ``disk`` is how long the gradebook waits for the disk, in seconds; ``memory`` is what a worker
    and its sandbox take in between, in bytes.
    """

    sandbox: float
    worker: float
    writer: float
    scheduler: float
    sent: float
    returned: float
    disk: float
    memory: float


def measured(chapter: str, students: int) -> Cost:
    """Grade a class on a cluster of one worker and count what it took."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SubprocessCluster(host="127.0.0.1", n_workers=1, threads_per_worker=1) as machines,
    ):
        classroom = Path(folder)
        known = sample_students(load_problems(ROOT, chapter))
        kinds = [student for student in known if student.name in KINDS]
        write_sample_class(ROOT / "exercises" / chapter, kinds, classroom / "submitted")
        options = grading.GradingOptions(scheduler=machines.scheduler_address)

        def grade() -> grading.ClassResult:
            return grading.grade(ROOT, chapter, classroom=classroom, options=options)

        grade()  # the worker has the chapter now, and a warm sandbox
        for number in range(students):
            like = kinds[number % len(kinds)].name
            shutil.copytree(
                classroom / "submitted" / like, classroom / "submitted" / f"{like}{number}"
            )
        sent = _sizes_of_chunks()
        worker = _worker()
        before = (*_seconds(worker), time.process_time())
        result = grade()
        after = (*_seconds(worker), time.process_time())
        graded = [submission for submission in result.submissions if not submission.unchanged]
        assert len(graded) == students
        assert all(submission.state == "graded" for submission in graded)
        own, started, writer = (late - early for early, late in zip(before, after, strict=True))
        files = (classroom / "autograded").rglob("*.ipynb")
        sizes = [path.stat().st_size for path in files if path.parent.parent.name[-1].isdigit()]
        chunk = DEFAULT_OPTIONS.chunk
        to, back = sum(sent) / students, sum(sizes) / students
        return Cost(
            started / students,
            own / students,
            writer / students,
            _scheduler_seconds(machines, int(chunk * to), int(chunk * back)) / chunk,
            to,
            back,
            _commit_seconds(classroom / "measured.db"),
            sum(
                process.memory_full_info().pss
                for process in (worker, *worker.children(recursive=True))
            ),
        )


def _scheduler_seconds(machines: SpecCluster, sent: int, returned: int) -> float:
    """Return the scheduler's CPU seconds for one chunk of that size, in which nothing is graded."""
    process = _dask_process("Scheduler")
    with Client(machines.scheduler_address, set_as_default=False) as client:
        before = sum(process.cpu_times()[:2])
        for number in range(TASKS):
            payload = {"n": returned, "data": bytes(sent), "number": number}
            assert len(client.submit(eval, "bytes(n)", payload, pure=False).result()) == returned
        spent: float = sum(process.cpu_times()[:2]) - before
        return spent / TASKS


def _commit_seconds(path: Path) -> float:
    """Return how long SQLite takes, on the clock, to make one change last."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("create table numbers (number integer)")
        started = time.monotonic()
        for number in range(TASKS):
            database.execute("insert into numbers values (?)", (number,))
            database.commit()
        return (time.monotonic() - started) / TASKS


def table(cost: Cost, students: int = CLASS) -> Iterator[str]:
    """Yield the lines of a table in Markdown: for one submission and for many."""
    yield f"| | one submission | {students:,} submissions |"
    yield "|---|---|---|"
    for name, seconds in (
        ("CPU time in the sandbox", cost.sandbox),
        ("CPU time of the worker outside the sandbox", cost.worker),
        ("CPU time of `autograder grade` (reading, sending, gradebook)", cost.writer),
        ("waiting of `autograder grade` for the disk", cost.disk),
        ("CPU time of the scheduler", cost.scheduler),
    ):
        yield f"| {name} | {seconds * 1000:.3g} ms | {_long(seconds * students)} |"
    for name, size in (("to the workers", cost.sent), ("back", cost.returned)):
        yield f"| data {name} | {size / 1e3:.3g} kB | {size * students / 1e9:.3g} GB |"
    yield f"| memory of a worker that waits, with its sandbox | {cost.memory / 1e6:.3g} MB | |"
    for cores in CORES:
        # The gradebook has one writer: it works while the workers do, and cannot be shared out.
        working = (cost.sandbox + cost.worker) / cores
        seconds = max(working, cost.writer + cost.disk) * students
        yield f"| time with {cores} cores for workers | | {_long(seconds)} |"


def _long(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds / 60:.2g} min" if seconds < 600 else f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _sizes_of_chunks() -> list[int]:
    """Return a list that the size of each chunk is added to from now on."""
    sizes: list[int] = []

    def counted(jobs: Iterable[Job]) -> bytes:
        packed = packed_jobs(jobs)
        sizes.append(len(packed))
        return packed

    cluster.packed_jobs = counted  # type: ignore[attr-defined]
    return sizes


def _dask_process(role: str) -> psutil.Process:
    """Return the one child process of this role: Dask's scheduler, or its worker's nanny."""
    processes = [
        process
        for process in psutil.Process().children()
        if any(f"distributed.{role}" in word for word in process.cmdline())
    ]
    assert len(processes) == 1, processes
    return processes[0]


def _worker() -> psutil.Process:
    """Return the worker: the process below the nanny that has started a sandbox."""
    children = _dask_process("Nanny").children()
    sandboxes = [child for child in children if any(c.name() == "bwrap" for c in child.children())]
    assert len(sandboxes) == 1, sandboxes
    return sandboxes[0]


def _seconds(process: psutil.Process) -> tuple[float, float]:
    """Return the CPU seconds of a process, and of all it has started, ended ones included."""
    own = process.cpu_times()
    times = [child.cpu_times() for child in process.children(recursive=True)]
    started = sum(t.user + t.system + t.children_user + t.children_system for t in times)
    return own.user + own.system, started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chapter", default="filters")
    parser.add_argument("--students", type=int, default=96)
    arguments = parser.parse_args()
    cost = measured(arguments.chapter, arguments.students)
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, Python", end=" ")
    print(f"{platform.python_version()}; {arguments.students} submissions of {arguments.chapter}\n")
    print("\n".join(table(cost)))


if __name__ == "__main__":
    main()
