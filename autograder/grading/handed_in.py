"""When a submission was handed in, as some program has written into the file beside it.

nbgrader's own collecting writes "2026-10-02 10:00:00 UTC". Other tools write other forms, and some
can be read in two ways: "10/02/2026" is a day in October or in February. What is not clear is left
to a person, since it may decide whether the work was late.
"""

from __future__ import annotations

import codecs
import datetime
import re
import warnings
from collections.abc import Mapping

from dateutil.parser import UnknownTimezoneWarning, parse

from autograder.grading.submitted_text import one_line

TIMESTAMP = "timestamp.txt"
_YEAR_FIRST = re.compile(r"\d{4}-\d\d-\d\d")
# Whatever a text leaves out is filled in from these, and shows by being different.
_DEFAULTS = (datetime.datetime(1, 1, 1), datetime.datetime(2, 2, 2, 2))


class UnclearTime(ValueError):
    """Nobody can tell from the text which moment it names; the message says so."""


def handed_in(files: Mapping[str, bytes]) -> datetime.datetime | None:
    """Return when files were handed in, in UTC without saying so, as nbgrader stores it.

    None without a file of that kind: as good as in time. A time without a zone counts as UTC.
    Raises :class:`UnclearTime` if the file does not name one moment.
    """
    content = files.get(TIMESTAMP, b"")
    text = _decoded(content).strip()
    if not text:
        return None
    try:
        return _moment(text)
    except (ValueError, OverflowError, UnknownTimezoneWarning):
        raise UnclearTime(
            f"{TIMESTAMP} says {one_line(text[:60])!r}, which does not name one moment: enter by "
            "hand whether it was late."
        ) from None


def _decoded(content: bytes) -> str:
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content[:400].decode("utf-16" if utf16 else "utf-8-sig", "replace")


def _moment(text: str) -> datetime.datetime:
    moment = only_reading(text)
    return moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment.tzinfo else moment


def only_reading(text: str) -> datetime.datetime:
    """Return the moment that a text names, with its zone if it names one.

    Raises ValueError, OverflowError or UnknownTimezoneWarning if it names none, or several.
    """
    orders = (False,) if _YEAR_FIRST.match(text) else (False, True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnknownTimezoneWarning)
        readings: set[datetime.datetime] = {
            parse(text, dayfirst=day_first, default=default)
            for day_first in orders
            for default in _DEFAULTS
        }
    if len(readings) > 1:
        raise ValueError("it can be read in several ways")
    return readings.pop()
