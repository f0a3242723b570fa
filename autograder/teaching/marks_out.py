"""Marks that leave: a platform's own file with the marks filled in, or a table.

A mark is left out while a person has to read something first, and for chapters that students do not
have yet. The same marks give the same file.
"""

from __future__ import annotations

import csv
import dataclasses
import difflib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from autograder.course_settings import load_course_settings
from autograder.grading.course import Course
from autograder.grading.database import open_gradebook
from autograder.grading.lateness import update_lateness
from autograder.grading.marks_export import Standing, plain, standing_of
from autograder.grading.submitted_text import one_line
from autograder.teaching.attempts import Person, cell_of
from autograder.teaching.people import ids_of
from autograder.teaching.platforms import canvas_people, moodle_people
from autograder.teaching.tables import Table, read_table

CSV_COLUMNS = (
    *("chapter", "student", "last_name", "first_name", "email", "state", "handed_in"),
    *("late_hours", "points", "penalty", "mark", "of"),
)


class ExportError(Exception):
    """Marks cannot be exported; the message says why and what to do."""


@dataclasses.dataclass
class Filled:
    """A file with marks in it, and what was left out."""

    content: bytes
    marks: int = 0
    waiting: list[str] = dataclasses.field(default_factory=list)
    absent: list[str] = dataclasses.field(default_factory=list)
    not_in_file: list[str] = dataclasses.field(default_factory=list)
    locked: list[str] = dataclasses.field(default_factory=list)
    remarks: list[str] = dataclasses.field(default_factory=list)


def standings(course: Course, chapter: str) -> list[Standing]:
    """Return where everybody in the gradebook stands in a chapter, by id, as of now.

    Raises :class:`ExportError` for a chapter that is not released, or not graded.
    """
    settings = load_course_settings(course.root)
    if not settings.is_released(chapter):
        raise ExportError(
            f"{chapter} is released on {settings.release(chapter):%Y-%m-%d %H:%M %Z} (course.toml):"
            " no marks leave before that."
        )
    update_lateness(course, chapter)
    with open_gradebook(course) as gradebook:
        assignments = [item for item in gradebook.assignments if item.name == chapter]
        if not assignments:
            raise ExportError(f"{chapter} has not been graded: run `autograder grade {chapter}`.")
        students = sorted(gradebook.students, key=lambda student: student.id)
        standings = [standing_of(gradebook, assignments[0], student) for student in students]
        gradebook.db.expunge_all()
    return standings


def fill_moodle(
    course: Course, chapter: str, worksheet: Path, scale: bool = False, absent: str = ""
) -> Filled:
    """Fill the marks of a chapter into a Moodle grading worksheet.

    ``scale``: to the worksheet's maximum, where that is not the chapter's. ``absent`` is the mark
    of those who have handed in nothing; empty for none.
    Raises :class:`ExportError`, :class:`~autograder.teaching.zip_files.CollectError`.
    """
    table = read_table(worksheet)
    grade, most = table.column("Grade"), table.column("Maximum Grade")
    changeable = table.find("Grade can be changed")
    comma = any("," in row[most] for row in table.rows if most < len(row))
    pairs = list(moodle_people(table))

    def put(person: Person, row: list[str], standing: Standing | None, filled: Filled) -> None:
        mark = _mark(standing, filled, absent)
        if mark is not None and mark != absent:
            mark = _scaled(float(mark), standing, row[most], scale, table)
        if mark and changeable is not None and row[changeable].casefold() == "no":
            filled.locked.append(one_line(person.student))
            return
        row += [""] * (grade + 1 - len(row))
        row[grade] = (mark or "").replace(".", "," if comma else ".")
        filled.marks += bool(mark)

    return _fill(course, chapter, table, pairs, put, None)


def moodle_feedback(course: Course, chapter: str, worksheet: Path) -> dict[str, bytes]:
    """Return the feedback on a chapter under the names by which Moodle takes many files at once.

    Without the pages of those who wait for a person: they are not final.
    Raises as :func:`fill_moodle` does.
    """
    table = read_table(worksheet)
    pairs = list(moodle_people(table))
    name = table.find("Full name")
    ready = {
        standing.student.id: standing.student
        for standing in standings(course, chapter)
        if not (standing.absent or standing.waiting)
    }
    ids, _ = ids_of([person for person, _ in pairs], ready.values())
    pages = {}
    for person, row in pairs:
        student = ids.get(person.key, "")
        folder = course.feedback(student, chapter)
        for page in sorted(folder.glob("*.html")) if student in ready else ():
            place = f"{cell_of(row, name) or 'Participant'}_{person.key}_assignsubmission_file_"
            pages[f"{place.replace('/', '_')}/{page.name}"] = page.read_bytes()
    return pages


def fill_canvas(
    course: Course,
    chapter: str,
    gradebook: Path,
    scale: bool = False,
    absent: str = "",
    column: str = "",
) -> Filled:
    """Fill the marks of a chapter into an exported Canvas gradebook.

    The file has the columns that say who is who, and the assignment's: importing it changes nothing
    else. ``column`` is the assignment's name, if that is not the chapter's. ``scale`` and
    ``absent`` as for :func:`fill_moodle`. Raises as that does.
    """
    table = read_table(gradebook)
    place = _assignment_column(table, column or chapter)
    rows = (row for row in table.rows if row[0].strip().startswith("Points Possible"))
    most = next((row[place] for row in rows if place < len(row)), "")
    pairs = list(canvas_people(table))

    def put(_person: Person, row: list[str], standing: Standing | None, filled: Filled) -> None:
        mark = _mark(standing, filled, absent)
        if mark is not None and mark != absent:
            mark = _scaled(float(mark), standing, most, scale, table)
        row += [""] * (place + 1 - len(row))
        row[place] = mark or ""
        filled.marks += bool(mark)

    who = ("Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account")
    columns = [table.find(name) for name in (*who, "Section")]
    columns_kept = sorted({place, *(number for number in columns if number is not None)})
    return _fill(course, chapter, table, pairs, put, columns_kept)


def marks_table(course: Course, chapters: Iterable[str]) -> Filled:
    """Return the marks of chapters as a table of its own, a row a student and chapter."""
    filled = Filled(b"")
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for chapter in chapters:
        for standing in standings(course, chapter):
            writer.writerow(map(plain, _csv_row(standing)))
            filled.marks += not (standing.absent or standing.waiting)
            name = one_line(standing.student.id)
            if standing.waiting:
                filled.waiting.append(f"{name} ({chapter})")
            elif standing.absent:
                filled.absent.append(f"{name} ({chapter})")
    filled.content = file.getvalue().encode()
    return filled


def _csv_row(standing: Standing) -> Iterator[object]:
    student = standing.student
    yield from (standing.chapter, student.id, student.last_name, student.first_name, student.email)
    state = "waits for a person" if standing.waiting else "graded"
    yield "nothing handed in" if standing.absent else state
    yield standing.moment and f"{standing.moment:%Y-%m-%d %H:%M:%S} UTC"
    if standing.absent:
        yield from (None, None, None, None)
    else:
        yield round(standing.seconds_late / 3600, 1)
        yield from (standing.points, standing.penalty)
        yield None if standing.waiting else standing.score
    yield standing.most


def _fill(
    course: Course,
    chapter: str,
    table: Table,
    pairs: list[tuple[Person, list[str]]],
    put: Callable[[Person, list[str], Standing | None, Filled], None],
    columns: list[int] | None,
) -> Filled:
    """Put every student's mark into the row that is theirs."""
    filled = Filled(b"")
    class_now = {standing.student.id: standing for standing in standings(course, chapter)}
    people = [person for person, _ in pairs]
    ids, remarks = ids_of(people, [standing.student for standing in class_now.values()])
    filled.remarks += remarks
    for person, row in pairs:
        put(person, row, class_now.get(ids.get(person.key, "")), filled)
    there = {ids.get(person.key) for person in people}
    filled.not_in_file += [
        one_line(name)
        for name, standing in class_now.items()
        if name not in there and not standing.absent
    ]
    filled.content = table.text(columns)
    return filled


def _mark(standing: Standing | None, filled: Filled, absent: str) -> str | None:
    """Return a mark as text, None if there is none yet; notes why."""
    if standing is None or standing.absent:
        name = standing.student.id if standing is not None else None
        if name is not None:
            filled.absent.append(one_line(name))
        return absent
    if standing.waiting:
        filled.waiting.append(one_line(standing.student.id))
        return None
    return f"{standing.score:g}"


def _scaled(mark: float, standing: Standing | None, most: str, scale: bool, table: Table) -> str:
    """Return a mark on the platform's scale; raises :class:`ExportError` if that is another."""
    assert standing is not None
    try:
        theirs = float(most.replace(",", "."))
    except ValueError:
        return f"{mark:g}"  # the platform does not say
    if theirs == standing.most:
        return f"{mark:g}"
    if not scale:
        raise ExportError(
            f"{table.path.name} has marks up to {theirs:g}, and {standing.chapter} has "
            f"{standing.most:g} points: set the platform's maximum to {standing.most:g}, or add "
            "--scale."
        )
    return f"{round(mark * theirs / standing.most, 2):g}"


def _assignment_column(table: Table, name: str) -> int:
    """Return the column of an assignment, which Canvas calls ``Filters (12345)``."""

    def same(header: str) -> bool:
        plain_name = re.sub(r"\s*\(\d+\)$", "", header)
        return _letters(plain_name) in (_letters(name), _letters(f"exercise {name}"))

    places = [number for number, header in enumerate(table.header) if same(header)]
    if len(places) != 1:
        others = [header for header in table.header if re.search(r"\(\d+\)$", header)]
        raise ExportError(
            f"{table.path.name} has {'several columns' if places else 'no column'} {name!r}: "
            f"name the assignment by --column. There are: {', '.join(others) or 'no assignments'}."
        )
    return places[0]


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def require_student(course: Course, student: str) -> None:
    """Raise :class:`ExportError` if the gradebook has no student of this id; guesses another."""
    with open_gradebook(course) as gradebook:
        names = [known.id for known in gradebook.students]
    if student not in names:
        close = difflib.get_close_matches(student, names)
        guess = f" Did you mean {' or '.join(close)}?" if close else ""
        raise ExportError(f"there is no student {student!r} in the gradebook.{guess}")


def lines_of(filled: Filled, place: Path) -> Iterator[str]:
    """Yield what an export has done, as text."""
    yield f"{place}: {filled.marks} mark{'s' * (filled.marks != 1)}"
    for names, title in (
        (filled.waiting, "left blank: a person has to read an answer first"),
        (filled.absent, "handed in nothing"),
        (filled.locked, "left as it is: the platform says that the grade cannot be changed"),
        (filled.not_in_file, "graded, but NOT in the file"),
        (filled.remarks, "remarks"),
    ):
        if names:
            yield f"{len(names)} {title}: {', '.join(names)}"
