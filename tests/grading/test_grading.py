"""Grading: honest notebooks keep their points, a class is graded whole, nbgrader agrees."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder import grading
from autograder.grading.course import SECRET_FILE, Course, CourseError, seed
from autograder.grading.engine import NotebookGrader
from autograder.grading.gradebook import Entry, Ledger
from autograder.grading.options import GradingOptions, figures_to_draw
from autograder.grading.rebuild import rebuild
from autograder.grading.submission import read_submission
from autograder.grading.submitted_notebook import UnreadableSubmission, notebook_of
from autograder.nbgrader_settings import nbgrader_settings
from tests import COURSE
from tests.grading import grading_class
from tests.grading.grading_class import POINTS, RIGHT, Grader, cell, points

NOTHING = dict.fromkeys(POINTS, 0.0)


# Honest notebooks

HONEST: dict[str, tuple[str, ...]] = {
    "as it should be": (),
    "a warning on standard error": (
        "import sys, warnings\nwarnings.warn('x')\nprint(1, file=sys.stderr)",
    ),
    "much output": ("for i in range(20_000): print(i)",),
    "plots and widgets": (
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.imshow(np.eye(3)); plt.show()",
        "from ipywidgets import interact\ninteract(lambda a: a, a=3)",
    ),
    "shell commands": ("!pip install numpy\n%pip install numpy\n!nvidia-smi",),
    "a cell that fails": ("1 / 0", "raise SystemExit", "undefined_name", "def broken(:"),
    "an endless cell": ("while True: pass",),
    "a cell that ends Python": ("import os\nos._exit(3)",),
    "own checks": ("check(scale)", "from autograder import *\nexplore(scale, 3)"),
    "input is asked for": ("x = input('your name?')",),
    "files": (
        "np.save('mine.npy', np.eye(2))\nnp.load('mine.npy')\nopen('notes.txt', 'w').write('x')",
    ),
    "plain text of a visible case": ("print(*check.case('scale', 1))",),
    "other names": ("import numpy\nfrom math import *\nimport random as r\nr.seed(1)",),
    "a dark style": ("import matplotlib\nmatplotlib.use('TkAgg')",),
    "top-level await": ("import asyncio\nawait asyncio.sleep(0)",),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_notebooks_get_all_points(grader: Grader, name: str) -> None:
    graded = grader.grade(grader.notebook(RIGHT, *HONEST[name]))
    assert points(graded) == POINTS
    assert graded.flags == ()
    nbformat.validate(graded.notebook)


STYLES = {
    "type hints": "def scale(x: np.ndarray, factor: float = 1) -> np.ndarray: return x * factor",
    "a lambda": "scale = lambda x, factor: factor * x",
    "float32": "def scale(x, factor):\n    return (x * factor).astype(np.float32)",
    "a helper function": "def product(a, b): return a * b\ndef scale(x, f): return product(x, f)",
    "a callable object": (
        "class Scale:\n    def __call__(self, x, factor): return x * factor\nscale = Scale()"
    ),
    "functools": "import functools, operator\nscale = functools.partial(lambda a, x, f: x * f, 0)",
    "a cache": "import functools\n@functools.wraps(print)\ndef scale(x, factor): return x * factor",
    "prints": "def scale(x, factor):\n    print('called with', x)\n    return x * factor",
    "warnings": (
        "def scale(x, factor):\n    np.log(-1.0); import warnings; warnings.warn('x')\n"
        "    return x * factor"
    ),
    "plots": (
        "def scale(x, factor):\n    import matplotlib.pyplot as plt\n    plt.plot([1])\n"
        "    return x * factor"
    ),
    "a docstring and a test": (
        "def scale(x, factor):\n    '''Scale.\n\n    >>> 1\n    1\n    '''\n    return x * factor\n"
        "assert scale(np.ones(2), 2).tolist() == [2, 2]"
    ),
    "loops": (
        "def scale(x, factor):\n    out = np.zeros_like(x)\n"
        "    for i in np.ndindex(*x.shape): out[i] = x[i] * factor\n    return out"
    ),
    "a strided result": "def scale(x, factor): return np.stack([x, x * factor], -1)[..., 1]",
    "a Fortran-ordered result": "def scale(x, factor): return np.asfortranarray(x * factor)",
    "random numbers for something else": (
        "def scale(x, factor):\n    np.random.rand(3)\n    return x * factor"
    ),
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def scale(x, factor):\n    with ThreadPoolExecutor(2) as pool:\n"
        "        return list(pool.map(lambda f: x * f, [factor]))[0]"
    ),
    "a cell magic": "%%time\ndef scale(x, factor): return x * factor",
    "an endless loop behind it": "def scale(x, factor):\n    return x * factor\nwhile True: pass",
    "slow, within the limit": (
        "def scale(x, factor):\n    import time\n    time.sleep(0.1)\n    return x * factor"
    ),
}


@pytest.mark.parametrize("name", STYLES)
def test_styles_do_not_matter(grader: Grader, name: str) -> None:
    graded = grader.points(grader.notebook({**RIGHT, "scale": STYLES[name]}))
    assert graded == POINTS


def test_tuples_may_be_named(grader: Grader) -> None:
    source = (
        "from typing import NamedTuple\nclass Pair(NamedTuple):\n    low: float\n    high: float\n"
        "def extremes(x): return Pair(np.min(x), np.max(x))"
    )
    assert grader.points(grader.notebook({**RIGHT, "extremes": source})) == POINTS


def test_an_empty_notebook_gets_nothing(grader: Grader) -> None:
    graded = grader.grade(grader.notebook({}))
    assert points(graded) == NOTHING
    assert graded.flags == ()


def test_points_are_shared_out_over_cases(grader: Grader) -> None:
    only_vectors = "def extremes(x):\n    if x.ndim > 1: return None\n    return min(x), max(x)"
    graded = grader.grade(grader.notebook({**RIGHT, "extremes": only_vectors}))
    assert points(graded) == {**POINTS, "extremes": 1.0}


def test_misconceptions_are_found(grader: Grader) -> None:
    swapped = "def extremes(x):\n    return x.max(), x.min()"
    graded = grader.grade(grader.notebook({**RIGHT, "extremes": swapped}))
    assert [task.misconception for task in graded.tasks] == [None, None, None, "swapped"]
    assert "Think of swapped." in test_text(graded.notebook, "extremes")


def test_an_endless_function_costs_its_own_points_only(grader: Grader) -> None:
    endless = "def total(x):\n    while True: pass"
    started = time.monotonic()
    graded = grader.grade(grader.notebook({**RIGHT, "total": endless}))
    assert points(graded) == {**POINTS, "total": 0.0}
    assert time.monotonic() - started < 15
    # The course's own cells that would call it are not run.
    trials = [cell for cell in graded.notebook.cells if "sum_of_row" in cell.source]
    assert len(trials) == 2
    for trial in trials:
        assert "What no answer needs of this cell is left out" in str(trial.outputs)


def test_a_crashing_function_costs_its_own_points_only(grader: Grader) -> None:
    crash = "import ctypes\ndef total(x):\n    ctypes.string_at(0)"
    assert grader.points(grader.notebook({**RIGHT, "total": crash})) == {**POINTS, "total": 0.0}


def test_state_survives_a_killed_process(grader: Grader) -> None:
    # `apply` needs what the early cell has defined; `total` kills the process in between.
    notebook = grader.notebook(
        {
            **RIGHT,
            "total": "import os\ndef total(x):\n    os._exit(1)",
            "apply": "def apply(f, x):\n    return double_first_row(f(x))",
        },
        "def double_first_row(out):\n    out[0] *= 2\n    return out",
    )
    assert grader.points(notebook) == {**POINTS, "total": 0.0}


def test_tasks_are_examined_where_their_tests_stand(grader: Grader) -> None:
    notebook = grader.notebook(RIGHT)
    notebook.cells.append(new_code_cell("def scale(x, factor): return None"))
    assert grader.points(notebook) == POINTS


def test_submitted_files_can_be_used(grader: Grader) -> None:
    notebook = grader.notebook({**RIGHT, "scale": "from mine import scale"})
    files = {"mine.py": b"def scale(x, factor): return x * factor", "numpy.py": b"1 / 0"}
    assert grader.points(notebook, files=files) == POINTS


def test_the_whole_notebook_has_a_limit_too(grader: Grader) -> None:
    slow = ["import time\nfor _ in range(20): time.sleep(0.04)"] * 60
    started = time.monotonic()
    grader.grade(grader.notebook({}, *slow))
    assert time.monotonic() - started < 60


# The graded notebook


def test_text(notebook: NotebookNode, task: str) -> str:
    data = cell(notebook, f"check-{task}").outputs[0].data
    return f"{data['text/plain']}\n{data['text/html']}"


test_text.__test__ = False  # type: ignore[attr-defined]


def test_outputs_are_what_nbgrader_reads(grader: Grader) -> None:
    graded = grader.grade(grader.notebook({**RIGHT, "total": "def total(x): return 0"}))
    outputs = cell(graded.notebook, "check-scale").outputs
    assert [output.output_type for output in outputs] == ["display_data", "execute_result"]
    assert outputs[1].data == {"text/plain": "4.0"}
    assert cell(graded.notebook, "check-total").outputs[1].data == {"text/plain": "0.0"}


def test_feedback_lists_every_case_and_no_hidden_value(grader: Grader) -> None:
    source = "def scale(x, factor):\n    raise ValueError(f'secret {x.tolist()} {factor}')"
    source_hidden = (
        "calls = []\ndef scale(x, factor):\n    calls.append(1)\n"
        "    if len(calls) > 3: raise ValueError(f'secret {x.tolist()} {factor}')\n"
        "    return x * factor"
    )
    for answer in (source, source_hidden):
        graded = grader.grade(grader.notebook({**RIGHT, "scale": answer}))
        text = test_text(graded.notebook, "scale")
        for name in ("a vector", "a matrix", "another factor", "no rows"):
            assert name in text
        hidden = grader.chapter.tasks[0].checks(grading_class.SEED).cases[-2]
        assert hidden.hidden
        assert str(hidden.arguments["x"].tolist()) not in text
    assert "secret [" not in text


def test_outputs_of_a_notebook_are_limited(grader: Grader) -> None:
    noise = (
        "import matplotlib.pyplot as plt\nfor _ in range(8):\n"
        "    plt.figure(figsize=(6, 6)); plt.imshow(np.random.rand(600, 600, 3))"
    )
    graded = grader.grade(grader.notebook(RIGHT, *["import numpy as np", *[noise] * 12]))
    assert points(graded) == POINTS
    assert len(nbformat.writes(graded.notebook)) < 25_000_000


def test_large_results_are_not_kept(grader: Grader) -> None:
    large = "def scale(x, factor): return np.zeros(3_000_000)"
    graded = grader.grade(grader.notebook({"scale": large}))
    assert "far too large" in test_text(graded.notebook, "scale")


OWN_FIGURE = "plt.figure(); plt.plot([2, 1]); print('marker is', marker)"
COURSE_FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nmarker = 5"


@pytest.mark.parametrize(
    ("figures", "course_cell", "drawn"),
    [
        ("all", COURSE_FIGURE, [True, True]),
        ("own", COURSE_FIGURE, [False, True]),
        ("own", COURSE_FIGURE + "  # mine", [True, True]),
        ("none", COURSE_FIGURE, [False, False]),
    ],
    ids=["all", "own", "own, changed", "none"],
)
def test_figures_are_drawn_as_wanted_and_every_cell_is_run(
    grader: Grader, figures: str, course_cell: str, drawn: list[bool]
) -> None:
    release = copy.deepcopy(grader.chapter.release)
    release.cells.insert(2, new_code_cell(COURSE_FIGURE, id="figure"))
    chapter = dataclasses.replace(grader.chapter, release=release)
    notebook = grader.notebook(RIGHT)
    notebook.cells.insert(2, new_code_cell(course_cell, id="figure"))
    notebook.cells.insert(3, new_code_cell(OWN_FIGURE))
    submitted = notebook_of(json.loads(nbformat.writes(notebook)))
    rebuilt = rebuild(submitted, release)
    graded = NotebookGrader(chapter, grader.sandbox, figures).grade(rebuilt, grading_class.SEED)
    assert points(graded) == POINTS
    nbformat.validate(graded.notebook)
    has_picture = []
    for source in (course_cell, OWN_FIGURE):
        outputs = next(cell for cell in graded.notebook.cells if cell.source == source).outputs
        displayed = [output.data for output in outputs if output.output_type == "display_data"]
        texts = [data["text/plain"] for data in displayed if "Figure" in data["text/plain"]]
        if source == COURSE_FIGURE and figures != "all":
            assert [output.text for output in outputs] == [
                "[grading] What no answer needs of this cell is left out.\n"
            ]
        else:
            assert len(texts) == 1
            assert ("not drawn while grading" in texts[0]) == ("image/png" not in displayed[-1])
        has_picture.append(any("image/png" in data for data in displayed))
    assert has_picture == drawn
    assert outputs[0].text == "marker is 5\n"


def test_figures_to_draw_are_set_in_one_place(grader: Grader, tmp_path: Path) -> None:
    assert figures_to_draw(Config()) == "own"
    settings = Config({"ExamineSubmission": {"figures": "all"}})
    assert figures_to_draw(settings) == "all"
    assert figures_to_draw(settings, "none") == "none"
    assert settings.ExamineSubmission.figures == "all"
    for wrong in (Config({"ExamineSubmission": {"figures": "some"}}), Config()):
        with pytest.raises(CourseError, match=r"'some' is no choice .* all, own, none"):
            figures_to_draw(wrong, None if wrong else "some")
    with pytest.raises(CourseError, match="all, own, none"):
        grading.grade(
            grader.course.root, "probe", classroom=tmp_path, options=GradingOptions(figures="some")
        )


def test_markup_of_students_is_shown_as_text(grader: Grader) -> None:
    evil = "<img src=x onerror=alert(1)>"
    source = f"def scale(x, factor):\n    raise type('{evil}', (Exception,), {{}})('{evil}')"
    graded = grader.grade(grader.notebook({"scale": source}))
    html = cell(graded.notebook, "check-scale").outputs[0].data["text/html"]
    assert "<img" not in html
    assert "&lt;img" in html


def test_output_of_students_is_kept_without_markup(grader: Grader) -> None:
    notebook = grader.notebook(
        RIGHT, "from IPython.display import *\nprint('hello')\nHTML('<script>1</script>')"
    )
    graded = grader.grade(notebook)
    text = json.dumps(graded.notebook)
    assert "hello" in text
    assert "<script>" not in text.replace("HTML('<script>1</script>')", "")


# Hidden cases


def test_seeds_differ_by_secret_chapter_student_and_attempt() -> None:
    seeds = {
        seed(secret, chapter, student, attempt)
        for secret in (b"a", b"b")
        for chapter in ("one", "on")
        for student in ("eve", "e", "ve")
        for attempt in ("first", "second", "efirst")
    }
    assert len(seeds) == 36
    assert seed(b"a", "one", "eve", "first") == seed(b"a", "one", "eve", "first")


def test_the_secret_is_made_once_and_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUTOGRADER_SECRET", raising=False)
    course = Course.at(tmp_path)
    first = course.secret()
    assert len(first) == 64
    assert course.secret() == first
    assert (tmp_path / SECRET_FILE).stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("AUTOGRADER_SECRET", "other")
    assert course.secret() == b"other"


def test_a_lost_secret_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTOGRADER_SECRET", raising=False)
    course = Course.at(tmp_path)
    first = course.secret()
    note = course.notes / "probe" / "0123.json"
    note.parent.mkdir(parents=True)
    note.write_text("{}")
    (tmp_path / SECRET_FILE).unlink()
    with pytest.raises(CourseError, match="Restore it from a backup"):
        course.secret()
    assert not (tmp_path / SECRET_FILE).exists()
    course.notes.rename(tmp_path / "moved away")
    assert course.secret() != first


def test_a_table_of_the_visible_results_earns_nothing(grader: Grader) -> None:
    table = "def total(x):\n    table = {%s}\n    return table.get(x.tobytes(), 0.0)"
    cases = grader.chapter.tasks[1].problem.visible_checks().cases
    entries = ", ".join(f"{c.arguments['x'].tobytes()!r}: {c.expected!r}" for c in cases)
    graded = grader.grade(grader.notebook({"total": table % entries}))
    assert points(graded) == NOTHING


# Reading submissions


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"hello", "no JSON"),
        (b"\xff\xfe\x00", "not text"),
        (b"[1, 2]", "not a notebook"),
        (b'{"cells": []}', "not a notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "format 3"),
        (b'{"nbformat": 5, "cells": []}', "format 5"),
        (b'{"nbformat": "4", "cells": []}', "format 4"),
        (b'{"nbformat": 4}', "no cells"),
        (b'{"nbformat": 4, "cells": {}}', "no cells"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code"', "ends too early"),
        (b"[" * 100_000, "deeply"),
        (b"[" + b"[]," * 3_000_000 + b"0]", "too many lists"),
        (json.dumps({"nbformat": 4, "cells": [1] * 5000}).encode(), "5000 cells"),
        (
            json.dumps(
                {"nbformat": 4, "cells": [{"cell_type": "raw", "source": "x" * 3_000_000}]}
            ).encode(),
            "2 MB",
        ),
    ],
)
def test_what_is_no_notebook_is_told_in_a_sentence(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "probe.ipynb").write_bytes(content)
    with pytest.raises(UnreadableSubmission, match=reason):
        read_submission(tmp_path, "probe").parsed()


def test_links_pipes_and_folders_are_no_submissions(tmp_path: Path) -> None:
    place = tmp_path / "probe.ipynb"
    for make, reason in (
        (lambda: place.symlink_to("/etc/passwd"), "symbolic link"),
        (lambda: os.mkfifo(place), "regular file"),
        (place.mkdir, "regular file|cannot be opened"),
        (lambda: None, "no file"),
    ):
        make()
        with pytest.raises(UnreadableSubmission, match=reason):
            read_submission(tmp_path, "probe").parsed()
        if place.is_dir() and not place.is_symlink():
            place.rmdir()
        else:
            place.unlink(missing_ok=True)


def test_lines_steer_no_terminal(grader: Grader) -> None:
    notebook = grader.notebook(RIGHT)
    cell(notebook, "scale").metadata["tags"] = ["\x1b[2J\x1b]0;owned\x07", "\n", "\u202e"]
    flags = grader.grade(notebook).flags
    assert flags
    result = grading.SubmissionResult("eve\x1b[1m", "probe", "graded", (), flags=flags)
    assert result.line.isprintable()


def test_another_name_is_mentioned(tmp_path: Path) -> None:
    (tmp_path / "probe (1).ipynb").write_text("{}")
    with pytest.raises(UnreadableSubmission, match=re.escape("probe (1).ipynb")):
        read_submission(tmp_path, "probe").parsed()


def test_extra_files_are_read_without_links(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "eve" / "probe"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "picture.png").write_bytes(b"png")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    (folder / "big").write_bytes(bytes(20_000_000))
    assert dict(read_submission(folder, "probe").files) == {"sub/picture.png": b"png"}


CELL = {"cell_type": "code", "source": "1", "metadata": {}}


@pytest.mark.parametrize(
    "damage",
    [
        5,
        None,
        {},
        {"cell_type": "strange", "source": "x"},
        {"cell_type": "code", "source": 5},
        {"cell_type": "code", "source": ["a", 5, "b"], "metadata": []},
        {"cell_type": "code", "source": "x", "metadata": {"nbgrader": "x"}},
        {"cell_type": "code", "source": "x", "metadata": {"nbgrader": {"grade_id": []}}},
        {"cell_type": "code", "source": "\ud800", "metadata": {"tags": 5}},
        {"cell_type": "code", "source": "x", "outputs": "x", "execution_count": "x"},
        {"cell_type": "markdown", "source": "x", "attachments": {"a": 5, "b": {"c": []}}},
        {"cell_type": "code", "source": "x", "id": {"a": 1}},
        {"cell_type": "code", "source": "x", "id": "spaces are wrong"},
    ],
)
def test_damaged_cells_cost_nothing_else(grader: Grader, damage: object) -> None:
    notebook = json.loads(nbformat.writes(grader.notebook(RIGHT)))
    notebook["cells"].insert(2, damage)
    graded = grader.grade_submitted(notebook_of(notebook))
    assert points(graded) == POINTS
    nbformat.validate(graded.notebook)


def test_old_notebooks_without_cell_ids_are_fine(grader: Grader) -> None:
    notebook = json.loads(nbformat.writes(grader.notebook(RIGHT)))
    notebook["nbformat_minor"] = 2
    for plain in notebook["cells"]:
        del plain["id"]
    graded = grader.grade_submitted(notebook_of(notebook))
    assert points(graded) == POINTS
    nbformat.validate(graded.notebook)


def test_an_answer_in_a_new_cell_is_found(grader: Grader) -> None:
    notebook = grader.notebook(RIGHT)
    notebook.cells.remove(cell(notebook, "scale"))
    notebook.cells.append(new_code_cell(RIGHT["scale"]))
    graded = grader.grade(notebook)
    assert points(graded) == POINTS
    assert "recognized" in graded.flags[0]


def stray(notebook: NotebookNode, place: int) -> NotebookNode:
    """Put an answer in words into a cell of its own, so far behind the place where it belongs."""
    question = notebook.cells.index(cell(notebook, "why"))
    notebook.cells.insert(question + place, new_markdown_cell("Since it is so."))
    return notebook


def test_an_answer_in_words_is_found_beside_its_place(grader: Grader) -> None:
    lost = grader.notebook(RIGHT)
    cell(lost, "why").update(source="Since it is so.", metadata={}, id="new")
    for notebook in (lost, stray(grader.notebook(RIGHT), 1), stray(grader.notebook(RIGHT), 0)):
        graded = grader.grade(notebook)
        assert cell(graded.notebook, "why").source == "Since it is so."
        assert graded.flags == ("the answer to why is taken from cells beside its place",)
        assert sum("Since" in part.source for part in graded.notebook.cells) == 1


def test_an_answer_in_words_is_found_far_from_its_place(grader: Grader) -> None:
    notebook = stray(grader.notebook(RIGHT), 0)
    moved = next(part for part in notebook.cells if "Since" in part.source)
    notebook.cells.remove(moved)
    notebook.cells.insert(1, moved)
    graded = grader.grade(notebook)
    assert cell(graded.notebook, "why").source == "Since it is so."
    assert graded.flags == ("the answer to why is taken from cells far from its place",)


def test_words_beside_an_answer_stay_where_they_are(grader: Grader) -> None:
    notebook = stray(grader.notebook(RIGHT), 1)
    cell(notebook, "why").source = "Because."
    graded = grader.grade(notebook)
    assert cell(graded.notebook, "why").source == "Because."
    assert graded.flags == ()


def test_packages_that_are_not_allowed_are_named(grader: Grader) -> None:
    graded = grader.grade(
        grader.notebook({**RIGHT, "scale": "import scipy.signal\n" + RIGHT["scale"]})
    )
    assert points(graded) == POINTS
    assert graded.flags == ("imports scipy, which the exercise does not allow",)
    used = "import scipy.signal\ndef scale(x, factor):\n    return scipy.signal.detrend(x)"
    graded = grader.grade(grader.notebook({"scale": used}))
    assert "scipy is not allowed in this exercise, only numpy, matplotlib" in str(
        cell(graded.notebook, "check-scale").outputs
    )


def test_a_function_that_is_not_there_is_explained(grader: Grader) -> None:
    graded = grader.grade(
        grader.notebook({"scale": "", "total": "def total(x):\n    return return"})
    )
    assert "The cell that defines total stopped: SyntaxError" in str(
        cell(graded.notebook, "check-total").outputs
    )
    notebook = grader.notebook({"scale": ""})
    notebook.cells.append(new_code_cell(RIGHT["scale"]))
    graded = grader.grade(notebook)
    assert "scale is defined below its check" in str(cell(graded.notebook, "check-scale").outputs)


@pytest.mark.filterwarnings("ignore:Non-unique cell id")
def test_copied_cells_are_fine(grader: Grader) -> None:
    notebook = grader.notebook(RIGHT)
    answer = cell(notebook, "scale")
    copied = nbformat.from_dict(json.loads(json.dumps(answer)))
    answer.source = "def scale(x, factor):\n    return x  # first try"
    notebook.cells.insert(notebook.cells.index(answer) + 1, copied)
    assert grader.points(notebook) == POINTS


def test_deleted_imports_are_restored(grader: Grader) -> None:
    notebook = grader.notebook(RIGHT)
    imports = next(cell for cell in notebook.cells if "import numpy" in cell.source)
    notebook.cells.remove(imports)
    graded = grader.grade(notebook)
    assert points(graded) == POINTS
    assert graded.flags == ("code cells of the course were deleted and have been restored",)
    restored = [cell.source for cell in graded.notebook.cells]
    assert restored.index(imports.source) < restored.index(RIGHT["scale"])


def test_what_is_restored_replaces_nothing_of_the_students(grader: Grader) -> None:
    notebook = grader.notebook(RIGHT, "from math import prod as np\nimport numpy as np; mine = 1")
    notebook.cells = [
        cell for cell in notebook.cells if "autograder import check" not in cell.source
    ]
    graded = grader.grade(notebook)
    assert points(graded) == POINTS
    sources = [cell.source for cell in graded.notebook.cells if cell.cell_type == "code"]
    assert "autograder import check" in sources[0]
    assert "mine = 1" in sources[1]


def test_changed_cells_of_the_course_are_not_restored(grader: Grader) -> None:
    notebook = grader.notebook(RIGHT)
    imports = next(cell for cell in notebook.cells if "import numpy" in cell.source)
    imports.source = "import numpy as np, math\nfrom autograder import *"
    graded = grader.grade(notebook)
    assert points(graded) == POINTS
    assert graded.flags == ()
    assert sum("import numpy" in cell.source for cell in graded.notebook.cells) == 1


@pytest.mark.parametrize(
    "metadata",
    [
        {"language_info": {"name": "R"}, "kernelspec": {"name": "ir", "display_name": "R"}},
        {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}},
    ],
)
def test_another_language_is_told(grader: Grader, metadata: object) -> None:
    notebook = json.loads(nbformat.writes(grader.notebook(RIGHT)))
    notebook["metadata"] = metadata
    graded = grader.grade_submitted(notebook_of(notebook))
    assert points(graded) == POINTS
    assert graded.flags == ("written for R, graded as Python",)
    assert graded.notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        None,
        {"language_info": 3, "kernelspec": []},
        {"kernelspec": {"name": "conda-env-cnn-py", "display_name": "Mine", "language": "python"}},
        {"language_info": {"name": "Python"}},
    ],
)
def test_other_kernels_for_python_are_fine(grader: Grader, metadata: object) -> None:
    notebook = json.loads(nbformat.writes(grader.notebook(RIGHT)))
    notebook["metadata"] = metadata
    graded = grader.grade_submitted(notebook_of(notebook))
    assert points(graded) == POINTS
    assert graded.flags == ()


# A class


def _write(folder: Path, notebook: NotebookNode) -> None:
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "probe.ipynb")


def _fill(grader: Grader, classroom: Path) -> None:
    """Hand in for a class of honest, careless, broken and dishonest students."""

    def place(student: str) -> Path:
        return classroom / "submitted" / student / "probe"

    explained = grader.notebook(RIGHT)
    cell(explained, "why").source = "Because."
    _write(place("ada"), explained)
    _write(place("ben"), grader.notebook({**RIGHT, "total": "def total(x): return 0.0"}))
    _write(place("cleo"), grader.notebook({}))
    tampered = grader.notebook({"scale": RIGHT["scale"]})
    cell(tampered, "check-total").source = "2.0"
    _write(place("dan"), tampered)
    for student, content in (("eva", b""), ("fay", b"no notebook"), ("gus", b'{"nbformat": 4, ')):
        place(student).mkdir(parents=True)
        (place(student) / "probe.ipynb").write_bytes(content)
    place("hal").mkdir(parents=True)
    place("ida").mkdir(parents=True)
    (place("ida") / "probe.ipynb").symlink_to(place("ada") / "probe.ipynb")
    (classroom / "submitted" / "jon").mkdir()
    place("jon").symlink_to(place("ada"))
    (classroom / "submitted" / "kim").symlink_to(classroom / "submitted" / "ada")
    attack = """
import glob, shutil
for path in glob.glob('../../**', recursive=True): shutil.rmtree(path, ignore_errors=True)
"""
    _write(place("liv"), grader.notebook(RIGHT, attack))
    (place("ben") / "timestamp.txt").write_text("2026-01-05 10:00:00 UTC\n")
    (place("ada") / "timestamp.txt").write_text("never")


EXPECTED = {
    "ada": 11.0,
    "ben": 9.0,
    "cleo": 0.0,
    "dan": 4.0,
    "eva": "empty",
    "fay": "no JSON",
    "gus": "ends too early|no JSON",
    "hal": "no file",
    "ida": "symbolic link",
    "jon": "symbolic link",
    "kim": "symbolic link",
    "liv": 11.0,
}


@pytest.fixture(scope="module")
def classroom(grader: Grader, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class that has been graded once."""
    classroom = tmp_path_factory.mktemp("class")
    _fill(grader, classroom)
    grading.grade(
        grader.course.root, "probe", classroom=classroom, options=GradingOptions(workers=2)
    )
    return classroom


def saved(classroom: Path) -> dict[str, dict[str, float | None]]:
    """Return the automatic points in a gradebook, by student and cell."""
    with Gradebook(f"sqlite:///{classroom}/gradebook.db") as gradebook:
        return {
            submission.student.id: {
                grade.name: grade.auto_score
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in gradebook.find_assignment("probe").submissions
        }


def test_a_class_is_graded_whole(grader: Grader, tmp_path: Path) -> None:
    _fill(grader, tmp_path)
    before = _tree(tmp_path / "submitted")
    students: list[str] = []
    result = grading.grade(
        grader.course.root,
        "probe",
        classroom=tmp_path,
        options=GradingOptions(workers=2),
        on_result=lambda submission: students.append(submission.student),
    )
    assert sorted(students) == list(EXPECTED)
    for student, expected in EXPECTED.items():
        submission = result.of(student)
        if isinstance(expected, float):
            assert (submission.state, submission.points) == ("graded", expected), submission.line
        else:
            assert submission.state == "needs a person"
            assert submission.points == 0
            assert re.search(expected, submission.reason), submission.reason
            assert "\n" not in submission.line
    assert result.of("dan").flags == ("test cells were edited",)
    assert result.of("ben").tasks[1].function == "total"
    assert _tree(tmp_path / "submitted") == before
    _check_gradebook(tmp_path)


def _check_gradebook(classroom: Path) -> None:
    scores = saved(classroom)
    assert set(scores) == set(EXPECTED)
    for student, expected in EXPECTED.items():
        automatic = [v for k, v in scores[student].items() if k.startswith("check-")]
        assert sum(automatic) == (expected if isinstance(expected, float) else 0.0)
        nbformat.validate(
            nbformat.read(
                classroom / "autograded" / student / "probe" / "probe.ipynb", as_version=4
            )
        )
    # A question is graded by hand where there is an answer; an empty one is worth nothing.
    assert scores["ada"]["why"] is None
    assert scores["ben"]["why"] == 0
    with Gradebook(f"sqlite:///{classroom}/gradebook.db") as gradebook:
        by_hand = {
            student: gradebook.find_submission("probe", student).needs_manual_grade
            for student in EXPECTED
        }
        handed_in = gradebook.find_submission("probe", "ben").timestamp
    assert [student for student, needed in by_hand.items() if needed] == [
        "ada",
        *[student for student, expected in EXPECTED.items() if isinstance(expected, str)],
    ]
    assert handed_in.isoformat() == "2026-01-05T10:00:00"


def _tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_nothing_is_graded_twice(grader: Grader, classroom: Path) -> None:
    root = grader.course.root
    again = grading.grade(root, "probe", classroom=classroom)
    assert all(submission.unchanged for submission in again.submissions)
    # A new version, a lost notebook, a lost gradebook entry: graded again, and nothing else.
    ben = classroom / "submitted" / "ben" / "probe" / "probe.ipynb"
    nbformat.write(grader.notebook(RIGHT), ben)
    (classroom / "autograded" / "cleo" / "probe" / "probe.ipynb").unlink()
    with Gradebook(f"sqlite:///{classroom}/gradebook.db") as gradebook:
        gradebook.find_grade("check-scale", "probe", "probe", "dan").auto_score = 3.0
        gradebook.db.commit()
    third = grading.grade(root, "probe", classroom=classroom)
    assert [submission.student for submission in third.submissions if not submission.unchanged] == [
        "ben",
        "cleo",
        "dan",
    ]
    assert third.of("ben").points == 11.0
    assert saved(classroom)["dan"]["check-scale"] == 4.0
    forced = grading.grade(
        root, "probe", ["ada"], classroom=classroom, options=GradingOptions(force=True)
    )
    assert [(submission.student, submission.unchanged) for submission in forced.submissions] == [
        ("ada", False)
    ]
    nbformat.write(grader.notebook({**RIGHT, "total": "def total(x): return 0.0"}), ben)
    assert grading.grade(root, "probe", ["ben"], classroom=classroom).of("ben").points == 9.0


def test_another_secret_means_other_cases(
    grader: Grader, classroom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOGRADER_SECRET", "another secret")
    again = grading.grade(grader.course.root, "probe", ["ada"], classroom=classroom)
    assert [(submission.points, submission.unchanged) for submission in again.submissions] == [
        (11.0, False)
    ]
    monkeypatch.undo()
    grading.grade(grader.course.root, "probe", ["ada"], classroom=classroom)


def test_manual_points_stay(grader: Grader, classroom: Path) -> None:
    def why() -> tuple[float | None, bool]:
        with Gradebook(f"sqlite:///{classroom}/gradebook.db") as gradebook:
            grade = gradebook.find_grade("why", "probe", "probe", "ada")
            return grade.manual_score, grade.needs_manual_grade

    with Gradebook(f"sqlite:///{classroom}/gradebook.db") as gradebook:
        grade = gradebook.find_grade("why", "probe", "probe", "ada")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        gradebook.db.commit()
    grading.grade(grader.course.root, "probe", ["ada"], classroom=classroom)
    assert why() == (2.5, False)
    grading.grade(
        grader.course.root,
        "probe",
        ["ada"],
        classroom=classroom,
        options=GradingOptions(force=True),
    )
    assert why() == (2.5, True)


def test_a_submission_is_entered_whole_or_not_at_all(
    grader: Grader, classroom: Path, tmp_path: Path
) -> None:
    course = Course.at(grader.course.root, tmp_path)
    graded = (classroom / "autograded" / "ada" / "probe" / "probe.ipynb").read_text()
    with Ledger(course, grader.chapter, nbgrader_settings(course.root)) as ledger:
        other = graded.replace('"check-scale"', '"no-such-cell"')
        entries = [Entry("bea", graded, False), Entry("ada", other, False)]
        with ledger.writing(), pytest.raises(KeyError, match="no-such-cell"):
            ledger.record(entries)
        assert saved(tmp_path) == {}
        with ledger.writing():
            ledger.record([Entry("ada", graded, False)])
        assert ledger.scores("ada") == saved(classroom)["ada"]


def test_who_handed_nothing_in_is_not_entered(grader: Grader, classroom: Path) -> None:
    result = grading.grade(grader.course.root, "probe", ["nobody"], classroom=classroom)
    assert result.of("nobody").reason == "Nothing was handed in."
    assert "nobody" not in saved(classroom)


def test_an_empty_class_needs_no_sandbox(
    grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    result = grading.grade(grader.course.root, "probe", classroom=tmp_path)
    assert result.submissions == ()


def test_nothing_is_graded_without_a_sandbox(
    grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path / "submitted" / "ada" / "probe", grader.notebook(RIGHT))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(grading.SandboxUnavailable, match="bubblewrap"):
        grading.grade(grader.course.root, "probe", classroom=tmp_path)
    assert saved(tmp_path) == {}


GRADING = """
import os, pathlib, signal, sys
from autograder import grading
course, classroom, results = sys.argv[1:]
notes = pathlib.Path(classroom, ".grading", "probe")
left = int(results)
def watch(event, arguments):  # a result is written beside its place, and moved there as a whole
    global left
    if event == "os.rename" and pathlib.Path(os.fsdecode(arguments[1])).parent == notes:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
options = grading.GradingOptions(workers=2, figures="none")
grading.grade(course, "probe", classroom=classroom, options=options)
"""


def _start(grader: Grader, classroom: Path, results: int = 1_000) -> subprocess.Popen[bytes]:
    """Start a grading of its own that is killed once it has noted so many ``results``."""
    arguments = [
        *(sys.executable, "-c", GRADING),
        *(str(grader.course.root), str(classroom), str(results)),
    ]
    return subprocess.Popen(arguments, cwd=COURSE, stderr=subprocess.PIPE)


def test_killed_gradings_can_be_resumed(grader: Grader, tmp_path: Path) -> None:
    _fill(grader, tmp_path)
    notes = tmp_path / ".grading" / "probe"
    done = 0
    for results in (1, 0, 3):
        with _start(grader, tmp_path, results) as process:
            assert process.wait() == -signal.SIGKILL, process.communicate()[1]
        done += results
        assert len(list(notes.glob("*.json"))) == done
    result = grading.grade(grader.course.root, "probe", classroom=tmp_path)
    assert sum(submission.unchanged for submission in result.submissions) == done
    _check_gradebook(tmp_path)


def test_folders_whose_name_is_no_text_are_told(grader: Grader, tmp_path: Path) -> None:
    _write(tmp_path / "submitted" / os.fsdecode(b"\xff\xfe") / "probe", grader.notebook(RIGHT))
    _write(tmp_path / "submitted" / "Zoë O'Neil" / "probe", grader.notebook(RIGHT))
    result = grading.grade(grader.course.root, "probe", classroom=tmp_path)
    named, unnamed = sorted(result.submissions, key=lambda submission: submission.state)
    assert (named.student, named.points) == ("Zoë O'Neil", 11.0)
    assert unnamed.reason == "The name of the folder is not text."
    unnamed.line.encode()


def test_a_solved_notebook_of_another_name_is_not_overlooked(
    grader: Grader, tmp_path: Path
) -> None:
    for name, answers in (("ada", {}), ("ben", {"total": "def total(x): return 0.0"})):
        folder = tmp_path / "submitted" / name / "probe"
        _write(folder, grader.notebook(answers))
        nbformat.write(grader.notebook(RIGHT), folder / "probe (1).ipynb")
    result = grading.grade(grader.course.root, "probe", classroom=tmp_path)
    assert result.of("ada").doubt == (
        "probe.ipynb is as it was handed out, and there is probe (1).ipynb: give the one that "
        "counts the name probe.ipynb, and grade again."
    )
    assert result.of("ben").doubt == ""


def test_links_beside_a_notebook_are_not_followed(grader: Grader, tmp_path: Path) -> None:
    root = grader.course.root
    folder = tmp_path / "submitted" / "eve" / "probe"
    source = "def scale(x, factor): return eval(open('loot.html').read())"
    _write(folder, grader.notebook({"scale": source}))
    (folder / "loot.html").symlink_to(root / "solutions" / "probe" / "tasks" / "total.py")
    eve = grading.grade(root, "probe", classroom=tmp_path).of("eve")
    assert eve.points == 0
    assert eve.flags == ("symbolic links were not followed: loot.html",)
    shutil.rmtree(tmp_path / "autograded")
    output = nbgrader(root, tmp_path, "autograde", "probe")
    assert "There are symbolic links: loot.html." in output
    assert not [path for path in (tmp_path / "autograded").rglob("*") if path.is_file()]


def test_tens_of_megabytes_of_output_do_not_matter(grader: Grader) -> None:
    notebook = grader.notebook(RIGHT)
    cell(notebook, "scale").outputs = [
        nbformat.v4.new_output("stream", text="x" * 100_000 + "\n") for _ in range(300)
    ]
    started = time.monotonic()
    assert grader.points(notebook) == POINTS
    assert time.monotonic() - started < 20


def test_two_gradings_at_once_do_no_harm(grader: Grader, tmp_path: Path) -> None:
    _fill(grader, tmp_path)
    with _start(grader, tmp_path) as first, _start(grader, tmp_path) as second:
        errors = [process.communicate()[1] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], errors
    _check_gradebook(tmp_path)


def test_courses_that_are_not_ready_are_told(grader: Grader, tmp_path: Path) -> None:
    for chapter in ("nonsense", "../probe", ""):
        with pytest.raises(CourseError, match="chapter"):
            grading.grade(grader.course.root, chapter, classroom=tmp_path)
    copied = tmp_path / "course"
    shutil.copytree(grader.course.root, copied, ignore=shutil.ignore_patterns("exercises"))
    with pytest.raises(CourseError, match="autograder generate probe"):
        grading.grade(copied, "probe", classroom=tmp_path)


def test_an_appeal_shows_everything_and_repeats_the_grading(
    grader: Grader, classroom: Path
) -> None:
    explanation = grading.explain(grader.course.root, "probe", "ben", classroom=classroom)
    assert sum(task.points for task in explanation.tasks) == 9.0
    assert "ben, probe: 9 of 11 points" in explanation.text
    assert "hidden" in explanation.text
    assert "expected = " in explanation.text
    assert (
        explanation.text
        == grading.explain(grader.course.root, "probe", "ben", classroom=classroom).text
    )
    with pytest.raises(grading.UnreadableSubmission):
        grading.explain(grader.course.root, "probe", "eva", classroom=classroom)


# nbgrader's own commands


def nbgrader(course: Path, classroom: Path, *command: str) -> str:
    arguments = [
        f"--CourseDirectory.root={classroom}",
        f"--CourseDirectory.source_directory={course}/solutions",
        f"--CourseDirectory.release_directory={course}/exercises",
        f"--CourseDirectory.db_url=sqlite:///{classroom}/gradebook.db",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command, *arguments],
        cwd=course,
        text=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(COURSE)},
    )
    return done.stdout + done.stderr


def test_nbgrader_grades_where_nobody_has_graded_yet(grader: Grader, tmp_path: Path) -> None:
    _write(tmp_path / "submitted" / "mia" / "probe", grader.notebook(RIGHT))
    root = grader.course.root
    output = nbgrader(root, tmp_path, "autograde", "probe", "--ExamineSubmission.figures=none")
    assert sum(v for v in saved(tmp_path)["mia"].values() if v) == 11.0, output


def test_nbgrader_gives_the_same_marks(grader: Grader, classroom: Path, tmp_path: Path) -> None:
    for student in ("ada", "ben", "dan"):
        shutil.copytree(classroom / "submitted" / student, tmp_path / "submitted" / student)
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])"
    _write(tmp_path / "submitted" / "mia" / "probe", grader.notebook(RIGHT, plot))
    root = grader.course.root
    grading.grade(root, "probe", ["ada", "mia"], classroom=tmp_path)  # enters the exercise
    mias = tmp_path / "autograded" / "mia" / "probe" / "probe.ipynb"
    assert "image/png" in mias.read_text()
    shutil.rmtree(tmp_path / "autograded")
    output = nbgrader(root, tmp_path, "autograde", "probe", "--ExamineSubmission.figures=none")
    assert "not drawn while grading" in mias.read_text()
    assert "image/png" not in mias.read_text()
    assert "test cells were edited" in output
    mine, theirs = saved(classroom), saved(tmp_path)
    assert sum(v for v in theirs.pop("mia").values() if v) == 11.0
    assert {student: mine[student] for student in theirs} == theirs
    files = {path.name for path in (tmp_path / "autograded").rglob("*") if path.is_file()}
    assert files == {"probe.ipynb", "checks.npz", "timestamp.txt"}
    nbgrader(root, tmp_path, "generate_feedback", "probe")
    html = (tmp_path / "feedback" / "ben" / "probe" / "probe.html").read_text()
    assert "What was tried" in html
    assert "another factor" in html
    # Its own grading and ours can follow each other.
    assert grading.grade(root, "probe", classroom=tmp_path).of("ben").points == 9.0
