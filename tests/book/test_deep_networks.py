"""The pages on deep networks: their experiments, the study, and what known networks cost."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torchvision import models

from book.deep_networks import demo, depth_study
from book.deep_networks.architectures import (
    MOBILENET,
    block_cost,
    blocks,
    cost,
    mobilenet,
    vit_cost,
)
from book.deep_networks.depth_study import DEPTHS, EPOCHS, RATES, SEEDS, Run
from book.deep_networks.digit_networks import KINDS, Kind, followed, mean_cosine, network
from book.deep_networks.known_networks import NETWORKS, costs, costs_of, known, sequential
from book.deep_networks.network_plane import network_facts
from book.pooling.demo import costs as listed_costs
from solutions.networks import LENET5, plain
from tests import COURSE


class TestDigitNetworks:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("depth", [4, 6, 20])
    def test_depth_counts_layers_with_weights(self, kind: Kind, depth: int) -> None:
        model = network(kind, depth)
        layers = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
        assert len(layers) == depth
        norms = sum(isinstance(m, nn.BatchNorm2d) for m in model.modules())
        assert norms == (0 if kind == "plain" else depth - 1)
        assert model(torch.zeros(3, 1, 8, 8)).shape == (3, 10)

    @pytest.mark.parametrize("depth", [2, 5, 0])
    def test_other_depths_are_refused(self, depth: int) -> None:
        with pytest.raises(ValueError, match="an even number from 4 on"):
            network("plain", depth)

    def test_only_residual_networks_let_x_through(self) -> None:
        x = torch.rand(2, 1, 8, 8)
        for kind in KINDS:
            model = network(kind, 8)
            silent = nn.Sequential(*list(model)[:3])(x)
            for layer in list(model)[3:-3]:
                for parameter in layer.parameters():
                    nn.init.zeros_(parameter)
            through = nn.Sequential(*list(model)[:-3])(x)
            assert torch.equal(through, silent) == (kind == "residual")

    def test_gradients_are_followed_layer_by_layer(self) -> None:
        x, y = torch.rand(8, 1, 8, 8), torch.arange(8)
        result = followed(network("residual", 10), x, y)
        assert len(result.gradients) == 9
        assert len(result.likeness) == 5
        assert min(result.gradients) > 0

    def test_the_mean_cosine_leaves_out_each_image_with_itself(self) -> None:
        maps = torch.tensor([[3.0, 0], [0, 2], [5, 0]])
        assert mean_cosine(maps) == pytest.approx(1 / 3)
        assert mean_cosine(maps[[0, 2]]) == pytest.approx(1)


class TestStudy:
    def test_the_committed_file_is_complete(self) -> None:
        runs = depth_study.read()
        combinations = {(run.kind, run.depth, run.rate, run.seed) for run in runs}
        expected = {(k, d, r, s) for k in KINDS for d in DEPTHS for r in RATES for s in SEEDS}
        assert combinations == expected
        assert len(runs) == len(expected)
        for run in runs:
            assert len(run.losses) in (0, EPOCHS)
            assert 0 <= min(run.validation, run.test) <= max(run.validation, run.test) <= 1

    def test_a_training_of_today_comes_to_what_is_stored(self) -> None:
        """Another version of PyTorch may add up in another order, so not to the last digit."""
        stored = next(
            run
            for run in depth_study.read()
            if (run.kind, run.depth, run.rate, run.seed) == ("residual", 6, 0.1, 0)
        )
        again = depth_study.train("residual", 6, 0.1, 0)
        assert again.losses[0] == pytest.approx(stored.losses[0], abs=0.02)
        assert again.losses[-1] == pytest.approx(stored.losses[-1], abs=0.02)
        assert again.validation == pytest.approx(stored.validation, abs=0.02)
        assert again.test == pytest.approx(stored.test, abs=0.02)

    def test_the_script_trains_what_the_file_lacks(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trained = []

        def quick(kind: Kind, depth: int, rate: float, seed: int) -> Run:
            trained.append((kind, rate))
            return Run(kind, depth, rate, seed, (1.0,), 0.5, 0.5)

        monkeypatch.setattr(depth_study, "train", quick)
        file = tmp_path / "study.json"
        options = ["--file", str(file), "--depths", "4", "--seeds", "0", "--rates"]
        depth_study.main([*options, "0.1"])
        assert trained == [(kind, 0.1) for kind in KINDS]
        before = file.read_bytes()
        depth_study.main([*options, "0.1"])
        assert len(trained) == 3
        assert file.read_bytes() == before
        depth_study.main([*options, "0.1", "0.3"])
        assert trained[3:] == [(kind, 0.3) for kind in KINDS]
        assert len(depth_study.read(file)) == 6

    def test_other_settings_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(depth_study, "EPOCHS", EPOCHS + 1)
        with pytest.raises(ValueError, match="made with other settings"):
            depth_study.read()

    def test_the_best_rate_is_chosen_in_validation_and_never_diverges(self) -> None:
        runs = [
            Run("plain", 6, 0.1, 0, (1.0,), 0.8, 0.1),
            Run("plain", 6, 0.1, 1, (1.0,), 0.6, 0.1),
            Run("plain", 6, 0.3, 0, (1.0,), 0.65, 0.9),
            Run("plain", 6, 0.3, 1, (1.0,), 0.65, 0.9),
            Run("plain", 6, 1.0, 0, (1.0,), 0.9, 0.9),
            Run("plain", 6, 1.0, 1, (), 0.9, 0.9),
            Run("plain", 20, 1.0, 1, (1.0,), 0.9, 0.9),
        ]
        assert depth_study.best_rate(runs, "plain", 6) == 0.1
        assert [run.seed for run in depth_study.best_runs(runs, "plain", 6)] == [0, 1]

    def test_a_diverged_training_has_no_losses(self) -> None:
        run = depth_study.train("plain", 6, 1e6, 0, epochs=1)
        assert run.losses == ()


class TestDemo:
    def test_all_normalizations_of_resnet50_are_folded(self) -> None:
        torch.manual_seed(0)
        model = models.resnet50(weights=None).double().eval()
        x = torch.randn(1, 3, 64, 64, dtype=torch.float64)
        with torch.no_grad():
            before = model(x)
            assert demo.fold_all(model) == 53
            assert torch.allclose(model(x), before, atol=1e-9)
        assert not any(isinstance(m, nn.BatchNorm2d) for m in model.modules())

    def test_resnet18_answers_two_pictures_differently(self) -> None:
        folding = demo.folded_resnet18(seed=1)
        assert folding.layers == 20
        assert folding.difference < 1e-9
        assert folding.apart > 0.01

    def test_the_gradient_grows_with_the_blocks_not_like_a_power(self) -> None:
        x, y = (part[:64] for part in depth_study.tensors()[0])
        growth = {d: demo.gradient_at_blocks(x, y, d, seed=0).growth for d in (20, 56, 110)}
        blocks_in = {depth: depth // 2 - 1 for depth in growth}
        for depth, times in growth.items():
            assert 0.4 < times / blocks_in[depth] < 2.5

    def test_a_zero_scale_stops_the_filters_in_the_first_step_only(self) -> None:
        x, y = (part[:64] for part in depth_study.tensors()[0])
        first = demo.first_step_with_zero_gamma(x, y)
        assert first.filters == 0
        assert first.gamma > 0

    def test_the_drawing_says_what_it_shows(self) -> None:
        drawing = demo.residual_drawing()
        for name in set(demo.BOXES):
            assert name in drawing.panels[0].body
        assert "around the first five boxes" in drawing.alt


class TestKnownNetworks:
    @pytest.mark.parametrize("name", [n.name for n in NETWORKS if n.weights])
    def test_costs_are_those_that_torchvision_states(self, name: str) -> None:
        for weights in known(name).weights:
            assert costs(name).parameters == weights.meta["num_params"]
            assert round(costs(name).multiply_adds / 1e9, 3) == weights.meta["_ops"]

    def test_lenet_costs_what_its_list_costs(self) -> None:
        listed, measured = listed_costs(LENET5), costs("LeNet-5")
        assert measured.parameters == listed["conv parameters"] + listed["linear parameters"]
        work = listed["conv multiply-adds"] + listed["linear multiply-adds"]
        assert measured.multiply_adds == work

    def test_what_is_kept_is_counted_once_and_without_parameters(self) -> None:
        def chain() -> nn.Module:
            return nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))

        measured = costs_of(chain, (1, 4, 4))
        # The image, and what ReLU answers, which both it and the dense layer keep.
        assert measured.activations == 4 * (16 + 8)
        assert measured.parameters == 2 * 9 + 2 + 8 * 3 + 3
        assert measured.multiply_adds == 2 * 4 * 9 + 24

    def test_years_and_sources(self) -> None:
        bibliography = (COURSE / "book" / "references.bib").read_text(encoding="utf-8")
        assert [n.year for n in NETWORKS] == sorted(n.year for n in NETWORKS)
        for known_network in NETWORKS:
            assert re.search(rf"^@\w+{{{known_network.source},", bibliography, re.MULTILINE)

    def test_an_unknown_layer_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no layer of the kind 'dropout'"):
            sequential([*LENET5, plain("dropout")])

    def test_the_figure_has_the_facts(self) -> None:
        facts = network_facts()
        assert [fact["name"] for fact in facts] == [n.name for n in NETWORKS]
        assert facts[0]["accuracy"] == []
        assert all(len(fact["accuracy"]) in (1, 2) for fact in facts[1:])


class TestArchitectures:
    def test_blocks_have_the_weights_of_torchs(self) -> None:
        c = 64
        for name, layers in blocks(c).items():
            channels, weights = c, 0
            for layer in layers:
                made = nn.Conv2d(
                    channels, layer["filters"], layer["size"], groups=layer.get("groups", 1)
                )
                weights += made.weight.numel()
                channels = layer["filters"]
            assert block_cost(layers, c, 7).weights == weights, name
            assert channels == c

    def test_mobilenet_costs_what_its_paper_says(self) -> None:
        small, large = cost(mobilenet()), cost(mobilenet(separable=False))
        assert round(small.multiply_adds / 1e6) == 569
        assert round(small.weights / 1e6, 1) == 4.2
        assert round(large.weights / 1e6, 1) == 29.3
        assert len(MOBILENET) == 13

    @pytest.mark.parametrize(
        ("name", "width", "depth"), [("ViT-B/16", 768, 12), ("ViT-L/16", 1024, 24)]
    )
    def test_vision_transformers_are_counted(self, name: str, width: int, depth: int) -> None:
        assert vit_cost(224, 16, width, depth).total == costs(name).multiply_adds

    def test_comparing_grows_with_the_square_of_the_tokens(self) -> None:
        small, large = (vit_cost(side, 16, 64, 2) for side in (64, 128))
        assert large.attention / small.attention == pytest.approx((65 / 17) ** 2)
        assert large.dense / small.dense == pytest.approx(65 / 17)


def test_the_numbers_by_hand() -> None:
    telescoped = math.prod(1 + 2 / k for k in range(1, 28))
    assert telescoped == pytest.approx(28 * 29 / 2)
    assert np.sqrt(telescoped) == pytest.approx(20, abs=0.2)
