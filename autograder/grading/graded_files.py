"""The files of a graded submission in ``autograded/``, as `nbgrader autograde` leaves them there.

Feedback and nbgrader's exchange read more than the notebook: ``timestamp.txt`` says whether what
was given back before is out of date, ``submission_secret.txt`` under which name a student finds it.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from nbformat.notebooknode import NotebookNode
from nbgrader.utils import parse_utc

from autograder.grading.course import GradedChapter
from autograder.grading.handed_in import TIMESTAMP, UnclearTime, handed_in
from autograder.whole_files import write_whole


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a cell's mark is given for: digests of its answer, and of all code beside it."""

    own: str
    code: str

    def changed_since(self, earlier: Answer | None, other_points: bool) -> bool:
        """Whether this is another answer.

        Code elsewhere counts where it has led to ``other_points``: a helper may have changed.
        """
        if earlier is None or earlier.own != self.own:
            return True
        return other_points and earlier.code != self.code


def answers_of(notebook: NotebookNode) -> dict[str, Answer]:
    """Return the answer to each graded cell, by the cell's name."""
    named = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    code = _digest("\0".join(cell.source for cell in notebook.cells if cell.cell_type == "code"))
    return {
        name: Answer(_digest(named.get(name.removeprefix("check-"), cell).source), code)
        for name, cell in named.items()
        if name and cell.metadata.nbgrader.get("grade")
    }


def graded_answers(path: Path) -> dict[str, Answer] | None:
    """Return the answers in a notebook that was graded before, None if it is not there."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        cells = [NotebookNode(cell) for cell in document["cells"]]
        for cell in cells:
            cell.metadata = NotebookNode(cell.metadata)
            if "nbgrader" in cell.metadata:
                cell.metadata.nbgrader = NotebookNode(cell.metadata.nbgrader)
            if isinstance(cell.source, list):  # nbformat's writer stores lines
                cell.source = "".join(cell.source)
        return answers_of(NotebookNode(cells=cells))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_graded(
    folder: Path,
    chapter: GradedChapter,
    notebook: str,
    submitted: Mapping[str, bytes],
    ignored: Sequence[str],
) -> None:
    """Write a graded notebook and what `nbgrader autograde` puts beside it.

    That is what was handed in beside it, without further notebooks and ``ignored`` names, and the
    course's own files in place of those of the same name.
    """
    files = dict(_copied(submitted, ignored))
    if TIMESTAMP in submitted:
        files[TIMESTAMP] = _readable_time(submitted)
    for path in sorted(chapter.folder.iterdir()):
        if path.is_file() and _is_copied(path.name, ignored):
            files[path.name] = path.read_bytes()
    for name, content in files.items():
        write_whole(folder / name, content)
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in (*files, f"{chapter.name}.ipynb"):
            path.unlink()  # of an earlier attempt
    write_whole(folder / f"{chapter.name}.ipynb", notebook + "\n")


def _copied(submitted: Mapping[str, bytes], ignored: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for name, content in submitted.items():
        parts = PurePosixPath(name).parts
        inside = not {"..", "/", "\\"} & set(parts) and not name.startswith("/")
        if inside and all(_is_copied(part, ignored) for part in parts):
            yield name, content


def _is_copied(name: str, ignored: Sequence[str]) -> bool:
    return not any(fnmatch.fnmatch(name, pattern) for pattern in (*ignored, "*.ipynb"))


def _readable_time(submitted: Mapping[str, bytes]) -> bytes:
    """Return ``timestamp.txt`` as nbgrader reads it: it stops at what it does not understand."""
    try:
        moment = handed_in(submitted)
    except UnclearTime:
        return b""
    if moment is None:
        return b""
    text = submitted[TIMESTAMP].decode("ascii", "replace").strip()
    try:
        if parse_utc(text) == moment:
            return submitted[TIMESTAMP]
    except (ValueError, OverflowError):
        pass
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC".encode()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
