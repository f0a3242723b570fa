"""What checks a task on a page of the book, here outside of the browser."""

from __future__ import annotations

import sys

import pytest

from autograder.checks import FILE_NAME, load_checks
from autograder.student import page
from autograder.student.check import check
from autograder.student.page import PageReport, check_task
from tests import COURSE

FIRST = """\
import matplotlib.missing_here as plt
import numpy as np
from autograder import check, explore
scale = 1.0
plt.show()
"""
CORR2D = """\
def corr2d(x, w):
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    y = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            y[i, j] = scale * np.sum(x[i : i + w.shape[0], j : j + w.shape[1]] * w)
    return y
"""
STUB = "def corr2d(x, w):\n    raise NotImplementedError()\n"
CONVOLVE2D = "def convolve2d(x, w):\n    return corr2d(x, w[::-1, ::-1])\n"


@pytest.fixture(autouse=True)
def checks_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `check` find its file as before, after a test."""
    monkeypatch.setattr(check, "_path", check._path)


def checked(*own: str, task: str = "corr2d", first: str = FIRST) -> PageReport:
    """Check a task after the course's first cell and the reader's own cells."""
    cells = [(first, False), *((code, True) for code in own)]
    return check_task(task, cells, COURSE / "exercises" / "filters" / "checks.npz")


def test_right_and_wrong() -> None:
    assert checked(CORR2D).for_page()["passed"]
    wrong = checked(CORR2D.replace("np.sum", "np.mean")).for_page()
    assert not wrong["passed"]
    assert wrong["misconception"] == "mean_for_sum"
    cases = len(load_checks(COURSE / "exercises" / "filters" / FILE_NAME)["corr2d"].cases)
    assert wrong["title"] == f"corr2d: 1 of {cases} cases passed."
    assert "too small by the same factor" in wrong["html"]


def test_earlier_tasks_are_used() -> None:
    assert checked(CORR2D, CONVOLVE2D, task="convolve2d").for_page()["passed"]
    lines = checked(STUB, CONVOLVE2D, task="convolve2d").report.text
    assert "It calls `corr2d`, which is not done yet. Do that task first." in lines
    broken = CORR2D.replace("scale *", "2 *")
    lines = checked(broken, CONVOLVE2D, task="convolve2d").report.text
    assert "`corr2d`, which does not pass the check yet" in lines


def test_only_what_an_answer_needs_of_the_courses_cells_is_run() -> None:
    """Else `plt.show()` would stop the first cell: its package is not there."""
    assert "plt.show()" in FIRST
    assert checked(CORR2D).report.tone == "good"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def corr2d(x, w)\n    return x", "Your code stopped: SyntaxError: expected ':'"),
        ("import matplotlib.missing_here\n", "download the notebook: what you write here is in it"),
        ("corr2d = 3\n", "corr2d is not a function any more."),
        ("def corr2D(x, w):\n    return x", "There is `corr2D`: did you rename the function?"),
        (f"{CORR2D}\n1 / 0\n", "Your code stopped: ZeroDivisionError: division by zero"),
        ("def corr2d(x, w):\n    return 1 / 0", "line 2 of corr2d: return 1 / 0"),
        (CONVOLVE2D, "This is the place of `corr2d`, and `convolve2d` stands here."),
        ("x = input('x?')", "EOFError: nobody can answer input() here: write the value into your"),
        ("def corr2d(x, w):\n    return input()", "EOFError: nobody can answer input() here"),
    ],
)
def test_what_stops_the_code_is_said(code: str, words: str) -> None:
    assert words in checked(code).report.text


def test_an_endless_loop_outside_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "SECONDS_PER_CALL", 0.2)
    assert "after 0.2 seconds it was still running" in checked("while True: pass").report.text


def test_what_is_printed_belongs_to_the_task() -> None:
    code = f"{CORR2D}\nprint('own line', corr2d(*check.case(corr2d, 1))[0, 0])"
    assert checked("print('earlier')", code).printed == "own line 4.0\n"
    # Where warnings go, too:
    assert checked(f"import sys\nprint('error', file=sys.stderr)\n{CORR2D}").printed == "error\n"


def test_what_is_left_out_of_much_output_is_said() -> None:
    printed = checked(f"{CORR2D}\nfor i in range(1000): print(i)").printed
    assert printed.endswith("\n39\n… and 3,780 characters more, which are left out\n")


def test_lines_of_notebooks_are_left_out() -> None:
    code = f"%matplotlib inline\n!pip install scipy\n{CORR2D}if True:\n    %time corr2d\n"
    report = checked(code).report
    assert report.tone == "good"
    assert "Lines that begin with % or ! are for notebooks" in report.text
    assert "for notebooks" not in checked(f"{CORR2D}\nx = (7\n% 4)").report.text


def test_the_main_module_stays() -> None:
    before = sys.modules["__main__"]
    checked(CORR2D)
    assert sys.modules["__main__"] is before


@pytest.mark.parametrize(
    ("code", "words", "gone"),
    [
        (STUB, "by your own code, and check again.", "run the cell"),
        ("def corr2d(x, w):\n    return x", "`print(corr2d(*check.case(corr2d, 1)))`", "xxx"),
        ("del np\ndef corr2d(x, w):\n    return np", "Write `import numpy as np` above", "Run the"),
        ("def corr2d(x, w):\n    return q", "Is it the name of an earlier task?", "run that cell"),
    ],
)
def test_words_for_notebooks_are_not_used(code: str, words: str, gone: str) -> None:
    text = checked(code).report.text
    assert words in text
    assert gone not in text


def test_every_replacement_is_tested() -> None:
    assert len(page.WORDS) == 4
