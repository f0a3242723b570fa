"""The live figures of the chapter "Padding and stride"."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from book.padding_stride.demo import visits
from book.padding_stride.receptive_field_explorer import ReceptiveFieldExplorer
from book.padding_stride.size_explorer import SizeExplorer
from solutions.padding_stride.tasks.conv2d_forward import conv2d_forward
from solutions.padding_stride.tasks.effective_receptive_field import effective_receptive_field
from solutions.padding_stride.tasks.output_size import output_size
from solutions.padding_stride.tasks.receptive_field import receptive_field
from tests.book.figure_pages import THEMES, call, check_accessible, choice, opened

axes = st.tuples(
    st.integers(1, 12), st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3)
)
layers = st.lists(
    st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=5
)


@pytest.fixture
def explorer(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "size_explorer")
    yield page
    page.close()


@pytest.fixture
def stack(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "receptive_field_explorer")
    yield page
    page.close()


# ------------------------------------------------------------------------------ arithmetic


@settings(max_examples=150, deadline=None)
@given(axis=axes)
def test_sizes_and_visits_are_those_of_the_reference(modules: Page, axis: tuple[int, ...]) -> None:
    size, kernel, stride, padding, dilation = axis
    positions = output_size(*axis)
    assert call(modules, "size_explorer.outputSize", *axis) == positions
    counts = call(modules, "size_explorer.visits", *axis)
    expected = visits(size, size, kernel, stride, padding, dilation)
    assert np.array_equal(np.outer(counts, counts), expected)
    for i in range(positions):
        read = call(modules, "size_explorer.taps", i, kernel, stride, padding, dilation)
        assert read[0] >= -padding
        assert read[-1] < size + padding
        assert np.all(np.diff(read) == dilation)
        assert read[0] == i * stride - padding
    if positions:
        left = call(modules, "size_explorer.leftOver", *axis)
        assert read[-1] + left == size + padding - 1
    refused = call(modules, "size_explorer.refusal", size, 12, kernel, padding, dilation)
    wide = output_size(12, kernel, 1, padding, dilation)
    assert bool(refused) == (positions == 0 or wide == 0)


def test_pixels_that_nobody_reads_are_named(modules: Page) -> None:
    def says(rows: list[int], columns: list[int]) -> str:
        return str(call(modules, "size_explorer.neverRead", rows, columns))

    assert says([1, 2], [1, 1]) == "Every pixel of the input is read."
    assert says([1, 0], [1, 1, 1]) == "Never read: row 1. That is 3 of 6 pixels."
    words = "Never read: rows 1 and 2, and columns 0, 2 and 3. That is 11 of 12 pixels."
    assert says([1, 0, 0], [0, 1, 0, 0]) == words
    assert says([0], [0, 0]) == "No pixel of the input is read."


def test_the_formula_shows_its_numbers(modules: Page) -> None:
    formula = call(modules, "size_explorer.formula", "H", 8, 3, 2, 1, 1)
    assert formula == "H′ = ⌊(8 + 2·1 − 3) / 2⌋ + 1 = ⌊7 / 2⌋ + 1 = 4"
    formula = call(modules, "size_explorer.formula", "W", 12, 3, 1, 0, 2)
    assert formula == "W′ = ⌊(12 + 2·0 − 2·(3 − 1) − 1) / 1⌋ + 1 = ⌊7 / 1⌋ + 1 = 8"


@settings(max_examples=100, deadline=None)
@given(pixels=st.integers(5, 31), stack=layers)
def test_fields_and_units_are_those_of_the_reference(
    modules: Page, pixels: int, stack: list[tuple[int, int, int]]
) -> None:
    rows = call(modules, "receptive_field_explorer.fields", stack)
    for depth, field in enumerate(rows):
        expected = receptive_field(stack[:depth])
        assert (field["size"], field["jump"], field["start"]) == expected
    counts = call(modules, "receptive_field_explorer.unitCounts", pixels, stack)
    expected_counts = [pixels]
    for kernel, stride, padding in stack:
        expected_counts.append(output_size(expected_counts[-1], kernel, stride, padding))
        if not expected_counts[-1]:
            break
    assert counts == [count for count in expected_counts if count]
    refused = call(modules, "receptive_field_explorer.refusal", pixels, stack)
    assert bool(refused) == (len(counts) <= len(stack))
    depth = len(counts) - 1
    for unit in (0, counts[depth] - 1):
        ranges = call(modules, "receptive_field_explorer.seen", stack, depth, unit)
        size, jump, start = receptive_field(stack[:depth])
        assert ranges[0] == [start + unit * jump, start + unit * jump + size - 1]
        assert ranges[depth] == [unit, unit]


@settings(max_examples=25, deadline=None)
@given(pixels=st.integers(5, 15), stack=layers, place=st.floats(0, 1))
def test_paths_are_the_influence_in_a_network_of_ones(
    modules: Page, pixels: int, stack: list[tuple[int, int, int]], place: float
) -> None:
    """The gradient of a network whose weights are all 1 counts the paths."""
    depth = len(call(modules, "receptive_field_explorer.unitCounts", pixels, stack)) - 1

    def network(column: np.ndarray) -> np.ndarray:
        signal = column[None, None]
        for kernel, stride, padding in stack[:depth]:
            rows = np.pad(signal, ((0, 0), (0, 0), (padding, padding), (0, 0)))
            signal = conv2d_forward(rows, np.ones((1, 1, kernel, 1)), np.zeros(1), stride, 0)[
                :, :, :, :1
            ]
        return signal[0, 0]

    units = len(network(np.zeros((pixels, 1))))
    unit = round(place * (units - 1))
    influence = effective_receptive_field(network, np.zeros((pixels, 1)), unit, 0, 0.5)[:, 0]
    counts = call(modules, "receptive_field_explorer.paths", pixels, stack, depth, unit)
    first, last = call(modules, "receptive_field_explorer.seen", stack, depth, unit)[0]
    paths = np.zeros(pixels)
    for pixel, count in zip(range(first, last + 1), counts, strict=True):
        if 0 <= pixel < pixels:
            paths[pixel] = count
        else:
            assert count == 0
    assert np.array_equal(paths, influence)


# ------------------------------------------------------------------- the sizes, by keyboard


def count_of(page: Page, height: int, width: int) -> list[str]:
    """The numbers in the pixels of the input, row by row."""
    cells = page.locator(".sx-count, .sx-unread")
    expect(cells).to_have_count(height * width)
    return cells.all_text_contents()


def test_the_input_shows_how_often_it_is_read(explorer: Page) -> None:
    expected = visits(6, 8, 3, 2, 1)
    assert [int(count) for count in count_of(explorer, 6, 8)] == expected.ravel().tolist()
    explorer.get_by_label("Stride S").fill("4")
    explorer.get_by_label("Padding P").fill("0")
    expected = visits(6, 8, 3, 4, 0)
    assert (expected == 0).any()
    expect(explorer.locator(".sx-unread")).to_have_count(int((expected == 0).sum()))
    counts = [0 if count == "×" else int(count) for count in count_of(explorer, 6, 8)]
    assert counts == expected.ravel().tolist()
    expect(explorer.locator(".sx-facts")).to_contain_text(
        "Left over behind the last window: 3 rows below, 1 column at the right."
    )
    expect(explorer.locator(".sx-facts")).to_contain_text(
        f"That is {(expected == 0).sum()} of 48 pixels."
    )


def test_arrow_keys_move_the_window(explorer: Page) -> None:
    board = explorer.get_by_role("application")
    board.focus()
    for key in ["ArrowDown", "ArrowRight"]:
        explorer.keyboard.press(key)
    spoken = explorer.locator(".lf-spoken")
    expect(spoken).to_contain_text("Window at row 1, column 2: reads rows 1, 2 and 3, columns 3, 4")
    for _ in range(4):
        explorer.keyboard.press("ArrowDown")
    explorer.keyboard.press("Home")
    expect(spoken).to_contain_text("Window at row 2, column 0")
    explorer.keyboard.press("End")
    expect(spoken).to_contain_text("Window at row 2, column 3")
    expect(board).to_be_focused()


def test_a_click_chooses_the_window(explorer: Page) -> None:
    explorer.locator(".sx-output rect").nth(6).click()
    expect(explorer.locator(".lf-spoken")).to_contain_text("Window at row 1, column 2")
    box = explorer.locator(".sx-board svg").bounding_box()
    assert box
    cell = box["width"] / 10.2
    explorer.mouse.click(box["x"] + 1.6 * cell, box["y"] + 5.6 * cell)
    expect(explorer.locator(".lf-spoken")).to_contain_text("Window at row 2, column 0")


def test_settings_that_cannot_be_are_refused_in_words(explorer: Page) -> None:
    explorer.get_by_label("Filter K").fill("5")
    explorer.get_by_label("Dilation D").fill("2")
    expect(explorer.get_by_role("alert")).to_have_text(
        "No position. With its holes the filter spans 9 pixels, but the padded input has only "
        "8 rows. Make the filter or the dilation smaller, or the input or the padding larger."
    )
    expect(explorer.locator(".sx-part").nth(1)).to_contain_text("no output")
    expect(explorer.locator(".sx-window")).to_have_count(0)
    explorer.get_by_label("Padding P").fill("2")
    expect(explorer.get_by_role("alert")).to_be_hidden()
    expect(explorer.locator(".sx-formulas")).to_contain_text("= 1")
    explorer.get_by_label("Height H").press("ArrowRight")
    expect(explorer.locator(".sx-formulas")).to_contain_text("H′ = ⌊(7 + 2·2")


# ------------------------------------------------------------------- the fields, by keyboard


def test_arrow_keys_choose_unit_and_layer(stack: Page) -> None:
    numbers, words = stack.locator(".rf-numbers"), stack.locator(".rf-words")
    expect(numbers).to_have_text("Layer 3: size 9, jump 2, start 0")
    expect(words).to_have_text(
        "Unit 2 of layer 3 sees units 2 to 4 of layer 2, units 4 to 10 of layer 1, "
        "pixels 4 to 12: 9 pixels."
    )
    stack.get_by_role("application").focus()
    stack.keyboard.press("ArrowLeft")
    expect(words).to_contain_text("Unit 1 of layer 3 sees units 1 to 3 of layer 2")
    stack.keyboard.press("ArrowDown")
    expect(words).to_contain_text("Unit 2 of layer 2 sees units 4 to 6 of layer 1, pixels 4 to 8")
    stack.keyboard.press("ArrowDown")
    stack.keyboard.press("End")
    expect(words).to_contain_text("Unit 14 of layer 1 sees pixels 14 to 16: 3 pixels.")
    stack.keyboard.press("ArrowDown")
    expect(words).to_contain_text("Choose a unit of a layer above it.")
    for _ in range(4):  # faster than the figure is drawn
        stack.keyboard.press("ArrowUp")
    expect(words).to_contain_text("Unit 4 of layer 3")
    expect(stack.locator(".lf-spoken")).to_contain_text("pixels 8 to 16: 9 pixels. Layer 3: size 9")


def test_paths_are_drawn_as_bars(stack: Page) -> None:
    bars = stack.locator(".rf-bar")
    paths = [int(bars.nth(i).get_attribute("data-paths") or 0) for i in range(bars.count())]
    assert paths == [1, 2, 4, 4, 5, 4, 4, 2, 1]
    choice(stack, "Network").select_option("three layers of 3")
    expect(bars).to_have_count(7)
    paths = [int(bars.nth(i).get_attribute("data-paths") or 0) for i in range(7)]
    assert paths == [1, 3, 6, 7, 6, 3, 1]


def test_layers_can_be_changed(stack: Page) -> None:
    choice(stack, "Network").select_option("with padding")
    expect(stack.locator(".rf-numbers")).to_have_text("Layer 3: size 7, jump 1, start −3")
    stack.get_by_role("application").press("Home")
    expect(stack.locator(".rf-words")).to_contain_text("3 of them beyond the border")
    choice(stack, "Layers").select_option("2")
    expect(stack.locator(".rf-numbers")).to_contain_text("Layer 2: size 5")
    choice(stack, "Stride").select_option("2")
    expect(stack.locator(".rf-numbers")).to_have_text("Layer 2: size 5, jump 2, start −2")
    expect(choice(stack, "Network")).to_have_value("your own")
    assert stack.evaluate("models[0].get('layers')") == [[3, 1, 1], [3, 2, 1]]


def test_a_layer_without_units_is_refused_in_words(stack: Page) -> None:
    choice(stack, "Pixels").select_option("7")
    expect(stack.get_by_role("alert")).to_have_text(
        "Layer 3 has no unit: its window needs 3 units, and layer 2 has only 2. Make its kernel "
        "smaller, its padding larger, or the strides below it smaller."
    )
    expect(stack.locator(".rf-numbers")).to_contain_text("Layer 2")
    expect(stack.locator(".rf-label", has_text="layer 3")).to_have_count(0)
    choice(stack, "Pixels").select_option("9")
    expect(stack.get_by_role("alert")).to_be_hidden()


def test_a_click_chooses_a_unit(stack: Page) -> None:
    stack.locator("[data-layer='1'][data-unit='12']").click(force=True)
    expect(stack.locator(".rf-words")).to_contain_text("Unit 12 of layer 1 sees pixels 12 to 14")


# ------------------------------------------------------------------------------ on the page


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 760])
def test_accessible_in_light_and_dark(browser: Browser, theme: str, width: int) -> None:
    page = opened(browser, "size_explorer", "receptive_field_explorer", theme=theme, width=width)

    check_accessible(page, "as it starts")
    for name in ("Height H", "Width W"):
        page.get_by_label(name).fill("12")
    page.get_by_label("Padding P").fill("3")
    choice(page, "Network").select_option("beginning of VGG16")
    choice(page, "Pixels").select_option("31")
    page.get_by_role("application").nth(1).press("Home")
    expect(page.locator(".rf-words")).to_contain_text("Unit 0 of layer 5")
    check_accessible(page, "as large as it gets")
    page.get_by_label("Filter K").fill("7")
    page.get_by_label("Dilation D").fill("3")
    choice(page, "Pixels").select_option("5")
    choice(page, "Kernel").select_option("7")
    expect(page.get_by_role("alert").nth(0)).to_contain_text("No position")
    expect(page.get_by_role("alert").nth(1)).to_contain_text("has no unit")
    check_accessible(page, "refused")
    page.close()


def test_wrong_settings_are_refused_in_python() -> None:
    with pytest.raises(traitlets.TraitError, match="should not be greater than 12"):
        SizeExplorer(height=13)
    with pytest.raises(traitlets.TraitError, match="1 to 5 layers are possible, not 6"):
        ReceptiveFieldExplorer(layers=[[3, 1, 1]] * 6)
    with pytest.raises(traitlets.TraitError, match=r"\[kernel, stride, padding\], not \[3, 1\]"):
        ReceptiveFieldExplorer(layers=[[3, 1]])
    with pytest.raises(traitlets.TraitError, match="stride 1 to 4"):
        ReceptiveFieldExplorer(layers=[[3, 5, 1]])
