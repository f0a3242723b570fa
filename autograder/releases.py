"""What an exercise looked like when it was handed out before: students may have started from that.

A submission that follows an earlier release looks as if its points had been changed, or cells
deleted. So each release is kept, reduced to what such remarks look at, in the class's own folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.whole_files import write_whole

NOTES = ".grading"
"""The folder of a class with what the grader has to remember, out of nbgrader's way."""

MOST = 30
"""Releases of a chapter that are kept: an author may generate an exercise very often."""


def keep_release(classroom: Path, chapter: str, released: Path) -> None:
    """Keep the release that lies in the file ``released``, if there is one."""
    if not released.is_file():
        return
    notebook = nbformat.read(released, as_version=4)
    text = _reduced_text(notebook)
    place = _folder(classroom, chapter) / f"{release_digest(notebook)}.json"
    if not place.exists():
        write_whole(place, text)
    for old in _by_age(classroom, chapter)[:-MOST]:
        old.unlink(missing_ok=True)


def release_digest(notebook: NotebookNode) -> str:
    """Return a name for the release that a notebook is, as it was handed out."""
    return hashlib.sha256(_reduced_text(notebook).encode()).hexdigest()[:24]


def kept_releases(classroom: Path, chapter: str) -> Iterator[NotebookNode]:
    """Yield the releases of a chapter that have been kept, the oldest first."""
    for path in _by_age(classroom, chapter):
        try:
            reduced = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # damaged, or another grader has just removed it: as good as none
        yield nbformat.from_dict(reduced)


def earlier_texts(classroom: Path, chapter: str, present: NotebookNode) -> tuple[str, ...]:
    """Return the texts of earlier releases that the present one has no more: not the students'."""
    texts = {
        cell.source
        for release in kept_releases(classroom, chapter)
        for cell in release.cells
        if cell.cell_type != "code"
    }
    return tuple(sorted(texts - {cell.source for cell in present.cells}))


def _folder(classroom: Path, chapter: str) -> Path:
    return classroom / NOTES / "releases" / chapter


def _by_age(classroom: Path, chapter: str) -> list[Path]:
    paths = _folder(classroom, chapter).glob("*.json")
    return sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name))


def _reduced_text(notebook: NotebookNode) -> str:
    return json.dumps(_reduced(notebook), sort_keys=True)


def _reduced(notebook: NotebookNode) -> dict[str, Any]:
    """Return a notebook with what remarks look at: its cells' sources, names, points and tags."""
    cells = [
        {
            "cell_type": cell.cell_type,
            "id": cell.get("id"),
            "source": cell.source,
            "metadata": {
                name: cell.metadata[name] for name in ("nbgrader", "tags") if name in cell.metadata
            },
        }
        for cell in notebook.cells
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
