"""Relations to the arguments, to single channels, and between lists: each where it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.checks import CheckedCase, Checks
from autograder.diagnosis import Finding, diagnose
from autograder.examination import judge
from autograder.outcomes import Returned

RNG = np.random.default_rng(11)


def case(number: int, channels: int) -> CheckedCase:
    """Return a case whose result has the shape of `x`; `gamma` has a number for each channel."""
    shape = (number, channels, 3, 4)
    arguments = {
        "x": RNG.normal(size=shape),
        "dout": RNG.normal(size=shape),
        "gamma": RNG.uniform(0.5, 3, size=channels),
        "rate": 0.5,
    }
    return CheckedCase(f"{shape}", arguments, RNG.normal(size=shape), {})


CASES = tuple(case(n, c) for n, c in ((2, 3), (3, 2), (2, 5), (1, 3)))
Change = Callable[..., Any]


def said(change: Change, cases: tuple[CheckedCase, ...] = CASES) -> str:
    """Return what is said where a function makes other results of the right ones."""
    checks = Checks("task", cases, {})
    outcomes = [judge(checks, c, Returned(change(c.expected, **c.arguments))) for c in cases]
    finding = diagnose(checks, outcomes)
    return finding.words if finding else ""


def over_channels(numbers: np.ndarray) -> np.ndarray:
    return numbers[:, None, None]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a, dout, **_: a / dout, "`dout` is missing from the result as a factor."),
        (lambda a, gamma, **_: a * over_channels(gamma), "multiplied by `gamma` once too often"),
        (lambda a, dout, **_: a - 0.3 * dout, "is a multiple of `dout`."),
        (lambda a, x, **_: np.where(x < 0, a**3, a), "wrong exactly where `x` is negative."),
        (lambda a, x, **_: np.where(x < 0.5, 0, a), "where `x` is below `rate`. There you have 0."),
        (
            lambda a, x, **_: np.where(a < x, x, a),
            "all wrong numbers of the result are those of `x`",
        ),
        (lambda a, x, **_: a * (x.mean(axis=(0, 2, 3), keepdims=True) + 3), "each channel has an"),
        (
            lambda a, x, **_: a * (x.max() + 0.3),
            "each case has another factor. Divide one of yours",
        ),
        (
            lambda a, x, **_: (a - x.mean(axis=(0, 2, 3), keepdims=True)) / 1.7,
            "right but for one factor and one summand",
        ),
        (lambda a, x, **_: a * np.sqrt(2), "too large, by the root of 2"),
        (lambda a, x, **_: a / np.log(10), "as with the logarithm of base 10"),
        (
            lambda a, x, **_: np.where(np.arange(12).reshape(3, 4) == 0, a, a**3),
            "only the first num",
        ),
    ],
)
def test_how_numbers_hang_together(change: Change, words: str) -> None:
    assert words.lower() in said(change).lower()
    assert said(lambda a, x, dout, **_: np.sin(a + x * dout)) == ""


def test_a_single_number_that_lacks_an_argument() -> None:
    cases = tuple(
        CheckedCase(str(n), {"filters": n, "size": n + 2}, n * (n + 2) ** 2, {}) for n in (3, 5, 7)
    )
    assert (
        said(lambda a, filters, **_: a - filters, cases) == "The result is too small by `filters`."
    )
    assert said(lambda a, **_: a + 1, cases) == "The result is too large by 1."


def test_lists_of_positions() -> None:
    due = ([2, 0, 3], [1, 4, 0], [5, 2, 1])
    cases = tuple(CheckedCase(str(n), {"boxes": RNG.normal()}, due[n], {}) for n in range(3))
    assert "in another order" in said(lambda a, boxes: sorted(a, reverse=True), cases)
    assert "some are missing" in said(lambda a, boxes: a[:1], cases)
    assert "should not be in it" in said(lambda a, boxes: [a[0], 9, *a[1:]], cases)
    assert "more than once" in said(lambda a, boxes: [*a, a[0], a[0]], cases)


def finding_of(checks: Checks, change: Change) -> Finding | None:
    outcomes = [judge(checks, c, Returned(change(c.expected))) for c in checks.cases]
    return diagnose(checks, outcomes)


def test_results_in_another_order() -> None:
    due = [(RNG.normal(size=(n, 3)), RNG.normal(size=3), float(n)) for n in (2, 4, 5)]
    cases = tuple(CheckedCase(str(n), {}, results, {}) for n, results in enumerate(due))
    checks = Checks("task", cases, {}, results=("dx", "db", "loss"))
    finding = finding_of(checks, lambda results: results[::-1])
    assert finding is not None
    assert finding.words.endswith("in another order. The order is `dx`, `db`, `loss`.")
    other = finding_of(checks, lambda results: (results[2], results[1] ** 3, results[0]))
    assert other is None or "another order" not in other.words


def test_one_mistake_for_each_kind_of_layers() -> None:
    spec = [{"kind": "image"}, {"kind": "conv"}, {"kind": "conv"}, {"kind": "linear"}]

    def count(n: int, bias: int = 1, units: int = 4) -> list[int]:
        return [0, 27 * n + bias * n, 81 * n + bias * n, 50 * n * units]

    cases = tuple(
        CheckedCase(str(n), {"spec": spec}, count(n), {"no_bias": count(n, bias=0)})
        for n in (2, 3, 5)
    )
    checks = Checks("task", cases, {"no_bias": "What is added?"})
    finding = finding_of(checks, lambda a: [0, *(27 * a[1] // 28, 81 * a[2] // 82), 7])
    assert finding is not None
    assert (finding.misconception, finding.rule, finding.path) == ("no_bias", "part", ())
    assert finding.remains == "Mend this first, and check again: something else may be wrong, too."
    unknown = finding_of(checks, lambda a: [0, a[1] + 5, a[2] * 3, 7])
    assert unknown is None or unknown.misconception is None


def test_what_results_deny_is_not_asked() -> None:
    shapes = ((4, 4), (5, 5), (3, 6), (4, 7), (5, 3), (6, 6))
    cases = tuple(
        CheckedCase(f"{h} {w}", {"x": RNG.normal(size=(h, w))}, RNG.normal(size=(h, w)), {})
        for h, w in shapes
    )

    def wrong(a: np.ndarray, x: np.ndarray, begin: int) -> np.ndarray:
        out = a.copy()
        if a.shape[0] != a.shape[1]:
            out.flat[begin:] = np.sin(3 * a.flat[begin:] + 1)
        return out

    assert "not square" in said(lambda a, x: wrong(a, x, 2), cases)
    assert "not square" not in said(lambda a, x: wrong(a, x, 0), cases)
