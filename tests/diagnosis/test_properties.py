"""The properties of cases, and that the visible cases tell them apart."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.checks import CheckedCase, Checks
from autograder.diagnosis.evidence import aspects
from autograder.diagnosis.properties import statements
from autograder.diagnosis.quantities import quantities
from autograder.diagnosis.shared import shared_property
from autograder.examination import judge
from autograder.failures import Failed
from autograder.outcomes import Returned
from autograder.values import Value
from tests.diagnosis.catalog_entries import tasks


@pytest.mark.parametrize("task", tasks())
def test_the_visible_cases_tell_every_property_from_every_other(task: str) -> None:
    known = [statements(case) for case in tasks()[task].cases]
    columns = defaultdict(list)
    for statement in known[0]:
        if all(statement in each for each in known):
            columns[tuple(each[statement] for each in known)].append(statement.words)
    alike = [words for column, words in columns.items() if len(words) > 1 and len(set(column)) > 1]
    assert not alike, f"add a visible case to {task} that tells these apart: {alike}"


def layer(x: tuple[int, ...], w: tuple[int, ...], stride: int, padding: int) -> CheckedCase:
    rng = np.random.default_rng(sum(x + w))
    images, filters = rng.normal(size=x), rng.normal(size=w)
    rows, columns = ((a + 2 * padding - b) // stride + 1 for a, b in zip(x[2:], w[2:], strict=True))
    arguments = {"x": images, "w": filters, "stride": stride, "padding": padding}
    expected = rng.normal(size=(x[0], w[0], rows, columns))
    return CheckedCase(f"{x} {w} {stride} {padding}", arguments, expected, {})


CASES = (
    layer((1, 1, 4, 5), (1, 1, 2, 3), 1, 0),
    layer((1, 2, 5, 5), (2, 2, 3, 3), 1, 1),
    layer((3, 2, 6, 4), (2, 2, 2, 2), 2, 0),
    layer((2, 1, 4, 3), (3, 1, 2, 3), 2, 2),
    layer((1, 3, 4, 6), (1, 3, 3, 2), 1, 0),
    layer((2, 2, 7, 6), (1, 2, 3, 3), 1, 1),
)


def test_quantities_are_read_off_the_arguments() -> None:
    sizes = quantities(CASES[3])
    assert (sizes["N"], sizes["C"], sizes["H"], sizes["W"]) == (2, 1, 4, 3)
    assert (sizes["F"], sizes["HH"], sizes["WW"], sizes["area"]) == (3, 2, 3, 6)
    assert (sizes["stride"], sizes["padding"], sizes["Ho"], sizes["Wo"]) == (2, 2, 4, 3)


ARGUMENTS = (
    "x maps shape w w1 b dout order scores noise y channels filters size patch height width stride "
    "padding dilation kernel layers targets momentum columns batch_size"
)
ANY_VALUE = st.one_of(
    arrays.arrays(float, arrays.array_shapes(min_dims=0, max_dims=5, max_side=3)),
    st.integers(0, 9),
    st.booleans(),
    st.none(),
    st.text(max_size=3),
    st.lists(st.integers(0, 3), max_size=4).map(tuple),
    st.lists(st.integers(0, 3), max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), max_size=3),
    st.lists(st.dictionaries(st.sampled_from(["kind", "size"]), st.integers(0, 3)), max_size=2),
)


@given(st.dictionaries(st.sampled_from(ARGUMENTS.split()), ANY_VALUE))
def test_a_task_may_call_its_arguments_anything(arguments: dict[str, Value]) -> None:
    statements(CheckedCase("any", arguments, np.zeros((1, 2, 3, 3)), {}))


def said(fails: list[bool], kind: str = "", cases: tuple[CheckedCase, ...] = CASES) -> str:
    """Return what is said where just these cases fail, with an exception or other numbers."""
    checks = Checks("layer", cases, {})
    outcomes = []
    for case, failing in zip(cases, fails, strict=True):
        wrong: Value = Failed(kind, "") if kind else Returned(case.expected + case.expected**2)
        outcomes.append(judge(checks, case, wrong if failing else Returned(case.expected)))
    finding = shared_property(aspects(checks, outcomes)[0])
    return finding.words if finding else ""


@pytest.mark.parametrize(
    ("words", "ask"),
    [
        ("the padding is 0", "`a[p:-p]` is empty"),
        ("the padding is larger than 1", "take the padding for 1"),
        ("there are several images", "the same for all images"),
        ("there is one image only", "which axis has length 1"),
        ("the stride is larger than 1", "where does it begin"),
        ("there are several channels", "the second channel"),
        ("the window is not square", "height and width"),
    ],
)
def test_what_exactly_the_failing_cases_have_is_said(words: str, ask: str) -> None:
    fails = [
        any(holds and statement.words == words for statement, holds in statements(case).items())
        for case in CASES
    ]
    assert 0 < sum(fails) < len(CASES)
    text = said(fails)
    assert text.startswith(f"Your function fails exactly when {words}.")
    assert ask in text
    assert said(fails, "ValueError").startswith(f"Your function stops exactly when {words}.")


def test_thin_evidence_says_nothing() -> None:
    assert not said([True] * 6)  # no case passes
    assert not said([True, True, True, True, True, False])  # one passes, which is of many kinds
    assert not said([True, False, True], cases=CASES[:3])  # too few
    assert not said([True, True, False, False, False, True])  # nothing that they have in common


def test_one_value_that_alone_is_right_is_said() -> None:
    assert "works only when the number of images is 2" in said(
        [True, True, True, False, True, False]
    )
    # Another exception says that a size is taken for granted elsewhere.
    assert not said([True, True, True, False, True, False], "ValueError")
    assert "the number of images is 2" in said([True, True, True, False, True, False], "IndexError")
