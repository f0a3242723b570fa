"""`autograder check`: an exercise outside the notebook, its exit status and its JSON document."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from autograder.checks import FILE_NAME, save_checks
from autograder.problems import Case, Misconception, Problem, quarters
from autograder.student import command
from autograder.student.exercise_file import UnreadableFile, read_exercise
from tests import COURSE


def double(x):
    return 2 * x


def total(x):
    return float(np.sum(x))


PROBLEMS = (
    Problem(
        double,
        lambda rng: [Case("three", {"x": quarters(rng, 3)}), Case("four", {"x": quarters(rng, 4)})],
        (Misconception("square", lambda x: x**2, "squares", "grows", "Look at the exponent."),),
        time_limit=1.0,
    ),
    Problem(total, lambda rng: [Case("five", {"x": quarters(rng, 5)})], (), time_limit=1.0),
)

SETUP = "import numpy as np\nfrom autograder import check, explore"
DOUBLE = "def double(x):\n    return 2 * x"
TOTAL = "def total(x):\n    return float(np.sum(x))"


def code(source: str, **nbgrader: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "source": source.splitlines(keepends=True),
        "metadata": {"nbgrader": nbgrader} if nbgrader else {},
        "outputs": [],
        "execution_count": None,
    }


def graded(task: str, points: float) -> dict[str, Any]:
    return code(f"check({task})", grade=True, solution=False, locked=True, points=points)


QUESTION = {
    "cell_type": "markdown",
    "source": "Why?",
    "metadata": {"nbgrader": {"grade": True, "solution": True, "points": 3}},
}


def notebook(folder: Path, *cells: str, name: str = "toy.ipynb") -> Path:
    """Write an exercise notebook: the cells, then the checks with 4 and 2 points."""
    content = [code(SETUP), *map(code, cells), graded("double", 4), graded("total", 2), QUESTION]
    path = folder / name
    path.write_text(
        json.dumps({"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}),
        encoding="utf-8",
    )
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_checks(tmp_path / FILE_NAME, "toy", [problem.visible_checks() for problem in PROBLEMS])
    return tmp_path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "autograder", "check", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )


def document(*arguments: object) -> tuple[int, dict[str, Any]]:
    done = run(*arguments, "--json")
    return done.returncode, json.loads(done.stdout)


def test_all_tasks_pass(folder: Path) -> None:
    done = run(notebook(folder, DOUBLE, TOTAL))
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "passed   double  2 of 2 cases   4 points",
        "passed   total   1 of 1 cases   2 points",
        "",
        "2 of 2 tasks pass, worth 6 of 6 points. Grading adds further cases.",
        "Another 3 points are given by hand.",
    ]


def test_failures_are_explained(folder: Path) -> None:
    done = run(notebook(folder, DOUBLE.replace("2 * x", "x**2")))
    assert done.returncode == 1
    assert "not yet  double  0 of 2 cases   4 points" in done.stdout
    assert "Hint: Look at the exponent." in done.stdout
    assert "total is not defined." in done.stdout
    assert "0 of 2 tasks pass, worth 0 of 6 points" in done.stdout
    assert "NameError" not in done.stdout


def test_tasks_that_are_not_done_take_one_line(folder: Path) -> None:
    stub = "def {}(x):\n    raise NotImplementedError()"
    done = run(notebook(folder, stub.format("double"), stub.format("total"), "double(3)"))
    assert done.returncode == 1
    assert "\nNot done yet: double, total.\n" in done.stdout
    assert "NotImplementedError" not in done.stdout


def test_the_json_document(folder: Path) -> None:
    status, report = document(
        notebook(folder, DOUBLE, "print('to stderr')", "1 / 0", "!ls\n%matplotlib inline")
    )
    assert status == 1
    tasks = report.pop("tasks")
    assert report == {
        "format": 1,
        "file": str(folder / "toy.ipynb"),
        "passed": False,
        "error": None,
        "stopped_cells": [
            {
                "cell": 4,
                "message": "ZeroDivisionError: division by zero",
                "line": "line 1: 1 / 0",
            }
        ],
        "skipped": [{"cell": 5, "what": "!ls"}],
        "points": 6,
        "points_passed": 4,
        "points_by_hand": 3,
    }
    assert tasks[0] == {
        "task": "double",
        "passed": True,
        "points": 4,
        "cases": 2,
        "cases_passed": 2,
        "fraction": 1.0,
        "misconception": None,
        "title": "double: 2 of 2 cases passed.",
        "lines": [],
        "text": "[passed] double: 2 of 2 cases passed.",
    }
    assert (tasks[1]["task"], tasks[1]["passed"]) == ("total", False)


def test_stdout_has_the_document_and_nothing_else(folder: Path) -> None:
    noisy = (
        "import os, sys\ndef double(x):\n    print('from the function')\n"
        "    os.write(1, b'past Python')\n    return x**2"
    )
    done = run(notebook(folder, noisy, "print('from a cell')"), "--json")
    report = json.loads(done.stdout)
    assert report["tasks"][0]["misconception"] == "square"
    for text in ("from the function", "past Python", "from a cell"):
        assert text in done.stderr
        assert text not in done.stdout


def test_one_task(folder: Path) -> None:
    path = notebook(folder, DOUBLE)
    status, report = document(path, "--task", "double")
    assert status == 0
    assert [entry["task"] for entry in report["tasks"]] == ["double"]
    assert report["points"] == 4
    status, report = document(path, "--task", "triple")
    assert status == 2
    assert "no task named triple" in report["error"]


def test_a_python_file(folder: Path) -> None:
    path = folder / "answers.py"
    path.write_text(f"{SETUP}\n{DOUBLE}\n{TOTAL}\nif __name__ == '__main__':\n    1 / 0\n")
    done = run(path)
    assert done.returncode == 0
    assert "2 of 2 tasks pass. Grading adds further cases." in done.stdout
    path.write_text(f"{SETUP}\n{DOUBLE}\ndef total(x):\n    return x[9]\n")
    done = run(path)
    assert done.returncode == 1
    assert "at line 6 of total: return x[9]" in done.stdout


UNREADABLE = {
    "missing.ipynb": (None, "There is no file"),
    "notes.txt": ("hello", "neither a notebook"),
    "broken.ipynb": ('{"cells": [', "not a notebook that Jupyter saved"),
    "cut.ipynb": ('{"cells": [\n', "damaged in line 2, and Jupyter cannot open it either"),
    "list.ipynb": ("[1]", "not a notebook that Jupyter saved"),
    "old.ipynb": ('{"worksheets": []}', "of an older format: open it in Jupyter"),
    "odd.ipynb": ('{"cells": [{"source": 3}]}', "not a notebook that Jupyter saved"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_files_that_cannot_be_read(name: str, folder: Path) -> None:
    content, message = UNREADABLE[name]
    if content is not None:
        (folder / name).write_text(content)
    with pytest.raises(UnreadableFile, match=message):
        read_exercise(folder / name)


def test_what_cannot_be_read_has_status_2(folder: Path) -> None:
    done = run(folder / "missing.ipynb")
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no file" in done.stderr
    (folder / "latin.py").write_bytes(b"# caf\xe9")
    status, report = document(folder / "latin.py")
    assert status == 2
    assert "not UTF-8" in report["error"]
    path = notebook(folder, DOUBLE)
    (folder / FILE_NAME).unlink()
    status, report = document(path)
    assert status == 2
    assert "There is no file 'checks.npz'" in report["error"]


def test_code_that_ends_python(folder: Path) -> None:
    status, report = document(notebook(folder, "import os\nos._exit(7)"))
    assert status == 1
    assert "has ended Python (exit status 7)" in report["error"]
    assert report["tasks"] == []


def test_a_file_of_the_students_does_not_stand_in_for_a_library(folder: Path) -> None:
    (folder / "typer.py").write_text("raise RuntimeError('not the library')")
    (folder / "mine.py").write_text("factor = 2")
    cell = "import mine\ndef double(x):\n    return mine.factor * x"
    status, report = document(notebook(folder, cell, TOTAL))
    assert (status, report["error"]) == (0, None)


def test_the_command_loads_nothing_of_the_instructors(folder: Path) -> None:
    program = (
        "import sys; sys.argv = ['autograder', 'check', '--help']\n"
        "from autograder.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "names = ('autograder.instructor', 'autograder.grading', 'autograder.authoring',"
        " 'nbgrader', 'jupytext', 'torch', 'IPython')\n"
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "--json" in done.stdout


# Running the cells


def test_checks_and_explorers_do_nothing_while_the_cells_run(folder: Path) -> None:
    cell = (
        "check(double)\nexplore(double)\ndisplay(3)\nx, = check.case(double, 2)\n"
        "assert x.shape == (4,)"
    )
    assert document(notebook(folder, DOUBLE, cell))[1]["stopped_cells"] == []


MAGICS = "%%time\nx = 1\n", "%time y = 2", "!false", "z = !ls", "%pip install no", "%%bash\nfalse"


def test_magics_work_and_commands_are_skipped(folder: Path) -> None:
    last = "%matplotlib inline\nassert (x, y, z) == (1, 2, [])"
    _, report = document(notebook(folder, *MAGICS, "%load_ext no_such_thing", "np?", last))
    assert report["stopped_cells"] == []
    skipped = [entry["what"].split()[0] for entry in report["skipped"]]
    assert (skipped[:2], skipped[3:]) == (["!false", "!ls"], ["%%bash", "%load_ext"])
    assert "pip install no" in report["skipped"][2]["what"]


def test_cells_that_do_not_end_or_do_not_parse(folder: Path) -> None:
    cells = [
        "while True: pass",
        "import time\ntime.sleep(1000)",
        "while True:\n    try:\n        time.sleep(0.01)\n    except:\n        pass",
        "def (",
        "exit()",
        DOUBLE,
    ]
    _, report = document(notebook(folder, *cells), "--cell-limit", 1.5)
    messages = {entry["cell"]: entry["message"] for entry in report["stopped_cells"]}
    assert [messages[number] for number in (2, 3, 4)] == ["it was stopped after 1.5 seconds"] * 3
    assert messages[5].startswith("SyntaxError")
    assert messages[6] == "SystemExit"
    assert report["tasks"][0]["passed"]


def test_what_stands_in_the_place_of_a_task(folder: Path) -> None:
    _, report = document(notebook(folder, "double = 3", "def Total(x): return 0"))
    assert "is not a function any more" in report["tasks"][0]["text"]
    assert "There is `Total`: did you rename" in report["tasks"][1]["text"]


def test_a_function_is_examined_where_its_check_stands(folder: Path) -> None:
    path = notebook(folder, DOUBLE, f"1 / 0\n{TOTAL}")
    content = json.loads(path.read_text())
    later = code("def double(x):\n    return 3 * x")
    content["cells"] += [later, code(TOTAL)]
    path.write_text(json.dumps(content))
    _, report = document(path)
    assert report["tasks"][0]["passed"]
    assert "The cell that defines total stopped: ZeroDivisionError" in report["tasks"][1]["text"]
    content["cells"] = [cell for cell in content["cells"] if "1 / 0" not in "".join(cell["source"])]
    path.write_text(json.dumps(content))
    assert "total is defined below its check" in document(path)[1]["tasks"][1]["text"]
    # A notebook whose cells have lost their names has its checks all the same.
    for cell in content["cells"]:
        cell["metadata"] = {}
    path.write_text(json.dumps(content))
    assert [entry["passed"] for entry in document(path)[1]["tasks"]] == [True, False]


def test_notebooks_need_ipython(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(command.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(typer.Exit) as ended:
        command.check(notebook(folder, DOUBLE), [], False, 1.0)
    assert ended.value.exit_code == 2
    assert "python -m pip install ipython" in capsys.readouterr().err


def test_without_typer_a_command_says_what_to_install() -> None:
    code = "import sys; sys.modules['typer'] = None; import autograder.__main__"
    done = subprocess.run([sys.executable, "-c", code], cwd=COURSE, text=True, capture_output=True)
    assert done.returncode == 1
    assert done.stderr.strip().endswith('python -m pip install -e ".[terminal]"')


def test_a_command_begins_before_notebooks_can_be_read() -> None:
    """And reading them loads no grammar of addresses: constraints.txt pins such a jsonschema."""
    code = (
        "import sys\nfrom autograder.__main__ import _add_instructor_commands as add\nadd()\n"
        "assert 'nbformat' not in sys.modules\nimport nbformat\n"
        "assert 'rfc3987_syntax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
