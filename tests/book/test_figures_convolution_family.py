"""The live figures of the chapter "Convolution's family": arithmetic, keyboard, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from book.convolution_family.nms_explorer import BOXES, SCORES, NmsExplorer
from solutions.convolution_family.tasks.conv_transpose2d import conv_transpose2d
from solutions.convolution_family.tasks.iou import iou
from solutions.convolution_family.tasks.nms import nms
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
    expect(facts).to_contain_text("in 1 to 4. A checkerboard.")
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
    refused = page.locator(".lf-refusal")
    expect(refused).to_contain_text("Nothing is left. The windows cover 4 rows")
    page.get_by_role("slider", name="Filter K").press("ArrowRight")
    expect(refused).to_be_empty()
    page.close()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 760])
def test_accessible_in_light_and_dark(browser: Browser, theme: str, width: int) -> None:
    page = opened(browser, "transposed_explorer", theme=theme, width=width)
    check_accessible(page, "as it starts")
    page.get_by_role("slider", name="Stride S").press("End")
    check_accessible(page, "with gaps")
    page.close()


# ------------------------------------------------------------------------------ suppression


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 9), percent=st.integers(0, 100))
def test_suppression_is_that_of_the_reference(
    modules: Page, seed: int, count: int, percent: int
) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 20, size=(count, 2))
    boxes = np.concatenate([corners, corners + rng.integers(1, 15, size=(count, 2))], axis=1)
    scores = rng.permutation(count) / 8
    verdicts = call(modules, "nms_explorer.suppress", boxes, scores, percent / 100)
    stay = [verdict["box"] for verdict in verdicts if verdict["stays"]]
    assert stay == nms(boxes.astype(float), scores, percent / 100)
    overlaps = iou(boxes.astype(float), boxes.astype(float))
    for verdict in verdicts:
        if verdict["other"] >= 0:
            overlap = overlaps[verdict["box"], verdict["other"]]
            assert verdict["overlap"] == pytest.approx(overlap)


@pytest.fixture
def suppression(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "nms_explorer")
    yield page
    page.close()


def stays(page: Page, letters: str) -> None:
    expect(page.locator(".nx-facts")).to_contain_text(f"boxes stay: {', '.join(letters)}.")


def test_the_threshold_decides_which_boxes_stay(suppression: Page) -> None:
    first = nms(np.array(BOXES, dtype=float), np.array(SCORES), 0.5)
    stays(suppression, "".join(chr(65 + box) for box in first))
    assert first == [0, 3]  # as the figure's alternative text says
    slider = suppression.get_by_role("slider", name="Threshold")
    slider.press("End")
    stays(suppression, "ADBECF")
    slider.press("Home")
    stays(suppression, "AE")
    expect(suppression.locator(".lf-spoken")).to_contain_text("2 of 6 boxes")


def test_keys_move_the_chosen_box(suppression: Page) -> None:
    line = suppression.get_by_role("button", name="B, score 0.74")
    expect(line).to_have_attribute("aria-pressed", "true")
    expect(line).to_contain_text("goes: IoU 0.68 with A")
    scene = suppression.get_by_role("application")
    for _ in range(10):
        scene.press("ArrowUp")
    for _ in range(5):
        scene.press("ArrowRight")
    expect(line).to_contain_text("stays")
    suppression.get_by_role("button", name="F, score 0.41").click()
    scene.press("ArrowDown")
    boxes = suppression.evaluate("models[0].get('boxes')")
    assert boxes[5] == [39, 9, 73, 45]
    assert boxes[1] == [22, 0, 56, 38]
    assert suppression.evaluate("models[0].saved") > 0


def test_the_pointer_drags_a_box(suppression: Page) -> None:
    box = suppression.locator("[data-box='3']")
    around = box.bounding_box()
    assert around
    x, y = around["x"] + around["width"] - 4, around["y"] + around["height"] - 4
    suppression.mouse.move(x, y)
    suppression.mouse.down()
    suppression.mouse.move(x + 40, y + 10, steps=4)
    suppression.mouse.up()
    expect(suppression.get_by_role("button", name="D, score")).to_have_attribute(
        "aria-pressed", "true"
    )
    left, _, right, _ = suppression.evaluate("models[0].get('boxes')")[3]
    assert left > BOXES[3][0]
    assert right - left == BOXES[3][2] - BOXES[3][0]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 760])
def test_suppression_is_accessible(browser: Browser, theme: str, width: int) -> None:
    page = opened(browser, "nms_explorer", theme=theme, width=width)
    check_accessible(page, "as it starts")
    page.get_by_role("slider", name="Threshold").press("End")
    check_accessible(page, "with all boxes")
    page.close()


@pytest.mark.parametrize(
    ("traits", "words"),
    [
        ({"scores": [0.5] * 6}, "a score of its own"),
        ({"scores": [0.5]}, "a score of its own"),
        ({"boxes": [[3, 0, 3, 5]], "scores": [0.5]}, "left is smaller than right"),
    ],
)
def test_impossible_boxes_are_refused(traits: dict[str, Any], words: str) -> None:
    with pytest.raises(traitlets.TraitError, match=words):
        NmsExplorer(**traits)
