"""The page "Transfer learning": its tasks, its classifiers, and what it says about VGG16."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from book.visualization import demo, which_map_demo, which_map_vgg16
from book.visualization import transfer_demo as page
from laboratory import drawn_pictures, evaluation, method_table, transfer
from laboratory.evaluation import Mean, mean_with_interval
from laboratory.networks import Network

NETWORK = demo.small_network()


@functools.cache
def digits() -> page.Task:
    return page.digits_anywhere(200)


def of_photographs() -> Network:
    """Return what stands for VGG16: a network with other classes than the drawn pictures'."""
    return replace(NETWORK, name="VGG16", classes=tuple(f"class {k}" for k in range(10)))


class TestTasks:
    def test_each_network_gets_a_task_that_is_new_for_it(self) -> None:
        count = page.TRAINING + page.VALIDATION + page.TEST
        for network, classes in (
            (NETWORK, tuple("0123456789")),
            (of_photographs(), drawn_pictures.CLASSES),
        ):
            task = page.new_task(network)
            assert task.classes == classes
            assert task.images.shape == (count, 3, drawn_pictures.SIZE, drawn_pictures.SIZE)
            assert task.images.min() >= 0
            assert task.images.max() <= 1
            assert torch.equal(task.labels, torch.arange(count) % 10)

    def test_digits_stand_anywhere_in_any_color(self) -> None:
        images = digits().images
        corners = images[:, :, 0, 0]
        differs = (images - images[:, :, :1, -1:]).abs().sum(1) > 0.05
        columns = [ink.any(0).float().argmax().item() for ink in differs]
        assert max(columns) - min(columns) > 30
        assert corners.std(0).min() > 0.2
        contrast = (images - corners[:, :, None, None]).abs().mean(1).amax((1, 2))
        assert contrast.min() > 0.1

    def test_digits_in_place_are_the_same_digits(self) -> None:
        task = page.digits_in_place(200)
        assert torch.equal(task.labels, digits().labels)
        assert task.images[:, :, :4].mean() < task.images[:, :, 40:60].mean()

    def test_no_digit_comes_twice(self) -> None:
        ink, _ = page._digits(1740)
        assert len(np.unique(ink.flatten(1).numpy(), axis=0)) > 1735  # two may be drawn alike


class TestClassifiers:
    def test_few_numbers_of_a_picture_are_as_good_as_all(self) -> None:
        """A linear classifier that is trained on the pixels gives the same answers."""
        images, labels = digits().images[:60, :, ::4, ::4], digits().labels[:60]
        pixels, few = images.flatten(1), page.pixel_features(images, 40)
        assert few.shape[1] <= 40
        answers = [
            transfer.train_linear(features[:40], labels[:40], 10, weight_decay=1e-3)(features[40:])
            for features in (few, pixels)
        ]
        assert torch.allclose(answers[0], answers[1], atol=0.02)

    def test_the_test_set_takes_no_part(self) -> None:
        features = torch.randn(200, 8, generator=torch.Generator().manual_seed(0))
        outcome = page.learn(features, digits(), 50, splits=(100, 40))
        assert len(outcome.heads) == 2
        assert len(outcome.accuracy.values) == 60
        changed = features.clone()
        changed[140:] = 0
        again = page.learn(changed, digits(), 50, splits=(100, 40))
        for head, other in zip(outcome.heads, again.heads, strict=True):
            assert torch.equal(head.linear.weight, other.linear.weight)

    def test_random_convolutions_are_of_the_same_kind(self) -> None:
        random = page.without_knowledge(NETWORK.model)
        assert transfer.blocks(random) == transfer.blocks(NETWORK.model)
        first = next(m for m in NETWORK.model.modules() if isinstance(m, nn.Conv2d))
        assert not torch.equal(random[0].weight, first.weight)

    def test_trained_convolutions_beat_random_ones_and_pixels(self) -> None:
        task, splits = digits(), (100, 40)
        trained = page.block_features(NETWORK, NETWORK.model, task)["pool4"]
        random = page.block_features(NETWORK, page.without_knowledge(NETWORK.model), task)["pool4"]
        pixels = page.pixel_features(task.images, 100)
        reached = [
            page.learn(features, task, 100, splits=splits).accuracy
            for features in (trained, random, pixels)
        ]
        for other in reached[1:]:
            assert evaluation.paired_difference(reached[0], other).low > 0


class TestPanels:
    def test_chart_names_lines_and_places(self) -> None:
        mean = Mean(0.5, 0.4, 0.6)
        panel = page.accuracy_chart(
            {"trained": [mean, mean], "pixels": [mean, mean]},
            ["10", "30"],
            xlabel="training pictures",
            classes=10,
        )
        for text in (">10<", ">30<", "trained", "pixels", "training pictures"):
            assert text in panel.body

    def test_pictures_have_their_classes(self) -> None:
        titles = [panel.title for panel in page.picture_panels(digits(), 12)]
        assert titles == [*"0123456789", "0", "1"]


class TestVGG16:
    """What is measured on VGG16, with the small VGG in its place."""

    @pytest.fixture
    def some_methods(self, monkeypatch: pytest.MonkeyPatch) -> None:
        names = ("random", "center prior", "edges", "saliency", "Grad-CAM, relu4_3")
        some = {name: method_table.METHODS[name] for name in (*names, "Grad-CAM, relu5_3")}
        monkeypatch.setattr(method_table, "METHODS", some)

    def test_a_new_head_for_drawn_pictures(self, some_methods: None) -> None:
        network = which_map_vgg16.with_new_head(of_photographs())
        assert network.classes == drawn_pictures.CLASSES
        measured = which_map_vgg16.on_drawn_pictures(network, 12)
        assert measured.right.value > 0.7
        assert set(measured.pointing) == set(which_map_vgg16.methods_for(network.model))
        assert measured.against("saliency", "random").value == pytest.approx(
            measured.pointing["saliency"].value - measured.pointing["random"].value
        )
        head = which_map_demo.masks_on_vgg16(measured)
        assert [row[0] for row in head.rows] == list(measured.pointing)

    def test_methods_of_layers_that_are_cut_off_are_left_out(self) -> None:
        cut = transfer.with_head(NETWORK, "pool4", nn.Linear(64, 2), ("a", "b"))
        left_out = set(method_table.METHODS) - set(which_map_vgg16.methods_for(cut.model))
        assert left_out == {"Grad-CAM, relu5_3"}
        assert which_map_vgg16.methods_for(NETWORK.model) == method_table.METHODS

    def test_story_follows_the_numbers(self) -> None:
        outcomes = {
            "center prior": [0.0] * 10 + [1.0] * 10,
            "good": [1.0] * 20,
            "same": [1.0] + [0.0] * 9 + [1.0] * 9 + [0.0],
            "bad": [0.0] * 20,
        }
        means = {name: mean_with_interval(np.array(values)) for name, values in outcomes.items()}
        right = mean_with_interval(np.array([1.0] * 15 + [0.0] * 5))
        measured = which_map_vgg16.OnDrawnPictures(NETWORK, right, means, means, means)
        story = which_map_demo.story_of_vgg16(measured)
        assert "best pointer is good, with 1.00" in story
        assert "an interval without zero: good." in story
        assert "Not told apart from it: same." in story
        assert "Worse: bad." in story
        assert "classifies 75 % of them" in story

    def test_photographs_need_no_masks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        few = ("saliency", "guided backprop")
        methods = {name: method_table.METHODS[name] for name in ("random", *few)}
        monkeypatch.setattr(method_table, "METHODS", methods)
        monkeypatch.setattr(which_map_vgg16, "ON_PHOTOGRAPHS", ("random", "saliency"))
        monkeypatch.setattr(which_map_vgg16, "RANDOMIZED_METHODS", few)
        areas = which_map_vgg16.removal_on_photographs(NETWORK)
        assert list(areas) == ["random", "saliency"]
        for kinds in areas.values():
            assert all(0 < area < 1 for area in kinds.values())
        assert [row[0] for row in which_map_demo.removal_table(areas).rows] == list(areas)
        checks = which_map_vgg16.randomization_on_photographs(NETWORK)
        assert list(checks) == ["saliency", "guided backprop"]
        for check in checks.values():
            assert check.layers == ("none", *which_map_vgg16.RANDOMIZED)
            assert check.correlations.shape == (6, 2)
            assert np.allclose(check.correlations[0], 1)
