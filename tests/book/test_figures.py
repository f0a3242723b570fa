"""The live figures: their arithmetic, their keyboard, their accessibility, their Python side."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Locator, Page, expect

from autograder import palette
from book.figures import FIGURES, figure, figure_class, figure_state, joining
from book.filters.conv_layer import ConvLayer, draw_numbers
from book.filters.kernel_explorer import KernelExplorer, presets
from solutions.filters.tasks.conv2d import conv2d
from solutions.filters.tasks.conv_parameters import conv_parameters
from solutions.filters.tasks.convolve2d import convolve2d
from solutions.filters.tasks.corr2d import corr2d
from tests import COURSE
from tests.book.figure_pages import (
    THEMES,
    call,
    check_accessible,
    choice,
    close,
    figure_file,
    floats,
    number,
    opened,
    prefix,
    source,
)

SHARED = COURSE / "book" / "figures"


@pytest.fixture
def explorer(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "kernel_explorer")
    yield page
    page.close()


@pytest.fixture
def layer(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "conv_layer")
    yield page
    page.close()


# ------------------------------------------------------------------------------ arithmetic


@st.composite
def pictures_and_kernels(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    rows, columns = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    return draw(floats(height + rows, width + columns)), draw(floats(height, width))


@settings(max_examples=60, deadline=None)
@given(pair=pictures_and_kernels())
def test_the_explorer_computes_like_the_reference(
    modules: Page, pair: tuple[np.ndarray, np.ndarray]
) -> None:
    x, w = pair
    size = corr2d(np.abs(x), np.abs(w))
    close(call(modules, "kernel_explorer.correlate", x, w), corr2d(x, w), size)
    size = convolve2d(np.abs(x), np.abs(w))
    close(call(modules, "kernel_explorer.convolve", x, w), convolve2d(x, w), size)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_layer_computes_like_the_reference(modules: Page, data: st.DataObject) -> None:
    channels, filters = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    side, height, width = (data.draw(st.integers(1, 3)) for _ in range(3))
    more = data.draw(st.integers(0, 3))
    x = data.draw(floats(channels, height + side, width + more))
    w = data.draw(floats(filters, channels, height, width))
    b = data.draw(floats(filters))
    expected = conv2d(x[None], w, b)[0]
    size = conv2d(np.abs(x[None]), np.abs(w), np.abs(b))[0]
    close(call(modules, "conv_layer.convLayer", x, w, b), expected, size)
    learned = conv_parameters(channels, filters, height, width)
    assert call(modules, "conv_layer.parameters", channels, filters, height, width) == learned


@pytest.mark.parametrize("side", [3, 5])
def test_flip_turn_relu_and_sum(modules: Page, side: int) -> None:
    w = np.random.default_rng(side).normal(size=(side, side))
    assert call(modules, "kernel_explorer.flip", w) == w[::-1, ::-1].tolist()
    assert call(modules, "kernel_explorer.turn", w) == np.rot90(w).tolist()
    assert call(modules, "kernel_explorer.relu", w) == np.maximum(w, 0).tolist()
    assert call(modules, "kernel_explorer.total", w) == pytest.approx(w.sum(), abs=1e-12)


def test_another_size_keeps_the_middle(modules: Page) -> None:
    w = np.arange(1.0, 10).reshape(3, 3)
    large = np.pad(w, 1)
    assert call(modules, "kernel_explorer.resize", w, 5) == large.tolist()
    assert call(modules, "kernel_explorer.resize", large, 3) == w.tolist()


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        *[("2", 2), (" -1.5 ", -1.5), ("−3", -3), ("+4", 4), (".5", 0.5), ("1e-2", 0.01)],
        *[("1/9", 1 / 9), ("-2 / 16", -0.125), ("-0", 0), ("1000", 1000)],
    ],
)
def test_numbers_that_are_read(modules: Page, typed: str, value: float) -> None:
    assert call(modules, "kernel_explorer.readNumber", typed) == {"value": value}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1,,", 'not a number: "1,,"'),
        ("0,5", 'not a number: "0,5"; write the decimal point as a dot'),
        ("", "nothing typed"),
        ("two", 'not a number: "two"'),
        ("--1", 'not a number: "--1"'),
        ("1/2/3", 'not a number: "1/2/3"'),
        ("NaN", 'not a number: "NaN"'),
        ("Infinity", 'not a number: "Infinity"'),
        ("0x10", 'not a number: "0x10"'),
        ("1/0", 'division by zero: "1/0"'),
        ("1e400", 'too large: "1e400"; use numbers from -1000 to 1000'),
        ("-1001", 'too large: "-1001"; use numbers from -1000 to 1000'),
    ],
)
def test_numbers_that_are_refused_in_words(modules: Page, typed: str, words: str) -> None:
    assert call(modules, "kernel_explorer.readNumber", typed) == {"problem": words}


def test_a_number_survives_being_edited(modules: Page) -> None:
    values = {value for preset in presets() for row in preset["kernel"] for value in row}
    for value in [*values, 0.1, -0.25, 1 / 3, -1 / 9, 2 / 25, 1 / 256, 1000, -999.5]:
        text = call(modules, "kernel_explorer.fieldText", value)
        read = call(modules, "kernel_explorer.readNumber", text)
        assert read == {"value": pytest.approx(value, abs=1e-12)}, text


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 12345, 2**31, 2**32 - 1])
def test_python_and_the_module_draw_the_same_numbers(modules: Page, seed: int) -> None:
    drawn = draw_numbers(seed)
    assert call(modules, "conv_layer.drawNumbers", seed) == drawn
    assert np.shape(drawn["input"]) == (3, 5, 5)
    assert np.shape(drawn["weights"]) == (3, 3, 3, 3)
    assert set(np.ravel(drawn["input"])) <= {0, 1, 2, 3}
    assert set(np.ravel(drawn["weights"])) <= {-2, -1, 0, 1, 2}
    assert set(drawn["biases"]) <= {-3, -2, -1, 0, 1, 2, 3}


def decoded(picture: dict[str, Any]) -> np.ndarray:
    pixels = np.frombuffer(base64.b64decode(picture["data"]), dtype=np.uint8)
    return pixels.reshape(picture["height"], picture["width"]).astype(float)


@pytest.mark.parametrize("picture", KernelExplorer().pictures, ids=lambda p: p["name"])
def test_pictures_arrive_pixel_by_pixel(modules: Page, picture: dict[str, Any]) -> None:
    pixels = decoded(picture)
    assert call(modules, "kernel_explorer.decodePicture", picture) == pixels.tolist()
    assert pixels.max() <= picture["white"]


# ------------------------------------------------------------------- the explorer, by keyboard


def pixels_of(name: str) -> np.ndarray:
    return next(decoded(p) for p in KernelExplorer().pictures if p["name"] == name)


def kernel_of(name: str) -> np.ndarray:
    return np.array(next(p["kernel"] for p in presets() if p["name"] == name))


def says(page: Page, row: int, column: int, value: float) -> None:
    """The figure shows this sum at this place, in the sum, in the sentence and in words."""
    rounded = f"{round(float(value), 2):g}".replace("-", "−")
    expect(page.locator(".kx-sum")).to_have_text(rounded)
    expect(page.locator(".kx-equation")).to_contain_text(f"response[{row}, {column}] = ")
    expect(page.locator(".kx-equation")).to_contain_text(f" = {rounded}.")
    expect(page.locator(".lf-spoken")).to_contain_text(f"Row {row}, column {column}: sum {rounded}")


def test_arrow_keys_move_the_window(explorer: Page) -> None:
    response = corr2d(pixels_of("step"), kernel_of("vertical"))
    says(explorer, 1, 1, response[1, 1])
    explorer.get_by_role("application").first.focus()
    explorer.keyboard.press("ArrowRight")
    says(explorer, 1, 2, response[1, 2])
    explorer.keyboard.press("End")
    explorer.keyboard.press("ArrowRight")
    says(explorer, 1, 3, response[1, 3])
    for _ in range(5):
        explorer.keyboard.press("ArrowDown")
    says(explorer, 3, 3, response[3, 3])
    explorer.keyboard.press("Home")
    explorer.keyboard.press("ArrowUp")
    says(explorer, 2, 0, response[2, 0])


def test_tab_reaches_everything(explorer: Page) -> None:
    reached = set()
    for _ in range(40):
        explorer.keyboard.press("Tab")
        reached.add(
            explorer.evaluate(
                "() => { const e = document.activeElement; return e.getAttribute('aria-label') "
                "?? e.closest('label')?.innerText.split('\\n')[0] ?? e.textContent; }"
            )
        )
    names = {"Picture", "Filter", "Size", "true convolution", "after ReLU"}
    names |= {f"Filter, row {a}, column {b}" for a in range(3) for b in range(3)}
    names |= {"Row of the window", "Column of the window"}
    names |= {"Picture with the window. Arrow keys move the window."}
    assert names <= reached


@pytest.mark.parametrize("name", ["camera", "coins"])
def test_photograph_preset_and_place(explorer: Page, name: str) -> None:
    choice(explorer, "Picture").select_option(name)
    choice(explorer, "Filter").select_option("sobel-horizontal")
    explorer.get_by_label("Row of the window").fill("40")
    explorer.get_by_label("Column of the window").fill("23")
    response = corr2d(pixels_of(name), kernel_of("sobel-horizontal"))
    says(explorer, 40, 23, response[40, 23])
    explorer.get_by_role("button", name="Go to the max").press("Enter")
    i, j = np.unravel_index(np.argmax(response), response.shape)
    says(explorer, int(i), int(j), response[i, j])
    explorer.get_by_role("button", name="Go to the min").press("Enter")
    i, j = np.unravel_index(np.argmin(response), response.shape)
    says(explorer, int(i), int(j), response[i, j])


def test_typed_numbers_and_true_convolution(explorer: Page) -> None:
    w = np.array([[1, 2, 0.5], [0, -4, 1 / 3], [7, 0, -1]])
    texts = [["1", "2", ".5"], ["0", "−4", "1/3"], ["7", "0", "-1"]]
    choice(explorer, "Picture").select_option("square")
    for a in range(3):
        for b in range(3):
            field = explorer.get_by_label(f"Filter, row {a}, column {b}")
            field.focus()
            explorer.keyboard.type(texts[a][b])
    x = pixels_of("square")
    says(explorer, 1, 1, corr2d(x, w)[1, 1])
    explorer.get_by_label("true convolution").press("Space")
    says(explorer, 1, 1, convolve2d(x, w)[1, 1])
    turned = explorer.get_by_role("img", name="Filter turned by 180 degrees")
    expect(turned.locator("span").first).to_have_text("−1")
    explorer.get_by_role("button", name="Turn the filter counterclockwise").press("Enter")
    says(explorer, 1, 1, convolve2d(x, np.rot90(w))[1, 1])
    explorer.get_by_role("button", name="Change the sign").press("Enter")
    says(explorer, 1, 1, convolve2d(x, -np.rot90(w))[1, 1])


def test_arrow_keys_count_in_the_filter(explorer: Page) -> None:
    field = explorer.get_by_label("Filter, row 0, column 0")
    for key in ["ArrowUp", "ArrowUp", "ArrowDown", "ArrowUp"]:
        field.press(key)
    w = kernel_of("vertical")
    w[0, 0] += 2
    expect(field).to_have_value("3")
    says(explorer, 1, 1, corr2d(pixels_of("step"), w)[1, 1])
    expect(choice(explorer, "Filter")).to_have_value("own")


def test_bad_numbers_are_refused_and_the_old_one_stays(explorer: Page) -> None:
    field = explorer.get_by_label("Filter, row 0, column 0")
    field.fill("1,,")
    field.press("Tab")
    expect(explorer.get_by_role("alert")).to_have_text(
        'Not a number: "1,,". The filter keeps 1 there.'
    )
    expect(field).to_have_value("1")
    says(explorer, 1, 1, 30)
    row = explorer.get_by_label("Row of the window")
    row.fill("99")
    row.press("Tab")
    expect(explorer.get_by_role("alert")).to_have_text("no row 99: rows go from 0 to 3.")
    expect(row).to_have_value("1")
    says(explorer, 1, 1, 30)


def test_relu_removes_what_is_negative(explorer: Page) -> None:
    choice(explorer, "Picture").select_option("square")
    response = corr2d(pixels_of("square"), kernel_of("vertical"))
    negative = int((response < 0).sum())
    expect(explorer.locator(".kx-about")).to_contain_text(f"{negative} of the 36 responses are")
    explorer.get_by_label("after ReLU").press("Space")
    expect(explorer.locator(".kx-about")).to_contain_text(f"ReLU set {negative} of the 36")
    says(explorer, 1, 1, response[1, 1])
    cut = f"max(0, {response[1, 1]:g}) = {max(response[1, 1], 0):g}".replace("-", "−")
    expect(explorer.locator(".kx-equation")).to_contain_text(cut)


def test_the_map_shows_signs_where_they_are(explorer: Page) -> None:
    """Red minus blue of the map's cells has the sign of the response."""
    choice(explorer, "Picture").select_option("square")
    says(explorer, 1, 1, corr2d(pixels_of("square"), kernel_of("vertical"))[1, 1])
    colors = explorer.evaluate(
        """() => {
          const canvas = document.querySelectorAll(".kx-canvas")[1];
          const margin = Math.ceil(5 * devicePixelRatio), cell = (canvas.width - 2 * margin) / 8;
          const at = (i) => margin + (i + 1.2) * cell;
          const read = (i, j) => canvas.getContext("2d").getImageData(at(j), at(i), 1, 1).data;
          const six = [0, 1, 2, 3, 4, 5];
          return six.map((i) => six.map((j) => { const [r, , b] = read(i, j); return r - b; }));
        }"""
    )
    response = corr2d(pixels_of("square"), kernel_of("vertical"))
    away = np.ones(response.shape, dtype=bool)
    away[0:3, 0:3] = False  # the mark of the window
    strong = (np.abs(response) >= 20) & away
    assert strong.sum() > 5
    assert np.array_equal(np.sign(np.array(colors)[strong]), np.sign(response[strong]))


def test_the_pointer_drags_the_window(explorer: Page) -> None:
    canvas = explorer.locator(".kx-canvas").first
    box = canvas.bounding_box()
    assert box
    cell = (box["width"] - 10) / 6

    def over(i: int, j: int) -> tuple[float, float]:
        return box["x"] + 5 + (j + 0.5) * cell, box["y"] + 5 + (i + 0.5) * cell

    explorer.mouse.move(*over(2, 2))
    explorer.mouse.down()
    explorer.mouse.move(*over(3, 4), steps=3)
    explorer.mouse.up()
    says(explorer, 2, 3, corr2d(pixels_of("step"), kernel_of("vertical"))[2, 3])


def test_five_by_five(explorer: Page) -> None:
    choice(explorer, "Size").select_option("5")
    expect(explorer.get_by_role("textbox")).to_have_count(25)
    w = np.pad(kernel_of("vertical"), 1)
    says(explorer, 1, 1, corr2d(pixels_of("step"), w)[1, 1])
    choice(explorer, "Size").select_option("3")
    expect(choice(explorer, "Filter")).to_have_value("vertical")


# ---------------------------------------------------------------------- the layer, by keyboard


def layer_output(seed: int = 1, channels: int = 3, filters: int = 2) -> np.ndarray:
    numbers = draw_numbers(seed)
    x = np.array(numbers["input"], dtype=float)[None, :channels]
    w = np.array(numbers["weights"], dtype=float)[:filters, :channels]
    return conv2d(x, w, np.array(numbers["biases"], dtype=float)[:filters])[0]


def cell(page: Page, f: int, row: int, column: int) -> Locator:
    grid = page.get_by_role("grid", name=f"Output map {f}")
    return grid.get_by_role("row").nth(row).get_by_role("gridcell").nth(column)


def shows(page: Page, f: int, row: int, column: int, output: np.ndarray) -> None:
    """The chosen number is there in the map, at the end of the sum and in words."""
    value = f"{output[f, row, column]:g}".replace("-", "−")
    expect(cell(page, f, row, column)).to_have_text(value)
    expect(cell(page, f, row, column)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".cl-equation .cl-sum").last).to_have_text(value)
    terms = [number(text) for text in page.locator(".cl-equation .cl-sum").all_inner_texts()]
    assert sum(terms[:-1]) == terms[-1] == output[f, row, column]
    expect(page.locator(".lf-spoken")).to_contain_text(
        f"Filter {f}, row {row}, column {column}: channel sums"
    )
    expect(page.locator(".lf-spoken")).to_contain_text(f"output {value}.")


def test_step_back_and_start_over(layer: Page) -> None:
    output = layer_output()
    shows(layer, 0, 0, 0, output)
    expect(cell(layer, 0, 0, 1)).to_have_text("?")
    step = layer.get_by_role("button", name="Step")
    for _ in range(4):
        step.press("Enter")
    shows(layer, 0, 1, 1, output)
    layer.get_by_role("button", name="Back").press("Enter")
    shows(layer, 0, 1, 0, output)
    for _ in range(6):
        step.press("Enter")
    shows(layer, 1, 0, 0, output)
    layer.get_by_role("button", name="Start over").press("Enter")
    shows(layer, 0, 0, 0, output)
    expect(cell(layer, 1, 0, 0)).to_have_text("?")


def test_arrow_keys_choose_an_output_number(layer: Page) -> None:
    output = layer_output()
    cell(layer, 1, 0, 0).focus()
    for key in ["ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"]:
        layer.keyboard.press(key)
    shows(layer, 1, 2, 1, output)
    expect(cell(layer, 1, 2, 1)).to_be_focused()
    layer.keyboard.press("Home")
    shows(layer, 1, 2, 0, output)
    layer.keyboard.press("End")
    shows(layer, 1, 2, 2, output)
    cell(layer, 0, 1, 2).click()
    shows(layer, 0, 1, 2, output)


def test_products_are_the_products(layer: Page) -> None:
    numbers = draw_numbers(1)
    cell(layer, 1, 2, 1).click()
    shows(layer, 1, 2, 1, layer_output())
    for c in range(3):
        window = np.array(numbers["input"][c])[2:5, 1:4]
        products = window * np.array(numbers["weights"][1][c])
        squares = layer.get_by_role("img", name="Products").nth(c).locator("span")
        assert [number(text) for text in squares.all_inner_texts()] == products.ravel().tolist()


@pytest.mark.parametrize(("channels", "filters"), [(1, 1), (2, 3), (3, 3)])
def test_channels_filters_and_all_numbers(layer: Page, channels: int, filters: int) -> None:
    choice(layer, "Channels").select_option(str(channels))
    choice(layer, "Filters").select_option(str(filters))
    layer.get_by_role("button", name="New numbers").press("Enter")
    layer.get_by_role("button", name="Show all").press("Enter")
    expect(layer.get_by_role("gridcell", name="not computed")).to_have_count(0)
    output = layer_output(2, channels, filters)
    numbers = [number(text) for text in layer.get_by_role("gridcell").all_inner_texts()]
    assert numbers == output.ravel().tolist()
    count = conv_parameters(channels, filters, 3, 3)
    expect(layer.locator(".cl-facts")).to_contain_text(f"= {count} numbers")


def test_play_and_pause(browser: Browser) -> None:
    page = opened(browser, "conv_layer", filters=1)
    unknown = page.get_by_role("gridcell", name="not computed")
    page.wait_for_timeout(500)
    expect(unknown).to_have_count(8)  # nothing plays by itself
    page.get_by_role("button", name="Play").press("Enter")
    expect(unknown).to_have_count(7)
    page.get_by_role("button", name="Pause").press("Enter")
    left = unknown.count()
    assert left > 0
    page.wait_for_timeout(1500)
    expect(unknown).to_have_count(left)
    page.close()


def test_less_motion_where_the_reader_asks_for_it(layer: Page) -> None:
    duration = "() => getComputedStyle(document.querySelector('.cl-window')).transitionDuration"
    assert layer.evaluate(duration) != "0s"
    layer.emulate_media(reduced_motion="reduce")
    assert layer.evaluate(duration) == "0s"


# ------------------------------------------------------------------------------ on the page


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 760])
def test_accessible_in_light_and_dark(browser: Browser, theme: str, width: int) -> None:
    page = opened(browser, "kernel_explorer", "conv_layer", theme=theme, width=width)
    dark = page.locator(".kx").get_attribute("data-dark")
    assert dark == ("true" if theme == "dark" else "false")

    check_accessible(page, "as it starts")
    choice(page, "Picture").select_option("camera")
    page.get_by_label("after ReLU").check()
    page.get_by_label("true convolution").check()
    choice(page, "Size").select_option("5")
    expect(page.get_by_role("textbox")).to_have_count(25)
    page.get_by_label("Filter, row 0, column 0").fill("oops")
    page.get_by_label("Filter, row 0, column 0").press("Tab")
    choice(page, "Filters").select_option("3")
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_role("alert")).to_contain_text("Not a number")
    check_accessible(page, "with everything open")
    page.close()


def test_two_of_a_kind_do_not_disturb_each_other(browser: Browser) -> None:
    page = opened(browser, "kernel_explorer", "kernel_explorer", "conv_layer", "conv_layer")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids)) > 0
    page.get_by_label("Row of the window").nth(1).fill("3")
    expect(page.locator(".lf-spoken").nth(1)).to_contain_text("Row 3")
    expect(page.get_by_label("Row of the window").nth(0)).to_have_value("1")
    page.get_by_role("button", name="Step").nth(1).click()
    assert page.evaluate("models.map((model) => model.get('column'))") == [1, 1, 0, 1]
    page.close()


def test_python_sets_and_reads_a_figure(explorer: Page) -> None:
    """As a live notebook does it: the model changes from outside, and is saved on a change."""
    explorer.evaluate("models[0].set('kernel', [[0, 0, 0], [0, 2, 0], [0, 0, 0]])")
    says(explorer, 1, 1, 20)
    explorer.get_by_role("application").first.press("ArrowRight")
    says(explorer, 1, 2, 0)
    assert explorer.evaluate("models[0].saved") > 0


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", FIGURES)
def test_the_keyboard_focus_is_seen(browser: Browser, name: str, theme: str) -> None:
    """Every control that Tab reaches gets the ring of the shared style sheet."""
    page = opened(browser, name, theme=theme)
    focused = """() => {
        const element = document.activeElement;
        const { outlineWidth, outlineStyle, outlineColor } = getComputedStyle(element);
        const part = element.closest(".lf") && element.outerHTML.slice(0, 80);
        return [part, [outlineWidth, outlineStyle, outlineColor]];
    }"""
    red, green, blue = bytes.fromhex(THEMES[theme]["primary"][1:])
    ring = ["3px", "solid", f"rgb({red}, {green}, {blue})"]
    reached = 0
    for _ in range(60):
        page.keyboard.press("Tab")
        part, look = page.evaluate(focused)
        if not part:
            break
        reached += 1
        assert look == ring, part
    assert reached > 0
    page.close()


@pytest.mark.parametrize("name", FIGURES)
def test_a_small_phone_shows_all_of_a_figure(browser: Browser, name: str) -> None:
    """At 320 pixels, to which WCAG 2.2 (1.4.10) wants a page to shrink, nothing sticks out."""
    page = opened(browser, name, width=320)
    wider = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(wider) <= 0
    for field in page.locator("select").all():
        last = field.locator("option").last.get_attribute("value")
        field.select_option(last)
    page.wait_for_timeout(100)
    assert page.evaluate(wider) <= 0
    page.close()


@pytest.mark.parametrize("name", FIGURES)
def test_the_letters_of_a_drawing_stay_readable_on_a_phone(browser: Browser, name: str) -> None:
    """A drawing that shrinks with the page takes its letters along: they keep 10 pixels."""
    page = opened(browser, name, width=380)
    letters = """() => [...document.querySelectorAll("svg text")].map((text) => {
        const { a } = text.getScreenCTM();
        return [a * parseFloat(getComputedStyle(text).fontSize), text.textContent];
    })"""
    small = [letter for letter in page.evaluate(letters) if letter[0] < 10]
    assert not small
    page.close()


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_cleans_up(browser: Browser, name: str) -> None:
    page = opened(browser, name)
    page.evaluate("cleanups[0]()")
    assert page.locator(f".{prefix(name)}").count() == 0
    assert page.evaluate("models[0].listeners.length") == 0
    page.close()


@pytest.mark.parametrize("name", [name for name in FIGURES if "dataset.dark" in source(name)])
def test_a_figure_follows_the_theme(browser: Browser, name: str) -> None:
    page = opened(browser, name)
    dark = "".join(f"--pst-color-{key}: {value};" for key, value in THEMES["dark"].items())
    page.evaluate("(style) => document.documentElement.setAttribute('style', style)", dark)
    expect(page.locator(f".{prefix(name)}")).to_have_attribute("data-dark", "true")
    page.close()


# ------------------------------------------------------------------------------ Python


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_starts_without_a_kernel(name: str) -> None:
    made = figure_class(name)()
    assert isinstance(made, anywidget.AnyWidget)
    state = figure_state(made)
    assert state
    assert json.loads(json.dumps(state, allow_nan=False)) == state
    own = {trait for trait in made.traits(sync=True) if trait not in state}
    assert own <= {*anywidget.AnyWidget().traits(sync=True), "_esm", "_css", "_anywidget_id"}


@pytest.mark.parametrize("name", FIGURES)
def test_a_module_stands_alone(name: str) -> None:
    text = re.sub(r"//.*|/\*[\s\S]*?\*/", "", source(name))
    assert not re.search(r"\bimport\b|\bfetch\b|XMLHttpRequest|https?:", text)
    assert len(source(name)) < 45_000


def selectors(file: Path) -> list[str]:
    """The selectors of a style sheet."""
    css = re.sub(r"/\*[\s\S]*?\*/", "", file.read_text())
    return [
        selector.strip()
        for block in re.findall(r"([^{}]+)\{", css)
        if not block.strip().startswith("@")
        for selector in block.split(",")
    ]


@pytest.mark.parametrize("name", FIGURES)
def test_a_style_sheet_touches_its_own_figure_only(name: str) -> None:
    own = selectors(figure_file(name, "css"))
    strangers = [selector for selector in own if not re.match(rf"\.{prefix(name)}\b", selector)]
    assert not strangers
    classes = set(re.findall(r"\.([a-z][\w-]*)", " ".join(own)))
    assert not {
        name_of_class
        for name_of_class in classes
        if not re.match(rf"({prefix(name)}|lf)(-|$)", name_of_class)
    }


def test_each_figure_has_class_names_of_its_own() -> None:
    prefixes = [prefix(name) for name in FIGURES]
    assert len(set(prefixes)) == len(prefixes)


def test_the_shared_style_sheet_touches_figures_only() -> None:
    strangers = [
        selector
        for selector in selectors(SHARED / "figure.css")
        if not re.match(r"\.lf\b", selector)
    ]
    assert not strangers


@pytest.mark.parametrize("name", FIGURES)
def test_another_figure_on_the_page_changes_no_look(browser: Browser, name: str) -> None:
    """Another figure brings the shared sheet again, behind the own rules of the first one."""
    page = opened(browser, name)
    page.wait_for_timeout(100)
    # Compared in the browser: a figure has a hundred thousand computed values.
    page.evaluate(
        """() => {
        window.looks = () => [...document.querySelectorAll(".lf, .lf *")].map((element) => {
            const style = getComputedStyle(element);
            const values = Array.from(style, (name) => `${name}: ${style.getPropertyValue(name)}`);
            return [element.className, ...values];
        });
        window.alone = looks();
    }"""
    )
    assert page.evaluate("alone.length") > 10
    page.add_style_tag(content=(SHARED / "figure.css").read_text())
    changes = page.evaluate(
        """() => {
        const together = looks();
        if (together.length !== alone.length) return ["other elements"];
        return together.flatMap((look, i) => look.filter((value, j) => value !== alone[i][j]));
    }"""
    )
    assert changes == []
    page.close()


@pytest.mark.parametrize("name", FIGURES)
def test_a_class_of_the_shared_style_sheet_is_known_to_it(name: str) -> None:
    """Of all that a figure is made of; colors of the palette are variables, too."""
    modules = joining.module_files(figure_file(name, "mjs"))
    own = [file.read_text() for file in (*modules, figure_file(name, "css"))]
    used = set(re.findall(r"(?<![\w-])lf-[a-z]+", " ".join(own)))
    shared = (SHARED / "figure.css").read_text()
    assert used
    assert not {
        name_of_class
        for name_of_class in used - {"lf-color"}
        if f".{name_of_class}" not in shared and f"--{name_of_class}" not in shared
    }


# Of figures; those of tasks on pages are loaded as they stand.
MODULES = sorted(
    path
    for path in (COURSE / "book").glob("*/*.mjs")
    if path.parent.name not in ("_static", "task_cells")
)


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.stem)
def test_a_module_imports_what_it_uses(file: Path) -> None:
    """All is one file in the end, so a name that is missing in the import would still be found."""
    module = joining.read_module(file)
    text = module.text.replace("...", " ")
    exported: dict[str, Path] = {}
    for other in MODULES:
        if other.parent in (file.parent, SHARED) and other != file:
            names = joining.read_module(other).names
            exported |= {name: other for name, is_exported in names.items() if is_exported}
    imported = {name for names in module.imports.values() for name in names}
    for name in imported:
        assert re.search(rf"(?<![\w.]){name}\b", text), name
    called = set(re.findall(r"(?<![\w.])(\w+)\(", text))
    declared = set(re.findall(r"\b(?:const|let|function) (\w+)", text))
    declared |= set(re.findall(r"\w+", " ".join(re.findall(r"(?:const|let) [\[{]([^=]*)", text))))
    declared |= set(re.findall(r"\w+", " ".join(re.findall(r"\(([^()]*)\) (?:=>|\{)", text))))
    assert called & set(exported) - declared <= imported


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.stem)
def test_a_module_is_part_of_a_figure(file: Path) -> None:
    parts = {part for name in FIGURES for part in joining.module_files(figure_file(name, "mjs"))}
    assert file in parts


def test_a_module_hides_nothing_of_the_browser(browser: Browser) -> None:
    """In one scope with the others, a name at the top of a module would change what they call."""
    names = sorted({name for file in MODULES for name in joining.read_module(file).names})
    page = browser.new_page()
    hidden = page.evaluate("(names) => names.filter((name) => name in window)", names)
    page.close()
    assert hidden == []


PARTS = {
    "dial.mjs": """\
// The dial.
import { turn } from "./turning.mjs";
import { dot,
  line } from "./drawing.mjs";

/** @typedef {import("./drawing.mjs").Dot} Dot */

// Draws.
function render(/** @type {Dot} */ model) {
  return dot(turn(line)); // at once
}

export default { render };
""",
    "turning.mjs": """\
import { dot } from "./drawing.mjs";

export const turn = (value) => dot(-value);
""",
    "drawing.mjs": """\
const side = 3;
export const line = "http://line";

/**
 * A dot.
 *
 * @param {number} value
 */
export function dot(value) {
  return value + side;
}
""",
}

JOINED = """\
const side = 3;
export const line = "http://line";

export function dot(value) {
  return value + side;
}

export const turn = (value) => dot(-value);

function render(model) {
  return dot(turn(line)); // at once
}

export default { render };
"""


def joined(folder: Path, **changes: str) -> str:
    """Join the parts of a dial, some of them changed: `drawing` for `drawing.mjs`."""
    for name, text in {**PARTS, **{f"{stem}.mjs": text for stem, text in changes.items()}}.items():
        (folder / name).write_text(text)
    return joining.joined_module(folder / "dial.mjs")


def test_modules_are_joined_behind_what_they_import(tmp_path: Path) -> None:
    assert joined(tmp_path) == JOINED


def dial(*lines: str) -> dict[str, str]:
    return {"dial": "\n".join([*lines, "export default {};"])}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            dial('import { dance, dot } from "./drawing.mjs";'),
            r"dial\.mjs imports dance from drawing\.mjs, which exports line, dot$",
        ),
        (
            dial('import { side } from "./drawing.mjs";'),
            r"dial\.mjs imports side from drawing\.mjs, which exports line, dot$",
        ),
        (
            dial('import { dot } from "./drawing.mjs";', "const side = 4;"),
            r"drawing\.mjs and dial\.mjs both declare side; dial\.mjs joins them",
        ),
        (
            dial('import { dot as point } from "./drawing.mjs";'),
            r"dial\.mjs renames what it imports from drawing\.mjs",
        ),
        (dial('import * as all from "./drawing.mjs";'), r"'import \* as all .*' is no import of"),
        (dial('import all from "./drawing.mjs";'), r"'import all .*' is no import of the form"),
        (dial('import { html } from "https://cdn.test/x.mjs";'), r"is no import of the form"),
        (dial('import { make } from "./missing.mjs";'), r"missing\.mjs, which does not exist"),
        (dial('export { dot } from "./drawing.mjs";'), r"is no import of the form"),
        (dial('const later = () => import("./drawing.mjs");'), r"is no import of the form"),
        (dial("const [a, b] = [1, 2];"), r"declares several names in one line at its top"),
        (dial("const a = 1, b = 2;"), r"declares several names in one line at its top"),
        (dial("let a, b;"), r"declares several names in one line at its top"),
        ({"drawing": PARTS["drawing.mjs"] + "export default 1;\n"}, r"has a default export"),
        (dial("const a = `two", "lines`;"), r"a text in ` ` spans lines"),
        (dial('const a = "/** b */";'), r"a comment begins inside a text"),
        (
            {"drawing": 'import { turn } from "./turning.mjs";\nexport const dot = turn;\n'},
            r"modules import each other: turning\.mjs -> drawing\.mjs -> turning\.mjs",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused(
    tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        joined(tmp_path, **changes)


def test_a_color_that_the_palette_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="no color violet; there are accent, black, blue"):
        figure.color_rules({"violet", "plus"})


def test_a_sheet_gets_the_colors_that_it_uses() -> None:
    rules = figure.color_rules({"plus", "window"})
    assert re.findall(r"--lf-color-(\w+): (#\w+);", rules) == [
        ("plus", palette.FIGURE["plus"]),
        ("window", palette.FIGURE["window"]),
        ("plus", palette.FIGURE_ON_DARK["plus"]),
    ]


def test_figures_are_imported_when_they_are_asked_for() -> None:
    """PyTorch, which some of them need, takes seconds to load, and most pages do without."""
    program = (
        "import sys; import book.figures as figures; assert 'torch' not in sys.modules; "
        "figures.figure_class('kernel_explorer')(); assert 'torch' not in sys.modules; "
        "figures.figure_class('occlusion_explorer'); assert 'torch' in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=COURSE, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(traitlets.TraitError, match="no picture 'cat'; there are step, square"):
        KernelExplorer(picture="cat")
    with pytest.raises(traitlets.TraitError, match="3 rows of 3 numbers"):
        KernelExplorer(kernel=[[1, 2], [3, 4]])
    with pytest.raises(traitlets.TraitError, match="no NaN"):
        KernelExplorer(kernel=[[float("nan")] * 3] * 3)
    with pytest.raises(traitlets.TraitError, match="should not be greater than 3"):
        ConvLayer(channels=4)


def test_a_seed_from_python_draws_new_numbers() -> None:
    layer = ConvLayer(seed=5)
    assert layer.input == draw_numbers(5)["input"]
    layer.seed = 6
    assert layer.biases == draw_numbers(6)["biases"]
    given = ConvLayer(biases=[0, 0, 0])
    assert given.biases == [0, 0, 0]
    assert given.weights == draw_numbers(1)["weights"]
