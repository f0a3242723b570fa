"""The grader's memory while a large class is graded."""

from __future__ import annotations

import itertools
import time

import psutil
from rich.console import Console
from rich.table import Table

from autograder import grading
from autograder.chapter import load_problems
from autograder.grading.course import Course
from autograder.grading.sample_class import write_sample_class
from benchmarks.grading.submissions import honest_class

ALLOWED = 0.05
"""How much the grader may grow between a tenth of the class and its end, as a share."""


def show(console: Console, course: Course, chapter: str, students: int) -> None:
    """Grade a class in this process and print its memory, and that of the sandbox, over time."""
    members = honest_class(load_problems(course.root, chapter), students)
    write_sample_class(course.root / "exercises" / chapter, members, course.root / "submitted")
    table = Table(title=f"Resident memory in MiB while {students} submissions are graded")
    for column in ("graded", "seconds", "grader", "sandbox (zygote)"):
        table.add_column(column, justify="right")
    measured: list[float] = []
    numbers = itertools.count(1)
    started = time.monotonic()

    def measure(_result: grading.SubmissionResult) -> None:
        count = next(numbers)
        if count % max(students // 10, 1) == 0:
            measured.append(_resident(psutil.Process()))
            row = (count, time.monotonic() - started, measured[-1], _resident(_zygote()))
            table.add_row(*(f"{entry:.0f}" for entry in row))

    grading.grade(course.root, chapter, on_result=measure)
    console.print(table)
    growth = measured[-1] / measured[0] - 1
    console.print(f"Growth of the grader from a tenth to the end: {100 * growth:.1f} %")
    assert growth < ALLOWED, "the grader's memory grows"


def _zygote() -> psutil.Process:
    """Return the process that sessions are forked from: the oldest Python below this one."""
    below = psutil.Process().children(recursive=True)
    return min(
        (process for process in below if process.name().startswith("python")),
        key=lambda process: process.create_time(),
    )


def _resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss / 2**20)
