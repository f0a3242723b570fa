"""Grading on a cluster: the marks are those of one machine, whatever happens to the workers."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import dask
import nbformat
import pytest
from distributed import Client

from autograder import grading
from autograder.grading import cluster as cluster_module
from autograder.grading import cluster_worker
from autograder.grading.jobs import Job, packed_jobs, packed_result, unpacked_jobs, unpacked_result
from autograder.grading.options import GradingOptions
from autograder.grading.submission import Submission
from tests import COURSE
from tests.grading.grading_class import RIGHT, Grader
from tests.grading.test_grading import saved

DASK = (sys.executable, "-m", "dask")
LOOPBACK = ("--host", "127.0.0.1", "--no-dashboard")


class Machines:
    """A scheduler and workers, each a process of its own, on the loopback interface."""

    def __init__(
        self, folder: Path, *options: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._options = options
        self._logs: list[Path] = []
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._file = folder / "scheduler.json"
        address = ("--port", "0", "--scheduler-file", str(self._file))
        self._start("scheduler", environment or {}, "scheduler", *LOOPBACK, *address, *options)

    def worker(self, name: str, environment: Mapping[str, str] | None = None, *more: str) -> None:
        """Start a worker; without further arguments it is not started again when it dies."""
        known = ("--scheduler-file", str(self._file), "--name", name, "--nthreads", "1")
        folder = ("--local-directory", str(self._folder / name))
        arguments = (*LOOPBACK, *known, *folder, *(more or ("--no-nanny",)), *self._options)
        self._start(name, environment or {}, "worker", *arguments)

    def ready(self, count: int) -> str:
        """Wait until so many workers are there; return the scheduler's address."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                address: str = json.loads(self._file.read_text())["address"]
                with Client(address, timeout=60, set_as_default=False) as client:
                    client.wait_for_workers(count, timeout=90)
                return address
            time.sleep(0.1)
        raise AssertionError(self.log())

    def kill(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()

    def log(self) -> str:
        return "\n".join(path.read_text() for path in self._logs)

    def _start(self, name: str, environment: Mapping[str, str], *arguments: str) -> None:
        log = self._folder / f"{name}.log"
        self._logs.append(log)
        with log.open("wb") as file:
            self.processes[name] = subprocess.Popen(
                [*DASK, *arguments],
                cwd=self._folder,
                env={**os.environ, **environment},
                stdout=file,
                stderr=file,
            )

    def close(self) -> None:
        """Stop the workers, and then the scheduler: without one, a worker takes 8 s to stop."""
        scheduler, *workers = self.processes.values()
        for processes in (workers, [scheduler]):
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """A scheduler with two workers that can grade, and one that cannot."""
    folder = tmp_path_factory.mktemp("cluster")
    with contextlib.closing(Machines(folder)) as machines:
        machines.worker("one")
        machines.worker("two")
        machines.worker("old", other_version(folder))
        machines.ready(3)
        yield machines


def other_version(folder: Path) -> dict[str, str]:
    """Return the environment of a worker whose package differs in a comment."""
    package = folder / "other" / "autograder"
    shutil.copytree(COURSE / "autograder", package, ignore=shutil.ignore_patterns("__pycache__"))
    with (package / "comparison.py").open("a") as file:
        file.write("# changed\n")
    return {"PYTHONPATH": str(package.parent)}


def customized(folder: Path, source: str) -> dict[str, str]:
    """Return the environment of a worker in whose Python ``source`` is run first."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(source)
    return {"PYTHONPATH": str(folder)}


NO_PACKAGE = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "autograder":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""

OTHER_NUMPY = """
import importlib.metadata
version = importlib.metadata.version
importlib.metadata.version = lambda name: "1.0" if name == "numpy" else version(name)
"""

DEADLY = """
import os, signal, sys
if any("spawn_main" in one for one in sys.orig_argv):  # a worker, not its nanny
    from autograder.grading.pool import SandboxPool
    grade_one = SandboxPool.grade_one
    def deadly(self, job):
        if job.student == "killer":
            os.kill(os.getpid(), signal.SIGKILL)
        return grade_one(self, job)
    SandboxPool.grade_one = deadly
"""


def fill(grader: Grader, classroom: Path, count: int = 18) -> None:
    """Hand in for a class: right, wrong, empty and unreadable submissions, and odd files."""
    for number in range(count):
        folder = classroom / "submitted" / f"s{number:02}" / "probe"
        folder.mkdir(parents=True)
        wrong = {**RIGHT, "total": "def total(x): return 0.0"}
        answers = (RIGHT, wrong, {}, RIGHT)[number % 4]
        if number == 3:  # ten bytes on the wire that name 20 GB
            answers = {
                **RIGHT,
                "total": "def total(x): return [np.zeros(100_000, object)] * 26_000",
            }
        notebook = grader.notebook(answers, "import time\ntime.sleep(0.05)\nprint('\\ud800')")
        nbformat.write(notebook, folder / "probe.ipynb")
        if number % 6 == 5:
            (folder / "probe.ipynb").write_bytes(b"no notebook")
        if number == 0:
            Path(os.fsdecode(os.fsencode(folder) + b"/\xff.txt")).write_bytes(b"\x00\xff")
            (folder / "link.txt").symlink_to("/etc/passwd")


def graded_files(classroom: Path) -> dict[str, bytes]:
    folder = classroom / "autograded"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.ipynb")}


def test_a_worker_that_dies_changes_no_mark(
    grader: Grader,
    machines: Machines,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    fill(grader, here)
    shutil.copytree(here, there, symlinks=True)
    root = grader.course.root
    local = grading.grade(root, "probe", classroom=here)
    sizes: list[int] = []

    def counted(jobs: list[Job]) -> bytes:
        sizes.append(len(jobs))
        return packed_jobs(jobs)

    monkeypatch.setattr(cluster_module, "packed_jobs", counted)
    students: list[str] = []

    def kill_once(result: grading.SubmissionResult) -> None:
        students.append(result.student)
        if len(students) == 3:
            machines.kill("one")

    address = machines.ready(3)
    result = grading.grade(
        root,
        "probe",
        classroom=there,
        options=GradingOptions(scheduler=address, chunk=3),
        on_result=kill_once,
    )
    assert result == local
    assert sorted(students) == [
        submission.student for submission in local.submissions
    ]  # each one once
    assert saved(there) == saved(here)
    assert graded_files(there) == graded_files(here)
    assert result.of("s00").flags == ("symbolic links were not followed: link.txt",)
    # One was killed, with work in hand or with results that nobody had fetched yet; one could not
    # grade: both are told, once.
    told = ("has died", "it was lost")
    assert sum(any(words in line for words in told) for line in caplog.messages) == 1
    left_out = [line for line in caplog.messages if "is left out" in line]
    assert len(left_out) == 1
    assert "another version of the package `autograder`" in left_out[0]
    # Chunks are at most as large as asked for, and small at the end.
    assert max(sizes) == 3
    assert sizes[-1] == 1
    assert grading.grade(
        root, "probe", classroom=here, options=GradingOptions(scheduler=address)
    ).submissions == tuple(grading.grade(root, "probe", classroom=here).submissions)


CLIENT = """
import sys
from autograder import grading
options = grading.GradingOptions(scheduler=sys.argv[3], chunk=2)
grading.grade(sys.argv[1], "probe", classroom=sys.argv[2], options=options)
"""


def test_a_killed_grading_goes_on_and_a_lost_scheduler_is_told(
    grader: Grader, machines: Machines, tmp_path: Path
) -> None:
    fill(grader, tmp_path, 12)
    root, notes = grader.course.root, tmp_path / ".grading" / "probe"
    address = machines.ready(2)
    arguments = [sys.executable, "-c", CLIENT, str(root), str(tmp_path), address]
    with subprocess.Popen(arguments, cwd=COURSE) as process:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if len(list(notes.glob("*.json"))) >= 3:
                process.kill()
            time.sleep(0.002)
    assert process.returncode == -signal.SIGKILL
    results: list[grading.SubmissionResult] = []

    def lose_scheduler(result: grading.SubmissionResult) -> None:
        results.append(result)
        if not result.unchanged and machines.processes["scheduler"].poll() is None:
            machines.kill("scheduler")

    options = {"classroom": tmp_path, "on_result": lose_scheduler}
    with pytest.raises(grading.ClusterError, match=r"connection .* was lost.*goes on from there"):
        grading.grade(root, "probe", options=GradingOptions(scheduler=address, chunk=2), **options)
    assert sum(known.unchanged for known in results) >= 2
    result = grading.grade(root, "probe", classroom=tmp_path)
    assert sum(submission.unchanged for submission in result.submissions) >= 3
    assert len(saved(tmp_path)) == 12
    assert {submission.state for submission in result.submissions} == {"graded", "needs a person"}


def certificates(folder: Path) -> tuple[str, ...]:
    """Make a certificate for the loopback address; return the options that name it."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", str(key)]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return ("--tls-ca-file", str(cert), "--tls-cert", str(cert), "--tls-key", str(key))


def test_a_submission_that_kills_workers_is_found_over_tls(grader: Grader, tmp_path: Path) -> None:
    classroom = tmp_path / "class"
    fill(grader, classroom, 6)
    shutil.copytree(
        classroom / "submitted" / "s00", classroom / "submitted" / "killer", symlinks=True
    )
    options = certificates(tmp_path)
    with contextlib.closing(Machines(tmp_path, *options, "--protocol", "tls")) as machines:
        # Under a nanny, Dask's own guard, which starts a worker again.
        machines.worker("deadly", customized(tmp_path / "custom", DEADLY), "--nworkers", "1")
        names = ("ca-file", "scheduler.cert", "client.cert", "client.key")
        files = (options[1], options[3], options[3], options[5])
        tls = {f"distributed.comm.tls.{n}": f for n, f in zip(names, files, strict=True)}
        with dask.config.set(tls):
            address = machines.ready(1)
            assert address.startswith("tls://")
            result = grading.grade(
                grader.course.root,
                "probe",
                classroom=classroom,
                options=GradingOptions(scheduler=address),
            )
        with pytest.raises(grading.ClusterError, match="no Dask scheduler at tls://"):
            grading.grade(
                grader.course.root,
                "probe",
                classroom=classroom,
                options=GradingOptions(scheduler=address),
            )
    assert [
        submission.student for submission in result.submissions if submission.state != "graded"
    ] == ["killer", "s05"]
    assert result.of("killer").reason == "Each of 3 workers that graded it died."
    assert result.of("s00").points == 11.0


@pytest.mark.filterwarnings("ignore::distributed.versions.VersionMismatchWarning")
def test_workers_that_cannot_grade_say_what_to_do(grader: Grader, tmp_path: Path) -> None:
    classroom = tmp_path / "class"
    fill(grader, classroom, 1)
    nothing = customized(tmp_path / "empty-custom", NO_PACKAGE)
    # The scheduler does not need the package.
    with contextlib.closing(Machines(tmp_path, environment=nothing)) as machines:
        machines.worker("open", {"PATH": str(tmp_path)})
        machines.worker("empty", nothing)
        machines.worker("numpy", customized(tmp_path / "numpy-custom", OTHER_NUMPY))
        address = machines.ready(3)
        with pytest.raises(grading.ClusterError) as failure:
            grading.grade(
                grader.course.root,
                "probe",
                classroom=classroom,
                options=GradingOptions(scheduler=address),
            )
    message = str(failure.value)
    assert message.startswith("No worker of the cluster can grade. tcp://127.0.0.1:")
    for part in (
        "`apt-get install bubblewrap`",
        "No module named 'autograder",
        "numpy 1.0, not",
        "`pip install -r requirements.txt -c constraints.txt`",
    ):
        assert part in message
    assert saved(classroom) == {}


def test_a_scheduler_that_is_not_there_is_told(
    grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeouts: list[float] = []

    def connected(address: str, *, timeout: float, **options: object) -> Client:
        timeouts.append(timeout)
        return Client(address, timeout=1.0, **options)

    monkeypatch.setattr(cluster_module, "Client", connected)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        for address in (nobody, "nonsense", "http://127.0.0.1:1"):
            with pytest.raises(grading.ClusterError, match="There is no Dask scheduler at"):
                grading.grade(
                    grader.course.root,
                    "probe",
                    classroom=tmp_path,
                    options=GradingOptions(scheduler=address),
                )
    assert timeouts == [10.0] * 3  # nobody waits for longer


def test_without_dask_the_message_says_what_to_install(
    grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A client of another test that never connected imports from `distributed` when it is collected.
    gc.collect()
    for name in [module for module in sys.modules if module.split(".")[0] == "distributed"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "autograder.grading.cluster")
    monkeypatch.delitem(sys.modules, "autograder.grading.cluster_worker")
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(grading.ClusterError, match=r"pip install -e .*cluster"):
        grading.grade(
            grader.course.root,
            "probe",
            classroom=tmp_path,
            options=GradingOptions(scheduler="tcp://x:1"),
        )


class Missing:
    """Finds no module of Dask's."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.split(".")[0] == "distributed":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_a_worker_keeps_a_chapter_while_it_is_busy(
    grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = SimpleNamespace(local_directory=tmp_path, state=SimpleNamespace(nthreads=1))
    monkeypatch.setattr(cluster_worker, "get_worker", lambda: worker)
    monkeypatch.setattr(cluster_worker, "IDLE_SECONDS", 1.0)
    chapter = grader.chapter
    key = ("probe", chapter.fingerprint, False, cluster_worker.versions(chapter.packages))
    content = nbformat.writes(grader.notebook(RIGHT)).encode()
    jobs = packed_jobs([Job("ada", Submission(content, "", {}), 1, "")])
    files = cluster_worker.chapter_files(grader.course, "probe")
    assert not any(name.startswith("submitted") or "secret" in name for name in files)
    assert cluster_worker.grade_chunk(key, jobs, None) == {"files_needed": True}
    first = cluster_worker.grade_chunk(key, jobs, files)
    assert unpacked_result(first["results"][0])[0].points == 11.0
    assert len(list(tmp_path.iterdir())) == 1
    # The sandbox stays, and the files need not be sent again, until there was nothing to do.
    assert cluster_worker.grade_chunk(key, jobs, None) == first
    deadline = time.monotonic() + 30
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert cluster_worker.grade_chunk(key, jobs, None) == {"files_needed": True}
    # Nothing is left behind by a worker that cannot grade.
    wrong = ("probe", "0" * 64, *key[2:])
    assert (
        "another version of the package" in cluster_worker.grade_chunk(wrong, jobs, files)["unfit"]
    )
    assert not list(tmp_path.iterdir())


def test_jobs_and_results_survive_as_bytes(grader: Grader) -> None:
    files = {"data/a.txt": b"\x00\xff", "ÿ": b""}
    submissions = (
        Submission(b"{}", "", files, links=("a", "b")),
        Submission(None, "There is no file.", {}),
    )
    jobs = [Job("Zoë", submission, 2**255 + 1, "stamp") for submission in submissions]
    assert unpacked_jobs(packed_jobs(jobs)) == jobs
    graded = grading.jobs.ungraded(grader.chapter, "Zoë \ud800", "It is no notebook.")
    assert unpacked_result(packed_result(graded)) == graded
