"""What a mark depends on: the files that are imported for a chapter, and those of the grader.

A submission is graded again when its chapter's fingerprint has changed. Imports are read from the
source, those inside functions included: a module that another chapter has imported before is
counted here, too, and nothing has to run.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import autograder
from autograder.chapter import NOTES, data_files, load_chapter
from autograder.imported_files import add_files, imported_files

PACKAGE = Path(autograder.__file__).parent
ENTRANCES = ("grading/batch.py", "grading/preprocessors.py", "grading/inside/*.py")
"""Where grading begins, in this package: the two ways to it, and what runs in the sandbox."""


def fingerprint(root: Path, chapter: str) -> str:
    """Hash everything that a mark may depend on: the chapter's files and the grader's own."""
    digest = hashlib.sha256(package_digest())
    companions = {f"{name}.ipynb" for name in load_chapter(root, chapter).companions}
    released = [
        path
        for path in released_files(root, chapter)
        if path.suffix not in NOTES and path.name not in companions
    ]
    add_files(digest, root, [*source_files(root, chapter), *released])
    return digest.hexdigest()


@functools.cache
def package_digest(package: Path = PACKAGE) -> bytes:
    """Hash the files of this package that grading imports, as they are at the first call."""
    digest = hashlib.sha256()
    students_part = package / "__init__.py"
    entrances = [path for pattern in ENTRANCES for path in package.glob(pattern)]
    # The package's own __init__ loads what students use in the notebook; grading does without it.
    paths = imported_files(
        package.parent, entrances, lambda path: package in path.parents and path != students_part
    )
    add_files(digest, package, paths)
    return digest.digest()


def source_files(root: Path, chapter: str) -> set[Path]:
    """Return the files of a course that loading a chapter's problems takes.

    These are the modules that it imports from the course, the data in its folder, and the files
    that it names.
    """
    folder = root / "solutions" / chapter
    settings = load_chapter(root, chapter)
    tasks = [folder / "tasks" / f"{task}.py" for task in settings.tasks]
    own = imported_files(
        root, [folder / "chapter.py", *tasks], lambda path: root / PACKAGE.name not in path.parents
    )
    return own | data_files(root, chapter)


def released_files(root: Path, chapter: str) -> set[Path]:
    """Return the files that students got: hidden ones, such as notes on progress, are their own."""
    folder = root / "exercises" / chapter

    def own(path: Path) -> bool:
        return any(part.startswith((".", "__pycache__")) for part in path.relative_to(folder).parts)

    return {path for path in folder.rglob("*") if path.is_file() and not own(path)}
