"""What every answer to a chapter's tasks earns: proven to be the same for everybody, and recorded.

The proof draws the hidden cases of each task with 50 seeds, which takes some seconds a task.
``solutions/<chapter>/marks.md`` keeps what came of it, with digests of all that it depends on: of a
task, its file with every module that it imports, the chapter's data, and the points; of the grader,
the code that draws, compares and proves. A task is proven again when one of them has changed, and
only then. The file is committed: so a fresh clone has nothing to prove, and a reviewer sees whose
marks a change moves.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import autograder
from autograder.authoring import luck
from autograder.authoring.chapter_source import ChapterSource, location
from autograder.authoring.luck import SEEDS, Earned, fault, marks_by_seed
from autograder.authoring.source import TaskCell
from autograder.chapter import SourceError, data_files
from autograder.imported_files import add_files, imported_by, imported_files
from autograder.problems import Problem

FILE_NAME = "marks.md"
PACKAGE = Path(autograder.__file__).parent

_TITLE = f"""\
# Marks of wrong answers: {{chapter}}

What every wrong answer earns, the same for everybody. `autograder generate` writes this file, after
it has drawn hidden cases with {len(SEEDS)} seeds. The digests say what that depends on.

Grader: {{grader}}
"""
_SECTION = "\n## "
_DIGEST = re.compile(r"^Task: (?P<digest>[0-9a-f]{64})$", re.MULTILINE)


def prove_marks(course: Path, source: ChapterSource) -> list[str]:
    """Prove that no mark of a chapter depends on luck, and record the marks.

    What is on record already is not proven again. Returns the names of the tasks that were proven.
    Raises :class:`SourceError` for an answer whose points depend on the seed, and for a constant
    that earns something; it names the cases.
    """
    path = course / "solutions" / source.name / FILE_NAME
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    title = _TITLE.format(chapter=source.name, grader=grader_digest(course, source))
    recorded = dict(_sections(text)) if text.startswith(title) else {}
    sections, proven = [], []
    for task in source.exercise.tasks:
        digest = task_digest(course, source.name, task)
        if digest not in recorded:
            marks = prove_equal_marks(source.problems[task.function], task.points)
            recorded[digest] = "\n".join([_heading(task, digest), *_table(marks), ""])
            proven.append(task.function)
        sections.append(recorded[digest])
    new = _SECTION.join([title, *sections])
    if new != text:
        path.write_text(new, encoding="utf-8")
    return proven


def is_recorded(course: Path, source: ChapterSource) -> bool:
    """Whether the marks of all tasks are on record, as they are now."""
    text = (course / "solutions" / source.name / FILE_NAME).read_text(encoding="utf-8")
    title = _TITLE.format(chapter=source.name, grader=grader_digest(course, source))
    digests = [task_digest(course, source.name, task) for task in source.exercise.tasks]
    return text.startswith(title) and [digest for digest, _ in _sections(text)] == digests


def prove_equal_marks(problem: Problem, points: float) -> list[Earned]:
    """Return what the answers of a problem earn; refuse it if that depends on luck.

    Raises :class:`SourceError` at the function that earns now this, now that.
    """
    try:
        marks = marks_by_seed(problem, points)
    except ValueError as error:
        raise SourceError(*location(problem.reference), str(error)) from error
    for earned in marks:
        if message := fault(earned, points):
            place = location(earned.answer.function or problem.reference)
            raise SourceError(*place, f"{problem.name}: {message}")
    return marks


def task_digest(course: Path, chapter: str, task: TaskCell) -> str:
    """Hash all of a chapter that the marks of a task may depend on."""
    digest = hashlib.sha256(f"{task.function} {task.points!r}\0".encode())
    own = _imported_of_course(course, chapter, [task.function])
    add_files(digest, course, own | data_files(course, chapter))
    return digest.hexdigest()


def grader_digest(course: Path, source: ChapterSource) -> str:
    """Hash all of this package that the marks of a chapter may depend on."""
    own = _imported_of_course(course, source.name, source.settings.tasks)
    used = {path for module in own for path in _imported_of_package(module)}
    students_part = PACKAGE / "__init__.py"
    package = imported_files(
        PACKAGE.parent,
        [Path(luck.__file__), *used],
        lambda path: PACKAGE in path.parents and path != students_part,
    )
    digest = hashlib.sha256()
    add_files(digest, PACKAGE, package)
    return digest.hexdigest()


def _imported_of_course(course: Path, chapter: str, tasks: Iterable[str]) -> set[Path]:
    files = [course / "solutions" / chapter / "tasks" / f"{task}.py" for task in tasks]
    # In the course's own repository, this package is below its root, too.
    return imported_files(course, files, lambda path: course / PACKAGE.name not in path.parents)


def _imported_of_package(module: Path) -> Iterator[Path]:
    imported = imported_by(PACKAGE.parent, module.read_bytes(), [])
    return (path for path in imported if PACKAGE in path.parents)


def _heading(task: TaskCell, digest: str) -> str:
    return f"{task.function}: {task.points:g} points\n\nTask: {digest}\n"


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Yield the digests on record, each with the section of its task."""
    for section in text.split(_SECTION)[1:]:
        if match := _DIGEST.search(section):
            yield match["digest"], section


def _table(marks: Iterable[Earned]) -> Iterator[str]:
    """Yield a line for each answer that is wrong; alternatives earn all points."""
    yield from ("| answer | earns |", "|---|---|")
    for earned in marks:
        if earned.answer.kind != "alternative":
            least, most = min(earned.points), max(earned.points)
            points = f"{least:g}" if least == most else f"{least:g} to {most:g}"
            yield f"| {earned.answer} | {points} |"
