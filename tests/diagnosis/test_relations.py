"""Relations between what was got and what was expected, each with thin evidence, too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from autograder.checks import CheckedCase, Checks
from autograder.diagnosis import Finding, diagnose
from autograder.examination import judge
from autograder.outcomes import Returned
from autograder.values import Value

Change = Callable[[np.ndarray], Value]


def pool(n: int, c: int, height: int, width: int, size: int) -> CheckedCase:
    """Return a case of a pooling task whose result is that large."""
    rng = np.random.default_rng(n + 10 * c + 100 * height + width)
    x = rng.normal(size=(n, c, height * size, width * size))
    arguments = {"x": x, "size": size, "stride": size}
    return CheckedCase(
        f"{n} {c} {height} {width}", arguments, rng.normal(size=(n, c, height, width)), {}
    )


POOLS = (pool(1, 2, 3, 4, 2), pool(3, 2, 4, 3, 3), pool(2, 3, 3, 5, 2), pool(4, 4, 3, 3, 3))


def found(change: Change, cases: tuple[CheckedCase, ...] = POOLS) -> Finding | None:
    checks = Checks("task", cases, {})
    outcomes = [judge(checks, case, Returned(change(case.expected))) for case in cases]
    return diagnose(checks, outcomes)


def last_only(array: np.ndarray) -> np.ndarray:
    out = np.zeros_like(array)
    out[-1] = array[-1]
    return out


def only_first_row(array: np.ndarray) -> np.ndarray:
    out = array**2 + 1
    out[..., 0, :] = 3 * array[..., 0, :]
    return out


def border_wrong(array: np.ndarray) -> np.ndarray:
    out = array + 1
    out[..., 1:-1, 1:-1] = array[..., 1:-1, 1:-1]
    return out


def shift(array: np.ndarray) -> np.ndarray:
    out = np.full_like(array, 7.0)
    out[..., 1:, :] = array[..., :-1, :]
    return out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: -a, "Every number of the result has the wrong sign."),
        (lambda a: 2 * a, "is 2 times what it should be"),
        (lambda a: a * len(a), "too large, by the factor the number of images"),
        (lambda a: a / len(a), "too small, by the factor the number of images"),
        (np.abs, "lost their signs"),
        (lambda a: np.maximum(a, 0), "should be negative, it is 0"),
        (np.trunc, "lost their fractions"),
        (lambda a: a**2, "square of what it should be"),
        (lambda a: a + 3, "too large by the same amount"),
        (lambda a: a / 2, "half of what it should be. Compute one by hand"),
        (
            lambda a: a / -4 * np.sign(a),
            "but for their signs, all numbers of the result are 1/4 of",
        ),
        (lambda a: np.where(a < 1, -a, a), "right but for their signs"),
        (lambda a: a + 0.3 * np.arange(a.shape[1])[:, None, None], "in each channel of the result"),
        (only_first_row, "in the first row of the result is 3 times what it should be"),
        (np.zeros_like, "all numbers of the result are 0"),
        (lambda a: np.cumsum(a).reshape(a.shape), "contains all numbers before it"),
        (lambda a: np.maximum.accumulate(a.ravel()).reshape(a.shape), "is the largest of the"),
        (lambda a: a.swapaxes(2, 3), "rows and columns are exchanged"),
        (lambda a: a.transpose(0, 2, 3, 1), "in the order (image, row, column, channel)"),
        (lambda a: a[..., ::-1, :], "the rows stand in reverse order"),
        (lambda a: a[..., ::-1, ::-1], "turned by half"),
        (shift, "shifted: one row down"),
        (lambda a: np.roll(a, 1, axis=1), "channels of the result are right, but"),
        (lambda a: np.broadcast_to(a[:1], a.shape).copy(), "what belongs to the first image"),
        (lambda a: a.transpose(1, 0, 3, 2).reshape(a.shape), "`transpose` does"),
        (lambda a: a[..., ::-1].copy().swapaxes(0, 0), "the columns stand in reverse order"),
        (lambda a: a[..., :-1, :-1], "lacks rows at the end and columns at the end"),
        (lambda a: np.pad(a, ((0, 0), (0, 0), (1, 1), (1, 1))), "too many rows on both sides"),
        (lambda a: a[None], "axes of length 1 too many"),
        (lambda a: a.sum(axis=1), "lost the axis of channels: it is the sum over it"),
        (lambda a: np.ones((2, *a.shape)) * a / 2, "over axis 0 the sum is still to be taken"),
        (lambda a: np.zeros((*a.shape[:2], 2, 2)), "always has two"),
        (lambda a: np.ones((*a.shape[:3], a.shape[3] + 1)), "one column too many"),
        (lambda a: a[..., :0], "is empty"),
        (last_only, "only the last image of the result is right"),
        (border_wrong, "right inside, and wrong only at its border"),
        (lambda a: np.where(a < 0, a * 1.5, a), "wrong exactly where it should be negative"),
        (lambda a: np.where(a > 1, 0, a), "All wrong numbers of the result are 0"),
    ],
)
def test_each_relation_is_said(change: Change, words: str) -> None:
    finding = found(change)
    assert finding is not None
    assert words.lower() in finding.words.lower(), finding.words
    assert 2 * finding.explained >= finding.of


def test_a_size_that_stands_for_another_is_named() -> None:
    cases = []
    for height, width, high, wide in ((8, 10, 3, 2), (9, 6, 2, 4), (7, 12, 5, 3)):
        arguments = {"x": np.ones((1, 2, height, width)), "w": np.ones((3, 2, high, wide))}
        expected = np.ones((1, 3, height - high + 1, width - wide + 1))
        cases.append(CheckedCase(str((height, width)), arguments, expected, {}))

    def of_size(high: int, wide: int, case: CheckedCase) -> np.ndarray:
        height, width = case.arguments["x"].shape[2:]
        return np.ones((1, 3, height - high + 1, width - wide + 1))

    def said(width: str) -> str:
        checks = Checks("task", tuple(cases), {})
        outcomes = []
        for case in cases:
            high, wide = case.arguments["w"].shape[2:]
            outcomes.append(
                judge(checks, case, Returned(of_size(high, high if width else wide + 1, case)))
            )
        finding = diagnose(checks, outcomes)
        return finding.words if finding else ""

    assert "as wide as if the window were as wide as it is high" in said("height")
    assert "as if the window" not in said("")


def test_no_relation_where_there_is_none() -> None:
    noise = np.random.default_rng(3)
    finding = found(lambda a: a + noise.normal(size=a.shape))
    assert finding is None


def test_a_single_number_is_no_evidence() -> None:
    one = CheckedCase("one", {"x": np.ones((2, 2))}, 2.0, {})
    assert found(lambda a: 2 * a, (one,)) is None
    assert found(lambda a: -a, (one, one)) is None
    three = found(lambda a: -a, (one, one, one))
    assert three is not None
    assert three.words == "The result has the wrong sign."


def test_half_of_the_failing_cases_have_to_agree() -> None:
    turned = iter([True, False, False, False])
    finding = found(lambda a: -a if next(turned) else a + np.arange(a.size).reshape(a.shape) ** 1.7)
    assert finding is None
    turned = iter([True, True, False, False])
    finding = found(lambda a: -a if next(turned) else a + np.arange(a.size).reshape(a.shape) ** 1.7)
    assert finding is not None
    assert (finding.explained, finding.of) == (2, 4)
    assert finding.remains.startswith("It shows in 2 of 4 failing cases.")


def test_the_part_that_is_wrong_is_named() -> None:
    rng = np.random.default_rng(2)
    cases = tuple(
        CheckedCase(
            str(n),
            {"dout": rng.normal(size=(n, 3)), "x": rng.normal(size=(n, 4))},
            (rng.normal(size=(n, 4)), rng.normal(size=3)),
            {},
        )
        for n in (2, 3, 5, 6)
    )
    checks = Checks("linear_backward", cases, {}, results=("dx", "db"))

    def diagnosed(change: Callable[[np.ndarray, np.ndarray], Value]) -> Finding | None:
        outcomes = [judge(checks, case, Returned(change(*case.expected))) for case in cases]
        return diagnose(checks, outcomes)

    only_db = diagnosed(lambda dx, db: (dx, db / len(dx)))
    assert only_db is not None
    assert only_db.words == (
        "Of the results only `db` is wrong. Every number of `db` is too small, by the factor the "
        "number of examples."
    )
    both = diagnosed(lambda dx, db: (-dx, db + dx[0, :3] ** 2))
    assert both is not None
    assert both.words == "Every number of `dx` has the wrong sign."
    unknown = diagnosed(lambda dx, db: (dx, db + dx[0, :3] ** 2))
    assert unknown is not None
    assert unknown.words == "Of the results only `db` is wrong."


def layers(count: int) -> CheckedCase:
    spec = [{"kind": "image"}, {"kind": "conv"}, {"kind": "relu"}, *[{"kind": "linear"}] * count]
    return CheckedCase(str(count), {"spec": spec}, [0, 30 * count, 0, *range(1, count + 1)], {})


def test_entries_of_lists_are_told_by_their_layers() -> None:
    cases = tuple(map(layers, (2, 3, 4)))
    assert found(lambda a: a[1:], cases).words.startswith("The first entry is missing")
    assert found(lambda a: [9, *a], cases).words.startswith("The first entry of your list is one")
    wrong = found(lambda a: [*a[:3], *(n + 1 for n in a[3:])], cases)
    assert wrong.words == "Only entries of layers `linear` are wrong in your list."
    assert found(lambda a: [n + 1 for n in a], cases) is None


def test_the_number_that_is_wrong_in_shapes_is_named() -> None:
    spec = [{"kind": "image"}, {"kind": "conv"}, {"kind": "flatten"}]
    shapes = [(3, 8, 9), (4, 6, 7), (168,)]
    cases = tuple(CheckedCase(str(n), {"spec": spec}, shapes, {}) for n in range(3))
    wrong = found(lambda _: [(3, 8, 9), (4, 6, 6), (144,)], cases)
    assert "only the third number, the width, is wrong" in wrong.words
    both = found(lambda _: [(3, 8, 9), (4, 5, 6), (120,)], cases)
    assert both is None or "number, the" not in both.words


def test_answers_in_words() -> None:
    cases = tuple(
        CheckedCase(text + str(n), {"classes": n}, text, {}) for n in (3, 4) for text in "abc"
    )
    assert "written in another way" in found(str.upper, cases).words
    assert found(lambda t: "a" if t == "b" else t, cases).words == (
        "Your function never recognizes 'b'."
    )
    assert (
        "is no answer that the task knows" in found(lambda t: "z" if t == "b" else t, cases).words
    )
