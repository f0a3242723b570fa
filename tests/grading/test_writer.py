"""The writer of results: many at a time are the same as one by one, and one bad one harms none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.grading import batch
from autograder.grading.batch import Writer, note_of
from autograder.grading.course import Course
from autograder.grading.gradebook import Entry, Ledger
from autograder.grading.jobs import Job, ungraded
from autograder.grading.results import SubmissionResult
from autograder.grading.submission import read_submission
from autograder.nbgrader_settings import nbgrader_settings
from tests.grading.grading_class import Grader
from tests.grading.test_grading import saved

STUDENTS = [f"s{number:02}" for number in range(12)]


def written(
    grader: Grader, place: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> tuple[list[SubmissionResult], list[int], Path]:
    """Write a class; return what is reported, how many were saved together, and where."""
    monkeypatch.setattr(batch, "MOST_AT_A_TIME", most)
    monkeypatch.setattr(batch, "SECONDS", 1000.0)
    course = Course.at(grader.course.root, place)
    reported: list[SubmissionResult] = []
    sizes: list[int] = []
    record = Ledger.record

    def counted(ledger: Ledger, entries: list[Entry]) -> None:
        if any(entry.student == "s05" for entry in entries):
            raise ValueError("nobody can save this one")
        sizes.append(len(entries))
        record(ledger, entries)

    monkeypatch.setattr(Ledger, "record", counted)
    with (
        Ledger(course, grader.chapter, nbgrader_settings(course.root)) as ledger,
        Writer(course, grader.chapter, ledger, reported.append) as writer,
    ):
        for student in STUDENTS:
            result, notebook = ungraded(grader.chapter, student, "It is a test.")
            submission = read_submission(course.submitted(student, "probe"), "probe")
            writer.write(Job(student, submission, 1, "stamp", ()), result, notebook)
    monkeypatch.setattr(Ledger, "record", record)
    return reported, sizes, place


@pytest.mark.parametrize("most", [1, 5, 100])
def test_many_at_a_time_are_as_one_by_one(
    grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    reported, sizes, place = written(grader, tmp_path / "class", monkeypatch, most)
    assert [result.student for result in reported] == STUDENTS
    [bad] = [result for result in reported if "could not be saved" in result.reason]
    assert bad.student == "s05"
    assert "ValueError: nobody can save this one" in bad.reason
    others = [student for student in STUDENTS if student != "s05"]
    assert sum(sizes) == len(others)
    # The first one is saved at once; the batch with the bad one is saved one by one.
    assert max(sizes) == {1: 1, 5: 5, 100: 1}[most]
    rows = saved(place)
    assert sorted(rows) == others
    assert all(points == rows["s00"] for points in rows.values())
    course = Course.at(grader.course.root, place)
    for student in others:
        note = json.loads(note_of(course, "probe", student).read_text())
        assert note["stamp"] == "stamp"
        assert note["result"]["student"] == student
        assert (course.autograded(student, "probe") / "probe.ipynb").exists()
    # It is graded again next time.
    assert not note_of(course, "probe", "s05").exists()


def test_what_has_come_is_saved_when_the_grading_ends_early(
    grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "SECONDS", 1000.0)
    course = Course.at(grader.course.root, tmp_path)
    reported: list[SubmissionResult] = []
    with Ledger(course, grader.chapter, nbgrader_settings(course.root)) as ledger:
        writer = Writer(course, grader.chapter, ledger, reported.append)
        for student in STUDENTS[:4]:
            result, notebook = ungraded(grader.chapter, student, "So.")
            submission = read_submission(course.submitted(student, "probe"), "probe")
            writer.write(Job(student, submission, 1, "stamp", ()), result, notebook)
        assert len(reported) < 4
        with pytest.raises(KeyboardInterrupt), writer:
            raise KeyboardInterrupt
    assert [result.student for result in reported] == STUDENTS[:4]
    assert sorted(saved(tmp_path)) == STUDENTS[:4]
