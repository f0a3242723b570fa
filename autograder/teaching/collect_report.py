"""What a collecting did with everything, in lines: nothing is dropped in silence."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator


@dataclasses.dataclass
class Report:
    """What became of everything, by what was done with it; every entry is one line."""

    chapter: str
    new: list[str] = dataclasses.field(default_factory=list)
    newer: list[str] = dataclasses.field(default_factory=list)
    unchanged: list[str] = dataclasses.field(default_factory=list)
    earlier: list[str] = dataclasses.field(default_factory=list)
    missing: list[str] = dataclasses.field(default_factory=list)
    unknown: list[str] = dataclasses.field(default_factory=list)
    duplicate: list[str] = dataclasses.field(default_factory=list)
    unreadable: list[str] = dataclasses.field(default_factory=list)
    renamed: list[str] = dataclasses.field(default_factory=list)
    late: list[str] = dataclasses.field(default_factory=list)
    remarks: list[str] = dataclasses.field(default_factory=list)


TITLES = {
    "new": "handed in",
    "newer": "handed in again: the newest attempt counts",
    "unchanged": "collected before",
    "earlier": "earlier attempts, kept beside the one that counts",
    "missing": "nothing handed in",
    "unknown": "not in the class list: NOT collected",
    "duplicate": "several, where one was expected",
    "unreadable": "cannot be read: grading will ask a person",
    "renamed": "recognized under another name",
    "late": "late, as the platform says without the time: grant or enter it by hand",
    "remarks": "remarks",
}
"""What the parts of a report are called."""


def lines_of(report: Report) -> Iterator[str]:
    """Yield a report as text, each part under its title; parts without entries are left out."""
    for part, title in TITLES.items():
        lines = getattr(report, part)
        if part in ("new", "unchanged"):
            if lines:
                yield f"{len(lines)} {title}"
            continue
        if lines:
            yield f"{len(lines)} {title}:"
            yield from (f"  {line}" for line in lines)
