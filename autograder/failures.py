"""An exception in a student's code: its type, its message and the line where it came from.

Read here in the notebook, under ``autograder check`` and in the sandbox, so that the same mistake
has the same words in all three.
"""

from __future__ import annotations

import dataclasses
import re
import sysconfig
import traceback
from pathlib import Path
from types import FrameType, TracebackType

import numpy as np

MAX_KIND, MAX_MESSAGE, MAX_LINE = 200, 2000, 400
"""Characters that are kept: an exception may be made to say anything at any length."""

_LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    # In the browser, Python says that its library is at //lib/..., and has it in an archive.
    | {str(Path(dataclasses.__file__).parent)}
    # Where NumPy lies, the other packages do: in the sandbox Python itself does not know the place.
    | {str(Path(np.__file__).parents[1]), str(Path(__file__).parent)}
    | {"<frozen", "<__array_function__", "<string>"}
)
"""What the file names of code begin with that no student has written."""


@dataclasses.dataclass(frozen=True)
class Failed:
    """A call that raised: the exception's type and message, and the line of student code.

    ``line`` reads "line 3 of corr2d: source", or "line 3: source" outside functions. ``caller`` is
    the line of the first function of the student's on the way there, if that is another one.
    """

    kind: str
    message: str
    line: str = ""
    caller: str = ""

    @property
    def function(self) -> str:
        """The name of the student's function that the line belongs to; empty if unknown."""
        named = re.match(r"line \d+ of (\w+)", self.line)
        return named[1] if named else ""


def failure(error: BaseException) -> Failed:
    """Describe an exception raised by a student's code."""
    try:
        message = str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as second:  # the exception's own __str__ is the student's code, too
        message = f"(its message cannot be read: {type(second).__name__})"
    lines = _student_frames(error.__traceback__)
    first, last = (lines[0], lines[-1]) if lines else (None, None)
    called = first and last and first[0].f_code is not last[0].f_code
    named = called and last and not last[0].f_code.co_name.startswith("<")  # no comprehension
    return Failed(
        type(error).__name__[:MAX_KIND],
        message[:MAX_MESSAGE],
        _line(last)[:MAX_LINE],
        _line(first)[:MAX_LINE] if named else "",
    )


def student_line(stack: TracebackType | None) -> str:
    """Return the innermost line of the student's own code in a traceback, as text."""
    lines = _student_frames(stack)
    return _line(lines[-1]) if lines else ""


_Place = tuple[FrameType, int]


def _student_frames(stack: TracebackType | None) -> list[_Place]:
    """Return the frames of the student's own code, outermost first, each with its line."""
    return [
        (frame, number)
        for frame, number in traceback.walk_tb(stack)
        if not frame.f_code.co_filename.startswith(_LIBRARIES)
    ]


def _line(place: _Place | None) -> str:
    """Return a line of a frame as text."""
    if place is None:
        return ""
    frame, number = place
    code = frame.f_code
    summary = traceback.FrameSummary(code.co_filename, number, code.co_name, lookup_line=True)
    where = "" if code.co_name == "<module>" else f" of {code.co_name}"
    return f"line {number}{where}: {summary.line}".rstrip(": ")
