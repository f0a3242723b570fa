"""The live figures of the visualization chapter: each number is that of the laboratory."""

from __future__ import annotations

import base64
import functools
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from torch import nn

from book.figures import embedded, figure_class, figure_state
from book.plots import NEGATIVE
from book.visualization import (
    channel_browser,
    demo,
    fluctuation_explorer,
    grabcut_explorer,
    occlusion_explorer,
    smoothgrad_explorer,
)
from book.visualization.channel_browser import ChannelBrowser
from book.visualization.fluctuation_explorer import FluctuationExplorer
from book.visualization.grabcut_explorer import GrabcutExplorer
from book.visualization.occlusion_explorer import OcclusionExplorer
from book.visualization.smoothgrad_explorer import SmoothgradExplorer
from laboratory import evaluation, method_table, segmentation
from laboratory.attribution.fluctuation import fluctuation
from laboratory.attribution.gradient import gradient, strongest
from laboratory.attribution.occlusion import plain_occlusion
from laboratory.attribution.saliency import saliency
from laboratory.layers import chain
from laboratory.networks import Network
from laboratory.occlusion_map import OcclusionMap
from tests.book.figure_pages import THEMES, call, check_accessible, choice, number, opened

Array = np.ndarray[Any, np.dtype[Any]]
LIMIT = 300_000
"""What a figure may bring to the page, in bytes."""


def pixels(address: str) -> Array:
    """Return the pixels behind an address of an image, shape (H, W, 4)."""
    kind, data = address.split(";base64,")
    assert kind in ("data:image/png", "data:image/jpeg")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))


def levels(address: str, count: int, limit: float) -> Array:
    """Return the maps of an image of signed maps, shape (N, H, W), from their colors."""
    image = pixels(address).astype(float)
    sign = np.where(image[..., 0] > image[..., 2], 1, -1)
    values = sign * (image[..., 3] / 255) ** (1 / 0.75) * limit
    return values.reshape(count, -1, image.shape[1])


def written(value: float, digits: int = 2) -> str:
    """Return a number as the figures write it."""
    rounded = round(value, digits) or 0.0
    return f"{rounded:.{digits}f}".replace("-", "−")


# ------------------------------------------------------------------------- what pages carry


def test_numbers_arrive(modules: Page) -> None:
    values = np.array([0, 1.5, -0.25, 8191.75, -8191.75])
    packed = embedded.numbers(values, 0.25)
    assert call(modules, "occlusion_explorer.decode", packed, 0.25) == values.tolist()
    with pytest.raises(ValueError, match="does not fit into 16 bits"):
        embedded.numbers(np.array([8192.0]), 0.25)


def test_pictures_maps_and_masks_arrive() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, size=(5, 7, 3))
    assert np.array_equal(pixels(embedded.picture(picture / 255))[..., :3], picture)
    with pytest.raises(ValueError, match="from 0 to 1"):
        embedded.picture(picture.astype(float))
    smooth = np.linspace(0, 1, 2 * 16 * 16 * 3).reshape(2, 16, 16, 3)
    lossy = pixels(embedded.pictures(smooth))[..., :3].reshape(smooth.shape)
    assert np.abs(lossy / 255 - smooth).max() < 0.03
    maps = rng.normal(size=(3, 5, 7))
    assert np.abs(levels(embedded.responses(maps, 4.0), 3, 4.0) - maps).max() < 4 / 31
    masks = rng.random((3, 5, 7)) < 0.4
    assert np.array_equal(pixels(embedded.masks(masks))[..., 3].reshape(masks.shape), 255 * masks)
    with pytest.raises(ValueError, match=r"shape \(N, H, W\)"):
        embedded.masks(masks[0])


# ------------------------------------------------------------------------------- occlusion

PLACES = {"score": "logit", "probability": "probability"}


@pytest.fixture
def explorer(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "occlusion_explorer")
    yield page
    page.close()


def swept(example: int, patch: int) -> tuple[demo.Example, OcclusionMap]:
    """The plain way: the whole network for every place."""
    network = demo.small_network()
    drawn = demo.example(network, occlusion_explorer.EXAMPLES[example][0])
    reference = plain_occlusion(network.model, drawn.x, patch=patch, stride=4, progress=False)
    return drawn, reference


@settings(max_examples=40, deadline=None)
@given(scores=arrays(np.float64, (10,), elements=st.floats(-40, 40)))
def test_probabilities_are_those_of_softmax(modules: Page, scores: Array) -> None:
    expected = torch.from_numpy(scores).softmax(0).numpy()
    assert np.allclose(call(modules, "occlusion_explorer.softmax", scores), expected, atol=1e-12)


@pytest.mark.parametrize("patch", occlusion_explorer.PATCHES)
@pytest.mark.parametrize("example", range(len(occlusion_explorer.EXAMPLES)))
def test_the_page_carries_the_scores_of_the_laboratory(
    modules: Page, example: int, patch: int
) -> None:
    drawn, reference = swept(example, patch)
    scene = OcclusionExplorer().scenes[example]
    [sweep] = [candidate for candidate in scene["sweeps"] if candidate["patch"] == patch]
    assert sweep["starts"] == list(reference.tops) == list(reference.lefts)
    assert scene["target"] == drawn.target
    assert np.array_equal(pixels(scene["picture"])[..., :3], np.rint(drawn.picture * 255))
    step = occlusion_explorer.STEP
    scores = np.reshape(call(modules, "occlusion_explorer.decode", sweep["scores"], step), (-1, 10))
    clean = np.array(call(modules, "occlusion_explorer.decode", sweep["clean"], step))
    assert np.abs(scores - reference.logits.reshape(-1, 10).numpy()).max() < 0.6 * step
    for measure, kind in PLACES.items():
        drop = call(modules, "occlusion_explorer.drops", clean, scores, drawn.target, measure)
        expected = reference.drop(drawn.target, kind).flatten().numpy()  # type: ignore[arg-type]
        assert np.abs(np.array(drop) - expected).max() < 1.5 * step


def says(
    page: Page,
    reference: OcclusionMap,
    target: int,
    i: int,
    j: int,
    network: Network | None = None,
) -> None:
    """The figure tells what the laboratory finds at a place; by default with the small network."""
    network = network or demo.small_network()
    scores = reference.logits[i, j]
    values = page.locator(".lf-value")
    top, left, patch = reference.tops[i], reference.lefts[j], reference.patch[0]
    expect(page.locator(".lf-sentence")).to_contain_text(
        f"Rows {top} to {top + patch - 1} and columns {left} to {left + patch - 1} are hidden"
    )
    numbers = [number(text) for text in values.all_inner_texts()]
    assert numbers == pytest.approx(
        [float(scores[target]), float(scores.softmax(0)[target])], abs=0.0061
    )
    answer = network.classes[int(scores.argmax())]
    expect(page.locator(".oc-says")).to_contain_text(f"The network says: {answer} (")
    expect(page.locator(".lf-spoken")).to_contain_text(f"Row {top}, column {left}: ")
    expect(page.locator(".lf-spoken")).to_contain_text(f"The network says {answer}.")


def map_colors(page: Page) -> Array:
    side = page.evaluate("document.querySelector('.oc-canvas').width")
    data = page.evaluate(
        "(side) => [...document.querySelector('.oc-canvas').getContext('2d')"
        ".getImageData(0, 0, side, side).data]",
        side,
    )
    return np.reshape(data, (side, side, 4))


def unseen(page: Page) -> Array:
    red, green, blue, _ = np.moveaxis(map_colors(page), -1, 0)
    return (np.abs(red - 128) < 3) & (np.abs(green - 128) < 3) & (np.abs(blue - 128) < 3)


def test_arrow_keys_move_the_patch_and_the_map_grows(explorer: Page) -> None:
    drawn, reference = swept(0, 16)
    assert (reference.tops[12], reference.lefts[6]) == (48, 24)
    says(explorer, reference, drawn.target, 12, 6)
    counted = explorer.locator(".oc-count")
    expect(counted).to_contain_text(f"{12 * 21 + 7} of 441 places seen")
    explorer.get_by_role("button", name="Start over").press("Enter")
    expect(counted).to_contain_text("1 of 441 places seen")
    picture = explorer.get_by_role("application")
    picture.focus()
    walk = [(12, 6)]
    for key, step in [
        ("ArrowRight", (0, 1)),
        ("ArrowDown", (1, 0)),
        ("ArrowDown", (1, 0)),
        ("ArrowLeft", (0, -1)),
        ("ArrowUp", (-1, 0)),
    ]:
        explorer.keyboard.press(key)
        walk.append((walk[-1][0] + step[0], walk[-1][1] + step[1]))
        says(explorer, reference, drawn.target, *walk[-1])
    explorer.keyboard.press("Home")
    walk.append((walk[-1][0], 0))
    explorer.keyboard.press("ArrowLeft")
    explorer.keyboard.press("End")
    walk.append((walk[-1][0], 20))
    says(explorer, reference, drawn.target, *walk[-1])
    expect(counted).to_contain_text(f"{len(set(walk))} of 441 places seen")
    drop = reference.drop(drawn.target)
    largest = max(float(drop[place]) for place in walk)
    expect(counted).to_contain_text(f"Largest fall so far: {written(largest)}.")
    assert {tuple(map(int, place)) for place in np.argwhere(~unseen(explorer))} == set(walk)
    assert explorer.evaluate("models[0].saved") > 0


@pytest.mark.parametrize("measure", PLACES)
def test_the_whole_map_has_the_signs_of_the_laboratory(explorer: Page, measure: str) -> None:
    choice(explorer, "Picture").select_option("picture-21")
    choice(explorer, "Patch, in pixels").select_option("8")
    choice(explorer, "Ask for").select_option(measure)
    drawn, reference = swept(2, 8)
    explorer.get_by_role("button", name="Show all places").press("Enter")
    expect(explorer.locator(".oc-count")).to_contain_text("529 of 529 places seen")
    drop = reference.drop(drawn.target, PLACES[measure]).numpy()  # type: ignore[arg-type]
    share = drop / np.abs(drop).max()
    colors = map_colors(explorer)
    assert np.abs(colors[..., 3] / 255 - np.abs(share) ** 0.75).max() < 0.02
    orange = colors[..., 0] > colors[..., 2]
    visible = np.abs(share) > 0.02  # else the browser stores no exact color
    assert np.array_equal(orange[visible], share[visible] > 0)
    strong = share < -0.2
    assert strong.any()
    assert np.abs(colors[strong][:, :3] - NEGATIVE).max() < 6
    largest = written(float(np.abs(drop).max()))
    expect(explorer.locator(".lf-part .lf-title").nth(1)).to_have_text(f"Fall, up to {largest}")


def test_another_patch_stays_where_it_was(explorer: Page) -> None:
    choice(explorer, "Patch, in pixels").select_option("24")
    drawn, reference = swept(0, 24)
    says(explorer, reference, drawn.target, 12, 6)
    expect(explorer.locator(".oc-count")).to_contain_text("1 of 361 places seen")
    choice(explorer, "Patch, in pixels").select_option("16")
    expect(explorer.locator(".oc-count")).to_contain_text(f"{12 * 21 + 7} of 441 places seen")


def middle_of(page: Page, selector: str) -> tuple[float, float, float]:
    box = page.locator(selector).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"]


def test_the_pointer_drags_the_patch(explorer: Page) -> None:
    drawn, reference = swept(0, 16)
    x, y, _ = middle_of(explorer, ".oc-patch")
    _, _, side = middle_of(explorer, ".oc-picture")
    place = 4 * side / 96
    explorer.mouse.move(x, y)
    explorer.mouse.down()
    explorer.mouse.move(x + 3 * place, y + 2 * place, steps=6)
    explorer.mouse.up()
    says(explorer, reference, drawn.target, 14, 9)
    count = int(explorer.locator(".oc-count").inner_text().split(" ")[0])
    assert count > 12 * 21 + 7 + 2  # the way there is in the map, too
    explorer.mouse.move(x, y)
    says(explorer, reference, drawn.target, 14, 9)


def test_a_click_puts_the_patch_there(explorer: Page) -> None:
    drawn, reference = swept(0, 16)
    box = explorer.locator(".oc-picture").bounding_box()
    assert box
    explorer.mouse.click(box["x"] + box["width"] * 72 / 96, box["y"] + box["height"] * 20 / 96)
    says(explorer, reference, drawn.target, 3, 16)
    box = explorer.locator(".oc-map").bounding_box()
    assert box
    explorer.mouse.click(box["x"] + box["width"] * 5.5 / 21, box["y"] + box["height"] * 20.5 / 21)
    says(explorer, reference, drawn.target, 20, 5)


def test_a_jump_sees_its_end_only(explorer: Page) -> None:
    explorer.get_by_role("button", name="Start over").press("Enter")
    box = explorer.locator(".oc-picture").bounding_box()
    assert box
    explorer.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.1)
    expect(explorer.locator(".oc-count")).to_contain_text("2 of 441 places seen")
    explorer.evaluate("models[0].set('top', 80)")
    expect(explorer.locator(".oc-count")).to_contain_text("3 of 441 places seen")


def test_a_finger_drags_the_patch_only(browser: Browser) -> None:
    """A finger on the patch moves it; one beside it scrolls the page."""
    page = opened(browser, "occlusion_explorer", width=390)
    page.add_style_tag(content="body { padding-bottom: 2000px; }")
    drawn, reference = swept(0, 16)
    fingers = page.context.new_cdp_session(page)
    fingers.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

    def swipe(x: float, y: float, by: tuple[float, float]) -> None:
        places = [(x + by[0] * i / 8, y + by[1] * i / 8) for i in range(9)]
        for i, (right, down) in enumerate(places):
            kind = "touchMove" if i else "touchStart"
            points = [{"x": right, "y": down}]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    x, y, _ = middle_of(page, ".oc-patch")
    _, _, side = middle_of(page, ".oc-picture")
    place = 4 * side / 96
    swipe(x, y, (4 * place, -3 * place))
    says(page, reference, drawn.target, 9, 10)
    assert page.evaluate("scrollY") == 0
    box = page.locator(".oc-picture").bounding_box()
    assert box
    swipe(box["x"] + 20, box["y"] + box["height"] - 10, (0, -120))
    page.wait_for_function("scrollY > 50")
    says(page, reference, drawn.target, 9, 10)
    page.close()


# ------------------------------------------------------------- occlusion of photographs


@functools.cache
def photographs() -> tuple[Network, list[dict[str, Any]]]:
    """A network of 30 classes in the place of VGG16, and the scenes that the page gets with it."""
    small = demo.small_network()
    torch.manual_seed(5)
    layers = [*small.model.features, nn.Flatten(), *small.model.classifier]  # type: ignore[misc]
    layers[-1] = nn.Linear(layers[-1].in_features, 30)
    nn.init.normal_(layers[-1].weight, std=2)
    names = tuple(f"class {number}" for number in range(30))
    model = nn.Sequential(*layers).eval().requires_grad_(False)
    network = replace(small, name="VGG16", model=model, classes=names, size=96, resize=100)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "network", lambda: network)
        return network, occlusion_explorer.scenes.__wrapped__()


def at_places(number: int, patch: int) -> tuple[demo.Example, OcclusionMap]:
    """One photograph, and the whole network for every place of the patch."""
    network, _ = photographs()
    example = demo.example(network, number)
    step = occlusion_explorer.PHOTOGRAPH_STRIDE
    return example, plain_occlusion(
        network.model, example.x, patch=patch, stride=step, progress=False
    )


def test_photographs_come_first_and_where_they_cost_most() -> None:
    _, scenes = photographs()
    names = [scene["name"] for scene in scenes]
    assert names[:2] == ["photograph-0", "picture-13"]
    assert scenes[1:] == occlusion_explorer.scenes()  # the drawn pictures stay as they are
    example, reference = at_places(0, occlusion_explorer.PHOTOGRAPH_PATCHES[-1])
    drop = reference.drop(example.target)
    figure = OcclusionExplorer(scenes=scenes)
    assert figure.scene == "photograph-0"
    i, j = reference.tops.index(figure.top), reference.lefts.index(figure.left)
    assert float(drop[i, j]) == pytest.approx(float(drop.max()), abs=1e-4)
    sharp = pixels(scenes[0]["picture"])
    assert sharp.shape[:2] == (192, 192)
    small = sharp[..., :3].reshape(96, 2, 96, 2, 3).mean((1, 3))
    assert np.abs(small - 255 * example.picture).mean() < 4  # the same part of the photograph


@pytest.mark.parametrize("patch", occlusion_explorer.PHOTOGRAPH_PATCHES)
@pytest.mark.parametrize("number", range(occlusion_explorer.PHOTOGRAPHS))
def test_few_scores_tell_what_all_would(modules: Page, number: int, patch: int) -> None:
    """Scores, probabilities and likeliest classes are those of the network run place by place."""
    network, scenes = photographs()
    example, reference = at_places(number, patch)
    scene = scenes[number]
    [sweep] = [candidate for candidate in scene["sweeps"] if candidate["patch"] == patch]
    count, step = len(scene["classes"]), scene["step"]
    assert 1 < count < 30
    assert scene["classes"][scene["target"]] == example.label
    scores = call(modules, "occlusion_explorer.decode", sweep["scores"], step)
    places = np.reshape(scores, (-1, count + 1))
    expected = reference.logits.flatten(0, 1)
    chances = expected.softmax(-1)[:, example.target]
    for place, logits, chance in zip(places, expected, chances, strict=True):
        assert abs(place[scene["target"]] - float(logits[example.target])) < 0.6 * step
        assert np.exp(place - place.max())[scene["target"]] / np.exp(
            place - place.max()
        ).sum() == pytest.approx(float(chance), abs=2 * step)
    likeliest = [
        scene["classes"][call(modules, "occlusion_explorer.mostLikely", place, count)]
        for place in places[:: len(places) // 20]
    ]
    exact = expected[:: len(places) // 20]
    assert likeliest == [network.classes[int(logits.argmax())] for logits in exact]


def test_large_scores_have_larger_steps() -> None:
    logits = torch.full((2, 2, 30), -200.0)
    logits[..., 3] = torch.tensor([[200.0, 100], [50, 25]])
    swept = OcclusionMap(logits, logits[0, 0], (0, 1), (0, 1), (2, 2), (3, 3))
    assert occlusion_explorer.step_for([swept]) == 8 * occlusion_explorer.STEP
    small = replace(swept, logits=logits / 10, clean=logits[0, 0] / 10)
    assert occlusion_explorer.step_for([small]) == occlusion_explorer.STEP


def test_what_is_left_of_the_softmax() -> None:
    logits = torch.randn(4, 5, 30, generator=torch.Generator().manual_seed(0))
    few = occlusion_explorer.with_rest(logits, [3, 17])
    assert few.shape == (4, 5, 3)
    assert torch.allclose(few.softmax(-1)[..., :2], logits.softmax(-1)[..., [3, 17]])
    assert occlusion_explorer.with_rest(logits, range(30)) is logits


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 760])
def test_a_patch_over_a_photograph(browser: Browser, theme: str, width: int) -> None:
    network, scenes = photographs()
    page = opened(browser, "occlusion_explorer", theme=theme, width=width, scenes=scenes)
    example, reference = at_places(0, 56)
    figure = OcclusionExplorer(scenes=scenes)
    i, j = reference.tops.index(figure.top), reference.lefts.index(figure.left)
    says(page, reference, example.target, i, j, network)
    page.get_by_role("application").focus()
    to = {"ArrowLeft": (i, j - 1)} if j else {"ArrowRight": (i, j + 1)}
    [(key, place)] = to.items()
    page.keyboard.press(key)
    says(page, reference, example.target, *place, network)
    sides = choice(page, "Patch, in pixels").locator("option")
    expect(sides).to_have_text(["32 × 32", "56 × 56"])
    choice(page, "Patch, in pixels").select_option("32")
    page.get_by_role("button", name="Show all places").press("Enter")
    _, fine = at_places(0, 32)
    count = fine.logits[..., 0].numel()
    expect(page.locator(".oc-count")).to_contain_text(f"{count} of {count} places seen")
    check_accessible(page, f"{theme}, {width}")
    choice(page, "Picture").select_option(label="A triangle (small VGG)")
    expect(sides).to_have_text(["8 × 8", "16 × 16", "24 × 24"])
    check_accessible(page, f"{theme}, {width}, drawn")
    page.close()


def test_photographs_weigh_little() -> None:
    _, scenes = photographs()
    assert len(json.dumps(scenes)) < LIMIT


# ------------------------------------------------------------------------------ SmoothGrad


@pytest.fixture
def smoothing(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "smoothgrad_explorer")
    yield page
    page.close()


def mean_gradients(
    example: demo.Example, level: float, counts: Sequence[int]
) -> dict[int, torch.Tensor]:
    """SmoothGrad the plain way, one noisy copy after the other: the maps of so many copies."""
    model = demo.small_network().model
    random = torch.Generator().manual_seed(0)
    deviation = level * (example.x.max() - example.x.min())
    total = torch.zeros_like(example.x)
    maps = {}
    for copies in range(1, max(counts) + 1):
        noise = torch.randn(example.x.shape[1:], generator=random)
        total += gradient(model, example.x + deviation * noise, example.target)
        if copies in counts:
            maps[copies] = strongest(total / copies)[0]
    return maps


@pytest.mark.parametrize("example", range(len(smoothgrad_explorer.EXAMPLES)))
def test_the_page_carries_the_maps_of_the_laboratory(modules: Page, example: int) -> None:
    levels_, counts = smoothgrad_explorer.LEVELS, smoothgrad_explorer.COUNTS
    drawn = demo.example(demo.small_network(), smoothgrad_explorer.EXAMPLES[example][0])
    assert drawn.mask is not None
    mask = torch.from_numpy(drawn.mask)[None]
    scene = SmoothgradExplorer().scenes[example]
    assert scene["share"] == pytest.approx(drawn.mask.mean(), abs=1e-4)
    frames = call(modules, "smoothgrad_explorer.frameOf", len(levels_), 0, len(counts))
    maps = levels(scene["maps"], frames, 1.0)
    noisy = pixels(scene["noisy"])[..., :3].reshape(len(levels_), *drawn.picture.shape) / 255
    for i, level in enumerate(levels_):
        assert np.abs(noisy[i] - smoothgrad_explorer.noisy(drawn, level)).mean() < 0.06
        expected_maps = mean_gradients(drawn, level, (1, 5, counts[-1]))
        best = expected_maps[counts[-1]].flatten()
        for j, count in [(0, 1), (2, 5), (len(counts) - 1, counts[-1])]:
            expected = expected_maps[count]
            frame = call(modules, "smoothgrad_explorer.frameOf", i, j, len(counts))
            got = maps[frame]
            assert np.abs(got - (expected / expected.max()).numpy()).max() < 0.04
            told = scene["measures"][i][j]
            pair = torch.stack([expected.flatten(), best])
            assert told["correlation"] == pytest.approx(float(torch.corrcoef(pair)[0, 1]), abs=2e-3)
            energy = float(evaluation.energy_in_mask(expected[None], mask))
            assert told["energy"] == pytest.approx(energy, abs=2e-3)
            row, column = told["peak"]
            assert float(expected[row, column]) == pytest.approx(float(expected.max()), rel=1e-3)
            assert told["hit"] == bool(drawn.mask[row, column])
    outline = pixels(scene["outline"])[..., 3] > 0
    assert outline.any()
    assert not (outline & drawn.mask).any()


def frame_shown(page: Page, selector: str, frames: int) -> float:
    """Which of the pictures of an image the style sheet shows."""
    place = page.locator(selector).evaluate("(one) => getComputedStyle(one).backgroundPositionY")
    size = page.locator(selector).evaluate("(one) => getComputedStyle(one).backgroundSize")
    assert size.split(" ")[1] == f"{100 * frames}%"
    return float(place.removesuffix("%")) / 100 * (frames - 1)


def test_sliders_choose_the_map(smoothing: Page) -> None:
    scene = SmoothgradExplorer().scenes[0]
    levels_, counts = smoothgrad_explorer.LEVELS, smoothgrad_explorer.COUNTS
    noise = smoothing.get_by_role("slider", name="Noise level")
    draws = smoothing.get_by_role("slider", name="Draws n")

    def shows(level: int, count: int) -> None:
        told = scene["measures"][level][count]
        frame = 0 if level == 0 else 1 + (level - 1) * len(counts) + count
        frames = 1 + (len(levels_) - 1) * len(counts)
        assert frame_shown(smoothing, ".sg-map", frames) == pytest.approx(frame, abs=0.01)
        assert frame_shown(smoothing, ".sg-noisy", len(levels_)) == pytest.approx(level, abs=0.01)
        values = smoothing.locator(".lf-meters .lf-value").all_inner_texts()
        assert values == [f"{told['correlation']:.2f}", f"{round(100 * told['energy'])} %"]
        hit = "on the object: a hit" if told["hit"] else "beside the object: a miss"
        expect(smoothing.locator(".lf-sentence")).to_contain_text(hit)
        expect(noise).to_have_attribute("aria-valuetext", f"noise level {levels_[level]:g}")
        expect(draws).to_have_attribute("aria-valuetext", f"draws {counts[count]}")
        expect(smoothing.locator(".lf-spoken")).to_contain_text(
            f"Level {levels_[level]:g}, {counts[count]} draws: "
        )
        ring, box = (
            smoothing.locator(selector).bounding_box() for selector in (".sg-peak", ".sg-map")
        )
        assert ring
        assert box
        row = (ring["y"] + ring["height"] / 2 - box["y"]) / box["height"] * 96 - 0.5
        column = (ring["x"] + ring["width"] / 2 - box["x"]) / box["width"] * 96 - 0.5
        assert (row, column) == pytest.approx(told["peak"], abs=0.3)

    shows(3, 2)
    noise.press("ArrowRight")
    shows(4, 2)
    draws.press("End")
    shows(4, 5)
    draws.press("ArrowLeft")
    noise.press("Home")
    shows(0, 4)
    expect(smoothing.locator(".lf-title").nth(1)).to_have_text("Plain saliency")
    noise.press("ArrowRight")
    draws.press("Home")
    shows(1, 0)
    expect(smoothing.locator(".lf-sentence")).to_contain_text("One draw at level 0.05")
    assert smoothing.evaluate("models[0].saved") == 6


def test_another_picture_and_its_outline(smoothing: Page) -> None:
    choice(smoothing, "Picture").select_option("picture-5")
    told = SmoothgradExplorer().scenes[1]["measures"][3][2]
    expect(smoothing.locator(".lf-meters .lf-value").first).to_have_text(
        f"{told['correlation']:.2f}"
    )
    outline = smoothing.locator(".sg-outline")
    expect(outline).to_be_visible()
    smoothing.get_by_label("outline of the object").press("Space")
    expect(outline).to_be_hidden()


# ----------------------------------------------------------------------------- fluctuation


@pytest.fixture
def walking(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "fluctuation_explorer")
    yield page
    page.close()


def test_curves_and_maps_are_those_of_the_laboratory(modules: Page) -> None:
    network = demo.small_network()
    example = demo.example(network, fluctuation_explorer.EXAMPLE)
    way = FluctuationExplorer().way
    plain = saliency(network.model, example.x, example.target)[0]
    row, column = way["pixel"]
    assert float(plain[row, column]) == float(plain.max())
    expected = fluctuation(
        network.model, example.x, example.target, pixel=(row, column), noise_level=0.05, points=101
    ).derivatives.numpy()
    got = call(modules, "fluctuation_explorer.decode", way["derivatives"], way["step"])
    assert np.abs(np.reshape(got, (101, 3)) - expected).max() <= way["step"]
    assert way["step"] < np.abs(expected).max() / 1000
    # The framed square of each map has the pixel's own saliency, in the scale of all maps.
    top, left, size = way["window"]
    maps = levels(way["maps"], way["points"], 1.0)
    framed = maps[:, row - top, column - left]
    largest = np.abs(expected).max(1)
    first = plain[top : top + size, left : left + size].numpy()
    limit = largest[0] / framed[0]
    assert np.abs(maps[0] * limit - first).max() < 0.05 * limit
    assert np.abs(framed * limit - largest).max() < 0.05 * limit
    assert maps.max() == 1
    pictures = pixels(way["pictures"])[..., :3].reshape(way["frames"], *example.picture.shape) / 255
    assert np.abs(pictures[0] - example.picture).mean() < 0.02
    moved = np.abs(pictures - pictures[0]).mean((1, 2, 3))
    assert np.all(np.diff(moved) > 0)


def test_signs_change_where_they_do(modules: Page) -> None:
    for values, places in [
        ([1, 2, -1, -2, 3], [2, 4]),
        ([1, 0, 1], []),
        ([-1], []),
        ([0.5, -0.5, 0.5], [1, 2]),
    ]:
        assert call(modules, "fluctuation_explorer.signChanges", values) == places


def test_the_slider_walks_along_the_curves(walking: Page) -> None:
    path = fluctuation_explorer.path().derivatives.numpy()
    slider = walking.get_by_role("slider", name="t")
    flips = (path[1:] * path[:-1] < 0).sum(1)

    def shows(at: int) -> None:
        expect(slider).to_have_attribute("aria-valuetext", f"t {at / 100:.2f}")
        numbers = [number(text) for text in walking.locator(".fl-key .fl-value").all_inner_texts()]
        assert numbers == pytest.approx(path[at].tolist(), abs=0.0006)
        expect(walking.locator(".lf-sentence")).to_contain_text(
            f"changed their sign {flips[:at].sum()} of {flips.sum()} times"
        )
        expect(walking.locator(".lf-sentence")).to_contain_text(
            f"has the saliency {np.abs(path[at]).max():.3f} here"
        )
        assert frame_shown(walking, ".fl-map", 101) == pytest.approx(at, abs=0.01)
        picture = ".fl-picture:not(.fl-map)"
        assert abs(frame_shown(walking, picture, 11) - at / 10) <= 0.51
        dots = walking.evaluate(
            "[...document.querySelectorAll('.fl-dot')].map((dot) => dot.cy.baseVal.value)"
        )
        assert np.array_equal(np.argsort(dots), np.argsort(-path[at]))
        expect(walking.locator(".lf-spoken")).to_contain_text(f"t {at / 100:.2f}: red ")

    shows(30)
    slider.press("ArrowRight")
    shows(31)
    slider.press("End")
    shows(100)
    slider.press("Home")
    shows(0)
    turn = walking.get_by_role("button", name="Next change of a sign")
    places = (np.flatnonzero(flips) + 1).tolist()
    for place in [*places, places[0]]:
        turn.press("Enter")
        shows(place)
    walking.evaluate("models[0].set('at', 77)")
    shows(77)


# -------------------------------------------------------------------------------- channels


@pytest.fixture
def channels(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "channel_browser")
    yield page
    page.close()


def answers(example: int) -> dict[str, torch.Tensor]:
    """What the layers give, caught on the way through the network."""
    network = demo.small_network()
    x = demo.example(network, channel_browser.EXAMPLES[example][0]).x
    answers_per_layer = {}
    with torch.no_grad():
        for layer in chain(network.model):
            x = layer.module(x)
            if layer.name in channel_browser.LAYERS:
                answers_per_layer[layer.name] = x[0].clone()
    return answers_per_layer


def test_maps_and_their_numbers_are_those_of_the_network() -> None:
    figure = ChannelBrowser()
    expected = [answers(example) for example in range(len(channel_browser.EXAMPLES))]
    for i, layer in enumerate(figure.layers):
        every = torch.stack([outputs[layer["name"]] for outputs in expected])
        most = layer["limit"]
        assert float((every.abs() > most).float().mean()) == pytest.approx(
            channel_browser.FULL_COLOR, abs=5e-4
        )
        for scene, outputs in zip(figure.scenes, expected, strict=True):
            maps, carried = outputs[layer["name"]], scene["layers"][i]
            assert layer["side"] == maps.shape[-1]
            assert len(carried["channels"]) == len(maps)
            got = levels(carried["maps"], len(maps), most)
            assert np.abs(got - maps.clamp(-most, most).numpy()).max() < 0.04 * most
            for told, values in zip(carried["channels"], maps, strict=True):
                numbers = [float(values.mean()), float(values.max()), float(values.min())]
                assert told[:3] == pytest.approx(numbers, abs=1e-3)
                assert told[3] == pytest.approx(float((values > 0).float().mean()), abs=1e-3)


def test_filters_of_the_first_layer_are_drawn_in_color() -> None:
    first, *others = ChannelBrowser().layers
    weight = demo.small_network().model.features[0].weight.detach()  # type: ignore[index, union-attr]
    largest = weight.abs().amax((1, 2, 3), keepdim=True)
    expected = (0.5 + 0.5 * weight / largest).permute(0, 2, 3, 1).reshape(-1, 3, 3).numpy()
    assert np.abs(pixels(first["filters"])[..., :3] / 255 - expected).max() < 0.003
    assert first["slices"] == 3
    assert not any(layer["filters"] for layer in others)
    assert [layer["slices"] for layer in others] == [16, 32, 64, 64]


@pytest.mark.parametrize("count", [1, 8, 16, 32, 64])
def test_arrow_keys_lead_to_the_neighbors(modules: Page, count: int) -> None:
    columns = call(modules, "channel_browser.columnsFor", count)
    assert columns**2 >= count > (columns - 1) ** 2
    for channel in range(count):
        for key, by in [
            ("ArrowLeft", -1),
            ("ArrowRight", 1),
            ("ArrowUp", -columns),
            ("ArrowDown", columns),
        ]:
            to = channel + by
            expected = to if 0 <= to < count else None
            assert call(modules, "channel_browser.step", key, channel, count) == expected
    assert call(modules, "channel_browser.step", "End", 0, count) == count - 1
    assert call(modules, "channel_browser.step", "a", 0, count) is None


def test_choosing_layers_and_channels(channels: Page) -> None:
    figure = ChannelBrowser()
    names = [layer["name"] for layer in figure.layers]

    def shows(scene: int, layer: str, channel: int) -> None:
        told = figure.scenes[scene]["layers"][names.index(layer)]["channels"]
        cells = channels.locator(".cb-cell")
        expect(cells).to_have_count(len(told))
        expect(channels.locator(".cb-cell[aria-selected='true']")).to_have_count(1)
        expect(cells.nth(channel)).to_have_attribute("aria-selected", "true")
        expect(cells.nth(channel)).to_have_attribute("tabindex", "0")
        assert frame_shown(channels, ".cb-large", len(told)) == pytest.approx(channel, abs=0.01)
        mean, most, least, above = told[channel]
        words = (
            f"Channel {channel} of {layer}: mean {written(mean)}, largest {written(most)}, "
            f"smallest {written(least)}. ReLU lets {int(100 * above + 0.5)} % of its places pass."
        )
        expect(channels.locator(".cb-facts")).to_have_text(words)
        expect(channels.locator(".lf-spoken")).to_have_text(words)

    shows(0, "conv1_1", 0)
    channels.locator(".cb-cell").first.focus()
    channels.keyboard.press("ArrowDown")
    channels.keyboard.press("ArrowRight")
    shows(0, "conv1_1", 4)
    expect(channels.locator(".cb-cell").nth(4)).to_be_focused()
    channels.keyboard.press("End")
    channels.keyboard.press("ArrowRight")
    shows(0, "conv1_1", 7)
    channels.keyboard.press("Home")
    shows(0, "conv1_1", 0)
    channels.locator(".cb-cell").nth(5).click()
    shows(0, "conv1_1", 5)
    choice(channels, "Layer").select_option("conv5_3")
    shows(0, "conv5_3", 5)
    expect(channels.locator(".cb-none")).to_have_text("64 slices: no picture")
    channels.locator(".cb-cell").nth(16).click()
    choice(channels, "Picture").select_option("picture-8")
    shows(1, "conv5_3", 16)
    channels.evaluate("models[0].set('channel', 60)")
    shows(1, "conv5_3", 60)
    choice(channels, "Layer").select_option("conv2_2")
    shows(1, "conv2_2", 15)
    assert channels.evaluate("models[0].saved") > 0


# --------------------------------------------------------------------------------- GrabCut


@pytest.fixture
def cutting(browser: Browser) -> Iterator[Page]:
    page = opened(browser, "grabcut_explorer")
    yield page
    page.close()


def stacked(address: str, count: int) -> Array:
    """Return the masks behind an address, shape (N, H, W)."""
    opacity = pixels(address)[..., 3]
    assert set(np.unique(opacity)) <= {0, 255}
    return opacity.reshape(count, -1, opacity.shape[1]) > 0


@pytest.mark.parametrize("method", grabcut_explorer.METHODS)
@pytest.mark.parametrize("example", range(len(grabcut_explorer.EXAMPLES)))
def test_seeds_and_masks_are_those_of_the_laboratory(
    modules: Page, example: int, method: str
) -> None:
    network = demo.small_network()
    drawn = demo.example(network, grabcut_explorer.EXAMPLES[example][0])
    assert drawn.mask is not None
    target = torch.tensor([drawn.target])
    importance = method_table.METHODS[method](network, drawn.x, target)[0].numpy()
    image = np.rint(255 * drawn.picture).astype(np.uint8)
    above, below = grabcut_explorer.FOREGROUND, grabcut_explorer.BACKGROUND
    scene = GrabcutExplorer().scenes[example]
    assert np.array_equal(stacked(scene["truth"], 1)[0], drawn.mask)
    assert np.array_equal(pixels(scene["picture"])[..., :3], image)
    carried = scene["maps"][grabcut_explorer.METHODS.index(method)]
    objects = stacked(carried["foreground"], len(above))
    grounds = stacked(carried["background"], len(below))
    masks = stacked(carried["masks"], len(above) * len(below))
    for i, high in enumerate(above):
        # So many pixels lie above the quantile, and those are the highest; equal ones all count.
        lowest = importance[objects[i]].min()
        assert lowest > importance[~objects[i]].max()
        share = (1 - high) * importance.size
        assert (importance > lowest).sum() - 1 <= share <= objects[i].sum() + 1
        told = carried["seeds"][i]
        assert told["count"] == objects[i].sum()
        assert told["right"] == (objects[i] & drawn.mask).sum()
        assert told["iou"] == pytest.approx(
            (objects[i] & drawn.mask).sum() / (objects[i] | drawn.mask).sum(), abs=1e-4
        )
        for j, low in enumerate(below):
            highest = importance[grounds[j]].max()
            assert highest < importance[~grounds[j]].min()
            share = low * importance.size
            assert (importance < highest).sum() - 1 <= share <= grounds[j].sum() + 1
            frame = call(modules, "grabcut_explorer.frameOf", i, j, len(above))
            seeds = segmentation.Seeds(objects[i], grounds[j])
            expected = segmentation.grabcut(image, seeds)
            assert np.array_equal(masks[frame], expected)
            told = carried["cut"][j][i]
            assert told["count"] == expected.sum()
            assert told["right"] == (expected & drawn.mask).sum()
            assert told["iou"] == pytest.approx(segmentation.iou(expected, drawn.mask), abs=1e-4)


def mask_shown(page: Page, selector: str, frames: int) -> float:
    """Which of the masks of an image cuts out what is seen."""
    style = page.locator(selector).first.evaluate(
        "(one) => { const style = getComputedStyle(one); "
        "return [style.maskPosition, style.maskSize, style.maskImage.slice(0, 20)]; }"
    )
    assert style[1] == f"100% {100 * frames}%"
    assert style[2] == 'url("data:image/png;'
    return float(style[0].split(" ")[1].removesuffix("%")) / 100 * (frames - 1)


def test_sliders_choose_the_seeds(cutting: Page) -> None:
    above, below = grabcut_explorer.FOREGROUND, grabcut_explorer.BACKGROUND
    high = cutting.get_by_role("slider", name="Object above")
    low = cutting.get_by_role("slider", name="Background below")

    def shows(scene: int, method: int, i: int, j: int) -> None:
        map_ = GrabcutExplorer().scenes[scene]["maps"][method]
        seeds, cut = map_["seeds"][i], map_["cut"][j][i]
        assert mask_shown(cutting, ".gc-object", len(above)) == pytest.approx(i, abs=0.01)
        assert mask_shown(cutting, ".gc-ground", len(below)) == pytest.approx(j, abs=0.01)
        frames = len(above) * len(below)
        assert mask_shown(cutting, ".gc-cut", frames) == pytest.approx(10 * j + i, abs=0.01)
        sentence = cutting.locator(".lf-sentence")
        expect(sentence).to_contain_text(f"{seeds['right']} of {seeds['count']} seeds")
        expect(sentence).to_contain_text(
            f"The mask has {cut['count']} pixels, {cut['right']} of them on the object"
        )
        better = "better" if cut["iou"] > seeds["iou"] else "worse"
        expect(sentence).to_contain_text(f"is {better} than the seeds themselves")
        values = cutting.locator(".lf-meter .lf-value").all_inner_texts()
        share = int(100 * seeds["right"] / seeds["count"] + 0.5)
        assert values[0] == f"{share} %"
        assert [float(value) for value in values[1:]] == pytest.approx(
            [seeds["iou"], cut["iou"]], abs=0.0051
        )
        expect(high).to_have_attribute("aria-valuetext", f"object above the quantile {above[i]:g}")
        expect(low).to_have_attribute(
            "aria-valuetext", f"background below the quantile {below[j]:g}"
        )
        expect(cutting.locator(".lf-spoken")).to_contain_text(
            f"Above {above[i]:g}, below {below[j]:g}: "
        )

    shows(0, 0, 4, 1)
    high.press("End")
    shows(0, 0, 9, 1)
    low.press("ArrowRight")
    high.press("ArrowLeft")
    shows(0, 0, 8, 2)
    choice(cutting, "Map").select_option("saliency")
    shows(0, 2, 8, 2)
    choice(cutting, "Picture").select_option("picture-23")
    low.press("Home")
    shows(2, 2, 8, 0)
    assert cutting.evaluate("models[0].saved") == 6


# ------------------------------------------------------------------------------ all of them

OWN = (
    "channel_browser",
    "fluctuation_explorer",
    "grabcut_explorer",
    "occlusion_explorer",
    "smoothgrad_explorer",
)


@pytest.mark.parametrize("name", OWN)
def test_a_page_stays_light(name: str) -> None:
    assert len(json.dumps(figure_state(figure_class(name)()))) < LIMIT


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("name", OWN)
def test_accessible_in_light_and_dark(browser: Browser, name: str, theme: str, width: int) -> None:
    page = opened(browser, name, theme=theme, width=width)
    check_accessible(page)
    page.close()


@pytest.mark.parametrize("width", [390, 680, 760])
@pytest.mark.parametrize("name", OWN)
def test_nothing_jumps(browser: Browser, name: str, width: int) -> None:
    """Whatever a reader does by keyboard, what stands below the figure stays where it is."""
    page = opened(browser, name, width=width)
    root = page.locator("[role=group]").first
    height = root.bounding_box()
    assert height
    for slider in page.get_by_role("slider").all():
        for key in ("End", "ArrowLeft", "Home", "ArrowRight"):
            slider.press(key)
            page.wait_for_timeout(50)
            now = root.bounding_box()
            assert now
            assert now["height"] == pytest.approx(height["height"], abs=1)
    for field in page.get_by_role("combobox").all():
        for value in field.locator("option").all():
            field.select_option(value.get_attribute("value"))
            page.wait_for_timeout(50)
            now = root.bounding_box()
            assert now
            assert now["height"] == pytest.approx(height["height"], abs=1)
    page.close()


@pytest.mark.parametrize("name", OWN)
def test_two_of_a_kind_do_not_disturb_each_other(browser: Browser, name: str) -> None:
    page = opened(browser, name, name)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    page.close()


@pytest.mark.parametrize(
    ("figure", "wrong", "words"),
    [
        (OcclusionExplorer, {"scene": "cat"}, "no picture 'cat'; there are picture-13, picture-11"),
        (OcclusionExplorer, {"patch": 17}, "8, 16 or 24|any of"),
        (OcclusionExplorer, {"measure": "loss"}, "score"),
        (SmoothgradExplorer, {"scene": "cat"}, "no picture 'cat'; there are picture-7, picture-5"),
        (SmoothgradExplorer, {"level": 5}, "should not be greater than 4"),
        (SmoothgradExplorer, {"count": -1}, "should not be less than 0"),
        (FluctuationExplorer, {"at": 101}, "should not be greater than 100"),
        (ChannelBrowser, {"scene": "cat"}, "no picture 'cat'; there are picture-13, picture-8"),
        (ChannelBrowser, {"layer": "conv9_9"}, "conv1_1"),
        (ChannelBrowser, {"channel": -1}, "should not be less than 0"),
        (GrabcutExplorer, {"scene": "cat"}, "no picture 'cat'; there are picture-9, picture-5"),
        (GrabcutExplorer, {"method": "luck"}, "SmoothGrad"),
        (GrabcutExplorer, {"foreground": 10}, "should not be greater than 9"),
        (GrabcutExplorer, {"background": -1}, "should not be less than 0"),
    ],
)
def test_wrong_settings_are_refused(figure: type[Any], wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(traitlets.TraitError, match=words):
        figure(**wrong)
