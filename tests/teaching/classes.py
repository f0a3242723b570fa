"""Small classes in the forms of learning platforms, for tests of collecting and exporting."""

from __future__ import annotations

import copy
import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat

from autograder.grading.course import Course
from tests.grading.grading_class import RIGHT, cell

Files = Mapping[str, bytes]


def notebook(course: Course, answers: Mapping[str, str] = RIGHT, why: str = "") -> bytes:
    """Return the course's notebook with answers filled in."""
    release = nbformat.read(course.root / "exercises" / "probe" / "probe.ipynb", as_version=4)
    filled = copy.deepcopy(release)
    for name, source in answers.items():
        cell(filled, name).source = source
    if why:
        cell(filled, "why").source = why
    text: str = nbformat.writes(filled)
    return text.encode()


def zip_file(path: Path, files: Files) -> Path:
    """Write a ZIP file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def csv_file(path: Path, rows: Iterable[Iterable[str]], encoding: str = "utf-8") -> Path:
    """Write a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read a CSV file, a row after the other."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


MOODLE_COLUMNS = (
    *("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade"),
    *("Grade can be changed", "Last modified (submission)", "Last modified (grade)"),
    "Feedback comments",
)


def moodle_row(number: int, name: str, when: str = "-", most: str = "14.00") -> tuple[str, ...]:
    """Return a row of a grading worksheet."""
    email = f"{name.split()[0].lower()}@example.org"
    status = "Submitted for grading" if when != "-" else "No submission"
    return (f"Participant {number}", name, email, status, "", most, "Yes", when, "-", "")


CANVAS_COLUMNS = (
    *("Student", "ID", "SIS User ID", "SIS Login ID", "Section"),
    *("Essay (4001)", "Probe (4002)", "Current Score"),
)
CANVAS_POINTS = ("    Points Possible", "", "", "", "", "10.00", "14.00", "(read only)")


def canvas_row(number: int, name: str, login: str) -> tuple[str, ...]:
    """Return a row of an exported gradebook."""
    return (name, str(number), f"u{number}", login, "Tuesday", "7", "", "")
