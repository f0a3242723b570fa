"""The process that every submission's process is forked from.

It has imported what submissions are allowed to import, so that a fork is ready in milliseconds.
It runs no code of any student itself. Started by :mod:`autograder.grading.sandbox`, as
``python -I zygote.py <descriptor>``, inside bubblewrap.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Any

ENGINE, SITE, SHARED, TEMPORARY = "/engine", "/site", "/course", "/tmp"


def main(descriptor: int) -> None:
    """Serve requests for new sessions until the grader closes the control socket."""
    sys.path[:] = [p for p in sys.path if p.startswith((sys.base_prefix, "/usr"))] + [ENGINE, SITE]

    from autograder.grading.channel import Channel
    from autograder.grading.inside.confinement import address_space, first_process
    from autograder.grading.inside.shell import Shell
    from autograder.grading.inside.warm_up import warm_up

    control = Channel(socket.socket(fileno=descriptor))
    settings = control.receive()
    for package in settings["preload"]:
        importlib.import_module(package)
    shell = Shell.instance()
    shell.allow_only(settings["packages"], Path(TEMPORARY, "work"))
    draws = "matplotlib" in sys.modules
    if draws:
        shell.enable_matplotlib()
    warm_up(shell, draws)
    # At the very end: a file of the submission must never shadow a library.
    sys.path.append(f"{TEMPORARY}/work")
    settings["in_use"] = address_space()
    gc.collect()
    gc.freeze()
    # Python's own threshold, 700, is a small one for figures, which are many small objects.
    gc.set_threshold(5000, 10, 10)
    signal.signal(signal.SIGCHLD, _clear_away)
    control.send({"ready": True})
    while True:
        request, descriptors, _, _ = socket.recv_fds(control.socket, 1, 1)
        if not request:
            return
        child = first_process()
        end = socket.socket(fileno=descriptors[0])
        if child == 0:
            control.close()
            _session(end, shell, settings)
        process = os.pidfd_open(child)
        socket.send_fds(end, [b"p"], [process])
        os.close(process)
        end.close()


def _clear_away(_number: int, _frame: FrameType | None) -> None:
    """Let sessions that have ended go."""
    with contextlib.suppress(ChildProcessError):  # there is none any more
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _session(end: socket.socket, shell: Any, settings: dict[str, Any]) -> None:
    """Be a submission's process, in namespaces of its own, and never return."""
    from autograder.grading.channel import Channel
    from autograder.grading.inside import confinement
    from autograder.grading.inside.request_handler import RequestHandler, write_files

    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        confinement.own_namespaces()
        channel = Channel(end, formulas=True)
        user = settings["user"] or os.getuid()
        confinement.own_files(TEMPORARY, settings["disk"], user)
        confinement.limit(settings["limits"], settings["in_use"])
        confinement.drop_privileges(user)
        request = channel.receive()
        write_files(Path(TEMPORARY, "work"), Path(SHARED), request["files"])
        if settings["filter"]:
            confinement.filter_system_calls(settings["filter"])
        silence = os.open("/dev/null", os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(silence, standard)
        os.close(silence)
        channel.send({"ready": True})
        RequestHandler(channel, shell).serve()
    except BaseException as error:
        # Nobody but the grader can be told, and only before the student's code has started.
        os.write(2, f"session: {type(error).__name__}: {error}\n".encode())
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
