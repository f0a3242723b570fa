"""Sandboxed processes for submissions, seen from the grader.

A :class:`Sandbox` is one bubblewrap container with a warm Python process in it (the zygote);
a :class:`Session` is one submission's process, forked from it. The container sees the Python
installation, the allowed packages and the chapter's handed-out files, all read-only, and no
network. Each session has its own processes, files in memory and limits on top of that.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from autograder.chapter import DEFAULT_PACKAGES, Limits
from autograder.grading.channel import Channel, ChannelClosed, OutOfTime, deadline
from autograder.grading.container import (
    ENGINE_FOLDER,
    SandboxUnavailable,
    bubblewrap,
    container_arguments,
    import_names,
    python,
)
from autograder.grading.system_calls import filter_program
from autograder.grading.wire import WireError
from autograder.values import Value

Answer = Callable[[dict[str, Any]], Value]

MOST_CORES = 1.2
"""What takes more than so many cores has to make do with one: threads may be a submission's own,
and may not be a way to more than its share of the machine."""

SHORT = 0.05
"""Seconds: what takes less is not worth asking how much of it was waiting."""

_log = logging.getLogger(__name__)


class SandboxBroken(RuntimeError):
    """The container has died: it needs to be replaced."""


class SessionEnded(RuntimeError):
    """A submission's process has died, or answered with something that is no answer."""


class Session:
    """One submission's process. Use as a context manager, or call :meth:`close`.

    ``seconds`` is how long the last request took, without what it waited for a busy core.
    """

    def __init__(self, channel: Channel, process: int) -> None:
        self.seconds = 0.0
        self._channel = channel
        self._process = process
        self._number = _number_of(process)
        self._schedule = Path(f"/proc/{self._number}/schedstat")
        self._waited = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the process and everything it has started."""
        if self._process >= 0:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                signal.pidfd_send_signal(self._process, signal.SIGKILL)
            os.close(self._process)
            self._process = -1
        self._channel.close()

    def ask(
        self, request: Value, seconds: float, answer: Answer | None = None
    ) -> tuple[dict[str, Any], bool]:
        """Send a request; return the reply, and whether it came in time.

        Before it replies, the process may ask something itself, which ``answer`` answers.

        A process that runs out of time is interrupted, and may still answer. Time is its own
        CPU time, or three times as long on the clock, without what it waited for a core: a busy
        machine costs nobody points.
        Raises :class:`SessionEnded`, or :class:`OutOfTime` if the process did not even heed the
        interrupt; the session is closed then.
        """
        started = time.monotonic()
        try:
            return self._ask(request, seconds, answer)
        except (OutOfTime, SessionEnded):
            self.close()
            raise
        finally:
            self.seconds = time.monotonic() - started
            if self.seconds > SHORT:
                waited, self._waited = self._waited, self._waited_seconds()
                self.seconds -= max(self._waited - waited, 0.0)

    def _ask(
        self, request: Value, seconds: float, answer: Answer | None
    ) -> tuple[dict[str, Any], bool]:
        try:
            self._channel.send(request)
            timely = True
            try:
                reply = self._reply(self._expired(seconds), answer)
            except OutOfTime:
                timely = False
                signal.pidfd_send_signal(self._process, signal.SIGINT)
                reply = self._reply(deadline(1.0), answer)
        except (ChannelClosed, WireError, ProcessLookupError) as error:
            raise SessionEnded(str(error) or "the process has ended") from error
        if not isinstance(reply, dict):
            raise SessionEnded("the process answered with something that is no answer")
        return reply, timely

    def _reply(self, expired: Callable[[], bool], answer: Answer | None) -> Value:
        """Wait for the reply, and answer what is asked before it."""
        while True:
            reply = self._channel.receive(expired)
            if answer is None or not isinstance(reply, dict) or "asked" not in reply:
                return reply
            self._channel.send(answer(reply))

    def _expired(self, seconds: float) -> Callable[[], bool]:
        started, used, waited = time.monotonic(), None, 0.0
        last = 0.0, 0.0

        def expired() -> bool:
            # First asked after some 50 ms; most answers are there before that.
            nonlocal used, waited, last
            now = time.monotonic(), self.cpu_seconds()
            if used is None:
                used, waited = now[1], self._waited_seconds()
            elif now[1] - last[1] > MOST_CORES * (now[0] - last[0]):
                self._keep_to_one_core()
            last = now
            passed = now[0] - started
            if passed < seconds:
                return False
            if now[1] - used > seconds:
                return True
            return passed - (self._waited_seconds() - waited) > 3 * seconds

        return expired

    def _keep_to_one_core(self) -> None:
        """Let all threads of the process share one core: the others are for other submissions."""
        cores = sorted(os.sched_getaffinity(0))
        core = cores[self._number % len(cores)]
        with contextlib.suppress(OSError):  # it has ended, or a thread of it
            for thread in os.listdir(f"/proc/{self._number}/task"):
                os.sched_setaffinity(int(thread), {core})

    def _waited_seconds(self) -> float:
        """Return how long the process has waited for a core since it was started."""
        try:
            return int(self._schedule.read_text().split()[1]) / 1e9
        except (OSError, IndexError):
            return self._waited  # it has ended, or this kernel does not say

    def cpu_seconds(self) -> float:
        """Return for how long the process has computed, in all of its threads."""
        try:
            # The clock that clock_getcpuclockid(3) names: the kernel's own count.
            return time.clock_gettime(~self._number << 3 | 2)
        except OSError:
            return float("inf")  # it has ended: nothing to wait for


class Sandbox:
    """A container for the submissions of one chapter. Use as a context manager.

    Submissions can import ``packages`` and what those need, and find the files of the folder
    ``shared`` (but no notebooks) in their working folder.
    """

    def __init__(
        self,
        packages: Iterable[str] = DEFAULT_PACKAGES,
        shared: Path | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.limits = limits or Limits()
        packages = tuple(packages)
        # What may fail comes before anything is opened.
        names = list(import_names(packages))
        preload = [name for name in names if name != "ipykernel"]
        command = [bubblewrap(), *container_arguments(packages, shared, self.limits)]
        command += ["--", python(), "-I", "-B", f"{ENGINE_FOLDER}/grading/inside/zygote.py"]
        control, inner = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        with inner:
            self._process = subprocess.Popen(
                [*command, str(inner.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=[inner.fileno()],
            )
        self._control = Channel(control)
        if not filter_program():
            _log.warning(
                "libseccomp is not installed: submissions can start processes of their own. "
                "Install it with `apt-get install libseccomp2`."
            )
        settings = {
            "preload": preload,
            "packages": names,
            "user": _user(self._process.pid) if os.getuid() == 0 else 0,
            "disk": self.limits.disk << 20,
            "limits": self.limits.resources(),
            "filter": filter_program(),
        }
        try:
            self._control.send(settings)
            self._control.receive(deadline(120))
            self.open().close()
        except (ChannelClosed, WireError, OutOfTime, SandboxBroken) as error:
            reason = self._reason()
            self.close()
            raise SandboxUnavailable(_explained(reason)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the container and every session in it."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        self._errors.close()

    def open(self, files: Mapping[str, bytes] | None = None) -> Session:
        """Start a fresh process for a submission, with ``files`` in its working folder.

        Raises :class:`SandboxBroken` if that cannot be done any more.
        """
        mine, theirs = socket.socketpair()
        mine.settimeout(60)
        try:
            with theirs:
                socket.send_fds(self._control.socket, [b"n"], [theirs.fileno()])
            _, descriptors, _, _ = socket.recv_fds(mine, 1, 1)
            session = Session(Channel(mine), descriptors[0])
        except (OSError, IndexError) as error:
            mine.close()
            raise SandboxBroken("no new process can be started") from error
        try:
            session.ask({"files": dict(files or {})}, 30)
        except (SessionEnded, OutOfTime) as error:
            session.close()
            raise SandboxBroken("a new process does not answer") from error
        return session

    def _reason(self) -> str:
        self._process.kill()
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read(20_000).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no reason was given"


def _user(sandbox: int) -> int:
    """Return the user that root becomes in a sandbox, by its process id: nobody's, and its own.

    The kernel counts threads by user, all sandboxes together. Below 65,536: many containers have
    no other users.
    """
    return 50_000 + sandbox % 15_000


def _number_of(process: int) -> int:
    """Return the process id behind a pidfd, as this process sees it."""
    text = Path(f"/proc/self/fdinfo/{process}").read_text()
    match = re.search(r"^Pid:\s*(\d+)", text, re.MULTILINE)
    return int(match[1]) if match else 0


def _explained(reason: str) -> str:
    if any(word in reason for word in ("namespace", "uid map", "permitted", "denied")):
        advice = (
            "Allow it to make namespaces: on Ubuntu 24.04 `sudo sysctl -w "
            "kernel.apparmor_restrict_unprivileged_userns=0`; in Docker `--cap-add SYS_ADMIN "
            "--security-opt seccomp=unconfined --security-opt apparmor=unconfined`."
        )
    else:
        advice = "Nothing was graded: submissions never run outside the sandbox."
    return f"The sandbox does not start on this machine ({reason}). {advice}"
