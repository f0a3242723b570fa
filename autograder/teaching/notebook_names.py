"""Which of a student's files is the notebook of a chapter: browsers and platforms rename files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from autograder.grading.submitted_notebook import (
    UnreadableSubmission,
    document_of,
    notebook_of,
)

# filters.ipynb.json and .txt are what browsers make of a type that they do not know.
_ENDING = re.compile(r"\.ipynb(?:\.json|\.txt)?$", re.IGNORECASE)
# What copies are called: "filters (1)", "filters-1", "filters-Copy1", "filters - Copy".
_COPY = re.compile(
    r"(?:\s*\(\d+\)|\s*[-_ ]\s*(?:cop(?:y|ie|ia)|kopie)?\s*\(?\d*\)?)$", re.IGNORECASE
)


def is_notebook(name: str) -> bool:
    """Whether a file's name says that it is a notebook."""
    return _ENDING.search(name) is not None


def means(name: str, chapter: str) -> bool:
    """Whether a file's name, without its folders, is one that a chapter's notebook gets.

    Such as ``Filters (1).ipynb``, ``filters-1.ipynb`` and ``exercises_filters_filters.ipynb``.
    """
    return is_notebook(name) and _is_called(_ENDING.sub("", name), chapter)


def _is_called(stem: str, plain: str) -> bool:
    stem = stem.casefold()
    while True:
        # Whole words of the path, as JupyterLite and other servers join them.
        if re.fullmatch(rf"(?:.*[/_\-. ])?{re.escape(plain.casefold())}", stem):
            return True
        shorter = _COPY.sub("", stem)
        if shorter == stem:
            return False
        stem = shorter


def best_first(names: Iterable[str], chapter: str) -> list[str]:
    """Return the paths that may be a chapter's notebook, the most likely first.

    The plain name comes before copies, what lies higher before what lies deeper.
    """
    fitting = [path for path in names if means(path.rpartition("/")[2], chapter)]
    return _in_order(fitting, f"{chapter}.ipynb")


def copies(names: Iterable[str], plain: str) -> list[str]:
    """Return the paths that may be a file, such as ``x (1).py`` for ``x.py``, likeliest first."""
    stem, _, ending = plain.rpartition(".")
    fitting = []
    for path in names:
        its_stem, _, its_ending = path.rpartition("/")[2].rpartition(".")
        if its_ending.casefold() == ending and _is_called(its_stem, stem):
            fitting.append(path)
    return _in_order(fitting, plain)


def _in_order(paths: Iterable[str], plain: str) -> list[str]:
    return sorted(paths, key=lambda path: (path.rpartition("/")[2] != plain, path.count("/"), path))


def holds_answers(content: bytes, cells: Iterable[str]) -> bool:
    """Whether a file is a notebook with some of a chapter's cells in it, by their names."""
    try:
        notebook = notebook_of(document_of(content))
    except UnreadableSubmission:
        return False
    return not {cell.name for cell in notebook.cells}.isdisjoint(cells)


def fault_of(content: bytes) -> str:
    """Return why a notebook cannot be read, in one sentence; nothing if it can."""
    try:
        notebook_of(document_of(content))
    except UnreadableSubmission as error:
        return str(error)
    return ""


def stamp_of(content: bytes) -> Mapping[str, str]:
    """Return which release a notebook was made from, as :mod:`release` has stamped it."""
    try:
        metadata = json.loads(content.decode("utf-8-sig")).get("metadata", {})
        stamp = metadata.get("course", {})
        return {key: str(stamp[key]) for key in ("version", "release") if key in stamp}
    except (ValueError, AttributeError, RecursionError, TypeError):
        return {}
