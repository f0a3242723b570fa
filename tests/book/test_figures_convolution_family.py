"""The live figure of the chapter "Convolution's family": arithmetic, keyboard, refusals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from solutions.convolution_family.tasks.conv_transpose2d import conv_transpose2d
from tests.book.figure_pages import THEMES, call, check_accessible, opened

SETTINGS = [(3, 2, 0), (4, 2, 1), (5, 3, 2), (2, 3, 0), (6, 1, 2), (1, 4, 0)]


@pytest.fixture
def figure(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "transposed_explorer")
    yield page
    page.close()


@pytest.mark.parametrize(("kernel", "stride", "padding"), SETTINGS)
def test_counts_are_those_of_the_reference(
    modules: Page, kernel: int, stride: int, padding: int
) -> None:
    counts = call(modules, "transposed_explorer.windowCounts", 5, kernel, stride, padding)
    ones = np.ones((1, 1, 5, 5)), np.ones((1, 1, kernel, kernel))
    expected = conv_transpose2d(*ones, stride, padding)[0, 0]
    assert np.array_equal(np.outer(counts, counts), expected)
    size = call(modules, "transposed_explorer.outputSize", 5, kernel, stride, padding)
    assert size == len(expected)
    phases = call(modules, "transposed_explorer.phaseCounts", kernel, stride)
    whole = call(modules, "transposed_explorer.windowCounts", 20, kernel, stride, 0)
    assert whole[10 * stride : 11 * stride] == phases


def test_sliders_change_the_verdict(figure: Page) -> None:
    facts = figure.locator(".tx-facts").last
    expect(facts).to_contain_text("2 does not divide 3")
    expect(facts).to_contain_text("in 4 to 1. A checkerboard.")
    figure.get_by_role("slider", name="Filter K").press("ArrowRight")
    expect(facts).to_contain_text("2 divides 4")
    stride = figure.get_by_role("slider", name="Stride S")
    stride.press("End")
    expect(facts).to_contain_text("exactly one window")
    figure.get_by_role("slider", name="Filter K").press("ArrowLeft")
    expect(facts).to_contain_text("lie in no window and stay 0")
    formula = figure.locator(".tx-facts").first
    expect(formula).to_have_text("H′ = (H − 1) · S + K − 2P = 3 · 4 + 3 = 15")


def test_arrow_keys_choose_a_number(figure: Page) -> None:
    facts = figure.locator(".tx-facts").last
    expect(facts).to_contain_text("row 1, column 1 puts the filter down on rows 2 to 4")
    board = figure.get_by_role("application")
    board.press("ArrowDown")
    board.press("End")
    expect(facts).to_contain_text(
        "row 2, column 3 puts the filter down on rows 4 to 6 and columns 6 to 8"
    )
    for _ in range(5):
        board.press("ArrowRight")
    expect(facts).to_contain_text("row 2, column 3")
    expect(figure.locator(".lf-spoken")).to_contain_text("row 2, column 3")
    assert figure.evaluate("models[0].saved") > 0


def test_the_pointer_chooses_a_number(figure: Page) -> None:
    figure.get_by_role("application").locator(".tx-pixel").nth(4 * 3 + 2).click()
    expect(figure.locator(".tx-facts").last).to_contain_text("row 3, column 2")


def test_nothing_left_is_said_in_words(browser: Browser) -> None:
    page = opened(browser, "transposed_explorer", kernel=1, stride=1, padding=2)
    expect(page.get_by_role("alert")).to_contain_text("Nothing is left. The windows cover 4 rows")
    page.get_by_role("slider", name="Filter K").press("ArrowRight")
    expect(page.get_by_role("alert")).to_be_empty()
    page.close()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 760])
def test_accessible_in_light_and_dark(browser: Browser, theme: str, width: int) -> None:
    page = opened(browser, "transposed_explorer", theme=theme, width=width)
    check_accessible(page, "as it starts")
    page.get_by_role("slider", name="Stride S").press("End")
    check_accessible(page, "with gaps")
    page.close()
