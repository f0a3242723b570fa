"""One submission: runs its cells and calls its functions, as the grader asks."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from autograder.failures import Failed, failure
from autograder.grading.channel import Channel, ChannelClosed
from autograder.grading.inside import image_libraries
from autograder.grading.inside.asking_network import ask_for_layers
from autograder.grading.inside.shell import Shell
from autograder.grading.wire import TooLarge, encode, foreign
from autograder.handover import changed, hand_over, take_back
from autograder.thread_state import State, isolated, thread_state


class RequestHandler:
    """Answers requests: one reply for each, in order."""

    def __init__(self, channel: Channel, shell: Shell) -> None:
        self.channel = channel
        self.shell = shell
        self.busy = False
        self.remembered: dict[str, tuple[dict[str, Any], State]] = {}
        self.thread_state: State | None = None
        self.names_of = ""
        # A chapter on PyTorch has no use for Pillow's arithmetic.
        self.forbids_images = "torch" not in sys.modules
        signal.signal(signal.SIGINT, self._interrupt)

    def serve(self) -> None:
        """Answer until the grader closes the channel."""
        self.shell.take_streams()
        while True:
            try:
                request = self.channel.receive()
            except ChannelClosed:
                return
            self.channel.send_frame(self.answer(request))

    def answer(self, request: dict[str, Any]) -> bytes:
        """Do what is asked; return the reply as a frame."""
        reply: dict[str, Any]
        try:
            self.busy = True
            answers = {"cell": self._cell, "remember": self._remember, "call": self._call}
            reply = answers[request["do"]](request)
            frame = encode(reply, lenient=True)
            self.busy = False
            return frame
        except TooLarge:
            self.busy = False
            reply = {"ended": "returned", "value": foreign("something too large"), "changed": []}
        except KeyboardInterrupt:
            self.busy = False
            reply = {"ended": "interrupted"}
        # Everything that the student's function can raise, and its result while it is encoded.
        except BaseException as error:
            self.busy = False
            reply = _failed(failure(error))
        return encode(reply, lenient=True)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self.busy:
            raise KeyboardInterrupt

    def _cell(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.shell.record(
            request["source"], request["definitions_only"], request["draw_figures"]
        )

    def _remember(self, request: dict[str, Any]) -> dict[str, Any]:
        self.remembered[request["function"]] = dict(self.shell.user_ns), thread_state()
        return {}

    def _bring_back(self, function: str) -> None:
        """Let names and settings be what they were where a function's check stands."""
        if function in self.remembered and function != self.names_of:
            if self.forbids_images and not self.names_of:
                image_libraries.forbid()  # for good: all cells have run
            self.names_of = function
            names, (remembered, self.thread_state) = self.shell.user_ns, self.remembered[function]
            names.update(remembered)
            for name in names.keys() - remembered.keys():
                del names[name]

    def _call(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["function"]
        self._bring_back(name)
        if name not in self.shell.user_ns:
            return {"ended": "missing"}
        arguments = request["arguments"]
        given = {name: hand_over(value) for name, value in arguments.items()}
        for network in request["asked"]:
            ask_for_layers(given[network], network, self._ask)
        function = self.shell.user_ns[name]
        if request["timed"]:
            gc.disable()  # what lies about is not the function's work
        value = isolated(lambda: take_back(function(*given.values())), self.thread_state)()
        gc.enable()
        in_place = list(changed(arguments, given))
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None:
            pyplot.close("all")
        return {"ended": "returned", "value": value, "changed": in_place}

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Ask the grader something in the middle of a call."""
        self.busy = False  # an interrupt in between would leave half an answer behind
        try:
            self.channel.send(question)
            answer: dict[str, Any] = self.channel.receive()
            return answer
        finally:
            self.busy = True


def _failed(failed: Failed) -> dict[str, Any]:
    return {"ended": "failed", **dataclasses.asdict(failed)}


def write_files(folder: Path, shared: Path, files: dict[str, bytes]) -> None:
    """Fill the working folder: links to the course's files, and the files that were submitted."""
    folder.mkdir()
    for path in shared.iterdir() if shared.is_dir() else ():
        (folder / path.name).symlink_to(path)
    for name, content in files.items():
        place = folder / name
        # The course's own file stays, and a name that cannot be had is no loss to anyone else.
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                place.write_bytes(content)
    os.chdir(folder)
