"""A notebook's run in the sandbox: cell by cell, and calls of its functions in between."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from nbformat.notebooknode import NotebookNode

from autograder.chapter import Limits
from autograder.checks import CheckedCase
from autograder.failures import Failed
from autograder.grading.asked_network import AskedNetworks
from autograder.grading.cell_outputs import absent_packages, cell_outputs, note
from autograder.grading.channel import OutOfTime
from autograder.grading.sandbox import Answer, Sandbox, Session, SessionEnded
from autograder.grading.submitted_text import printable_text
from autograder.grading.wire import foreign
from autograder.outcomes import Caller, Ending, Returned, TimedOut
from autograder.speed import fast_enough
from autograder.values import Value

MAX_RESULT = 200_000
"""Bytes of a result that are always kept."""

MAX_OUTPUT = 20_000_000
"""Characters of all outputs that are kept of one notebook."""


class NotebookRun:
    """One submission's processes: a session, and fresh ones after it had to be killed."""

    def __init__(
        self, sandbox: Sandbox, limits: Limits, files: Mapping[str, bytes], tasks: int
    ) -> None:
        self.flags: list[str] = []
        self.stopped: list[str] = []
        self._sandbox = sandbox
        self._limits = limits
        self._files = files
        self._session: Session | None = None
        self._steps: list[dict[str, Any]] = []
        self._left = limits.total_seconds
        self._characters_left = MAX_OUTPUT
        # Cells in which nothing is graded may take half of the time; the rest is for the tasks.
        self._left_for_cells = limits.total_seconds / 2
        # Each task has two turns: its visible cases, and its hidden ones.
        self._turns_left = 2 * tasks
        self._broken: dict[str, Failed] = {}

    def close(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    @property
    def seconds(self) -> float:
        """What has been taken of the time that a whole submission has, in full tenths of that.

        Two gradings of one submission say the same, but for one that comes close to a full tenth.
        """
        tenth = self._limits.total_seconds / 10
        return (self._limits.total_seconds - self._left) // tenth * tenth

    def cell(self, source: str, draw_figures: bool) -> list[NotebookNode]:
        """Run a cell and return its outputs."""
        seconds = min(self._limits.cell_seconds, self._left_for_cells)
        # Where no time is left, the functions that a cell defines can still be graded.
        hurry = seconds <= 0
        if self._left_for_cells < -self._limits.total_seconds / 8:
            return [note("Not run: other cells took too long.")]
        outputs = self._timed_cell(source, draw_figures, max(seconds, 1.0), hurry)
        if hurry:
            outputs.append(note("Only this cell's definitions were run: others took too long."))
        return outputs

    def _timed_cell(
        self, source: str, draw_figures: bool, seconds: float, hurry: bool
    ) -> list[NotebookNode]:
        request = {
            "do": "cell",
            "source": source,
            "definitions_only": hurry,
            "draw_figures": draw_figures,
        }
        # Where it is repeated, what is drawn would not be kept.
        self._steps.append({**request, "draw_figures": False})
        before = self._left
        try:
            reply, timely = self._ask(request, seconds)
        except OutOfTime:
            return [self._stopped(f"this cell took longer than {seconds:.3g} s")]
        except SessionEnded as reason:
            return [self._stopped(f"this cell ended Python ({reason})")]
        finally:
            self._left_for_cells -= before - self._left
        outputs = list(self._fitting(cell_outputs(reply)))
        self.flags += [
            f"imports {name}, which the exercise does not allow" for name in absent_packages(reply)
        ]
        if not timely:
            outputs.append(self._stopped(f"this cell took longer than {seconds:.3g} s"))
        return outputs

    def _stopped(self, why: str) -> NotebookNode:
        """Note that the last cell was stopped: of it, only definitions are ever repeated."""
        self._steps[-1]["definitions_only"] = True
        self.stopped.append(why.replace("this cell", "a cell"))
        return note(f"Stopped: {why}.")

    def remember(self, function: str) -> None:
        """Have the notebook's names kept as they are here, for later calls of a function."""
        request = {"do": "remember", "function": function}
        self._steps.append(request)
        if self._session is not None:  # a new session takes all steps again, this one included
            with contextlib.suppress(OutOfTime, SessionEnded):
                self._ask(request, self._limits.cell_seconds)

    def _fitting(self, outputs: Iterator[NotebookNode]) -> Iterator[NotebookNode]:
        """Yield outputs as long as they fit into the graded notebook."""
        for output in outputs:
            self._characters_left -= len(json.dumps(output))
            if self._characters_left < 0:
                yield note("The other outputs are left out: there are too many.")
                return
            yield output

    def caller(self, function: str, seconds: float, missing: Callable[[], str]) -> Caller:
        """Return what calls a function for each of its visible cases, or then its hidden ones.

        ``missing`` says why the notebook has no such function, where it has none.
        """
        # Each turn gets its share, so that one slow function does not cost the others' points.
        share = self._left / max(self._turns_left, 1)
        floor = self._left - share
        self._turns_left -= 1

        def call(case: CheckedCase) -> Ending:
            if case.loop_steps and self._session is None:
                with contextlib.suppress(OutOfTime, SessionEnded):
                    self._open(len(self._steps))  # what is repeated first does not count
            before = self._session.cpu_seconds() if self._session is not None else 0.0
            ending = once(case)
            after = self._session.cpu_seconds() if self._session is not None else 0.0
            return fast_enough(ending, after - before, case.loop_steps)

        def once(case: CheckedCase) -> Ending:
            if function in self._broken:
                return self._broken[function]
            allowed = min(seconds, self._left - floor)
            if allowed <= 0:
                return TimedOut(round(share, 1))
            networks = AskedNetworks(case.arguments)
            request = {
                "do": "call",
                "function": function,
                "arguments": networks.arguments,
                "asked": networks.names,
                "timed": bool(case.loop_steps),
            }
            try:
                reply, timely = self._ask(request, allowed, networks.answer)
            except OutOfTime:
                return TimedOut(seconds)
            except SessionEnded as reason:
                # Once is enough: every further call would cost another replay of the notebook.
                self._broken[function] = Failed("Crash", f"the function ended Python ({reason})")
                return self._broken[function]
            if not timely:
                return TimedOut(seconds)
            if reply.get("ended") == "missing":
                self._broken[function] = Failed("NameError", missing())
                return self._broken[function]
            return _ending(reply, case)

        return call

    def _ask(
        self, request: dict[str, Any], seconds: float, answer: Answer | None = None
    ) -> tuple[dict[str, Any], bool]:
        try:
            if self._session is None:
                self._open(len(self._steps) - (request["do"] == "cell"))
            return self._timed(request, seconds, answer)
        except (OutOfTime, SessionEnded):
            self.close()
            raise

    def _timed(
        self, request: dict[str, Any], seconds: float, answer: Answer | None = None
    ) -> tuple[dict[str, Any], bool]:
        """Ask the session, and take the time that it needs from what is left."""
        assert self._session is not None
        session = self._session
        try:
            return session.ask(request, seconds, answer)
        finally:
            self._left -= session.seconds

    def _open(self, count: int) -> None:
        """Start a session and bring it to where the last one was, after ``count`` steps.

        Raises :class:`~autograder.grading.channel.OutOfTime` if no time is left for that.
        """
        repeated = 0
        while self._session is None or repeated < count:
            if self._left <= 0:
                raise OutOfTime
            if self._session is None:
                started, repeated = time.monotonic(), 0
                self._session = self._sandbox.open(self._files)
                self._left -= time.monotonic() - started
                continue
            try:
                self._timed(self._steps[repeated], min(self._limits.cell_seconds, self._left))
                repeated += 1
            except (OutOfTime, SessionEnded):
                # A cell that ran the first time and does not now: go on without it.
                self._steps[repeated] |= {"source": ""}
                self.close()


def _ending(reply: dict[str, Any], case: CheckedCase) -> Ending:
    """Read a reply to a call, which may be anything."""
    if reply.get("ended") == "returned" and "value" in reply:
        changed = reply.get("changed")
        listed = (
            [name for name in changed if isinstance(name, str)] if type(changed) is list else []
        )
        value = reply["value"]
        # Results are kept until the report is written: a large one has to be of use.
        if _size(value) > max(MAX_RESULT, 4 * _size(case.expected)):
            value = foreign("something far too large")
        return Returned(value, tuple(name for name in case.arguments if name in listed))
    keys = ("kind", "message", "line", "caller")
    kind, message, line, caller = (printable_text(reply.get(key)) for key in keys)
    return Failed(kind or "Error", message, line, caller)


def _size(value: Value) -> int:
    """Return about how many bytes a value takes."""
    if isinstance(value, np.ndarray):
        return value.nbytes if all(value.strides) else value.itemsize
    if isinstance(value, tuple | list):
        return 64 + sum(map(_size, value))
    if isinstance(value, dict):
        return 64 + sum(map(_size, value.values()))
    return len(value) if isinstance(value, str | bytes) else 32
