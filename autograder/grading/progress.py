"""How far a grading has come, for the terminal: done, failed, rate, time left."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Self

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from autograder.grading.results import SubmissionResult

RATE_SECONDS = 120.0
"""Over how long the rate is taken. Results of a cluster come in chunks: not too short."""

LINE_SECONDS = 30.0
"""How often a line is printed where nothing can be drawn, as in a batch system's log."""


class GradingProgress:
    """A bar while submissions are graded, and a summary. Use as a context manager.

    ``total`` is the number of submissions; those that turn out to be unchanged count neither as
    done nor for the rate. Warnings of the grader appear above the bar.
    """

    def __init__(self, console: Console, chapter: str, total: int) -> None:
        self._console = console
        self._chapter = chapter
        self._failed = 0
        self._unchanged = 0
        self._started = self._line_at = time.monotonic()
        self._bar = Progress(
            TextColumn(f"Grading {chapter}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]}"),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            speed_estimate_period=RATE_SECONDS,
        )
        self._task = self._bar.add_task("", total=total, failed="")
        self._handler = RichHandler(console=console, show_time=False, show_path=False)

    def __enter__(self) -> Self:
        logging.getLogger("autograder").addHandler(self._handler)
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()
        logging.getLogger("autograder").removeHandler(self._handler)

    def count(self, result: SubmissionResult) -> None:
        """Take note of a result."""
        task = self._bar.tasks[0]
        self._failed += bool(result.for_a_person)
        failed = f"{self._failed} need a person" if self._failed else ""
        self._bar.update(self._task, failed=failed)
        if result.unchanged:
            self._unchanged += 1
            self._bar.update(self._task, total=(task.total or 0) - 1)
        else:
            self._bar.advance(self._task)
        if not self._console.is_terminal and time.monotonic() - self._line_at > LINE_SECONDS:
            self._line_at = time.monotonic()
            left = timedelta(seconds=round(task.time_remaining or 0))
            parts = (f"{task.completed:g} of {task.total:g}", failed, _rate(task), f"{left} left")
            self._console.print(f"Grading {self._chapter}:", ", ".join(filter(None, parts)))

    @property
    def summary(self) -> str:
        """What has been done, in one line."""
        seconds = time.monotonic() - self._started
        done = int(self._bar.tasks[0].completed)
        parts = [f"{done} graded in {timedelta(seconds=round(seconds))}"]
        if done:
            parts.append(f"{done / seconds:.2g} per second")
        if self._unchanged:
            parts.append(f"{self._unchanged} unchanged")
        if self._failed:
            parts.append(f"{self._failed} need a person")
        return ", ".join(parts) + "."


class _Rate(ProgressColumn):
    """How many submissions are graded in a second."""

    def render(self, task: Task) -> Text:
        return Text(_rate(task))


def _rate(task: Task) -> str:
    return f"{task.speed:.2g}/s" if task.speed else ""
