"""Who is who: a platform's names for students, and their ids in the gradebook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from nbgrader.api import Student

from autograder.grading.submitted_text import one_line
from autograder.teaching.attempts import Person


def ids_of(people: Iterable[Person], known: Iterable[Student]) -> tuple[dict[str, str], list[str]]:
    """Return students' ids by the platform's keys; and remarks on those who can have none.

    Who is in the gradebook already, by the platform's number or by email, keeps the id from there.
    """
    known = list(known)
    by_number = {student.lms_user_id: student.id for student in known if student.lms_user_id}
    by_email = {student.email.casefold(): student.id for student in known if student.email}
    ids: dict[str, str] = {}
    remarks = []
    for person in people:
        student = by_number.get(person.lms_user_id) or by_email.get(person.email.casefold())
        student = student or person.student
        if is_id(student):
            ids[person.key] = student
        else:
            remarks.append(f"{one_line(student)}: no folder can have this name")
    counts = Counter(ids.values())
    for key, student in list(ids.items()):
        if counts[student] > 1:
            remarks.append(
                f"{one_line(student)}: several people in the list would have this id; this is the "
                f"one called {one_line(key)} there"
            )
            del ids[key]
    return ids, remarks


def is_id(student: str) -> bool:
    """Whether a folder and nbgrader's gradebook can have a student of this name."""
    return (
        bool(student)
        and not student.startswith(".")
        and student.isprintable()
        and {"/", "\\"}.isdisjoint(student)
        and len(student.encode("utf-8", "replace")) <= 120
    )
