"""The live figures of the chapter "Pooling and the other layers"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Locator, Page, expect

from book.pooling.demo import pool2d
from book.pooling.network_calculator import NetworkCalculator, line_of, presets, text_of
from book.pooling.pooling_explorer import SIDE, PoolingExplorer, patterns
from solutions import networks
from solutions.deep_networks.tasks.count_multiply_adds import count_multiply_adds
from solutions.networks import ALEXNET, LENET5, NETWORKS, VGG16, Spec
from solutions.pooling.tasks.count_parameters import count_parameters
from solutions.pooling.tasks.network_shapes import network_shapes
from tests.book.figure_pages import (
    THEMES,
    call,
    check_accessible,
    choice,
    close,
    floats,
    number,
    opened,
)
from tests.book.network_specs import specs

RULES = {"max": "max", "avg": "mean", "first": "first"}
WORDS = {"max": "maximum", "avg": "mean", "first": "first number"}


@pytest.fixture
def explorer(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "pooling_explorer")
    yield page
    page.close()


@pytest.fixture
def calculator(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "network_calculator")
    yield page
    page.close()


# ------------------------------------------------------------------------------ arithmetic


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_explorer_pools_like_the_reference(modules: Page, data: st.DataObject) -> None:
    size, stride = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 5))
    height, width = (data.draw(st.integers(size, size + 5)) for _ in range(2))
    x = data.draw(floats(height, width))
    for rule, name in RULES.items():
        expected = pool2d(x, name, size, stride)
        close(
            call(modules, "pooling_explorer.pool", x, size, stride, rule), expected, np.abs(x).max()
        )
    dy, dx = data.draw(st.integers(-3, 12)), data.draw(st.integers(-3, 12))
    moved = call(modules, "pooling_explorer.shift", x, dy, dx)
    assert moved == np.roll(x, (dy, dx), axis=(0, 1)).tolist()


@settings(max_examples=40, deadline=None)
@given(size=st.integers(1, 12), stride=st.integers(1, 12), side=st.integers(12, 15))
def test_pixels_that_are_never_read(modules: Page, size: int, stride: int, side: int) -> None:
    """A pixel is read if a larger number there changes the result."""
    zeros = np.zeros((side, side))
    unread = []
    for place in range(side):
        line = zeros.copy()
        line[place] = 1
        if not pool2d(line, "max", size, stride).any():
            unread.append(place)
    assert call(modules, "pooling_explorer.unread", side, size, stride) == unread


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        (
            "size",
            "13",
            "A window of 13 rows does not fit into a picture of 12 rows. Take at most 12.",
        ),
        ("size", "0", "The size has to be at least 1."),
        ("size", "2.5", 'The size has to be a whole number, not "2.5".'),
        ("stride", "", 'The stride has to be a whole number, not "".'),
        ("stride", "-1", "The stride has to be at least 1."),
        ("stride", "40", "A step of 40 leaves the picture at once. Take at most 12."),
        ("size", " 3 ", ""),
        ("stride", "12", ""),
    ],
)
def test_settings_that_are_refused_in_words(
    modules: Page, name: str, typed: str, words: str
) -> None:
    assert call(modules, "pooling_explorer.refusal", name, typed, SIDE) == words


def costs(modules: Page, spec: Spec) -> tuple[Any, Any, Any]:
    """What the calculator's module finds: shapes, parameters, multiply-adds."""
    shapes = call(modules, "network_calculator.networkShapes", spec)["shapes"]
    return (
        [tuple(shape) for shape in shapes],
        call(modules, "network_calculator.countParameters", spec, shapes),
        call(modules, "network_calculator.countMultiplyAdds", spec, shapes),
    )


@settings(max_examples=60, deadline=None)
@given(spec=specs())
def test_the_calculator_counts_like_the_reference(modules: Page, spec: Spec) -> None:
    shapes = network_shapes(spec)
    parameters, work = count_parameters(spec, shapes), count_multiply_adds(spec, shapes)
    assert costs(modules, spec) == (shapes, parameters, work)
    numbers = call(modules, "network_calculator.countNumbers", shapes)
    assert numbers == [int(np.prod(shape)) for shape in shapes]


@settings(max_examples=60, deadline=None)
@given(spec=specs())
def test_a_network_survives_being_written_and_read(modules: Page, spec: Spec) -> None:
    read = call(modules, "network_calculator.readNetwork", text_of(spec))
    assert read == {"spec": spec, "lines": list(range(1, len(spec) + 1))}


@pytest.mark.parametrize("name", NETWORKS)
def test_known_networks(modules: Page, name: str) -> None:
    spec = NETWORKS[name]
    shapes = network_shapes(spec)
    expected = shapes, count_parameters(spec, shapes), count_multiply_adds(spec, shapes)
    assert costs(
        modules, call(modules, "network_calculator.readNetwork", text_of(spec))["spec"]
    ) == (expected)


@pytest.mark.parametrize(
    ("typed", "layer"),
    [
        ("conv 8 size 3", networks.conv(8, 3)),
        ("  CONV 8, padding 1, size 3 ", networks.conv(8, 3, padding=1)),
        ("max_pool size 3", networks.max_pool(3, 3)),
        ("avg_pool stride 1 size 2", networks.avg_pool(2, 1)),
        ("adaptive_avg_pool size 1", networks.adaptive_avg_pool(1)),
        ("relu", networks.plain("relu")),
        ("linear 10", networks.linear(10)),
        ("image 3 224 200", networks.image(3, 224, 200)),
    ],
)
def test_lines_that_are_read(modules: Page, typed: str, layer: networks.Layer) -> None:
    assert call(modules, "network_calculator.readLine", typed) == {"layer": layer}
    read = call(modules, "network_calculator.readLine", line_of(layer))
    assert read == {"layer": layer}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", 'The network is empty. Begin with a line such as "image 3 224 224".'),
        ("# nothing", "The network is empty."),
        (
            "image 3 8 8\n\npool 2",
            'Line 3: there is no layer "pool". Known are image, conv, max_pool',
        ),
        ("image 3 8", "Line 1: the width is missing."),
        ("image 3 8 0", "Line 1: the width has to be at least 1."),
        ("image 3 8 x", 'Line 1: the width has to be a whole number, not "x".'),
        ("image 3 8 1000000", "Line 1: the width is too large: at most 100,000."),
        ("image 3 8 8\nconv 4", 'Line 2: conv needs a size, as in "conv 8 size 3".'),
        ("image 3 8 8\nmax_pool", 'Line 2: max_pool needs a size, as in "max_pool size 3".'),
        ("image 3 8 8\nconv 4 size 3 depth 2", 'Line 2: "depth" is not expected here: conv takes'),
        ("image 3 8 8\nrelu 2", 'Line 2: "2" is not expected here: relu takes nothing more.'),
        ("image 3 8 8\nconv 4 size 3 size 5", "Line 2: the size is given twice."),
        ("image 3 8 8\nconv 4 size -3", 'Line 2: the size has to be a whole number, not "-3".'),
        ("image 3 8 8\nconstructor", 'Line 2: there is no layer "constructor".'),
        ("relu\nimage 3 8 8", "Line 1: the first line has to be the image"),
        ("image 3 8 8\nimage 3 8 8", "Line 2: there can be one image only, in the first line."),
        (
            "image 3 8 6\n\nconv 4 size 9 padding 1",
            "Line 3: a filter of 9 × 9 does not fit into maps of 8 × 6 with a padding of 1.",
        ),
        (
            "image 3 8 6\nmax_pool size 7",
            "Line 2: a window of 7 × 7 does not fit into maps of 8 × 6.",
        ),
        (
            "image 3 8 8\nlinear 5",
            'Line 2: a linear layer reads a flat input: put a line "flatten"',
        ),
        ("image 3 8 8\nflatten\nconv 4 size 3", "Line 3: conv needs maps, but its input is flat"),
    ],
)
def test_networks_that_are_refused_in_words(calculator: Page, typed: str, words: str) -> None:
    calculator.get_by_label("The network, one layer a line").fill(typed)
    expect(calculator.get_by_role("alert")).to_contain_text(words)
    expect(calculator.get_by_role("alert")).to_contain_text("the last network that worked")
    expect(calculator.locator(".nc-amount").first).to_have_text("61,706")


# ----------------------------------------------------------------- the explorer, by keyboard


def picture(name: str) -> np.ndarray:
    return np.array(next(p["rows"] for p in patterns() if p["name"] == name), dtype=float)


def says(page: Page, pooled: np.ndarray, row: int, column: int, rule: str = "max") -> None:
    """The whole result, the chosen number in the sentence and in words."""
    grid = page.get_by_role("grid")
    expect(grid.get_by_role("gridcell")).to_have_count(pooled.size)
    value = f"{round(float(pooled[row, column]), 2):g}"
    expect(page.locator(".pe-sum")).to_contain_text(f"y[{row}, {column}] is the {WORDS[rule]} of")
    expect(page.locator(".pe-sum")).to_contain_text(f": {value}.")
    chosen = grid.get_by_role("row").nth(row).get_by_role("gridcell").nth(column)
    expect(chosen).to_have_attribute("aria-selected", "true")
    expect(page.locator(".lf-spoken")).to_contain_text(f"Row {row}, column {column}:")
    numbers = [number(text) for text in grid.get_by_role("gridcell").all_inner_texts()]
    assert numbers == np.round(pooled, 2).ravel().tolist()


def test_size_stride_and_rule(explorer: Page) -> None:
    x = picture("plus")
    says(explorer, pool2d(x, "max", 2), 3, 2)
    explorer.get_by_label("Size").fill("3")
    says(explorer, pool2d(x, "max", 3, 2), 3, 2)
    choice(explorer, "Keep the").select_option("avg")
    says(explorer, pool2d(x, "mean", 3, 2), 3, 2, "avg")
    explorer.get_by_label("Stride").press("ArrowUp")
    explorer.get_by_label("Stride").press("ArrowUp")
    says(explorer, pool2d(x, "mean", 3, 4), 2, 2, "avg")
    choice(explorer, "Keep the").select_option("first")
    choice(explorer, "Picture").select_option("noise")
    says(explorer, pool2d(picture("noise"), "first", 3, 4), 2, 2, "first")
    expect(explorer.locator(".pe-facts")).to_contain_text("⌊(12 − 3) / 4⌋ + 1 = 3")


def test_arrow_keys_move_the_picture_and_changes_are_counted(explorer: Page) -> None:
    choice(explorer, "Picture").select_option("point")
    stage = explorer.get_by_role("application")
    stage.focus()
    still = pool2d(picture("point"), "max", 2)
    for step, keys in enumerate(["ArrowLeft", "ArrowLeft", "ArrowUp"], 1):
        explorer.keyboard.press(keys)
        dx, dy = -min(step, 2), -1 if step == 3 else 0
        moved = pool2d(np.roll(picture("point"), (dy, dx), (0, 1)), "max", 2)
        says(explorer, moved, 3, 2)
        changed = int((moved != still).sum())
        expect(explorer.locator(".pe-changes")).to_contain_text(f"changed {changed} of 36 numbers")
        expect(explorer.locator(".pe-changed")).to_have_count(changed)
        expect(stage).to_be_focused()
    explorer.get_by_role("button", name="Move the picture back").press("Enter")
    # First what waits: a button that was pressed by key is clicked a moment later.
    expect(explorer.locator(".pe-changes")).to_contain_text("which numbers of the result change?")
    says(explorer, still, 3, 2)


def test_a_point_inside_its_window_changes_nothing(explorer: Page) -> None:
    """Row 5, column 5 of the point is the last of its window: one step left stays inside."""
    choice(explorer, "Picture").select_option("point")
    explorer.get_by_role("button", name="Move the picture left").click()
    expect(explorer.locator(".pe-changes")).to_have_text("The shift changed 0 of 36 numbers.")
    explorer.get_by_role("button", name="Move the picture back").click()
    explorer.get_by_role("button", name="Move the picture right").click()
    expect(explorer.locator(".pe-changes")).to_contain_text("The shift changed 2 of 36 numbers")


def test_arrow_keys_choose_a_number(explorer: Page) -> None:
    pooled = pool2d(picture("plus"), "max", 2)
    grid = explorer.get_by_role("grid")
    chosen = grid.get_by_role("row").nth(3).get_by_role("gridcell").nth(2)
    chosen.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "End"):
        explorer.keyboard.press(key)
    says(explorer, pooled, 5, 5)
    for key in ("ArrowUp", "Home", "ArrowLeft"):
        explorer.keyboard.press(key)
    says(explorer, pooled, 4, 0)
    expect(grid.get_by_role("row").nth(4).get_by_role("gridcell").first).to_be_focused()


def test_bad_numbers_are_refused_and_the_old_one_stays(explorer: Page) -> None:
    field = explorer.get_by_label("Size")
    field.fill("13")
    field.press("Tab")
    expect(explorer.get_by_role("alert")).to_have_text(
        "A window of 13 rows does not fit into a picture of 12 rows. Take at most 12. "
        "The size stays 2."
    )
    expect(field).to_have_value("2")
    says(explorer, pool2d(picture("plus"), "max", 2), 3, 2)
    field.press("ArrowDown")
    field.press("ArrowDown")
    expect(explorer.get_by_role("alert")).to_have_text("The size has to be at least 1.")
    says(explorer, pool2d(picture("plus"), "max", 1, 2), 3, 2)


def test_pixels_that_no_window_reads_are_striped(explorer: Page) -> None:
    explorer.get_by_label("Size").fill("3")
    expect(explorer.locator(".pe-unread")).to_have_count(12 + 11)
    expect(explorer.locator(".pe-facts")).to_contain_text("No window reads row 11")
    explorer.get_by_label("Stride").fill("5")
    expect(explorer.locator(".pe-facts")).to_contain_text(
        "The windows leave gaps: no window reads rows 3, 4, 8, 9, 10 and 11"
    )


# --------------------------------------------------------------- the calculator, by keyboard


def rows(page: Page) -> Locator:
    return page.locator(".nc-table tbody tr")


@pytest.mark.parametrize(("name", "spec"), [("alexnet", ALEXNET), ("vgg16", VGG16)])
def test_a_known_network_is_shown_whole(calculator: Page, name: str, spec: Spec) -> None:
    choice(calculator, "Network").select_option(name)
    shapes = network_shapes(spec)
    parameters, work = count_parameters(spec, shapes), count_multiply_adds(spec, shapes)
    expect(calculator.locator(".nc-amount").first).to_have_text(f"{sum(parameters):,}")
    expect(calculator.get_by_text(f"{sum(work):,}", exact=True)).to_be_visible()
    expect(rows(calculator)).to_have_count(len(spec))
    lines = rows(calculator).all_inner_texts()
    table = [[cell.strip() for cell in line.split("\t")] for line in lines]
    assert [line[2] for line in table] == [f"{count:,}" for count in parameters]
    assert [line[3] for line in table] == [f"{count:,}" for count in work]
    for line, shape in zip(table, shapes, strict=True):
        assert line[1] == str(shape)
    calculator.get_by_role("button", name="Only layers that learn").press("Enter")
    expect(rows(calculator)).to_have_count(sum(count > 0 for count in parameters))


def test_editing_a_line_changes_the_numbers(calculator: Page) -> None:
    area = calculator.get_by_label("The network, one layer a line")
    area.focus()
    calculator.keyboard.press("Control+End")
    calculator.keyboard.type("0")
    spec = [*LENET5[:-1], networks.linear(100)]
    total = sum(count_parameters(spec, network_shapes(spec)))
    expect(calculator.locator(".nc-amount").first).to_have_text(f"{total:,}")
    expect(choice(calculator, "Network")).to_have_value("own")
    expect(calculator.locator(".lf-spoken")).to_contain_text(f"{total:,} parameters")
    calculator.keyboard.press("Backspace")
    expect(choice(calculator, "Network")).to_have_value("lenet5")
    assert calculator.evaluate("models[0].saved") > 0


def test_less_pooling_costs_parameters_in_the_first_linear_layer_only(calculator: Page) -> None:
    text = text_of(VGG16).replace("max_pool size 2 stride 2\nadaptive_avg_pool size 7", "relu")
    calculator.get_by_label("The network, one layer a line").fill(text)
    expect(calculator.get_by_role("cell", name="411,045,888", exact=True)).to_be_visible()
    expect(calculator.get_by_role("cell", name="2,359,808").first).to_be_visible()


def test_bars_are_as_long_as_the_numbers(calculator: Page) -> None:
    shapes = network_shapes(LENET5)
    parameters = count_parameters(LENET5, shapes)
    longest = max(parameters)
    for i, count in enumerate(parameters):
        bar = rows(calculator).nth(i).locator("td").nth(1).locator(".nc-bar")
        if not count:
            expect(bar).to_have_count(0)
            continue
        width = bar.evaluate("(one) => parseFloat(one.style.width)")
        assert width == pytest.approx(100 * count / longest, rel=1e-4)


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        ("rounded", 999, "999"),
        ("rounded", 61_706, "61,706"),
        ("rounded", 138_357_544, "138 million"),
        ("rounded", 15_470_264_320, "15.5 billion"),
        ("bytes", 40, "40 B"),
        ("bytes", 64_104, "64.1 kB"),
        ("bytes", 553_430_176, "553 MB"),
    ],
)
def test_large_numbers_are_rounded(modules: Page, function: str, value: int, text: str) -> None:
    assert call(modules, f"network_calculator.{function}", value) == text


# ------------------------------------------------------------------------------ on the page


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 760])
def test_accessible_in_light_and_dark(browser: Browser, theme: str, width: int) -> None:
    page = opened(browser, "pooling_explorer", "network_calculator", theme=theme, width=width)
    dark = page.locator(".pe").get_attribute("data-dark")
    assert dark == ("true" if theme == "dark" else "false")

    check_accessible(page, "as it starts")
    choice(page, "Picture").select_option("noise")
    choice(page, "Keep the").select_option("avg")
    page.get_by_label("Size").fill("3")
    page.get_by_role("button", name="Move the picture down").click()
    page.get_by_label("Stride").fill("x")
    page.get_by_label("Stride").press("Tab")
    choice(page, "Network").select_option("vgg16")
    expect(rows(page)).to_have_count(len(VGG16))
    page.get_by_label("The network, one layer a line").fill("image 3 8 8\noops")
    expect(page.get_by_role("alert").nth(1)).to_contain_text('no layer "oops"')
    expect(page.get_by_role("alert").nth(0)).to_contain_text("The stride stays 2")
    check_accessible(page, "with everything open")
    page.close()


def test_tab_reaches_everything(browser: Browser) -> None:
    page = opened(browser, "pooling_explorer", "network_calculator")
    reached = set()
    for _ in range(24):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "() => { const e = document.activeElement; return e.getAttribute('aria-label') "
                "?? e.labels?.[0]?.innerText.split('\\n')[0] ?? e.textContent; }"
            )
        )
    names = {"Picture", "Keep the", "Size", "Stride", "Network", "Only layers that learn"}
    names |= {f"Move the picture {way}" for way in ("left", "right", "up", "down", "back")}
    names |= {"Picture. Arrow keys move it by a pixel.", "The network, one layer a line"}
    names |= {"Layers, table", "row 3, column 2: 9"}
    assert names <= reached
    page.close()


def test_two_of_a_kind_do_not_disturb_each_other(browser: Browser) -> None:
    page = opened(browser, *["pooling_explorer"] * 2, *["network_calculator"] * 2)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids)) > 0
    page.get_by_label("Size").nth(1).fill("4")
    expect(page.locator(".pe-facts").nth(1)).to_contain_text("= 5")
    expect(page.locator(".pe-facts").nth(0)).to_contain_text("= 6")
    choice(page, "Network").nth(1).select_option("vgg16")
    expect(page.locator(".nc-totals").nth(1)).to_contain_text("138,357,544")
    expect(page.locator(".nc-totals").nth(0)).to_contain_text("61,706")
    page.close()


def test_python_sets_a_figure(explorer: Page) -> None:
    """As a live notebook does it: the model changes from outside."""
    explorer.evaluate("models[0].set('size', 4)")
    explorer.evaluate("models[0].set('stride', 4)")
    says(explorer, pool2d(picture("plus"), "max", 4), 2, 2)
    expect(explorer.get_by_label("Size")).to_have_value("4")


# ------------------------------------------------------------------------------ Python


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(traitlets.TraitError, match="no pattern 'cat'; there are plus, point"):
        PoolingExplorer(pattern="cat")
    with pytest.raises(traitlets.TraitError):
        PoolingExplorer(size=13)
    with pytest.raises(traitlets.TraitError):
        PoolingExplorer(rule="min")


def test_patterns_are_pictures_of_digits() -> None:
    for pattern in patterns():
        rows_ = np.array(pattern["rows"])
        assert rows_.shape == (SIDE, SIDE)
        assert 0 <= rows_.min() <= rows_.max() <= 9


def test_presets_are_the_courses_networks() -> None:
    texts = {preset["name"]: preset["text"] for preset in presets()}
    assert texts["vgg16"] == text_of(VGG16)
    assert NetworkCalculator().text == texts["lenet5"]
    assert texts["vgg16_global"].endswith("adaptive_avg_pool size 1\nflatten\nlinear 1000")
    assert line_of(networks.conv(64, 11, 4, 2)) == "conv 64 size 11 stride 4 padding 2"
