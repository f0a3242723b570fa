"""The class report: it says what is so, finds what stands out, and nothing in it acts."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from rich.console import Console

from autograder.authoring.generate import generate
from autograder.chapter import load_problems
from autograder.grading.course import Course
from autograder.grading.explained import RULES, rule_counts
from autograder.grading.marks import class_view
from autograder.grading.results import SubmissionResult, TaskResult
from autograder.teaching import report_numbers as numbers
from autograder.teaching.class_record import ClassRecord, read_class
from autograder.teaching.pages import environment
from autograder.teaching.report import write_report
from tests.book.barriers import violations
from tests.grading.grading_class import SECRET
from tests.teaching.taught_class import CHAPTER, HOSTILE, OTHER_ODD, TaughtClass


@pytest.fixture(scope="module")
def files(taught: TaughtClass) -> dict[str, Path]:
    return {path.name: path for path in write_report(taught.course, CHAPTER)}


@pytest.fixture(scope="module")
def page(files: dict[str, Path]) -> str:
    return files["probe.html"].read_text(encoding="utf-8")


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def section(page: str, anchor: str) -> str:
    return page.split(f'<h2 id="{anchor}">')[1].split("</section>")[0]


@pytest.fixture(scope="module")
def record(taught: TaughtClass) -> ClassRecord:
    return read_class(taught.course, CHAPTER)


# What the grader notes


def test_notes_say_what_spoke_and_which_cases_failed(record: ClassRecord) -> None:
    noted = {
        (student.student, task.function): task
        for student in record.students
        if student.result is not None
        for task in student.result.tasks
    }
    assert noted["dan", "scale"].rule == "misconception"
    assert noted["dan", "scale"].misconception == "added"
    assert noted["dan", "scale"].cases == "vvvvv."  # the last has no rows
    assert (noted["ada", "scale"].rule, noted["ada", "scale"].results) == ("", "")
    assert noted["eli", "apply"].rule == "exception"
    assert noted["eli", "apply"].clue == "NameError: name 'y' is not defined"
    assert noted["fay", "total"].rule == "timed out"
    assert noted["fay", "scale"].rule == "not done"
    odd, other = noted["ben", "scale"], noted["cleo", "scale"]
    assert odd.rule == ""
    assert odd.cases == other.cases == "vvvvv."
    assert odd.results == other.results
    assert len(set(odd.results.split())) == 2
    assert odd.results != noted["dan", "scale"].results
    seconds = {s.student: s.result.seconds for s in record.students if s.result is not None}
    assert seconds["ada"] == 0
    assert seconds["ivo"] >= 2  # of 20: two cells that never end
    assert record.of("ivo").result.stopped == ("a cell took longer than 1 s",)


def test_notes_of_earlier_versions_are_read() -> None:
    fields = {
        "student": "ada",
        "chapter": "probe",
        "state": "graded",
        "tasks": [
            {"function": "scale", "points": 0.0, "max_points": 4.0, "misconception": "added"}
        ],
        "reason": "",
        "flags": ["test cells were edited"],
        "unchanged": False,
        "doubt": "",
    }
    result = SubmissionResult.from_fields(fields)
    assert result.tasks == (TaskResult("scale", 0.0, 4.0, "added"),)
    assert (result.flags, result.stopped) == (("test cells were edited",), ())
    [answer] = [numbers.WrongAnswer("ada", task) for task in result.tasks]
    assert rule_counts(result.tasks) == [(RULES["misconception"], 1)]
    assert numbers.unexplained([answer]) == []


def test_the_summary_in_the_terminal_counts_what_was_named(
    taught: TaughtClass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOGRADER_SECRET", SECRET)
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(class_view(taught.grade(), load_problems(taught.course.root, CHAPTER)))
    text = console.export_text()
    assert "What explained wrong answers\n  2 x the catalog: the results of a misconception" in text
    assert "\n  7 x nothing\n" in text  # without what could not be graded
    assert "Nothing explained 5 of scale, 2 of total: `autograder report probe` shows" in text


def test_notes_are_small(taught: TaughtClass) -> None:
    for path in (taught.course.notes / CHAPTER).glob("*.json"):
        assert len(path.read_bytes()) < 4000


# The numbers


def test_the_report_counts_what_is_in_the_gradebook(
    taught: TaughtClass, files: dict[str, Path]
) -> None:
    table = {row["student"].lstrip("'"): row for row in rows(files["probe-students.csv"])}
    assert len(table) == 12
    with taught.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions(CHAPTER):
            assert float(table[submission.student_id]["final points"] or 0) == submission.score
    assert table["zoe"]["state"] == "nothing handed in"
    assert table["gus"]["state"] == "could not be graded"
    assert float(table["ben"]["hours late"]) == 29.0
    assert table["cleo"]["hours late"] == ""
    assert table["ada"]["waiting"] == "why"


def test_lateness_is_computed_anew_when_the_report_is_read(
    taught: TaughtClass, tmp_path: Path
) -> None:
    """A due date that moves in the settings of the course counts at once."""
    root = tmp_path / "course"
    shutil.copytree(taught.course.root, root, ignore=shutil.ignore_patterns("__pycache__"))
    room = shutil.copytree(taught.course.classroom, tmp_path / "room")
    settings = f"[late]\nper_day = 0.1\n[chapters.{CHAPTER}]\ndue = 2026-10-05T16:00:00\n"
    (root / "course.toml").write_text(settings)
    ben = read_class(Course.at(root, room), CHAPTER).of("ben")
    assert ben.lateness == "47.0 hours late, 2.8 points less"
    assert (ben.points, ben.total) == (6.0, 3.2)


def test_the_lesson_shows_a_mistake_without_names(page: str) -> None:
    lesson = section(page, "lesson")
    assert "2 students, scale: added" in lesson
    assert "Think of added." in lesson
    [code] = re.findall("<pre>(.*?)</pre>", lesson, re.DOTALL)
    assert code == "def scale(x, factor):\n    return x + factor"


def test_answers_that_nothing_explained_stand_together(page: str) -> None:
    unexplained = section(page, "unexplained")
    assert re.findall(r"<h3>(.*)</h3>", unexplained) == ["3 × scale", "2 × scale", "2 × total"]
    assert "Fails 2 of 2 visible cases: 1 a vector (wrong numbers); 2 a matrix" in unexplained
    assert "solutions/probe/tasks/scale.py" in unexplained
    assert "Lovelace" not in unexplained
    assert ">ben</a>" in unexplained
    assert ">cleo</a>" in unexplained


def test_a_misconception_is_written_from_the_report(
    taught: TaughtClass, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CONTRIBUTING.md says: the code of a group becomes an entry of the catalog."""
    monkeypatch.setenv("AUTOGRADER_SECRET", SECRET)
    group = section(page, "unexplained").split("<h3>2 × scale</h3>")[1]
    code = html.unescape(group.split("<pre>")[1].split("</pre>")[0])
    root = tmp_path / "course"
    shutil.copytree(taught.course.root, root, ignore=shutil.ignore_patterns("__pycache__"))
    file = root / "solutions" / CHAPTER / "tasks" / "scale.py"
    text = file.read_text().replace('"added", added)', '"added", added) + wrong("odd", odd)')
    mistake = code.replace("def scale(", "def odd(")
    file.write_text(text.replace("PROBLEM =", f"{mistake}\n\n\nPROBLEM ="))
    generate(root, CHAPTER, gradebook=f"sqlite:///{tmp_path}/unused.db")
    again = TaughtClass(Course.at(root, tmp_path), taught.grader)
    again.hand_in("cleo", {"scale": OTHER_ODD})
    assert again.grade().of("cleo").tasks[0].misconception == "odd"
    report = write_report(again.course, CHAPTER)[0].read_text(encoding="utf-8")
    assert "There are none." in section(report, "unexplained")
    assert "1 student, scale: odd" in section(report, "lesson")


def test_what_a_person_has_to_look_at(page: str) -> None:
    look = section(page, "look")
    for title in ("Wait for a person", "Late (1)", "Slow or crashed (2)", "Nothing handed in (1)"):
        assert title in look
    assert "29.0 hours late" in look
    assert "The file is not a notebook" in look
    assert "total: it took too long" in look


def test_a_copy_in_other_words_is_found(page: str, files: dict[str, Path]) -> None:
    assert "ben and cleo" in section(page, "alike")
    [pair] = rows(files["probe-alike.csv"])
    assert (pair["student"], pair["other student"]) == ("ben", "cleo")
    assert pair["tasks"] == "total 100%"
    assert pair["to the letter"] == ""


def test_links_lead_somewhere(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_a_report_made_again_is_the_same(taught: TaughtClass, files: dict[str, Path]) -> None:
    before = {name: path.stat() for name, path in files.items()}
    write_report(taught.course, CHAPTER)
    assert {name: path.stat().st_mtime_ns for name, path in files.items()} == {
        name: stat.st_mtime_ns for name, stat in before.items()
    }
    assert all(stat.st_mode & 0o777 == 0o640 for stat in before.values())


# Hostile work


def test_nothing_in_the_page_acts(browser: Browser, files: dict[str, Path]) -> None:
    page = browser.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(files["probe.html"].as_uri())
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.title() == "Class report: probe"
    assert asked == [files["probe.html"].as_uri()]
    assert said == []
    elements = page.evaluate(
        "[...new Set([...document.querySelectorAll('*')].map(e => e.localName))]"
    )
    assert not {"script", "img", "iframe", "object", "embed", "form", "base"} & set(elements)
    names = page.evaluate(
        "[...new Set([...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()))]"
    )
    assert not [name for name in names if name.startswith("on") or name in ("style", "src")]
    links = page.evaluate(
        "[...document.querySelectorAll('[href]')].map(e => e.getAttribute('href'))"
    )
    assert all(link.startswith("#") for link in links)
    for name in HOSTILE:
        assert name in page.inner_text("body")
    page.close()


def test_the_policy_forbids_scripts(
    browser: Browser, files: dict[str, Path], tmp_path: Path
) -> None:
    text = files["probe.html"].read_text(encoding="utf-8")
    changed = tmp_path / "changed.html"
    changed.write_text(text.replace("</main>", "<script>document.title='owned'</script></main>"))
    page = browser.new_page()
    page.goto(changed.as_uri())
    assert page.title() == "Class report: probe"
    page.close()


def test_no_table_holds_a_formula(files: dict[str, Path]) -> None:
    for path in files.values():
        if path.suffix == ".csv":
            for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"))):
                assert not [field for field in row if field.lstrip().startswith(tuple("=+-@"))]


# Its looks


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_no_barriers(browser: Browser, files: dict[str, Path], scheme: str) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 800})
    page.goto(files["probe.html"].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.close()
    # axe adds a script, which the page's policy forbids to pages, not to tests.
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(files["probe.html"].as_uri())
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert violations(page) == []
    context.close()


def test_pictures_have_words(page: str) -> None:
    pictures = re.findall(r'<svg [^>]*role="img" aria-label="([^"]+)"', page)
    assert len(pictures) == page.count("<svg ") == 2
    assert "scale: 2 all points, 4 some, 3 none, 1 not tried" in pictures[1]


# Changes


def test_changes_since_the_last_report(taught: TaughtClass, files: dict[str, Path]) -> None:
    taught.mark("ada", 2.5, "Good.")
    again = write_report(taught.course, CHAPTER)[0].read_text(encoding="utf-8")
    assert ">ada</a>: why not graded → 2.5" in section(again, "changes")
    assert json.loads((taught.course.notes / "report-probe.json").read_text())["before"]


def test_words_of_the_catalog_show_code_and_nothing_active() -> None:
    template = environment().from_string("{{ text | words }}")
    assert template.render(text="It is `x < y`.") == "It is <code>x &lt; y</code>."
    assert "<img" not in template.render(text="`<img src=x onerror=alert(1)>`")
