"""The core that notebook and grading share: values, comparison, checks, examination."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograder.checks import CheckedCase, Checks, ChecksFileError, Raised, load_checks, save_checks
from autograder.comparison import Tolerance, first_difference
from autograder.examination import examine
from autograder.failures import Failed
from autograder.outcomes import Returned, TimedOut
from autograder.problems import Case, Misconception, Problem, quarters
from autograder.report import graded_report, report
from autograder.student.calls import PrintAllowance, StudentCaller
from autograder.values import Formula, copy_of, describe, is_finite, same

TOLERANCE = Tolerance()
DTYPES = ["float64", "float32", "float16", "int64", "int32", "uint8", "bool"]
plain = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False), st.text()
)
arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=0, max_dims=4, min_side=0))
)
values = st.recursive(
    st.one_of(plain, arrays),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    max_leaves=6,
)


# Values


@given(values)
def test_a_copy_is_the_same_and_independent(value: Any) -> None:
    assert same(value, copy_of(value))
    assert describe(value)


def test_same_tells_types_shapes_and_dtypes_apart() -> None:
    ones = np.ones(2)
    different = [1, 1.0, True, (1,), [1], "1", None, ones, ones.astype(np.float32), ones[None]]
    for i, a in enumerate(different):
        for j, b in enumerate(different):
            assert same(a, b) == (i == j)
    assert same(math.nan, math.nan)
    assert same(np.array([np.nan]), np.array([np.nan]))


def test_a_formula_is_a_function() -> None:
    formula = Formula(("x", "y"), "np.sum(x) * y")
    assert formula(np.ones(3), 2) == 6
    assert copy_of(formula) is formula


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, np.array([1, np.inf]), (1.0, [math.nan]), {"a": math.nan}]
)
def test_not_finite(value: Any) -> None:
    assert not is_finite(value)


def test_nested_lists_are_described_briefly() -> None:
    assert (
        describe([[[1] * 9] * 9] * 9)
        == "list of 9 ("
        + ", ".join(["list of 9 (" + ", ".join(["list of 9"] * 4) + ", ...)"] * 4)
        + ", ...)"
    )


# Comparison


@given(values)
def test_every_value_agrees_with_itself(value: Any) -> None:
    if is_finite(value):
        assert first_difference(copy_of(value), value, TOLERANCE) is None


ELEVENTHS = np.arange(1, 7).reshape(2, 3) / 11


def as_bfloat16(array: np.ndarray) -> np.ndarray:
    """Return float32 numbers with the bits that bfloat16 keeps."""
    bits = array.astype(np.float32).view(np.uint32) & 0xFFFF0000
    return bits.view(np.float32)


@pytest.mark.parametrize(
    ("got", "named"),
    [
        (ELEVENTHS.astype(np.float16), "float16"),
        (as_bfloat16(ELEVENTHS), "bfloat16"),
        (np.asfortranarray(as_bfloat16(ELEVENTHS)), "bfloat16"),
    ],
)
def test_a_result_in_a_coarse_type_is_told_so(got: np.ndarray, named: str) -> None:
    difference = first_difference(got, ELEVENTHS, TOLERANCE)
    assert difference is not None
    assert difference.kind == "precision"
    assert f"computed in {named}," in difference.message
    case = CheckedCase("c", {}, ELEVENTHS, {}, hidden=True)
    told = report(examine(Checks("f", (case,), {}), lambda case: Returned(got))).text
    assert "two or three digits" in told
    assert "float64" in told


def test_a_coarse_type_hides_no_mistake() -> None:
    """One percent of the largest number was within what float16 was allowed."""
    x = np.linspace(-4, 4, 9)
    leaky = np.where(x > 0, x, 0.01 * x)
    for dtype in (np.float16, np.float32, np.float64):
        assert first_difference(leaky.astype(dtype), np.maximum(x, 0), TOLERANCE) is not None
    far = first_difference((2 * ELEVENTHS).astype(np.float16), ELEVENTHS, TOLERANCE)
    assert far is not None
    assert far.kind == "value"


def test_numbers_that_a_coarse_type_holds_are_right_in_it() -> None:
    quarters_of = np.arange(-8, 8) / 4
    for got in (quarters_of.astype(np.float16), as_bfloat16(quarters_of)):
        assert first_difference(got, quarters_of, TOLERANCE) is None
    coarse = ELEVENTHS.astype(np.float16)
    assert first_difference(coarse + np.float16(0.001), coarse, TOLERANCE) is None


def test_tolerances_of_older_files_are_read() -> None:
    fields = {"relative": 1e-6, "relative32": 1e-4, "relative16": 2e-2, "absolute": 1e-9}
    assert Tolerance(**fields) == TOLERANCE


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (np.float64(2), 2.0),
        (np.array(2.0), 2.0),
        (2, 2.0),
        (2.0, 2),
        (np.int32(2), 2),
        (np.bool_(True), True),
        ([1, 2], (1, 2)),
        (np.ones(3, np.float32), np.ones(3)),
        (np.ones(3, int), np.ones(3)),
        (np.float32(1 / 3), 1 / 3),
        (np.array([1e6 + 0.5, 0.0]), np.array([1e6, 0.0])),
        (2.5, np.array(2.5)),
    ],
)
def test_a_teacher_accepts(got: Any, expected: Any) -> None:
    assert first_difference(got, expected, TOLERANCE) is None


@pytest.mark.parametrize(
    ("got", "expected", "kind", "says"),
    [
        (None, np.ones(2), "type", "return"),
        (None, 1, "type", "return"),
        ([1.0, 1.0], np.ones(2), "type", "np.array"),
        (1.0, np.ones(2), "type", "one number"),
        (np.ma.ones(2), np.ones(2), "type", "array"),
        (np.array(["a", "b"]), np.ones(2), "type", "real numbers"),
        (np.array([1j, 1]), np.ones(2), "type", "real part"),
        (np.ones((1, 1)).view(np.matrix), np.ones((1, 1)), "type", "of type matrix"),
        (np.ones((1, 2)), np.ones(2), "shape", "wrong shape"),
        (np.array([1, np.nan]), np.ones(2), "not a number", "nan"),
        (np.array([1, np.inf]), np.ones(2), "not a number", "inf"),
        (np.array([1, 1.01]), np.ones(2), "value", "1 of 2"),
        (2.5, 2, "type", "//"),
        (math.inf, 2, "type", "//"),
        (3, 2, "value", "wrong"),
        (True, 1, "type", "whole number"),
        (1, True, "type", "True or False"),
        ("1", 1, "type", "whole number"),
        (np.ones(2), 1.0, "type", "sum"),
        (1.1, 1.0, "value", "wrong"),
        (math.nan, 1.0, "not a number", "nan"),
        (1, "one", "type", "text"),
        ("two", "one", "value", "wrong"),
        (1, (1, 2), "type", "tuple of 2"),
        ((1,), (1, 2), "shape", "number of entries"),
        ((1, 3), (1, 2), "value", "result[1]"),
        ({"a": 1}, {"b": 1}, "shape", "'b'"),
        ({"b": 1, "c": 2}, {"b": 1}, "shape", "nobody asked"),
        ({"b": 2}, {"b": 1}, "value", "result['b']"),
        ([1], {"b": 1}, "type", "dict"),
    ],
)
def test_a_difference_is_named(got: Any, expected: Any, kind: str, says: str) -> None:
    difference = first_difference(got, expected, TOLERANCE)
    assert difference is not None
    assert difference.kind == kind
    assert says in difference.message


def test_the_first_element_that_differs_is_shown() -> None:
    got, expected = np.zeros((2, 3)), np.zeros((2, 3))
    got[1, 2] = 0.25
    got[1, 1] = -1
    difference = first_difference((0, got), (0, expected), TOLERANCE)
    assert difference is not None
    assert difference.where == "result[1][1, 1]"
    assert (difference.got, difference.expected) == ("-1", "0")
    assert (difference.wrong, difference.total) == (2, 6)


def test_results_have_their_names() -> None:
    dx, dw = np.zeros((2, 3)), np.zeros(4)
    named = {"tolerance": TOLERANCE, "names": ("dx", "dw")}
    wrong = first_difference((dx, dw + np.eye(4)[2]), (dx, dw), **named)
    assert wrong is not None
    assert wrong.where == "dw[2]"
    wrong = first_difference((dx.T, dw), (dx, dw), **named)
    assert wrong is not None
    assert wrong.message == "dx has the wrong shape."
    wrong = first_difference(dx, (dx, dw), **named)
    assert wrong is not None
    assert "a tuple of 2 results" in wrong.message


def test_close_numbers_are_written_long_enough_to_differ() -> None:
    difference = first_difference(1.00000321, 1.0, TOLERANCE)
    assert difference is not None
    assert difference.got != difference.expected


# checks.npz


@given(values, values)
def test_checks_survive_the_file(tmp_path_factory: Any, value: Any, wrong: Any) -> None:
    path = tmp_path_factory.mktemp("checks") / "checks.npz"
    case = CheckedCase("a case", {"x": value}, value, {"m": wrong, "r": Raised("E", "no")}, 2.0)
    before = Checks("f", (case,), {"m": "hint", "r": "hint"}, explorer={"kind": "filter"})
    save_checks(path, "toy", [before])
    content = path.read_bytes()
    after = load_checks(path)["f"]
    assert same(after.cases[0].arguments["x"], value)
    assert same(after.cases[0].expected, value)
    assert after.cases[0].wrong["r"] == Raised("E", "no")
    assert same(after.cases[0].wrong["m"], wrong)
    assert (after.function, after.hints, after.tolerance) == ("f", before.hints, TOLERANCE)
    save_checks(path, "toy", [after])
    assert path.read_bytes() == content


def test_formulas_survive_the_file(tmp_path: Path) -> None:
    case = CheckedCase("c", {"f": Formula(("x",), "x + 1")}, 1.5, {})
    save_checks(tmp_path / "checks.npz", "toy", [Checks("g", (case,), {})])
    loaded = load_checks(tmp_path / "checks.npz")["g"].cases[0].arguments["f"]
    assert loaded(2) == 3


@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"PK\x03\x04broken"])
def test_a_bad_checks_file_says_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "checks.npz"
    if content is not None:
        path.write_bytes(content)
    says = "same folder" if content is None else "damaged"
    with pytest.raises(ChecksFileError, match=says):
        load_checks(path)


def spoiled(content: bytes, at: int, *values: int) -> bytes:
    """Return an archive with bytes of every local and central header, or of its data, replaced."""
    changed = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", at), (b"PK\x01\x02", at + 2)):
        place = changed.find(mark)
        while place >= 0:
            changed[place + offset : place + offset + len(values)] = bytes(values)
            place = changed.find(mark, place + 4)
    return bytes(changed)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: spoiled(content, 6, 1),  # marked as encrypted
        lambda content: spoiled(content, 8, 99),  # an unknown way of packing
        lambda content: content[:60] + b"\xff" * 40 + content[100:],  # the packed bytes
        lambda content: content.replace(b"index.npy", b"inde\xff.npy"),
        lambda content: content[: len(content) // 2],
    ],
)
def test_a_damaged_checks_file_says_so(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "checks.npz"
    save_checks(path, "toy", [Checks("f", (CheckedCase("c", {"x": np.arange(99.0)}, 1, {}),), {})])
    content = path.read_bytes()
    path.write_bytes(damage(content))
    assert path.read_bytes() != content
    with pytest.raises(ChecksFileError, match="damaged"):
        load_checks(path)


def test_another_format_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.checks.FORMAT", 99)
    save_checks(tmp_path / "checks.npz", "toy", [])
    monkeypatch.undo()
    with pytest.raises(ChecksFileError, match="format 99"):
        load_checks(tmp_path / "checks.npz")


def test_a_pickle_in_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checks.npz"
    np.savez(path, index=np.array([print], dtype=object))
    with pytest.raises(ChecksFileError):
        load_checks(path)


# Problems


def mean(x: np.ndarray) -> np.ndarray:
    return x.mean(axis=0)


def total(x: np.ndarray) -> np.ndarray:
    return x.sum(axis=0)


def crooked(x: np.ndarray) -> np.ndarray:
    return x.mean(axis=1)


def broken(x: np.ndarray) -> np.ndarray:
    raise IndexError("axis 7")


def cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case("square", {"x": quarters(rng, 4, 4)}),
        Case("tall", {"x": quarters(rng, 4, 2)}, weight=3),
    ]


def problem(*wrong: Callable[..., Any]) -> Problem:
    described = [Misconception(f.__name__, f, "t", "s", f"hint {f.__name__}") for f in wrong]
    return Problem(mean, cases, described, hidden_cases=lambda rng: cases(rng)[:1])


def test_visible_checks_never_change_and_hidden_ones_do() -> None:
    total_problem = problem(total)
    first, second = total_problem.visible_checks(), total_problem.visible_checks()
    assert same(first.cases[0].arguments, second.cases[0].arguments)
    seven, eight = total_problem.hidden_checks(7), total_problem.hidden_checks(8)
    assert [case.hidden for case in seven.cases] == [False, False, True, True, True]
    assert same(seven.cases[0].arguments, first.cases[0].arguments)
    assert not same(seven.cases[2].arguments, eight.cases[2].arguments)
    assert same(seven.cases[2].arguments, total_problem.hidden_checks(7).cases[2].arguments)


def test_a_case_that_students_know_is_not_repeated_in_grading() -> None:
    def with_example(rng: np.random.Generator) -> list[Case]:
        return [Case("worked example", {"x": np.eye(2)}), *cases(rng)]

    mean_problem = Problem(mean, with_example, ())
    names = [case.name for case in mean_problem.hidden_checks(1).cases if case.hidden]
    assert names == ["square", "tall"]


def test_a_misconception_that_is_right_on_a_case_is_absent_there() -> None:
    checks = problem(broken, crooked).visible_checks()
    assert checks.cases[0].wrong["broken"] == Raised("IndexError", "axis 7")
    assert "crooked" in checks.cases[1].wrong


@given(st.integers(0, 2**32), st.integers(1, 20), st.integers(1, 20))
def test_quarters_add_up_exactly(seed: int, rows: int, columns: int) -> None:
    x = quarters(np.random.default_rng(seed), rows, columns)
    assert x.sum() == math.fsum(x.ravel()) == x[::-1, ::-1].T.sum()
    assert (np.abs(x) <= 4).all()


# Examination


def run(checks: Checks, function: Callable[..., Any]) -> Any:
    def call(case: CheckedCase) -> Any:
        try:
            return Returned(function(*copy_of(dict(case.arguments)).values()))
        except Exception as error:
            return Failed(type(error).__name__, str(error))

    return examine(checks, call)


def test_the_right_function_passes() -> None:
    examination = run(problem(total).hidden_checks(1), mean)
    assert examination.passed
    assert examination.fraction == 1
    assert examination.misconception is None


@pytest.mark.parametrize("wrong", [total, crooked, broken])
def test_each_misconception_is_named(wrong: Callable[..., Any]) -> None:
    examination = run(problem(total, crooked, broken).hidden_checks(1), wrong)
    assert not examination.passed
    assert examination.misconception == wrong.__name__
    assert examination.hint == f"hint {wrong.__name__}"


def test_an_unknown_mistake_gets_no_hint() -> None:
    examination = run(problem(total, crooked).visible_checks(), lambda x: x.mean(axis=0) + 1)
    assert examination.fraction == 0
    assert examination.hint is None


def test_points_follow_the_weights() -> None:
    right_on_square = lambda x: x.mean(axis=0) if x.shape == (4, 4) else x  # noqa: E731
    assert run(problem().visible_checks(), right_on_square).fraction == 0.25


def signs(rng: np.random.Generator) -> list[Case]:
    return [Case(f"pair {n}", {"x": quarters(rng, 2) * (n > 1)}) for n in range(4)]


@pytest.mark.parametrize("answer", [0, 0.0, np.float64(0), np.zeros(())])
def test_one_answer_to_everything_earns_nothing(answer: Any) -> None:
    checks = Problem(lambda x: float(np.sum(x)), signs, ()).visible_checks()
    examination = run(checks, lambda x: answer)
    assert [outcome.passed for outcome in examination.outcomes] == [True, True, False, False]
    assert examination.constant
    assert examination.fraction == 0
    words = graded_report(examination, 0, 4).text
    assert "One answer to everything earns nothing, even where it is right." in words


def test_an_answer_that_changes_once_is_not_one_answer_to_everything() -> None:
    checks = Problem(lambda x: float(np.sum(x)), signs, ()).visible_checks()
    for wrong in (lambda x: float(x[0]), lambda x: 0 if not x.any() else "no", broken):
        examination = run(checks, wrong)
        assert not examination.constant
        assert examination.fraction == (0.5 if wrong is not broken else 0)
        assert "One answer" not in graded_report(examination, 2, 4).text


def test_the_same_right_answer_to_everything_earns_all() -> None:
    checks = Problem(lambda x: x.shape, cases, ()).visible_checks()
    assert run(checks, lambda x: x.shape).fraction == 1
    checks = Problem(lambda x: x.ndim, cases, ()).visible_checks()
    assert run(checks, lambda x: 2).fraction == 1


def test_a_second_mistake_does_not_hide_the_first() -> None:
    def clumsy(x: np.ndarray) -> np.ndarray:
        return total(x) if x.shape == (4, 4) else x

    assert run(problem(total).visible_checks(), clumsy).misconception == "total"


def test_a_changing_answer_is_noticed() -> None:
    count = iter(range(100))
    examination = run(problem().visible_checks(), lambda x: mean(x) * next(count))
    assert examination.outcomes[0].verdict == "changing"


def test_after_a_timeout_nothing_is_called() -> None:
    calls = []

    def call(case: CheckedCase) -> TimedOut:
        calls.append(case.name)
        return TimedOut(1.0)

    examination = examine(problem().hidden_checks(1), call)
    assert calls == ["square"]
    assert [o.verdict for o in examination.outcomes] == ["timed out"] + ["not called"] * 4
    assert examination.fraction == 0


def test_an_untouched_template_is_not_a_crash() -> None:
    def template(x: np.ndarray) -> None:
        raise NotImplementedError

    assert run(problem().visible_checks(), template).outcomes[0].verdict == "not done"


def test_equal_arrays_are_stored_once(tmp_path: Path) -> None:
    numbers = np.arange(1000.0)
    wrong = {"twice": 2 * numbers, "same": numbers.copy(), "other type": numbers.astype(int)}
    case = CheckedCase("a case", {"x": numbers}, numbers, wrong)
    save_checks(tmp_path / "checks.npz", "chapter", [Checks("f", (case,), {})])
    with np.load(tmp_path / "checks.npz") as archive:
        assert len(archive.files) == 4  # the index, and three different arrays
    [stored] = load_checks(tmp_path / "checks.npz")["f"].cases
    assert same(dict(stored.wrong), wrong)
    assert same(stored.expected, numbers)


def test_a_mistake_that_gives_nan_is_known_again() -> None:
    wrong = np.array([1.0, np.nan, 1e9])
    assert first_difference(wrong, wrong.copy(), Tolerance()) is None
    assert first_difference(np.array([1.0, 2.0, 1e9]), wrong, Tolerance()) is not None
    difference = first_difference(wrong, np.array([1.0, 2.0, 1e9]), Tolerance())
    assert difference is not None
    assert difference.kind == "not a number"


def test_results_are_rounded_where_the_mean_problemsays_so() -> None:
    def third(x: np.ndarray) -> np.ndarray:
        return x / 3

    problem = Problem(
        third,
        lambda rng: [Case("a case", {"x": np.ones(2)})],
        (Misconception("ninth", lambda x: x / 9, "Ninth", "Too small.", "Look."),),
        digits=4,
    )
    [case] = problem.visible_checks().cases
    assert case.expected.tolist() == [0.3333, 0.3333]
    assert case.wrong["ninth"].tolist() == [0.1111, 0.1111]


def test_a_report_shows_the_parts_of_arguments() -> None:
    def same_weights(weights: dict, layers: list, steps: list) -> np.ndarray:
        return weights["b"]

    arguments = {
        "weights": {"w": np.ones((2, 3, 4, 5)), "b": np.array([0.25])},
        "layers": [{"kind": "a layer whose description is long", "size": n} for n in range(2)],
        "steps": [f"step {n}" for n in range(100)],
    }
    problem = Problem(same_weights, lambda rng: [Case("parts", arguments)], ())
    caller = StudentCaller(lambda *given: np.array([0.5]), 5.0, PrintAllowance())
    lines = report(examine(problem.visible_checks(), caller)).text.splitlines()
    start = lines.index("    weights: dict of 2")
    assert lines[start + 1 : start + 7] == [
        "        'w': float64 array of shape (2, 3, 4, 5)",
        "        'b': float64 array of shape (1,)",
        "            0.25",
        "    layers: list of 2",
        "        [0]: {'kind': 'a layer whose description is long', 'size': 0}",
        "        [1]: {'kind': 'a layer whose description is long', 'size': 1}",
    ]
    assert lines[start + 7].startswith("    steps: list of 100 (text 'step 0', ")
    assert "  result[0] is wrong." in lines
