"""What graded functions are handed, and what is taken back: PyTorch tensors and networks."""

from __future__ import annotations

import collections
import enum
import json
import subprocess
import sys
import types
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import pytest
import torch
from nbformat.notebooknode import NotebookNode
from torch import nn

from autograder.authoring.generate import generate
from autograder.checks import Checks, load_checks, save_checks
from autograder.examination import examine
from autograder.grading.course import Course
from autograder.grading.engine import NotebookGrade, NotebookGrader
from autograder.grading.pool import open_sandbox
from autograder.grading.rebuild import rebuild
from autograder.grading.sandbox import Sandbox
from autograder.grading.submitted_notebook import notebook_of
from autograder.grading.wire import HEADER, WireError, decode, encode
from autograder.handover import changed, hand_over, take_back
from autograder.problems import Case, Problem, quarters
from autograder.report import report
from autograder.student.calls import in_notebook
from autograder.values import LAYERS, SequentialNetwork, Tensor, describe, same
from tests.small_course import write_course


def network(seed: int = 0, **options: object) -> SequentialNetwork:
    rng = np.random.default_rng(seed)
    layers = (
        {"kind": "conv", "weight": quarters(rng, 3, 2, 3, 2), "bias": quarters(rng, 3)},
        {"kind": "relu"},
        {"kind": "max_pool", "size": 2},
        {"kind": "conv", "weight": quarters(rng, 4, 3, 3, 3), "bias": quarters(rng, 4)}
        | {"stride": 2, "padding": 1},
        {"kind": "avg_pool", "size": 2, "stride": 1},
        {"kind": "dropout", "p": 0.5},
        {"kind": "adaptive_avg_pool", "size": 1},
        {"kind": "flatten"},
        {"kind": "linear", "weight": quarters(rng, 5, 4), "bias": quarters(rng, 5)},
    )
    return SequentialNetwork(layers, **options)  # type: ignore[arg-type]


def test_a_tensor_is_handed_over_as_a_copy() -> None:
    value = Tensor(quarters(np.random.default_rng(0), 2, 3))
    tensor = hand_over(value)
    assert isinstance(tensor, torch.Tensor)
    assert tensor.dtype == torch.float64
    assert np.array_equal(tensor.numpy(), value.array)
    assert not tensor.requires_grad
    before = value.array.copy()
    tensor += 1
    assert np.array_equal(value.array, before)
    assert changed({"x": value}, {"x": tensor}) == ("x",)


def test_a_tensor_may_have_been_used_before() -> None:
    value = Tensor(np.ones((2, 2)), gradient=np.full((2, 2), 3.0))
    tensor = hand_over(value)
    assert tensor.requires_grad
    (2 * tensor).sum().backward()
    assert tensor.grad.tolist() == [[5.0, 5.0], [5.0, 5.0]]
    assert changed({"x": value}, {"x": tensor}) == ()


def test_a_network_computes_what_its_layers_say() -> None:
    kinds = {layer["kind"] for layer in network().layers}
    assert kinds == set(LAYERS)
    model = hand_over(network())
    assert isinstance(model, nn.Sequential)
    assert not model.training
    x = torch.from_numpy(quarters(np.random.default_rng(1), 2, 2, 12, 13))
    first, second, last = (network().layers[i] for i in (0, 3, 8))
    as_tensors = [
        {k: torch.from_numpy(v) for k, v in layer.items() if isinstance(v, np.ndarray)}
        for layer in (first, second, last)
    ]
    out = torch.conv2d(x, as_tensors[0]["weight"], as_tensors[0]["bias"]).relu()
    out = torch.conv2d(
        torch.max_pool2d(out, 2), as_tensors[1]["weight"], as_tensors[1]["bias"], 2, 1
    )
    out = torch.nn.functional.avg_pool2d(out, 2, 1).mean(dim=(2, 3))
    out = out @ as_tensors[2]["weight"].T + as_tensors[2]["bias"]
    assert torch.equal(model(x), out)
    assert hand_over(network(training=True)).training


def test_an_unknown_layer_is_told() -> None:
    with pytest.raises(ValueError, match="no layer of the kind 'attention'; there are conv,"):
        hand_over(SequentialNetwork(({"kind": "attention"},)))


def test_calls_may_be_counted() -> None:
    model = hand_over(network(max_calls=2))
    x = torch.zeros(1, 2, 12, 13, dtype=torch.float64)
    for _ in range(2):
        model(x)
    with pytest.raises(RuntimeError, match=r"more often than 2 times.*one batch"):
        model(x)


def test_a_changed_network_is_noticed() -> None:
    value = network()
    model = hand_over(value)
    assert changed({"model": value}, {"model": model}) == ()
    with torch.no_grad():
        model[0].bias[0] += 1
    assert changed({"model": value}, {"model": model}) == ("model",)


def test_values_inside_lists_and_dictionaries_are_handed_over_too() -> None:
    value = {"pictures": [Tensor(np.zeros(2)), np.ones(2)], "n": (1, network())}
    handed = hand_over(value)
    assert isinstance(handed["pictures"][0], torch.Tensor)
    assert isinstance(handed["n"][1], nn.Sequential)
    assert changed({"x": value}, {"x": handed}) == ()
    handed["pictures"][0][0] = 1.0
    assert changed({"x": value}, {"x": handed}) == ("x",)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.ones(2, 3, requires_grad=True),
        torch.ones(3, 2).T,
        torch.ones(2, 3, dtype=torch.bfloat16),
        torch.ones(2, 3, dtype=torch.int64),
    ],
    ids=["with gradient", "transposed", "bfloat16", "integers"],
)
def test_tensors_come_back_as_arrays(tensor: torch.Tensor) -> None:
    array, [inside], mapping = take_back((tensor, [tensor], {"a": tensor}))
    for result in (array, inside, mapping["a"]):
        assert type(result) is np.ndarray
        assert result.tolist() == np.ones((2, 3)).tolist()


@pytest.mark.parametrize(
    "value", [Tensor(np.eye(2), np.ones((2, 2))), Tensor(np.eye(3)), network(3, max_calls=4)]
)
def test_values_survive_file_and_wire(value: object, tmp_path: Path) -> None:
    def identity(x: object) -> float:
        return 0.0

    problem = Problem(identity, lambda rng: [Case("one", {"x": value})], ())  # type: ignore[arg-type]
    save_checks(tmp_path / "checks.npz", "toy", [problem.visible_checks()])
    read = load_checks(tmp_path / "checks.npz")["identity"].cases[0].arguments["x"]
    assert same(read, value)
    frame = encode(value)
    structure, _ = HEADER.unpack(frame[: HEADER.size])
    body = frame[HEADER.size :]
    assert same(decode(body[:structure], body[structure:], formulas=True), value)
    with pytest.raises(WireError):
        decode(body[:structure], body[structure:])
    other = network(4, max_calls=4)
    assert not same(value, other)


def test_descriptions() -> None:
    assert describe(Tensor(np.zeros((1, 3, 8, 8)))) == "float64 tensor of shape (1, 3, 8, 8)"
    words = describe(network())
    assert words.startswith("network: conv 3 x 2 x 3 x 2, relu, max pool 2, conv 4 x 3 x 3 x 3,")


def test_the_student_side_starts_without_torch() -> None:
    code = "import sys, autograder, autograder.handover; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# In grading


SOURCE = """\
---
kernelspec:
  name: python3
  display_name: Python 3
---

# Vision

```{code-cell} python
import torch
from autograder import check, explore
```

```{code-cell} python
:task: gradient
:points: 4
:difficulty: 1
:minutes: 5
```
"""

CHAPTER = """\
from autograder.chapter import DEFAULT_PACKAGES, Chapter, Limits

CHAPTER = Chapter(
    tasks=("gradient",), packages=(*DEFAULT_PACKAGES, "torch"), limits=Limits(memory=1024)
)
"""

GRADIENT = '''\
from typing import Any

from autograder.problems import Case, Misconception, Problem, quarters
from autograder.values import SequentialNetwork, Tensor


def gradient(model: Any, x: Any, target: int) -> Any:
    """Return the gradient of a score of a network.

    model: network, called with a batch of pictures.
    x: pictures, tensor of shape (N, C, H, W).
    target: which score.
    """
    ### BEGIN SOLUTION
    x = x.detach().clone().requires_grad_()
    model(x)[:, target].sum().backward()
    return x.grad
    ### END SOLUTION


def cases(rng):
    def network():
        conv = {"kind": "conv", "weight": quarters(rng, 3, 2, 3, 3), "bias": quarters(rng, 3)}
        linear = {"kind": "linear", "weight": quarters(rng, 4, 27), "bias": quarters(rng, 4)}
        return SequentialNetwork((conv, {"kind": "relu"}, {"kind": "flatten"}, linear), max_calls=1)

    x, used = quarters(rng, 2, 2, 5, 5), quarters(rng, 2, 2, 5, 5)
    return [
        Case("two pictures", {"model": network(), "x": Tensor(x), "target": 1}),
        Case("used before", {"model": network(), "x": Tensor(used, used), "target": 3}),
    ]


def piled_up(model, x, target):
    x.requires_grad_()
    model(x)[:, target].sum().backward()
    return x.grad


PROBLEM = Problem(
    gradient,
    cases,
    (Misconception("piled_up", piled_up, "piles up", "twice as large", "Which x is it?"),),
    time_limit=10.0,
)
'''


@pytest.fixture(scope="module")
def vision(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course whose only chapter uses PyTorch."""
    root = tmp_path_factory.mktemp("vision")
    write_course(root, "vision", SOURCE, CHAPTER, {"gradient": GRADIENT})
    generate(root, "vision", gradebook=f"sqlite:///{root}/unused.db")
    return Course.at(root)


RIGHT = """
def gradient(model, x, target):
    x = x.clone().detach().requires_grad_()
    return torch.autograd.grad(model(x)[:, target].sum(), x)[0]
"""
PILED_UP = """
def gradient(model, x, target):
    x.requires_grad_()
    model(x)[:, target].sum().backward()
    return x.grad
"""
ONE_BY_ONE = """
def gradient(model, x, target):
    x = x.detach().clone().requires_grad_()
    for one in x:
        model(one[None])[0, target].backward()
    return x.grad
"""


@pytest.fixture(scope="module")
def sandbox(vision: Course) -> Iterator[Sandbox]:
    with open_sandbox(vision.chapter("vision")) as sandbox:
        yield sandbox


def graded(course: Course, sandbox: Sandbox, answer: str) -> NotebookGrade:
    chapter = course.chapter("vision")
    notebook: NotebookNode = nbformat.read(
        course.root / "exercises" / "vision" / "vision.ipynb", as_version=4
    )
    next(cell for cell in notebook.cells if "def gradient" in cell.source).source = answer
    submitted = notebook_of(json.loads(nbformat.writes(notebook)))
    return NotebookGrader(chapter, sandbox).grade(rebuild(submitted, chapter.release), 7)


def test_tensors_and_networks_in_grading(vision: Course, sandbox: Sandbox) -> None:
    [task] = graded(vision, sandbox, RIGHT).tasks
    assert task.points == 4.0, report(task.examination, show_hidden=True).text


def test_misconceptions_about_gradients_are_found(vision: Course, sandbox: Sandbox) -> None:
    [task] = graded(vision, sandbox, PILED_UP).tasks
    assert task.misconception == "piled_up"
    assert task.points == 2.0


def test_a_network_that_is_called_too_often_is_told(vision: Course, sandbox: Sandbox) -> None:
    [task] = graded(vision, sandbox, ONE_BY_ONE).tasks
    assert task.points == 0.0
    text = report(task.examination).text
    assert "Put many pictures into one batch" in text


def test_tensors_and_networks_in_the_notebook(vision: Course) -> None:
    checks: Checks = load_checks(vision.root / "exercises" / "vision" / "checks.npz")["gradient"]
    names: dict[str, object] = {"torch": torch}
    for source, passes in ((RIGHT, True), (PILED_UP, False)):
        exec(source, names)
        examination = examine(checks, in_notebook(names["gradient"], 10))  # type: ignore[arg-type]
        assert examination.passed == passes
    assert examination.misconception == "piled_up"


class Kind(enum.StrEnum):
    CONV = "conv"


class Place(enum.IntEnum):
    TOP = 3


class Both(NamedTuple):
    low: float
    high: float


class Text(str):
    __slots__ = ()


PLAIN = {
    "NumPy's text": (np.array(["relu", "conv"])[0], "relu"),
    "text in an array without axes": (np.array("relu"), "relu"),
    "text of an enumeration": (Kind.CONV, "conv"),
    "a class of text": (Text("conv"), "conv"),
    "a number of an enumeration": (Place.TOP, 3),
    "a fraction": (Fraction(1, 4), 0.25),
    "a decimal": (Decimal("0.25"), 0.25),
    "a named tuple": (Both(1.0, 2.0), (1.0, 2.0)),
    "a size": (torch.Size([2, 3]), (2, 3)),
    "values and indices": (
        torch.tensor([[1.0, 3.0]]).max(dim=1),
        (np.array([3.0], np.float32), np.array([1])),
    ),
    "a range": (range(3), [0, 1, 2]),
    "a queue": (collections.deque([1, 2]), [1, 2]),
    "values of a dictionary": ({"a": 1}.values(), [1]),
    "keys of NumPy's text": ({np.str_("w"): 1}, {"w": 1}),
    "a mapping": (types.MappingProxyType({"w": (1,)}), {"w": (1,)}),
    "a counter": (collections.Counter("aab"), {"a": 2, "b": 1}),
    "true": (True, True),
    "nothing": (None, None),
}


@pytest.mark.parametrize("name", PLAIN)
def test_results_are_what_they_behave_as(name: str) -> None:
    value, plain = PLAIN[name]
    result = take_back(value)
    assert same(result, plain)
    assert same(take_back([(value,), {"key": value}]), [(plain,), {"key": plain}])
    # In grading, the same arrives.
    frame = encode(result, lenient=True)
    structure = HEADER.unpack(frame[: HEADER.size])[0]
    body = frame[HEADER.size :]
    assert same(decode(body[:structure], body[structure:]), plain)


def test_what_behaves_as_nothing_plain_stays() -> None:
    for value in (3j, object(), {1, 2}, range(10**15), (i for i in "ab"), np.array(["a", "b"])):
        assert take_back(value) is value
    endless: list[object] = []
    endless.append(endless)
    assert isinstance(take_back(endless), list)
