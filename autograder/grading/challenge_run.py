"""One entry of the challenge in the sandbox: its code runs, its function is called once.

The pictures go in, the classes come out; the labels never leave this process. What a function says
once it has seen the pictures is not quoted anywhere: it could tell its author what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.challenge.declaration import HeldOut
from autograder.challenge.entry import FUNCTION, Entry, Refused, Rules
from autograder.challenge.judging import Score, is_answer, requirement, score
from autograder.failures import Failed
from autograder.grading.channel import OutOfTime
from autograder.grading.hidden_inputs import without_messages
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
        run = _Run(session, entry.code, rules.seconds)
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
    result = reply.get("value")
    if not is_answer(result, len(held_out.labels)):
        raise Refused(f"{requirement(len(held_out.labels))} `autograder check` says what it is.")
    return score(result, held_out.labels, seconds)


class _Run:
    """A session that has so many seconds of CPU time for everything."""

    def __init__(self, session: Session, code: str, seconds: float) -> None:
        self._session = session
        self._code = code
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
            raise Refused(_stopped_with_pictures(reply, self._code))
        if reply.get("error"):
            fields = reply["error"] if isinstance(reply["error"], dict) else {}
            # It has seen no picture yet: its own words may be quoted.
            texts = (printable_text(fields.get(name), LONGEST) for name in ("ename", "evalue"))
            raise Refused(f"The code stopped: {': '.join(map(one_line, texts))}")
        return reply


def _stopped_with_pictures(reply: Mapping[str, Any], code: str) -> str:
    """Say with which exception the function stopped, in no words that it could choose."""
    keys = ("kind", "message", "line", "caller")
    failed = without_messages(Failed(*(printable_text(reply.get(key)) for key in keys)), code)
    return f"{FUNCTION} stopped: {failed.kind}" + (f" ({failed.line})" if failed.line else "")
