"""What a report shows: tables, the line that calls, all cases in a line, words for PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.checks import CheckedCase, Checks
from autograder.examination import examine
from autograder.failures import Failed
from autograder.report import report
from autograder.student.calls import in_notebook
from autograder.tables import side_by_side, table_of
from autograder.values import Tensor, Value


def text_of(checks: Checks, function: Callable[..., Value]) -> str:
    return report(examine(checks, in_notebook(function, checks.time_limit))).text


def one_case(expected: Value, x: Value = None, results: tuple[str, ...] = ()) -> Checks:
    case = CheckedCase("a case", {"x": np.ones((1, 1, 2, 2)) if x is None else x}, expected, {})
    return Checks("task", (case,), {}, results=results)


BATCH = np.arange(24.0).reshape(2, 3, 2, 2)


def test_four_axes_are_shown_by_the_first_slice_that_differs() -> None:
    wrong = BATCH.copy()
    wrong[1, 0, 1, 0] = -1
    lines = text_of(one_case(BATCH), lambda x: wrong).splitlines()
    at = next(i for i, line in enumerate(lines) if line.strip() == "result[1, 0]:")
    assert [line.split() for line in lines[at + 1 : at + 4]] == [
        ["yours", "(*", "differs)", "expected"],
        ["12", "13", "12", "13"],
        ["-1*", "15", "14", "15"],
    ]


def test_the_first_part_that_differs_is_shown() -> None:
    checks = one_case((BATCH, {"w": np.ones((2, 2))}), results=("dx", "gradients"))
    text = text_of(checks, lambda x: (BATCH, {"w": np.zeros((2, 2))}))
    assert "gradients['w'][0, 0]" in text
    assert "yours (* differs)    expected" in text
    text = text_of(checks, lambda x: (BATCH + np.eye(2), {"w": np.ones((2, 2))}))
    assert "dx[0, 0]:" in text


def test_what_is_large_or_odd_is_not_shown() -> None:
    tolerance = one_case(1.0).tolerance
    large = np.zeros((1, 1, 9, 9))
    assert not list(side_by_side(large + 1, large, tolerance))
    assert not list(side_by_side(np.zeros(3), np.zeros(4), tolerance))
    assert not list(side_by_side("a", "b", tolerance))
    assert table_of(BATCH[:1, :1], 16) == ["0  1", "2  3"]
    # Of several slices all are shown, or none: none of them is the whole.
    assert table_of(BATCH, 100)[:4] == ["[0, 0]:", "0  1", "2  3", "[0, 1]:"]
    assert len(table_of(BATCH, 100)) == 18
    assert not table_of(BATCH, 23)
    assert not table_of(np.array(["a"]), 16)


def helper(x: np.ndarray) -> np.ndarray:
    height, width, depth = x.shape
    return x[:height, :width, :depth]


def test_the_line_that_calls_is_blamed() -> None:
    def task(x: np.ndarray) -> np.ndarray:
        return helper(x[0, 0])

    text = text_of(one_case(BATCH), task)
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if "return helper(x[0, 0])" in line)
    assert lines[at].strip().startswith("at line")
    assert lines[at + 1].strip().startswith("in its call of helper, line")
    assert "What does your function hand to `helper` there" in text

    def direct(x: np.ndarray) -> np.ndarray:
        return np.array([row[5] for row in x[0, 0]])

    text = text_of(one_case(BATCH), direct)
    assert "in its call of" not in text
    assert "return np.array([row[5] for row in x[0, 0]])" in text


def test_a_task_that_is_not_done_is_still_told() -> None:
    ending = Failed(
        "NotImplementedError", "", "line 1 of corr2d: raise", "line 9 of task: corr2d(x)"
    )
    checks = one_case(BATCH)
    text = report(examine(checks, lambda case: ending)).text
    assert "It calls `corr2d`, which is not done yet." in text


def test_all_cases_stand_in_one_line() -> None:
    cases = tuple(CheckedCase(str(n), {"n": n}, np.full(3, float(n)), {}) for n in (1, 2, 3, 4, 5))

    def task(n: int) -> Any:
        if n == 5:
            raise ValueError("no")
        return {1: np.ones(3), 2: np.ones(2), 3: np.full(3, np.nan), 4: None}[n]

    first = text_of(Checks("task", cases, {}), task).splitlines()[1]
    assert first == (
        "  Cases: ✔ 1 · ✘ 2 wrong shape · ✘ 3 NaN or infinity · ✘ 4 wrong type · ✘ 5 ValueError"
    )
    assert "Cases:" not in text_of(one_case(1.0), lambda x: 2.0)  # there is no more to tell


def test_pytorch_tasks_speak_of_tensors() -> None:
    x = Tensor(np.ones((2, 3)))
    assert "should be a tensor of shape (2, 3, 2, 2)" in text_of(one_case(BATCH, x), lambda x: 3)
    text = text_of(one_case(BATCH, x), lambda x: [1.0, 2.0])
    assert "Turn it into a tensor, with `torch.stack(...)`." in text
    assert "NumPy" not in text
    assert "should be a NumPy array" in text_of(one_case(BATCH), lambda x: 3)


def test_of_a_tuple_the_entry_that_fits_is_named() -> None:
    places = np.zeros(BATCH.shape, dtype=np.int64)
    text = text_of(one_case(BATCH), lambda x: (BATCH, places))
    assert (
        "Return its first entry alone: of the result of `max` or `min` that is `.values`." in text
    )
    assert "Turn it into" not in text
    text = text_of(one_case(BATCH), lambda x: (np.ones(2), BATCH))
    assert "Return the entry of position 1 alone." in text
    text = text_of(one_case(BATCH), lambda x: (BATCH, BATCH))
    assert "Turn it into an array" in text
