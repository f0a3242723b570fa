"""What counts of a notebook that somebody sent: it may be broken, edited, or made to mislead."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

from autograder.grading.submitted_text import one_line

MAX_BRACKETS = 2_000_000
MAX_VALUES = 3_000_000
MAX_SOURCE = 2_000_000
MAX_CELLS = 2_000

_KINDS = ("code", "markdown", "raw")
_INLINE_PICTURE = re.compile(r"data:image/\w+;base64,[A-Za-z0-9+/=]+")
_CELL_ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")


class UnreadableSubmission(ValueError):
    """The file is not a notebook that can be graded; the message says why, in one sentence."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


@dataclasses.dataclass(frozen=True)
class SubmittedCell:
    """What counts of a submitted cell.

    ``moved``: it is an answer in words that stood elsewhere.
    """

    kind: str
    source: str
    name: str | None = None
    tags: tuple[str, ...] = ()
    points: Any = None
    cell_id: str | None = None
    attachments: Any = None
    moved: bool = False


@dataclasses.dataclass(frozen=True)
class SubmittedNotebook:
    """What counts of a submitted notebook; ``language`` is empty where it does not name one."""

    cells: tuple[SubmittedCell, ...]
    language: str = ""


def document_of(content: bytes) -> Any:
    """Read the JSON of a notebook; raises :class:`UnreadableSubmission`."""
    if not content.strip():
        raise UnreadableSubmission("The file is empty.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableSubmission("The file is not a notebook: it is not text.") from None
    # A short text can stand for very many objects.
    if text.count("[") + text.count("{") > MAX_BRACKETS or text.count(",") > MAX_VALUES:
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
    if version in (1, 2, 3):
        raise UnreadableSubmission(
            f"The notebook has the format {version}, and only format 4 can be graded: open it in "
            "JupyterLab and save it again."
        )
    if version != 4:
        as_text = " as a text" if isinstance(version, str) else ""
        raise UnreadableSubmission(
            f"The notebook has the format {str(version)[:20]}{as_text}. Jupyter writes the number "
            "4: another program has changed the file. Hand in a copy that Jupyter saved."
        )
    cells = document.get("cells")
    if not isinstance(cells, list):
        raise UnreadableSubmission("The notebook has no cells.")
    if len(cells) > MAX_CELLS:
        raise UnreadableSubmission(f"The notebook has {len(cells)} cells; {MAX_CELLS} are allowed.")
    parts = tuple(cell for cell in map(_cell, cells) if cell is not None)
    if sum(_written(cell) for cell in parts) > MAX_SOURCE:
        raise UnreadableSubmission("The notebook holds more than 2 MB of code and text.")
    return SubmittedNotebook(parts, _language(document.get("metadata")))


def _written(cell: SubmittedCell) -> int:
    """Return how much of a cell somebody may have written: in texts, Colab keeps pictures."""
    return len(cell.source if cell.kind == "code" else _INLINE_PICTURE.sub("", cell.source))


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
        if isinstance(bundle, dict) and name.isprintable()
    }
    return pictures or None


def _is_picture(kind: Any, data: Any) -> bool:
    return (
        kind in ("image/png", "image/jpeg", "image/gif")
        and isinstance(data, str)
        and len(data) < 5_000_000
        and re.fullmatch(r"[A-Za-z0-9+/=\s]*", data) is not None
    )
