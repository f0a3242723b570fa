"""The sandbox: what a submission's process can see, do and use up."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder.chapter import Limits
from autograder.checks import CheckedCase
from autograder.grading import sandbox as sandbox_module
from autograder.grading.channel import OutOfTime
from autograder.grading.container import SandboxUnavailable
from autograder.grading.sandbox import (
    Sandbox,
    SandboxBroken,
    Session,
    SessionEnded,
)
from autograder.student.calls import in_notebook
from tests import COURSE


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    shared = tmp_path_factory.mktemp("shared")
    (shared / "data.txt").write_text("from the course")
    (shared / "reference.ipynb").write_text("notebooks stay outside")
    with Sandbox(shared=shared, limits=Limits(memory=1024, disk=16)) as box:
        yield box


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[Session]:
    with sandbox.open({"mine.txt": b"from the student", "numpy.py": b"raise SystemExit"}) as opened:
        yield opened


def run(session: Session, source: str, seconds: float = 20) -> dict[str, Any]:
    request = {"do": "cell", "source": source, "definitions_only": False, "draw_figures": True}
    reply, timely = session.ask(request, seconds)
    assert timely
    return reply


def printed(session: Session, source: str) -> str:
    reply = run(session, source)
    assert reply["error"] is None, reply["error"]["traceback"]
    return "".join(output.get("text", "") for output in reply["outputs"]).strip()


def fails(session: Session, source: str) -> str:
    """Run a cell that has to fail; return the type of its exception."""
    reply = run(session, source)
    assert reply["error"] is not None, f"this worked: {source}"
    return str(reply["error"]["ename"])


def call(session: Session, function: str, *arguments: Any, seconds: float = 5) -> dict[str, Any]:
    named = {f"a{number}": value for number, value in enumerate(arguments)}
    reply, timely = session.ask(
        {"do": "call", "function": function, "arguments": named, "asked": [], "timed": False},
        seconds,
    )
    assert timely
    return reply


# What can be seen


def test_cells_run_and_functions_can_be_called(session: Session) -> None:
    assert printed(session, "def twice(x):\n    return 2 * x\nprint('hello')") == "hello"
    reply = call(session, "twice", np.arange(3, dtype=np.float32))
    assert reply["ended"] == "returned"
    assert reply["value"].dtype == np.float32
    assert reply["value"].tolist() == [0, 2, 4]


FAILING = {
    "an index": "def f(x):\n    total = 0\n    return total + x[9]",
    "inside NumPy": "def f(x):\n    return np.stack([x, x[:1]])",
    "a function that it calls": "def g(x):\n    return 1 / 0\n\ndef f(x):\n    return g(x)",
    "a lambda outside functions": "f = lambda x: x['a']",
    "a signature": "def f(x, w):\n    return x",
    "code of its own making": "def f(x):\n    return eval('x +* 1')",
    "a recursion": "def f(x):\n    return f(x)",
    "no message": (
        "class Silent(Exception):\n    def __str__(self):\n        return 1 / 0\n"
        "def f(x):\n    raise Silent"
    ),
    "a message that leaves": (
        "class Leaving(Exception):\n    def __str__(self):\n        raise SystemExit\n"
        "def f(x):\n    raise Leaving"
    ),
    "a long message": "def f(x):\n    raise ValueError('no' * 5000)",
    "exit": "def f(x):\n    exit()",
}


@pytest.mark.parametrize("what", FAILING)
def test_a_failure_has_the_same_words_here_and_in_the_notebook(session: Session, what: str) -> None:
    source = f"import numpy as np\n{FAILING[what]}"
    run(session, source)
    reply = call(session, "f", np.arange(3.0))
    assert reply.pop("ended") == "failed"
    without_history = Config({"HistoryManager": {"enabled": False}})
    notebook = InteractiveShell.instance(config=without_history)
    try:
        notebook.run_cell(source)
        case = CheckedCase("a case", {"x": np.arange(3.0)}, None, {})
        failed = in_notebook(notebook.user_ns["f"], 5.0)(case)
    finally:
        InteractiveShell.clear_instance()
    assert reply == dataclasses.asdict(failed)
    assert ("line" in reply["line"]) == (what != "a signature")


def test_the_file_system_is_small(session: Session) -> None:
    top = printed(session, "import os; print(*sorted(os.listdir('/')))").split()
    allowed = {"course", "dev", "engine", "etc", "lib", "lib64", "site", "tmp", "usr"}
    assert set(top) <= allowed | {Path(sys.base_prefix).parts[1]}
    assert printed(session, "print(*sorted(os.listdir('/dev')))") == "full null random urandom zero"
    assert printed(session, "print(*os.listdir('/etc'))") in ("", "ld.so.cache")


@pytest.mark.parametrize(
    "path",
    [COURSE / "solutions", COURSE / "tests", "/proc", "/sys", "/home", "/etc/passwd", "/var"],
)
def test_the_rest_of_the_machine_is_not_there(session: Session, path: object) -> None:
    assert printed(session, f"import os; print(os.path.exists({str(path)!r}))") == "False"


def test_the_environment_tells_nothing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    names = printed(session, "import os; print(*sorted(os.environ))").split()
    assert "AUTOGRADER_SECRET" not in names
    assert {"HOME", "PATH", "LANG"} <= set(names)
    assert "PYTHONPATH" not in names


def test_working_folder_has_the_course_files_and_the_submitted_ones(session: Session) -> None:
    assert printed(session, "print(open('data.txt').read())") == "from the course"
    assert printed(session, "print(open('mine.txt').read())") == "from the student"
    assert printed(session, "import os; print(os.path.exists('reference.ipynb'))") == "False"


def test_submitted_modules_shadow_nothing(session: Session) -> None:
    assert printed(session, "import numpy; print(numpy.arange(2).sum())") == "1"
    assert fails(session, "import importlib; importlib.import_module('torch')") == (
        "ModuleNotFoundError"
    )


@pytest.mark.parametrize("package", ["scipy", "torch", "skimage", "nbgrader", "pip", "solutions"])
def test_other_packages_cannot_be_imported(session: Session, package: str) -> None:
    load = f"import importlib\nimportlib.import_module({package!r})"
    assert fails(session, load) == "ModuleNotFoundError"
    # An import as people write it does not stop a cell; a call of what it stands for does.
    reply = run(session, f"import {package}.part as p, numpy as n\ndef f(x: p.A[int]): p.work(x)")
    assert (reply["error"], reply["absent"]) == (None, [package])
    assert fails(session, "n.ones(2)\nf(3)") == "ImportError"
    run(
        session,
        f"try:\n    import {package}\n    there = True\nexcept ImportError:\n    there = False",
    )
    assert "False" in str(run(session, "there")["outputs"])


def test_other_packages_cannot_be_found_anywhere(session: Session) -> None:
    names = printed(
        session,
        """
import os
for base, folders, files in os.walk('/'):
    for name in folders + files:
        if name in ('scipy', 'torch', 'solutions', 'gradebook.db', '.course_secret'):
            print(os.path.join(base, name))
""",
    )
    assert names == ""


@pytest.mark.parametrize("package", ["numpy", "matplotlib.pyplot", "ipywidgets", "PIL"])
def test_allowed_packages_can_be_imported(session: Session, package: str) -> None:
    printed(session, f"import {package}")


def test_nothing_but_the_working_folder_can_be_written(session: Session) -> None:
    for folder in ("/", "/course", "/engine/autograder", "/site", "/dev", "/usr/lib"):
        assert fails(session, f"open('{folder}/x', 'w')") in ("OSError", "PermissionError")
    assert fails(session, "open('data.txt', 'w')") in ("OSError", "PermissionError")
    printed(session, "open('/tmp/x', 'w').write('x')")


def test_the_process_is_alone_and_nobody(session: Session) -> None:
    assert printed(session, "import os; print(os.getpid())") == "1"
    uid = int(printed(session, "print(os.getuid())"))
    assert uid != 0
    assert fails(session, "os.setuid(0)") in ("PermissionError", "OSError")


def test_threads_of_one_submission_do_not_count_for_another(session: Session) -> None:
    """As root, the kernel counts the threads of all sandboxes whose processes are one user's."""
    source = """
import threading
done = threading.Event()
threads = [threading.Thread(target=done.wait, daemon=True) for _ in range(20)]
for thread in threads: thread.start()
print(len(threads))
"""
    with Sandbox(limits=Limits(memory=1024, disk=16)) as other, other.open() as neighbor:
        assert printed(neighbor, source) == "20"
        assert printed(session, source) == "20"
        if os.getuid() == 0:
            users = {printed(each, "import os; print(os.getuid())") for each in (neighbor, session)}
            assert len(users) == 2


def test_no_other_descriptor_is_open(session: Session) -> None:
    source = """
import fcntl, os, stat
for number in range(3, 256):
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        continue
    if stat.S_ISREG(mode) and not fcntl.fcntl(number, fcntl.F_GETFL) & (os.O_WRONLY | os.O_RDWR):
        continue  # a font that matplotlib keeps open
    print(stat.filemode(mode)[0])
"""
    assert printed(session, source) == "s"  # the session's own socket


# What can be done


@pytest.mark.parametrize(
    "source",
    [
        "import os; os.fork()",
        "import subprocess; subprocess.run(['/usr/bin/env'])",
        "import os; os.execv('/usr/bin/env', ['env'])",
        "import os; os.posix_spawn('/usr/bin/env', ['env'], {})",
        "import multiprocessing as m; m.get_context('fork').Process(target=print).start()",
        "import socket; socket.socket()",
        "import socket; socket.create_connection(('127.0.0.1', 80), 1)",
        "import urllib.request; urllib.request.urlopen('http://example.org', timeout=1)",
        "import os; os.memfd_create('x')",
        "import os; os.pidfd_open(1)",
        "import os; os.chroot('/tmp')",
    ],
)
def test_system_calls_are_refused(session: Session, source: str) -> None:
    error = fails(session, source)
    assert error in ("PermissionError", "OSError", "URLError"), error


@pytest.mark.parametrize(
    "arguments",
    ["unshare(0x10000000)", "unshare(0x20000)", "ptrace(0, 0, 0, 0)", "setns(0, 0)"],
)
def test_namespaces_and_other_processes_are_out_of_reach(session: Session, arguments: str) -> None:
    source = f"import ctypes; print(ctypes.CDLL(None).{arguments})"
    assert printed(session, source) == "-1"


def test_the_paths_of_mounts_are_not_told(session: Session) -> None:
    """``statmount`` and ``listmount``, by number: the C library has no name for them yet."""
    for number in (457, 458):
        source = f"import ctypes; print(ctypes.CDLL(None).syscall({number}, 0, 0, 0, 0))"
        assert printed(session, source) == "-1"
        source = f"""
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
request = ctypes.create_string_buffer(struct.pack("<IIQQ", 24, 0, 2**64 - 1, 2), 24)
room = ctypes.create_string_buffer(4096)
libc.syscall({number}, request, room, 500, 0)
print(ctypes.get_errno(), room.raw.strip(b"\\0"))
"""
        assert printed(session, source) == f"{errno.ENOSYS} b''"


def test_killing_everything_hits_nobody_else(sandbox: Sandbox) -> None:
    with sandbox.open() as other, sandbox.open() as attacker:
        run(attacker, "import os\nos.kill(0, 9)\nos.kill(-1, 9)")
        run(
            attacker,
            "import os\nfor n in range(2, 4000):\n    try: os.kill(n, 9)\n    except OSError: pass",
        )
        with pytest.raises(SessionEnded):
            run(attacker, "os._exit(1)")
        assert printed(other, "print('alive')") == "alive"
    with sandbox.open() as third:
        assert printed(third, "print('alive')") == "alive"


def test_sessions_share_nothing(sandbox: Sandbox) -> None:
    with sandbox.open() as first, sandbox.open() as second:
        printed(first, "import numpy as np; np.stolen = 1; open('/tmp/x', 'w').write('x')")
        assert printed(second, "import numpy as np; print(hasattr(np, 'stolen'))") == "False"
        assert printed(second, "import os; print(os.path.exists('/tmp/x'))") == "False"


def test_threads_are_allowed_and_counted(session: Session) -> None:
    source = "import threading\nt = threading.Thread(target=print, args=(3,)); t.start(); t.join()"
    assert printed(session, source) == "3"
    bomb = (
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(9,)).start()"
    )
    assert fails(session, bomb) == "RuntimeError"


# What can be used up


def test_threads_leave_the_memory_to_their_data(session: Session) -> None:
    """The C library's own reserve for each thread would be more than is allowed in all."""
    source = """
import threading
stop = threading.Event()
threads = [threading.Thread(target=lambda: (bytearray(2000), stop.wait())) for _ in range(12)]
for thread in threads:
    thread.start()
block = bytearray(600 << 20)
stop.set()
print(len(block) >> 20)
"""
    assert printed(session, source) == "600"


def test_memory_is_limited(session: Session) -> None:
    assert fails(session, "x = bytearray(3 << 30)") == "MemoryError"
    assert fails(session, "x = []\nwhile True: x.append(bytearray(1 << 24))") == "MemoryError"
    assert printed(session, "del x; print('alive')") == "alive"


def test_disk_is_limited(session: Session) -> None:
    fill = """
import os
written = 0
try:
    for number in range(10**6):
        with open(f'/tmp/work/{number}', 'wb') as file:
            written += file.write(bytes(1 << 20))
except OSError as error:
    print(type(error).__name__)
"""
    assert printed(session, fill) == "OSError"
    many = "import os\nfor n in range(10**6): os.mkdir(f'/tmp/d{n}')"
    assert fails(session, many) == "OSError"


def test_output_is_limited(session: Session) -> None:
    text = printed(session, "for i in range(200_000): print('line', i)")
    assert 15_000 < len(text) < 25_000
    assert text.endswith("left out.")
    reply = run(session, "for i in range(1000): display(i)")
    assert len(reply["outputs"]) <= 50


def test_an_endless_cell_is_interrupted(session: Session) -> None:
    request = {
        "do": "cell",
        "source": "before = 1\nwhile True: pass",
        "definitions_only": False,
        "draw_figures": True,
    }
    reply, timely = session.ask(request, 0.3)
    assert not timely
    assert reply["error"]["ename"] == "KeyboardInterrupt"
    assert printed(session, "print(before)") == "1"


def test_a_cell_that_ignores_the_interrupt_is_killed(session: Session) -> None:
    source = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True: pass
"""
    started = time.monotonic()
    with pytest.raises(OutOfTime):
        session.ask(
            {"do": "cell", "source": source, "definitions_only": False, "draw_figures": True}, 0.3
        )
    assert time.monotonic() - started < 10


def test_sleeping_is_stopped_as_well(session: Session) -> None:
    started = time.monotonic()
    request = {
        "do": "cell",
        "source": "import time; time.sleep(1000)",
        "definitions_only": False,
        "draw_figures": True,
    }
    _, timely = session.ask(request, 0.3)
    assert not timely
    assert time.monotonic() - started < 10


def test_closing_ends_a_busy_process(sandbox: Sandbox) -> None:
    session = sandbox.open()
    number = sandbox_module._number_of(session._process)
    printed(
        session,
        "import threading\nthreading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()",
    )
    session.close()
    for _ in range(100):
        if not Path(f"/proc/{number}").exists():
            return
        time.sleep(0.05)
    pytest.fail("the process is still there")


def test_a_crash_is_told(session: Session) -> None:
    with pytest.raises(SessionEnded):
        run(session, "import ctypes; ctypes.string_at(0)")


@pytest.mark.parametrize(
    "reply",
    [
        "b'garbage garbage garbage'",
        "b''.join([bytes([255]) * 8, bytes(10**6)])",
        "(4).to_bytes(4, 'little') + bytes(4) + bytes([0xa3]) + b'abc'",
    ],
)
def test_bytes_that_are_no_answer_end_the_session(session: Session, reply: str) -> None:
    source = f"""
import gc, socket
ends = [o for o in gc.get_objects() if isinstance(o, socket.socket)]
for end in ends: end.send({reply})
"""
    with pytest.raises(SessionEnded):
        run(session, source)


def test_an_answer_that_drips_is_cut_off(session: Session) -> None:
    source = """
import gc, socket, time
end = [o for o in gc.get_objects() if isinstance(o, socket.socket)][0]
end.send((400_000).to_bytes(4, 'little') + bytes(4))
while True:
    end.send(b'.')
    time.sleep(0.01)
"""
    started = time.monotonic()
    with pytest.raises((OutOfTime, SessionEnded)):
        session.ask(
            {"do": "cell", "source": source, "definitions_only": False, "draw_figures": True}, 0.3
        )
    assert time.monotonic() - started < 10


# IPython in there


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib widget",
        "%matplotlib qt",
        "%gui qt",
        "!ls",
        "files = !ls",
        "%pip install scipy",
        "%time 1 + 1",
        "%timeit -n1 -r1 1 + 1",
        "%config InlineBackend.figure_format = 'retina'",
        "import ipywidgets\nipywidgets.interact(lambda a: a, a=(0, 3))",
        "import ipywidgets\ndisplay(ipywidgets.IntSlider())",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "import asyncio\nawait asyncio.sleep(0)",
        "from IPython.display import HTML, clear_output\ndisplay(HTML('<b>x</b>'))\nclear_output()",
        "import warnings\nwarnings.warn('careful')",
        "import sys\nprint('careful', file=sys.stderr)",
        "from autograder import check, explore\ncheck(print)\nexplore(print)\ncheck.passes(print)",
        "help(print)",
        "print?",
    ],
)
def test_honest_cells_go_on(session: Session, source: str) -> None:
    reply = run(session, f"{source}\nreached = 1" if "?" not in source else source)
    assert reply["error"] is None, reply["error"]["traceback"]
    if "?" not in source:
        assert printed(session, "print(reached)") == "1"


def test_pictures_are_kept_and_markup_is_not(session: Session) -> None:
    reply = run(session, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    assert [list(output["data"]) for output in reply["outputs"]] == [["image/png", "text/plain"]]
    reply = run(session, "from IPython.display import HTML\nHTML('<script>alert(1)</script>')")
    assert [list(output["data"]) for output in reply["outputs"]] == [["text/plain"]]


def test_definitions_of_an_abandoned_cell_can_be_had(session: Session) -> None:
    source = "import math\ndef f(x): return math.sqrt(x)\nwhile True: pass"
    request = {"do": "cell", "source": source, "definitions_only": True, "draw_figures": True}
    session.ask(request, 5)
    assert call(session, "f", 4.0)["value"] == 2.0


# Machines on which it does not work


def test_without_the_filter_of_system_calls_the_rest_holds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sandbox_module, "filter_program", lambda: b"")
    with Sandbox(packages=("numpy",)) as box, box.open() as session:
        assert "libseccomp" in caplog.text
        assert fails(session, "import socket; socket.create_connection(('1.1.1.1', 80), 1)") == (
            "OSError"
        )
        printed(session, "import os\nif os.fork() == 0:\n    while True: pass")
        bomb = "import time\nwhile True:\n    if os.fork() == 0: time.sleep(100)"
        assert fails(session, bomb) == "BlockingIOError"
        number = sandbox_module._number_of(session._process)
        assert fails(session, "os.setuid(0)") in ("PermissionError", "OSError")
    for _ in range(100):
        if not Path(f"/proc/{number}").exists():
            return
        time.sleep(0.05)
    pytest.fail("the process is still there")


def test_without_bubblewrap_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SandboxUnavailable, match="apt-get install bubblewrap"):
        Sandbox()


def test_outside_linux_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SandboxUnavailable, match="Linux"):
        Sandbox()


def test_a_refusing_machine_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(fake))
    with pytest.raises(SandboxUnavailable, match=r"uid map: Permission denied.*sysctl") as caught:
        Sandbox()
    assert "\n" not in str(caught.value)


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(SandboxUnavailable, match="no-such-package"):
        Sandbox(packages=("no-such-package",))


def test_a_dead_sandbox_says_so(tmp_path: Path) -> None:
    with Sandbox(packages=("numpy",)) as box:
        box._control.socket.shutdown(socket.SHUT_RDWR)
        with pytest.raises(SandboxBroken):
            box.open()


def test_the_container_ends_with_its_grader() -> None:
    source = """
import os, sys
from autograder.grading.sandbox import Sandbox
box = Sandbox(packages=("numpy",))
session = box.open()
print(box._process.pid, flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", source],
        cwd=COURSE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as grader:
        assert grader.stdout is not None
        number = int(grader.stdout.readline())
        grader.kill()
    for _ in range(100):
        status = Path(f"/proc/{number}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.1)
    os.kill(number, 9)
    pytest.fail("the container outlived its grader")


def test_sockets_of_the_sandbox_are_not_inherited() -> None:
    ends = socket.socketpair()
    assert not any(os.get_inheritable(end.fileno()) for end in ends)
    for end in ends:
        end.close()
