"""Whatever a function returns, the report is written: nothing in it stops, or warns."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.chapter import load_problems
from autograder.checks import CheckedCase
from autograder.examination import examine
from autograder.failures import Failed
from autograder.outcomes import Ending, Returned
from autograder.report import graded_report, report
from autograder.values import copy_of
from tests import COURSE

TASKS = ("filters", "conv2d"), ("backprop", "linear_backward"), ("backprop", "numerical_gradient")
PLAIN: tuple[Any, ...] = (
    *(None, 3.5, True, "text", [], (), {}, [1, [2]], {"a": np.zeros(0)}),
    *(float("nan"), float("inf"), 10**400, np.float32(3), np.array(3.0), np.array("x")),
    *(np.zeros(0), np.zeros((0, 3)), np.zeros((1,) * 8), np.full((2, 2), np.nan), np.array([1j])),
    *(np.array([object()]), (np.zeros(0), np.zeros(0)), (None, None, None)),
)


def odd(expected: Any) -> Iterator[Any]:
    """Yield results that are hardly right."""
    yield from PLAIN
    if isinstance(expected, np.ndarray):
        yield from (expected.T, expected[None], expected[..., :0], expected[:0], expected.ravel())
        yield from (expected * 1e300, expected * np.nan, -expected, expected > 0, expected.sum())
        yield from (expected.astype(kind) for kind in (np.float16, np.int8, np.longdouble))
    if isinstance(expected, tuple):
        for place, part in enumerate(expected):
            for value in odd(part):
                yield (*expected[:place], value, *expected[place + 1 :])
        yield from (expected[::-1], expected[:1], list(expected))


@pytest.mark.parametrize("right", ["never", "now and then"])
@pytest.mark.parametrize(("chapter", "task"), TASKS)
def test_a_report_is_written(chapter: str, task: str, right: str) -> None:
    checks = load_problems(COURSE, chapter)[task].hidden_checks(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = [list(odd(case.expected)) for case in checks.cases]
    for kind in range(len(results[0])):

        def call(case: CheckedCase, kind: int = kind) -> Ending:
            number = next(n for n, other in enumerate(checks.cases) if other is case)
            if right == "now and then" and number % 3 == kind % 3:
                return Returned(copy_of(case.expected))
            if right == "now and then" and number % 5 == 0:
                return Failed("ValueError", "cannot reshape array of size 0 into shape (2,)")
            return Returned(copy_of(results[number][kind]))

        examination = examine(checks, call)
        assert report(examination).text
        assert graded_report(examination, 0.5, 1.0).text
