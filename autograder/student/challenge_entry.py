"""An entry of the challenge, measured where its author is: on the validation pictures."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.challenge.entry import CODE, FUNCTION, Entry, Refused, read_folder
from autograder.challenge.handout import HANDOUT, Handout, load_handout
from autograder.challenge.judging import Score, is_answer, requirement, score
from autograder.failures import failure
from autograder.student.foreign_packages import foreign_packages
from autograder.values import describe


@dataclasses.dataclass(frozen=True)
class Measured:
    """What came of an entry; ``refusal`` says why it would be refused, empty if it would not."""

    file: Path
    handout: Handout
    entry: Entry | None = None
    score: Score | None = None
    refusal: str = ""

    @property
    def seconds(self) -> float:
        """The CPU time that the test may be expected to take, in seconds."""
        return (
            self.score.seconds * self.handout.rules.pictures / self.score.count if self.score else 0
        )

    @property
    def document(self) -> dict[str, Any]:
        """What is printed as JSON."""
        low, high = self.score.interval if self.score else (None, None)
        return {
            "format": 1,
            "file": str(self.file),
            "passed": not self.refusal,
            "error": self.refusal or None,
            "right": self.score.right if self.score else None,
            "pictures": self.score.count if self.score else None,
            "interval": [low, high],
            "bytes": self.entry.size if self.entry else None,
            "bytes_allowed": self.handout.rules.size,
            "parameters": self.entry.parameters if self.entry else None,
            "seconds": round(self.seconds, 2) if self.score else None,
            "seconds_allowed": self.handout.rules.seconds,
        }

    @property
    def text(self) -> str:
        """What is printed for people."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        rules = self.handout.rules
        if self.score is not None:
            low, high = self.score.interval
            yield (
                f"Validation: {self.score.right} of {self.score.count} pictures, "
                f"{self.score.accuracy:.1%} (95 % interval: {low:.1%} to {high:.1%})"
            )
        if self.entry is not None:
            code = len(self.entry.code.encode())
            yield (
                f"Size:       {self.entry.size:,} of {rules.size:,} bytes: {code:,} of code, "
                f"{self.entry.size - code:,} of weights ({self.entry.parameters:,} parameters)"
            )
        if self.score is not None:
            yield (
                f"CPU time:   about {self.seconds:.2f} of {rules.seconds:g} s for the "
                f"{rules.pictures:,} pictures of the test, on this machine"
            )
        if self.refusal:
            yield f"It would be refused: {self.refusal}"


def measure(file: Path) -> Measured:
    """Let an entry predict the validation pictures that lie beside it, and count.

    Its code runs here, in an empty folder, since no file can be read where it is scored.
    """
    measured = Measured(file, load_handout(file.parent / HANDOUT))
    try:
        if file.name != CODE:
            raise Refused(f"The file has to be called {CODE}.")
        entry = read_folder(file.parent)
        measured = dataclasses.replace(measured, entry=entry)
        measured = dataclasses.replace(measured, score=_score(entry, measured.handout))
        entry.require(measured.handout.rules)
        if measured.seconds > measured.handout.rules.seconds:
            raise Refused("It takes longer than allowed.")
    except Refused as refusal:
        return dataclasses.replace(measured, refusal=str(refusal))
    return measured


def _score(entry: Entry, handout: Handout) -> Score:
    pictures, labels = handout.validation_pictures, handout.validation_labels
    names: dict[str, Any] = {"__name__": "challenge"}
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        try:
            exec(compile(entry.code, CODE, "exec"), names)
            if FUNCTION not in names:
                raise Refused(f"The code defines no function {FUNCTION}.")
            result = names[FUNCTION](pictures.copy(), dict(entry.weights))
        except Refused:
            raise
        except Exception as error:
            failed = failure(error)
            where = f" ({failed.line})" if failed.line else ""
            raise Refused(f"It stopped: {failed.kind}: {failed.message}{where}") from None
    seconds = time.process_time() - start
    if foreign := foreign_packages(names[FUNCTION], ("numpy",)):
        raise Refused(
            f"It uses {', '.join(foreign)}; only NumPy and Python's own library are there."
        )
    if not is_answer(result, len(labels)):
        raise Refused(f"{requirement(len(labels))} It returned: {describe(result)}.")
    return score(result, labels, seconds)
