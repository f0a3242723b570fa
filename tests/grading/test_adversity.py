"""What may happen around a grading: marks stay right, and nothing of others is lost."""

from __future__ import annotations

import csv
import itertools
import json
import logging
import os
import random
import socket
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from autograder import grading
from autograder.chapter import Limits
from autograder.grading import pool as pool_module
from autograder.grading import sandbox as sandbox_module
from autograder.grading.container import SandboxUnavailable
from autograder.grading.course import Course
from autograder.grading.engine import NotebookGrader
from autograder.grading.gradebook import Ledger
from autograder.grading.marks_export import FORMULA, MarksExport, plain
from autograder.grading.pool import open_sandbox
from autograder.grading.rebuild import rebuild
from autograder.grading.sandbox import Sandbox, Session
from autograder.grading.submitted_notebook import (
    MAX_SOURCE,
    MAX_VALUES,
    UnreadableSubmission,
    document_of,
    notebook_of,
)
from autograder.nbgrader_settings import nbgrader_settings
from tests.grading.grading_class import POINTS, RIGHT, SEED, Grader, points
from tests.grading.test_grading import saved
from tests.grading.test_hostile_class import hand_in
from tests.grading.test_integrity import CELLS, DESERVED, HONEST
from tests.grading.test_sandbox import fails, printed, run


def document(grader: Grader, answers: dict[str, str], *first: str) -> Any:
    return json.loads(json.dumps(grader.notebook(answers, *first)))


# The machine


def test_jumps_of_the_clock_cost_nothing(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + rng.choice([-1e8, -10, 0, 10, 1e8]))
    busy = "import time\nb = time.process_time()\nwhile time.process_time() - b < 0.3: pass"
    assert points(grader.grade(grader.notebook(RIGHT, busy))) == POINTS


@pytest.mark.parametrize(
    "clock", ["clock_settime(0, b'\\0' * 16)", "settimeofday(b'\\0' * 16, None)"]
)
def test_a_submission_cannot_set_the_clock(grader: Grader, clock: str) -> None:
    with grader.sandbox.open() as session:
        assert printed(session, f"import ctypes\nprint(ctypes.CDLL(None).{clock})") == "-1"


def test_sandboxes_just_under_their_memory_do_not_disturb_each_other() -> None:
    limits = Limits(memory=256, disk=16)
    with (
        Sandbox(limits=limits) as one,
        Sandbox(limits=limits) as two,
        Sandbox(limits=limits) as three,
    ):
        sessions = [box.open() for box in (one, two, three)]
        for session in sessions:
            assert (
                printed(session, "x = bytearray(b'1') * (200 << 20)\nprint(len(x) >> 20)") == "200"
            )
        for session in sessions:
            assert fails(session, "y = bytearray(b'1') * (200 << 20)") == "MemoryError"
            assert printed(session, "print(x[-1], sum(range(10)))") == "49 45"


def test_many_threads_keep_to_one_core(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
import threading, time
stop = threading.Event()
for _ in range(5): threading.Thread(target=stop.wait, daemon=True).start()
"""
    with grader.sandbox.open() as session:
        run(session, source)
        threads = [int(name) for name in os.listdir(f"/proc/{session._number}/task")]
        assert len(threads) >= 6
        used = itertools.count(1.0, 1.0)  # a second of computing whenever somebody looks
        monkeypatch.setattr(Session, "cpu_seconds", lambda self: next(used))
        expired = session._expired(1e9)
        expired()
        expired()
        places = [os.sched_getaffinity(thread) for thread in threads]
        assert all(place == places[0] and len(place) == 1 for place in places)
        assert fails(session, "import os\nos.sched_setaffinity(0, range(64))") == "PermissionError"


def test_a_sandbox_that_fails_in_the_middle_loses_nothing(
    grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is graded, the second breaks the sandbox, and none can be made any more."""
    for number in range(4):
        hand_in(tmp_path, f"s{number}", document(grader, RIGHT))
    opened: list[Sandbox] = []

    def once(chapter: Any) -> Sandbox:
        if opened:
            raise SandboxUnavailable("The sandbox does not start on this machine (no reason).")
        opened.append(open_sandbox(chapter))
        return opened[0]

    def breaking(result: grading.SubmissionResult) -> None:
        if opened[0]._control.socket.fileno() >= 0:
            opened[0]._control.socket.shutdown(socket.SHUT_RDWR)

    monkeypatch.setattr(pool_module, "open_sandbox", once)
    with pytest.raises(SandboxUnavailable, match="does not start"):
        grading.grade(grader.course.root, "probe", classroom=tmp_path, on_result=breaking)
    before = saved(tmp_path)
    assert 1 <= len(before) < 4
    monkeypatch.undo()
    result = grading.grade(grader.course.root, "probe", classroom=tmp_path)
    assert [submission.points for submission in result.submissions] == [11.0] * 4
    assert sum(submission.unchanged for submission in result.submissions) == len(before)


@pytest.fixture(scope="module")
def unfiltered(grader: Grader) -> Any:
    """A sandbox as on a machine without libseccomp."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox_module, "filter_program", lambda: b"")
        logging.getLogger("autograder.grading.sandbox").setLevel(logging.ERROR)
        with open_sandbox(grader.chapter) as sandbox:
            yield sandbox
        logging.getLogger("autograder.grading.sandbox").setLevel(logging.NOTSET)


FORKS = {
    "a daemon": CELLS["a daemon"],
    "answer in advance": CELLS["answer in advance"],
    "a child that answers": """
import os, gc, socket
from autograder.grading.wire import encode
if os.fork() == 0:
    end = [o for o in gc.get_objects() if isinstance(o, socket.socket)][0]
    while True: end.send(encode({'ended': 'returned', 'value': 0.0, 'changed': []}))
""",
    "a child with the name of a sibling's work": """
import os, time
if os.fork() == 0:
    while True: time.sleep(0.01)
os.system('true')
""",
}


@pytest.mark.parametrize("kind", FORKS)
def test_without_libseccomp_nobody_earns_more(
    grader: Grader, unfiltered: Sandbox, kind: str
) -> None:
    notebook = grader.notebook(HONEST)
    notebook.cells.append(new_code_cell(FORKS[kind]))
    submitted = notebook_of(json.loads(json.dumps(notebook)))
    grader_without = NotebookGrader(grader.chapter, unfiltered)
    graded = points(grader_without.grade(rebuild(submitted, grader.chapter.release), SEED))
    assert all(graded[name] <= DESERVED[name] for name in DESERVED)
    honest = notebook_of(document(grader, RIGHT))
    again = grader_without.grade(rebuild(honest, grader.chapter.release), SEED)
    assert points(again) == POINTS


# The gradebook


def test_marks_of_stock_nbgrader_are_taken_over(grader: Grader, tmp_path: Path) -> None:
    """Automatic points are ours from now on; what a person gave stays, to be confirmed."""
    hand_in(tmp_path, "ada", document(grader, RIGHT))
    hand_in(tmp_path, "bea", document(grader, {}))
    course = Course.at(grader.course.root, tmp_path)
    with Ledger(course, grader.chapter, nbgrader_settings(course.root)):
        pass  # as nbgrader's own generate_assignment enters the exercise
    with Gradebook(course.gradebook) as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        for student in ("ada", "zoe"):
            gradebook.update_or_create_student(student)
            gradebook.update_or_create_submission("probe", student)
            for name in POINTS:
                grade = gradebook.find_grade(f"check-{name}", "probe", "probe", student)
                grade.auto_score = 0.5
            grade.manual_score = 1.5
            gradebook.find_comment("scale", "probe", "probe", student).manual_comment = "Nice."
        gradebook.db.commit()
    result = grading.grade(course.root, "probe", classroom=tmp_path)
    assert [submission.points for submission in result.submissions] == [11.0, 0.0]
    scores = saved(tmp_path)
    assert [scores["ada"][f"check-{name}"] for name in POINTS] == list(POINTS.values())
    assert [scores["zoe"][f"check-{name}"] for name in POINTS] == [0.5] * len(POINTS)
    with Gradebook(course.gradebook) as gradebook:
        ada = gradebook.find_submission_notebook("probe", "probe", "ada")
        comments = {comment.name: comment.manual_comment for comment in ada.comments}
        assert comments["scale"] == "Nice."
        [manual] = [grade for grade in ada.grades if grade.manual_score is not None]
        assert (manual.manual_score, manual.needs_manual_grade) == (1.5, True)


# Files


def test_a_picture_in_a_text_does_not_count_as_written(grader: Grader) -> None:
    """As Colab pastes them."""
    picture = "![s](data:image/png;base64," + "A" * (MAX_SOURCE + 100_000) + "=)"
    notebook = document(grader, RIGHT)
    notebook["cells"].insert(2, {"cell_type": "markdown", "metadata": {}, "source": picture})
    graded = grader.grade_submitted(notebook_of(notebook))
    assert points(graded) == POINTS
    assert picture in {c.source for c in graded.notebook.cells}
    for kind in ("code", "markdown"):
        text = "A" * (MAX_SOURCE + 1) if kind == "markdown" else picture
        notebook["cells"][2] = {"cell_type": kind, "metadata": {}, "source": text, "outputs": []}
        with pytest.raises(UnreadableSubmission, match="2 MB"):
            notebook_of(notebook)


def test_a_file_of_short_texts_is_refused_before_it_is_read() -> None:
    with pytest.raises(UnreadableSubmission, match="too many lists"):
        document_of(b'{"cells":["' + b'","' * (MAX_VALUES + 1) + b'"]}')


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (3, "open it in JupyterLab"),
        ("4", "the format 4 as a text. Jupyter writes the number 4"),
        (None, "the format None. Jupyter writes"),
    ],
)
def test_formats_are_told_without_contradiction(version: Any, words: str) -> None:
    with pytest.raises(UnreadableSubmission) as told:
        notebook_of({"nbformat": version, "cells": []})
    assert words in str(told.value)


# Spreadsheets

NAMES = [f"{sign}1+1" for sign in FORMULA] + [
    '=HYPERLINK("http://evil";"x")',
    "=cmd|'/C calc'!A1",
    " =1+1",
    "@SUM(A1)",
    "-2+3",
    "a,b",
    'a"b',
    "a\tb",
    "\t=1+1",
]


def test_names_are_text_in_the_exported_table(tmp_path: Path) -> None:
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        gradebook.add_assignment("probe")
        for name in NAMES:
            gradebook.add_student(name, first_name=name, last_name=name, email=name)
        MarksExport(to=str(tmp_path / "grades.csv")).export(gradebook)
        MarksExport(to=str(tmp_path / "one.csv"), student=["a,b"]).export(gradebook)
    with (tmp_path / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(NAMES)
    for row in rows:
        assert row["max_score"] == "0.0" or row["max_score"] == "0"
        for field in row.values():
            assert not field.lstrip().startswith((*FORMULA, "\t", "\r"))
    with (tmp_path / "one.csv").open(newline="", encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert row["student_id"] == "a,b"
    assert plain(-1.5) == "-1.5"
