"""Where submissions come from: the forms in which platforms and people hand them over.

Each function here returns a :class:`Source`: who is in the class, as far as the platform says, and
every attempt, with the platform's own name for the student. Names of files are in the form that
Moodle, Canvas, Brightspace, nbgrader's exchange and GitHub Classroom give them.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from dateutil.parser import UnknownTimezoneWarning, parse

from autograder.course_settings import CourseSettings
from autograder.grading.handed_in import only_reading
from autograder.grading.submitted_text import one_line
from autograder.teaching.notebook_names import is_notebook, means
from autograder.teaching.tables import Table, as_exported, read_table
from autograder.teaching.zip_files import CollectError, File, folder_files, zip_entries


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody in the class. ``key`` is the platform's name in files, ``student`` a good id."""

    key: str
    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


@dataclasses.dataclass(frozen=True)
class Attempt:
    """What somebody handed in at one time; ``moment`` has a zone, and is None if unknown.

    ``late`` is the platform's word where it tells no time; ``order`` puts attempts without times
    in theirs. ``has_time``: a file ``timestamp.txt`` comes from the platform, not the student.
    """

    key: str
    label: str
    files: tuple[File, ...]
    moment: datetime.datetime | None = None
    late: bool = False
    order: int = 0
    has_time: bool = False


@dataclasses.dataclass(frozen=True)
class Source:
    """What there is to collect. ``people`` is None where no list says who is in the class."""

    people: tuple[Person, ...] | None
    attempts: tuple[Attempt, ...]
    remarks: tuple[str, ...] = ()


def moment_of(text: str, settings: CourseSettings) -> datetime.datetime:
    """Return the moment that a text names, in the course's time zone where it names none.

    Raises ValueError if it can be read in several ways, or not at all.
    """
    try:
        return settings.local(only_reading(text))
    except (OverflowError, UnknownTimezoneWarning) as error:
        raise ValueError(str(error)) from error


# Moodle

_MOODLE = re.compile(
    r"(?:.*/)?(?P<who>[^/]*)_(?P<key>\d+)_assignsubmission_[a-z]+(?:_?/|_)(?P<path>.+)"
)


def moodle(archive: Path, worksheet: Path, settings: CourseSettings) -> Source:
    """Read "Download all submissions" and the "grading worksheet" of a Moodle assignment.

    Raises :class:`CollectError` for files that are none of these.
    """
    table = read_table(worksheet)
    people, moments, remarks = [], {}, []
    for person, row in moodle_people(table):
        people.append(person)
        text = _cell(row, table.find("Last modified (submission)"))
        if text not in ("", "-"):
            try:
                moments[person.key] = moment_of(text, settings)
            except ValueError as error:
                remarks.append(f"{person.student}: the time {one_line(text)!r} is unclear: {error}")
    entries, faults = _files(archive)
    groups, others = _grouped(entries, _MOODLE)
    attempts = [
        Attempt(key, one_line(files[0][0]), tuple(f for _, f in files), moments.get(key))
        for key, files in groups.items()
    ]
    return Source(tuple(people), tuple(attempts), (*remarks, *faults, *others))


def moodle_people(table: Table) -> Iterator[tuple[Person, list[str]]]:
    """Yield who a grading worksheet lists, with the row; raises :class:`CollectError`."""
    identifier = table.column("Identifier")
    for row in table.rows:
        number = re.search(r"\d+$", _cell(row, identifier))
        if number is None:
            raise CollectError(
                f"{table.path}: {_cell(row, identifier)!r} in the column Identifier is not of the "
                "form 'Participant 1234'. Download the grading worksheet again."
            )
        email = _cell(row, table.find("Email address"))
        first, last = _names(_cell(row, table.find("Full name")))
        ids = (_cell(row, table.find(name)) for name in ("Username", "ID number"))
        student = next(filter(None, (*ids, email.casefold())), f"participant-{number[0]}")
        yield Person(number[0], student, first, last, email), row


# Canvas

_CANVAS = re.compile(
    r"(?:.*/)?(?P<who>[^/_]+)_(?P<late>LATE_)?(?P<key>\d+)_(?P<order>\d+)_(?P<path>[^/]+)"
)


def canvas(archive: Path, gradebook: Path, _settings: CourseSettings) -> Source:
    """Read "Download submissions" of a Canvas assignment and the exported gradebook.

    Canvas tells no times, only that something was late.
    Raises :class:`CollectError` for files that are none of these.
    """
    people = tuple(person for person, _ in canvas_people(read_table(gradebook)))
    entries, faults = _files(archive)
    groups, others = _grouped(entries, _CANVAS)
    late = {m["key"] for m in map(_CANVAS.fullmatch, (e.path for e in entries)) if m and m["late"]}
    orders: dict[str, int] = {}
    for match in filter(None, (_CANVAS.fullmatch(entry.path) for entry in entries)):
        orders[match["key"]] = max(orders.get(match["key"], 0), int(match["order"]))
    attempts = [
        Attempt(
            key,
            one_line(files[0][0]),
            tuple(file for _, file in files),
            late=key in late,
            order=orders[key],
        )
        for key, files in groups.items()
    ]
    return Source(people, tuple(attempts), (*faults, *others))


def canvas_people(table: Table) -> Iterator[tuple[Person, list[str]]]:
    """Yield who an exported gradebook lists, with the row; raises :class:`CollectError`."""
    name, number = table.column("Student"), table.column("ID")
    for row in table.rows:
        key = _cell(row, number)
        if not key.isdigit():  # "Points Possible", "Manual Posting"
            continue
        last, comma, first = _cell(row, name).partition(", ")
        if not comma:
            first, last = _names(last)
        login, sis = (_cell(row, table.find(col)) for col in ("SIS Login ID", "SIS User ID"))
        if (first, last, login, sis) == ("Test", "Student", "", ""):
            continue  # the "test student" of Canvas's own
        email = login if "@" in login else ""
        student = next(filter(None, (login, sis)), f"canvas-{key}")
        yield Person(key, student, first, last, email, key), row


# Brightspace

_BRIGHTSPACE = re.compile(
    r"(?:.*/)?(?P<ids>\d+-\d+) - (?:(?P<org>\w*\d\w*) - )?(?P<who>[^/]+?) - "
    r"(?P<when>[^/]*\d{4} \d{3,4} ?[AP]M)(?:/| - )(?P<path>.+)"
)


def brightspace(archive: Path, settings: CourseSettings) -> Source:
    """Read the download of a Brightspace assignment: a folder for every attempt.

    Raises :class:`CollectError` if it is no ZIP file.
    """
    entries, faults = _files(archive)
    people: dict[str, Person] = {}
    attempts: dict[tuple[str, str], list[File]] = {}
    remarks = list(faults)
    for entry in entries:
        match = _BRIGHTSPACE.fullmatch(entry.path)
        if match is None:
            if entry.name != "index.html":  # the overview beside the folders
                remarks.append(f"{one_line(entry.path)}: not of the form of Brightspace; not taken")
            continue
        key = match["ids"].partition("-")[0]
        first, last = _names(match["who"])
        student = match["org"] or re.sub(r"\W+", ".", match["who"].casefold()).strip(".")
        people[key] = Person(key, student, first, last)
        attempts.setdefault((key, match["when"]), []).append(File(match["path"], entry.read))
    handed_in = []
    for (key, when), files in attempts.items():
        clock = re.sub(r"(\d{1,2})(\d\d) ?([AP]M)$", r"\1:\2 \3", when)
        try:
            moment = moment_of(clock, settings)
        except ValueError as error:
            moment = None
            remarks.append(f"{people[key].student}: the time {when!r} is unclear: {error}")
        handed_in.append(Attempt(key, people[key].student, tuple(files), moment))
    return Source(tuple(people.values()), tuple(handed_in), tuple(remarks))


# Folders


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
        Person(_cell(row, login), _cell(row, name), *_names(_cell(row, table.find("name"))))
        for row in table.rows
        if _cell(row, login)
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


# What they share


def _files(archive: Path) -> tuple[list[File], list[str]]:
    """Return what a ZIP file holds, or a folder that it was unpacked to."""
    return (list(folder_files(archive)), []) if archive.is_dir() else zip_entries(archive)


def _grouped(
    entries: Iterable[File], form: re.Pattern[str]
) -> tuple[dict[str, list[tuple[str, File]]], list[str]]:
    """Return files by the platform's key of who handed them in; and remarks on all others."""
    groups: dict[str, list[tuple[str, File]]] = {}
    others = []
    for entry in entries:
        match = form.fullmatch(entry.path)
        if match is None:
            others.append(f"{one_line(entry.path)}: its name does not say whose it is; not taken")
            continue
        groups.setdefault(match["key"], []).append((match["who"], File(match["path"], entry.read)))
    return groups, others


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


def _cell(row: list[str], column: int | None) -> str:
    if column is None or column >= len(row):
        return ""
    return as_exported(row[column].strip())


def _names(name: str) -> tuple[str, str]:
    """Return first and last name; platforms that give one text put the last name last."""
    first, _, last = name.strip().rpartition(" ")
    return first, last
