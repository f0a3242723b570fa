"""Folders with what was handed in: a plain one, nbgrader's exchange, clones of GitHub Classroom."""

from __future__ import annotations

import datetime
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from dateutil.parser import parse

from autograder.grading.submitted_text import one_line
from autograder.teaching.attempts import Attempt, Person, Source, cell_of, names_of
from autograder.teaching.notebook_names import is_notebook, means
from autograder.teaching.tables import read_table
from autograder.teaching.zip_files import CollectError, File, folder_files


def folder(place: Path, chapter: str) -> Source:
    """Read a folder with one of each student's own, or with files ``STUDENT_CHAPTER.ipynb``.

    Raises :class:`CollectError` if it is none.
    """
    _require_folder(place)
    groups: dict[str, list[File]] = {}
    remarks = []
    for file in folder_files(place):
        student, slash, path = file.path.partition("/")
        if not slash:
            match = re.fullmatch(rf"(.+?)[-_. ]{chapter}(\W.*)?\.ipynb", file.path, re.IGNORECASE)
            if match is None:
                remarks.append(
                    f"{one_line(file.path)}: neither in a student's folder nor called "
                    f"STUDENT_{chapter}.ipynb; not taken"
                )
                continue
            student, path = match[1], f"{chapter}.ipynb"
        groups.setdefault(student, []).append(File(path, file.read))
    remarks += [
        f"{one_line(path.name)}: it is a symbolic link; not taken"
        for path in sorted(place.iterdir())
        if path.is_symlink()
    ]
    attempts = (
        Attempt(student, one_line(student), tuple(_own_root(files, chapter)), has_time=True)
        for student, files in groups.items()
    )
    return Source(None, tuple(attempts), tuple(remarks))


def exchange(root: Path, course_id: str, chapter: str) -> Source:
    """Read what students have submitted by nbgrader's exchange.

    Raises :class:`CollectError` if there is none for the course.
    """
    inbound = root / course_id / "inbound"
    if not inbound.is_dir():
        raise CollectError(
            f"There is no {inbound}: release an assignment first, or set c.Exchange.root and the "
            "id in course.toml to those that the students' servers have."
        )
    form = re.compile(
        rf"(?P<key>.+)\+{re.escape(chapter)}\+"
        r"(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \S+?)(?:\+.*)?"
    )
    attempts, remarks = [], []
    for path in sorted(inbound.iterdir()):
        match = form.fullmatch(path.name)
        if match is None or path.is_symlink():
            continue
        if (owner := _owner(path)) not in ("", match["key"], _owner(inbound)):
            remarks.append(f"{one_line(path.name)}: it belongs to the account {owner}")
        moment = parse(match["when"]).astimezone(datetime.UTC)
        files = tuple(folder_files(path))
        attempts.append(Attempt(match["key"], match["key"], files, moment, has_time=True))
    return Source(None, tuple(attempts), tuple(remarks))


def github_classroom(place: Path, chapter: str) -> Source:
    """Read a folder of repositories as GitHub Classroom clones them: ``ASSIGNMENT-LOGIN``.

    A file ``classroom_roster.csv`` in it says who is who. The time is that of the last commit,
    which is what the student's machine says.
    Raises :class:`CollectError` if there is no repository.
    """
    _require_folder(place)
    repositories = [path for path in sorted(place.iterdir()) if (path / ".git").exists()]
    if not repositories:
        raise CollectError(f"There is no repository in {place}: clone them with `gh classroom`.")
    prefix = _common_prefix([path.name for path in repositories], place.name)
    people, attempts, remarks = _roster(place / "classroom_roster.csv"), [], []
    for path in repositories:
        login = path.name.removeprefix(prefix)
        moment = _last_commit(path)
        if moment is None:
            remarks.append(f"{one_line(path.name)}: git names no commit, so no time is known")
        files = tuple(_own_root(list(folder_files(path)), chapter))
        attempts.append(Attempt(login, login, files, moment))
    return Source(people, tuple(attempts), tuple(remarks))


def _roster(path: Path) -> tuple[Person, ...] | None:
    if not path.exists():
        return None
    table = read_table(path)
    login, name = table.column("github_username"), table.column("identifier")
    return tuple(
        Person(cell_of(row, login), cell_of(row, name), *names_of(cell_of(row, table.find("name"))))
        for row in table.rows
        if cell_of(row, login)
    )


def _common_prefix(names: list[str], folder_name: str) -> str:
    assignment = f"{folder_name.removesuffix('-submissions')}-"
    if all(name.startswith(assignment) for name in names):
        return assignment
    parts = [name.split("-") for name in names]
    shared = 0  # the first parts that all have; the last one is somebody's login
    while all(len(part) > shared + 1 and part[shared] == parts[0][shared] for part in parts):
        shared += 1
    return "".join(f"{part}-" for part in parts[0][:shared]) if len(names) > 1 else ""


def _last_commit(repository: Path) -> datetime.datetime | None:
    """Return when the last commit was made; nothing of the repository's own settings is run."""
    command = ["git", "-C", str(repository), "-c", "log.showSignature=false"]
    command += ["--no-pager", "log", "-1", "--format=%cI"]
    done = subprocess.run(command, capture_output=True, text=True)
    text = done.stdout.strip()
    return datetime.datetime.fromisoformat(text) if done.returncode == 0 and text else None


def _own_root(files: list[File], chapter: str) -> Iterator[File]:
    """Yield files with paths from the folder of the notebook, if that is the only one."""
    folders = {file.path.rpartition("/")[0] for file in files if means(file.name, chapter)}
    if not folders:
        folders = {file.path.rpartition("/")[0] for file in files if is_notebook(file.name)}
    place = folders.pop() if len(folders) == 1 else ""
    for file in files:
        if file.path.startswith(f"{place}/") or not place:
            yield File(file.path.removeprefix(f"{place}/"), file.read)


def _require_folder(place: Path) -> None:
    if not place.is_dir():
        raise CollectError(f"There is no folder {place}.")


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (KeyError, OSError, NotImplementedError):
        return ""
