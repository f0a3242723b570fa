"""Running a command and measuring what it costs, with everything that it starts."""

from __future__ import annotations

import ctypes
import dataclasses
import os
import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


@dataclasses.dataclass(frozen=True)
class Cost:
    """What one run cost, in seconds. ``first`` is the time until the first result was there."""

    wall: float
    cpu: float
    first: float


class CommandFailed(RuntimeError):
    """A command that was to be measured did not end well; the message holds its output."""


def measured(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    has_result: Callable[[], bool],
) -> Cost:
    """Run ``command`` in ``folder`` and return what it cost.

    CPU time is that of the process and all its descendants, those included that it leaves behind:
    they become this process's children, and are waited for. ``has_result`` is asked every 20 ms.
    """
    adopt_orphans()
    before = cpu_of_children()
    started = time.monotonic()
    first = None
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        while process.poll() is None:
            if first is None and has_result():
                first = time.monotonic() - started
            time.sleep(0.02)
    wall = time.monotonic() - started
    wait_for_orphans()
    if process.returncode != 0 or not has_result():
        text = (folder / "output.txt").read_text(errors="replace")
        raise CommandFailed(f"{' '.join(command)}: status {process.returncode}\n{text[-4000:]}")
    return Cost(wall, cpu_of_children() - before, wall if first is None else first)


def adopt_orphans() -> None:
    """Make this process the parent of processes that its children leave behind."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("this process cannot adopt the processes that are left behind")


def cpu_of_children() -> float:
    """Return the CPU seconds of all descendants that have ended and were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wait_for_orphans(seconds: float = 20.0) -> None:
    """Wait until no child is left."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            number, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if number == 0:
            time.sleep(0.02)
    raise CommandFailed(f"processes are still running {seconds:g} s after the command has ended")
