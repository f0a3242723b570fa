"""What a function is given in a hidden case shows nowhere, and does not come again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell

from autograder import grading
from autograder.grading.course import Course
from autograder.grading.engine import NotebookGrader
from autograder.grading.explanation import explain
from autograder.grading.rebuild import rebuild
from autograder.grading.submission import read_submission
from autograder.grading.submitted_notebook import notebook_of
from tests.grading.grading_class import POINTS, RIGHT, SEED, Grader, cell, points
from tests.grading.test_hostile_class import hand_in

SPY = """
loot = []
def heard(function):
    def spy(*arguments):
        loot.extend(float(v) for a in arguments if hasattr(a, 'flat') for v in a.flat)
        np.loot = loot
        open('/tmp/loot', 'a').write(f'{arguments}')
        return function(*arguments)
    return spy
"""
TELL = """
import os
print(*(f'{v:.2f}' for v in getattr(np, 'loot', [])), os.path.exists('/tmp/loot') and
      open('/tmp/loot').read())
"""
NOISY = """
seen = []
def {name}(*arguments):
    np.told = getattr(np, 'told', '') + ' '.join(
        f'{{v:.2f}}' for a in arguments if hasattr(a, 'flat') for v in a.flat) + ';'
    seen.append(1)
    if len(seen) <= {visible} + 1:
        return answer_{name}(*arguments)
    {act}
"""
ACTS = {
    "an exception's name": "raise type('N' + np.told, (Exception,), {})()",
    "a message": "raise ValueError(np.told)",
    "a message of several lines": "raise ValueError('a\\n' + np.told)",
    "a library's exception": "raise np.exceptions.AxisError(np.told)",
    "the name of a function": (
        "f = lambda: 1 / 0\n    f.__code__ = f.__code__.replace(co_name='N' + np.told)\n    f()"
    ),
    "the number of a line": (
        "f = lambda: 1 / 0\n"
        "    f.__code__ = f.__code__.replace(co_firstlineno=int(abs(arguments[0].flat[0]) * 400))\n"
        "    f()"
    ),
    "the text of a line": (
        "import linecache\n"
        "    text = 'raise ValueError #' + np.told\n"
        "    linecache.cache['<own>'] = (len(text), None, [text], '<own>')\n"
        "    exec(compile(text, '<own>', 'exec'))"
    ),
    "a function that is not done": (
        "def f(): raise NotImplementedError\n"
        "    f.__code__ = f.__code__.replace(co_name='N' + np.told.replace('.', '_'))\n    f()"
    ),
    "a result": "return np.told",
    "the keys of a result": "return {np.told: 1.0}",
    "the shape of a result": (
        "return np.zeros([int(abs(v) * 4) + 900 for v in arguments[0].flat][:4])"
    ),
    "the type of a result": "return type('N' + np.told, (), {})()",
    "a picture": "import matplotlib.pyplot as plt\n    plt.title(np.told); plt.show(); return None",
    "the time that others have left": (
        "import time\n"
        "    begin = time.process_time()\n"
        "    while time.process_time() - begin < abs(arguments[0].flat[0]) / 10: pass\n"
        "    return None"
    ),
    "prints": "print(np.told); import sys; print(np.told, file=sys.stderr); return None",
}


def outputs(notebook: Any) -> str:
    return json.dumps([c.outputs for c in notebook.cells if c.cell_type == "code"])


def told(grader: Grader, notebook: NotebookNode, **expected: float) -> str:
    """Grade a notebook with two sets of hidden numbers; return what both told its author."""
    texts = set()
    for seed in (SEED, SEED + 1):
        rebuilt = rebuild(notebook_of(json.loads(json.dumps(notebook))), grader.chapter.release)
        graded = NotebookGrader(grader.chapter, grader.sandbox).grade(rebuilt, seed)
        assert points(graded) == {**POINTS, **expected}
        texts.add(outputs(graded.notebook))
    [text] = texts
    return text


def test_later_cells_cannot_tell_what_was_given(grader: Grader) -> None:
    answers = {name: f"{source}\n{name} = heard({name})" for name, source in RIGHT.items()}
    notebook = grader.notebook(answers, "import numpy as np" + SPY)
    notebook.cells.append(new_code_cell(TELL))
    visible = grader.chapter.tasks[0].problem.visible_checks().cases[0].arguments["x"]
    assert " ".join(f"{v:.2f}" for v in visible) in told(grader, notebook)


@pytest.mark.parametrize("act", ACTS)
def test_feedback_does_not_tell_what_was_given(grader: Grader, act: str) -> None:
    """Not in the task itself, and not in a visible case of the next one."""
    answers = dict(RIGHT)
    for name in ("scale", "total"):
        source = RIGHT[name].replace(f"def {name}", f"def answer_{name}")
        answers[name] = source + NOISY.format(name=name, visible=2, act=ACTS[act])
    notebook = grader.notebook(answers, "import numpy as np")
    notebook.cells.append(new_code_cell("print(getattr(np, 'told', ''))"))
    told(grader, notebook, scale=0.0, total=0.0)


def test_an_honest_exception_is_still_explained(grader: Grader) -> None:
    source = (
        "def scale(x, factor):\n    if factor == 3.0:\n        raise ValueError(f'three {x}')\n"
        "    return x * factor"
    )
    text = outputs(grader.grade(grader.notebook({**RIGHT, "scale": source})).notebook)
    assert "Your function stopped with ValueError" in text
    assert "line 3 of scale: raise ValueError(f'three {x}')" in text


def test_names_are_those_that_stood_there_at_the_check(grader: Grader) -> None:
    answers = {
        **RIGHT,
        "scale": "k = 1\ndef helper(x):\n    return k * x\n"
        "def scale(x, factor):\n    return helper(x) * factor",
        "total": "def helper(x):\n    return np.sum(x)\ndef total(x):\n    return helper(x)",
    }
    notebook = grader.notebook(answers, "import numpy as np")
    notebook.cells.append(new_code_cell("k = 'two'\nnp = None\ndel helper, extremes\ndel scale"))
    assert points(grader.grade(notebook)) == POINTS


@pytest.mark.parametrize("store", ["kept = {}", "def kept(): pass\nkept = vars(kept)"])
def test_a_function_may_keep_results(grader: Grader, store: str) -> None:
    memo = (
        f"{store}\ncalls = 0\ndef scale(x, factor):\n    global calls\n    calls += 1\n"
        "    key = (x.tobytes(), x.shape, factor)\n    if key not in kept:\n"
        "        kept[key] = x * factor\n    return kept[key].copy()"
    )
    assert points(grader.grade(grader.notebook({**RIGHT, "scale": memo}))) == POINTS


def test_a_session_that_dies_is_brought_back_to_each_check(grader: Grader) -> None:
    answers = {**RIGHT, "scale": "k = 2\ndef scale(x, factor):\n    return k * x * factor / 2"}
    notebook = grader.notebook(answers, "import numpy as np")
    notebook.cells.append(new_code_cell("k = 3\nimport os\nos._exit(1)"))
    assert points(grader.grade(notebook)) == POINTS
    crash = "import os\ndef total(x):\n    os._exit(1)"
    graded = grader.grade(grader.notebook({**answers, "total": crash}, "import numpy as np"))
    assert points(graded) == {**POINTS, "total": 0.0}


def test_another_attempt_gets_other_numbers_and_the_same_the_same(
    grader: Grader, tmp_path: Path
) -> None:
    wrong = {**RIGHT, "scale": "def scale(x, factor):\n    return x + factor"}
    course = Course.at(grader.course.root, tmp_path)
    document = json.loads(json.dumps(grader.notebook(wrong)))
    folder = hand_in(tmp_path, "ada", document)

    def inputs() -> list[Any]:
        explanation = explain(course.root, "probe", "ada", classroom=tmp_path)
        [task] = [task for task in explanation.tasks if task.function == "scale"]
        return [o.case.arguments["x"].tolist() for o in task.examination.outcomes if o.case.hidden]

    first = inputs()
    assert inputs() == first
    result = grading.grade(course.root, "probe", classroom=tmp_path).of("ada")
    (folder / "probe.ipynb").write_text(json.dumps(document, indent=1))
    second = inputs()
    assert all(a != b for a, b in zip(first, second, strict=True) if a)
    again = grading.grade(course.root, "probe", classroom=tmp_path).of("ada")
    assert not again.unchanged
    assert again.points == result.points


def test_what_one_task_is_given_is_given_to_no_other(grader: Grader) -> None:
    seed = grader.course.seed("probe", "ada", read_submission(Path("nowhere"), "probe").digest)
    given = [
        hidden.tobytes()
        for task in grader.chapter.tasks
        for case in task.checks(seed).cases
        if case.hidden and (hidden := np.asarray(case.arguments["x"])).size > 2
    ]
    assert len(given) == len(set(given)) > 6


def test_an_earlier_task_cannot_use_what_a_later_one_is_given(grader: Grader) -> None:
    """The second task may be given the results of the first, as where shapes are counted on."""
    notebook = grader.notebook(
        {
            **RIGHT,
            "scale": "def scale(x, factor):\n    return np.told",
            "total": "def total(x):\n    np.told = x * 3.0\n    return float(np.sum(x))",
        },
        "import numpy as np\nnp.told = 0",
    )
    place = notebook.cells.index(cell(notebook, "scale"))
    # Its author may write the second answer first, and ask for both to be tried twice.
    notebook.cells.insert(place, new_code_cell(cell(notebook, "total").source))
    notebook.cells.append(new_code_cell("import os\nos._exit(1)"))
    assert points(grader.grade(notebook)) == {**POINTS, "scale": 0.0}
