"""Reading a submitted notebook, and rebuilding it around the instructor's own copy.

A submission is a file that somebody sent: it may be broken, edited by hand, or made to mislead.
What is graded is therefore a new notebook: the graded and locked cells are the instructor's, in
the instructor's order; the student's are the answers and whatever cells they added.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import stat
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode, from_dict
from nbformat.v4 import new_notebook

MAX_FILE = 60_000_000
MAX_BRACKETS = 2_000_000
MAX_SOURCE = 2_000_000
MAX_CELLS = 2_000
MAX_EXTRA_FILES = 10_000_000

_KINDS = ("code", "markdown", "raw")
_CELL_ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")


class UnreadableSubmission(ValueError):
    """The file is not a notebook that can be graded; the message says why, in one sentence."""


@dataclasses.dataclass(frozen=True)
class SubmittedCell:
    """What counts of a submitted cell."""

    kind: str
    source: str
    name: str | None = None
    tags: tuple[str, ...] = ()
    points: Any = None
    cell_id: str | None = None
    attachments: Any = None


@dataclasses.dataclass(frozen=True)
class SubmittedNotebook:
    """What counts of a submitted notebook; ``language`` is empty where it does not name one."""

    cells: tuple[SubmittedCell, ...]
    language: str = ""


@dataclasses.dataclass(frozen=True)
class Rebuilt:
    """A notebook that is ready for grading, and what was remarkable about the submission."""

    notebook: NotebookNode
    flags: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Submission:
    """What a student handed in: the notebook's bytes, or why there are none; other files.

    ``absent`` says that there is no folder at all. ``links`` are symbolic links, never followed.
    """

    notebook: bytes | None
    reason: str
    files: Mapping[str, bytes]
    absent: bool = False
    links: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """A hash of everything in the submission."""
        digest = hashlib.sha256(self.reason.encode("utf-8", "replace"))
        parts = {"": self.notebook or b"", **self.files}
        parts.update(dict.fromkeys(self.links, b"link"))
        for name in sorted(parts):
            digest.update(f"{len(parts[name])}:{name}\0".encode("utf-8", "replace"))
            digest.update(parts[name])
        return digest.hexdigest()

    @property
    def size(self) -> int:
        """How many bytes were handed in."""
        return sum(map(len, (self.notebook or b"", *self.files.values())))

    def parsed(self) -> SubmittedNotebook:
        """Return what counts of the notebook; raises :class:`UnreadableSubmission`."""
        if self.notebook is None:
            raise UnreadableSubmission(self.reason)
        return notebook_of(_parsed(self.notebook))


def read_submission(folder: Path, notebook: str) -> Submission:
    """Read what lies in a student's folder for the notebook of that name; never raises."""
    for place in (folder.parent, folder):
        if place.is_symlink():
            return Submission(None, f"The folder {place.name} is a symbolic link.", {})
    if not folder.is_dir():
        return Submission(None, "Nothing was handed in.", {}, absent=True)
    files, links = extra_files(folder, notebook), tuple(_links(folder))
    try:
        content = read_file(folder / f"{notebook}.ipynb", MAX_FILE)
    except UnreadableSubmission as error:
        return Submission(None, _with_guess(str(error), folder), files, links=links)
    return Submission(content, "", files, links=links)


def _links(folder: Path) -> Iterator[str]:
    """Yield the symbolic links in a folder: they may point at anything on this machine."""
    for base, folders, names in os.walk(folder):
        for name in (*folders, *names):
            if Path(base, name).is_symlink():
                yield str(Path(base, name).relative_to(folder))


def _with_guess(reason: str, folder: Path) -> str:
    others = sorted(path.name for path in folder.glob("*.ipynb"))
    return (
        f"{reason} There is {', '.join(others)[:200]}."
        if others and "no file" in reason
        else reason
    )


def read_file(path: Path, limit: int) -> bytes:
    """Read a regular file of at most ``limit`` bytes, never through a symbolic link."""
    try:
        # Not blocking: opening a named pipe would wait for someone to write into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UnreadableSubmission(f"There is no file {path.name}.") from None
    except OSError as error:
        if path.is_symlink():
            raise UnreadableSubmission(f"{path.name} is a symbolic link, not a file.") from None
        raise UnreadableSubmission(f"{path.name} cannot be opened: {error.strerror}.") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableSubmission(f"{path.name} is not a regular file.")
        if status.st_size > limit:
            size = status.st_size / 1e6
            raise UnreadableSubmission(f"{path.name} is too large ({size:.0f} MB).")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(descriptor)


def _parsed(content: bytes) -> Any:
    if not content.strip():
        raise UnreadableSubmission("The file is empty.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableSubmission("The file is not a notebook: it is not text.") from None
    # A short text can stand for very many objects.
    if text.count("[") + text.count("{") > MAX_BRACKETS:
        raise UnreadableSubmission("The file holds too many lists to be an honest notebook.")
    try:
        return json.loads(text)
    except RecursionError:
        raise UnreadableSubmission("The file is not a notebook: it is nested too deeply.") from None
    except ValueError as error:
        cut = text.lstrip().startswith("{") and '"cells"' in text
        reason = "it ends too early or is damaged" if cut else "it is no JSON"
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise UnreadableSubmission(f"The file is not a notebook: {reason}{where}.") from None


def notebook_of(document: Any) -> SubmittedNotebook:
    """Take what counts out of a notebook's JSON document, tolerating whatever can be tolerated."""
    if not isinstance(document, dict) or "nbformat" not in document:
        raise UnreadableSubmission("The file is JSON, but not a notebook.")
    version = document["nbformat"]
    if version != 4:
        raise UnreadableSubmission(
            f"The notebook has the format {str(version)[:20]}, and only format 4 can be graded: "
            "open it in JupyterLab and save it again."
        )
    cells = document.get("cells")
    if not isinstance(cells, list):
        raise UnreadableSubmission("The notebook has no cells.")
    if len(cells) > MAX_CELLS:
        raise UnreadableSubmission(f"The notebook has {len(cells)} cells; {MAX_CELLS} are allowed.")
    parts = tuple(cell for cell in map(_cell, cells) if cell is not None)
    if sum(len(cell.source) for cell in parts) > MAX_SOURCE:
        raise UnreadableSubmission("The notebook holds more than 2 MB of code and text.")
    return SubmittedNotebook(parts, _language(document.get("metadata")))


def _language(metadata: Any) -> str:
    """Return the programming language that a notebook's metadata name, as its kernel told it."""
    metadata = metadata if isinstance(metadata, dict) else {}
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        section = metadata.get(key)
        language = section.get(name) if isinstance(section, dict) else None
        if isinstance(language, str) and language:
            return language[:40]
    return ""


def _cell(raw: Any) -> SubmittedCell | None:
    if not isinstance(raw, dict) or raw.get("cell_type") not in _KINDS:
        return None
    source = raw.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    # Half a surrogate pair is legal in JSON, but is no text that could be saved again.
    source = source.encode("utf-8", "replace").decode("utf-8")
    metadata = raw.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    nbgrader = metadata.get("nbgrader")
    nbgrader = nbgrader if isinstance(nbgrader, dict) else {}
    name, tags, cell_id = nbgrader.get("grade_id"), metadata.get("tags"), raw.get("id")
    return SubmittedCell(
        kind=raw["cell_type"],
        source=source,
        name=name if isinstance(name, str) else None,
        tags=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        points=nbgrader.get("points"),
        cell_id=cell_id if isinstance(cell_id, str) and _CELL_ID.fullmatch(cell_id) else None,
        attachments=_pictures(raw.get("attachments")),
    )


def _pictures(attachments: Any) -> Any:
    """Keep the pictures that were pasted into a text cell."""
    if not isinstance(attachments, dict):
        return None
    pictures = {
        name: {kind: data for kind, data in bundle.items() if _is_picture(kind, data)}
        for name, bundle in attachments.items()
        if isinstance(bundle, dict)
    }
    return pictures or None


def _is_picture(kind: Any, data: Any) -> bool:
    return (
        kind in ("image/png", "image/jpeg", "image/gif")
        and isinstance(data, str)
        and len(data) < 5_000_000
        and re.fullmatch(r"[A-Za-z0-9+/=\s]*", data) is not None
    )


def rebuild(submitted: SubmittedNotebook, release: NotebookNode) -> Rebuilt:
    """Put a submission's cells into the frame of the released notebook.

    Cells that the release names (answers, tests, locked cells) come in the release's order, once
    each; all but the answers' sources are the release's. The student's other cells stay behind
    the named cell that they followed. Code cells of the release that are gone, such as its
    imports, are put back in front of those: nobody's own definition is replaced by them.
    """
    named = {_name(cell): cell for cell in release.cells if _name(cell)}
    mine: dict[str, SubmittedCell] = {}
    followers: dict[str | None, list[SubmittedCell]] = {None: []}
    last: str | None = None
    flags: dict[str, None] = {}
    order: list[str] = []
    if submitted.language.lower() not in ("", "python", "ipython"):
        flags[f"written for {submitted.language}, graded as Python"] = None
    recognized = _with_lost_names(submitted.cells, named)
    if recognized != list(submitted.cells):
        flags["cells had lost their names and have been recognized"] = None
    for cell in recognized:
        if cell.name in named and cell.name not in mine:
            last = cell.name
            mine[cell.name] = cell
            order.append(cell.name)
            followers.setdefault(cell.name, [])
            flags.update(dict.fromkeys(_changes(cell, named[cell.name])))
            continue
        if cell.name in named:
            flags["a graded or locked cell was there twice; the copy counts as a plain cell"] = None
        followers[last].append(cell)
    missing = [name for name in named if name not in mine]
    if missing:
        flags[f"cells were deleted and have been restored: {', '.join(missing)}"] = None
    if order != [name for name in named if name in mine]:
        flags["cells were reordered and have been put back"] = None
    gone = _gone(release, recognized)
    if any(gone.values()):
        flags["code cells of the course were deleted and have been restored"] = None
    ours = {cell.source for cell in release.cells}
    built = []
    for name in (None, *named):
        if name is not None:
            built.append(_named_cell(named[name], mine.get(name)))
        built += [_new_cell("code", cell.source, cell.get("id")) for cell in gone.get(name, ())]
        built += [_extra_cell(cell, ours) for cell in followers.get(name, ())]
    _unique_ids(built)
    notebook = new_notebook(cells=built, metadata=from_dict(dict(release.metadata)))
    notebook.nbformat_minor = max(5, release.nbformat_minor)
    return Rebuilt(notebook, tuple(flags))


def _gone(
    release: NotebookNode, cells: Iterable[SubmittedCell]
) -> dict[str | None, list[NotebookNode]]:
    """Return the release's plain code cells that a submission lacks, by the name they follow.

    A cell that was changed is not gone: it still has its id. In a notebook without ids, as old
    editors write it, it cannot be told from a deleted one, and stands there twice.
    """
    cells = list(cells)
    ids, sources = {cell.cell_id for cell in cells}, {cell.source.strip() for cell in cells}
    gone: dict[str | None, list[NotebookNode]] = {}
    last: str | None = None
    for cell in release.cells:
        last = _name(cell) or last
        plain = cell.cell_type == "code" and not _name(cell)
        if plain and cell.get("id") not in ids and cell.source.strip() not in sources:
            gone.setdefault(last, []).append(cell)
    return gone


def _with_lost_names(
    cells: Iterable[SubmittedCell], named: Mapping[str, NotebookNode]
) -> list[SubmittedCell]:
    """Give cells their names back that an editor has dropped, or that were typed in anew.

    A cell is known by its id; an answer is also known by the function that it defines.
    """
    cells = list(cells)
    missing = set(named) - {cell.name for cell in cells}
    ids = {cell.get("id"): name for name, cell in named.items() if name in missing}
    for number, cell in enumerate(cells):
        name = ids.get(cell.cell_id)
        if name in missing and cell.name not in named and cell.kind == named[name].cell_type:
            cells[number] = dataclasses.replace(cell, name=name)
            missing.remove(name)
    for name in missing:
        if named[name].cell_type != "code" or not is_answer(named[name]):
            continue
        definition = re.compile(rf"^def {re.escape(name)}\b", re.MULTILINE)
        for number, cell in reversed(list(enumerate(cells))):
            plain = cell.kind == "code" and cell.name not in named
            if plain and definition.search(cell.source):
                cells[number] = dataclasses.replace(cell, name=name)
                break
    return cells


def _name(cell: NotebookNode) -> str:
    name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    return str(name)


def is_answer(cell: NotebookNode) -> bool:
    """Whether the student fills in this cell."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution", False))


def is_test(cell: NotebookNode) -> bool:
    """Whether this is a cell whose points the grader decides."""
    nbgrader = cell.metadata.get("nbgrader", {})
    return bool(nbgrader.get("grade", False)) and not nbgrader.get("solution", False)


def _changes(mine: SubmittedCell, theirs: NotebookNode) -> Iterator[str]:
    points = theirs.metadata.nbgrader.get("points")
    if not is_answer(theirs) and mine.source.strip() != theirs.source.strip():
        yield "test cells were edited" if is_test(theirs) else "locked cells were edited"
    if mine.kind != theirs.cell_type:
        yield "the type of a graded cell was changed"
    if mine.points is not None and mine.points != points:
        yield "the points of a cell were changed"
    if set(mine.tags) - set(theirs.metadata.get("tags", ())):
        yield f"tags were put on graded cells: {', '.join(sorted(mine.tags))[:100]}"


def _named_cell(theirs: NotebookNode, mine: SubmittedCell | None) -> NotebookNode:
    source = mine.source if mine is not None and is_answer(theirs) else theirs.source
    if mine is None and is_answer(theirs) and theirs.cell_type == "code":
        # Not the empty answer: it would replace a function that stands in a cell of their own.
        source = "# This cell was not in the submission."
    if theirs.cell_type != "code" and source != theirs.source:
        source = inactive(source)
    cell = _new_cell(theirs.cell_type, source, theirs.get("id"))
    cell["metadata"] = from_dict(dict(theirs.metadata))
    attachments = mine.attachments if mine is not None and is_answer(theirs) else None
    if attachments and cell.cell_type == "markdown":
        cell["attachments"] = attachments
    return cell


def _extra_cell(mine: SubmittedCell, ours: Container[str]) -> NotebookNode:
    text = mine.kind != "code" and mine.source not in ours
    cell = _new_cell(mine.kind, inactive(mine.source) if text else mine.source, mine.cell_id)
    if mine.attachments and mine.kind != "code":
        cell["attachments"] = mine.attachments
    return cell


def _new_cell(kind: str, source: str, cell_id: str | None) -> NotebookNode:
    """Return a cell as nbformat makes it. It is checked with the whole notebook, which is fast."""
    cell = NotebookNode(id=cell_id or "", cell_type=kind, metadata=NotebookNode(), source=source)
    if kind == "code":
        cell.update(execution_count=None, outputs=[])
    return cell


def inactive(text: str) -> str:
    """Return Markdown that looks the same and cannot do anything in the reader's browser.

    The instructor reads submissions in formgrader, with the right to change marks. An invisible
    character (word joiner) behind each ``<``, ``&`` and ``javascript`` leaves text, code and
    formulas as they are, and no tag, entity or address that a browser would act on.
    """
    return re.sub(
        r"(<(?=[A-Za-z/!?])|&(?=[#A-Za-z])|javascript(?=:))", "\\1\u2060", text, flags=re.I
    )


def _unique_ids(cells: list[NotebookNode]) -> None:
    ids: set[str] = set()
    for number, cell in enumerate(cells):
        if not cell["id"] or cell["id"] in ids:
            cell["id"] = f"cell-{number}"
            while cell["id"] in ids:
                cell["id"] += "-"
        ids.add(cell["id"])


def extra_files(folder: Path, notebook: str) -> dict[str, bytes]:
    """Read the files that were submitted beside the notebook: regular ones, of bounded size."""
    files: dict[str, bytes] = {}
    bytes_left = MAX_EXTRA_FILES
    for base, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in sorted(names):
            path = Path(base, name)
            if name.startswith(".") or name == f"{notebook}.ipynb" or len(files) >= 100:
                continue
            try:
                content = read_file(path, bytes_left)
            except UnreadableSubmission:
                continue  # links, pipes and huge files are nothing that a notebook needs
            bytes_left -= len(content)
            files[str(path.relative_to(folder))] = content
    return files
