"""What a student gets back: a page with marks, answers, and what the grader and a person said.

It lies where nbgrader puts its own feedback, so `nbgrader release_feedback` hands it out. Nothing
of hidden cases is in it: what the grader has written into the graded notebook is for students.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from autograder.grading.course import Course, CourseError
from autograder.teaching.class_record import ClassRecord, Mark, StudentRecord, read_class
from autograder.teaching.graded_notebook import GradedNotebook, read_graded
from autograder.teaching.pages import environment, write_page

MODE = 0o644
"""As nbgrader's: the exchange copies the file with its mode, and students read the copy."""

LARGEST = 100_000
"""Bytes of a page. Longer answers and reports are cut."""

LENGTHS = (20_000, 5_000, 1_000, 200)
"""Characters of an answer or a report that are shown, at most: the first that fits is taken."""

GENERATOR = "autograder feedback"
"""Stands in each page: no page of nbgrader's is ever refreshed in its place."""

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$", re.MULTILINE)
_SECTION = re.compile(r"Explained in (“[^”]+” in .+) \((https?://[^\s()]+)\)")
"""How a report names a section of the book, where the address of the site is known."""

_POINTS = re.compile(r"^[\d.e+-]+ of [\d.e+-]+ points\. ")


@dataclasses.dataclass(frozen=True)
class Part:
    """A graded cell of the exercise: its title, and the cell with the answer to it.

    ``released`` is what stood there when the exercise was handed out.
    """

    cell: str
    answer: str
    title: str
    is_task: bool
    most: float
    released: str


@dataclasses.dataclass(frozen=True)
class Said:
    """What the grader said of a task: a title, paragraphs and code, and the list of cases.

    A block is its kind, its text, and where it leads: "text", "code", "Hint", "Clue" or "section".
    """

    title: str = ""
    passed: bool = False
    blocks: tuple[tuple[str, str, str], ...] = ()
    cases: str = ""


@dataclasses.dataclass(frozen=True)
class Feedback:
    """What has been done: the students whose page is another one than before, and the others."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]


def write_feedback(course: Course, chapter: str, students: Collection[str] = ()) -> Feedback:
    """Write a page for each graded submission of a chapter, or for those of some ``students``.

    Raises :class:`~autograder.grading.course.CourseError` if nothing has been graded, or nothing
    of one of the ``students``.
    """
    record = read_class(course, chapter)
    graded = {student.student: student for student in record.students if student.marks}
    for student in students:
        if student not in graded:
            raise CourseError(f"Nothing of {student!r} has been graded in {chapter}.")
    written: list[str] = []
    unchanged: list[str] = []
    for student, page in _pages(course, chapter, [graded[name] for name in students or graded]):
        folder, place = course.autograded(student, chapter), _place(course, chapter, student)
        changed = write_page(place, page, MODE)
        # Without these, nbgrader neither releases the page nor knows how old it is.
        for name in ("timestamp.txt", "submission_secret.txt"):
            if (folder / name).is_file():
                shutil.copyfile(folder / name, place.with_name(name))
        (written if changed else unchanged).append(student)
    return Feedback(tuple(written), tuple(unchanged))


def refresh_feedback(course: Course, chapter: str, students: Iterable[str]) -> Feedback:
    """Write the pages of some students again, of those who have one that we have written.

    Raises what :func:`write_feedback` raises.
    """
    ours = [student for student in students if _is_ours(_place(course, chapter, student))]
    return write_feedback(course, chapter, ours) if ours else Feedback((), ())


def outdated_feedback(course: Course, record: ClassRecord) -> list[str]:
    """Return whose page, if we have written one, is not what it would be now."""
    chapter = record.chapter
    ours = [
        student
        for student in record.students
        if student.marks and _is_ours(_place(course, chapter, student.student))
    ]
    return [
        student
        for student, page in _pages(course, chapter, ours)
        if _place(course, chapter, student).read_bytes() != page.encode("utf-8", "replace")
    ]


def _place(course: Course, chapter: str, student: str) -> Path:
    return course.feedback(student, chapter) / f"{chapter}.html"


def _is_ours(page: Path) -> bool:
    try:
        return GENERATOR in page.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False  # none, or not readable: not one that we have written


def _pages(
    course: Course, chapter: str, records: Iterable[StudentRecord]
) -> Iterator[tuple[str, str]]:
    """Yield the page of each student."""
    title, parts = _exercise(course.root / "exercises" / chapter / f"{chapter}.ipynb")
    for record in records:
        path = course.autograded(record.student, chapter) / f"{chapter}.ipynb"
        yield record.student, _page(record, title, parts, read_graded(path))


def _page(record: StudentRecord, title: str, parts: list[Part], notebook: GradedNotebook) -> str:
    """Return a student's page, with answers as long as they fit."""
    text = ""
    for length in LENGTHS:
        entries = [_entry(part, record, notebook, length) for part in parts]
        text = (
            environment()
            .get_template("feedback.html")
            .render(title=title, record=record, entries=entries, generator=GENERATOR)
        )
        if len(text.encode("utf-8", "replace")) <= LARGEST:
            break
    return text


def _entry(
    part: Part, record: StudentRecord, notebook: GradedNotebook, length: int
) -> dict[str, Any]:
    said = _said(_cut(notebook.reports.get(part.cell, ""), length)) if part.is_task else Said()
    answer = notebook.answers.get(part.answer, "").strip()
    return {
        "part": part,
        "mark": record.marks.get(part.cell, Mark(part.cell, part.most)),
        "answer": "" if answer == part.released.strip() else _cut(answer, length),
        "said": said,
    }


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}\n[cut off here: it is too long]"


def _said(report: str) -> Said:
    """Read the report that the grader has left in a test cell, which is text for students."""
    # By line feeds alone: other characters that end lines may stand in what a student has written.
    first, *lines = report.split("\n")
    mark, _, title = first.partition("] ")
    blocks: list[tuple[str, list[str]]] = []
    for line in lines:
        kind = "code" if line.startswith("    ") else "text"
        if kind == "code" and blocks and blocks[-1][0] == "code":
            blocks[-1][1].append(line[4:])
        else:
            blocks.append((kind, [line[4:] if kind == "code" else line.strip()]))
    cases = ""
    if len(blocks) > 1 and blocks[-2] == ("text", ["What was tried:"]):
        cases = "\n".join(blocks[-1][1])
        blocks = blocks[:-2]
    texts = tuple(_block(kind, "\n".join(rows)) for kind, rows in blocks)
    return Said(_POINTS.sub("", title), mark == "[passed", texts, cases)


def _block(kind: str, text: str) -> tuple[str, str, str]:
    if kind == "text" and (section := _SECTION.fullmatch(text)):
        return "section", section[1], section[2]
    label, _, words = text.partition(": ")
    return (label, words, "") if kind == "text" and label in ("Hint", "Clue") else (kind, text, "")


def _exercise(path: Path) -> tuple[str, list[Part]]:
    """Return the title of an exercise and its graded cells.

    A cell is called by the heading above it, or by its name where others stand in between.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise CourseError(f"{path} is not a generated exercise: {error}.") from error
    title, parts = "", []
    heading = answer = released = ""
    for cell in cells:
        settings = cell["metadata"].get("nbgrader", {})
        if settings.get("solution"):
            answer, released = settings["grade_id"], "".join(cell["source"])
        if settings.get("grade"):
            name = settings["grade_id"].removeprefix("check-")
            is_task = not settings.get("solution")
            points = float(settings["points"])
            cell_name, task_title = settings["grade_id"], heading or name
            parts.append(Part(cell_name, answer, task_title, is_task, points, released))
            heading = ""
        elif cell["cell_type"] == "markdown":
            for level, words in _headings("".join(cell["source"])):
                title = title or words
                heading = words if level > 1 else heading
    return title, parts


def _headings(source: str) -> Iterator[tuple[int, str]]:
    for match in _HEADING.finditer(source):
        yield len(match[1]), re.sub(r"[`*]", "", match[2])
