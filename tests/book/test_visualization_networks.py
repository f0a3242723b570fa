"""The chapter's pages say what is true of the network that made them, VGG16 or the small VGG.

Only the statements that depend on the chosen network are run (see ``page_networks``), once for each
page and network: what depends on the small network alone is run as the site is built.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import myst_nb
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import vgg

from book.plots import Drawing
from book.visualization import (
    alternative_text,
    channel_browser,
    demo,
    large_pictures,
    synthesis_demo,
    which_map_vgg16,
)
from laboratory import chosen_network, drawn_pictures, method_table, networks, weights
from laboratory.synthesis import deep_dream
from tests.book.page_networks import NAMES_ONE, PAGES, Statement, listing, needed, statements

SIDE = 96
STEPS = 2
LAYER = re.compile(r"\b(?:conv|relu|pool)\d_?\d?\b")
DRAWN_TEXTURES = ("fig-textures", "fig-style", "fig-new-task", "fig-new-maps")
"""Figures with textures or pictures that are drawn for either network."""

OF_THE_SMALL_NETWORK = re.compile(
    r"drawn (?:picture|object|class)|small (?:VGG|network)|\bten (?:picture|class)|\bIoU\b"
)
EVERYDAY = ("square", "plus")
"""Classes of drawn pictures whose names are words for other things, too."""


class ThinVGG16(nn.Module):
    """VGG16 by its layers, its classes and its 64 filters of conv1_1; few channels otherwise."""

    def __init__(self) -> None:
        super().__init__()
        stages: list[list[str | int]] = [[64, 8, "M"], [8, 8, "M"], *[[8, 8, 8, "M"]] * 3]
        self.features = vgg.make_layers([layer for stage in stages for layer in stage])
        self.avgpool = nn.AdaptiveAvgPool2d(SIDE // 32)
        dense = [nn.Linear(8 * (SIDE // 32) ** 2, 16), nn.Linear(16, 16), nn.Linear(16, 1000)]
        between = (nn.ReLU(inplace=True), nn.Dropout())
        self.classifier = nn.Sequential(dense[0], *between, dense[1], *between, dense[2])
        for layer in self.modules():  # as torchvision makes a new VGG16
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))
        return scores


@pytest.fixture(scope="module")
def thin_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "vgg16.pth"
    torch.save(ThinVGG16().state_dict(), path)
    return path


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages ask for their network anew, and make small pictures in few steps."""
    monkeypatch.setattr(synthesis_demo, "steps", lambda _network, count: min(count, STEPS))
    for name in ("DREAM_SIDE", "TEXTURE_SIDE"):
        monkeypatch.setattr(synthesis_demo, name, SIDE)
    monkeypatch.setitem(deep_dream.deep_dream.__kwdefaults__, "steps", STEPS)
    few = {name: method_table.METHODS[name] for name in ("random", "center prior", "saliency")}
    monkeypatch.setattr(which_map_vgg16, "methods_for", lambda _model: few)
    for name in ("ON_PHOTOGRAPHS", "RANDOMIZED_METHODS"):
        monkeypatch.setattr(which_map_vgg16, name, ("random", "saliency"))

    def effort(network: networks.Network) -> large_pictures.Effort:
        classes = None if synthesis_demo.is_small(network) else (1, STEPS)
        once = (1, STEPS)
        filters = (SIDE, *once)
        return large_pictures.Effort(
            filters, synthesis_demo.CHANNELS, classes, SIDE, once, (STEPS, STEPS)
        )

    monkeypatch.setattr(large_pictures, "effort", effort)
    demo.network.cache_clear()
    yield
    demo.network.cache_clear()


@pytest.fixture
def vgg16(monkeypatch: pytest.MonkeyPatch, thin_file: Path, few_steps: None) -> None:
    """The pages find the thin VGG16 where they look for torchvision's."""
    entry = weights.torchvision_weights("vgg16")
    preset = entry.transforms.func(crop_size=SIDE, resize_size=SIDE)
    thin = type(entry.name, (), {"meta": entry.meta, "name": entry.name, "url": entry.url})
    thin.transforms = staticmethod(lambda: preset)  # type: ignore[attr-defined]
    monkeypatch.setattr(networks, "torchvision_weights", lambda _name: thin)
    monkeypatch.setattr(networks.torchvision.models, "get_model", lambda *_, **__: ThinVGG16())
    monkeypatch.setenv(weights.VARIABLES["vgg16"], str(thin_file))
    monkeypatch.setenv(weights.UNCHECKED, "1")
    monkeypatch.setenv(chosen_network.VARIABLE, "vgg16")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, few_steps: None) -> None:
    monkeypatch.setenv(chosen_network.VARIABLE, "small")


@dataclass
class Page:
    """What a page has shown and said: figures by their names, texts for its sentences, prints."""

    drawings: list[tuple[Statement, Drawing]] = field(default_factory=list)
    glued: dict[str, Any] = field(default_factory=dict)
    printed: str = ""
    names: dict[str, Any] = field(default_factory=dict)


def run(part: list[Statement], monkeypatch: pytest.MonkeyPatch) -> Page:
    """Run statements of a page as its kernel does, and keep what they show."""
    page = Page(names={"__name__": "__main__"})
    monkeypatch.setattr(
        myst_nb, "glue", lambda name, value, display: page.glued.update({name: value})
    )
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        for statement in part:
            if not statement.alternative_texts or not isinstance(statement.tree, ast.Expr):
                exec(compile(ast.Module([statement.tree], []), "page", "exec"), page.names)
                continue
            shown = eval(compile(ast.Expression(statement.tree.value), "page", "eval"), page.names)
            page.drawings.append((statement, shown))
    page.printed = out.getvalue()
    return page


def check_texts(statement: Statement, drawing: Drawing, network: networks.Network) -> None:
    """A figure's texts speak of the network that made it, and of no other; all titles are named."""
    shown = [text for panel in drawing.panels for text in (panel.title, panel.note)]
    said = "\n".join([drawing.alt, *shown])
    if synthesis_demo.is_small(network):
        assert not re.search(r"photograph \(|VGG16", said)
    else:
        assert not OF_THE_SMALL_NETWORK.search(said + statement.caption)
        words = "|".join(name for name in drawn_pictures.CLASSES if name not in EVERYDAY)
        if statement.figure not in DRAWN_TEXTURES:
            assert not re.findall(rf"\b(?:{words})s?\b", without_classes(said, network))
    titles = "\n".join(panel.title for panel in drawing.panels)
    for layer in set(LAYER.findall(titles)):
        assert layer in drawing.alt, f"{layer} is not named"
    for name in set(re.split(r"\n|, ", titles)) & set(network.classes):
        assert name in drawing.alt, f'"{name}" is not named'
    maps = [panel for panel in drawing.panels if panel.title.startswith("map ")]
    assert not maps or f"{len(maps)} maps" in drawing.alt


def without_classes(text: str, network: networks.Network) -> str:
    """Return a text without the names of classes, which may hold such words ("bell pepper")."""
    for name in sorted(network.classes, key=len, reverse=True):
        text = text.replace(f'"{name}"', "").replace(f"\n{name}\n", "\n\n")
    return text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_with_vgg16(page: Path, vgg16: None, monkeypatch: pytest.MonkeyPatch) -> None:
    own = statements(page)
    chosen = [statement for statement in own if statement.chosen]
    result = run(needed(own, chosen), monkeypatch)
    if not chosen:
        return
    # The page that measures the small network has a name of its own for the chosen one.
    network = result.names["vgg16" if "vgg16" in result.names else "network"]
    assert (network.name, len(network.classes), network.trained) == ("VGG16", 1000, False)
    for statement, drawing in result.drawings:
        check_texts(statement, drawing, network)
    assert len(result.drawings) == len([statement for statement in chosen if shows(statement)])
    assert all(np.isfinite(value) for value in result.glued.values() if isinstance(value, float))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_with_the_small_network(page: Path, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    own = statements(page)
    figures = [statement for statement in own if statement.chosen and shows(statement)]
    # With few steps, what is told of the small network's pictures is not so.
    part = [
        statement
        for statement in needed(own, figures)
        if not any(map(is_assert, ast.walk(statement.tree)))
    ]
    result = run(part, monkeypatch)
    for statement, drawing in result.drawings:
        check_texts(statement, drawing, result.names["network"])


def is_assert(node: ast.AST) -> bool:
    return isinstance(node, ast.Assert)


def shows(statement: Statement) -> bool:
    """Return whether a statement's value is a figure of its cell."""
    return isinstance(statement.tree, ast.Expr) and bool(statement.alternative_texts)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_texts_of_a_figure_follow_the_network(page: Path) -> None:
    """No words that are written once for both stand in place of computed ones."""
    for statement in statements(page):
        for words in statement.alternative_texts if statement.chosen and statement.figure else ():
            if not isinstance(words, ast.Constant):
                continue
            assert not NAMES_ONE.search(str(words.value)), statement.figure
            assert LAYER.search(str(words.value)), f"{statement.figure}: what of which picture?"


def test_live_figures_are_described_as_the_small_network_makes_them() -> None:
    text = (PAGES[-2]).read_text()
    assert "The eight maps of conv1_1" in text
    assert "the 64 maps of conv5_3" in text
    sizes = {name: maps.shape[1] for name, maps in channel_browser.outputs().items()}
    assert (sizes["conv1_1"], sizes["conv5_3"]) == (8, 64)


def test_the_list_names_what_depends_on_the_network() -> None:
    rows = {page.stem: "\n".join(listing(page)) for page in PAGES}
    assert (
        "| `fig-saliency` | picture, titles and alternative text are computed |"
        in rows["gradients"]
    )
    assert "computed: lowest_slope, highest_slope, sign_changes |" in rows["gradients"]
    assert "So this page uses the small network and drawn pictures" in rows["which_map"]
    assert "asserted for a trained network" in rows["synthesis"]
    assert "fig-iou-by-hand" not in rows["segmentation"]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (0, 0, "at the top left"),
        (4, 4, "in the middle"),
        (4, 8, "at the right"),
        (8, 4, "at the bottom"),
    ],
)
def test_where_a_map_is_largest(row: int, column: int, words: str) -> None:
    values = np.zeros((9, 9))
    values[row, column] = 1
    mask = np.zeros((18, 18), bool)
    mask[:10, :10] = True
    example = demo.Example(np.zeros((18, 18, 3)), torch.zeros(1, 3, 18, 18), 0, "ring", None)
    assert alternative_text.peak(example, values) == words
    assert alternative_text.subject(example) == 'photograph ("ring")'
    drawn = demo.Example(example.picture, example.x, 0, "ring", mask)
    hit = "on" if row < 5 and column < 5 else "beside"
    assert alternative_text.peak(drawn, torch.tensor(values)) == f"{words}, {hit} the object"
    assert alternative_text.subject(drawn) == 'drawn picture ("ring")'
