"""The proof that the checks are worth something, for every chapter that has problems."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import importlib
import inspect
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.authoring.mutation_table import mutation_table
from autograder.checks import Checks, load_checks, save_checks
from autograder.comparison import first_difference
from autograder.examination import Examination, examine
from autograder.handover import hand_over, take_back
from autograder.problems import Misconception, Problem, decimals_of, quarters, rounded
from autograder.student.calls import in_notebook
from solutions.filters import reference as filters

# Some wrong answers are wrong by an overflow: in a notebook, no more than a warning.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

SOLUTIONS = Path(__file__).parents[2] / "solutions"
CHAPTERS = sorted(path.parent.name for path in SOLUTIONS.glob("*/problems.py"))
SEEDS: Sequence[int | list[int]] = (0, 1, 2026, [3, 14, 159])

PROBLEMS: list[tuple[str, Problem]] = [
    (chapter, problem)
    for chapter in CHAPTERS
    for problem in importlib.import_module(f"solutions.{chapter}.problems").PROBLEMS
]
every_problem = pytest.mark.parametrize(
    "problem", [pytest.param(one, id=f"{chapter}-{one.name}") for chapter, one in PROBLEMS]
)
every_misconception = pytest.mark.parametrize(
    ("problem", "wrong"),
    [
        pytest.param(problem, wrong, id=f"{chapter}-{problem.name}-{wrong.name}")
        for chapter, problem in PROBLEMS
        for wrong in problem.misconceptions
    ],
)
every_alternative = pytest.mark.parametrize(
    ("problem", "right"),
    [
        pytest.param(problem, right, id=f"{chapter}-{right.__name__}")
        for chapter, problem in PROBLEMS
        for right in problem.alternatives
    ],
)


def visible(problem: Problem) -> Checks:
    return _all_checks(id(problem))[0]


def hidden(problem: Problem) -> list[Checks]:
    return _all_checks(id(problem))[1:]


@functools.cache
def _all_checks(identity: int) -> list[Checks]:
    problem = next(one for _, one in PROBLEMS if id(one) == identity)
    return [problem.visible_checks(), *map(problem.hidden_checks, SEEDS)]


def examined(checks: Checks, function: Callable[..., Any]) -> Examination:
    return examine(checks, in_notebook(function, checks.time_limit))


def failure(examination: Examination) -> str:
    first = examination.first_failure
    return "" if first is None else f"{first.case.name}: {first.verdict}, {first.difference}"


def test_every_chapter_has_problems() -> None:
    assert CHAPTERS
    assert {chapter for chapter, _ in PROBLEMS} == set(CHAPTERS)


# Right answers pass


@every_problem
def test_the_reference_passes(problem: Problem) -> None:
    for checks in hidden(problem):
        examination = examined(checks, problem.reference)
        assert examination.passed, failure(examination)


@every_alternative
def test_alternatives_pass(problem: Problem, right: Callable[..., Any]) -> None:
    for checks in hidden(problem):
        examination = examined(checks, right)
        assert examination.passed, failure(examination)
        assert examination.misconception is None


@every_problem
def test_there_are_enough_of_everything(problem: Problem) -> None:
    assert len(visible(problem).cases) >= 3
    assert len(problem.misconceptions) >= 5
    assert len(problem.alternatives) >= 4
    names = [wrong.name for wrong in problem.misconceptions]
    assert len(set(names)) == len(names)


@every_problem
def test_neither_reference_nor_alternatives_change_their_input(problem: Problem) -> None:
    for function in (problem.reference, *problem.alternatives):
        for outcome in examined(hidden(problem)[0], function).outcomes:
            assert outcome.ending.changed == (), function.__name__


# Wrong answers fail, and are named


@every_misconception
def test_misconceptions_fail_visible_and_hidden_cases(
    problem: Problem, wrong: Misconception
) -> None:
    assert not examined(visible(problem), wrong.wrong).passed
    for checks in hidden(problem):
        outcomes = examined(checks, wrong.wrong).outcomes
        assert not all(outcome.passed for outcome in outcomes if outcome.case.hidden)


@every_misconception
def test_misconceptions_are_named(problem: Problem, wrong: Misconception) -> None:
    for checks in (visible(problem), *hidden(problem)):
        assert examined(checks, wrong.wrong).misconception == wrong.name


@every_problem
def test_trivial_answers_earn_little(problem: Problem) -> None:
    def zeros(expected: Any) -> Any:
        return np.zeros_like(expected) if isinstance(expected, np.ndarray) else 0

    for checks in hidden(problem):
        # Of the right shape, which no trivial answer can know: more than anyone gets for nothing.
        answers: dict[str, Callable[[Any], Any]] = {
            "zeros": zeros,
            "ones": lambda expected: zeros(expected) + 1,
            "minus": lambda expected: -expected,
            "none": lambda expected: None,
        }
        for name, answer in answers.items():
            assert earned(checks, answer) < 0.25, name
        for position in range(len(problem.parameters)):
            examination = examined(checks, lambda *given, at=position: given[at])
            assert examination.fraction < 0.25, problem.parameters[position]
        first = checks.cases[0].expected
        assert examined(checks, lambda *given, first=first: first).fraction < 0.25


def earned(checks: Checks, answer: Callable[[Any], Any]) -> float:
    """Return the share of the points for answers made from the expected results."""
    answers = iter([checks.cases[0].expected, *(case.expected for case in checks.cases)])
    return examined(checks, lambda *given: answer(next(answers))).fraction


@every_misconception
def test_misconceptions_cost_points(problem: Problem, wrong: Misconception) -> None:
    # A mistake that shows in one special case only is a small one, but it must be felt.
    assert examined(hidden(problem)[0], wrong.wrong).fraction <= 0.9


# Words


@every_misconception
def test_words_are_sentences(problem: Problem, wrong: Misconception) -> None:
    assert wrong.title[0] in "`" or wrong.title[0].isupper()
    assert not wrong.title.endswith(".")
    assert wrong.symptom.endswith(".")
    assert wrong.hint[-1] in ".?"
    assert 20 <= len(wrong.hint) <= 200
    assert wrong.catalog_number is None or 1 <= wrong.catalog_number <= 88


@every_problem
def test_words_do_not_give_the_solution_away(problem: Problem) -> None:
    folder = Path(inspect.getfile(problem.reference)).parent
    source = (folder / f"{folder.name}.md").read_text()
    prose = re.sub(r"^```\{code-cell\}.*?^```", "", source, flags=re.M | re.S)
    words = [prose] + [
        text
        for wrong in problem.misconceptions
        for text in (wrong.title, wrong.symptom, wrong.hint)
    ]
    secrets = set().union(*map(expressions, (problem.reference, *problem.alternatives)))
    assert secrets
    for text in map(compact, words):
        assert not [secret for secret in secrets if secret in text]


def expressions(function: Callable[..., Any]) -> set[str]:
    """Return the calls, slices, sums and products in a function's body, without spaces."""
    tree = ast.parse(inspect.getsource(function))
    found = {
        compact(ast.unparse(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call | ast.BinOp | ast.Subscript | ast.Assign | ast.Return)
    }
    return {one for one in found if len(one) >= 14}


def compact(text: str) -> str:
    return re.sub(r"\s", "", text)


@every_problem
def test_no_comment_between_the_solution_markers(problem: Problem) -> None:
    # A comment in the reference would be a hint; hints belong into the exercise's text.
    source = inspect.getsource(problem.reference)
    body = source.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
    tokens = tokenize.generate_tokens(io.StringIO(inspect.cleandoc(body)).readline)
    assert not [token for token in tokens if token.type == tokenize.COMMENT]


# Results that no choice of numbers makes exact


every_rounded_problem = pytest.mark.parametrize(
    "problem",
    [
        pytest.param(one, id=f"{chapter}-{one.name}")
        for chapter, one in PROBLEMS
        if one.digits is not None
    ],
)


def floats_in(value: Any) -> list[np.ndarray]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        return [array for item in value for array in floats_in(item)]
    is_float = isinstance(value, float | np.floating | np.ndarray)
    return [np.asarray(value, dtype=float)] if is_float else []


def results(problem: Problem) -> Iterator[Any]:
    """Yield what the reference and the misconceptions return on visible cases, not rounded."""
    for function in (problem.reference, *(one.wrong for one in problem.misconceptions)):
        for case in problem.visible_checks().cases:
            with np.errstate(all="ignore"), contextlib.suppress(Exception):
                yield take_back(function(*map(hand_over, case.arguments.values())))


@every_rounded_problem
def test_no_stored_result_lies_where_rounding_could_go_either_way(problem: Problem) -> None:
    """Another machine's exp and log may differ in the last bits, and must not show."""
    seen = 0
    for array in (array for result in results(problem) for array in floats_in(result)):
        numbers = array[np.isfinite(array)]
        decimals = decimals_of(array, problem.digits)
        doubt = 100 * np.finfo(float).eps * np.abs(numbers).max(initial=0.0)
        down, up = np.round(numbers - doubt, decimals), np.round(numbers + doubt, decimals)
        for number in numbers[down != up].tolist():
            # An exact half is a fraction of a power of two, and the same on every machine.
            assert (Fraction(number) * Fraction(10) ** decimals) % 1 == Fraction(1, 2), number
        seen += numbers.size
    assert seen > 20


@every_rounded_problem
def test_rounding_stays_below_the_tolerance(problem: Problem) -> None:
    for case in problem.visible_checks().cases:
        exact = take_back(problem.reference(*map(hand_over, case.arguments.values())))
        close = dataclasses.replace(
            problem.tolerance,
            relative=problem.tolerance.relative / 10,
            absolute=problem.tolerance.absolute / 10,
        )
        assert first_difference(exact, case.expected, close) is None


def test_rounded_keeps_types_and_tames_odd_numbers() -> None:
    odd = np.array([1 / 3, -np.inf, np.nan, 2.0, -1e-12])
    number, array, rest = rounded((2 / 3, odd, [True, 7, "word", None]), 3)
    assert number == 0.667
    assert array.dtype == np.float64
    assert array[[0, 1, 3, 4]].tolist() == [0.33, -np.inf, 2.0, 0.0]
    assert not np.signbit(array[4])
    bits = rounded(np.array([np.nan, -np.nan]), 3).view(np.uint64).tolist()
    assert bits[0] == bits[1]
    assert rest == [True, 7, "word", None]
    assert rounded({"a": np.float64(1 / 3)}, 3) == {"a": 0.333}
    assert rounded(np.ones(2, np.float32) / 3, 10).dtype == np.float32
    assert rounded(np.array([1, 2]), 3).dtype.kind == "i"


def test_a_number_just_below_a_power_of_ten_keeps_its_decimals() -> None:
    just_below = np.array([np.nextafter(1.0, 0), 0.123456789])
    assert rounded(just_below, 4).tolist() == rounded(np.array([1.0, 0.123456789]), 4).tolist()


# Files


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_checks_are_the_same_bytes_each_time(chapter: str, tmp_path: Path) -> None:
    problems = [problem for name, problem in PROBLEMS if name == chapter]
    for name in ("first.npz", "second.npz"):
        save_checks(tmp_path / name, chapter, [problem.visible_checks() for problem in problems])
    first, second = (tmp_path / name for name in ("first.npz", "second.npz"))
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 250_000
    assert list(load_checks(first)) == [problem.name for problem in problems]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_stored_checks_name_the_same_misconceptions(chapter: str, tmp_path: Path) -> None:
    problems = [problem for name, problem in PROBLEMS if name == chapter]
    save_checks(tmp_path / "checks.npz", chapter, [one.visible_checks() for one in problems])
    stored = load_checks(tmp_path / "checks.npz")
    for problem in problems:
        for wrong in problem.misconceptions:
            assert examined(stored[problem.name], wrong.wrong).misconception == wrong.name


@every_problem
def test_hidden_cases_depend_on_the_seed(problem: Problem, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        save_checks(tmp_path / name, "chapter", [problem.hidden_checks(seed)])
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b
    assert a != c


# The mutation table


def test_mutation_table() -> None:
    for chapter in CHAPTERS:
        problems = [problem for name, problem in PROBLEMS if name == chapter]
        table = mutation_table(problems)
        total = sum(len(problem.misconceptions) for problem in problems)
        assert f"{total} misconceptions: {total} found, {total} named" in table
        assert "**" not in table
        rows = [line for line in table.splitlines() if line.startswith("|")]
        assert len(rows) == total + 2
        assert {row.count(" | ") for row in rows} == {5}
        for problem in problems:
            assert all(wrong.hint in table for wrong in problem.misconceptions)


def test_mutation_table_shows_what_is_not_found() -> None:
    _, problem = PROBLEMS[0]
    wrong = problem.misconceptions[0]
    right = Misconception("right", problem.reference, "A | b", "None.", "No hint.")
    twin = Misconception("twin", wrong.wrong, "Twin", "None.", "No hint.")
    changed = Problem(problem.reference, problem.cases, [wrong, right, twin])
    table = mutation_table([changed])
    assert "| A &#124; b |  | **no case** |" in table
    assert f"**of {wrong.name}:** {wrong.hint}" in table
    assert "3 misconceptions: 2 found, 1 named" in table


# Chapter "filters": the reference against other libraries, and mistakes as students write them

sizes = st.integers(1, 7)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def pictures_and_filters(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    height, width = draw(sizes), draw(sizes)
    rows, columns = draw(st.integers(1, height)), draw(st.integers(1, width))
    rng = np.random.default_rng(draw(seeds))
    return rng.normal(size=(height, width)), rng.normal(size=(rows, columns))


@settings(deadline=None)
@given(pictures_and_filters())
def test_corr2d_and_convolve2d_agree_with_scipy(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, w = pair
    close(filters.corr2d(x, w), scipy.signal.correlate2d(x, w, "valid"))
    close(filters.convolve2d(x, w), scipy.signal.convolve2d(x, w, "valid"))


@settings(deadline=None)
@given(pictures_and_filters())
def test_corr2d_agrees_with_torch(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, w = pair
    close(filters.corr2d(x, w), torch_conv2d(x[None, None], w[None, None], np.zeros(1))[0, 0])


@settings(deadline=None)
@given(seeds, st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.data())
def test_conv2d_agrees_with_torch(seed: int, n: int, c: int, f: int, data: st.DataObject) -> None:
    height, width = data.draw(sizes), data.draw(sizes)
    rows, columns = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(n, c, height, width)), rng.normal(size=(f, c, rows, columns))
    b = rng.normal(size=f)
    close(filters.conv2d(x, w, b), torch_conv2d(x, w, b))
    layer = torch.nn.Conv2d(c, f, (rows, columns))
    learned = sum(parameter.numel() for parameter in layer.parameters())
    assert filters.conv_parameters(c, f, rows, columns) == learned


@settings(deadline=None)
@given(pictures_and_filters().filter(lambda pair: len(set(pair[0].shape)) == 2), st.data())
def test_edge_bank_and_corner_map_agree_with_scipy(
    pair: tuple[np.ndarray, np.ndarray], data: st.DataObject
) -> None:
    x, _ = pair
    size = data.draw(st.integers(1, min(x.shape)))
    w1, w2 = np.random.default_rng(data.draw(seeds)).normal(size=(2, size, size))
    turned = [w1, w1.T[::-1], w1[::-1, ::-1], w1.T[:, ::-1]]  # counterclockwise
    expected = [scipy.signal.correlate2d(x, one, "valid") for one in turned]
    close(filters.edge_bank(x, w1), np.stack(expected))
    both = np.stack([scipy.signal.correlate2d(x, one, "valid") for one in (w1, w2)])
    close(filters.corner_map(x, w1, w2), both.min(axis=0).clip(0))


@settings(deadline=None)
@given(seeds, st.integers(0, 3), st.integers(0, 3))
def test_equivariance_error_of_known_functions(seed: int, dy: int, dx: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = quarters(rng, 8, 9), quarters(rng, 3, 2)
    assert filters.equivariance_error(lambda x: filters.corr2d(x, w), x, dy, dx) == 0
    assert filters.equivariance_error(lambda x: np.maximum(x, 0), x, dy, dx) == 0
    ramp = np.arange(9.0)
    error = filters.equivariance_error(lambda x: x + ramp, x, dy, dx)
    assert error == dx


def close(got: np.ndarray, expected: np.ndarray) -> None:
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-10)


def torch_conv2d(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Torch's own layer, in float64."""
    result = torch.nn.functional.conv2d(*map(torch.from_numpy, (x, w, b)))
    assert result.dtype == torch.float64
    return result.numpy()


def loops(x: np.ndarray, w: np.ndarray, step: Callable[..., Any]) -> np.ndarray:
    """Fill a map product by product: ``step(response, i, j, a, b)``."""
    response = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i, j, a, b in np.ndindex(*response.shape, *w.shape):
        step(response, i, j, a, b)
    return response


def flipped_in_loops(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    def step(response: np.ndarray, i: int, j: int, a: int, b: int) -> None:
        response[i, j] += x[i + a, j + b] * w[w.shape[0] - a - 1, w.shape[1] - b - 1]

    return loops(x, w, step)


def assigned_in_loops(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    def step(response: np.ndarray, i: int, j: int, a: int, b: int) -> None:
        response[i, j] = x[i + a, j + b] * w[a, b]

    return loops(x, w, step)


def no_plus_one(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    response = np.zeros((x.shape[0] - w.shape[0], x.shape[1] - w.shape[1]))
    for i, j in np.ndindex(*response.shape):
        response[i, j] = (x[i : i + w.shape[0], j : j + w.shape[1]] * w).sum()
    return response


def loops_end_early(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    response = np.zeros((x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    for i in range(x.shape[0] - w.shape[0]):
        for j in range(x.shape[1] - w.shape[1]):
            response[i, j] = np.vdot(x[i : i + w.shape[0], j : j + w.shape[1]], w)
    return response


def like_the_picture(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    response = np.zeros_like(x[w.shape[0] - 1 :, w.shape[1] - 1 :])
    response[...] = filters.corr2d(x, w)
    return response


def channel_assigned(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = np.zeros((len(x), len(w), x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1))
    for f, n, c in np.ndindex(len(w), *x.shape[:2]):
        out[n, f] = filters.corr2d(x[n, c], w[f, c]) + b[f]
    return out


def bias_with_each_channel(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = np.zeros((len(x), len(w), x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1))
    for n, f, c in np.ndindex(len(x), *w.shape[:2]):
        out[n, f] += filters.corr2d(x[n, c], w[f, c]) + b[f]
    return out


def bias_in_the_sum(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = np.zeros((len(x), len(w), x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1))
    for n, f, i, j in np.ndindex(*out.shape):
        window = x[n, :, i : i + w.shape[2], j : j + w.shape[3]]
        out[n, f, i, j] = np.sum(window * w[f] + b[f])
    return out


def bias_in_place(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = filters.conv2d(x, w, np.zeros_like(b))
    out += b  # raises another message than out + b
    return out


def channels_looped_first(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], (2, 3))
    out = np.zeros((len(x), len(w), *windows.shape[2:4])) + b[:, None, None]
    for c in range(x.shape[1]):
        for f in range(len(w)):
            out[:, f] += np.tensordot(windows[:, c], w[c][f], 2)  # raises other messages
    return out


def matrix_by_matrix(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], (2, 3))
    columns = windows.transpose(1, 4, 5, 0, 2, 3).reshape(w[0].size, -1)
    out = w.reshape(len(w), -1) @ columns + b[:, None]
    return out.reshape(len(x), len(w), *windows.shape[2:4])


def both_rolled_without_axes(f: Callable[..., Any], x: np.ndarray, dy: int, dx: int) -> float:
    before, after = np.roll(f(x), (dy, dx)), f(np.roll(x, (dy, dx)))
    return max(abs(a - b) for a, b in zip(before[dy:, dx:].flat, after[dy:, dx:].flat, strict=True))


@pytest.mark.parametrize(
    ("function", "written", "named"),
    [
        ("corr2d", flipped_in_loops, "flipped_kernel"),
        ("corr2d", assigned_in_loops, "last_product_only"),
        ("corr2d", no_plus_one, "one_too_small"),
        ("corr2d", loops_end_early, "last_position_skipped"),
        ("corr2d", like_the_picture, "whole_numbers"),
        ("corr2d", lambda x, w: scipy.signal.correlate2d(x, w).T, None),
        ("convolve2d", lambda x, w: scipy.signal.correlate2d(x, w, "valid"), "not_flipped"),
        ("convolve2d", lambda x, w: scipy.signal.convolve2d(x, w), "full_size"),
        ("convolve2d", lambda x, w: filters.corr2d(x, np.flip(w, 0)), "rows_flipped_only"),
        ("convolve2d", lambda x, w: filters.corr2d(np.flip(x), np.flip(w)), "map_flipped"),
        (
            "edge_bank",
            lambda x, w: np.array([filters.corr2d(x, np.rot90(w, k, (1, 0))) for k in range(4)]),
            "clockwise",
        ),
        (
            "corner_map",
            lambda x, a, b: np.max([filters.corr2d(x, a), filters.corr2d(x, b)], 0).clip(0),
            "larger_of_the_two",
        ),
        (
            "corner_map",
            lambda x, a, b: np.abs([filters.corr2d(x, a), filters.corr2d(x, b)]).min(0),
            "abs_for_relu",
        ),
        ("conv2d", channel_assigned, "last_channel_only"),
        ("conv2d", bias_with_each_channel, "bias_in_every_channel"),
        ("conv2d", bias_in_the_sum, "bias_in_every_product"),
        ("conv2d", bias_in_place, "bias_along_columns"),
        ("conv2d", channels_looped_first, "filter_axes_exchanged"),
        ("conv2d", matrix_by_matrix, "maps_not_transposed"),
        ("conv_parameters", lambda c, f, h, w: h * w * f, "no_depth_no_bias"),
        ("conv_parameters", lambda c, f, h, w: (h * w + 1) * c * f, "bias_per_slice"),
        ("equivariance_error", both_rolled_without_axes, "axes_forgotten"),
    ],
)
def test_mistakes_are_named_however_they_are_written(
    function: str, written: Callable[..., Any], named: str | None
) -> None:
    problem = next(one for name, one in PROBLEMS if (name, one.name) == ("filters", function))
    assert examined(visible(problem), written).misconception == named
