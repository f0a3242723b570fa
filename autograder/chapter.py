"""A chapter of the course as its author declares it.

``solutions/<chapter>/chapter.py`` holds a :class:`Chapter` under the name ``CHAPTER``. Each task is
a file of its own, ``solutions/<chapter>/tasks/<function>.py``, with the
:class:`~autograder.problems.Problem` under the name ``PROBLEM``.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType

from autograder.checks import FILE_NAME
from autograder.packages import DEFAULT_PACKAGES as DEFAULT_PACKAGES
from autograder.problems import Problem

NOTES = (".md", ".txt")
"""Files for people: no mark depends on them."""


class SourceError(Exception):
    """Something is wrong in a chapter's sources; the message begins with ``file:line:``."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What one submission may use. Sizes in MiB, times in seconds."""

    memory: int = 2048
    disk: int = 64
    threads: int = 32
    cell_seconds: float = 15.0
    total_seconds: float = 180.0

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                raise TypeError(f"{name} must be a number above 0, not {value!r}")

    def resources(self) -> dict[str, int]:
        """Return the limits that the kernel enforces, by their names without ``RLIMIT_``."""
        return {
            "AS": self.memory << 20,
            "FSIZE": self.disk << 20,
            "NPROC": self.threads,
            "NOFILE": 128,
            "CORE": 0,
            "MEMLOCK": 0,
            "MSGQUEUE": 0,
            "CPU": int(2 * self.total_seconds) + 10,
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chapter:
    """What a chapter consists of, and what its submissions may use.

    ``tasks`` are the names of the graded functions, in the order of the exercise. ``packages`` are
    what submissions may import beside the standard library; what these need comes along.
    ``files`` are what the notebook reads that lies elsewhere, as paths from the root of the course:
    they are copied beside it. ``companions`` are notebooks in which nothing is graded, each made
    from ``solutions/<chapter>/<companion>.md``.
    """

    tasks: tuple[str, ...]
    packages: tuple[str, ...] = DEFAULT_PACKAGES
    limits: Limits = Limits()
    files: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("tasks", "packages", "files", "companions"):
            value = getattr(self, name)
            if not isinstance(value, tuple) or not all(isinstance(part, str) for part in value):
                raise TypeError(f"{name} must be a tuple of strings, not {value!r}")
        if not isinstance(self.limits, Limits):
            raise TypeError(f"limits must be Limits(...), not {self.limits!r}")
        for task in self.tasks:
            if self.tasks.count(task) > 1:
                raise TypeError(f"tasks names {task} twice")


def chapters(course: Path) -> list[str]:
    """Return the names of the chapters that have an exercise, in alphabetical order."""
    return sorted(path.parent.name for path in (course / "solutions").glob("*/chapter.py"))


def load_chapter(course: Path, name: str) -> Chapter:
    """Import ``solutions.<name>.chapter`` from the folder ``course`` and return its ``CHAPTER``.

    Raises :class:`SourceError` for a setting that does not exist, a task without a file, a file
    in ``tasks/`` that is not a task, and one of ``files`` that is not there.
    """
    path = course.resolve() / "solutions" / name / "chapter.py"
    chapter = getattr(import_module(course.resolve(), f"solutions.{name}.chapter"), "CHAPTER", None)
    if not isinstance(chapter, Chapter):
        raise SourceError(path, 1, "it has no CHAPTER = Chapter(...)")
    files = {file.stem: file for file in sorted((path.parent / "tasks").glob("*.py"))}
    for task in chapter.tasks:
        if task not in files:
            raise SourceError(path, line_of(path, task), f"there is no file tasks/{task}.py")
    for task, file in files.items():
        if task not in (*chapter.tasks, "__init__"):
            raise SourceError(file, 1, f"{task} is not among the tasks of {name}/chapter.py")
    for file_name in chapter.files:
        if not (course / file_name).is_file():
            raise SourceError(path, line_of(path, file_name), f"there is no file {file_name}")
    return chapter


def load_problems(course: Path, name: str) -> dict[str, Problem]:
    """Import the tasks of a chapter; return their problems by name, in the order of the exercise.

    Raises :class:`SourceError` as :func:`load_chapter`, and for a file without its problem.
    """
    problems = {}
    for task in load_chapter(course, name).tasks:
        module = import_module(course.resolve(), f"solutions.{name}.tasks.{task}")
        problem = getattr(module, "PROBLEM", None)
        path = Path(inspect.getsourcefile(module) or "")
        if not isinstance(problem, Problem):
            raise SourceError(path, 1, "it has no PROBLEM = Problem(...)")
        if problem.name != task:
            line = line_of(path, problem.name)
            raise SourceError(path, line, f"it is about {task}, but its problem is {problem.name}")
        problems[task] = problem
    return problems


def data_files(course: Path, name: str) -> set[Path]:
    """Return the data that a chapter's problems may read: what lies in its folder, and ``files``.

    Files for people are left out, and so is what is generated from the rest.
    """
    folder = course / "solutions" / name
    named = {course / file for file in load_chapter(course, name).files}
    generated = {folder / FILE_NAME, *(folder / path.name for path in named)}
    in_folder = {
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix not in (".py", ".ipynb", *NOTES)
        and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
    }
    return named | (in_folder - generated)


def line_of(path: Path, word: str) -> int:
    """Return the number of the first line of a file with a word in it, 1 if there is none."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if re.search(rf"\b{re.escape(word)}\b", line):
            return number
    return 1


def import_module(root: Path, name: str) -> ModuleType:
    """Import a module of the course. What goes wrong in its files is a :class:`SourceError`."""
    _forget_other_courses(root)
    sys.path.insert(0, str(root))
    try:
        importlib.invalidate_caches()
        return importlib.import_module(name)
    except ModuleNotFoundError:  # not the file's fault: a package is not installed
        raise
    except Exception as error:
        place = _place(error, root)
        if place is None:
            raise
        raise SourceError(*place, f"{type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(root))


def _place(error: Exception, root: Path) -> tuple[Path, int] | None:
    """Return the file of the course and the line that an exception comes from, None if of none."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [(Path(frame.filename), frame.lineno or 1) for frame in frames]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((Path(error.filename), error.lineno or 1))
    ours = [place for place in places if place[0].is_relative_to(root / "solutions")]
    return ours[-1] if ours else None


def _forget_other_courses(root: Path) -> None:
    """Forget packages that were imported from elsewhere and are in ``root``, too.

    Every course has a package ``solutions``, and a worker of a cluster meets several courses.
    """
    packages = {path.parent.name: path for path in root.glob("*/__init__.py")}
    packages["solutions"] = root / "solutions" / "__init__.py"
    packages.pop(__name__.partition(".")[0], None)  # this package is never the course's
    for name, path in packages.items():
        if name in sys.modules and Path(sys.modules[name].__file__ or "").resolve() != path:
            for loaded in [module for module in sys.modules if module.split(".")[0] == name]:
                del sys.modules[loaded]
