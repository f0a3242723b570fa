"""One entry of the challenge in the sandbox: its code runs, its function is called once.

The pictures go in, the classes come out; the labels never leave this process.
"""

from __future__ import annotations

from typing import Any

from autograder.challenge.declaration import HeldOut
from autograder.challenge.entry import FUNCTION, Entry, Refused, Rules
from autograder.challenge.judging import Score, count_right
from autograder.grading.channel import OutOfTime
from autograder.grading.sandbox import Sandbox, Session, SessionEnded
from autograder.grading.submitted_text import one_line, printable_text

LONGEST = 200
"""Characters of a message of the entry's own that are quoted."""


def run_entry(sandbox: Sandbox, entry: Entry, held_out: HeldOut, rules: Rules) -> Score:
    """Let an entry predict the classes of pictures, and count how many are right.

    Raises :class:`~autograder.challenge.entry.Refused` for an entry that breaks the rules or does
    not come to an answer, and :class:`~autograder.grading.sandbox.SandboxBroken`.
    """
    entry.require(rules)
    with sandbox.open() as session:
        run = _Run(session, rules.seconds)
        run.ask(
            {"do": "cell", "source": entry.code, "definitions_only": False, "draw_figures": False}
        )
        reply = run.ask(
            {
                "do": "call",
                "function": FUNCTION,
                "arguments": {"pictures": held_out.pictures, "weights": dict(entry.weights)},
                "asked": [],
                "timed": False,
            }
        )
        seconds = run.used
    return Score(count_right(reply.get("value"), held_out.labels), len(held_out.labels), seconds)


class _Run:
    """A session that has so many seconds of CPU time for everything."""

    def __init__(self, session: Session, seconds: float) -> None:
        self._session = session
        self._seconds = seconds
        self._start = session.cpu_seconds()

    @property
    def used(self) -> float:
        """The CPU time that the entry has taken so far, in seconds."""
        return round(self._session.cpu_seconds() - self._start, 2)

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and return the reply; raises Refused where that is no answer in time."""
        late = Refused(
            f"It took longer than the {self._seconds:g} s of CPU time allowed, or "
            f"{3 * self._seconds:g} s on the clock."
        )
        try:
            reply, timely = self._session.ask(request, max(self._seconds - self.used, 0.0))
        except OutOfTime:
            raise late from None
        except SessionEnded as error:
            raise Refused(f"It ended Python ({one_line(str(error))[:LONGEST]}).") from None
        if not timely or self.used > self._seconds:
            raise late
        if reply.get("ended") == "missing":
            raise Refused(f"The code defines no function {FUNCTION}.")
        if reply.get("ended") == "failed":
            raise Refused(_stopped(FUNCTION, reply.get("kind"), reply.get("message")))
        if reply.get("error"):
            fields = reply["error"] if isinstance(reply["error"], dict) else {}
            raise Refused(_stopped("The code", fields.get("ename"), fields.get("evalue")))
        return reply


def _stopped(what: str, kind: object, message: object) -> str:
    """Say with which exception something stopped; both texts are the entry's own."""
    name, text = (one_line(printable_text(part, LONGEST)) for part in (kind, message))
    return f"{what} stopped: {name}: {text}" if text else f"{what} stopped: {name or 'Error'}"
