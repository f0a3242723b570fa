"""A class in which some try to break the grading: the batch goes on, and nothing they sent acts."""

from __future__ import annotations

import datetime
import json
import os
import sqlite3
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import typer
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from rich.console import Console
from sqlalchemy.exc import OperationalError

from autograder import grading, instructor
from autograder.chapter import Limits
from autograder.checks import CheckedCase
from autograder.grading import batch
from autograder.grading.channel import OutOfTime
from autograder.grading.course import Course, CourseError
from autograder.grading.gradebook import Entry, Ledger
from autograder.grading.gradebook_rows import MarkTables
from autograder.grading.handed_in import UnclearTime, handed_in
from autograder.grading.jobs import ungraded
from autograder.grading.marks import class_view
from autograder.grading.notebook_run import NotebookRun
from autograder.grading.rebuild import rebuild
from autograder.grading.results import ClassResult
from autograder.grading.sandbox import SessionEnded
from autograder.grading.submission import MAX_DEPTH, read_submission
from autograder.grading.submitted_notebook import UnreadableSubmission, notebook_of
from autograder.grading.wire import decode, encode
from autograder.nbgrader_settings import nbgrader_settings
from tests.grading.grading_class import POINTS, RIGHT, Grader, cell, points
from tests.grading.test_grading import saved
from tests.grading.test_integrity import ACTIVE, _actions, _page

ESCAPES = "\x1b[2K\x1b]0;owned\x07\u202e"
HALF = "\ud800"
"""Half a surrogate pair: JSON may hold it, no file and no database can."""


def hand_in(classroom: Path, student: str, document: Any, files: Mapping[str, str] = {}) -> Path:
    """Hand in a notebook (None: no notebook) and files beside it; return the folder."""
    folder = classroom / "submitted" / student / "probe"
    folder.mkdir(parents=True)
    if document is not None:
        (folder / "probe.ipynb").write_text(json.dumps(document))
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def nest() -> Iterator[Callable[[Path, int], None]]:
    """Make folders in each other, so many that Python's own ways to remove them fail."""
    ends: list[tuple[Path, Path]] = []

    def nested(folder: Path, count: int) -> None:
        top = folder / "d"
        for _ in range(count):
            folder = folder / "d"
            folder.mkdir()
        ends.append((top, folder))

    yield nested
    for top, folder in ends:
        for path in (folder, *folder.parents):
            path.rmdir()
            if path == top:
                break


@pytest.fixture
def right(grader: Grader) -> dict[str, Any]:
    """A notebook that deserves all points, as JSON."""
    return dict(json.loads(json.dumps(grader.notebook(RIGHT))))


def with_text(document: dict[str, Any], text: str) -> dict[str, dict[str, Any]]:
    """Return copies of a notebook with a text wherever one is read beside the cells' sources."""
    copies = {name: json.loads(json.dumps(document)) for name in ("tag", "language", "picture")}
    test = next(c for c in copies["tag"]["cells"] if c["source"].startswith("check("))
    test["metadata"]["tags"] = [text]
    copies["language"]["metadata"]["language_info"] = {"name": text}
    question = next(c for c in copies["picture"]["cells"] if c["cell_type"] == "markdown")
    question["attachments"] = {text: {"image/png": "AAAA"}}
    return {**copies, "version": {**document, "nbformat": text}}


# One submission never ends the batch


def test_the_others_are_graded_whatever_somebody_hands_in(
    grader: Grader, tmp_path: Path, right: dict[str, Any], nest: Callable[[Path, int], None]
) -> None:
    hand_in(tmp_path, "ada", right)
    hand_in(tmp_path, "zoe", right)
    for name, document in with_text(right, HALF).items():
        hand_in(tmp_path, f"half-{name}", document)
    hand_in(tmp_path, "n" * 252, right)
    hand_in(tmp_path, "clock", right, {"timestamp.txt": "9999-12-31 23:59:59 -1000"})
    nest(hand_in(tmp_path, "deep", right), 1200)
    link = hand_in(tmp_path, "link", right)
    (link / os.fsdecode(b"\xfc")).symlink_to("x")
    pictures = hand_in(tmp_path, "latin", right)
    only_name = hand_in(tmp_path, "umlaut", None)
    in_latin = [(pictures, b"\xe4.png"), (pictures, b"\xf6.png"), (only_name, b"\xfc.ipynb")]
    for folder, name in in_latin:
        (folder / os.fsdecode(name)).write_bytes(b"png")
    hand_in(tmp_path, "blocked", right)
    (tmp_path / "autograded").mkdir()
    (tmp_path / "autograded" / "blocked").write_text("a file where a folder has to be")

    for again in (False, True):
        result = grading.grade(grader.course.root, "probe", classroom=tmp_path)
        needs_person = {"blocked": "could not be saved", "half-version": "format", "umlaut": "ü"}
        for submission in result.submissions:
            assert submission.line.isprintable()
            if submission.student in needs_person:
                assert submission.state == "needs a person"
                assert needs_person[submission.student] in submission.reason
            else:
                assert (submission.state, submission.points) == ("graded", 11.0), submission.line
                assert submission.unchanged == again
        assert len(result.submissions) == 13
    assert set(saved(tmp_path)) >= {"ada", "zoe", "n" * 252, "clock"}


@pytest.mark.parametrize("note", [b"[1]", b"{}", b"\xff", b'{"stamp": 1, "result": {}}', None])
def test_a_damaged_note_is_as_good_as_none(
    grader: Grader, tmp_path: Path, right: dict[str, Any], note: bytes | None
) -> None:
    hand_in(tmp_path, "ada", {**right, "nbformat": 3})
    grading.grade(grader.course.root, "probe", classroom=tmp_path)
    [place] = (tmp_path / ".grading" / "probe").glob("*.json")
    place.unlink()
    if note is None:
        place.mkdir()
    else:
        place.write_bytes(note)
    result = grading.grade(grader.course.root, "probe", classroom=tmp_path).of("ada")
    assert not result.unchanged
    assert ("could not be saved" in result.reason) == (note is None)


def test_a_folder_that_cannot_be_read_is_for_a_person(
    grader: Grader, tmp_path: Path, right: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(folder: Path, notebook: str) -> Any:
        if folder.parent.name == "eve":
            raise PermissionError(13, f"Permission denied: {ESCAPES}")
        return read_submission(folder, notebook)

    monkeypatch.setattr(batch, "read_submission", read)
    hand_in(tmp_path, "eve", None)
    hand_in(tmp_path, "zoe", {**right, "nbformat": 3})
    result = grading.grade(grader.course.root, "probe", classroom=tmp_path)
    assert "Permission denied" in result.of("eve").reason
    assert result.of("eve").line.isprintable()
    assert "format" in result.of("zoe").reason


def test_folders_in_each_other_are_read_down_to_a_limit(tmp_path: Path) -> None:
    folder = tmp_path / "eve" / "probe"
    place = folder.joinpath(*["d"] * (MAX_DEPTH + 1))
    place.mkdir(parents=True)
    (place / "too_deep").write_text("x")
    (place.parent / "read").write_text("x")
    assert [Path(name).name for name in read_submission(folder, "probe").files] == ["read"]


# The gradebook


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        (lambda path: path.write_bytes(b"not a database" * 100), "Move it away"),
        (lambda path: sqlite3.connect(path).execute("create table assignment (x)"), "db upgrade"),
    ],
)
def test_a_gradebook_that_is_none_is_told(
    grader: Grader, tmp_path: Path, spoil: Callable[[Path], object], advice: str
) -> None:
    spoil(tmp_path / "gradebook.db")
    with pytest.raises(CourseError, match=advice):
        grading.grade(grader.course.root, "probe", classroom=tmp_path)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("database is locked", "Another program"),
        ("attempt to write a readonly database", "may not be written"),
        ("database or disk is full", "no room"),
        ("something new", "See whether"),
    ],
)
def test_a_gradebook_that_cannot_be_written_is_told(
    grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, advice: str
) -> None:
    def fails(*_arguments: object) -> None:
        raise OperationalError("UPDATE", {}, sqlite3.OperationalError(said))

    course = Course.at(grader.course.root, tmp_path)
    _, notebook = ungraded(grader.chapter, "ada", "")
    with Ledger(course, grader.chapter, nbgrader_settings(course.root)) as ledger:
        monkeypatch.setattr(MarkTables, "rows_of", fails)
        with pytest.raises(CourseError, match=f"{said}.*{advice}.*are kept"):
            ledger.record([Entry("ada", notebook, True)])


def test_a_full_disk_ends_the_grading_with_one_sentence(
    grader: Grader, tmp_path: Path, right: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _text: str) -> None:
        raise OSError(28, "No space left on device")

    hand_in(tmp_path, "ada", {**right, "nbformat": 3})
    monkeypatch.setattr(batch, "write_whole", full)
    with pytest.raises(CourseError, match="No space left on device"):
        grading.grade(grader.course.root, "probe", classroom=tmp_path)


# Who is graded


@pytest.mark.parametrize("name", ["../../other/victim", "", ".", "..", "ada/", "/etc", "a\0b"])
def test_a_students_name_leads_nowhere_else(grader: Grader, tmp_path: Path, name: str) -> None:
    with pytest.raises(CourseError, match="not the name of a folder"):
        grading.grade(grader.course.root, "probe", [name], classroom=tmp_path)


def test_a_mistyped_student_is_an_error(
    grader: Grader, tmp_path: Path, right: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(tmp_path, "s1003", right)
    course = Course.at(grader.course.root, tmp_path)
    options = grading.GradingOptions()
    with pytest.raises(typer.Exit) as end:
        instructor._grade(Console(width=200), course, "probe", options, ["s1oo3"])
    assert end.value.exit_code == 1
    assert "no folder submitted/'s1oo3'/probe" in (told := capsys.readouterr().out)
    assert "Did you mean 's1003'?" in told
    assert not (tmp_path / "gradebook.db").exists()


# Nothing acts


def test_reasons_are_shown_as_they_are(grader: Grader) -> None:
    texts = [*ACTIVE, "[x](http://a.bc)", "![x](http://a.bc)", "**x** `y`"]

    def shown(reasons: list[str]) -> NotebookNode:
        notebooks = [ungraded(grader.chapter, "eve", reason)[1] for reason in reasons]
        first = [nbformat.reads(notebook, as_version=4).cells[0] for notebook in notebooks]
        return new_notebook(cells=[new_markdown_cell(cell.source) for cell in first])

    notebook, plain = shown(texts), shown(["plain"] * len(texts))
    assert _actions(notebook) == _actions(plain) == []
    for tag in ("<a ", "<img", "<strong", "<code"):
        assert _page(notebook).count(tag) == _page(plain).count(tag), tag


def test_names_of_files_and_versions_do_nothing(
    grader: Grader, tmp_path: Path, right: dict[str, Any]
) -> None:
    name = "<img src=x onerror=alert(1)>.ipynb"
    hand_in(tmp_path, "eve", None, {name: "{}"})
    hand_in(tmp_path, "fay", {**right, "nbformat": "<script src=x>"})
    hand_in(tmp_path, "gus", {**right, "nbformat": "plain"})
    grading.grade(grader.course.root, "probe", classroom=tmp_path)
    actions = {}
    for student in ("eve", "fay", "gus"):
        place = tmp_path / "autograded" / student / "probe" / "probe.ipynb"
        actions[student] = _actions(nbformat.read(place, as_version=4))
    assert actions["eve"] == actions["fay"] == actions["gus"]


def test_nothing_steers_the_terminal(
    grader: Grader, tmp_path: Path, right: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    hand_in(tmp_path, f"na{ESCAPES}me", right)
    hand_in(tmp_path, "file", None, {f"{ESCAPES}.ipynb": "{}"})
    hand_in(tmp_path, "link", right).joinpath(ESCAPES).symlink_to("x")
    for name, document in with_text(right, ESCAPES).items():
        hand_in(tmp_path, name, document)
    result = grading.grade(grader.course.root, "probe", classroom=tmp_path)
    problems = {task.function: task.problem for task in grader.chapter.tasks}
    console = Console(width=200, force_terminal=False)
    console.print(class_view(result, problems))
    told = capfd.readouterr()
    assert "na?[2K" in told.out
    for text in (told.out, told.err, *(submission.line for submission in result.submissions)):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_messages_are_one_line() -> None:
    assert str(UnreadableSubmission(f"a\n{ESCAPES}{HALF}")) == "a??[2K?]0;owned???"
    result = grading.SubmissionResult("x", "probe", "needs a person", (), f"{HALF}\n")
    assert result.reason == "??"
    assert ClassResult("probe", (result,)).of("x").line.isprintable()


# Time and memory


def test_ten_bytes_stay_ten_bytes() -> None:
    """A short frame names 20,000 large arrays of objects: none of them is made."""
    frame = encode([np.zeros((100, 1000), object)] * 20_000, lenient=True)
    tracemalloc.start()
    value = decode(frame[8:])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (value[0].shape, value[0].dtype) == ((100, 1000), np.dtype(object))
    assert len(value) == 20_000
    assert peak < 50_000_000


class _Session:
    """Takes seconds that are told, in place of a submission's process."""

    def __init__(self, box: _Box) -> None:
        self.box = box
        self.seconds = 0.0

    def ask(
        self, request: dict[str, Any], seconds: float, answer: object = None
    ) -> tuple[dict[str, Any], bool]:
        needed = self.box.needs(request, self.box.sessions)
        self.seconds = min(needed, seconds)
        self.box.total += self.seconds
        if needed == float("inf"):
            raise SessionEnded("it has died")
        if needed > seconds:
            raise OutOfTime
        return {"outputs": []}, True

    def cpu_seconds(self) -> float:
        return self.seconds

    def close(self) -> None:
        pass


class _Box:
    """Starts sessions; counts them and their seconds."""

    def __init__(self, needs: Callable[[dict[str, Any], int], float]) -> None:
        self.needs, self.sessions, self.total = needs, 0, 0.0

    def open(self, _files: object) -> _Session:
        self.sessions += 1
        return _Session(self)


LIMITS = Limits(cell_seconds=15, total_seconds=180)
CASE = CheckedCase("a case", {}, 1.0, {})


@pytest.mark.parametrize("count", [10, 300])
def test_all_repeating_together_has_a_limit(count: int) -> None:
    """Cells that are quick at first and endless when they are repeated; a call that crashes."""
    box = _Box(lambda request, session: 1000 if session > 1 else 0.1)
    run = NotebookRun(box, LIMITS, {}, 1)  # type: ignore[arg-type]
    for number in range(count):
        run.cell(f"cell {number}", False)
    box.needs = lambda request, session: float("inf") if session == 1 else 1000
    call = run.caller("f", 2.0, str)
    for _ in range(3):
        call(CASE)
    assert box.total <= 180


def test_cells_that_never_end_have_a_limit_together() -> None:
    box = _Box(lambda request, session: 1 if request["definitions_only"] else 1000)
    run = NotebookRun(box, LIMITS, {}, 4)  # type: ignore[arg-type]
    notes = [run.cell(f"cell {number}", False)[-1].text for number in range(200)]
    assert "took longer than 15 s" in notes[1]  # the second has as much time as the first
    assert "Not run" in notes[-1]
    assert box.total <= 180 * 5 / 8 + 15
    box.needs = lambda request, session: 0.1
    before = box.total
    run.caller("f", 2.0, str)(CASE)
    assert box.total > before  # there is time left for the answers


# Marks do not depend on luck


def test_all_answers_in_one_cell_count_where_the_first_is_due(grader: Grader) -> None:
    notebook = grader.notebook({})
    notebook.cells = [
        c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("solution")
    ]
    notebook.cells.append(new_code_cell("\n\n".join(RIGHT.values())))
    submitted = notebook_of(json.loads(json.dumps(notebook)))
    rebuilt = rebuild(submitted, grader.chapter.release).notebook
    assert cell(rebuilt, next(iter(POINTS))).source == notebook.cells[-1].source
    assert points(grader.grade_submitted(submitted)) == POINTS


# When it was handed in

OCTOBER = datetime.datetime(2026, 10, 2, 10)


@pytest.mark.parametrize(
    ("content", "moment"),
    [
        (b"2026-10-02 10:00:00 UTC\n", OCTOBER),
        (b"2026-10-02 10:00:00.000000 UTC", OCTOBER),
        (b"2026-10-02T12:00:00+02:00", OCTOBER),
        (b"Friday, 2 October 2026, 10:00 AM", OCTOBER),
        (b"Fri, 02 Oct 2026 12:00:00 +0200", OCTOBER),
        (b"Oct 2 2026 at 10am", OCTOBER),
        (b"13.10.2026 10:00", OCTOBER.replace(day=13)),
        ("2026-10-02 10:00:00 UTC".encode("utf-16"), OCTOBER),
        ("2026-10-02 10:00:00 UTC".encode("utf-8-sig"), OCTOBER),
        (b" \n", None),
    ],
)
def test_times_of_other_tools_are_read(content: bytes, moment: datetime.datetime | None) -> None:
    assert handed_in({"timestamp.txt": content, "x.png": b"10"}) == moment


@pytest.mark.parametrize(
    "text",
    [
        "10/02/2026 10:00 AM",
        "02.10.2026 10:00",
        "2026-10-02",
        "10:00",
        "2026-10",
        "never",
        "2 October 2026 10:00 XYZ",
        "9999-12-31 23:59:59 -1000",
        f"{ESCAPES} tomorrow",
    ],
)
def test_unclear_times_are_left_to_a_person(text: str) -> None:
    with pytest.raises(UnclearTime, match="enter by hand") as unclear:
        handed_in({"timestamp.txt": text.encode()})
    assert str(unclear.value).isprintable()


def test_no_file_means_in_time() -> None:
    assert handed_in({}) is None


def test_a_person_is_asked_about_an_unclear_time(
    grader: Grader, tmp_path: Path, right: dict[str, Any]
) -> None:
    hand_in(tmp_path, "ada", right, {"timestamp.txt": "10/02/2026 10:00 AM"})
    hand_in(tmp_path, "ben", right, {"timestamp.txt": "2026-10-02 10:00:00 UTC"})
    for _ in range(2):
        result = grading.grade(grader.course.root, "probe", classroom=tmp_path)
        assert (result.of("ada").state, result.of("ada").points) == ("graded", 11.0)
        assert "10/02/2026" in result.of("ada").doubt
        assert "Needs a person: timestamp.txt says" in result.of("ada").line
        assert result.of("ben").for_a_person == ""
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        ada, ben = (gradebook.find_submission("probe", name) for name in ("ada", "ben"))
        assert ada.needs_manual_grade
        assert ada.timestamp is None
        assert ben.timestamp == OCTOBER
