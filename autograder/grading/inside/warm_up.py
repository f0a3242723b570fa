"""Doing once, before the first submission, what every submission does.

Python specializes code that has run a few times, libraries load much of themselves when it is first
used, and forks inherit both.
"""

from __future__ import annotations

import signal
import socket
import sys
from typing import Any

import numpy as np

from autograder.grading.channel import Channel
from autograder.grading.inside.request_handler import RequestHandler
from autograder.grading.inside.shell import Shell

ROUNDS = 20
"""Python counts to eight before it specializes a function."""

FUNCTION = """
import numpy as np


def sums(x, size):
    out = np.zeros((x.shape[0] - size + 1, x.shape[1] - size + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(x[i : i + size, j : j + size] * 2) + x.max()
    return out
"""

FIGURES = """
from matplotlib import pyplot as plt

for _ in range(3):
    figure, axes = plt.subplots(1, 2)
    axes[0].plot([0, 1, 0])
    axes[0].grid()
    axes[1].set_title("a_1 $x^2$")
    figure.colorbar(axes[1].imshow([[0, 1]]), ax=axes[1])
plt.show()
"""


def warm_up(shell: Shell, draws: bool) -> None:
    """Run cells and call a function; with ``draws``, draw figures. Leave the shell as it was."""
    streams = sys.stdout, sys.stderr
    interrupt = signal.getsignal(signal.SIGINT)
    grader, inside = map(Channel, socket.socketpair())
    handler = RequestHandler(inside, shell)
    shell.take_streams()
    options = {"definitions_only": False, "draw_figures": True}
    define = {"do": "cell", "source": FUNCTION, **options}
    arguments = {"x": np.ones((3, 4)), "size": 2}
    call = {"do": "call", "function": "sums", "arguments": arguments, "asked": [], "timed": False}
    requests: list[dict[str, Any]] = [define, call] * ROUNDS
    if draws:
        requests.append({"do": "cell", "source": FIGURES, **options})
    for request in requests:
        grader.send(request)
        inside.send_frame(handler.answer(inside.receive()))
        grader.receive()
    grader.close()
    inside.close()
    signal.signal(signal.SIGINT, interrupt)
    sys.stdout, sys.stderr = streams
    shell.reset()  # type: ignore[no-untyped-call]
