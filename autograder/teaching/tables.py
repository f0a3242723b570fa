"""Tables as learning platforms export them: read, and written back in the form that they had."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from collections.abc import Sequence
from pathlib import Path

from autograder.grading.marks_export import FORMULA
from autograder.teaching.zip_files import CollectError

MAX_TABLE = 50_000_000
_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)\s*%?")


@dataclasses.dataclass
class Table:
    """Rows below a header, and how the file was written."""

    path: Path
    header: list[str]
    rows: list[list[str]]
    encoding: str
    delimiter: str
    line_end: str

    def column(self, *names: str) -> int:
        """Return the number of the first column with one of these names; raises CollectError."""
        place = self.find(*names)
        if place is None:
            raise CollectError(
                f"{self.path} has no column {names[0]!r}; its columns are: "
                f"{', '.join(self.header)}. Export it with the platform's language set to English."
            )
        return place

    def find(self, *names: str) -> int | None:
        """Return the number of the first column with one of these names, None if there is none."""
        known = [name.strip().casefold() for name in self.header]
        places = [known.index(name.casefold()) for name in names if name.casefold() in known]
        return places[0] if places else None

    def text(self, columns: Sequence[int] | None = None) -> bytes:
        """Return the table as a file, whole or with some of its columns.

        A cell that a spreadsheet would take for a formula gets an apostrophe in front.
        """
        file = io.StringIO(newline="")
        writer = csv.writer(file, delimiter=self.delimiter, lineterminator=self.line_end)
        for row in (self.header, *self.rows):
            cells = row if columns is None else [row[i] if i < len(row) else "" for i in columns]
            writer.writerow(map(harmless, cells))
        return file.getvalue().encode(self.encoding)


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet computes; numbers stay as they are."""
    text = cell.strip()
    if text.startswith(FORMULA) and not _NUMBER.fullmatch(text) and text not in ("-", "+"):
        return f"'{cell}"
    return cell


def as_exported(cell: str) -> str:
    """Return a cell as it was before :func:`harmless`."""
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip().startswith(FORMULA) else cell


def read_table(path: Path) -> Table:
    """Read a CSV file, whatever separates its cells and ends its lines.

    Raises :class:`CollectError` if there is no table in it.
    """
    try:
        if path.stat().st_size > MAX_TABLE:
            raise CollectError(f"{path} is too large for a class list.")
        content = path.read_bytes()
    except OSError as error:
        raise CollectError(f"{path} cannot be read: {error.strerror}.") from error
    text, encoding = _decoded(content)
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise CollectError(f"{path} is no CSV file: {error}.") from error
    rows = [row for row in rows if row]
    if not rows or len(rows[0]) < 2:
        raise CollectError(f"{path} holds no table: its first line has to name the columns.")
    line_end = "\r\n" if "\r\n" in text else "\n"
    return Table(path, rows[0], rows[1:], encoding, delimiter, line_end)


def _decoded(content: bytes) -> tuple[str, str]:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, "replace"), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:  # saved by an old spreadsheet
        return content.decode("cp1252", "replace"), "cp1252"
