"""The pages "Pictures that a network likes" and "From a map to a mask": demonstrations, claims."""

from __future__ import annotations

import copy
import functools
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
import torchvision
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow
from torch import Tensor

from book.visualization import demo, large_pictures, segmentation_demo, synthesis_demo
from laboratory import drawn_pictures, evaluation, segmentation
from laboratory.networks import Network
from laboratory.synthesis.ascent import Regularizers, ascend
from laboratory.synthesis.class_model import class_model
from laboratory.synthesis.deep_dream import deep_dream
from laboratory.synthesis.gram_matching import STYLE, gram
from laboratory.synthesis.style_transfer import style_transfer
from laboratory.synthesis.trunk import Trunk
from solutions.visualization import exercise_pictures

NETWORK = demo.small_network()
TARGET = synthesis_demo.favorite(NETWORK)


@functools.cache
def model_of(regularizer: str, target: int = TARGET) -> Tensor:
    return class_model(
        NETWORK,
        target,
        steps=100,
        regularizers=synthesis_demo.REGULARIZERS[regularizer],
        progress=False,
    ).x


def big_network() -> Network:
    """Return what the pages ask of VGG16 before they run it: its classes."""
    weights = torchvision.models.VGG16_Weights.IMAGENET1K_V1
    return replace(NETWORK, name="VGG16", classes=tuple(weights.meta["categories"]))


class TestDemonstrations:
    def test_only_what_was_seen_is_described(self):
        words = "Two pictures. The first one shows a ring."
        assert synthesis_demo.described(NETWORK, words) == words
        other = synthesis_demo.described(big_network(), words)
        assert other == "Two pictures. The network that made them is VGG16."

    @pytest.mark.parametrize(
        ("layer", "side"),
        [("conv1_1", 3), ("conv1_2", 5), ("conv2_2", 14), ("conv3_3", 40), ("conv5_3", 196)],
    )
    def test_receptive_fields_are_those_of_vgg(self, layer: str, side: int) -> None:
        assert synthesis_demo.field_side(NETWORK, layer) == side

    def test_likeness_of_neighbors(self) -> None:
        noise = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        assert abs(synthesis_demo.likeness_of_neighbors(noise)) < 0.03
        checkered = torch.tensor([1.0, -1]).repeat(8).expand(1, 3, 4, 16)
        assert synthesis_demo.likeness_of_neighbors(checkered) == pytest.approx(-1)
        rows = torch.arange(8.0).view(1, 1, 8, 1).expand(1, 3, 8, 8)
        assert synthesis_demo.likeness_of_neighbors(rows) == pytest.approx(1)

    def test_classes_of_both_networks(self) -> None:
        assert synthesis_demo.classes(NETWORK) == list(range(10))
        vgg = big_network()
        names = [vgg.classes[k] for k in synthesis_demo.classes(vgg)]
        assert names == ["goose", "ostrich", "bell pepper", "lemon"]
        assert vgg.classes[synthesis_demo.favorite(vgg)] == "bell pepper"
        assert synthesis_demo.steps(NETWORK, 100) == 100
        assert synthesis_demo.steps(vgg, 100) == 20

    def test_what_a_page_can_afford(self) -> None:
        small = large_pictures.effort(NETWORK)
        assert (small.classes, small.channels) == (None, synthesis_demo.CHANNELS)
        assert large_pictures.as_in_photographs(NETWORK) == []
        vgg = big_network()
        on_cpu = large_pictures.effort(vgg)
        on_gpu = large_pictures.effort(replace(vgg, model=copy.deepcopy(vgg.model).to("meta")))
        assert min(small.width, on_cpu.width) >= 500
        assert on_gpu.width > on_cpu.width
        assert on_gpu.dream[1] > on_cpu.dream[1]
        assert on_cpu.channels == on_gpu.channels == large_pictures.PHOTOGRAPHIC

    def test_whole_photographs(self) -> None:
        x = large_pictures.whole(NETWORK, demo.photograph("rocket"), 128)
        assert x.shape == (1, 3, 85, 128)
        wide = float(large_pictures.whole(NETWORK, demo.photograph("rocket"), 640).mean())
        assert float(x.mean()) == pytest.approx(wide, abs=0.01)
        upright = np.zeros((400, 100, 3), np.uint8)
        assert large_pictures.whole(NETWORK, upright, 128).shape == (1, 3, 256, 64)

    def test_known_scores_are_those_of_the_own_class(self) -> None:
        x, labels = synthesis_demo.known_pictures(NETWORK)
        scores = synthesis_demo.known_scores(NETWORK)
        assert scores.shape == (200,)
        assert float(scores[7]) == pytest.approx(
            synthesis_demo.score(NETWORK, x[7:8], labels[7]), abs=1e-4
        )

    def test_pictures_have_the_size_that_was_asked_for(self) -> None:
        x = synthesis_demo.photograph(NETWORK, "rocket", 130)
        assert x.shape == (1, 3, 130, 130)
        for texture in synthesis_demo.textures().values():
            assert demo.prepared(NETWORK, texture, 64).shape == (1, 3, 64, 64)

    def test_distances(self) -> None:
        x = synthesis_demo.photograph(NETWORK, "chelsea", 64)
        other = synthesis_demo.photograph(NETWORK, "rocket", 64)
        assert synthesis_demo.distances(NETWORK, x, x, x) == (0, 0)
        content, style = synthesis_demo.distances(NETWORK, other, other, x)
        assert content == 0
        assert style > 0.1

    def test_contrast_does_not_depend_on_the_strength(self) -> None:
        faint, strong = (synthesis_demo.with_contrast(f * model_of("all")) for f in (0.5, 2))
        assert faint.body == strong.body


class TestClaimsAboutAscent:
    def test_high_score_without_an_object(self) -> None:
        score = synthesis_demo.score(NETWORK, model_of("none"), TARGET)
        assert score > float(synthesis_demo.known_scores(NETWORK).max())
        assert synthesis_demo.probability(NETWORK, model_of("none"), TARGET) > 0.99

    def test_regularizers_trade_score_for_smoothness(self) -> None:
        scores = {
            name: synthesis_demo.score(NETWORK, model_of(name), TARGET)
            for name in synthesis_demo.REGULARIZERS
        }
        assert max(scores, key=lambda name: scores[name]) == "none"
        likeness = {name: synthesis_demo.likeness_of_neighbors(model_of(name)) for name in scores}
        assert likeness["none"] < 0.6
        assert likeness["all"] > 0.8
        assert min(likeness["blur"], likeness["all"]) > max(
            likeness[name] for name in ("none", "L2", "clipping", "jitter")
        )

    def test_regularized_pictures_still_convince_the_network(self) -> None:
        named = [NETWORK.top(model_of("all", k), 1)[0][0] for k in range(10)]
        assert sum(a == b for a, b in zip(named, NETWORK.classes, strict=True)) >= 9

    def test_l2_bounds_the_picture(self) -> None:
        """Growth by the rate, decay by a share: the two meet at rate / share."""
        picture = ascend(
            lambda x: x.sum(),
            torch.zeros(1, 3, 4, 4),
            steps=400,
            rate=0.05,
            regularizers=Regularizers(l2=0.05),
            progress=False,
        )
        assert picture.x.mean().item() == pytest.approx(0.95, abs=1e-3)  # (1 - l2) * rate / l2

    def test_helping_directions_beat_mixed_ones(self) -> None:
        example = demo.example(NETWORK, 0)
        x = example.x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(NETWORK.model(x)[0, TARGET], x)
        assert 0.0005 < float(slope.abs().mean()) < 0.002  # the page calculates with 0.001
        random = torch.Generator().manual_seed(1)
        before = synthesis_demo.score(NETWORK, example.x, TARGET)
        helping, mixed = (
            synthesis_demo.score(NETWORK, example.x + 0.1 * direction, TARGET) - before
            for direction in (
                slope.sign(),
                slope.sign().flatten()[torch.randperm(x.numel(), generator=random)].view(x.shape),
            )
        )
        assert helping > 0.5
        assert abs(mixed) < 0.1 * helping

    def test_channel_3_of_the_last_layer_likes_checks(self) -> None:
        x, labels = synthesis_demo.known_pictures(NETWORK)
        trunk = Trunk(NETWORK.model, ["conv5_3"])
        with torch.no_grad():
            answers = trunk(x)["conv5_3"][:, 3].mean((1, 2))
        best = answers.argsort(descending=True)[:10].tolist()
        assert [NETWORK.classes[labels[i]] for i in best].count("checks") >= 9

    def test_without_its_weights_the_network_makes_no_objects(self) -> None:
        """The trained network does not find its class in the picture of the random one."""
        for _, model in evaluation.randomized(NETWORK.model):
            forgotten = replace(NETWORK, model=model)
        x = class_model(
            forgotten,
            TARGET,
            steps=100,
            regularizers=synthesis_demo.REGULARIZERS["all"],
            progress=False,
        ).x
        assert synthesis_demo.score(NETWORK, x, TARGET) < 2
        assert synthesis_demo.score(NETWORK, model_of("all"), TARGET) > 5


class TestClaimsAboutTextures:
    def test_a_turned_texture_has_other_gram_matrices(self) -> None:
        trunk = Trunk(NETWORK.model, STYLE)
        change = {}
        for name, example in synthesis_demo.textures().items():
            x = demo.prepared(NETWORK, example, 128)
            with torch.no_grad():
                as_it_is, turned = trunk(x), trunk(x.rot90(1, (2, 3)))
            change[name] = np.mean(
                [
                    float(
                        (gram(turned[layer]) - gram(as_it_is[layer])).norm()
                        / gram(as_it_is[layer]).norm()
                    )
                    for layer in STYLE
                ]
            )
        assert change["stripes"] > 2 * change["gravel"] > 0

    def test_content_of_an_early_layer_lets_less_style_in(self) -> None:
        content = synthesis_demo.photograph(NETWORK, "chelsea", 64)
        style = demo.prepared(NETWORK, synthesis_demo.textures()["dots"], 64)
        left = {}
        for layer in ("relu1_1", "relu4_2"):
            transferred = style_transfer(
                NETWORK, content, style, content_layer=layer, steps=40, progress=False
            )
            left[layer] = float((transferred.x - content).square().mean())
        assert left["relu1_1"] < 0.7 * left["relu4_2"]

    def test_answers_with_their_places_give_a_double_exposure(self) -> None:
        """Where answers themselves are compared, the style's own picture comes in."""
        content = synthesis_demo.photograph(NETWORK, "chelsea", 64)
        style = demo.prepared(NETWORK, synthesis_demo.textures()["dots"], 64)
        trunk = Trunk(NETWORK.model, ["relu1_1", "relu4_2"])
        with torch.no_grad():
            content_output, style_output = trunk(content)["relu4_2"], trunk(style)["relu1_1"]

        def wrong(x: Tensor) -> Tensor:
            outputs = trunk(x)
            return -(
                (outputs["relu4_2"] - content_output).square().sum() / content_output.square().sum()
                + 10
                * (outputs["relu1_1"] - style_output).square().sum()
                / style_output.square().sum()
            )

        double = ascend(wrong, content, steps=100, rate=0.03, progress=False).x
        right = style_transfer(NETWORK, content, style, steps=40, progress=False).x

        def likeness(x: Tensor) -> float:
            return float(torch.corrcoef(torch.stack([x.flatten(), style.flatten()]))[0, 1])

        assert likeness(double) > likeness(right) + 0.2


class TestMistakesAboutAscent:
    """What the box of common mistakes says one sees is what one sees."""

    def ascent(self, *, shift_back: bool) -> Tensor:
        random = torch.Generator().manual_seed(0)
        x = torch.zeros(1, 3, 32, 32)
        spot = torch.zeros(1, 3, 32, 32)
        spot[..., 16, 16] = 1
        for _ in range(20):
            shift = int(torch.randint(1, 4, (), generator=random))
            slope = spot.roll(shift, 3)  # of a score that likes the spot where the picture has it
            x = x + 0.1 * (slope.roll(-shift, 3) if shift_back else slope)
        return x

    def test_a_gradient_that_is_not_shifted_back_smears(self) -> None:
        right, wrong = self.ascent(shift_back=True), self.ascent(shift_back=False)
        columns = torch.arange(32.0)
        assert (right[0, 0, 16] * columns).sum() / right[0, 0].sum() == pytest.approx(16)
        assert (wrong[0, 0, 16] * columns).sum() / wrong[0, 0].sum() > 17

    def test_cut_off_at_zero_a_normalized_picture_gets_no_darker_than_gray(self) -> None:
        black, white = torch.zeros(3, 1, 1), torch.ones(3, 1, 1)
        picture = ascend(
            lambda x: NETWORK.model(x)[0, TARGET],
            torch.zeros(1, 3, 96, 96),
            steps=5,
            rate=0.1,
            bounds=(black, white),
            progress=False,
        )
        assert float(NETWORK.unnormalize(picture.x).min()) >= 0.5

    def test_a_sum_over_places_is_another_matrix_for_another_size(self) -> None:
        x = torch.rand(1, 4, 6, 6, generator=torch.Generator().manual_seed(0))
        large = torch.cat([x, x], dim=3)
        assert torch.allclose(gram(large), gram(x))
        sums = [gram(maps) * maps[0, 0].numel() for maps in (x, large)]
        assert torch.allclose(sums[1], 2 * sums[0])

    def test_without_detach_the_second_gradient_is_none(self) -> None:
        x = torch.zeros(1, 3, 96, 96, requires_grad=True)
        NETWORK.model(x)[0, TARGET].backward()
        assert x.grad is not None
        moved = x + 0.05 * x.grad
        NETWORK.model(moved)[0, TARGET].backward()
        with pytest.warns(UserWarning, match="not a leaf"):
            assert moved.grad is None


class TestDeepDream:
    def test_more_steps_leave_less_of_the_photograph(self) -> None:
        x = synthesis_demo.photograph(NETWORK, "rocket", 96)
        likeness = []
        for steps in (5, 20, 80):
            dream = deep_dream(NETWORK, x, "relu3_3", steps=steps, progress=False)
            likeness.append(
                float(torch.corrcoef(torch.stack([x.flatten(), dream.flatten()]))[0, 1])
            )
        assert likeness == sorted(likeness, reverse=True)
        assert likeness[-1] < likeness[0] - 0.1

    def test_octaves_bring_larger_patterns(self) -> None:
        """What four octaves add is smoother than what one adds."""
        x = synthesis_demo.photograph(NETWORK, "rocket", synthesis_demo.DREAM_SIDE)
        added = [
            deep_dream(NETWORK, x, "relu5_3", octaves=count, progress=False) - x for count in (1, 4)
        ]
        one_octave, four_octaves = map(synthesis_demo.likeness_of_neighbors, added)
        assert four_octaves > one_octave


def test_the_class_model_of_the_exercise() -> None:
    """What the ungraded task tells one to do leads where it says."""
    pictures = drawn_pictures.draw(exercise_pictures.COUNT, seed=exercise_pictures.SEED)
    x, _, _ = demo.inputs(pictures, NETWORK)
    with torch.no_grad():
        highest = float(NETWORK.model(x).max())
    picture = 0.01 * torch.randn(x[:1].shape, generator=torch.Generator().manual_seed(0))
    for _ in range(100):
        picture.requires_grad_()
        (slope,) = torch.autograd.grad(NETWORK.model(picture)[0, TARGET], picture)
        picture = (picture + slope / slope.square().mean().sqrt() / 20).detach()
    assert synthesis_demo.score(NETWORK, picture, TARGET) > highest


class TestCheapestSides:
    @pytest.mark.parametrize("seed", range(20))
    def test_is_the_minimum_cut(self, seed: int) -> None:
        """Trying all ways and a flow algorithm find the same cost."""
        random = np.random.default_rng(seed)
        count = 7
        colors = random.integers(0, 10, (count, 2))
        borders = random.integers(0, 6, count - 1)
        known = {0: 0, count - 1: 1}
        sides = segmentation_demo.cheapest(colors, borders, known)
        source, sink, forever = count, count + 1, 10_000
        capacities = np.zeros((count + 2, count + 2), np.int32)
        for pixel, (background, foreground) in enumerate(colors):
            # Cut from the source: on the sink's side, the object's.
            capacities[source, pixel] = foreground
            capacities[pixel, sink] = background
        for pixel, side in known.items():
            forced = (pixel, sink) if side else (source, pixel)
            capacities[forced] += forever
        for pixel, cost in enumerate(borders):
            capacities[pixel, pixel + 1] = capacities[pixel + 1, pixel] = cost
        flow = maximum_flow(csr_array(capacities), source, sink).flow_value
        assert sides.cost == flow
        assert sides.sides[0] == 0
        assert sides.sides[-1] == 1

    def test_without_borders_each_pixel_is_alone(self) -> None:
        colors = np.array([[0, 9], [4, 1], [2, 3]])
        sides = segmentation_demo.cheapest(colors, [0, 0], {0: 0})
        assert sides == segmentation_demo.Sides((0, 1, 0), 3)


@functools.cache
def masks() -> tuple[Any, dict[str, np.ndarray], dict[tuple[str, float], Any]]:
    """Return 20 pictures, their maps without occlusion, and what is made of them."""
    pictures = demo.drawn(20)
    maps = segmentation_demo.maps(NETWORK, pictures)
    chosen = {
        name: maps[name] for name in ("saliency", "SmoothGrad", "guided backprop", "random")
    } | {segmentation_demo.PERFECT: maps[segmentation_demo.PERFECT]}
    return pictures, chosen, segmentation_demo.results(pictures, chosen)


class TestMasks:
    def test_an_empty_map_gives_empty_masks(self) -> None:
        made = segmentation_demo.cut(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8)), 0.9)
        assert made.seeds is None
        assert not made.threshold.any()
        assert not made.grabcut.any()

    def test_measures_by_hand(self) -> None:
        pictures = demo.drawn(1)
        importance = (
            pictures.masks.astype(float) + 1e-3 * np.arange(96 * 96).reshape(1, 96, 96) / 9216
        )
        got = segmentation_demo.Result(pictures, importance, 0.95)
        area = int(pictures.masks.sum())
        seeds = 96 * 96 // 20 + 1  # the quantile 0.95 lies between two pixels
        assert got.hits.tolist() == [1]
        assert got.threshold[0] == pytest.approx(seeds / area, abs=1 / area)
        assert got.grabcut[0] > got.threshold[0]

    def test_few_seeds_and_grabcut_beat_a_threshold(self) -> None:
        _, _, results = masks()
        best = max(
            (results["SmoothGrad", q].threshold for q in segmentation_demo.QUANTILES), key=np.mean
        )
        gain = evaluation.mean_with_interval(results["SmoothGrad", 0.98].grabcut - best)
        assert gain.low > 0.1
        assert results["SmoothGrad", 0.98].grabcut.mean() > (
            results["SmoothGrad", 0.8].grabcut.mean() + 0.2
        )
        assert results["SmoothGrad", 0.98].hits.mean() > results["SmoothGrad", 0.8].hits.mean()

    def test_good_seeds_come_from_a_poor_explanation_too(self) -> None:
        _, _, results = masks()
        better = results["guided backprop", 0.98].grabcut - results["saliency", 0.98].grabcut
        assert evaluation.mean_with_interval(better).low > 0

    def test_the_two_ends_of_the_scale(self) -> None:
        _, _, results = masks()
        assert results["random", 0.98].grabcut.mean() < 0.1
        assert 0.9 < results[segmentation_demo.PERFECT, 0.98].grabcut.mean() < 1

    def test_a_gray_picture_gives_poorer_masks(self) -> None:
        pictures, maps, results = masks()
        gray = np.repeat(pictures.images.mean(1, keepdims=True).round(), 3, 1).astype(np.uint8)
        of_gray = segmentation_demo.Result(
            replace(pictures, images=gray), maps["guided backprop"], 0.98
        )
        loss = results["guided backprop", 0.98].grabcut - of_gray.grabcut
        assert evaluation.mean_with_interval(loss).low > 0

    def test_scores_in_place_of_falls_give_the_background(self) -> None:
        """The first of the common mistakes: a map that is low at the object."""
        pictures, maps, results = masks()
        inverted = segmentation_demo.Result(pictures, -maps["SmoothGrad"], 0.98)
        assert inverted.hits.mean() < 0.05
        assert inverted.grabcut.mean() < 0.2 < results["SmoothGrad", 0.98].grabcut.mean()

    def test_opencv_complains_about_a_side_without_seeds(self) -> None:
        sides = np.full((8, 8), cv2.GC_PR_BGD, np.uint8)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        image = np.zeros((8, 8, 3), np.uint8)
        with pytest.raises(cv2.error, match="empty"):
            cv2.grabCut(image, sides, (0, 0, 0, 0), *models, 1, cv2.GC_INIT_WITH_MASK)

    def test_iou_of_a_threshold_that_is_too_small(self) -> None:
        truth = np.zeros((10, 10), bool)
        truth[0] = True
        half = truth & (np.arange(10) < 5)
        assert segmentation.iou(half, truth) == 0.5
