"""What a task asks for beside right numbers: few calls of a network, no Python loops, arrays.

On the course's own chapters, since their tasks are what the rules stand in.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import threading
from collections.abc import Callable, Iterator

import nbformat
import numpy as np
import pytest
import torch
from nbformat.v4 import new_code_cell

from autograder.authoring.standalone import standalone_source
from autograder.checks import CheckedCase
from autograder.examination import examine
from autograder.failures import Failed
from autograder.grading.asked_network import MAX_NUMBERS, AskedNetworks
from autograder.grading.course import Course
from autograder.grading.engine import NotebookGrade, NotebookGrader
from autograder.grading.pool import open_sandbox
from autograder.grading.rebuild import rebuild
from autograder.grading.submitted_notebook import notebook_of
from autograder.handover import hand_over
from autograder.outcomes import Returned, TimedOut
from autograder.problems import Problem
from autograder.report import report
from autograder.speed import SHARE, fast_enough, step_seconds
from autograder.student import calls
from autograder.student.calls import in_notebook
from tests import COURSE
from tests.grading.grading_class import SEED, Grader, cell, points

Graded = Callable[[dict[str, str]], NotebookGrade]


def chapter_grader(name: str, *functions: str) -> Iterator[Graded]:
    """Grade some tasks of a chapter, in a notebook of nothing else but the imports."""
    chapter = Course.at(COURSE).chapter(name)
    release = nbformat.from_dict(json.loads(json.dumps(chapter.release)))
    named = [c.metadata.get("nbgrader", {}).get("grade_id", "") for c in release.cells]
    imports = next(i for i, c in enumerate(release.cells) if c.cell_type == "code")
    release.cells = [
        c
        for number, (c, name) in enumerate(zip(release.cells, named, strict=True))
        if number <= imports or name.removeprefix("check-") in functions
    ]
    tasks = tuple(task for task in chapter.tasks if task.function in functions)
    chapter = dataclasses.replace(chapter, release=release, tasks=tasks)
    with open_sandbox(chapter) as sandbox:

        def graded(answers: dict[str, str], *after: str) -> NotebookGrade:
            notebook = nbformat.from_dict(json.loads(json.dumps(chapter.release)))
            for task, source in answers.items():
                cell(notebook, task).source = source
            notebook.cells += map(new_code_cell, after)
            rebuilt = rebuild(notebook_of(json.loads(json.dumps(notebook))), chapter.release)
            return NotebookGrader(chapter, sandbox, figures="none").grade(rebuilt, SEED)

        yield graded


@pytest.fixture(scope="module")
def convolution() -> Iterator[Graded]:
    yield from chapter_grader("padding_stride", *LOOPS, "conv2d_forward_fast")


@pytest.fixture(scope="module")
def visualization() -> Iterator[Graded]:
    yield from chapter_grader("visualization", "occlusion_map")


def problems(chapter: str) -> dict[str, Problem]:
    return {task.function: task.problem for task in Course.at(COURSE).chapter(chapter).tasks}


# Faster than loops

LOOPS = ("pad2d", "conv2d_forward")
SLOW = {
    "another name for the loops": "conv2d_forward_fast = conv2d_forward",
    "the loops once more": "",
    "a table of what the loops were given": """
from functools import wraps
table = {}
loops = conv2d_forward
def key(x, w, b, *sizes): return x.tobytes(), w.tobytes(), sizes
def conv2d_forward(*given):
    table[key(*given)] = loops(*given)
    return table[key(*given)]
def conv2d_forward_fast(*given):
    return table[key(*given)] if key(*given) in table else loops(*given)
""",
    "a table of the visible cases": """
table = {}
def conv2d_forward_fast(x, w, b, stride, padding):
    key = x.tobytes() + w.tobytes()
    if key not in table: table[key] = conv2d_forward(x, w, b, stride, padding)
    return table[key].copy()
from autograder import check
for n in range(1, 10): conv2d_forward_fast(*check.case('conv2d_forward_fast', n))
""",
    "loops in other threads": """
from concurrent.futures import ThreadPoolExecutor
def conv2d_forward_fast(x, w, b, stride, padding):
    def one(n): return conv2d_forward(x[n:n + 1], w, b, stride, padding)
    with ThreadPoolExecutor(2) as pool: return np.concatenate(list(pool.map(one, range(len(x)))))
""",
    "a loop over the positions": """
def conv2d_forward_fast(x, w, b, stride, padding):
    x = pad2d(x, padding)
    rows = (x.shape[2] - w.shape[2]) // stride + 1
    columns = (x.shape[3] - w.shape[3]) // stride + 1
    out = np.zeros((len(x), len(w), rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[:, :, i * stride:i * stride + w.shape[2], j * stride:j * stride + w.shape[3]]
            out[:, :, i, j] = np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out
""",
    "a clock that stands still": """
import time
time.process_time = time.thread_time = time.perf_counter = lambda: 0.0
conv2d_forward_fast = conv2d_forward
""",
}


def answers_of(chapter: str, *names: str) -> dict[str, str]:
    return {n: standalone_source(problems(chapter)[n].reference, n) for n in names}


@pytest.mark.parametrize("kind", SLOW)
def test_loops_are_not_fast(convolution: Graded, kind: str) -> None:
    answers = answers_of("padding_stride", *LOOPS)
    source = SLOW[kind] or answers["conv2d_forward"].replace(
        "conv2d_forward", "conv2d_forward_fast"
    )
    graded = convolution({**answers, "conv2d_forward_fast": source})
    assert points(graded)["conv2d_forward"] == 8.0
    assert points(graded)["conv2d_forward_fast"] == 0.0
    assert "not clearly faster than Python loops" in json.dumps(graded.notebook)


def test_every_style_without_loops_is_fast_enough_beside_busy_programs(
    convolution: Graded,
) -> None:
    alternatives = problems("padding_stride")["conv2d_forward_fast"].alternatives
    stop = threading.Event()

    def busy() -> None:
        matrix = np.ones((200, 200))
        while not stop.is_set():
            matrix @ matrix

    threads = [threading.Thread(target=busy) for _ in range(os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    try:
        for alternative in alternatives:
            answers = answers_of("padding_stride", *LOOPS)
            answers["conv2d_forward_fast"] = standalone_source(alternative, "conv2d_forward_fast")
            assert points(convolution(answers))["conv2d_forward_fast"] == 6.0, alternative.__name__
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_who_is_fast_enough() -> None:
    limit = SHARE * 1000 * step_seconds()
    assert fast_enough(Returned(1.0), 0.1 * limit, 1000) == Returned(1.0)
    slow = fast_enough(Returned(1.0), 50 * limit, 1000)
    assert isinstance(slow, TimedOut)
    assert slow.loops
    assert fast_enough(Returned(1.0), 1e9, 0) == Returned(1.0)
    failed = Failed("ValueError", "")
    assert fast_enough(failed, 1e9, 1000) == failed


@pytest.mark.parametrize(("stalls", "in_time"), [(2, True), (9, False)])
def test_where_the_clock_counts_what_others_do_a_student_tries_again(
    monkeypatch: pytest.MonkeyPatch, stalls: int, in_time: bool
) -> None:
    now, made = 0.0, 0

    def stalled() -> float:
        nonlocal now, made
        made += 1
        now += 100.0 if made <= stalls else 0.0
        return 1.0

    monkeypatch.setattr(calls, "clock", lambda: now)
    monkeypatch.setattr(calls, "ATTEMPTS", 5)
    case = CheckedCase("large", {}, 1.0, {}, loop_steps=1000)
    assert (in_notebook(stalled, 5.0)(case) == Returned(1.0)) == in_time
    assert made == (stalls + 1 if in_time else 5)


def test_check_says_so_in_the_notebook() -> None:
    problem = problems("padding_stride")["conv2d_forward_fast"]
    loops = problems("padding_stride")["conv2d_forward"].reference
    told = report(examine(problem.visible_checks(), in_notebook(loops, 5.0)))
    assert re.search(r"Case \d+: large images, in an eighth of the time of loops", told.text)
    assert "not clearly faster than Python loops" in told.text


# Few calls of a network

ONE_BY_ONE = """
def occlusion_map(model, x, target, patch, stride, fill, batch_size):
    {prepare}
    rows = (x.shape[1] - patch) // stride + 1
    columns = (x.shape[2] - patch) // stride + 1
    out = torch.zeros(rows, columns, dtype=x.dtype)
    with torch.no_grad():
        for i in range(rows):
            for j in range(columns):
                p = x.clone()
                p[:, i * stride:i * stride + patch, j * stride:j * stride + patch] = fill
                out[i, j] = {scores}[0, target]
    return out
"""
MANY_CALLS = {
    "plainly": ("pass", "model(p[None])"),
    "without the hook": ("model._forward_pre_hooks.clear()", "model(p[None])"),
    "through forward": ("pass", "model.forward(p[None])"),
    "through the class": ("pass", "type(model).forward(model, p[None])"),
    "layer by layer": ("from functools import reduce", "reduce(lambda a, l: l(a), model, p[None])"),
    "through copies": ("import copy", "copy.deepcopy(model)(p[None])"),
    "through a slice": ("part = model[:]", "part(p[None])"),
    "through another network": ("other = torch.nn.Sequential(*model)", "other(p[None])"),
    "with its numbers": (
        "import copy\n    other = copy.deepcopy(model)\n"
        "    for layer in other: layer.__dict__.pop('forward', None)",
        "other(p[None])",
    ),
    "with the classes' own forward": (
        "from functools import reduce",
        "reduce(lambda a, l: type(l).forward(l, a), model, p[None])",
    ),
    "with a counter set back": (
        "import gc, autograder.handover as h\n"
        "    for o in gc.get_objects():\n"
        "        if isinstance(o, h._Allowance): o._left = 10**9",
        "model(p[None])",
    ),
    "after a refusal": (
        "def ask(q):\n        for _ in range(3):\n            try: return model(q)\n"
        "            except RuntimeError: pass\n        return torch.zeros(1, 9)",
        "ask(p[None])",
    ),
}


@pytest.fixture(scope="module")
def by_kind(visualization: Graded) -> Callable[[str], NotebookGrade]:
    def graded(source: str) -> NotebookGrade:
        return visualization({"occlusion_map": source})

    return graded


@pytest.mark.parametrize("kind", MANY_CALLS)
def test_calls_of_a_network_are_counted(by_kind: Callable[[str], NotebookGrade], kind: str) -> None:
    prepare, scores = MANY_CALLS[kind]
    graded = by_kind(ONE_BY_ONE.format(prepare=prepare, scores=scores))
    assert points(graded)["occlusion_map"] == 0.0


IN_BATCHES = """
def occlusion_map(model, x, target, patch, stride, fill, batch_size):
    {use}
    rows = (x.shape[1] - patch) // stride + 1
    columns = (x.shape[2] - patch) // stride + 1
    pictures = x.repeat(rows * columns, 1, 1, 1)
    for n, p in enumerate(pictures):
        i, j = n // columns * stride, n % columns * stride
        p[:, i:i + patch, j:j + patch] = fill
    with torch.no_grad():
        scores = torch.cat([model(part)[:, target] for part in pictures.split(batch_size)])
    return scores.reshape(rows, columns)
"""
HONEST_USES = {
    "its type and place": "p = next(model.parameters())\n    x = x.to(p.device, p.dtype)",
    "evaluation mode": "model = model.eval()\n    assert not model.training",
    "its names and text": (
        "assert 'Conv2d' in repr(model) and list(model.named_children())\n"
        "    assert dict(model.named_parameters()) and len(model) and model[0].weight.shape"
    ),
    "no gradients": "for p in model.parameters(): p.requires_grad_(False)",
    "layer by layer": (
        "layers = list(model)\n"
        "    def model(batch):\n"
        "        for layer in layers: batch = layer(batch)\n"
        "        return batch"
    ),
    "a hook": "seen = []\n    model[0].register_forward_hook(lambda m, i, o: seen.append(o.shape))",
    "double precision": "model, x = model.double(), x.double()",
    "a copy": "import copy\n    model = copy.deepcopy(model)",
}


@pytest.mark.parametrize("use", HONEST_USES)
def test_honest_uses_of_the_network_work(by_kind: Callable[[str], NotebookGrade], use: str) -> None:
    graded = by_kind(IN_BATCHES.format(use=HONEST_USES[use]))
    assert points(graded)["occlusion_map"] == 7.0


def test_the_grader_answers_bad_questions() -> None:
    case = problems("visualization")["occlusion_map"].visible_checks().cases[0]
    networks = AskedNetworks(case.arguments)
    assert networks.names == ["model"]
    calls = case.arguments["model"].max_calls
    picture = np.zeros((1, 3, 4, 6))
    bad: list[dict[str, object]] = [
        {"asked": "nobody", "layer": 0, "input": picture},
        {"asked": ["model"], "layer": 0, "input": picture},
        {"asked": "model", "layer": 99, "input": picture},
        {"asked": "model", "layer": -1, "input": picture},
        {"asked": "model", "layer": True, "input": picture},
        {"asked": "model", "layer": "0", "input": picture},
        {"asked": "model"},
    ]
    for question in bad:
        assert "refused" in networks.answer(question)
    for given in (
        None,
        picture.astype(int),
        picture[0, 0],
        np.broadcast_to(picture[:1], (MAX_NUMBERS, 3, 4, 6)),
        np.zeros((0, 0, 0, 0)),
    ):
        fresh = AskedNetworks(case.arguments)
        assert "refused" in fresh.answer({"asked": "model", "layer": 0, "input": given})
    right = networks.answer({"asked": "model", "layer": 0, "input": picture})
    model = hand_over(case.arguments["model"])
    assert np.array_equal(right["output"], model[0](torch.from_numpy(picture)).detach().numpy())
    for _ in range(calls - 1):
        networks.answer({"asked": "model", "layer": 0, "input": picture})
    assert (
        "more often" in networks.answer({"asked": "model", "layer": 0, "input": picture})["refused"]
    )
    gradient = np.ones_like(right["output"])
    question = {"asked": "model", "layer": 0, "input": picture, "gradient": gradient}
    leaf = torch.from_numpy(picture.copy()).requires_grad_()
    model[0](leaf).backward(torch.from_numpy(gradient))
    assert leaf.grad is not None
    for _ in range(calls):
        assert np.array_equal(networks.answer(question)["output"], leaf.grad.numpy())
    assert "more often" in networks.answer(question)["refused"]
    stand_in = networks.arguments["model"]
    for mine, theirs in zip(stand_in.layers, case.arguments["model"].layers, strict=True):
        for key, value in theirs.items():
            if isinstance(value, np.ndarray):
                assert mine[key].shape == value.shape
                assert not np.allclose(mine[key], value)


# Arrays, not image libraries

WITH_PILLOW = {
    "a module": ("from PIL import Image", "Image.fromarray(x)"),
    "a function": ("from PIL.Image import fromarray", "fromarray(x)"),
    "a method": ("from PIL import Image\nim = Image.new('F', (2, 2))", "im.resize((1, 1))"),
    "what is written in C": ("from PIL import Image", "Image.core.new('F', (2, 2))"),
    "imported inside": ("", "__import__('PIL.Image').Image.fromarray(x)"),
    "imported anew": (
        "import sys\ndef anew():\n    for m in list(sys.modules):\n"
        "        if m.startswith('PIL'): del sys.modules[m]\n"
        "    from PIL import Image\n    return Image",
        "anew().fromarray(x)",
    ),
    "through matplotlib": ("import matplotlib.image as m", "m.PIL.Image.fromarray(x)"),
}


@pytest.mark.parametrize("way", WITH_PILLOW)
def test_image_libraries_are_not_for_graded_functions(grader: Grader, way: str) -> None:
    prepare, use = WITH_PILLOW[way]
    source = f"{prepare}\ndef scale(x, factor):\n    {use}\n    return x * factor"
    graded = grader.grade(grader.notebook({"scale": source}, "import numpy as np"))
    assert points(graded)["scale"] == 0.0


def test_drawing_in_a_graded_function_costs_nothing(grader: Grader) -> None:
    source = (
        "import matplotlib.pyplot as plt\ndef scale(x, factor):\n    plt.figure()\n"
        "    plt.imshow(np.atleast_2d(x) if x.size else [[1.0]])\n    plt.title('x')\n"
        "    plt.colorbar()\n    plt.show()\n    return x * factor"
    )
    graded = grader.grade(grader.notebook({"scale": source}, "import numpy as np"))
    assert points(graded)["scale"] == 4.0
    assert "are not for graded functions" not in json.dumps(graded.notebook)
    use = "m.PIL.Image.new('F', (2, 2))"
    pillow = (
        f"import matplotlib.image as m\ndef scale(x, factor):\n    {use}\n    return x * factor"
    )
    told = json.dumps(grader.grade(grader.notebook({"scale": pillow})).notebook)
    assert "Image libraries such as Pillow are not for graded functions" in told
