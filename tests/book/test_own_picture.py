"""A picture of the reader's own, a file or from a camera: in the kernel explorer, in `explore`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from autograder.student.explorers.own_picture import OwnPicture
from solutions.filters.tasks.corr2d import corr2d
from tests.book.figure_pages import MODEL, check_accessible, choice, opened
from tests.book.test_figures import decoded, kernel_of, says


@pytest.fixture
def explorer(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "kernel_explorer")
    yield page
    page.close()


def test_a_picture_of_the_readers_own(explorer: Page, tmp_path: Path) -> None:
    """It is gray and small, and takes its place behind the others; another one takes it over."""
    rng = np.random.default_rng(0)
    colors = rng.integers(0, 256, (72, 72, 3), dtype=np.uint8)
    gray = np.rint(colors @ np.array([0.2125, 0.7154, 0.0721]))
    Image.fromarray(colors).save(tmp_path / "small.png")
    wide = np.full((144, 300, 3), 10, np.uint8)
    wide[:, 78:222] = 200  # the square in the middle
    Image.fromarray(wide).save(tmp_path / "wide.png")
    (tmp_path / "no.png").write_text("no picture")
    field = explorer.locator("input[type=file]")
    menu = choice(explorer, "Picture")
    names = menu.locator("option").count()
    field.set_input_files(tmp_path / "small.png")
    expect(menu.locator("option")).to_have_count(names + 1)
    expect(menu).to_have_value("own-1")
    own = explorer.evaluate("models[0].get('pictures').at(-1)")
    assert np.array_equal(decoded(own), gray)
    says(explorer, 0, 0, corr2d(gray, kernel_of("vertical"))[0, 0])
    field.set_input_files(tmp_path / "wide.png")
    expect(menu).to_have_value("own-2")
    expect(menu.locator("option")).to_have_count(names + 1)
    own = explorer.evaluate("models[0].get('pictures').at(-1)")
    assert (decoded(own) == 200).all()
    field.set_input_files(tmp_path / "no.png")
    expect(explorer.get_by_role("alert")).to_contain_text("no picture that the browser can read")
    expect(menu).to_have_value("own-2")
    menu.select_option("step")
    says(explorer, 0, 0, 0)


CAMERA = """(refusal) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
  const context = canvas.getContext("2d");
  context.fillStyle = "rgb(200, 200, 200)";
  context.fillRect(0, 0, 320, 240);
  window.stream = canvas.captureStream();
  window.asked = 0;
  const getUserMedia = async () => {
    asked += 1;
    if (refusal) throw new DOMException("no", refusal);
    return stream;
  };
  Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: { getUserMedia } });
}"""
STATE = "stream.getTracks().map((track) => track.readyState)"


def test_a_picture_from_the_camera(explorer: Page) -> None:
    """The camera is asked for at a click alone, and ends with the picture, or when it is closed."""
    explorer.evaluate(CAMERA)
    opener = explorer.get_by_role("button", name="Camera …")
    shutter = explorer.get_by_role("button", name="Take the picture")
    assert explorer.evaluate("asked") == 0
    expect(shutter).to_be_hidden()
    opener.press("Enter")
    expect(shutter).to_be_focused()
    assert explorer.evaluate(STATE) == ["live"]
    check_accessible(explorer, "camera")
    explorer.keyboard.press("Enter")
    expect(choice(explorer, "Picture")).to_have_value("own-1")
    expect(opener).to_be_focused()
    expect(shutter).to_be_hidden()
    assert explorer.evaluate(STATE) == ["ended"]
    own = explorer.evaluate("models[0].get('pictures').at(-1)")
    assert np.all(np.abs(decoded(own) - 200) <= 2)
    for leave in ("Escape", "figure"):
        explorer.evaluate(CAMERA)
        opener.click()
        expect(shutter).to_be_focused()
        if leave == "Escape":
            explorer.keyboard.press("Escape")
            expect(opener).to_be_focused()
        else:
            explorer.evaluate("cleanups[0]()")
        assert explorer.evaluate(STATE) == ["ended"]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ("NotAllowedError", "did not give the camera to this page."),
        ("NotFoundError", "finds no camera. Choose a file."),
        ("AbortError", "No camera: no. Choose a file."),
    ],
)
def test_a_camera_that_is_refused(explorer: Page, refusal: str, words: str) -> None:
    explorer.evaluate(CAMERA, refusal)
    opener = explorer.get_by_role("button", name="Camera …")
    opener.click()
    expect(explorer.get_by_role("alert")).to_contain_text(words)
    expect(opener).to_have_attribute("aria-expanded", "false")


def test_a_page_that_may_have_no_camera(explorer: Page) -> None:
    explorer.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    explorer.get_by_role("button", name="Camera …").click()
    expect(explorer.get_by_role("alert")).to_contain_text("begins with https. Choose a file.")


def test_the_widget_of_explore_sends_a_picture_to_python(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    page.set_content(f"<script>{MODEL}</script>")
    page.evaluate(
        """(source) => {
          window.sent = [];
          Model.prototype.send = (content) => sent.push(content);
          return show(source, { side: 8 });
        }""",
        str(OwnPicture._esm),
    )
    colors = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(colors).save(tmp_path / "mine.png")
    page.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    page.wait_for_function("sent.length")
    arrived: list[np.ndarray] = []
    OwnPicture(8, arrived.append)._handle_custom_msg(page.evaluate("sent[0]"), [])
    assert np.array_equal(arrived[0] * 255, colors.transpose(2, 0, 1))
    (tmp_path / "no.png").write_text("no picture")
    page.locator("input[type=file]").set_input_files(tmp_path / "no.png")
    expect(page.get_by_role("alert")).to_contain_text("no picture that the browser can read")
    page.close()
