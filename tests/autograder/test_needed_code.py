"""What is run of the course's own cells: all that answers depend on, and hardly more."""

from __future__ import annotations

import pytest

from autograder.needed_code import names_read, needed_code


def left(course: str, answer: str, functions: tuple[str, ...] = ("answer",)) -> str:
    """Return what is run of one of the course's cells before a student's."""
    course_part, own = needed_code([(course, True), (answer, False)], functions)
    assert own == answer
    return course_part


@pytest.mark.parametrize(
    ("course", "answer", "run"),
    [
        ("x = 1\ny = 2", "def answer(): return x", "x = 1"),
        ("x = 1\ny = x + 1\nz = y", "print(y)", "x = 1\ny = x + 1"),
        ("x = 1", "def answer(x): return x", ""),
        ("x = [1]\nx[0] = 2\nx.append(3)\nw[0] = 4", "x", "x = [1]\nx[0] = 2\nx.append(3)"),
        ("x = A()\nx.y.z = 2", "x", "x = A()\nx.y.z = 2"),
        ("shuffle(x)\nrng.shuffle(x)\nother.shuffle(y)", "x", "shuffle(x)\nrng.shuffle(x)"),
        ("for i in a:\n    x += i\nfor i in a:\n    y += i", "x", "for i in a:\n    x += i"),
        ("if a:\n    x = 1\nelse:\n    y = 1", "y", "if a:\n    x = 1\nelse:\n    y = 1"),
        ("f = lambda: g\ng = h\nh = 1\ndef k():\n    x = 1", "f", "f = lambda: g\ng = h\nh = 1"),
        ("print(x)\nshow(x)\nexplore(f)\nplt.plot(x)\nx", "x + f(plt)", ""),
        ("plt.rcParams.update({})\nplt.figure()", "plt", "plt.rcParams.update({})"),
        ("torch.manual_seed(0)\nnp.random.seed(0)", "torch", "torch.manual_seed(0)"),
        ("import a\nfrom b import c as d\nx = a.f()", "0", "import a\nfrom b import c as d"),
        ("%matplotlib inline\nx = 1", "0", "%matplotlib inline\nx = 1"),
        ("x = 1\ny = 2", "x +* broken", "x = 1"),
        ("x = 1\ny = 2", "eval('x')", "x = 1"),
        ("x = 1\ny = 2", "%timeit x", "x = 1"),
        ("x = 1\ny = 2", "x += 1", "x = 1"),
        ("x = 1\ny = 2", "del x", "x = 1"),
        ("x = 1\ny = 2", "class A:\n    z = x", "x = 1"),
        ("x = 1\ny = 2", "[x for y in z]", "x = 1"),
        ("x = 1\ny = 2", "def answer(a=x): y = 3", "x = 1"),
        ("total = answer(3)", "def answer(n): return n", ""),
        ("def answer(n):\n    raise E\nx = 1", "0", "def answer(n):\n    raise E"),
    ],
)
def test_what_answers_depend_on_is_run(course: str, answer: str, run: str) -> None:
    assert left(course, answer) == run


def test_a_cell_is_left_as_it_is_where_all_of_it_is_needed() -> None:
    course = "x = 1  # as written"
    assert left(course, "x") == course


def test_later_cells_count_too() -> None:
    cells = [("x = 1", True), ("y = 2", False), ("x = 3\nz = 4", True), ("print(x)", False)]
    assert needed_code(cells, ()) == ["x = 1", "y = 2", "x = 3", "print(x)"]


def test_arguments_and_local_variables_are_no_global_names() -> None:
    source = "def f(a, *b, **c):\n    d = a\n    return [e for e in g(d, h)]"
    assert names_read(source) == {"g", "h"}
