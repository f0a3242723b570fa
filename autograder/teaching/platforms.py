"""What learning platforms hand over: Moodle, Canvas and Brightspace.

Each function returns who is in the class, as far as the platform says, and every attempt, with the
platform's own name for the student. Names of files are in the forms that the platforms give them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.course_settings import CourseSettings
from autograder.grading.submitted_text import one_line
from autograder.teaching.attempts import Attempt, Person, Source, cell_of, moment_of, names_of
from autograder.teaching.tables import Table, read_table
from autograder.teaching.zip_files import CollectError, File, folder_files, zip_entries

# Moodle

_MOODLE = re.compile(
    r"(?:.*/)?(?P<who>[^/]*)_(?P<key>\d+)_assignsubmission_[a-z]+(?:_?/|_)(?P<path>.+)"
)


def moodle(archive: Path, worksheet: Path, settings: CourseSettings) -> Source:
    """Read "Download all submissions" and the "grading worksheet" of a Moodle assignment.

    Raises :class:`CollectError` for files that are none of these.
    """
    table = read_table(worksheet)
    people, moments, remarks = [], {}, []
    for person, row in moodle_people(table):
        people.append(person)
        text = cell_of(row, table.find("Last modified (submission)"))
        if text not in ("", "-"):
            try:
                moments[person.key] = moment_of(text, settings)
            except ValueError as error:
                remarks.append(f"{person.student}: the time {one_line(text)!r} is unclear: {error}")
    entries, faults = _files(archive)
    groups, others = _grouped(entries, _MOODLE)
    attempts = [
        Attempt(key, one_line(files[0][0]), tuple(f for _, f in files), moments.get(key))
        for key, files in groups.items()
    ]
    return Source(tuple(people), tuple(attempts), (*remarks, *faults, *others))


def moodle_people(table: Table) -> Iterator[tuple[Person, list[str]]]:
    """Yield who a grading worksheet lists, with the row; raises :class:`CollectError`."""
    identifier = table.column("Identifier")
    for row in table.rows:
        number = re.search(r"\d+$", cell_of(row, identifier))
        if number is None:
            raise CollectError(
                f"{table.path}: {cell_of(row, identifier)!r} in the column Identifier is not of "
                "the form 'Participant 1234'. Download the grading worksheet again."
            )
        email = cell_of(row, table.find("Email address"))
        first, last = names_of(cell_of(row, table.find("Full name")))
        ids = (cell_of(row, table.find(name)) for name in ("Username", "ID number"))
        student = next(filter(None, (*ids, email.casefold())), f"participant-{number[0]}")
        yield Person(number[0], student, first, last, email), row


# Canvas

_CANVAS = re.compile(
    r"(?:.*/)?(?P<who>[^/_]+)_(?P<late>LATE_)?(?P<key>\d+)_(?P<order>\d+)_(?P<path>[^/]+)"
)


def canvas(archive: Path, gradebook: Path, _settings: CourseSettings) -> Source:
    """Read "Download submissions" of a Canvas assignment and the exported gradebook.

    Canvas tells no times, only that something was late.
    Raises :class:`CollectError` for files that are none of these.
    """
    people = tuple(person for person, _ in canvas_people(read_table(gradebook)))
    entries, faults = _files(archive)
    groups, others = _grouped(entries, _CANVAS)
    late = {m["key"] for m in map(_CANVAS.fullmatch, (e.path for e in entries)) if m and m["late"]}
    orders: dict[str, int] = {}
    for match in filter(None, (_CANVAS.fullmatch(entry.path) for entry in entries)):
        orders[match["key"]] = max(orders.get(match["key"], 0), int(match["order"]))
    attempts = [
        Attempt(
            key,
            one_line(files[0][0]),
            tuple(file for _, file in files),
            late=key in late,
            order=orders[key],
        )
        for key, files in groups.items()
    ]
    return Source(people, tuple(attempts), (*faults, *others))


def canvas_people(table: Table) -> Iterator[tuple[Person, list[str]]]:
    """Yield who an exported gradebook lists, with the row; raises :class:`CollectError`."""
    name, number = table.column("Student"), table.column("ID")
    for row in table.rows:
        key = cell_of(row, number)
        if not key.isdigit():  # "Points Possible", "Manual Posting"
            continue
        last, comma, first = cell_of(row, name).partition(", ")
        if not comma:
            first, last = names_of(last)
        login, sis = (cell_of(row, table.find(col)) for col in ("SIS Login ID", "SIS User ID"))
        if (first, last, login, sis) == ("Test", "Student", "", ""):
            continue  # the "test student" of Canvas's own
        email = login if "@" in login else ""
        student = next(filter(None, (login, sis)), f"canvas-{key}")
        yield Person(key, student, first, last, email, key), row


# Brightspace

_BRIGHTSPACE = re.compile(
    r"(?:.*/)?(?P<ids>\d+-\d+) - (?:(?P<org>\w*\d\w*) - )?(?P<who>[^/]+?) - "
    r"(?P<when>[^/]*\d{4} \d{3,4} ?[AP]M)(?:/| - )(?P<path>.+)"
)


def brightspace(archive: Path, settings: CourseSettings) -> Source:
    """Read the download of a Brightspace assignment: a folder for every attempt.

    Raises :class:`CollectError` if it is no ZIP file.
    """
    entries, faults = _files(archive)
    people: dict[str, Person] = {}
    attempts: dict[tuple[str, str], list[File]] = {}
    remarks = list(faults)
    for entry in entries:
        match = _BRIGHTSPACE.fullmatch(entry.path)
        if match is None:
            if entry.name != "index.html":  # the overview beside the folders
                remarks.append(f"{one_line(entry.path)}: not of the form of Brightspace; not taken")
            continue
        key = match["ids"].partition("-")[0]
        first, last = names_of(match["who"])
        student = match["org"] or re.sub(r"\W+", ".", match["who"].casefold()).strip(".")
        people[key] = Person(key, student, first, last)
        attempts.setdefault((key, match["when"]), []).append(File(match["path"], entry.read))
    handed_in = []
    for (key, when), files in attempts.items():
        clock = re.sub(r"(\d{1,2})(\d\d) ?([AP]M)$", r"\1:\2 \3", when)
        try:
            moment = moment_of(clock, settings)
        except ValueError as error:
            moment = None
            remarks.append(f"{people[key].student}: the time {when!r} is unclear: {error}")
        handed_in.append(Attempt(key, people[key].student, tuple(files), moment))
    return Source(tuple(people.values()), tuple(handed_in), tuple(remarks))


# What they share


def _files(archive: Path) -> tuple[list[File], list[str]]:
    """Return what a ZIP file holds, or a folder that it was unpacked to."""
    return (list(folder_files(archive)), []) if archive.is_dir() else zip_entries(archive)


def _grouped(
    entries: Iterable[File], form: re.Pattern[str]
) -> tuple[dict[str, list[tuple[str, File]]], list[str]]:
    """Return files by the platform's key of who handed them in; and remarks on all others."""
    groups: dict[str, list[tuple[str, File]]] = {}
    others = []
    for entry in entries:
        match = form.fullmatch(entry.path)
        if match is None:
            others.append(f"{one_line(entry.path)}: its name does not say whose it is; not taken")
            continue
        groups.setdefault(match["key"], []).append((match["who"], File(match["path"], entry.read)))
    return groups, others
