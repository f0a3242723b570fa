"""The live figure of the chapter "networks that go deep": arithmetic, keyboard, accessibility."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from book.deep_networks.network_plane import network_facts
from tests.book.figure_pages import THEMES, call, check_accessible, choice, opened

NAME = "network_plane"


@pytest.fixture
def plane(browser: Browser) -> Iterator[Page]:
    page = opened(browser, NAME)
    yield page
    page.close()


# ------------------------------------------------------------------------------ arithmetic


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.floats(1, 1e12), min_size=1, max_size=9))
def test_a_logarithmic_axis_holds_all_values(modules: Page, values: list[float]) -> None:
    axis = call(modules, f"{NAME}.axis", values, True)
    assert axis["low"] <= min(values) * (1 + 1e-9)
    assert max(values) <= axis["high"] * (1 + 1e-9)
    for tick, following in zip(axis["ticks"], axis["ticks"][1:], strict=False):
        assert following == pytest.approx(10 * tick)
    shares = [call(modules, f"{NAME}.share", value, axis, True) for value in values]
    assert all(0 <= share <= 1 for share in shares)
    assert shares[values.index(max(values))] == max(shares)


def test_axes_are_divided_evenly(modules: Page) -> None:
    axis = call(modules, f"{NAME}.axis", [56.5, 84.1], False)
    assert (axis["low"], axis["high"]) == (55, 85)
    assert axis["ticks"] == [55, 60, 65, 70, 75, 80, 85]
    assert call(modules, f"{NAME}.share", 70, axis, False) == 0.5
    thousand = {"low": 1, "high": 1000}
    assert call(modules, f"{NAME}.share", 10, thousand, True) == pytest.approx(1 / 3)


@settings(max_examples=40, deadline=None)
@given(
    points=st.lists(
        st.tuples(st.integers(60, 600), st.integers(20, 330)), min_size=1, max_size=6, unique=True
    )
)
def test_names_stay_inside_and_cover_no_other_name(
    modules: Page, points: list[tuple[int, int]]
) -> None:
    given_points = [{"x": x, "y": y, "name": f"Net-{i}"} for i, (x, y) in enumerate(points)]
    room = {"width": 700, "height": 380, "letter": 6}
    places = call(modules, f"{NAME}.namePlaces", given_points, [], room)
    assert len(places) == len(points)
    apart = [
        abs(a[0] - b[0]) > 90 or abs(a[1] - b[1]) > 50
        for i, a in enumerate(points)
        for b in points[:i]
    ]
    for (x, y), place in zip(points, places, strict=True):
        assert abs(place["middle"] - y) <= 18
        if all(apart):
            assert place == {"left": x + 13, "middle": y}


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.0, "the same"), (5.41, "5.4 times"), (0.25, "1/4"), (0.001, "1/1,000")],
)
def test_ratios_are_written_for_reading(modules: Page, value: float, words: str) -> None:
    assert call(modules, f"{NAME}.ratio", value) == words


@pytest.mark.parametrize(
    ("value", "quantity", "words"),
    [
        (1e8, "parameters", "100 M"),
        (1e10, "activations", "10 GB"),
        (100, "activations", "100 B"),
        (2015, "year", "2015"),
        (75, "accuracy", "75 %"),
    ],
)
def test_ticks(modules: Page, value: float, quantity: str, words: str) -> None:
    assert call(modules, f"{NAME}.tickText", value, quantity) == words


# ------------------------------------------------------------------- by keyboard and pointer


def cells(page: Page) -> list[list[str]]:
    rows = page.locator(".np-table tbody tr").all()
    return [row.locator("td").all_inner_texts() for row in rows]


def test_two_networks_are_compared(plane: Page) -> None:
    assert cells(plane) == [
        ["25.6 million", "138 million", "1/5.4"],
        ["4.09 billion", "15.5 billion", "1/3.8"],
        ["86 MB", "73.4 MB", "1.2 times"],
        ["76.1 %", "71.6 %", "+4.5 points"],
    ]
    choice(plane, "Network").select_option("MobileNetV2")
    choice(plane, "Beside").select_option("ResNet-50")
    expect(plane.locator(".np-sentence")).to_contain_text("MobileNetV2, 2018: depthwise")
    assert cells(plane)[0] == ["3.50 million", "25.6 million", "1/7.3"]
    assert plane.evaluate("models[0].saved") == 2


def test_the_newest_recipe_moves_the_same_network(plane: Page) -> None:
    plane.get_by_role("checkbox", name="Newest training recipe").check()
    assert cells(plane)[3] == ["80.9 %", "71.6 %", "+9.3 points"]
    expect(plane.locator(".np-sentence")).to_contain_text("80.9 %")
    assert plane.locator(".np-recipe").count() == 3


def test_a_network_without_the_quantity_is_left_out_and_said_so(plane: Page) -> None:
    networks = len(network_facts())
    assert plane.locator(".np-point").count() == networks - 1
    choice(plane, "Network").select_option("LeNet-5")
    expect(plane.locator(".np-sentence")).to_contain_text("never trained on ImageNet")
    assert cells(plane)[3] == ["–", "71.6 %", "–"]
    choice(plane, "Up").select_option("parameters")
    assert plane.locator(".np-point").count() == networks
    assert plane.locator(".np-recipe").count() == 0


def test_a_click_chooses(plane: Page) -> None:
    plane.locator(".np-point", has_text="VGG16").locator(".np-mark").click()
    expect(choice(plane, "Network")).to_have_value("VGG16")
    expect(plane.locator(".np-chosen")).to_contain_text("VGG16")
    expect(plane.locator(".lf-spoken")).to_contain_text("VGG16, 2014")


@pytest.mark.parametrize("across", ["year", "parameters", "multiply_adds", "activations"])
def test_every_quantity_can_lie_across(plane: Page, across: str) -> None:
    choice(plane, "Across").select_option(across)
    for point in plane.locator(".np-mark").all()[:3]:
        assert "NaN" not in (point.get_attribute("transform") or "")
    assert plane.locator(".np-view").evaluate("e => e.outerHTML.includes('NaN')") is False


# ------------------------------------------------------------------------------ accessibility


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [760, 320])
def test_accessible(browser: Browser, theme: str, width: int) -> None:
    page = opened(browser, NAME, theme=theme, width=width)
    check_accessible(page, "at the start")
    choice(page, "Up").select_option("activations")
    choice(page, "Across").select_option("year")
    check_accessible(page, "memory against the year")
    page.close()


def test_python_brings_the_facts(browser: Browser) -> None:
    page = opened(browser, NAME)
    state: list[dict[str, Any]] = page.evaluate("models[0].get('networks')")
    assert state == network_facts()
    page.close()
