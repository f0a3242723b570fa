"""The chapter "What a trained network sees": its exercise and the laboratory, and its claims."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path

import jupytext
import numpy as np
import pytest
import torch
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell
from PIL import Image
from torch import Tensor, nn

from autograder.chapter import load_problems
from benchmarks.book.pages import place_random_vgg16
from book.visualization import demo, patches_demo
from laboratory import activations, drawn_pictures, evaluation, own_picture, weights
from laboratory.attribution.fluctuation import fluctuation
from laboratory.attribution.grad_cam import grad_cam
from laboratory.attribution.gradient import gradient, strongest
from laboratory.attribution.guided_backprop import guided_backprop
from laboratory.attribution.occlusion import plain_occlusion
from laboratory.attribution.saliency import saliency
from laboratory.attribution.smoothgrad import smoothgrad
from laboratory.layers import chain
from laboratory.synthesis.trunk import Trunk
from solutions.visualization import exercise_pictures
from tests import COURSE

REFERENCE = {
    name: problem.reference for name, problem in load_problems(COURSE, "visualization").items()
}


@functools.cache
def sequence() -> nn.Sequential:
    """Return the small network as the exercise builds it: one sequence of layers."""
    network = demo.small_network().model
    layers = [*network.features, nn.Flatten()]  # type: ignore[misc]
    layers += [layer for layer in network.classifier if not isinstance(layer, nn.Dropout)]  # type: ignore[union-attr]
    return nn.Sequential(*layers).eval()


@functools.cache
def samples() -> tuple[Tensor, Tensor, Tensor]:
    return demo.inputs(demo.drawn(3), demo.small_network())


def close(a: Tensor, b: Tensor) -> bool:
    return torch.allclose(a, b, rtol=1e-4, atol=1e-4 * float(b.abs().max()))


class TestExerciseAgainstLaboratory:
    def test_layer_outputs(self):
        x, _, _ = samples()
        mine = REFERENCE["layer_outputs"](sequence(), x)
        theirs = activations.layer_outputs(demo.small_network().model, x)
        names = [layer.name for layer in chain(demo.small_network().model)]
        common = [name for name in names if name.startswith(("conv", "relu", "pool", "fc"))]
        mine = [out for out, layer in zip(mine, sequence(), strict=True) if not is_flat(layer)]
        assert len(mine) == len(common)
        for out, name in zip(mine, common, strict=True):
            assert close(out, theirs[name]), name

    def test_occlusion(self):
        x, labels, _ = samples()
        target = int(labels[0])
        mine = REFERENCE["occlusion_map"](sequence(), x[0], target, 16, 16, 0.0, 10)
        theirs = plain_occlusion(
            demo.small_network().model, x[:1], patch=16, stride=16, progress=False
        )
        assert close(mine, theirs.score(target))

    def test_saliency(self):
        x, labels, _ = samples()
        theirs = saliency(demo.small_network().model, x, labels)
        assert close(REFERENCE["saliency_map"](sequence(), x, labels), theirs)

    def test_gradient_path(self):
        x, labels, _ = samples()
        path = fluctuation(
            demo.small_network().model, x[:1], int(labels[0]), pixel=(40, 50), points=5, seed=3
        )
        noise = torch.randn(x[:1].shape, generator=torch.Generator().manual_seed(3))[0]
        step = 0.2 * (x[0].max() - x[0].min()) * noise
        mine = REFERENCE["gradient_path"](sequence(), x[0], int(labels[0]), 40, 50, step, path.t)
        assert close(mine, path.derivatives)

    def test_smoothgrad(self):
        x, labels, _ = samples()
        theirs = smoothgrad(
            demo.small_network().model, x[:1], int(labels[0]), n_samples=4, seed=5, progress=False
        )
        random = torch.Generator().manual_seed(5)
        noise = torch.stack([torch.randn(x.shape[1:], generator=random) for _ in range(4)])
        mine = REFERENCE["smoothgrad"](sequence(), x[0], int(labels[0]), noise, 0.2)
        assert close(mine, theirs[0])

    @pytest.mark.parametrize("name", ["relu5_3", "conv4_2"])
    def test_grad_cam(self, name: str):
        x, labels, _ = samples()
        network = demo.small_network().model
        # Before it is enlarged, as the exercise has it.
        theirs = grad_cam(network, x, labels, layer=name)
        number = [layer.name for layer in chain(network)].index(name)
        mine = REFERENCE["grad_cam"](sequence(), x, labels, number)
        larger = torch.nn.functional.interpolate(
            mine[:, None], size=x.shape[2:], mode="bilinear", align_corners=False
        )
        assert close(larger[:, 0], theirs) or close(mine, theirs)

    def test_pointing_game(self):
        maps = torch.rand(20, 6, 7, generator=torch.Generator().manual_seed(0))
        masks = torch.rand(20, 6, 7, generator=torch.Generator().manual_seed(1)) < 0.3
        theirs = evaluation.pointing_game(maps, masks).mean().item()
        assert REFERENCE["pointing_game"](maps, masks) == pytest.approx(theirs)


def is_flat(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Flatten)


def test_the_exercise_comes_with_the_pictures_that_the_script_draws():
    with np.load(exercise_pictures.FILE, allow_pickle=False) as stored:
        drawn = exercise_pictures.arrays()
        assert set(stored.files) == set(drawn)
        for name in stored.files:
            assert np.array_equal(stored[name], drawn[name]), name


def test_the_network_knows_most_pictures_of_the_exercise():
    drawn = drawn_pictures.draw(exercise_pictures.COUNT, seed=exercise_pictures.SEED)
    x, labels, _ = demo.inputs(drawn, demo.small_network())
    with torch.no_grad():
        right = demo.small_network().model(x).argmax(dim=1) == labels
    assert right.double().mean() >= 0.9
    assert set(drawn.labels.tolist()) == set(range(10))


class TestPages:
    def test_a_drawn_example_has_a_mask_and_a_class(self):
        example = demo.example(demo.small_network(), 0)
        assert example.mask is not None
        assert example.picture.shape == (96, 96, 3)
        assert example.mask.shape == (96, 96)
        assert example.label == drawn_pictures.CLASSES[example.target]

    def test_smoothing_helps_where_the_network_has_seen_noise(self):
        drawn = demo.drawn(12)
        network = demo.small_network()
        x, labels, masks = demo.inputs(drawn, network)
        plain = saliency(network.model, x, labels)
        smooth = strongest(smoothgrad(network.model, x, labels, n_samples=25, progress=False))
        energy = [evaluation.energy_in_mask(maps, masks).mean().item() for maps in (plain, smooth)]
        assert energy[1] > energy[0]

    def test_guided_backpropagation_hardly_asks_for_the_class(self):
        network = demo.small_network()
        x, labels, _ = samples()
        other = (labels + 1) % len(network.classes)

        def likeness(method: Callable[..., Tensor]) -> list[float]:
            first, second = (
                strongest(method(network.model, x, target)) for target in (labels, other)
            )
            pairs = zip(first.flatten(1), second.flatten(1), strict=True)
            return [torch.corrcoef(torch.stack(pair))[0, 1].item() for pair in pairs]

        assert min(likeness(guided_backprop)) > 0.98
        assert np.mean(likeness(gradient)) < 0.9


class TestOwnPicture:
    @pytest.fixture
    def red(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A red picture as the reader's own, where VGG16's weights are."""
        Image.new("RGB", (300, 200), "red").save(tmp_path / "me.png")
        (tmp_path / "vgg16.pth").write_bytes(b"weights")
        monkeypatch.setenv(own_picture.VARIABLE, str(tmp_path / "me.png"))
        monkeypatch.setenv(weights.VARIABLES["vgg16"], str(tmp_path / "vgg16.pth"))
        monkeypatch.setenv(weights.UNCHECKED, "1")

    @pytest.mark.usefixtures("red")
    def test_it_is_the_first_photograph(self) -> None:
        small = demo.small_network()
        names = tuple(f"class {number}" for number in range(10))
        network = dataclasses.replace(small, name="VGG16", classes=names)
        own, other = demo.example(network, 0), demo.example(network, 1)
        assert np.allclose(own.picture, (1, 0, 0), atol=1e-5)
        assert other.picture.std() > 0.1
        assert (demo.own_or("rocket") == (255, 0, 0)).all()
        x = patches_demo.pictures(network)
        assert len(x) == len(patches_demo.PHOTOGRAPHS)
        assert np.allclose(network.unnormalize(x[:1])[0, 0], 1, atol=1e-5)

    def test_without_it_the_photographs_are_scikit_images(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(own_picture.VARIABLE, raising=False)
        assert np.array_equal(demo.example_photograph(0), demo.photograph("chelsea"))
        assert demo.photograph("stereo_motorcycle").shape == (500, 741, 3)


class TestPatches:
    def test_what_is_drawn_beside_the_map_is_what_the_unit_answers_to(self) -> None:
        """Only the patch is left of the picture: the unit answers as it did."""
        network = demo.small_network()
        x = torch.zeros(1, 3, 256, 256)
        x[..., :96, :96] = patches_demo.pictures(network)[8]
        x[..., 120:216, 150:246] = patches_demo.pictures(network)[20]
        for excitement in patches_demo.excitements(network, x, channels=1, patches=1):
            [patch] = excitement.patches
            assert float(excitement.map[patch.row, patch.column]) == patch.answer
            rows, columns = slice(patch.top, patch.bottom), slice(patch.left, patch.right)
            alone = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
            alone[..., rows, columns] = x[..., rows, columns]
            maps = Trunk(network.model, [patches_demo.LAYER])(alone)[patches_demo.LAYER]
            assert float(maps[0, excitement.channel, patch.row, patch.column]) == pytest.approx(
                patch.answer, rel=1e-4
            )
            panels = patches_demo.panels(network, x, excitement)
            assert len(panels) == 3

    def test_channels_of_drawn_pictures(self) -> None:
        network = demo.small_network()
        x = patches_demo.pictures(network)
        excitements = patches_demo.excitements(network, x)
        assert len({excitement.channel for excitement in excitements}) == 6
        for excitement in excitements:
            answers = [patch.answer for patch in excitement.patches]
            assert answers == sorted(answers, reverse=True)
            assert (excitement.patches[0].bottom, excitement.patches[0].right) == (96, 96)


PAGES = sorted((COURSE / "book" / "visualization").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_its_networks_once(page: Path) -> None:
    text = page.read_text()
    assert len(PAGES) == 7
    assert text.count("{glue:text}`networks`") == text.count('glue("networks"') == 1


def test_networks_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    small = demo.small_network()
    monkeypatch.setattr(demo, "network", lambda: small)
    assert demo.networks() == small.caption
    large = dataclasses.replace(small, name="VGG16", caption="VGG16, trained on photographs.")
    monkeypatch.setattr(demo, "network", lambda: large)
    assert demo.networks().startswith("VGG16, trained on photographs. Live figures")
    assert demo.networks().endswith(small.caption)


def test_the_first_page_runs_with_vgg16(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """VGG16 in a file, of random weights; `python -m benchmarks.book.pages --vgg16`: all pages."""
    for name, value in place_random_vgg16(tmp_path).items():
        monkeypatch.setenv(name, value)
    page = jupytext.read(COURSE / "book" / "visualization" / "visualization.md")
    # As many large photographs as channels are shown: each is cut out of one of its own.
    fewer = "patches_demo.PHOTOGRAPHS = patches_demo.PHOTOGRAPHS[:6]"
    page.cells.insert(0, new_code_cell(f"from book.visualization import patches_demo\n{fewer}"))
    folder = {"metadata": {"path": str(COURSE)}}
    done = NotebookClient(page, timeout=600, resources=folder).execute()
    said = "".join(str(cell.get("outputs", "")) for cell in done.cells)
    assert "(1, 512, 7, 7)" in said  # the last pooling layer of VGG16 at 224 x 224
    (tmp_path / "vgg16.pth").unlink()  # half a gigabyte
