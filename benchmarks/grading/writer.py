"""How fast the writer of the gradebook is: simulated results of a class, saved as they would be.

One submission is graded; its result is written for many students, to a new class in a folder that
is removed afterwards. CPU seconds are counted, not the clock.

    python -m benchmarks.grading.writer --students 1000
    python -m benchmarks.grading.writer --students 100000 --database postgresql+psycopg://...
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
import time
from pathlib import Path

import psutil

from autograder import grading
from autograder.chapter import load_problems
from autograder.grading.batch import Writer, note_of
from autograder.grading.course import Course
from autograder.grading.gradebook import Ledger
from autograder.grading.jobs import Job
from autograder.grading.results import SubmissionResult
from autograder.grading.sample_class import sample_students, write_sample_class
from autograder.grading.submission import read_submission
from autograder.nbgrader_settings import nbgrader_settings

ROOT = Path(__file__).parents[2]
STUDENT = "ada"
"""Of the sample class: whose answers are all right."""

STEPS = 10
"""So often is the memory measured."""


@dataclasses.dataclass(frozen=True)
class Written:
    """What writing has cost: CPU seconds of this process, seconds, and its memory in bytes."""

    students: int
    cpu: float
    clock: float
    memory: tuple[int, ...]


def graded(root: Path, chapter: str, place: Path) -> tuple[Job, SubmissionResult, str]:
    """Grade one submission; return it with its result and the graded notebook."""
    [right] = [s for s in sample_students(load_problems(root, chapter)) if s.name == STUDENT]
    write_sample_class(root / "exercises" / chapter, [right], place / "submitted")
    grading.grade(root, chapter, classroom=place)
    course = Course.at(root, place)
    note = json.loads(note_of(course, chapter, STUDENT).read_text("utf-8"))
    notebook = course.autograded(STUDENT, chapter) / f"{chapter}.ipynb"
    submission = read_submission(course.submitted(STUDENT, chapter), chapter)
    job = Job(STUDENT, submission, 0, note["stamp"], ())
    return job, SubmissionResult.from_fields(note["result"]), notebook.read_text("utf-8")


def written(root: Path, chapter: str, students: int, place: Path, database: str = "") -> Written:
    """Write simulated results of a class into a folder and a gradebook."""
    job, result, notebook = graded(root, chapter, place / "one")
    classroom = place / "class"
    classroom.mkdir()
    course = Course.placed(root, classroom, {"db_url": database} if database else {})
    loaded = course.chapter(chapter)
    process, memory, number = psutil.Process(), [], 0
    with Ledger(course, loaded, nbgrader_settings(root)) as ledger:
        cpu, clock = time.process_time(), time.perf_counter()
        with Writer(course, loaded, ledger, lambda result: None) as writer:
            for number in range(students):
                if number % max(1, students // STEPS) == 0:
                    memory.append(process.memory_info().rss)
                name = f"s{number:06}"
                own = dataclasses.replace(result, student=name)
                writer.write(dataclasses.replace(job, student=name), own, notebook)
        cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
        if ledger.scores(f"s{students - 1:06}") != ledger.scores("s000000"):
            raise AssertionError("the last one has not what the first one has")
    return Written(students, cpu, clock, tuple(memory))


def main() -> None:
    """Write a class and print what it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--chapter", default="filters")
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--database", default="", help="URL of an empty database; else SQLite")
    parser.add_argument("--course", type=Path, default=ROOT)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        done = written(
            options.course, options.chapter, options.students, Path(place), options.database
        )
    each, clock = 1000 * done.cpu / done.students, 1000 * done.clock / done.students
    print(f"{done.students} submissions: {each:.2f} ms of CPU each, {clock:.2f} ms by the clock")
    megabytes = ", ".join(f"{size / 1e6:.0f}" for size in done.memory)
    print(f"memory while writing, in MB: {megabytes}")


if __name__ == "__main__":
    main()
