"""What a graded notebook in ``autograded/`` holds of a student's own: answers, and what was said.

The grader has written it; the answers in it are the student's, and so may be anything.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


@dataclasses.dataclass(frozen=True)
class GradedNotebook:
    """The parts of a graded notebook that are read after grading.

    ``answers`` are the sources of cells that students fill in, by name; ``reports`` what the
    grader said, by the name of the test cell.
    """

    answers: Mapping[str, str]
    reports: Mapping[str, str] = dataclasses.field(default_factory=dict)


NOTHING = GradedNotebook({})


def read_graded(path: Path) -> GradedNotebook:
    """Read a graded notebook; one that is not there, or is none, holds nothing."""
    try:
        return _parts(json.loads(path.read_text(encoding="utf-8"))["cells"])
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return NOTHING


def _parts(cells: Iterable[Mapping[str, Any]]) -> GradedNotebook:
    answers, reports = {}, {}
    for cell in cells:
        settings = cell.get("metadata", {}).get("nbgrader", {})
        if settings.get("solution"):
            answers[settings["grade_id"]] = _text(cell["source"])
        elif settings.get("grade"):
            reports[settings["grade_id"]] = _report(cell)
    return GradedNotebook(answers, reports)


def _report(cell: Mapping[str, Any]) -> str:
    """Return what the grader said in a test cell, as text."""
    for output in cell.get("outputs", ()):
        if output.get("output_type") == "display_data":
            return _text(output.get("data", {}).get("text/plain", ""))
    return ""


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
