"""The live figures of the chapter "Backpropagation"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Locator, Page, expect

from book.backprop.chain_rule_graph import STEPS, ChainRuleGraph
from book.backprop.demo import Chain
from book.backprop.gradient_explorer import GradientExplorer, draw_gradient_numbers
from solutions.backprop.tasks.conv2d_backward import conv2d_backward
from tests.book.figure_pages import THEMES, call, check_accessible, close, floats, number, opened

INPUTS = ("x1", "x2", "w", "b", "t")


@pytest.fixture
def explorer(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "gradient_explorer")
    yield page
    page.close()


@pytest.fixture
def graph(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "chain_rule_graph")
    yield page
    page.close()


# ------------------------------------------------------------------------------ arithmetic


def on_one_map(
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, stride: int, padding: int
) -> list[np.ndarray]:
    """The reference's gradients for one picture, one channel and one filter."""
    parts = (array[None, None] for array in (dout, x, w))
    return [np.asarray(part).squeeze(0) for part in conv2d_backward(*parts, stride, padding)]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_explorer_computes_like_the_reference(modules: Page, data: st.DataObject) -> None:
    rows, columns = (data.draw(st.integers(1, 4)) for _ in range(2))
    stride, padding = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 3))
    x = data.draw(floats(rows + data.draw(st.integers(0, 4)), columns + 2))
    w = data.draw(floats(rows, columns))
    sides = zip(x.shape, w.shape, strict=True)
    places = [(side + 2 * padding - size) // stride + 1 for side, size in sides]
    for side, size, count in zip(x.shape, w.shape, places, strict=True):
        positions = call(modules, "gradient_explorer.positions", side, size, stride, padding)
        assert positions == count
    dout = data.draw(floats(*places))
    got = call(modules, "gradient_explorer.backward", dout, x, w, stride, padding)
    dx, dw, db = on_one_map(dout, x, w, stride, padding)
    size_of = on_one_map(np.abs(dout), np.abs(x), np.abs(w), stride, padding)
    close(got["dx"], dx[0], size_of[0][0])
    close(got["dw"], dw[0], size_of[1][0])
    close(got["db"], db, size_of[2])


@settings(max_examples=60, deadline=None)
@given(numbers=st.lists(st.floats(-100, 100, width=32), min_size=5, max_size=5))
def test_the_graph_computes_like_the_reference(modules: Page, numbers: list[float]) -> None:
    given_numbers = dict(zip(INPUTS, numbers, strict=True))
    chain = Chain(**given_numbers)
    values = call(modules, "chain_rule_graph.forward", given_numbers)
    assert values == pytest.approx(chain.values(), rel=1e-12, abs=1e-12)
    steps = call(modules, "chain_rule_graph.backward", values)
    gradients = {step["node"]: step["gradient"] for step in steps}
    size = max(map(abs, chain.gradients().values()))
    assert gradients == pytest.approx(chain.gradients(), rel=1e-12, abs=1e-12 * size)
    for step in steps[1:]:
        total = sum(way["product"] for way in step["ways"])
        assert total == pytest.approx(step["gradient"], rel=1e-12, abs=1e-12 * size)


def test_every_gradient_comes_after_those_it_needs(modules: Page) -> None:
    values = call(modules, "chain_rule_graph.forward", dict.fromkeys(INPUTS, 1.5))
    known: set[str] = set()
    steps = call(modules, "chain_rule_graph.backward", values)
    for step in steps:
        assert {way["to"] for way in step["ways"]} <= known
        known.add(step["node"])
    assert len(steps) == STEPS
    assert set(INPUTS) - {"t"} <= known


def test_the_measured_slope_is_the_gradient(modules: Page) -> None:
    numbers = {"x1": 3.0, "x2": -0.5, "w": 2.0, "b": 1.5, "t": 4.0}
    gradients = Chain(**numbers).gradients()
    for name in ("x1", "x2", "w", "b"):
        slope = call(modules, "chain_rule_graph.measured", numbers, name)
        assert slope == pytest.approx(gradients[name], abs=1e-6)


@pytest.mark.parametrize("seed", [0, 1, 3, 12345, 2**31, 2**32 - 1])
def test_python_and_the_module_draw_the_same_numbers(modules: Page, seed: int) -> None:
    drawn = draw_gradient_numbers(seed)
    assert call(modules, "gradient_explorer.drawNumbers", seed) == drawn
    assert [np.shape(drawn[name]) for name in ("input", "kernel", "upstream")] == [
        (5, 5),
        (3, 3),
        (7, 7),
    ]
    assert set(np.ravel(drawn["input"])) <= {0, 1, 2, 3}
    assert set(np.ravel(drawn["kernel"])) <= {-2, -1, 0, 1, 2}
    assert set(np.ravel(drawn["upstream"])) <= {-2, -1, 0, 1, 2, 3}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2", {"value": 2}),
        (" −1.5 ", {"value": -1.5}),
        ("-0", {"value": 0}),
        ("", {"problem": "nothing typed"}),
        ("two", {"problem": 'not a number: "two"'}),
        ("NaN", {"problem": 'not a number: "NaN"'}),
        ("0,5", {"problem": 'not a number: "0,5"; write the decimal point as a dot'}),
        ("101", {"problem": 'too large: "101"; use numbers from -100 to 100'}),
    ],
)
def test_numbers_are_read_or_refused_in_words(
    modules: Page, typed: str, read: dict[str, Any]
) -> None:
    assert call(modules, "chain_rule_graph.readNumber", typed) == read


# ------------------------------------------------------------------- the explorer, by keyboard


def numbers_in(page: Page, name: str) -> np.ndarray:
    """The numbers of one of the squares that are read as an image."""
    square = page.get_by_role("img", name=name, exact=False)
    texts = square.locator(".lf-cell").all_inner_texts()
    numbers = np.array([number(text) for text in texts])
    side = round(len(numbers) ** 0.5)
    return numbers.reshape(side, side)


def gradients_of(
    seed: int = 3, stride: int = 1, padding: int = 0, ones: bool = False
) -> tuple[np.ndarray, list[np.ndarray]]:
    numbers = {name: np.array(n, dtype=float) for name, n in draw_gradient_numbers(seed).items()}
    count = (5 + 2 * padding - 3) // stride + 1
    dout = numbers["upstream"][:count, :count]
    dout = np.ones_like(dout) if ones else dout
    return dout, on_one_map(dout, numbers["input"], numbers["kernel"], stride, padding)


def element(page: Page, grid: str, row: int, column: int) -> Locator:
    rows = page.get_by_role("grid", name=grid).get_by_role("row")
    return rows.nth(row).get_by_role("gridcell").nth(column)


def says(page: Page, name: str, row: int, column: int, value: float) -> None:
    text = f"{value:g}".replace("-", "−")
    expect(page.locator(".gx-equation")).to_contain_text(f"{name}[{row}, {column}] = ")
    expect(page.locator(".gx-equation strong")).to_have_text(text)
    expect(page.locator(".lf-spoken")).to_contain_text(f"{name}[{row}, {column}] is {text}.")
    products = page.locator(".gx-equation").inner_text().split(" = ")[1]
    if "·" in products:
        factors = [part.split(" · ") for part in products.split(" + ")]
        assert sum(number(a) * number(b) for a, b in factors) == value


def test_arrow_keys_choose_a_pixel(explorer: Page) -> None:
    dx, dw, _ = gradients_of()[1]
    says(explorer, "dx", 1, 2, dx[0, 1, 2])
    element(explorer, "Input x", 1, 2).focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        explorer.keyboard.press(key)
    says(explorer, "dx", 3, 3, dx[0, 3, 3])
    expect(element(explorer, "Input x", 3, 3)).to_be_focused()
    explorer.keyboard.press("End")
    explorer.keyboard.press("ArrowDown")
    explorer.keyboard.press("ArrowDown")
    says(explorer, "dx", 4, 4, dx[0, 4, 4])
    explorer.keyboard.press("Tab")
    says(explorer, "dw", 0, 0, dw[0, 0, 0])
    explorer.keyboard.press("ArrowDown")
    says(explorer, "dw", 1, 0, dw[0, 1, 0])
    expect(element(explorer, "Filter w", 1, 0)).to_have_attribute("aria-selected", "true")
    expect(explorer.locator(".gx-fed")).to_have_count(9)


def test_no_key_is_lost_between_two_frames(explorer: Page) -> None:
    place = explorer.evaluate(
        """() => {
          const press = (key) => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key, bubbles: true }));
          document.querySelector('[data-part="input"][tabindex="0"]').focus();
          ["ArrowRight", "ArrowDown", "ArrowDown"].forEach(press);
          return [models[0].get("row"), models[0].get("column")];
        }"""
    )
    assert place == [3, 3]


@pytest.mark.parametrize(("stride", "padding"), [(1, 2), (2, 1), (3, 0), (2, 0)])
def test_stride_and_padding(explorer: Page, stride: int, padding: int) -> None:
    for name, presses in (("Stride", stride - 1), ("Padding", padding)):
        slider = explorer.get_by_role("slider", name=name)
        slider.focus()
        for _ in range(presses):
            explorer.keyboard.press("ArrowRight")
    dout, (dx, dw, db) = gradients_of(stride=stride, padding=padding)
    says(explorer, "dx", 1, 2, dx[0, 1, 2])
    assert np.array_equal(numbers_in(explorer, "Upstream gradient"), dout)
    assert np.array_equal(numbers_in(explorer, "Gradient dx"), dx[0])
    assert np.array_equal(numbers_in(explorer, "Gradient dw"), dw[0])
    bias = f"{db.item():g}".replace("-", "−")
    expect(explorer.locator(".gx-facts")).to_contain_text(f"db = {bias}.")


def test_a_pixel_that_no_window_reads(explorer: Page) -> None:
    explorer.evaluate("models[0].set('stride', 3)")
    element(explorer, "Input x", 4, 4).click()
    expect(explorer.locator(".gx-sentence")).to_contain_text("No window reads the pixel x[4, 4]")
    says(explorer, "dx", 4, 4, 0)


def test_a_weight_on_the_padding(explorer: Page) -> None:
    explorer.evaluate("models[0].set('padding', 1)")
    element(explorer, "Filter w", 0, 0).click()
    dw = gradients_of(padding=1)[1][1]
    says(explorer, "dw", 0, 0, dw[0, 0, 0])
    expect(explorer.locator(".gx-sentence")).to_contain_text("In 9 of them it lies on the padding")


def test_the_pointer_chooses(explorer: Page) -> None:
    dw = gradients_of()[1][1]
    element(explorer, "Filter w", 2, 1).hover()
    says(explorer, "dw", 2, 1, dw[0, 2, 1])


def test_ones_and_new_numbers(explorer: Page) -> None:
    explorer.get_by_label("upstream all ones").press("Space")
    dx = gradients_of(ones=True)[1][0]
    says(explorer, "dx", 1, 2, dx[0, 1, 2])
    explorer.get_by_label("upstream all ones").press("Space")
    explorer.get_by_role("button", name="New numbers").press("Enter")
    dx = gradients_of(seed=4)[1][0]
    says(explorer, "dx", 1, 2, dx[0, 1, 2])
    assert explorer.evaluate("models[0].saved") > 0


# ---------------------------------------------------------------------- the graph, by keyboard


def test_step_by_step(graph: Page) -> None:
    step = graph.get_by_role("button", name="Step")
    expect(graph.locator(".cr-gradient")).to_have_count(0)
    expect(graph.get_by_role("button", name="Back")).to_be_disabled()
    for count in range(1, STEPS + 1):
        step.press("Enter")
        expect(graph.locator(".cr-gradient")).to_have_count(count)
    expect(step).to_be_disabled()
    graph.get_by_role("button", name="Back").press("Enter")
    expect(graph.locator(".cr-title")).to_have_text("w is used 2 times: add up.")
    expect(graph.locator(".cr-sum")).to_have_text("grad w = 12 + 4 = 16")
    expect(graph.locator(".cr-proof")).to_contain_text("at the rate 16.")
    expect(graph.locator(".lf-spoken")).to_contain_text("grad w = 12 + 4 = 16")
    graph.get_by_role("button", name="Start over").press("Enter")
    expect(graph.locator(".cr-gradient")).to_have_count(0)
    graph.get_by_role("button", name="Show all").press("Enter")
    expect(graph.locator(".cr-gradient")).to_have_count(STEPS)


def test_the_drawing_says_all_its_numbers(graph: Page) -> None:
    graph.get_by_role("button", name="Show all").press("Enter")
    chain = Chain(x1=3, x2=1, w=2, b=-1, t=4)
    expect(graph.locator(".cr-gradient")).to_have_count(STEPS)
    label = graph.get_by_role("img").get_attribute("aria-label") or ""
    names = str.maketrans("12", "₁₂")
    for name, gradient in chain.gradients().items():
        value = f"{chain.values()[name]:g}".replace("-", "−")
        assert f"{name.translate(names)} = {value}, gradient {gradient:g}" in label


def test_typed_numbers_block_a_path(graph: Page) -> None:
    field = graph.get_by_role("textbox", name="x₂")
    field.fill("-1")
    field.press("Enter")
    graph.get_by_role("button", name="Show all").press("Enter")
    expect(graph.locator(".cr-gradient")).to_have_count(STEPS)
    gradients = Chain(x1=3, x2=-1, w=2, b=-1, t=4).gradients()
    for name, shown_name in (("w", "w"), ("b", "b"), ("x2", "x₂")):
        label = graph.get_by_role("img", name=f"{shown_name} = ")
        expect(label).to_have_count(1)
        assert f"gradient {gradients[name]:g}" in (label.get_attribute("aria-label") or "")
    assert graph.locator(".cr-blocked").count() == 1


def test_bad_numbers_are_refused_and_the_old_one_stays(graph: Page) -> None:
    field = graph.get_by_role("textbox", name="x₁")
    for typed, words in (("oops", 'Not a number: "oops". x₁ stays 3.'), ("", "Nothing typed.")):
        field.fill(typed)
        field.press("Tab")
        expect(graph.get_by_role("alert")).to_contain_text(words)
        expect(field).to_have_value("3")


def test_what_is_being_typed_stays(graph: Page) -> None:
    field = graph.get_by_role("textbox", name="x₁")
    field.fill("-2.")
    graph.evaluate("models[0].set('step', 3)")
    expect(graph.locator(".cr-gradient")).to_have_count(3)
    expect(field).to_have_value("-2.")
    graph.evaluate("models[0].set('x1', 7)")
    expect(field).to_have_value("7")


# ------------------------------------------------------------------------------ on the page


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 760])
def test_accessible_in_light_and_dark(browser: Browser, theme: str, width: int) -> None:
    page = opened(browser, "gradient_explorer", "chain_rule_graph", theme=theme, width=width)

    check_accessible(page, "as it starts")
    page.evaluate("models[0].set('padding', 2)")
    element(page, "Filter w", 1, 1).click()
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("textbox", name="x₁").fill("oops")
    page.get_by_role("textbox", name="x₁").press("Tab")
    expect(page.get_by_role("alert")).to_contain_text("Not a number")
    check_accessible(page, "with everything shown")
    page.close()


def test_tab_reaches_everything(browser: Browser) -> None:
    page = opened(browser, "gradient_explorer", "chain_rule_graph")
    page.evaluate("models[1].set('step', 1)")
    expect(page.get_by_role("button", name="Back")).to_be_enabled()
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "() => { const e = document.activeElement; "
                "return e.closest('[role=grid]')?.getAttribute('aria-label') "
                "?? e.closest('label')?.innerText.split('\\n')[0].split(' ')[0] ?? e.textContent; }"
            )
        )
    names = {"Stride", "Padding", "upstream", "New numbers"}
    names |= {"Input x. Arrow keys choose a pixel.", "Filter w. Arrow keys choose a weight."}
    names |= {"x₁", "x₂", "w", "b", "t", "◀ Back", "Step ▶", "Start over", "Show all"}
    assert names <= reached
    page.close()


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(traitlets.TraitError, match="should not be greater than 3"):
        GradientExplorer(stride=4)
    with pytest.raises(traitlets.TraitError, match="kernel"):
        GradientExplorer(part="bias")
    with pytest.raises(traitlets.TraitError, match="x1 is a number from -100 to 100, not 1000"):
        ChainRuleGraph(x1=1000)
    with pytest.raises(traitlets.TraitError, match="not nan"):
        ChainRuleGraph(w=float("nan"))


def test_a_seed_from_python_draws_new_numbers() -> None:
    figure = GradientExplorer(seed=5)
    assert figure.input == draw_gradient_numbers(5)["input"]
    figure.seed = 6
    assert figure.upstream == draw_gradient_numbers(6)["upstream"]
    kernel = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert GradientExplorer(kernel=kernel).kernel == kernel
