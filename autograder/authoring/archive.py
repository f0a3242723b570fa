"""The archive that students download: the exercises, and the package that checks them.

And the part of that package which checks a task on a page of the book.

``python -m autograder.authoring.archive`` writes it to ``_build/cnn-course-exercises.zip``. The
same files give the same bytes.
"""

from __future__ import annotations

import json
import sys
import textwrap
import zipfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from pathlib import Path

import autograder
from autograder.challenge.declaration import NAME as CHALLENGE
from autograder.challenge.declaration import in_use as has_challenge
from autograder.chapter import chapters as all_chapters
from autograder.chapter import load_chapter
from autograder.course_settings import chapters_in_use
from autograder.imported_files import imported_by, imported_files
from autograder.needed_code import is_python
from autograder.packages import PYTORCH_SIZE, pip_install
from autograder.student.exercise_file import read_exercise

ARCHIVE_NAME = "cnn-course-exercises.zip"
FOLDER = "cnn-course"
"""The folder that the archive unpacks to."""

PAGE_PACKAGE_NAME = "autograder-for-pages.zip"
PAGE_MODULE = "autograder/student/page.py"

FOLDERS = ("autograder", "exercises")
"""What students get whole. Of other packages they get what their notebooks import."""

SINGLE_FILES = ("LICENSE", "LICENSE-text", "pyproject.toml")
SUFFIXES = {".ipynb", ".npz", ".md", ".png", ".jpg", ".svg", ".csv", ".typed", ".py", ".mjs"}
"""Kinds of files that the archive may hold; anything else in the folders stays at home."""

SECRETS = ("### BEGIN " + "SOLUTION", "### BEGIN " + "HIDDEN TESTS")
"""Marks of an instructor's file. (Written in two parts: this file goes into the archive.)"""

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a ZIP archive can name

EXAMPLE = "filters"
README = """\
# Exercises: convolutional neural networks, by hand

You need Python 3.11 or newer. In this folder, run once:

    python -m venv .venv
    source .venv/bin/activate        (on Windows: .venv\\Scripts\\activate)
    python -m pip install -e ".[notebook]"

Then, whenever you want to work:

    jupyter lab exercises

Open a notebook, replace `raise NotImplementedError()` by your own code, and run the cell with
`check(...)` below it. It says what is right, what is not, and often why.

Without a notebook: `python -m autograder check exercises/{example}`
What has passed so far, and what is next: `python -m autograder progress`
"""
WITH_PYTORCH = f"""
## PyTorch, for the exercises "visualization" and "adversarial"

The other exercises do without it. In the environment from above, run once:

    python -m {pip_install("torch")}

{textwrap.fill(PYTORCH_SIZE, 80, break_on_hyphens=False)}
"""


class NotForStudents(Exception):
    """A file that is about to go into the archive holds what students must not get."""


def make_archive(
    course_root: Path,
    target: Path,
    chapters: Iterable[str] | None = None,
    look_through: Callable[[str, bytes], None] = lambda name, data: None,
) -> Path:
    """Write the students' archive of the course at ``course_root`` to ``target``.

    ``chapters`` are those that are in it, by default all in use, and the challenge.
    ``look_through`` is called with every file's name and bytes, and may refuse it.
    Returns ``target``. Raises :class:`NotForStudents`, and writes nothing, if a file holds a
    solution or a hidden test.
    """
    chosen = set(everything_in_use(course_root) if chapters is None else chapters)
    exercises = (*all_chapters(course_root), CHALLENGE)
    left_out = {course_root / "exercises" / name for name in exercises}
    left_out -= {course_root / "exercises" / name for name in chosen}
    contents = {"README.md": readme(course_root, chosen).encode()}
    for path in student_files(course_root, left_out):
        name = path.relative_to(course_root).as_posix()
        contents[name] = path.read_bytes()
        if path.suffix == ".ipynb":
            _refuse_secrets(path, contents[name])
            contents[name] = stamped(contents[name])
        look_through(name, contents[name])
    write_zip(target, {f"{FOLDER}/{name}": data for name, data in contents.items()})
    return target


def everything_in_use(course_root: Path) -> list[str]:
    """Return the names of the exercises that students get: chapters in use, and the challenge."""
    return [*chapters_in_use(course_root), *([CHALLENGE] if has_challenge(course_root) else [])]


def readme(course_root: Path, chapters: set[str]) -> str:
    """Return what the archive of these chapters says first."""
    known = chapters.intersection(all_chapters(course_root))
    first = EXAMPLE if EXAMPLE in chapters or not known else min(known)
    example = f"{first}/{first}.ipynb" if known else f"{CHALLENGE}/{CHALLENGE}.py"
    with_pytorch = any("torch" in load_chapter(course_root, name).packages for name in known)
    return README.format(example=example) + WITH_PYTORCH * with_pytorch


def make_page_package(course_root: Path, target: Path) -> Path:
    """Write the modules that check a task on a page of the book to ``target``, a ZIP archive.

    They need NumPy and Python's own library alone. Returns ``target``.
    """
    notebooks_only = course_root / "autograder" / "student" / "explorers"
    modules = imported_files(
        course_root, [course_root / PAGE_MODULE], lambda path: notebooks_only not in path.parents
    )
    contents = {path.relative_to(course_root).as_posix(): path.read_bytes() for path in modules}
    write_zip(target, contents)
    return target


def write_zip(target: Path, contents: Mapping[str, bytes]) -> None:
    """Write a ZIP file; the same contents give the same bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in sorted(contents.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)


def stamped(notebook: bytes) -> bytes:
    """Return a notebook that says from which release of the course it is."""
    document = json.loads(notebook)
    if "nbformat" not in document:
        return notebook
    # Late: reading notebooks takes a second to import, and every command comes by here.
    import nbformat

    from autograder.releases import release_digest

    release = release_digest(nbformat.reads(notebook.decode("utf-8"), as_version=4))
    document["metadata"]["course"] = {"version": autograder.__version__, "release": release}
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True)
    return f"{text}\n".encode()


def student_files(course_root: Path, left_out: Container[Path] = ()) -> Iterator[Path]:
    """Return the files of the course that students get, but for those in folders ``left_out``."""
    for name in SINGLE_FILES:
        if (course_root / name).is_file():
            yield course_root / name
    notebooks = []
    for folder in FOLDERS:
        for path in sorted((course_root / folder).rglob("*")):
            inside = path.relative_to(course_root).parts
            if path.parent in left_out:
                continue
            hidden = any(part.startswith((".", "__pycache__")) for part in inside)
            if path.is_file() and not hidden and path.suffix in SUFFIXES:
                yield path
                if path.suffix == ".ipynb":
                    notebooks.append(path)
    yield from sorted(imported_by_notebooks(course_root, notebooks))


def imported_by_notebooks(course_root: Path, notebooks: Iterable[Path]) -> set[Path]:
    """Return the modules of other packages that notebooks import, and the data beside them.

    Raises :class:`NotForStudents` if a notebook imports a solution.
    """
    whole = {course_root / folder for folder in FOLDERS}
    cells = (source for notebook in notebooks for source in read_exercise(notebook).cells)
    direct = {path for c in filter(is_python, cells) for path in imported_by(course_root, c, [])}
    modules = imported_files(course_root, direct, lambda path: whole.isdisjoint(path.parents))
    for path in modules:
        if course_root / "solutions" in path.parents:
            raise NotForStudents(f"A notebook for students imports {path}, directly or indirectly.")
    data = {file for path in modules for file in path.parent.glob("*.npz")}
    return modules | data


def _refuse_secrets(path: Path, data: bytes) -> None:
    for secret in SECRETS:
        if secret.encode() in data:
            raise NotForStudents(
                f"{path} holds {secret!r}: is it an instructor's notebook? Generate it again."
            )


def main() -> None:
    """Write the archive of the course in the current folder; an argument names the target."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("_build") / ARCHIVE_NAME
    print(make_archive(Path.cwd(), target))


if __name__ == "__main__":
    main()
