"""Where the time of a grading goes, stage by stage."""

from __future__ import annotations

import functools
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder import grading
from autograder.chapter import load_problems
from autograder.grading import batch, engine, gradebook, pool, sandbox
from autograder.grading.course import Course
from autograder.grading.sample_class import write_sample_class
from autograder.grading.submission import Submission
from autograder.problems import Problem
from benchmarks.grading.processes import adopt_orphans, cpu_of_children, wait_for_orphans
from benchmarks.grading.submissions import honest_class

PLACES: tuple[tuple[Any, str, str], ...] = (
    (batch, "read_submission", "reading the files"),
    (Submission, "parsed", "parsing"),
    (pool, "rebuild", "rebuilding the notebook"),
    (sandbox.Sandbox, "open", "starting a process"),
    (Problem, "hidden_checks", "drawing hidden cases"),
    (engine, "outcomes_of", "comparing and diagnosing"),
    (engine, "diagnosed", "comparing and diagnosing"),
    (engine, "graded_report", "writing reports"),
    (gradebook.Ledger, "scores", "gradebook"),
    (gradebook.Ledger, "record", "gradebook"),
    (pool, "notebook_text", "writing the notebook"),
    (gradebook, "write_whole", "writing the notebook"),
    (batch, "write_whole", "writing the notes"),
)
"""Where each stage begins and ends: the calls of these functions."""

REST = "everything else"


class Clock(threading.local):
    """Adds up the CPU time of stages; a stage within a stage counts for the inner one only."""

    def __init__(self, grader: dict[str, float], inside: dict[str, float]) -> None:
        self.grader = grader
        self.inside = inside
        self._stack: list[str] = []
        self._since = time.thread_time()

    def _turn(self) -> None:
        now = time.thread_time()
        if self._stack:
            self.grader[self._stack[-1]] += now - self._since
        self._since = now

    def timed(self, stage: str, function: Callable[..., Any], *given: Any, **options: Any) -> Any:
        """Call a function and add its time to a stage."""
        self._turn()
        self._stack.append(stage)
        try:
            return function(*given, **options)
        finally:
            self._turn()
            self._stack.pop()

    def ask(self, session: sandbox.Session, request: Any, *given: Any) -> Any:
        """Ask a session, as :meth:`Session.ask` does, and add what it took on either side."""
        stage = "starting a process"
        if request.get("do") == "call":
            stage = "calling the students' functions"
        elif request.get("do") == "cell":
            drawn = request["draw_figures"]
            stage = "students' cells, with their figures" if drawn else "the course's own cells"
        before = _processor_seconds(session) if "do" in request else 0.0
        try:
            return self.timed(stage, ASK, session, request, *given)
        finally:
            self.inside[stage] += _processor_seconds(session) - before


ASK = sandbox.Session.ask


def _processor_seconds(session: sandbox.Session) -> float:
    """Return how long a session's process has been on a processor; 0 once it has ended."""
    seconds = session.cpu_seconds()
    return seconds if math.isfinite(seconds) else 0.0


def show(console: Console, course: Course, chapter: str, students: int) -> None:
    """Grade a class in this process, with one worker, and print what each stage took."""
    members = honest_class(load_problems(course.root, chapter), students)
    write_sample_class(course.root / "exercises" / chapter, members, course.root / "submitted")
    grader: dict[str, float] = defaultdict(float)
    inside: dict[str, float] = defaultdict(float)
    clock = Clock(grader, inside)
    for owner, name, stage in PLACES:
        original = getattr(owner, name)
        setattr(owner, name, functools.wraps(original)(_timing(clock, stage, original)))
    sandbox.Session.ask = lambda *given: clock.ask(*given)  # type: ignore[method-assign]
    adopt_orphans()
    # The first class fills the caches; what the sandbox's start costs is known from a class of one.
    for size in (4, 1, students):
        grader.clear()
        inside.clear()
        started, children = time.process_time(), cpu_of_children()
        names = [member.name for member in members[:size]]
        grading.grade(course.root, chapter, names, options=grading.GradingOptions(force=True))
        wait_for_orphans()
        mine, theirs = time.process_time() - started, cpu_of_children() - children
        if size == 1:
            start = theirs - sum(inside.values())
    grader[REST] = mine - sum(grader.values())
    inside[REST] = theirs - sum(inside.values()) - start
    table = Table(title=f"CPU time of one submission, in ms; the mean of {students}")
    for column in ("stage", "grader", "sandbox"):
        table.add_column(column, justify="left" if column == "stage" else "right")
    for stage in [*dict.fromkeys([*inside, *(stage for _, _, stage in PLACES)]), "total"]:
        if stage == "total":
            row = sum(grader.values()), sum(inside.values())
            table.add_section()
        elif stage == REST:
            continue
        else:
            row = grader[stage], inside[stage]
        table.add_row(
            stage,
            *(
                f"{1000 * milliseconds / students:.1f}" if milliseconds else ""
                for milliseconds in row
            ),
        )
        if stage == PLACES[-1][2]:
            row = grader[REST], inside[REST]
            table.add_row(REST, *(f"{1000 * milliseconds / students:.1f}" for milliseconds in row))
    console.print(table)


def _timing(clock: Clock, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*given: Any, **options: Any) -> Any:
        return clock.timed(stage, function, *given, **options)

    return wrapped
