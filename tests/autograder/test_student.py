"""The student side: what `check` answers, and that nothing a student writes takes it down."""

from __future__ import annotations

import _thread
import contextlib
import dataclasses
import html
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.checks import FILE_NAME, load_checks, save_checks
from autograder.failures import Failed
from autograder.outcomes import Returned, TimedOut
from autograder.problems import Case, Misconception, Problem, quarters
from autograder.student import limits
from autograder.student.calls import in_notebook
from autograder.student.check import CannotCheck, Check, CheckFailed
from autograder.student.limits import run_within
from tests import COURSE


def window_sums(x, w):
    """The reference of these tests: what `corr2d` does, in one expression."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            out[i, j] = np.sum(x[i : i + w.shape[0], j : j + w.shape[1]] * w)
    return out


window_sums.__name__ = "slide"


def flipped(x, w):
    return window_sums(x, w[::-1, ::-1])


def cases(rng):
    return [
        Case("a square picture", {"x": quarters(rng, 5, 5), "w": quarters(rng, 3, 3)}),
        Case("a wide picture", {"x": quarters(rng, 4, 7), "w": quarters(rng, 2, 3)}),
    ]


PROBLEM = Problem(
    window_sums,
    cases,
    (Misconception("flipped", flipped, "flip", "turned", "Is the filter still upright?"),),
    time_limit=0.3,
    explorer={"kind": "filter"},
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An exercise's folder, which is also the current one."""
    slow = dataclasses.replace(PROBLEM, time_limit=20.0)
    other = dataclasses.replace(slow, reference=_renamed("edge_bank"))
    save_checks(tmp_path / FILE_NAME, "test", [PROBLEM.visible_checks(), other.visible_checks()])
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return tmp_path


def _renamed(name: str) -> Callable[..., Any]:
    def function(x, w):
        return window_sums(x, w)

    function.__name__ = name
    return function


@pytest.fixture
def check(folder: Path) -> Check:
    return Check()


def define(source: str, folder: Path, name: str = "slide") -> Any:
    """Define a function as a student would: in a file whose lines can be shown."""
    path = folder / f"cell{abs(hash(source))}.py"
    path.write_text(source)
    names: dict[str, Any] = {"np": np, "sys": sys, "time": time, "right": window_sums}
    exec(compile(source, str(path), "exec"), names)
    return names[name]


def plain(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).replace("\n", " ")


MESSAGES = {
    "wrong type": (
        "def slide(x, w): return right(x, w).tolist()",
        ["should be a NumPy array of shape (3, 3)", "np.array(...)"],
    ),
    "no return": (
        "def slide(x, w): right(x, w)",
        ["result is None", "`return`"],
    ),
    "wrong shape": (
        "def slide(x, w): return right(x, w)[1:]",
        ["wrong shape", "got      (2, 3)", "expected (3, 3)"],
    ),
    "nan": (
        "def slide(x, w): return right(x, w) * np.nan",
        ["contains nan", "not a finite number"],
    ),
    "infinity": (
        "def slide(x, w): return right(x, w) + np.inf",
        ["contains inf"],
    ),
    "wrong value": (
        "def slide(x, w): return right(x, w) + 1",
        ["Case 1: a square picture", "x: float64 array of shape (5, 5)", "9 of 9 elements differ"],
    ),
    "misconception": (
        "def slide(x, w): return right(x, w[::-1, ::-1])",
        ["Hint: Is the filter still upright?", "slide(*check.case(slide, 1))"],
    ),
    "exception": (
        "def slide(x, w):\n    out = right(x, w)\n    return out[9]",
        ["IndexError", "line 3 of slide: return out[9]", "counted from 0"],
    ),
    "exception in a function of the student's": (
        "def inner(x):\n    return x[9]\n\ndef slide(x, w):\n    return inner(x)",
        ["line 2 of inner: return x[9]"],
    ),
    "shapes that do not go together": (
        "def slide(x, w): return x * w",
        ["could not be broadcast", "Print both shapes"],
    ),
    "changed input, wrong": (
        "def slide(x, w):\n    x += 1\n    return right(x, w)",
        ["Probable cause: your function changes its input `x` in place", "Work on a copy"],
    ),
    "endless loop": (
        "def slide(x, w):\n    while True: pass",
        ["did not come back within 0.3 seconds, so it was stopped", "never ends"],
    ),
    "endless loop that catches everything": (
        "def slide(x, w):\n"
        "    while True:\n"
        "        try:\n"
        "            for i in range(10**9): pass\n"
        "        except:\n"
        "            pass",
        ["so it was stopped"],
    ),
    "endless loop that prints": (
        "def slide(x, w):\n    while True: print('again')",
        ["so it was stopped", "prints a lot"],
    ),
    "different every time": (
        "def slide(x, w): return right(x, w) + np.random.rand()",
        ["two different results", "random numbers"],
    ),
    "fails the second time": (
        "seen = []\ndef slide(x, w):\n    seen.append(1)\n    return right(x, w) / (len(seen) == 1)"
        " if len(seen) < 2 else seen[9]",
        ["two different results", "The second call stopped with IndexError"],
    ),
    "not done": (
        "def slide(x, w): raise NotImplementedError()",
        ["slide: not done yet", "Replace `raise NotImplementedError()`"],
    ),
    "too few parameters": (
        "def slide(x): return x",
        ["takes 1 positional argument", "the parameters (x, w)"],
    ),
    "too many parameters": (
        "def slide(x, w, stride): return x",
        ["missing 1 required positional argument", "the parameters (x, w)"],
    ),
    "wrong call inside": (
        "def add(a): return a\ndef slide(x, w): return add(x, w)",
        ["Look at the call of `add`"],
    ),
    "recursion": (
        "def slide(x, w): return slide(x, w)",
        ["RecursionError", "calls itself"],
    ),
    "memory": (
        "def slide(x, w): return np.zeros((10**7, 10**7))",
        ["MemoryError", "far more memory"],
    ),
    "sys.exit": (
        "def slide(x, w): sys.exit()",
        ["SystemExit", "Leave a function with `return`"],
    ),
    "np.int": (
        "def slide(x, w): return np.int(3)",
        ["no attribute 'int'", "Write `int` instead"],
    ),
    "np.float_": ("def slide(x, w): return np.float_(3)", ["Write `np.float64` instead"]),
    "np.bool8": ("def slide(x, w): return np.bool8(3)", ["Write `np.bool_` instead"]),
    "np.typo": ("def slide(x, w): return np.zeroes(3)", ["no `np.zeroes`", "typing error"]),
    "float of an array": (
        "def slide(x, w): return float(x)",
        ["take one number, not an array"],
    ),
    "float as a size": (
        "def slide(x, w): return np.zeros((5 / 2, 3))",
        ["Use `//` instead of `/`"],
    ),
    "float as a position": ("def slide(x, w): return x[5 / 2]", ["Use `//` instead of `/`"]),
    "a row into one place": (
        "def slide(x, w):\n    out = np.zeros(3)\n    out[0] = x[0]\n    return out",
        ["Did you forget to sum?"],
    ),
    "if of an array": (
        "def slide(x, w):\n    if x > 0: return x",
        ["`if` needs one True or False"],
    ),
    "undefined name": ("def slide(x, w): return rihgt(x, w)", ["typing error in the name"]),
    "exception that cannot be read": (
        "class Bad(Exception):\n    def __str__(self): raise ValueError\n"
        "def slide(x, w): raise Bad",
        ["stopped with Bad", "cannot be read"],
    ),
    "KeyboardInterrupt of its own": (
        "def slide(x, w): raise KeyboardInterrupt",
        ["stopped with KeyboardInterrupt"],
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_each_mistake_has_its_message(name: str, check: Check, folder: Path) -> None:
    source, parts = MESSAGES[name]
    report = check.report(define(source, folder))
    assert report.tone == "bad"
    for part in parts:
        assert part in report.text
        assert part.replace("`", "") in plain(report._repr_html_())
    assert "Traceback" not in report.text


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_right_answers_pass(check: Check, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(window_sums) is None
    assert capsys.readouterr().out == (
        "[passed] slide: 2 of 2 cases passed.\n  1 of 2 tasks have passed, next: `edge_bank`.\n"
    )
    assert check.passes(define("def slide(x, w): return right(x, w).astype('f4')", folder))


def test_small_results_are_shown_whole(check: Check, folder: Path) -> None:
    source = "def slide(x, w):\n    out = right(x, w)\n    out[1, 2] += 0.5\n    return out"
    lines = check.report(define(source, folder)).text.splitlines()
    at = next(i for i, line in enumerate(lines) if "yours (* differs)  " in line)
    yours = [line.split()[:3] for line in lines[at + 1 : at + 4]]
    expected = [line.split()[3:] for line in lines[at + 1 : at + 4]]
    starred = [entry for row in yours for entry in row if entry.endswith("*")]
    assert starred == [yours[1][2]]
    x, w = check.case(window_sums, 1)
    assert [[float(entry) for entry in row] for row in expected] == pytest.approx(
        window_sums(x, w), rel=1e-3
    )


def test_changed_input_is_a_note_when_the_result_is_right(check: Check, folder: Path) -> None:
    source = "def slide(x, w):\n    out = right(x, w)\n    x *= 2\n    return out"
    report = check.report(define(source, folder))
    assert report.tone == "good"
    assert "Note: your function changes its input `x` in place" in report.text


def test_a_failure_is_shown_and_raises_one_line(
    check: Check, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CheckFailed) as failure:
        check(define("def slide(x, w): return right(x, w) + 1", folder))
    assert failure.value._render_traceback_() == ["Not passed yet. The report above says why."]
    assert "[not yet] slide: 0 of 2 cases passed." in capsys.readouterr().out


NO_FUNCTION: dict[str, tuple[Any, str]] = {
    "a result": (np.zeros((2, 3)), "It got a result: float64 array of shape (2, 3)"),
    "None": (None, "It got a result: None"),
    "a text": ("slide", "Leave out the quotes: `check(slide)`"),
    "another text": ("else", "Leave out the quotes"),
    "a lambda": (lambda x, w: x, "This function has no name"),
    "renamed": (_renamed("Slide2"), "Did you rename slide?"),
    "unknown": (_renamed("banana"), "There is no task named banana"),
}


@pytest.mark.parametrize("name", NO_FUNCTION)
def test_what_is_no_function_of_a_task(name: str, check: Check) -> None:
    given, message = NO_FUNCTION[name]
    report = check.report(given)
    assert report.tone == "bad"
    assert message in report.text


def test_check_without_a_function(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    check()
    assert "Next: `slide`" in capsys.readouterr().out


def test_cases_can_be_tried_by_hand(check: Check) -> None:
    x, w = check.case(window_sums, 2)
    assert (x.shape, w.shape) == ((4, 7), (2, 3))
    x[:] = 0
    assert check.case("slide", 2)[0].any()
    with pytest.raises(CannotCheck, match="cases 1 to 2") as failure:
        check.case(window_sums, 3)
    assert failure.value._render_traceback_() == ["slide has the cases 1 to 2."]


def test_missing_and_damaged_checks(check: Check, folder: Path) -> None:
    (folder / FILE_NAME).write_bytes(b"PK\x03\x04 not a zip")
    assert "is damaged" in check.report(window_sums).text
    (folder / FILE_NAME).unlink()
    report = check.report(window_sums)
    assert "The checks cannot be read" in report.text
    assert "keep the notebook and the file in the same folder" in report.text


def test_checks_are_found_after_the_folder_has_changed(
    check: Check, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Path.cwd()
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert check.passes(window_sums)  # where Python was started
    elsewhere = Check()
    assert not elsewhere.passes(window_sums)
    monkeypatch.setenv("JPY_SESSION_NAME", str(start / "exercise.ipynb"))
    assert elsewhere.passes(window_sums)
    named = Check()
    monkeypatch.delenv("JPY_SESSION_NAME")
    named.use(start / FILE_NAME)
    assert named.passes(window_sums)


def test_new_checks_are_read_again(check: Check, folder: Path) -> None:
    assert check.passes(window_sums)
    renamed = dataclasses.replace(PROBLEM, reference=_renamed("other"))
    save_checks(folder / FILE_NAME, "test", [renamed.visible_checks()])
    assert not check.passes(window_sums)


def test_a_stumble_of_the_check_itself_is_said(check: Check, monkeypatch) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("autograder.student.check.examine", broken)
    report = check.report(window_sums)
    assert report.tone == "bad"
    assert "not your mistake" in report.text


# What the function prints


def test_prints_are_shown_by_case_and_once(
    check: Check, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "def slide(x, w):\n    print('shape', x.shape, end='')\n    return right(x, w)"
    check(define(source, folder))
    assert capsys.readouterr().out.splitlines() == [
        "Printed in the case 'a square picture':",
        "shape (5, 5)",
        "Printed in the case 'a wide picture':",
        "shape (4, 7)",
        "[passed] slide: 2 of 2 cases passed.",
        "  1 of 2 tasks have passed, next: `edge_bank`.",
    ]


def test_many_prints_are_cut_off(
    check: Check, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "def slide(x, w):\n    for i in range(3000): print(i)\n    return right(x, w)"
    report = check.report(define(source, folder))
    assert len(capsys.readouterr().out.splitlines()) <= 42
    assert report.tone == "good"
    assert "your function prints a lot" in report.text
    stdout = sys.stdout
    assert not check.passes(define("def slide(x, w): print('quiet')", folder))
    assert capsys.readouterr().out == ""
    assert sys.stdout is stdout


def test_the_stream_in_front_of_stdout(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    source = (
        "def slide(x, w):\n    sys.stdout.writelines(['a\\n', 'b\\n'])\n    sys.stdout.flush()\n"
        "    return sys.stdout.encoding"
    )
    ending = in_notebook(define(source, folder), 1.0)(PROBLEM.visible_checks().cases[0])
    assert isinstance(ending, Returned)
    assert capsys.readouterr().out.endswith("a\nb\n")


# The time limit


def spin_forever() -> None:
    while True:
        pass


def catch_everything() -> None:
    while True:
        try:
            sum(range(100))
        except:  # noqa: E722
            time.sleep(0.001)


def turn_it_into_another() -> None:
    try:
        spin_forever()
    except BaseException as error:
        raise ValueError("mine") from error


@pytest.mark.parametrize("code", [spin_forever, catch_everything, turn_it_into_another])
def test_endless_code_is_stopped(code: Callable[[], None]) -> None:
    threads = _thread._count()
    started = time.monotonic()
    stopped = run_within(0.1, code)
    assert stopped == TimedOut(0.1)
    assert time.monotonic() - started < limits.PATIENCE
    time.sleep(0.1)
    assert _thread._count() <= threads


def test_code_that_cannot_be_stopped_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE", 0.2)
    started = time.monotonic()
    assert run_within(0.1, lambda: time.sleep(1.5)) == TimedOut(0.1, running=True)
    assert time.monotonic() - started < 1.2


def test_the_report_of_code_that_cannot_be_stopped(check: Check, folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE", 0.1)
    report = check.report(define("def slide(x, w): time.sleep(1.5)", folder))
    assert "could not be stopped. Restart the kernel" in report.text


def test_the_time_limit_works_in_any_thread(check: Check, folder: Path) -> None:
    endless = define("def slide(x, w):\n    while True: pass", folder)
    reports = []
    thread = threading.Thread(target=lambda: reports.append(check.report(endless)))
    thread.start()
    thread.join(20)
    assert "so it was stopped" in reports[0].text


def test_interrupting_is_as_good_as_a_time_limit(check: Check, folder: Path) -> None:
    endless = define(
        "def edge_bank(x, w):\n    while True: pass", folder, "edge_bank"
    )  # its limit is 20 seconds
    timer = threading.Timer(0.5, _thread.interrupt_main)
    timer.start()
    report = check.report(endless)
    assert "You interrupted your function after" in report.text
    assert report.tone == "bad"


TRACED = """
import sys
from autograder.student.limits import run_within

def trace(*arguments):
    return trace

def code():
    for _ in range(turns):
        pass

sys.settrace(trace)
for turns in 10 * [100_000, 200_000, 400_000, 800_000, 1_600_000]:
    run_within(0.004, code)
print("done")
"""


def test_stopping_code_does_not_hold_up_a_debugger() -> None:
    """Where calls are traced, Python 3.11 hung while a stop was on its way to another thread."""
    done = subprocess.run(
        [sys.executable, "-c", TRACED], cwd=COURSE, text=True, capture_output=True, timeout=60
    )
    assert done.stdout == "done\n", done.stderr


def test_no_interrupt_comes_late() -> None:
    """Many calls that end just about when their time is up: nothing may hit what follows."""
    threads = _thread._count()
    endings = []
    for i in range(300):

        def code(turns: int = 400_000 * (i % 12)) -> None:
            for _ in range(turns):
                pass

        endings.append(run_within(0.004, code))
        sum(range(200))
    time.sleep(0.2)
    for _ in range(200_000):
        pass
    assert _thread._count() <= threads
    assert None in endings
    stopped = [ending for ending in endings if ending is not None]
    assert stopped
    assert not any(ending.running for ending in stopped)
    assert sys.gettrace() is None or "coverage" in sys.modules or "pydevd" in sys.modules


def test_numpy_settings_of_the_caller_hold(folder: Path) -> None:
    source = "def slide(x, w): return np.ones(2) / np.zeros(2)"
    caller = in_notebook(define(source, folder), 5.0)
    with np.errstate(divide="raise"):
        ending = caller(PROBLEM.visible_checks().cases[0])
    assert isinstance(ending, Failed)
    assert ending.kind == "FloatingPointError"


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python as it is in a browser."""

    def refuse(*arguments: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", refuse)


def test_without_threads(no_threads: None) -> None:
    done = []
    assert run_within(0.1, lambda: done.append(1)) is None
    assert done == [1]

    def interrupt() -> None:
        raise KeyboardInterrupt

    stopped = run_within(0.1, interrupt)
    assert stopped is not None
    assert stopped.interrupted


def endless_and_catching_everything() -> None:
    while True:
        with contextlib.suppress(BaseException):
            while True:
                pass


def endless_in_calls() -> None:
    while True:
        endless_in_a_call()


def endless_in_a_call() -> int:
    return sum(i for i in range(10**12))


@pytest.mark.skipif(not hasattr(sys, "monitoring"), reason="Python 3.11 cannot watch its loops")
@pytest.mark.parametrize("code", [endless_and_catching_everything, endless_in_calls])
def test_without_threads_loops_end(no_threads: None, code: Callable[[], None]) -> None:
    started = time.monotonic()
    assert run_within(0.2, code) == TimedOut(0.2)
    assert time.monotonic() - started < 5
    done = []
    assert run_within(0.2, lambda: done.append(1)) is None  # nothing is watched any more
    assert done == [1]


# Loading


def test_importing_loads_numpy_and_nothing_heavier() -> None:
    heavy = ["torch", "nbgrader", "matplotlib", "ipywidgets", "IPython", "typer", "rich", "PIL"]
    program = (
        "import sys, time; start = time.process_time(); import autograder; "
        "seconds = time.process_time() - start; import json; "
        f"print(json.dumps([seconds, [name for name in {heavy} if name in sys.modules]]))"
    )
    answers = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        answers.append(json.loads(done.stdout))
    assert all(loaded == [] for _, loaded in answers)
    assert min(seconds for seconds, _ in answers) < 0.4


def test_a_report_can_be_printed_on_a_poor_console(folder: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from autograder.report_lines import Report\n"
            "from autograder.student.notebook import show\n"
            "show(Report('5 \\u00d7 5 \\u2192 3', 'good'))",
        ],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.stdout.strip() == b"[passed] 5 ? 5 ? 3"


# In IPython


class Notebook:
    """An IPython shell in this process, with what its cells showed."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    def run(self, source: str) -> tuple[str, str, Any]:
        """Run a cell; return its text output, its HTML output and its exception."""
        from IPython.utils.capture import capture_output

        with capture_output() as captured:
            result = self.shell.run_cell(source)
        markup = "".join(output.data.get("text/html", "") for output in captured.outputs)
        return captured.stdout, markup, result.error_in_exec


@pytest.fixture
def notebook(folder: Path) -> Iterator[Notebook]:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.colors = "nocolor"
    try:
        yield Notebook(shell)
    finally:
        InteractiveShell.clear_instance()


IMPORT = "from autograder.student.check import Check; check = Check()\n"
EXPLAIN = "from autograder import check\n"


def test_html_in_a_notebook(notebook: Notebook) -> None:
    text, markup, error = notebook.run(IMPORT + "def slide(x, w): return x[9]\ncheck(slide)")
    assert isinstance(error, CheckFailed)
    assert "slide: 0 of 2 cases passed" in markup
    assert 'role="status"' in markup
    assert "Traceback" not in text
    assert text.strip() == "Not passed yet. The report above says why."


def test_a_missing_function_is_explained(notebook: Notebook) -> None:
    text, markup, error = notebook.run(EXPLAIN + "check(slide)")
    assert isinstance(error, NameError)
    assert "slide is not defined yet." in markup
    assert "starts with <code>def slide(</code>" in markup
    assert text.strip() == "NameError: name 'slide' is not defined"


def test_a_syntax_error_is_called_one(notebook: Notebook) -> None:
    notebook.run(EXPLAIN)
    notebook.shell.run_cell("def slide(x, w):\n    return x[0))\n", store_history=True)
    _, markup, _ = notebook.run("check(slide)")
    assert "The cell that defines slide stopped: SyntaxError: closing parenthesis" in markup
    assert "in line 2: return x[0))" in markup
    assert "starts with" not in markup
    notebook.shell.run_cell("def slide(x, w):\n    return x", store_history=True)
    _, markup, _ = notebook.run("check(slide)")
    assert "SyntaxError" not in markup
    notebook.shell.run_cell("def slide(x, w)\n    return x", store_history=True)
    _, markup, _ = notebook.run("check(slide)")
    assert "Note: this is an older slide." in markup
    assert "SyntaxError: expected ':' in line 1: def slide(x, w)" in plain(markup)


def test_a_renamed_function_is_found(notebook: Notebook) -> None:
    _, markup, _ = notebook.run(EXPLAIN + "def Slide_(x, w): return x\ncheck(slide)")
    assert "There is <code>Slide_</code>: did you rename the function?" in markup


def test_other_name_errors_look_as_always(notebook: Notebook) -> None:
    text, markup, error = notebook.run(EXPLAIN + "check(something_else)")
    assert isinstance(error, NameError)
    assert markup == ""
    assert "Traceback" in text
    notebook.run("import os; os.remove('checks.npz')")
    text, markup, _ = notebook.run("check(slide)")
    assert markup == ""
    assert "Traceback" in text


def test_another_handler_stays(notebook: Notebook) -> None:
    kinds = []

    def handle(shell: Any, kind: Any, error: Any, stack: Any, tb_offset: Any = None) -> None:
        kinds.append(kind)

    notebook.shell.set_custom_exc((ZeroDivisionError,), handle)
    _, markup, _ = notebook.run(EXPLAIN + "%load_ext autograder\ncheck(slide)")
    assert "slide is not defined yet." in markup
    notebook.run("1 / 0")
    assert kinds == [ZeroDivisionError]


@pytest.mark.parametrize("running", [True, False])
def test_an_import_changes_nothing(notebook: Notebook, folder: Path, running: bool) -> None:
    """Only a notebook that takes ``check`` from the package is changed."""
    source = (
        "import sys, autograder\n"
        "assert not {'numpy', 'autograder.student.check'} & set(sys.modules), 'too much'\n"
        "hooks = sys.excepthook, threading.excepthook, sys.displayhook\n"
        "from autograder import check, explore\n"
        "assert hooks == (sys.excepthook, threading.excepthook, sys.displayhook), 'hooks'\n"
        "assert 'IPython' not in sys.modules, 'IPython'\n"
    )
    if running:
        notebook.run("import autograder, autograder.instructor, autograder.student.check")
        assert notebook.shell.custom_exceptions == ()
        notebook.run("from autograder import check")
        assert notebook.shell.custom_exceptions == (NameError, ModuleNotFoundError)
        return
    command = [sys.executable, "-c", f"import threading\n{source}"]
    done = subprocess.run(command, cwd=COURSE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_real_kernel(folder: Path) -> None:
    """exit() in a function does not end the kernel; interrupting it is answered by a report."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(cwd=str(folder))

    def run(source: str, interrupt_after: float | None = None) -> list[dict[str, Any]]:
        if interrupt_after:
            threading.Timer(interrupt_after, manager.interrupt_kernel).start()
        outputs: list[dict[str, Any]] = []
        client.execute_interactive(
            source, output_hook=lambda message: outputs.append(message["content"]), timeout=30
        )
        return outputs

    def markup(outputs: list[dict[str, Any]]) -> str:
        return "".join(output.get("data", {}).get("text/html", "") for output in outputs)

    try:
        run("from autograder import check\ndef edge_bank(x, w):\n    quit()")
        outputs = run("check(edge_bank)")
        assert "stopped with SystemExit" in markup(outputs)
        errors = [output for output in outputs if "traceback" in output]
        assert [error["traceback"] for error in errors] == [
            ["Not passed yet. The report above says why."]
        ]
        run("def edge_bank(x, w):\n    print('hello')\n    while True: pass")
        outputs = run("check(edge_bank)", interrupt_after=1.0)
        assert "You interrupted your function after" in markup(outputs)
        assert any("hello" in output.get("text", "") for output in outputs)
        assert "is not defined yet" in markup(run("check(slide)"))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_the_test_file_is_what_students_get(folder: Path) -> None:
    assert list(load_checks(folder / FILE_NAME)) == ["slide", "edge_bank"]


def test_a_task_that_is_not_done_is_named_where_another_calls_it(
    check: Check, folder: Path
) -> None:
    source = (
        "def edge_bank(x, w):\n    raise NotImplementedError()\n\n"
        "def slide(x, w):\n    return edge_bank(x, w)"
    )
    text = check.report(define(source, folder)).text
    assert "It calls `edge_bank`, which is not done yet" in text
    assert "slide: not done yet" not in text


def test_a_wrong_function_that_another_task_calls_is_named_first(
    check: Check, folder: Path
) -> None:
    source = (
        "def edge_bank(x, w):\n    return -right(x, w)\n\n"
        "def slide(x, w):\n    return edge_bank(x, w)"
    )
    first = check.report(define(source, folder)).lines[0]
    assert "calls `edge_bank`, which does not pass the check yet" in first.text


def test_a_right_function_that_another_task_calls_is_not_blamed(check: Check, folder: Path) -> None:
    source = (
        "def edge_bank(x, w):\n    return right(x, w)\n\n"
        "def slide(x, w):\n    return -edge_bank(x, w)"
    )
    assert "edge_bank" not in check.report(define(source, folder)).text


def test_general_advice_gives_way_to_a_hint(folder: Path) -> None:
    def too_far(x: Any, w: Any) -> Any:
        return x[len(x)]

    hint = "Where does your loop end?"
    known = Misconception("too_far", too_far, "one step too far", "an error", hint)
    for misconceptions, advised in (((), True), ((known,), False)):
        problem = dataclasses.replace(PROBLEM, misconceptions=misconceptions)
        save_checks(folder / FILE_NAME, "test", [problem.visible_checks()])
        text = Check().report(define("def slide(x, w): return x[len(x)]", folder)).text
        assert ("counted from 0" in text) == advised
        assert (hint in text) != advised
