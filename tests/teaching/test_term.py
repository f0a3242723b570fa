"""A term by the commands that the guide names: collect, grade, extend, export; then once more."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.utils import notebook_hash
from typer.testing import CliRunner

from autograder.__main__ import app
from autograder.grading.course import Course
from autograder.instructor import add_commands
from tests import COURSE
from tests.grading.grading_class import RIGHT
from tests.teaching.classes import (
    CANVAS_COLUMNS,
    CANVAS_POINTS,
    MOODLE_COLUMNS,
    canvas_row,
    csv_file,
    moodle_row,
    notebook,
    rows_of,
)
from tests.teaching.test_collect import tree

pytestmark = pytest.mark.sandbox

add_commands(app)

HALF = {"scale": RIGHT["scale"], "total": RIGHT["total"]}
MARKS = {"ada": 11.0, "ben": 6.0, "cleo": 11.0}
"""Points of the tasks; the question is graded by hand, of 3 points."""


def autograder(*command: str | Path, fails: int = 0) -> str:
    """Run a command in the current folder and return what it prints."""
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(map(str, command)))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == fails, done.output
    return done.output


NBGRADER = """
import shlex, sys
from nbgrader.apps import NbGraderApp
for command in sys.argv[1:]:
    NbGraderApp.launch_instance(shlex.split(command))
    NbGraderApp.clear_instance()
"""


def nbgrader(*commands: str) -> str:
    """Run commands of nbgrader, one after the other, in one process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", NBGRADER, *commands],
        text=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(COURSE)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def hand_in(course: Course, folder: Path) -> Path:
    """Write what a class hands in into a folder, and return that."""
    for name, content in (
        ("ada", notebook(course, why="Because.")),
        ("ben", notebook(course, HALF)),
        ("cleo", notebook(course)),
    ):
        (folder / name).mkdir(parents=True)
        (folder / name / "Probe (1).ipynb").write_bytes(content)
    (folder / "cleo" / "timestamp.txt").write_text("2026-10-04 10:00:00 UTC")
    return folder


@pytest.fixture(scope="module")
def graded_course(made_course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class that has been collected from a folder and graded."""
    place = tmp_path_factory.mktemp("term")
    shutil.copytree(made_course.root, place / "course")
    course = Course.at(place / "course")
    with Gradebook(course.gradebook, "cnn") as gradebook:
        for name in (*MARKS, "dan"):
            gradebook.add_student(name, email=f"{name}@example.org", first_name=name.title())
    before = Path.cwd()
    os.chdir(course.root)
    try:
        said = autograder("collect", "probe", "--folder", hand_in(course, place / "handed"))
        assert "3 handed in" in said
        said = autograder("grade", "probe")
        assert "3 of 3 graded, mean 9.3 points" in said
    finally:
        os.chdir(before)
    return course


@pytest.fixture
def term(graded_course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A copy of that class, and the current folder is the course."""
    shutil.copytree(graded_course.root, tmp_path / "course", symlinks=True)
    monkeypatch.chdir(tmp_path / "course")
    return Course.at(tmp_path / "course")


def settings(course: Course, text: str) -> None:
    (course.root / "course.toml").write_text(f'id = "cnn"\n{text}')


def mark_by_hand(course: Course, student: str, points: float, cell: str = "why") -> None:
    with Gradebook(course.gradebook, "cnn") as gradebook:
        grade = gradebook.find_grade(cell, "probe", "probe", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


def table(course: Course) -> dict[str, dict[str, str]]:
    autograder("export", "probe", "--csv")
    rows = rows_of(course.root / "_build" / "marks" / "probe.csv")
    return {row["student"]: row for row in rows}


def marks(course: Course) -> dict[str, str]:
    return {student: row["mark"] for student, row in table(course).items()}


# Marks out


def test_what_waits_for_a_person_is_left_blank(term: Course) -> None:
    assert marks(term) == {"ada": "", "ben": "6.0", "cleo": "11.0", "dan": ""}
    assert [table(term)[name]["state"] for name in ("ada", "ben", "dan")] == [
        "waits for a person",
        "graded",
        "nothing handed in",
    ]
    mark_by_hand(term, "ada", 2.5)
    said = autograder("export", "probe", "--csv")
    assert "3 marks\n1 handed in nothing: dan (probe)" in said
    assert marks(term)["ada"] == "13.5"


def worksheet(tmp_path: Path, most: str = "14.00") -> Path:
    rows = [
        moodle_row(100 + i, f"{n.title()} =X", most=most) for i, n in enumerate(["cleo", "ada"])
    ]
    rows += [moodle_row(103, "Dan Absent", most=most), moodle_row(104, "New Person", most=most)]
    rows[1] = (*rows[1][:-1], "=HYPERLINK(1)")
    return csv_file(tmp_path / "worksheet.csv", [MOODLE_COLUMNS, *rows], "utf-8-sig")


def test_moodles_worksheet_is_filled_in(term: Course, tmp_path: Path) -> None:
    path = worksheet(tmp_path)
    said = autograder("export", "probe", "--moodle", path)
    assert "1 mark\n" in said
    assert "1 left blank: a person has to read an answer first: ada" in said
    assert "1 handed in nothing: dan" in said
    assert "1 graded, but NOT in the file: ben" in said
    out = term.root / "_build" / "marks" / "probe-moodle.csv"
    rows, before = rows_of(out), rows_of(path)
    assert [row["Grade"] for row in rows] == ["11", "", "", ""]
    for row, original in zip(rows, before, strict=True):
        for column in ("Identifier", "Full name", "Email address", "Last modified (submission)"):
            assert row[column] == original[column]
    assert rows[1]["Feedback comments"] == "'=HYPERLINK(1)"
    first = out.read_bytes()
    assert first.startswith(b"\xef\xbb\xbf")
    mark_by_hand(term, "ada", 3)
    autograder("export", "probe", "--moodle", path, "--zero-absent")
    assert [row["Grade"] for row in rows_of(out)] == ["11", "14", "0", "0"]
    # Filling in what has been filled in gives the same.
    second = out.read_bytes()
    autograder("export", "probe", "--moodle", out, "--zero-absent")
    assert out.read_bytes() == second


def test_feedback_goes_back_under_moodles_names(term: Course, tmp_path: Path) -> None:
    for student in ("ada", "cleo"):
        folder = term.feedback(student, "probe")
        folder.mkdir(parents=True)
        (folder / "probe.html").write_text(f"For {student}.")
    said = autograder("export", "probe", "--moodle", worksheet(tmp_path), "--feedback")
    assert "1 pages of feedback" in said
    path = term.root / "_build" / "marks" / "probe-moodle.zip"
    with zipfile.ZipFile(path) as archive:
        # Not Ada's: a person has to read her answer first.
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "Cleo =X_100_assignsubmission_file_/probe.html": b"For cleo."
        }
    first = path.read_bytes()
    autograder("export", "probe", "--moodle", worksheet(tmp_path), "--feedback")
    assert path.read_bytes() == first


def test_another_scale_is_asked_about(term: Course, tmp_path: Path) -> None:
    path = worksheet(tmp_path, "100,00")
    said = autograder("export", "probe", "--moodle", path, fails=1)
    assert "marks up to 100, and probe has 14 points" in said
    assert not (term.root / "_build").exists()
    autograder("export", "probe", "--moodle", path, "--scale")
    rows = rows_of(term.root / "_build" / "marks" / "probe-moodle.csv")
    assert rows[0]["Grade"] == "78,57"  # with the comma that the worksheet has


def test_locked_grades_are_left_alone(term: Course, tmp_path: Path) -> None:
    row = moodle_row(100, "Cleo X")
    locked = (*row[:4], "5.00", row[5], "No", *row[7:])
    path = csv_file(tmp_path / "worksheet.csv", [MOODLE_COLUMNS, locked])
    said = autograder("export", "probe", "--moodle", path, "--to", tmp_path / "out.csv")
    assert "cannot be changed: cleo@example.org" in said
    assert rows_of(tmp_path / "out.csv")[0]["Grade"] == "5.00"


def test_canvas_gradebook_is_filled_in(term: Course, tmp_path: Path) -> None:
    with Gradebook(term.gradebook, "cnn") as gradebook:
        gradebook.update_or_create_student("cleo", lms_user_id="501")
    rows = [
        CANVAS_COLUMNS,
        CANVAS_POINTS,
        canvas_row(501, "X, Cleo", "cx"),
        canvas_row(502, "B", "ben"),
    ]
    path = csv_file(tmp_path / "grades.csv", rows)
    autograder("export", "probe", "--canvas", path)
    out = term.root / "_build" / "marks" / "probe-canvas.csv"
    with out.open(newline="") as file:
        assert file.readline().strip() == "Student,ID,SIS User ID,SIS Login ID,Section,Probe (4002)"
    assert [row["Probe (4002)"] for row in rows_of(out)] == ["14.00", "11", "6"]
    rows[0] = tuple("Week 1 (4002)" if name == "Probe (4002)" else name for name in rows[0])
    csv_file(path, rows)
    said = autograder("export", "probe", "--canvas", path, fails=1)
    assert "no column 'probe'" in said
    assert "Essay (4001), Week 1 (4002)" in said
    autograder("export", "probe", "--canvas", path, "--column", "Week 1")
    assert [row["Week 1 (4002)"] for row in rows_of(out)] == ["14.00", "11", "6"]


def test_nothing_leaves_before_a_chapter_is_released(term: Course, tmp_path: Path) -> None:
    settings(term, "[chapters.probe]\nrelease = 2999-01-01\n")
    said = autograder("export", "probe", "--csv", fails=1)
    assert "probe is released on 2999-01-01" in said
    nbgrader("export")
    assert len((term.root / "grades.csv").read_text().splitlines()) == 1
    settings(term, "[chapters.probe]\nrelease = 2026-01-01\n")
    nbgrader("export")
    rows = {row["student_id"]: row for row in rows_of(term.root / "grades.csv")}
    assert {name: row["score"] for name, row in rows.items()} == {
        "ada": "",
        "ben": "6.0",
        "cleo": "11.0",
        "dan": "0.0",
    }


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["export", "probe"], "one of --moodle, --canvas, --csv"),
        (["export", "nonsense", "--csv"], "There is no chapter 'nonsense'"),
        (["export", "--moodle", "x.csv"], "Say which chapter"),
        (["collect", "probe"], "one of --moodle, --canvas, --brightspace"),
        (["collect", "probe", "--exchange", "--folder", "x"], "Say where to collect from"),
        (["extend", "probe", "ada", "soon"], "no due date"),
    ],
)
def test_mistakes_in_commands_are_told(term: Course, command: list[str], words: str) -> None:
    said = autograder(*command, fails=1 if command[0] == "extend" else 2)
    assert words in said


def test_a_missing_file_is_told(term: Course) -> None:
    assert "Not exported: x.csv cannot be read" in autograder(
        "export", "probe", "--moodle", "x.csv", fails=1
    )
    said = autograder("collect", "probe", "--moodle", "x.zip", "x.csv", fails=1)
    assert "Not collected: x.csv cannot be read" in said


# Lateness: as it is when marks are read


def test_lateness_is_computed_when_marks_are_read(term: Course) -> None:
    # Cleo handed in on October 4. All of this comes after the grading.
    policy = "[late]\nper_day = 0.1\nat_most = 0.5\n"
    due = "[chapters.probe]\ndue = 2026-10-02T10:00:00\n"
    settings(term, due)
    assert (table(term)["cleo"]["late_hours"], marks(term)["cleo"]) == ("48.0", "11.0")
    settings(term, policy + due)
    assert marks(term)["cleo"] == "8.2"  # two days, each a tenth of 14 points
    said = autograder("extend", "probe", "cleo", "2026-10-03 12:00")
    assert "cleo, probe: until 2026-10-03 12:00 UTC" in said
    assert (table(term)["cleo"]["late_hours"], marks(term)["cleo"]) == ("22.0", "9.6")
    # A mark by hand comes later: what lateness costs stays the same share.
    mark_by_hand(term, "cleo", 3)
    assert marks(term)["cleo"] == "12.6"
    # The due date moves; the extension is until a moment, and ends when it ends.
    settings(term, policy + due.replace("10-02T10", "10-01T10"))
    assert (table(term)["cleo"]["late_hours"], marks(term)["cleo"]) == ("22.0", "12.6")
    autograder("extend", "probe", "cleo", "--remove")
    assert marks(term)["cleo"] == "9.8"
    with Gradebook(term.gradebook, "cnn") as gradebook:  # what formgrader shows
        assert gradebook.find_submission("probe", "cleo").late_submission_penalty == 4.2
    settings(term, "")
    settings(term, policy + due.replace("2026-10-02", "2026-10-09"))
    assert marks(term)["cleo"] == "14.0"


def test_extensions_are_for_students_who_exist_and_may_come_first(term: Course) -> None:
    settings(term, "[chapters.probe]\ndue = 2026-10-02T10:00:00\n[late]\nper_day = 0.5\n")
    said = autograder("extend", "probe", "claeo", "2026-10-05 12:00", fails=1)
    assert "there is no student 'claeo' in the gradebook. Did you mean cleo?" in said
    assert "that is later" in autograder("extend", "probe", "dan", "2026-10-01 12:00", fails=1)
    assert "no clear time" in autograder("extend", "probe", "dan", "03/04/26", fails=2)
    # Dan has handed in nothing yet, and is not entered as if he had.
    autograder("extend", "probe", "dan", "2026-10-05 12:00")
    assert table(term)["dan"]["state"] == "nothing handed in"
    folder = term.root.parent / "again" / "dan"
    folder.mkdir(parents=True)
    (folder / "probe.ipynb").write_bytes(notebook(term))
    (folder / "timestamp.txt").write_text("2026-10-05 13:00 UTC")
    autograder("collect", "probe", "--folder", folder.parent)
    autograder("grade", "probe")
    assert (table(term)["dan"]["late_hours"], marks(term)["dan"]) == ("1.0", "4.0")


# Marks by hand


def resubmit(course: Course, **contents: bytes) -> None:
    """Collect new attempts of some students, and grade."""
    folder = course.root.parent / "again"
    shutil.rmtree(folder, ignore_errors=True)
    for student, content in contents.items():
        (folder / student).mkdir(parents=True)
        (folder / student / "probe.ipynb").write_bytes(content)
    autograder("collect", "probe", "--folder", folder)
    autograder("grade", "probe")


def grade_of(course: Course, student: str, cell: str) -> tuple[float | None, float | None, bool]:
    with Gradebook(course.gradebook, "cnn") as gradebook:
        grade = gradebook.find_grade(cell, "probe", "probe", student)
        return grade.auto_score, grade.manual_score, grade.needs_manual_grade


def with_helper(course: Course, factor: int) -> bytes:
    """A notebook whose function `total` is as right as a helper elsewhere."""
    answers = {**RIGHT, "total": "def total(x): return whole(x)"}
    document = nbformat.reads(notebook(course, answers).decode(), as_version=4)
    helper = f"def whole(x): return {factor} * float(x.sum())"
    document.cells.insert(2, nbformat.v4.new_code_cell(helper, id="helper"))
    text: str = nbformat.writes(document)
    return text.encode()


def test_marks_by_hand_survive_as_long_as_the_answer(term: Course) -> None:
    mark_by_hand(term, "ada", 2.5)
    mark_by_hand(term, "ben", 2.0, "check-apply")
    # Ada has done another task over, Ben nothing; all is graded again: the marks stay.
    (term.notes / "probe").rename(term.notes / "forgotten")
    resubmit(
        term,
        ada=notebook(term, {**RIGHT, "total": "def total(x): ..."}, "Because."),
        cleo=with_helper(term, 2),
    )
    assert grade_of(term, "ada", "why") == (None, 2.5, False)
    assert grade_of(term, "ben", "check-apply") == (0.0, 2.0, False)
    assert grade_of(term, "cleo", "check-total") == (0.0, None, False)
    # The answers themselves change: the marks count no more, and are told beside them. A helper
    # that makes other points of the same answer changes the answer, too.
    mark_by_hand(term, "cleo", 1.0, "check-total")
    resubmit(
        term,
        ada=notebook(term, why="Because of something else."),
        ben=notebook(term),
        cleo=with_helper(term, 1),
    )
    assert grade_of(term, "ada", "why") == (None, None, True)
    assert grade_of(term, "ben", "check-apply") == (3.0, None, True)
    assert grade_of(term, "cleo", "check-total") == (2.0, None, True)
    autograder("grade", "probe", "--force")
    with Gradebook(term.gradebook, "cnn") as gradebook:
        comments = [
            gradebook.find_comment(cell, "probe", "probe", student).auto_comment
            for student, cell in (("ada", "why"), ("ben", "apply"), ("cleo", "total"))
        ]
    points = ("2.5", "2", "1")
    assert comments == [f"An earlier answer was given {n} points by hand." for n in points]


# What nbgrader's own commands find


def test_the_exchange_gives_feedback_back_after_each_attempt(
    term: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = tmp_path / "exchange"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    with (term.root / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.Exchange.root = {str(exchange)!r}\n")
    said = autograder("release", "probe", "--exchange")
    assert (exchange / "cnn" / "outbound" / "probe" / "probe.ipynb").exists(), said
    shown = []
    for day, answers in ((3, HALF), (5, RIGHT)):
        attempt = (
            exchange / "cnn" / "inbound" / f"eve+probe+2026-10-0{day} 10:00:00.000000 UTC+x{day}"
        )
        attempt.mkdir()
        (attempt / "probe.ipynb").write_bytes(notebook(term, answers))
        (attempt / "timestamp.txt").write_text(f"2026-10-0{day} 10:00:00.000000 UTC")
        (attempt / "submission_secret.txt").write_text(f"secret {day}")
        autograder("collect", "probe", "--exchange")
        autograder("grade", "probe")
        nbgrader(*(f"{step}_feedback probe --student eve" for step in ("generate", "release")))
        checksum = notebook_hash(secret=f"secret {day}", notebook_id="probe")
        page = (exchange / "cnn" / "feedback" / f"{checksum}.html").read_text()
        shown.append(re.search(r"Score: ([\d.]+)", page)[1])  # type: ignore[index]
    assert shown == ["6.0", "11.0"]


def test_both_doors_leave_equal_files(term: Course) -> None:
    folder = term.submitted("cleo", "probe")
    (folder / "submission_secret.txt").write_text("secret")
    (folder / "data").mkdir()
    (folder / "data" / "mine.csv").write_text("1,2")
    (folder / "helper.py").write_text("x = 1")
    autograder("grade", "probe", "--student", "cleo")
    graded = term.autograded("cleo", "probe")
    ours = tree(graded)
    assert set(ours) == {
        *("probe.ipynb", "checks.npz", "timestamp.txt", "submission_secret.txt", "data/mine.csv"),
    }
    shutil.rmtree(graded)
    nbgrader("autograde probe --student cleo")
    theirs = tree(graded)
    assert theirs.pop("probe.ipynb")
    assert theirs == {name: ours[name] for name in theirs}
    assert set(ours) == {*theirs, "probe.ipynb"}


def test_a_second_run_changes_nothing(term: Course) -> None:
    autograder("export", "probe", "--csv")
    before = tree(term.root)
    autograder("collect", "probe", "--folder", hand_in(term, term.root.parent / "same"))
    autograder("grade", "probe")
    autograder("export", "probe", "--csv")
    assert tree(term.root) == before
