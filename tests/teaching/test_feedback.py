"""Feedback: a page of its own for each student, cheap, and nothing in it acts or tells secrets."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from click.testing import Result
from playwright.sync_api import Browser, Page
from typer.testing import CliRunner

from autograder.checks import CheckedCase
from autograder.grading import Explanation, explain
from autograder.grading.course import CourseError
from autograder.instructor import add_commands
from autograder.teaching.class_record import read_class
from autograder.teaching.feedback import (
    LARGEST,
    outdated_feedback,
    refresh_feedback,
    write_feedback,
)
from tests import COURSE
from tests.book.barriers import violations
from tests.grading.grading_class import RIGHT, SECRET
from tests.teaching.taught_class import CHAPTER, HOSTILE, ODD, TaughtClass


def place(taught: TaughtClass, student: str) -> Path:
    return taught.course.classroom / "feedback" / student / CHAPTER / f"{CHAPTER}.html"


@pytest.fixture(scope="module")
def pages(taught: TaughtClass) -> dict[str, str]:
    done = write_feedback(taught.course, CHAPTER)
    assert done.unchanged == ()
    return {name: place(taught, name).read_text(encoding="utf-8") for name in done.written}


@pytest.fixture
def opened(browser: Browser) -> Page:
    context = browser.new_context(bypass_csp=True, viewport={"width": 390, "height": 800})
    yield context.new_page()
    context.close()


def test_everybody_who_handed_in_has_a_page(pages: dict[str, str]) -> None:
    assert set(pages) == {*("ada", "ben", "cleo", "dan", "eli", "fay", "gus", "ivo"), *HOSTILE}


def test_a_page_has_marks_answers_and_the_diagnosis(pages: dict[str, str]) -> None:
    dan = pages["dan"]
    assert "return x + factor" in dan
    assert '<span class="label">Hint</span> Think of added.' in dan
    assert '<a href="#part-2">total</a></th><td class="number">2 of 2 points</td>' in dan
    assert "You have not answered." in dan  # the question in words


def test_what_nobody_has_graded_is_not_0(pages: dict[str, str]) -> None:
    ada = pages["ada"]
    assert ada.count("not graded yet") == 3  # at the top, in the table, at the question
    assert "points so far" in ada
    assert "11 of 14" in ada
    assert "0 of 3" not in ada
    assert "not graded yet" not in pages["dan"]


def test_lateness_is_told(pages: dict[str, str]) -> None:
    assert "It came 29.0 hours late." in pages["ben"]
    assert " late" not in pages["ada"]
    assert "2026-10-05 10:00" in pages["ada"]


def test_what_could_not_be_graded_says_why(pages: dict[str, str]) -> None:
    assert "It could not be graded." in pages["gus"]
    assert "not a notebook" in pages["gus"]


def test_pages_are_small_and_hold_everything(
    pages: dict[str, str], taught: TaughtClass, browser: Browser
) -> None:
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for name, text in pages.items():
        assert len(text.encode()) < 20_000
        page.goto(place(taught, name).as_uri())
        assert page.title() == "Feedback: Probe"
        elements = page.evaluate("[...document.querySelectorAll('*')].map(e => e.localName)")
        assert not {"script", "img", "svg", "iframe", "object", "form"} & set(elements)
    assert sorted(asked) == sorted(place(taught, name).as_uri() for name in pages)
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_has_no_barriers(
    pages: dict[str, str], taught: TaughtClass, opened: Page, scheme: str
) -> None:
    opened.emulate_media(color_scheme=scheme)
    for name in ("eli", HOSTILE[0]):
        opened.goto(place(taught, name).as_uri())
        opened.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        assert opened.evaluate("document.documentElement.scrollWidth") == 390
        assert violations(opened) == []


@pytest.fixture(scope="module")
def explained(taught: TaughtClass, pages: dict[str, str]) -> Explanation:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTOGRADER_SECRET", SECRET)
        return explain(taught.course.root, CHAPTER, "dan", classroom=taught.course.classroom)


def rows_of(case: CheckedCase) -> list[str]:
    """Return patterns for the rows of a case's array, however they are set in columns."""
    array = np.atleast_2d(case.arguments["x"])
    return [r"\s+".join(re.escape(f"{number:g}") for number in row) for row in array]


def test_hidden_cases_stay_hidden(pages: dict[str, str], explained: Explanation) -> None:
    shown: dict[bool, bool] = {False: False, True: False}
    for case in explained.tasks[0].examination.checks.cases:
        shown[case.hidden] |= any(re.search(row, pages["dan"]) for row in rows_of(case))
    assert shown == {False: True, True: False}


def test_an_explanation_fits_on_a_page(explained: Explanation) -> None:
    summary = explained.summary
    assert summary.startswith("dan, probe: 8 of 11 points\n")
    assert "  Hint (added): Think of added.\n" in summary
    assert "hidden, weight 1" in summary
    assert len(summary.splitlines()) < 30
    assert max(map(len, summary.splitlines())) <= 100


def test_marks_by_hand_refresh_one_page(pages: dict[str, str], taught: TaughtClass) -> None:
    again = write_feedback(taught.course, CHAPTER)
    assert again.written == ()
    taught.mark("ada", 2.5, "Good.\n<b>What</b> of the maximum?")
    record = read_class(taught.course, CHAPTER)
    assert outdated_feedback(taught.course, record) == ["ada"]
    done = write_feedback(taught.course, CHAPTER)
    assert done.written == ("ada",)
    text = place(taught, "ada").read_text(encoding="utf-8")
    assert outdated_feedback(taught.course, record) == []
    assert "13.5 of 14" in text
    assert "Good.\n&lt;b&gt;What&lt;/b&gt; of the maximum?" in text
    assert "not graded yet" not in text


def test_only_our_own_pages_are_refreshed(pages: dict[str, str], taught: TaughtClass) -> None:
    place(taught, "dan").write_text("nbgrader has written this")
    taught.mark("eli", 1.0, "")
    assert refresh_feedback(taught.course, CHAPTER, ["dan", "eli", "zoe"]).written == ("eli",)
    assert place(taught, "dan").read_text() == "nbgrader has written this"
    assert write_feedback(taught.course, CHAPTER, ["dan"]).written == ("dan",)


def test_a_student_who_is_not_there(taught: TaughtClass) -> None:
    with pytest.raises(CourseError, match="Nothing of 'adaa' has been graded in probe"):
        write_feedback(taught.course, CHAPTER, ["adaa"])


def test_long_answers_are_cut(taught: TaughtClass) -> None:
    notebook = taught.course.autograded("fay", CHAPTER) / f"{CHAPTER}.ipynb"
    before = notebook.read_text(encoding="utf-8")
    cells = json.loads(before)
    for cell in cells["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = "<&>" * 1_000_000
    notebook.write_text(json.dumps(cells), encoding="utf-8")
    write_feedback(taught.course, CHAPTER, ["fay"])
    notebook.write_text(before, encoding="utf-8")
    text = place(taught, "fay").read_text(encoding="utf-8")
    assert len(text.encode()) <= LARGEST
    assert text.count("[cut off here: it is too long]") == 5


def reported(taught: TaughtClass, student: str, line: str) -> str:
    """Return the page of a student in whose first report a line has been put."""
    notebook = taught.course.autograded(student, CHAPTER) / f"{CHAPTER}.ipynb"
    before = notebook.read_text(encoding="utf-8")
    cells = json.loads(before)
    data = next(
        output["data"]
        for cell in cells["cells"]
        for output in cell.get("outputs", ())
        if output["output_type"] == "display_data"
    )
    data["text/plain"] = data["text/plain"].replace("\n", f"\n  {line}\n", 1)
    notebook.write_text(json.dumps(cells), encoding="utf-8")
    write_feedback(taught.course, CHAPTER, [student])
    notebook.write_text(before, encoding="utf-8")
    return place(taught, student).read_text(encoding="utf-8")


def test_the_section_of_the_book_is_linked(taught: TaughtClass) -> None:
    address = "https://example.org/book/filters/filters.html#channels"
    line = f"Explained in “Channels” in Filters ({address})"
    assert f'<a href="{address}">“Channels” in Filters</a>' in reported(taught, "dan", line)
    assert "<p>Explained in “Channels” in Filters</p>" in reported(
        taught, "dan", line.partition(" (")[0]
    )


@pytest.mark.parametrize(
    "line",
    [
        "Explained in “x” in y (javascript:alert(1))",
        "Your function stopped with ValueError: \u2028  Explained in “x” in y (https://a.example)",
        'Explained in “x” in y (https://a.example/"onclick=alert)',
    ],
)
def test_nothing_else_is_a_link(taught: TaughtClass, line: str) -> None:
    links = re.findall(r'<a href="([^"]*)"[^>]*>', reported(taught, "dan", line))
    assert all(link.startswith(("#", "https://a.example/&#34;")) for link in links)


def test_nbgrader_makes_and_releases_feedback_as_before(
    taught: TaughtClass, pages: dict[str, str]
) -> None:
    """Its own command still works, in place of ours if it is told so."""
    course = taught.course
    command = [
        *(sys.executable, "-m", "nbgrader", "generate_feedback", CHAPTER, "--student=cleo"),
        *(f"--CourseDirectory.root={course.classroom}", "--CourseDirectory.course_id=cnn"),
        "--force",
    ]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "YOUR CODE" not in place(taught, "cleo").read_text()
    assert "nbgrader" in place(taught, "cleo").read_text()
    assert write_feedback(course, CHAPTER, ["cleo"]).written == ("cleo",)


def test_nbgrader_releases_our_page(
    taught: TaughtClass, pages: dict[str, str], tmp_path: Path
) -> None:
    course = taught.course
    for name, text in (
        ("timestamp.txt", "2026-10-07 15:00:00 UTC"),
        ("submission_secret.txt", "x"),
    ):
        (course.autograded("ben", CHAPTER) / name).write_text(text)
    write_feedback(course, CHAPTER, ["ben"])
    command = [
        *(sys.executable, "-m", "nbgrader", "release_feedback", CHAPTER, "--student=ben"),
        *(f"--CourseDirectory.root={course.classroom}", "--CourseDirectory.course_id=cnn"),
        f"--Exchange.root={tmp_path}",
    ]
    tmp_path.chmod(0o777)
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [released] = (tmp_path / "cnn" / "feedback").glob("*.html")
    assert released.read_bytes() == place(taught, "ben").read_bytes()
    assert released.stat().st_mode & 0o777 == 0o644


def test_the_commands_write_and_refuse(
    taught: TaughtClass, pages: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(taught.course.root)
    app = typer.Typer()
    add_commands(app)
    room = taught.course.classroom

    def run(*command: str) -> Result:
        return CliRunner().invoke(app, [*command, "--classroom", str(room)])

    done = run("feedback", CHAPTER, "--student", "ben")
    assert done.stdout == "Feedback: 0 pages written, 1 unchanged, in feedback/STUDENT/probe/\n"
    done = run("feedback", CHAPTER, "--student", "adaa")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "No feedback: Nothing of 'adaa' has been graded in probe.\n"
    done = run("report", CHAPTER)
    assert done.stdout.startswith(f"Report: {room}/reports/probe/probe.html\n")
    done = run("report", "nothing")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "There is no chapter 'nothing'" in done.stderr


def test_where_nobody_is_late_feedback_does_without_nbgrader(
    taught: TaughtClass, tmp_path: Path
) -> None:
    """It takes a second to import, more than thirty pages."""
    room = shutil.copytree(taught.course.classroom, tmp_path / "room")
    with contextlib.closing(sqlite3.connect(room / "gradebook.db")) as gradebook:
        gradebook.execute("update assignment set duedate = '2027-01-01 00:00:00.000000'")
        gradebook.commit()
    program = (
        "import sys; from autograder.grading.course import Course; "
        "from autograder.teaching.feedback import write_feedback; "
        f"write_feedback(Course.at({str(taught.course.root)!r}, "
        f"{str(room)!r}), 'probe'); "
        "print('nbgrader' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=COURSE, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_a_resubmission_refreshes_the_page(
    taught: TaughtClass, pages: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOGRADER_SECRET", SECRET)
    taught.hand_in("dan", {**RIGHT, "scale": ODD})
    result = taught.grade()
    new = [submission.student for submission in result.submissions if not submission.unchanged]
    assert refresh_feedback(taught.course, CHAPTER, new).written == ("dan",)
    assert "x.shape[-1]" in place(taught, "dan").read_text(encoding="utf-8")
