"""Sandboxed processes for submissions, seen from the grader.

A :class:`Sandbox` is one bubblewrap container with a warm Python process in it (the zygote);
a :class:`Session` is one submission's process, forked from it. The container sees the Python
installation, the allowed packages and the chapter's handed-out files, all read-only, and no
network. Each session has its own processes, files in memory and limits on top of that.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from autograder.chapter import DEFAULT_PACKAGES, Limits
from autograder.grading.channel import Channel, ChannelClosed, OutOfTime, deadline
from autograder.grading.system_calls import filter_program
from autograder.grading.wire import WireError
from autograder.values import Value

_log = logging.getLogger(__name__)

ENGINE_PACKAGES = ("numpy", "msgpack", "ipython", "matplotlib-inline")
"""What the sandbox's own side needs."""

ROOT_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")


class SandboxUnavailable(RuntimeError):
    """This machine cannot run submissions in a sandbox; the message says why and what to do."""


class SandboxBroken(RuntimeError):
    """The container has died: it needs to be replaced."""


class SessionEnded(RuntimeError):
    """A submission's process has died, or answered with something that is no answer."""


class Session:
    """One submission's process. Use as a context manager, or call :meth:`close`."""

    def __init__(self, channel: Channel, process: int) -> None:
        self._channel = channel
        self._process = process
        self._times = Path(f"/proc/{_number_of(process)}/stat")

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

    def ask(self, request: Value, seconds: float) -> tuple[dict[str, Any], bool]:
        """Send a request; return the reply, and whether it came in time.

        A process that runs out of time is interrupted, and may still answer. Time is its own
        CPU time, or three times as long on the clock: a busy machine costs nobody points.
        Raises :class:`SessionEnded`, or :class:`OutOfTime` if the process did not even heed the
        interrupt; the session is closed then.
        """
        try:
            self._channel.send(request)
            timely = True
            try:
                reply = self._channel.receive(self._expired(seconds))
            except OutOfTime:
                timely = False
                signal.pidfd_send_signal(self._process, signal.SIGINT)
                reply = self._channel.receive(deadline(1.0))
        except OutOfTime:
            self.close()
            raise
        except (ChannelClosed, WireError, ProcessLookupError) as error:
            self.close()
            raise SessionEnded(str(error) or "the process has ended") from error
        if not isinstance(reply, dict):
            self.close()
            raise SessionEnded("the process answered with something that is no answer")
        return reply, timely

    def _expired(self, seconds: float) -> Callable[[], bool]:
        started, used = time.monotonic(), None

        def expired() -> bool:
            # First asked after some 50 ms; most answers are there before that.
            nonlocal used
            if used is None:
                used = self._cpu_seconds()
            passed = time.monotonic() - started
            if passed < seconds:
                return False
            return passed > 3 * seconds or self._cpu_seconds() - used > seconds

        return expired

    def _cpu_seconds(self) -> float:
        try:
            fields = self._times.read_text().rpartition(")")[2].split()
        except OSError:
            return float("inf")  # it has ended: nothing to wait for
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
        bwrap = _bubblewrap()
        packages = tuple(packages)
        control, inner = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        command = [bwrap, *_container(packages, shared, self.limits)]
        command += ["--", _python(), "-I", "-B", "/engine/autograder/grading/inside/zygote.py"]
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
            "preload": [name for name in _imports(packages) if name != "ipykernel"],
            "change_user": os.getuid() == 0,
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
            raise SandboxUnavailable(_mend(reason)) from error

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


def _number_of(process: int) -> int:
    """Return the process id behind a pidfd, as this process sees it."""
    text = Path(f"/proc/self/fdinfo/{process}").read_text()
    match = re.search(r"^Pid:\s*(\d+)", text, re.MULTILINE)
    return int(match[1]) if match else 0


def _bubblewrap() -> str:
    if sys.platform != "linux":
        raise SandboxUnavailable("Grading needs Linux: the sandbox is made of its namespaces.")
    path = shutil.which("bwrap")
    if path is None:
        raise SandboxUnavailable(
            "Grading needs bubblewrap, which is not installed. Install it with "
            "`apt-get install bubblewrap` (or `dnf install bubblewrap`)."
        )
    return path


def _mend(reason: str) -> str:
    if any(word in reason for word in ("namespace", "uid map", "permitted", "denied")):
        advice = (
            "Allow it to make namespaces: on Ubuntu 24.04 `sudo sysctl -w "
            "kernel.apparmor_restrict_unprivileged_userns=0`; in Docker `--cap-add SYS_ADMIN "
            "--security-opt seccomp=unconfined --security-opt apparmor=unconfined`."
        )
    else:
        advice = "Nothing was graded: submissions never run outside the sandbox."
    return f"The sandbox does not start on this machine ({reason}). {advice}"


def _python() -> str:
    return os.path.realpath(sys.executable)


def _container(packages: tuple[str, ...], shared: Path | None, limits: Limits) -> Iterator[str]:
    """Yield bubblewrap's arguments: what the container is and what can be seen in it."""
    yield from ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts")
    yield from ("--unshare-cgroup-try", "--new-session", "--clearenv", "--cap-drop", "ALL")
    if os.getuid() == 0:
        for capability in ROOT_CAPABILITIES:
            yield from ("--cap-add", capability)
    else:
        yield from ("--unshare-user", "--cap-add", "CAP_SYS_ADMIN")
    for name, value in _environment().items():
        yield from ("--setenv", name, value)
    for path in _system_paths():
        if path.is_symlink() and path.parent == Path("/"):
            yield from ("--symlink", os.readlink(path), str(path))
        elif path.exists():
            yield from _open_folders(path.parents)
            yield from ("--ro-bind", str(path), str(path))
    # What else is installed beside the Python installation is not for submissions.
    for hidden in _other_packages():
        yield from ("--tmpfs", str(hidden), "--remount-ro", str(hidden))
    engine = "/engine/autograder"
    yield from _open_folders(map(Path, (f"{engine}/grading", engine, "/engine")))
    yield from _open_folders(map(Path, ("/course", "/site", "/dev")))
    for device in ("null", "zero", "full", "random", "urandom"):
        yield from ("--dev-bind", f"/dev/{device}", f"/dev/{device}")
    here = Path(__file__).parent
    for source, name in (
        (here / "inside" / "stub.py", "__init__.py"),
        (here.parent / "values.py", "values.py"),
        (here.parent / "handover.py", "handover.py"),
        (here.parent / "comparison.py", "comparison.py"),
        (here.parent / "checks.py", "checks.py"),
        (here.parent / "failures.py", "failures.py"),
        (here / "inside" / "__init__.py", "grading/__init__.py"),
        (here / "wire.py", "grading/wire.py"),
        (here / "channel.py", "grading/channel.py"),
        (here / "inside", "grading/inside"),
    ):
        yield from ("--ro-bind", str(source), f"{engine}/{name}")
    for source in _package_files(packages):
        yield from ("--ro-bind", str(source), f"/site/{source.name}")
    if shared is not None:
        for source in sorted(shared.iterdir()):
            if source.suffix != ".ipynb" and not source.is_symlink():
                yield from ("--ro-bind", str(source), f"/course/{source.name}")
    yield from ("--size", str(limits.disk << 20), "--tmpfs", "/tmp", "--chdir", "/tmp")
    yield from ("--remount-ro", "/")


def _open_folders(folders: Iterable[Path]) -> Iterator[str]:
    """Make folders, outermost first: those that bubblewrap makes by itself are its owner's."""
    for folder in reversed([folder for folder in folders if folder != Path("/")]):
        yield from ("--perms", "0755", "--dir", str(folder))


def _environment() -> dict[str, str]:
    threads = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")
    return {
        **{f"{name}_NUM_THREADS": "1" for name in threads},
        # glibc would reserve 64 MiB of addresses for each thread, which count against the limit:
        # some threads would take all of it, and the process would die of what comes next.
        "MALLOC_ARENA_MAX": "2",
        "HOME": "/tmp",
        "PATH": "/nonexistent",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "IPYTHONDIR": "/tmp/ipython",
    }


def _system_paths() -> list[Path]:
    """Return what of the system has to be seen: the Python installation and shared libraries."""
    base = Path(sys.base_prefix)
    own = [Path(_python()), base / "lib"]
    shared = [Path("/lib"), Path("/lib64"), Path("/usr/lib64"), Path("/etc/ld.so.cache")]
    # Debian and its like keep libraries in a folder of their own; /usr/lib holds much else.
    multiarch = Path("/usr/lib", sysconfig.get_config_var("MULTIARCH") or "none")
    if multiarch.is_dir() and base != Path("/usr"):
        shared.append(multiarch)
    elif multiarch.is_dir():
        own = [Path(_python()), multiarch, Path(sysconfig.get_path("stdlib"))]
    else:
        shared.append(Path("/usr/lib"))
    return [*shared, *own]


def _other_packages() -> list[Path]:
    base = Path(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [base / "lib" / version / "site-packages", Path("/usr/lib/python3/dist-packages")]
    return [path for path in candidates if path.is_dir()]


def _imports(packages: Iterable[str]) -> Iterator[str]:
    """Yield the names under which packages are imported, the packages' own first."""
    for package in packages:
        try:
            top = importlib.metadata.distribution(package).read_text("top_level.txt")
        except importlib.metadata.PackageNotFoundError as error:
            raise SandboxUnavailable(
                f"The chapter allows the package {package}, which is not installed here. "
                f"Install it with `pip install {package}`."
            ) from error
        yield (top or package).split()[0].replace("-", "_")


def _package_files(packages: Iterable[str]) -> list[Path]:
    """Return the files and folders of the packages and all that they need, in site-packages."""
    paths: set[Path] = set()
    for distribution in _with_requirements((*ENGINE_PACKAGES, *packages)):
        for file in distribution.files or ():
            if file.parts[0] not in ("..", "__pycache__"):
                paths.add(Path(str(distribution.locate_file(file.parts[0]))))
    return sorted(path for path in paths if path.exists())


def _with_requirements(packages: Iterable[str]) -> list[importlib.metadata.Distribution]:
    from packaging.requirements import Requirement

    waiting, known = list(packages), {}
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in known:
            continue
        try:
            known[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # an optional requirement; a missing package of the chapter is told before
        for text in known[name].requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return list(known.values())
