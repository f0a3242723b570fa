"""Care for a class's data: backup and restore, forgetting a student, who may read what."""

from __future__ import annotations

import grp
import json
import os
import shutil
import stat
import zipfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.grading.course import Course, CourseError
from autograder.grading.private_files import opened_class
from tests.teaching.test_collect import tree
from tests.teaching.test_databases import configure, database, server
from tests.teaching.test_term import (
    autograder,
    graded_course,
    mark_by_hand,
    settings,
    table,
    term,
)

__all__ = ["database", "graded_course", "server", "term"]  # fixtures

pytestmark = pytest.mark.sandbox

DUE = "[chapters.probe]\ndue = 2026-10-02T10:00:00\n[late]\nper_day = 0.1\n"


@pytest.fixture
def backed_up(term: Course, tmp_path: Path) -> tuple[Path, dict[str, dict[str, str]]]:
    """A backup of a class with late work, an extension and a mark by hand; and its marks."""
    settings(term, DUE)
    autograder("extend", "probe", "cleo", "2026-10-03 10:00")
    mark_by_hand(term, "ada", 2.5)
    place = tmp_path / "safe" / "class.zip"
    said = autograder("backup", place)
    assert f"{place}: 4 students, 3 graded submissions" in said
    marks = table(term)
    assert (marks["cleo"]["penalty"], marks["ada"]["mark"]) == ("1.4", "13.5")
    return place, marks


def fresh(made_course: Course, place: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A course that nobody has taught yet, as from a new clone; the current folder is in it."""
    names = ("unused.db", "gradebook.db", ".course_secret", ".grading")
    shutil.copytree(made_course.root, place, ignore=shutil.ignore_patterns(*names))
    monkeypatch.chdir(place)
    return Course.at(place)


def parts_of(course: Course) -> dict[str, str]:
    """The files that a backup brings back."""
    folders = ("submitted/", "autograded/", ".grading/")
    return {name: digest for name, digest in tree(course.root).items() if name.startswith(folders)}


def test_a_restored_class_has_equal_marks(
    backed_up: tuple[Path, dict[str, dict[str, str]]],
    term: Course,
    made_course: Course,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place, marks = backed_up
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    again = fresh(made_course, tmp_path / "again", monkeypatch)
    assert "Restored what was backed up on" in autograder("restore", place)
    assert table(again) == marks
    assert parts_of(again) == parts_of(term)
    for name in (".course_secret", "course.toml"):
        assert (again.root / name).read_bytes() == (term.root / name).read_bytes()
    # What was graded then is known as such, and graded anew it earns the same.
    assert "3 unchanged" in autograder("grade", "probe")
    autograder("grade", "probe", "--force")
    assert table(again) == marks


def test_nothing_is_overwritten_in_silence(
    backed_up: tuple[Path, dict[str, dict[str, str]]], term: Course
) -> None:
    place, marks = backed_up
    before = place.read_bytes()
    assert "is there already: name another file" in autograder("backup", place, fails=1)
    assert place.read_bytes() == before
    mark_by_hand(term, "ada", 0)
    later = table(term)
    said = autograder("restore", place, fails=1)
    assert "There is a class already: submitted/, autograded/, .grading/, sqlite:///" in said
    assert table(term) == later
    said = autograder("restore", place, "--replace")
    assert table(term) == marks
    [kept] = (term.root / "backups").glob("cnn-before-restore-*.zip")
    assert f"What was there before: {kept}" in said
    autograder("restore", kept, "--replace")
    assert table(term) == later


def test_what_is_no_backup_is_refused(term: Course, tmp_path: Path) -> None:
    before = tree(term.root)
    other = tmp_path / "other.zip"
    said = autograder("restore", other, "--replace", fails=1)
    assert "other.zip cannot be restored" in said
    other.write_bytes(b"no archive")
    assert "not a backup of a class" in autograder("restore", other, "--replace", fails=1)
    place = tmp_path / "class.zip"
    autograder("backup", place)
    whole = place.read_bytes()
    with zipfile.ZipFile(place) as archive:
        entry = archive.getinfo("gradebook.db")
    for offset in range(100, entry.compress_size, entry.compress_size // 12):
        data = bytearray(whole)
        data[entry.header_offset + offset] ^= 0xFF
        place.write_bytes(bytes(data))
        assert "cannot be restored" in autograder("restore", place, "--replace", fails=1)
    place.write_bytes(whole[: len(whole) // 2])
    assert "cannot be restored" in autograder("restore", place, "--replace", fails=1)
    assert tree(term.root) == before


def test_two_backups_within_a_second_are_two_files(term: Course) -> None:
    said = {autograder("backup").partition(": ")[0] for _ in range(3)}
    assert len(said) == len(list((term.root / "backups").iterdir())) == 3


def test_a_class_moves_to_postgresql_and_back(
    backed_up: tuple[Path, dict[str, dict[str, str]]],
    made_course: Course,
    tmp_path: Path,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place, marks = backed_up
    course = fresh(made_course, tmp_path / "server", monkeypatch)
    course = configure(course, f"c.CourseDirectory.db_url = {database!r}")
    autograder("restore", place)
    assert table(course) == marks
    assert not (course.root / "gradebook.db").exists()
    assert "3 unchanged" in autograder("grade", "probe")
    back = tmp_path / "back.zip"
    autograder("backup", back)
    assert "There is a class already" in autograder("restore", back, fails=1)
    file = fresh(made_course, tmp_path / "file", monkeypatch)
    autograder("restore", back)
    assert table(file) == marks


# Forgetting


def named(course: Course, words: tuple[str, ...]) -> list[str]:
    """The files of a class in which, or in whose names, somebody is named."""
    return [
        path.relative_to(course.root).as_posix()
        for path in course.root.rglob("*")
        if path.is_file()
        and (
            any(word in path.relative_to(course.root).as_posix() for word in words)
            or any(word.encode() in path.read_bytes() for word in words)
        )
    ]


def test_a_student_is_forgotten(term: Course) -> None:
    settings(term, DUE)
    autograder("extend", "probe", "cleo", "2026-10-03 10:00")
    for command in ("feedback", "report"):
        autograder(command, "probe")
    others = {name: row for name, row in table(term).items() if name != "cleo"}
    autograder("backup")
    words = ("cleo", "Cleo")
    before = named(term, words)
    assert {name.partition("/")[0] for name in before} >= {
        *("submitted", "autograded", "feedback", "reports", ".grading", "_build", "gradebook.db")
    }
    said = autograder("forget", "cleo")
    assert "Nothing has been removed: --yes does it." in said
    assert named(term, words) == before
    said = autograder("forget", "cleo", "--yes")
    for words_of_line in ("submitted/cleo/", ".grading/extensions.json", "the backup"):
        assert words_of_line in said
    left = [name for name in named(term, words) if not name.startswith("backups/")]
    assert left == []
    assert {name: row for name, row in table(term).items() if name != "cleo"} == others
    assert "cleo" not in table(term)
    # Nobody else has lost anything, and a second time there is nothing to do.
    assert "2 unchanged" in autograder("grade", "probe")
    autograder("report", "probe")
    said = autograder("forget", "cleo", "--yes", fails=1)
    assert "there is no student 'cleo'" in said


def test_a_typing_error_forgets_nobody(term: Course) -> None:
    before = tree(term.root)
    assert "Did you mean cleo?" in autograder("forget", "clo", "--yes", fails=1)
    assert tree(term.root) == before


# Who may read what


def modes(course: Course) -> dict[str, str]:
    folders = ("submitted", "autograded", "feedback", "reports", ".grading", "_build/marks")
    paths = [course.root / "gradebook.db", course.root / ".course_secret"]
    for folder in folders:
        paths += [course.root / folder, *(course.root / folder).rglob("*")]
    return {
        path.relative_to(course.root).as_posix(): f"{stat.S_IMODE(path.stat().st_mode):o}"
        for path in paths
    }


def teach(course: Course) -> dict[str, str]:
    """Use every command that writes something of students; return what it is open to."""
    for command in (("grade",), ("feedback",), ("report",), ("export", "--csv")):
        autograder(command[0], "probe", *command[1:])
    return modes(course)


def test_others_read_nothing(term: Course) -> None:
    # What an earlier version has left open is closed.
    for path in (term.root / "submitted").rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    (term.root / "submitted").chmod(0o755)
    (term.root / "gradebook.db").chmod(0o644)
    mode_of = teach(term)
    secret, pages = mode_of.pop(".course_secret"), "feedback/"
    assert secret == "600"
    assert mode_of["gradebook.db"] == "640"
    assert "_build/marks/probe.csv" in mode_of
    for name, mode in mode_of.items():
        # nbgrader copies a page to its student as it is.
        if not (name.startswith(pages) and name.endswith(".html")):
            assert mode in ("750", "640", "700", "600"), (name, mode)
    assert mode_of["submitted"] == mode_of["feedback"] == "750"


def test_co_teachers_share_a_group(term: Course) -> None:
    if os.geteuid() != 0 and len(os.getgroups()) < 2:
        pytest.skip("left out: a second group is needed, which this account has not")
    group = next(entry for entry in grp.getgrall() if entry.gr_gid not in (0, os.getegid()))
    if os.geteuid() != 0:
        group = grp.getgrgid(next(gid for gid in os.getgroups() if gid != os.getegid()))
    settings(term, "")
    text = (term.root / "course.toml").read_text()
    (term.root / "course.toml").write_text(f'group = "{group.gr_name}"\n{text}')
    mode_of = teach(term)
    assert mode_of["gradebook.db"] == "660"
    assert mode_of[".course_secret"] == "640"
    for name, mode in mode_of.items():
        path = term.root / name
        assert path.stat().st_gid == group.gr_gid, name
        if path.is_dir():
            assert mode == "2770", name
        elif name.startswith(("submitted/", "autograded/")):
            assert mode == "660", name


def test_a_group_that_does_not_exist_is_named(term: Course) -> None:
    settings(term, "")
    text = (term.root / "course.toml").read_text()
    (term.root / "course.toml").write_text(f'group = "nobody-teaches"\n{text}')
    said = autograder("grade", "probe", fails=1)
    assert "the group 'nobody-teaches', which this machine does not have" in said


def test_a_command_leaves_the_mask_of_its_process_as_it_was(term: Course) -> None:
    before = os.umask(0o22)
    try:
        autograder("export", "probe", "--csv")
        assert os.umask(0o22) == 0o22
    finally:
        os.umask(before)


def test_a_class_that_is_opened_leaves_no_mask_behind(term: Course) -> None:
    before = os.umask(0o22)
    try:
        with opened_class(term.root):
            (term.notes / "new").touch()
        assert stat.S_IMODE((term.notes / "new").stat().st_mode) == 0o640
        assert os.umask(0o22) == 0o22
        settings(term, 'group = "nobody-teaches"')
        with pytest.raises(CourseError), opened_class(term.root):
            pass
        assert os.umask(0o22) == 0o22
    finally:
        os.umask(before)


def test_the_notes_of_a_migration_forget_as_well(term: Course) -> None:
    notes = [{"student": "cleo", "cell": "why", "comment": "Well."}, {"student": "ada"}]
    path = term.notes / "migrations" / "probe" / "then.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notes))
    autograder("forget", "cleo", "--yes")
    assert json.loads(path.read_text()) == [{"student": "ada"}]
    with Gradebook(term.gradebook, "cnn") as gradebook:
        assert [student.id for student in gradebook.students] == ["ada", "ben", "dan"]
