"""The same exercise for stock nbgrader: its test cells run the same cases in the student's process.

Everything is nbgrader's own: source notebook, release, sanitizing, execution, gradebook. Its test
cells need the cases; each submission has those that our grader draws for that student, in a file
beside the notebook, with the results worked out before. No test cell diagnoses anything.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterable
from pathlib import Path

import nbformat

from autograder.authoring.generate import generate_release
from autograder.checks import Checks, save_checks
from autograder.grading.container import engine_modules
from autograder.grading.course import Course, Task
from autograder.grading.sample_class import SampleStudent, write_sample_class
from autograder.grading.submission import read_submission

PACKAGE = Path(__file__).parents[2] / "autograder"

CASES = "cases.npz"

CONFIG = """\
import os
import sys

c = get_config()
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")
c.CourseDirectory.course_id = "cnn"
"""

TESTS = '''\
"""What the test cells of the exercise for stock nbgrader call."""

import functools
from pathlib import Path

from autograder.checks import load_checks
from autograder.examination import examine
from autograder.outcomes import Returned
from autograder.failures import Failed
from autograder.values import copy_of


def points(name, function, most):
    def call(case):
        arguments = [copy_of(value) for value in case.arguments.values()]
        try:
            return Returned(function(*arguments))
        except Exception as error:
            return Failed(type(error).__name__, str(error))

    return round(most * examine(checks(Path("cases.npz").resolve())[name], call).fraction, 2)


@functools.lru_cache(maxsize=1)
def checks(path):
    return load_checks(path)
'''


def make_course(folder: Path, source: Path, tasks: Iterable[Task]) -> None:
    """Make a course of stock nbgrader in ``folder`` from our source notebook."""
    worth = {task.cell: task for task in tasks}
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        task = worth.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if task is not None:
            cell.source = (
                "import course_tests\n"
                f'course_tests.points("{task.function}", {task.function}, {task.points})'
            )
    place = folder / "source" / source.stem / source.name
    place.parent.mkdir(parents=True)
    nbformat.write(notebook, place)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    generate_release(folder, source.stem)


def write_class(course: Course, chapter: str, students: list[SampleStudent], folder: Path) -> None:
    """Write the submissions of a class, each with the cases that ``course`` draws for it."""
    loaded = course.chapter(chapter)
    submitted = folder / "submitted"
    write_sample_class(folder / "release" / chapter, students, submitted)
    for student in students:
        attempt = read_submission(course.submitted(student.name, chapter), chapter).digest
        seed = course.seed(chapter, student.name, attempt)
        checks = [_plain(task.checks(seed)) for task in loaded.tasks]
        save_checks(submitted / student.name / chapter / CASES, chapter, checks)


def _plain(checks: Checks) -> Checks:
    """Leave out what only a diagnosis needs."""
    cases = tuple(dataclasses.replace(case, wrong={}) for case in checks.cases)
    return dataclasses.replace(checks, cases=cases, hints={}, explorer=None)


def make_modules(folder: Path) -> None:
    """Put what notebooks of this course import into ``folder``, to be named in PYTHONPATH.

    ``autograder`` is what submissions get in our grader, too: ``check`` and ``explore`` do
    nothing. So both graders run the same.
    """
    package = folder / "autograder"
    for name, source in {**engine_modules(), "examination.py": PACKAGE / "examination.py"}.items():
        place = package / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place)
    (folder / "course_tests.py").write_text(TESTS)
