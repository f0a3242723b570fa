"""The live figures of the chapter "Training": arithmetic, keyboard, refusals, accessibility."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from book.training.column_explorer import ColumnExplorer
from book.training.descent import Descent
from solutions.training.tasks.im2col import im2col
from solutions.training.tasks.sgd_step import sgd_step
from tests.book.figure_pages import THEMES, call, check_accessible, choice, close, floats, opened

PICTURE = np.array(ColumnExplorer().picture, dtype=float)
FILTER = np.array(ColumnExplorer().filter, dtype=float)


@pytest.fixture
def columns(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "column_explorer")
    yield page
    page.close()


@pytest.fixture
def descent(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "descent")
    yield page
    page.close()


# ------------------------------------------------------------------------------ arithmetic


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_columns_are_those_of_the_reference(modules: Page, data: st.DataObject) -> None:
    images, channels = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    padding, stride = data.draw(st.integers(0, 2)), data.draw(st.integers(1, 3))
    sides = [data.draw(st.integers(1, 6)) for _ in range(2)]
    window = [data.draw(st.integers(1, side + 2 * padding)) for side in sides]
    x = data.draw(floats(images, channels, *sides))
    got = call(modules, "column_explorer.im2col", x, *window, stride, padding)
    expected = im2col(x, *window, stride, padding)
    assert np.array_equal(np.array(got, dtype=float), expected)
    row = data.draw(floats(len(expected)))
    product = call(modules, "column_explorer.rowTimesMatrix", row, expected)
    close(product, row @ expected, np.abs(row) @ np.abs(expected))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.floats(0.001, 0.2),
    momentum=st.floats(0, 0.99),
    steps=st.integers(1, 60),
)
def test_descent_walks_like_the_reference(
    modules: Page, seed: int, rate: float, momentum: float, steps: int
) -> None:
    rng = np.random.default_rng(seed)
    start, curvatures = rng.uniform(-9, 9, size=2), rng.uniform(0.5, 30, size=2)
    p, v = {"p": start}, {"p": np.zeros(2)}
    points = [start]
    for _ in range(steps):
        p, v = sgd_step(p, {"p": curvatures * p["p"]}, v, rate, momentum)
        points.append(p["p"])
    expected = np.array(points)
    walked = call(modules, "descent.descend", start, curvatures, rate, momentum, steps)
    largest = np.maximum.accumulate(np.abs(expected).max(axis=1))[:, None]
    close(walked["points"], expected, largest + np.zeros((1, 2)))
    losses = (curvatures * expected**2).sum(axis=1) / 2
    close(walked["losses"], losses, 30 * largest[:, 0] ** 2)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_largest_rate_is_where_the_walk_begins_to_fly_away(
    modules: Page, momentum: float
) -> None:
    limit = call(modules, "descent.largestRate", [1, 25], momentum)
    assert limit == pytest.approx(2 * (1 + momentum) / 25)
    ends = []
    for rate in (0.98 * limit, 1.02 * limit):
        walked = call(modules, "descent.descend", [-9, 1.5], [1, 25], rate, momentum, 3000)
        ends.append(abs(walked["points"][-1][1]))
    assert ends[0] < 1e-3
    assert not ends[1] < 1e3
    assert call(modules, "descent.verdict", [1, 2], 1.02 * limit, [1, 25], momentum) == "diverges"


@pytest.mark.parametrize(
    ("left", "word"), [(0.5, "crawls"), (0.05, "on its way"), (0.0005, "arrives")]
)
def test_what_is_left_has_a_name(modules: Page, left: float, word: str) -> None:
    assert call(modules, "descent.verdict", [1, left], 0.01, [1, 25], 0) == word


# ------------------------------------------------------------------- the columns, by keyboard


def numbers_in(page: Page, name: str) -> np.ndarray:
    """Read the numbers of a grid from what a screen reader is told."""
    label = page.get_by_role("img", name=name).get_attribute("aria-label")
    assert label
    lines = label.split(": ", 1)[1].replace("−", "-").split("; ")
    return np.array([[float(text) for text in line.split(", ")] for line in lines])


def agrees(
    page: Page, height: int, width: int, stride: int, padding: int, column: int
) -> np.ndarray:
    matrix = im2col(PICTURE[None, None], height, width, stride, padding)
    weights = FILTER[:height, :width].ravel()
    result = weights @ matrix
    expect(page.locator(".ic-sentence")).to_contain_text(f"Column {column} is the window")
    last = f"{result[column]:g}".replace("-", "−")
    expect(page.locator(".ic-sentence")).to_contain_text(f" = {last}.")
    assert np.array_equal(numbers_in(page, "Matrix, row by row"), matrix)
    assert np.array_equal(numbers_in(page, "Filter as a row"), [weights])
    assert np.array_equal(numbers_in(page, "Result"), [result])
    chosen = page.locator(".ic-part").nth(2).locator(".ic-chosen").all_inner_texts()
    assert [float(text.replace("−", "-")) for text in chosen] == matrix[:, column].tolist()
    return matrix


def test_arrow_keys_choose_a_column(columns: Page) -> None:
    agrees(columns, 2, 2, 1, 0, 5)
    slider = columns.get_by_role("slider", name="Column of the matrix")
    slider.press("ArrowRight")
    agrees(columns, 2, 2, 1, 0, 6)
    slider.press("End")
    agrees(columns, 2, 2, 1, 0, 11)
    slider.press("ArrowRight")
    agrees(columns, 2, 2, 1, 0, 11)
    slider.press("Home")
    agrees(columns, 2, 2, 1, 0, 0)
    expect(columns.locator(".lf-spoken")).to_contain_text("Column 0: window at row 0, column 0")
    assert columns.evaluate("models[0].saved") > 0


@pytest.mark.parametrize(
    ("height", "width", "stride", "padding"),
    [(3, 3, 1, 1), (2, 3, 2, 0), (1, 1, 1, 0), (4, 5, 3, 2)],
)
def test_settings(columns: Page, height: int, width: int, stride: int, padding: int) -> None:
    choice(columns, "Padding").select_option(str(padding))
    choice(columns, "Window height").select_option(str(height))
    choice(columns, "Window width").select_option(str(width))
    choice(columns, "Stride").select_option(str(stride))
    columns.get_by_role("slider", name="Column of the matrix").press("End")
    count = im2col(PICTURE[None, None], height, width, stride, padding).shape[1]
    matrix = agrees(columns, height, width, stride, padding, count - 1)
    facts = (
        f"the matrix is {matrix.shape[0]} × {matrix.shape[1]}: {matrix.size} numbers made from 20"
    )
    expect(columns.locator(".ic-facts")).to_contain_text(facts)
    framed = columns.locator(".ic-part").first.locator(".ic-chosen").all_inner_texts()
    assert [float(text) for text in framed] == matrix[:, -1].tolist()


def test_a_window_that_does_not_fit_is_refused_in_words(columns: Page) -> None:
    choice(columns, "Window height").select_option("5")
    expect(columns.get_by_role("alert")).to_have_text(
        "A window of 5 × 2 does not fit into 4 × 5 pixels. The settings stay as they were."
    )
    expect(choice(columns, "Window height")).to_have_value("2")
    agrees(columns, 2, 2, 1, 0, 5)
    choice(columns, "Padding").select_option("1")
    expect(columns.get_by_role("alert")).to_be_empty()
    choice(columns, "Window height").select_option("5")
    agrees(columns, 5, 2, 1, 1, 5)
    choice(columns, "Padding").select_option("0")
    expect(columns.get_by_role("alert")).to_contain_text("does not fit")
    expect(choice(columns, "Padding")).to_have_value("1")


def test_the_pointer_chooses_a_column(columns: Page) -> None:
    columns.locator(".ic-part").nth(2).locator(".ic-cell").nth(3).hover()
    agrees(columns, 2, 2, 1, 0, 3)
    columns.locator(".ic-part").nth(3).locator(".ic-cell").nth(9).click()
    agrees(columns, 2, 2, 1, 0, 9)


# ------------------------------------------------------------------- the descent, by keyboard


def test_sliders_set_rate_and_momentum(descent: Page) -> None:
    sentence = descent.locator(".ds-sentence")
    expect(sentence).to_contain_text("It is on its way.")
    rate = descent.get_by_role("slider", name="Learning rate")
    for _ in range(24):
        rate.press("ArrowRight")
    expect(sentence).to_contain_text("It arrives")
    for _ in range(2):
        rate.press("ArrowRight")
    expect(descent.locator(".lf-value").first).to_have_text("0.082")
    expect(sentence).to_contain_text("It diverges")
    momentum = descent.get_by_role("slider", name="Momentum")
    for _ in range(30):
        momentum.press("ArrowRight")
    expect(descent.locator(".lf-value").last).to_have_text("0.60")
    expect(sentence).to_contain_text("It arrives")
    for _ in range(100):
        rate.press("ArrowLeft")
    momentum.press("Home")
    expect(sentence).to_contain_text("It crawls")


def test_the_path_has_a_mark_for_each_step(descent: Page) -> None:
    for picture in descent.locator(".ds-view").all():
        expect(picture.locator(".ds-dot")).to_have_count(41)
        expect(picture.locator(".ds-ring")).to_have_count(1)
    label = descent.get_by_role("img", name="Path of 40 steps in the valley")
    expect(label).to_have_count(1)


def test_a_path_that_flies_away_stays_drawable(browser: Browser) -> None:
    page = opened(browser, "descent", rate=0.16, momentum=0.5, steps=200)
    places = page.evaluate(
        "[...document.querySelectorAll('.ds-dot')].flatMap((dot) => "
        "[dot.cx.baseVal.value, dot.cy.baseVal.value])"
    )
    assert len(places) == 2 * 2 * 201
    assert np.isfinite(places).all()
    assert np.abs(places).max() < 50_000
    page.close()


# ------------------------------------------------------------------------------ on the page


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 760])
def test_accessible_in_light_and_dark(browser: Browser, theme: str, width: int) -> None:
    page = opened(browser, "column_explorer", "descent", theme=theme, width=width)

    check_accessible(page, "as it starts")
    choice(page, "Padding").select_option("2")
    choice(page, "Window height").select_option("3")
    choice(page, "Window width").select_option("3")
    page.get_by_role("slider", name="Learning rate").press("End")
    expect(page.locator(".ds-sentence")).to_contain_text("diverges")
    check_accessible(page, "with a wide matrix")
    page.close()


# ------------------------------------------------------------------------------ Python


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"height": 5}, "a window of 5 x 2 does not fit into 4 x 5 pixels with padding 0"),
        ({"height": 6}, "should not be greater than 5"),
        ({"stride": 0}, "should not be less than 1"),
    ],
)
def test_impossible_columns_are_refused(settings_: dict[str, Any], words: str) -> None:
    with pytest.raises(traitlets.TraitError, match=words):
        ColumnExplorer(**settings_)


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"start": [1.0]}, "start takes two finite numbers"),
        ({"start": [1.0, float("nan")]}, "start takes two finite numbers"),
        ({"curvatures": [1.0, -2.0]}, "curvatures above 0"),
        ({"rate": 0.5}, "should not be greater than 0.16|0.5"),
    ],
)
def test_impossible_valleys_are_refused(settings_: dict[str, Any], words: str) -> None:
    with pytest.raises(traitlets.TraitError, match=words):
        Descent(**settings_)
