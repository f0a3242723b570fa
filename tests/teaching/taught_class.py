"""A class of the small course of `grading_class`: with mistakes, copies, late and hostile work."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook

from autograder import grading
from autograder.grading.course import Course
from tests.grading.grading_class import RIGHT, Grader, cell

CHAPTER = "probe"
INJECTIONS = (
    "</style></script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<svg onload=document.title='owned'>",
    "{{ 7 * 7 }}{% raw %}${7 * 7}",
    "javascript:document.title='owned'",
    "\" autofocus onfocus=document.title='owned' x=\"",
    "=HYPERLINK('http://example.org','x')",
    "\u202egnp.exe\x1b[31m",
    "]]>--><!--",
)
"""What might act in a browser, in a template, in a spreadsheet or in a terminal."""

HOSTILE = ("=1+1", "<img src=x onerror=alert(1)>", "@sum(a1)")
"""Names of students that are not harmless."""

LONG = """\
def total(numbers):
    # every column on its own first
    result = 0.0
    width = numbers.shape[-1]
    for place in range(width):
        column = numbers[..., place]
        part = 0.0
        for value in np.ravel(column):
            if value < -100:
                part = part - value
            elif value > 3.25:
                part = part + 2 * value
            else:
                part = part + value
        result = result + part / 2
    return float(result)
"""
DISGUISED = """\
def total(x):
    '''My own work.'''
    s = 0.0
    n = x.shape[-1]
    for k in range(n):
        c = x[..., k]
        t: float = 0.0
        for v in np.ravel(c):
            if v < -100:
                t -= v
            elif v > 3.25:
                t += 2 * v
            else:
                t += v
        s += t / 2
    return float(s)
"""
"""The same function in other words."""

ODD = "def scale(x, factor):\n    return x * factor + 0.25 * (np.arange(x.shape[-1]) == 1)"
OTHER_ODD = """\
def scale(v, by):
    out = v * by  # of Ada Lovelace
    out[..., 1] += 1 / 4
    return out
"""
"""A mistake that nothing explains, written in two ways."""

ADDED = "def scale(x, factor):\n    '''Eli wrote this.'''\n    return x + factor  # Eli"


@dataclasses.dataclass(frozen=True)
class TaughtClass:
    """A graded class: the course, and the notebooks before they were handed in."""

    course: Course
    grader: Grader

    def hand_in(
        self, student: str, answers: dict[str, str], text: str = "", time: str = ""
    ) -> None:
        """Put a submission into place."""
        notebook = self.grader.notebook(answers)
        if text:
            cell(notebook, "why").source = text
        self.put(student, notebook, time)

    def put(self, student: str, notebook: NotebookNode | bytes, time: str = "") -> None:
        """Put a file into place."""
        folder = self.course.submitted(student, CHAPTER)
        folder.mkdir(parents=True, exist_ok=True)
        content = notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode()
        (folder / f"{CHAPTER}.ipynb").write_bytes(content)
        if time:
            (folder / "timestamp.txt").write_text(time)

    def grade(self) -> grading.ClassResult:
        """Grade what is there."""
        return grading.grade(self.course.root, CHAPTER, classroom=self.course.classroom)

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """Open the gradebook for a person."""
        with Gradebook(self.course.gradebook) as gradebook:
            yield gradebook
            gradebook.db.commit()

    def mark(self, student: str, points: float, comment: str) -> None:
        """Give points and a comment for the answer in words."""
        with self.gradebook() as gradebook:
            submission = gradebook.find_submission_notebook(CHAPTER, CHAPTER, student)
            [grade] = [grade for grade in submission.grades if grade.name == "why"]
            grade.manual_score, grade.needs_manual_grade = points, False
            [given] = [given for given in submission.comments if given.name == "why"]
            given.manual_comment = comment


def make_class(grader: Grader, classroom: Path) -> TaughtClass:
    """Hand in and grade the work of a class."""
    taught = TaughtClass(Course.at(grader.course.root, classroom), grader)
    taught.hand_in("ada", RIGHT, "Because a sum forgets the order.", "2026-10-05 10:00:00 UTC")
    taught.hand_in("ben", {**RIGHT, "total": LONG, "scale": ODD}, time="2026-10-07 15:00:00 UTC")
    taught.hand_in("cleo", {**RIGHT, "total": DISGUISED, "scale": OTHER_ODD})
    taught.hand_in("dan", {**RIGHT, "scale": "def scale(x, factor):\n    return x + factor"})
    taught.hand_in("eli", {**RIGHT, "scale": ADDED, "apply": "def apply(f, x):\n    return y"})
    taught.hand_in("fay", {"total": "def total(x):\n    while True:\n        pass"})
    taught.put("ivo", grader.notebook(RIGHT, *2 * ["while True:\n    pass"]))
    taught.put("gus", b"%PDF-1.7")
    evil = "\n".join(INJECTIONS)
    for name in HOSTILE:
        code = (
            f"def scale(x, factor):\n    # {' '.join(INJECTIONS)}\n    raise ValueError({evil!r})"
        )
        taught.hand_in(name, {"scale": code, "total": evil}, evil)
    taught.grade()
    with taught.gradebook() as gradebook:
        gradebook.update_or_create_assignment(CHAPTER, duedate="2026-10-06 10:00:00 UTC")
        gradebook.update_or_create_student("ben", first_name="Ben", last_name=INJECTIONS[0])
        gradebook.update_or_create_student("zoe", first_name="Zoe", last_name="Absent")
    return taught
