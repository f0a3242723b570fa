"""Collecting: every platform's form, nothing dropped in silence, twice is once."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.course_settings import CourseSettings
from autograder.grading.course import Course
from autograder.teaching import folders, platforms
from autograder.teaching.attempts import Source, moment_of
from autograder.teaching.collect import collect
from autograder.teaching.collect_report import Report, lines_of
from autograder.teaching.zip_files import CollectError
from tests.grading.grading_class import RIGHT
from tests.teaching.classes import (
    CANVAS_COLUMNS,
    CANVAS_POINTS,
    MOODLE_COLUMNS,
    canvas_row,
    csv_file,
    moodle_row,
    notebook,
    zip_file,
)

SETTINGS = CourseSettings(time_zone="Europe/Berlin")


def students(course: Course) -> dict[str, tuple[str | None, str | None, str | None]]:
    with Gradebook(course.gradebook, "cnn") as gradebook:
        return {one.id: (one.first_name, one.last_name, one.email) for one in gradebook.students}


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with a digest of its bytes, the gradebook and its lock left out."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("gradebook.db", "lock", ".course_secret")
    }


def handed_in(course: Course, student: str, name: str = "probe.ipynb") -> bytes:
    return (course.submitted(student, "probe") / name).read_bytes()


def titles(report: Report) -> dict[str, int]:
    parts = vars(report).items()
    return {name: len(lines) for name, lines in parts if name != "chapter" and lines}


# Moodle


def moodle(course: Course, tmp_path: Path) -> Source:
    right, half = notebook(course), notebook(course, {"scale": RIGHT["scale"]})
    archive = zip_file(
        tmp_path / "moodle.zip",
        {
            "Ada Lovelace_101_assignsubmission_file_/probe.ipynb": right,
            "Ada Lovelace_101_assignsubmission_file_/notes/read.txt": b"my notes",
            "Zoë van der Berg_102_assignsubmission_file_Probe (1).ipynb": half,
            "Eve Mallory_103_assignsubmission_file/exercises_probe_probe.ipynb": half,
            "Eve Mallory_103_assignsubmission_file/timestamp.txt": b"2020-01-01 00:00:00 UTC",
            "Kim Li_104_assignsubmission_file_/answers.pdf": b"%PDF",
            "Nobody Known_999_assignsubmission_file_/probe.ipynb": right,
            "stray.txt": b"?",
        },
    )
    rows = [
        moodle_row(101, "Ada Lovelace", "Friday, 2 October 2026, 10:00 AM"),
        moodle_row(102, "Zoë van der Berg", "Saturday, 3 October 2026, 12:05 AM"),
        moodle_row(103, "Eve Mallory", "Friday, 2 October 2026, 11:59 PM"),
        moodle_row(104, "Kim Li", "Friday, 2 October 2026, 9:00 AM"),
        moodle_row(105, "Max Absent"),
    ]
    worksheet = csv_file(tmp_path / "worksheet.csv", [MOODLE_COLUMNS, *rows], "utf-8-sig")
    return platforms.moodle(archive, worksheet, SETTINGS)


def test_moodle(course: Course, tmp_path: Path) -> None:
    report = collect(course, "probe", moodle(course, tmp_path))
    assert sorted(path.name for path in (course.root / "submitted").iterdir()) == [
        f"{name}@example.org" for name in ("ada", "eve", "kim", "zoë")
    ]
    assert students(course)["zoë@example.org"] == ("Zoë van der", "Berg", "zoë@example.org")
    assert students(course)["max@example.org"][1] == "Absent"
    assert handed_in(course, "ada@example.org") == notebook(course)
    assert handed_in(course, "ada@example.org", "notes/read.txt") == b"my notes"
    # In UTC, from the worksheet, in the course's time zone; never from the student.
    times = [handed_in(course, f"{name}@example.org", "timestamp.txt") for name in ("zoë", "eve")]
    assert times == [b"2026-10-02 22:05:00 UTC\n", b"2026-10-02 21:59:00 UTC\n"]
    assert report.missing == ["max@example.org"]
    assert report.unknown == ["Nobody Known: probe.ipynb"]
    assert report.renamed == [
        "eve@example.org: exercises_probe_probe.ipynb",
        "zoë@example.org: Probe (1).ipynb",
    ]
    assert report.unreadable == ["kim@example.org: no notebook probe.ipynb; there is answers.pdf"]
    assert report.remarks == [
        "eve@example.org: timestamp.txt counts only from the platform",
        "stray.txt: its name does not say whose it is; not taken",
    ]
    assert "\n".join(lines_of(report)).startswith("4 handed in\n1 nothing handed in:")


def test_twice_is_once(course: Course, tmp_path: Path) -> None:
    source = moodle(course, tmp_path)
    first = collect(course, "probe", source)
    before = tree(course.root)
    again = collect(course, "probe", source)
    assert tree(course.root) == before
    assert (len(first.new), len(again.new), len(again.unchanged)) == (4, 0, 4)
    for part in ("missing", "unknown", "unreadable", "renamed", "remarks"):
        assert getattr(again, part) == getattr(first, part)


def test_a_blind_worksheet_has_numbers_only(course: Course, tmp_path: Path) -> None:
    rows = [("Identifier", "Status", "Grade"), ("Participant 7", "Submitted", "")]
    worksheet = csv_file(tmp_path / "worksheet.csv", rows)
    archive = zip_file(
        tmp_path / "a.zip",
        {"Participant_7_assignsubmission_file_/probe.ipynb": notebook(course)},
    )
    collect(course, "probe", platforms.moodle(archive, worksheet, SETTINGS))
    assert students(course) == {"participant-7": (None, None, None)}


def test_who_is_in_the_gradebook_keeps_the_id(course: Course, tmp_path: Path) -> None:
    with Gradebook(course.gradebook, "cnn") as gradebook:
        gradebook.add_student("lovelace", email="Ada@Example.org")
    collect(course, "probe", moodle(course, tmp_path))
    assert (course.root / "submitted" / "lovelace").is_dir()
    assert students(course)["lovelace"] == ("Ada", "Lovelace", "ada@example.org")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("ID", "Bewertung"), ("1", "")], "no column 'Identifier'.*language set to English"),
        ([("Identifier", "Grade"), ("somebody", "")], "not of the form 'Participant 1234'"),
        ([], "holds no table"),
        ([("one column",)], "holds no table"),
    ],
)
def test_other_tables_are_refused(
    course: Course, tmp_path: Path, rows: list[tuple[str, ...]], words: str
) -> None:
    worksheet = csv_file(tmp_path / "worksheet.csv", rows)
    with pytest.raises(CollectError, match=words):
        platforms.moodle(zip_file(tmp_path / "a.zip", {}), worksheet, SETTINGS)


def test_two_people_with_one_id_are_nobody(course: Course, tmp_path: Path) -> None:
    rows = [moodle_row(1, "Ada Lovelace"), moodle_row(2, "Ada Byron")]
    worksheet = csv_file(tmp_path / "worksheet.csv", [MOODLE_COLUMNS, *rows])
    archive = zip_file(
        tmp_path / "a.zip",
        {"Ada Lovelace_1_assignsubmission_file_/probe.ipynb": notebook(course)},
    )
    report = collect(course, "probe", platforms.moodle(archive, worksheet, SETTINGS))
    assert not (course.root / "submitted").exists()
    assert "Ada Lovelace: probe.ipynb" in report.unknown
    assert sum("several people" in line for line in report.unknown) == 2


# Canvas


def canvas(course: Course, tmp_path: Path, files: dict[str, bytes]) -> Source:
    rows = [
        CANVAS_COLUMNS,
        ("    Manual Posting", *[""] * 7),
        CANVAS_POINTS,
        canvas_row(501, "Lovelace, Ada", "ada"),
        canvas_row(502, "Berg, Zoë", "zoe@example.org"),
        ("Student, Test", "599", "", "", "Tuesday", "", "", ""),
    ]
    gradebook = csv_file(tmp_path / "grades.csv", rows)
    return platforms.canvas(zip_file(tmp_path / "canvas.zip", files), gradebook, SETTINGS)


def test_canvas(course: Course, tmp_path: Path) -> None:
    files = {
        "lovelaceada_501_9001_probe-2.ipynb": notebook(course),
        "lovelaceada_501_9002_picture.png": b"png",
        "bergzoe_LATE_502_9003_probe.ipynb": notebook(course, {}),
        "studenttest_599_9004_probe.ipynb": notebook(course),
    }
    report = collect(course, "probe", canvas(course, tmp_path, files))
    assert handed_in(course, "ada") == notebook(course)
    assert handed_in(course, "ada", "picture.png") == b"png"
    assert students(course) == {
        "ada": ("Ada", "Lovelace", None),
        "zoe@example.org": ("Zoë", "Berg", "zoe@example.org"),
    }
    assert report.late == ["zoe@example.org"]
    assert report.renamed == ["ada: probe-2.ipynb"]
    assert report.unknown == ["studenttest: probe.ipynb"]
    assert report.missing == []


def test_the_newest_attempt_counts_and_all_are_kept(course: Course, tmp_path: Path) -> None:
    first, second = notebook(course, {}), notebook(course)
    old = {"lovelaceada_501_9001_probe.ipynb": first}
    new = {"lovelaceada_501_9005_probe-1.ipynb": second}
    collect(course, "probe", canvas(course, tmp_path, old))
    report = collect(course, "probe", canvas(course, tmp_path, new))
    assert (report.newer, handed_in(course, "ada")) == (["ada"], second)
    # The download of last week once more: collected before, and no step back.
    report = collect(course, "probe", canvas(course, tmp_path, old))
    assert handed_in(course, "ada") == second
    kept = course.notes / "attempts" / "probe" / "ada"
    notebooks = {path.read_bytes() for path in kept.glob("*/probe.ipynb")}
    assert notebooks == {first, second}
    assert "collected before" in "\n".join(lines_of(report))


def test_what_a_person_has_changed_stays(course: Course, tmp_path: Path) -> None:
    files = {"lovelaceada_501_9001_probe.ipynb": b"not a notebook"}
    report = collect(course, "probe", canvas(course, tmp_path, files))
    assert report.unreadable == ["ada: The file is not a notebook: it is no JSON (line 1)."]
    mended = course.submitted("ada", "probe") / "probe.ipynb"
    mended.write_bytes(notebook(course))
    report = collect(course, "probe", canvas(course, tmp_path, files))
    assert mended.read_bytes() == notebook(course)
    assert any("is not as it was collected" in line for line in report.remarks)


# Brightspace


def test_brightspace(course: Course, tmp_path: Path) -> None:
    first, second = notebook(course, {}), notebook(course)
    archive = zip_file(
        tmp_path / "brightspace.zip",
        {
            "index.html": b"<table>",
            "11-77 - Ada Lovelace - Oct 2, 2026 1000 AM/probe.ipynb": first,
            "11-77 - Ada Lovelace - Oct 3, 2026 905 PM/probe.ipynb": second,
            "12-77 - T00012345 - Anne-Marie O'Neil - 3 October, 2026 1200 PM/probe.ipynb": first,
            "13-77 - Zoë Berg - Oct 4, 2026 1200 AM - Probe.ipynb": first,
            "odd name/probe.ipynb": first,
        },
    )
    report = collect(course, "probe", platforms.brightspace(archive, SETTINGS))
    assert set(students(course)) == {"ada.lovelace", "T00012345", "zoë.berg"}
    assert handed_in(course, "ada.lovelace") == second
    assert handed_in(course, "ada.lovelace", "timestamp.txt") == b"2026-10-03 19:05:00 UTC\n"
    assert handed_in(course, "T00012345", "timestamp.txt") == b"2026-10-03 10:00:00 UTC\n"
    assert report.earlier == ["ada.lovelace: 1"]
    assert len(report.new) == 3
    assert report.remarks == ["odd name/probe.ipynb: not of the form of Brightspace; not taken"]


# Folders, the exchange, GitHub Classroom


def test_folder(course: Course, tmp_path: Path) -> None:
    place = tmp_path / "handed"
    files = {
        "ada/probe.ipynb": notebook(course),
        "ben/deep/inside/probe (1).ipynb": notebook(course),
        "ben/deep/inside/helper.py": b"x = 1",
        "cleo/final version.ipynb": notebook(course, {}),
        "dan/probe.ipynb": notebook(course, {}),
        "dan/probe-1.ipynb": notebook(course),
        "eva_probe.ipynb": notebook(course),
        "fay/probe.ipynb": b"",
        "readme.txt": b"",
    }
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    (place / "ada" / "timestamp.txt").write_text("2026-10-02 10:00:00 UTC")
    (place / "gus").symlink_to(place / "ada")
    report = collect(course, "probe", folders.folder(place, "probe"))
    assert sorted(students(course)) == ["ada", "ben", "cleo", "dan", "eva", "fay"]
    assert handed_in(course, "ben", "helper.py") == b"x = 1"
    assert handed_in(course, "ada", "timestamp.txt") == b"2026-10-02 10:00:00 UTC"
    # Known by its cells, whatever it is called.
    assert "cleo: final version.ipynb" in report.renamed
    assert report.duplicate == ["dan: probe.ipynb counts; there is probe-1.ipynb, too"]
    assert handed_in(course, "dan", "probe-1.ipynb") == notebook(course)
    assert report.unreadable == ["fay: The file is empty."]
    assert report.remarks == [
        "gus: it is a symbolic link; not taken",
        "readme.txt: neither in a student's folder nor called STUDENT_probe.ipynb; not taken",
    ]


def test_who_was_not_in_the_class_is_told(course: Course, tmp_path: Path) -> None:
    with Gradebook(course.gradebook, "cnn") as gradebook:
        gradebook.add_student("ada")
        gradebook.add_student("ben")
    for name in ("ada", "bne"):
        (tmp_path / "handed" / name).mkdir(parents=True)
        (tmp_path / "handed" / name / "probe.ipynb").write_bytes(notebook(course))
    report = collect(course, "probe", folders.folder(tmp_path / "handed", "probe"))
    assert report.remarks == ["bne: was not in the gradebook before"]
    assert report.missing == ["ben"]


def test_exchange(course: Course, tmp_path: Path) -> None:
    inbound = tmp_path / "exchange" / "cnn" / "inbound"
    for name, content in (
        ("ada+probe+2026-10-02 08:00:00.000000 UTC+Ab_d", notebook(course, {})),
        ("ada+probe+2026-10-03 08:00:00.000000 UTC+xY-z", notebook(course)),
        ("a+b+probe+2026-10-03 08:00:00.000000 UTC", notebook(course)),
        ("ada+other+2026-10-04 08:00:00.000000 UTC+xYz", b"of another assignment"),
    ):
        (inbound / name).mkdir(parents=True)
        (inbound / name / "probe.ipynb").write_bytes(content)
        (inbound / name / "timestamp.txt").write_text(name.split("+probe+")[-1].split("+")[0])
        (inbound / name / "submission_secret.txt").write_text(f"secret of {name}")
    report = collect(course, "probe", folders.exchange(tmp_path / "exchange", "cnn", "probe"))
    assert sorted(students(course)) == ["a+b", "ada"]
    assert handed_in(course, "ada") == notebook(course)
    assert handed_in(course, "ada", "timestamp.txt") == b"2026-10-03 08:00:00.000000 UTC"
    assert handed_in(course, "ada", "submission_secret.txt").endswith(b"+xY-z")
    assert report.earlier == ["ada: 1"]
    with pytest.raises(CollectError, match="release an assignment first"):
        folders.exchange(tmp_path / "exchange", "other", "probe")


def test_github_classroom(course: Course, tmp_path: Path) -> None:
    place = tmp_path / "week-1-submissions"
    git = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a"}
    git |= {"GIT_COMMITTER_EMAIL": "a", "GIT_COMMITTER_DATE": "2026-10-02T10:00:00+02:00"}
    for login in ("ada-l", "ben"):
        repository = place / f"week-1-{login}"
        (repository / "exercises" / "probe").mkdir(parents=True)
        (repository / "exercises" / "probe" / "probe.ipynb").write_bytes(notebook(course))
        for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "done"]):
            subprocess.run(["git", *command], cwd=repository, env={**os.environ, **git}, check=True)
    csv_file(
        place / "classroom_roster.csv",
        [("identifier", "github_username", "github_id", "name"), ("u1", "ada-l", "1", "Ada L")],
    )
    report = collect(course, "probe", folders.github_classroom(place, "probe"))
    assert students(course) == {"u1": ("Ada", "L", None)}
    assert handed_in(course, "u1", "timestamp.txt") == b"2026-10-02 08:00:00 UTC\n"
    assert handed_in(course, "u1") == notebook(course)
    assert report.unknown == ["ben: probe.ipynb"]
    (place / "classroom_roster.csv").unlink()
    assert {one.key for one in folders.github_classroom(place, "probe").attempts} == {
        "ada-l",
        "ben",
    }


# What all have in common


def test_hostile_files_of_a_student_lead_nowhere(course: Course, tmp_path: Path) -> None:
    place = "Ada Lovelace_101_assignsubmission_file_"
    archive = zip_file(
        tmp_path / "hostile.zip",
        {
            f"{place}/probe.ipynb": notebook(course),
            f"{place}/probe.ipynb/inside.txt": b"a file below a file",
            f"{place}/../../../../outside.txt": b"x",
            f"{place}/submission_secret.txt": b"of somebody else",
        },
    )
    worksheet = csv_file(
        tmp_path / "worksheet.csv", [MOODLE_COLUMNS, moodle_row(101, "Ada Lovelace")]
    )
    report = collect(course, "probe", platforms.moodle(archive, worksheet, SETTINGS))
    folder = course.submitted("ada@example.org", "probe")
    assert sorted(path.name for path in folder.rglob("*")) == [
        "probe.ipynb",
        "submission_secret.txt",
        "timestamp.txt",
    ]
    assert handed_in(course, "ada@example.org", "submission_secret.txt") != b"of somebody else"
    assert len(report.remarks) == 3
    assert not list(tmp_path.rglob("outside.txt"))


def test_a_killed_collecting_is_made_up_for(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {"lovelaceada_501_9001_probe.ipynb": notebook(course, {})}
    new = {"lovelaceada_501_9005_probe.ipynb": notebook(course)}
    collect(course, "probe", canvas(course, tmp_path, old))

    def killed(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("autograder.teaching.placing.Placing._put", killed)
        with pytest.raises(KeyboardInterrupt):
            collect(course, "probe", canvas(course, tmp_path, new))
    assert handed_in(course, "ada") == notebook(course, {})
    collect(course, "probe", canvas(course, tmp_path, new))
    assert handed_in(course, "ada") == notebook(course)
    # Or between taking the old attempt away and putting the new one there.
    shutil.rmtree(course.submitted("ada", "probe"))
    collect(course, "probe", canvas(course, tmp_path, new))
    assert handed_in(course, "ada") == notebook(course)


def test_an_earlier_release_is_recognized(course: Course, tmp_path: Path) -> None:
    document = json.loads(notebook(course))
    document["metadata"]["course"] = {"version": "0.0.9", "release": "0" * 24}
    (tmp_path / "handed" / "ada").mkdir(parents=True)
    (tmp_path / "handed" / "ada" / "probe.ipynb").write_text(json.dumps(document))
    report = collect(course, "probe", folders.folder(tmp_path / "handed", "probe"))
    assert report.remarks == ["ada: made from an earlier release (0.0.9)"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Friday, 2 October 2026, 10:00 AM", "2026-10-02T08:00:00+00:00"),
        ("2 October 2026, 22:15", "2026-10-02T20:15:00+00:00"),
        ("2026-10-02 10:00", "2026-10-02T08:00:00+00:00"),
        ("2026-10-02T10:00:00Z", "2026-10-02T10:00:00+00:00"),
        ("25/12/26, 10:00", "2026-12-25T09:00:00+00:00"),
        ("2/10/26, 10:00", None),
        ("yesterday", None),
    ],
)
def test_times_of_platforms(text: str, moment: str | None) -> None:
    if moment is None:
        with pytest.raises(ValueError, match=r"several ways|Unknown"):
            moment_of(text, SETTINGS)
    else:
        assert moment_of(text, SETTINGS).astimezone(datetime.UTC).isoformat() == moment
