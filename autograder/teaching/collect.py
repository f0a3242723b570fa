"""Collecting: from what a platform hands over to ``submitted/``, nothing dropped in silence.

Whoever is in the platform's list enters nbgrader's gradebook, with name and email. The newest
attempt of each student lies in ``submitted/``; every attempt is kept in ``.grading/attempts/``,
and what has been collected before is not collected again.
"""

from __future__ import annotations

import nbformat
from nbgrader.api import Gradebook

from autograder.challenge.declaration import NAME as CHALLENGE
from autograder.challenge.declaration import in_use
from autograder.grading.course import Course
from autograder.grading.database import GradebookLock, open_gradebook
from autograder.grading.submitted_text import one_line
from autograder.releases import release_digest
from autograder.teaching.attempts import Attempt, Person, Source
from autograder.teaching.collect_report import TITLES, Report
from autograder.teaching.people import ids_of
from autograder.teaching.placing import Placing
from autograder.teaching.zip_files import CollectError


def collect(course: Course, chapter: str, source: Source) -> Report:
    """Bring submissions into a class's ``submitted/``, and its students into the gradebook.

    Raises :class:`CollectError` if the chapter has not been generated, and
    :class:`~autograder.grading.course.CourseError` if nothing can be saved.
    """
    report = Report(chapter, remarks=list(source.remarks))
    cells, digest = _released(course, chapter)
    lock = GradebookLock(course)
    try:
        with lock.held():
            students = _students(course, source, report)
            for student, attempts in sorted(students.items()):
                placing = Placing(course, chapter, student, cells, digest, report)
                placing.place(attempts)
    finally:
        lock.close()
    for part in TITLES:
        getattr(report, part).sort()
    return report


def _released(course: Course, chapter: str) -> tuple[set[str], str]:
    """Return the names of the cells that students fill in, and which release they have now.

    The challenge has no cells, and one release.
    """
    if chapter == CHALLENGE and in_use(course.root):
        return set(), ""
    path = course.root / "exercises" / chapter / f"{chapter}.ipynb"
    if not path.exists():
        raise CollectError(f"{path} is missing: run `autograder generate {chapter}` first.")
    notebook = nbformat.read(path, as_version=4)
    names = (cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells)
    return set(filter(None, names)), release_digest(notebook)


# Who is who


def _students(course: Course, source: Source, report: Report) -> dict[str, list[Attempt]]:
    """Return the attempts of each student by id; enters the class in the gradebook."""
    with open_gradebook(course) as gradebook:
        known = {student.id for student in gradebook.students}
        people = source.people
        if people is None:  # everybody who hands in belongs to the class
            people = tuple(Person(key, key) for key in {attempt.key for attempt in source.attempts})
        ids, remarks = ids_of(people, gradebook.students)
        report.unknown += remarks
        for person in people:
            if person.key in ids:
                _enter(gradebook, ids[person.key], person)
    if known and source.people is None:
        news = sorted(set(ids.values()) - known)
        report.remarks += [f"{one_line(name)}: was not in the gradebook before" for name in news]
    students: dict[str, list[Attempt]] = {}
    for attempt in source.attempts:
        student = ids.get(attempt.key)
        if student is None:
            names = ", ".join(one_line(file.path) for file in attempt.files[:5])
            report.unknown.append(f"{attempt.label}: {names}")
        else:
            students.setdefault(student, []).append(attempt)
    expected = known if source.people is None else set(ids.values())
    report.missing += [
        one_line(name)
        for name in expected - set(students)
        if not course.submitted(name, report.chapter).exists()
    ]
    return students


def _enter(gradebook: Gradebook, student: str, person: Person) -> None:
    fields = {
        name: getattr(person, name)
        for name in ("first_name", "last_name", "email", "lms_user_id")
        if getattr(person, name)
    }
    gradebook.update_or_create_student(student, **fields)
