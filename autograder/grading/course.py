"""Where a course and a class keep their files, and what the grader needs to know of a chapter."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.chapter import Limits, load_chapter, load_problems
from autograder.checks import FILE_NAME, Checks, ChecksFileError, load_checks
from autograder.grading.fingerprint import fingerprint
from autograder.grading.rebuild import is_test
from autograder.nbgrader_settings import nbgrader_settings
from autograder.problems import Problem
from autograder.releases import NOTES
from autograder.sections import Section

if TYPE_CHECKING:
    from nbgrader.coursedir import CourseDirectory

STRUCTURE = "{nbgrader_step}/{student_id}/{assignment_id}"
"""Where nbgrader keeps a student's files unless it is told otherwise."""

SECRET_FILE = ".course_secret"
SECRET_VARIABLE = "AUTOGRADER_SECRET"


class CourseError(Exception):
    """The course is not ready for grading; the message says what is missing."""


@dataclasses.dataclass(frozen=True)
class Task:
    """A graded function, what it is worth, and the sections of the book that explain it."""

    function: str
    cell: str
    points: float
    problem: Problem
    sections: Mapping[str, Section]

    def checks(self, seed: int) -> Checks:
        """Return the visible cases, and the hidden ones that an attempt's seed gives this task.

        Each task draws numbers of its own: what one function is given tells nothing about another.
        """
        checks = self.problem.hidden_checks((seed, int.from_bytes(self.function.encode())))
        return dataclasses.replace(checks, sections=self.sections)


@dataclasses.dataclass(frozen=True)
class GradedChapter:
    """A chapter, ready for grading.

    ``release`` is the notebook as students got it; ``fingerprint`` changes with anything that
    may change a mark. ``packages`` are what submissions may import, with all that those need.
    """

    name: str
    folder: Path
    release: NotebookNode
    tasks: tuple[Task, ...]
    fingerprint: str
    packages: tuple[str, ...]
    limits: Limits

    @property
    def max_points(self) -> float:
        """The points of all tasks that are graded automatically."""
        return sum(task.points for task in self.tasks)


@dataclasses.dataclass(frozen=True)
class Course:
    """A course, and one class that takes it.

    ``root`` holds ``solutions/`` and ``exercises/``. ``classroom`` holds the folders with what was
    handed in and what came of it, and the gradebook, whose database URL is ``gradebook``; it is
    the root unless told otherwise.
    """

    root: Path
    classroom: Path
    gradebook: str
    submitted_directory: str = "submitted"
    autograded_directory: str = "autograded"
    feedback_directory: str = "feedback"

    @classmethod
    def at(cls, root: Path | str, classroom: Path | str | None = None) -> Course:
        """Return the course in the folder ``root``, with the class that its settings name.

        Another ``classroom`` has the same folders in it, and a gradebook of its own. Raises
        :class:`CourseError` for settings of nbgrader that the course cannot follow.
        """
        root = Path(root).resolve()
        directory = dict(nbgrader_settings(root).CourseDirectory)
        for step, folder in (("source", "solutions"), ("release", "exercises")):
            named = root / directory.get(f"{step}_directory", folder)
            if named.resolve() != root / folder:
                raise CourseError(
                    f"nbgrader's settings name {named} as {step}_directory, and the course's is "
                    f"{root / folder}: it cannot lie elsewhere."
                )
        usual = Path(directory["root"]).resolve()
        home = usual if classroom is None else Path(classroom).resolve()
        if home != usual:
            directory.pop("db_url", None)
        return cls.placed(root, home, directory)

    @classmethod
    def placed(cls, root: Path, classroom: Path, directory: Mapping[str, Any]) -> Course:
        """Return the course in ``root`` with a class whose files lie as nbgrader's settings say.

        ``directory`` holds settings of nbgrader's ``CourseDirectory``. Raises :class:`CourseError`
        for those that cannot be followed.
        """
        if directory.get("directory_structure", STRUCTURE) != STRUCTURE:
            raise CourseError(
                f"nbgrader's settings name the directory_structure "
                f"{directory['directory_structure']}. Only {STRUCTURE} can be graded: remove it."
            )
        steps = ("submitted", "autograded", "feedback")
        names = {f"{step}_directory" for step in steps} & set(directory)
        return cls(
            root,
            classroom,
            directory.get("db_url") or f"sqlite:///{classroom / 'gradebook.db'}",
            **{name: str(directory[name]) for name in names},
        )

    @classmethod
    def of(cls, directory: CourseDirectory, classroom: Path | None = None) -> Course:
        """Return the course that one of nbgrader's own commands works for.

        ``classroom`` is where its files lie, if that is not nbgrader's root.
        """
        root = Path(directory.root).resolve()
        classroom = classroom or root
        source = classroom / directory.source_directory
        names = ("db_url", "submitted_directory", "autograded_directory", "feedback_directory")
        settings = {name: getattr(directory, name) for name in (*names, "directory_structure")}
        if "db_url" not in directory.config.CourseDirectory and classroom != root:
            del settings["db_url"]  # nbgrader's default lies in its root
        return cls.placed(source.resolve().parent, classroom, settings)

    def submitted(self, student: str, chapter: str) -> Path:
        """The folder with what a student handed in."""
        return self.classroom / self.submitted_directory / student / chapter

    def autograded(self, student: str, chapter: str) -> Path:
        """The folder with a student's graded notebook."""
        return self.classroom / self.autograded_directory / student / chapter

    def feedback(self, student: str, chapter: str) -> Path:
        """The folder with the pages that a student gets back."""
        return self.classroom / self.feedback_directory / student / chapter

    @property
    def notes(self) -> Path:
        """The folder where the grader keeps what it has to remember, out of nbgrader's way."""
        return self.classroom / NOTES

    def chapter(self, name: str) -> GradedChapter:
        """Load a chapter's problems and its released notebook."""
        return _chapter(self.root, name)

    def secret(self) -> bytes:
        """Return the course secret that hidden cases are drawn from; make one if there is none."""
        given = os.environ.get(SECRET_VARIABLE)
        if given:
            return given.encode()
        path = self.root / SECRET_FILE
        if not path.exists() and any(self.notes.glob("*/*.json")):
            raise CourseError(
                f"{path} is missing, and submissions have been graded with it: without it, nobody "
                "can repeat their hidden cases, and new marks would not be comparable. Restore it "
                f"from a backup, or set {SECRET_VARIABLE}. If it is lost, move {self.notes} away: "
                "a new secret is made then, and everything is graded again."
            )
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            secret = path.read_bytes().strip()
            if not secret:
                raise CourseError(f"{path} is empty: delete it, and a new one is made.") from None
            return secret
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
        return path.read_bytes().strip()

    def seed(self, chapter: str, student: str, attempt: str) -> int:
        """Return the seed of the hidden cases of what a student handed in.

        ``attempt`` is the :attr:`~autograder.grading.submission.Submission.digest` of that: who
        hands in anything else gets new numbers, and the very same gets the same again.
        """
        return seed(self.secret(), chapter, student, attempt)


def seed(secret: bytes, chapter: str, student: str, attempt: str) -> int:
    """Return the seed of an attempt's hidden cases: reproducible with the secret, else unknown."""
    # Lengths in front: no names may run together into the same text.
    message = f"{len(chapter)}:{chapter}:{len(student)}:{student}:{attempt}".encode()
    return int.from_bytes(hmac.digest(secret, message, hashlib.sha256), "big")


def _chapter(root: Path, name: str) -> GradedChapter:
    if not re.fullmatch(r"\w+", name):
        raise CourseError(f"{name!r} is not the name of a chapter.")
    if not (root / "solutions" / name / "chapter.py").exists():
        raise CourseError(f"There is no chapter {name!r}: solutions/{name}/chapter.py is missing.")
    released = root / "exercises" / name
    path = released / f"{name}.ipynb"
    if not path.exists():
        raise CourseError(
            f"The exercise has not been generated yet ({path} is missing). "
            f"Run `autograder generate {name}` first."
        )
    release: NotebookNode = nbformat.read(path, as_version=4)
    settings = load_chapter(root, name)
    return GradedChapter(
        name=name,
        folder=released,
        release=release,
        tasks=_tasks(release, load_problems(root, name), _sections(released), path),
        fingerprint=fingerprint(root, name),
        packages=settings.packages,
        limits=settings.limits,
    )


def _sections(released: Path) -> dict[str, Mapping[str, Section]]:
    """Return the sections that the exercise names to its tasks."""
    try:
        checks = load_checks(released / FILE_NAME)
    except ChecksFileError as error:
        raise CourseError(str(error)) from error
    return {task: known.sections for task, known in checks.items()}


def _tasks(
    release: NotebookNode,
    problems: dict[str, Problem],
    sections: Mapping[str, Mapping[str, Section]],
    path: Path,
) -> tuple[Task, ...]:
    tasks = []
    for cell in release.cells:
        if cell.cell_type != "code" or not is_test(cell):
            continue
        name = cell.metadata.nbgrader.grade_id
        function = name.removeprefix("check-")
        if cell.source.strip() != f"check({function})" or function not in problems:
            raise CourseError(
                f"{path}: the test cell {name!r} is not `check({function})` with a problem of that "
                "name. Generate the exercise again."
            )
        points = float(cell.metadata.nbgrader.points)
        named = sections.get(function, {})
        tasks.append(Task(function, name, points, problems[function], named))
    if not tasks:
        raise CourseError(f"{path} has no test cells.")
    return tuple(tasks)
