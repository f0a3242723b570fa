"""The live figure of the chapter "adversarial": what it shows is what the laboratory makes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from book.adversarial import attack_explorer as figure
from book.visualization import demo
from laboratory.attacks import FromPixels
from laboratory.drawn_pictures import CLASSES
from laboratory.networks import load_network
from tests.book.figure_pages import THEMES, call, check_accessible, choice, opened

NAME = "attack_explorer"
PLACES = st.tuples(
    st.sampled_from(list(figure.WORDS)),
    st.sampled_from(list(figure.ATTACKS)),
    st.integers(0, len(figure.LEVELS) - 1),
)


@pytest.fixture
def explorer(browser: Browser) -> Iterator[Page]:
    page = opened(browser, NAME)
    page.wait_for_function(PAINTED)
    yield page
    page.close()


PAINTED = """() => {
  const canvas = document.querySelector(".ax canvas");
  return canvas.getContext("2d").getImageData(0, 0, 1, 1).data[3] === 255;
}"""

PIXELS = """(place) => {
  const canvas = document.querySelectorAll(".ax canvas")[place];
  return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
}"""


def pixels(page: Page, place: int) -> np.ndarray:
    """The bytes of a canvas, (H, W, 3)."""
    return np.array(page.evaluate(PIXELS, place)).reshape(96, 96, 4)[:, :, :3]


@pytest.fixture(scope="module")
def drawn() -> tuple[torch.Tensor, torch.Tensor]:
    pictures = demo.drawn(1, figure.PICTURE)
    return torch.from_numpy(pictures.images).float() / 255, torch.from_numpy(pictures.labels)


def put(page: Page, scene: str, attack: str, level: int) -> None:
    page.evaluate(
        """([scene, attack, level]) => {
          for (const [name, value] of Object.entries({ scene, attack, level }))
            models[0].set(name, value);
        }""",
        [scene, attack, level],
    )


def test_the_canvas_shows_what_the_network_got(
    explorer: Page, drawn: tuple[torch.Tensor, torch.Tensor]
) -> None:
    """Byte by byte; the network says of these bytes what the figure says."""
    network = load_network("small_vgg_noise")
    made = figure.attacked(FromPixels(network), *drawn)
    for attack in figure.ATTACKS:
        for level in (0, 2, len(figure.LEVELS) - 1):
            put(explorer, "noise", attack, level)
            got = pixels(explorer, 0)
            expected = made[attack][figure.LEVELS[level]][0].permute(1, 2, 0).numpy() * 255
            assert np.array_equal(got, np.rint(expected))
            x = torch.from_numpy(got.astype(np.float32) / 255).permute(2, 0, 1)[None]
            with torch.no_grad():
                chances = FromPixels(network)(x).softmax(1)[0]
            named = CLASSES[int(chances.argmax())]
            expect(explorer.locator(".ax .lf-sentence")).to_contain_text(
                f"“{named}” with {round(100 * float(chances.max()))}"
            )


def test_the_change_is_magnified_around_gray(explorer: Page) -> None:
    put(explorer, "noise", "fgsm", 3)
    assert set(np.unique(pixels(explorer, 1))) <= {1, 128, 255}
    expect(explorer.get_by_text("The change, 42 times")).to_be_visible()
    put(explorer, "noise", "fgsm", 0)
    assert set(np.unique(pixels(explorer, 1))) == {128}
    expect(explorer.get_by_text("No change")).to_be_visible()


@settings(max_examples=40, deadline=None)
@given(
    sheet=st.lists(st.integers(0, 255), min_size=12, max_size=12),
    frame=st.integers(0, 2),
    times=st.integers(0, 16),
)
def test_bytes_are_added_and_cut_off(
    modules: Page, sheet: list[int], frame: int, times: int
) -> None:
    place = {"frame": frame, "times": times}
    bytes_ = call(modules, f"{NAME}.attackedBytes", sheet, place, 4, max(1, 128 * times))
    for i in range(3):
        change = times * (sheet[4 * frame + i] - 128)
        assert bytes_["picture"][i] == min(255, max(0, sheet[i] + change))
        assert abs(bytes_["magnified"][i] - 128) <= 127
    assert bytes_["picture"][3] == bytes_["magnified"][3] == 255


@settings(max_examples=30, deadline=None)
@given(place=PLACES)
def test_every_place_has_a_frame_of_its_own(modules: Page, place: tuple[str, str, int]) -> None:
    _, attack, level = place
    got = call(modules, f"{NAME}.changeOf", attack, level, list(figure.LEVELS))
    if level == 0:
        assert got["times"] == 0
    elif attack == "pgd":
        assert got == {"frame": 2 + level, "times": 1}
    else:
        assert got["times"] == figure.LEVELS[level]


def test_the_keyboard_moves_epsilon_and_the_figure_speaks(explorer: Page) -> None:
    slider = explorer.get_by_role("slider")
    slider.focus()
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "epsilon 0 of 255")
    expect(explorer.get_by_role("status")).to_contain_text("says “crescent”")
    slider.press("End")
    expect(explorer.get_by_role("status")).to_contain_text("epsilon 8/255")
    choice(explorer, "Attack").select_option("random")
    expect(explorer.get_by_role("status")).to_contain_text("It is right.")
    choice(explorer, "Attack").select_option("pgd")
    choice(explorer, "Network").select_option("robust")
    expect(explorer.get_by_role("status")).to_contain_text("It was a crescent.")


def test_the_figure_is_light_enough_for_a_page() -> None:
    assert sum(len(scene["sheet"]) for scene in figure.scenes()) < 300_000


@pytest.mark.parametrize("theme", THEMES)
def test_accessible(browser: Browser, theme: str) -> None:
    page = opened(browser, NAME, theme=theme, width=390)
    check_accessible(page)
    page.close()
