"""Measures for maps: by hand, at their limits, and on methods of which the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from laboratory import evaluation
from laboratory.attribution.saliency import saliency
from laboratory.networks import load_network
from tests.laboratory import lab_networks


def batch_of_one(rows: list[list[float]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)[None]


MASK = batch_of_one([[1, 1, 0], [0, 0, 0]]).bool()


class TestMeasures:
    def test_pointing_game(self):
        assert evaluation.pointing_game(batch_of_one([[0, 3, 1], [2, 0, 0]]), MASK).item() == 1
        assert evaluation.pointing_game(batch_of_one([[0, 2, 1], [3, 0, 0]]), MASK).item() == 0
        assert evaluation.pointing_game(batch_of_one([[0, 3, 1], [3, 0, 0]]), MASK).item() == 0.5
        assert evaluation.pointing_game(torch.zeros(1, 2, 3), MASK).item() == pytest.approx(1 / 3)

    def test_iou_at_equal_area(self):
        assert evaluation.iou_at_equal_area(batch_of_one([[5, 4, 1], [2, 0, 0]]), MASK).item() == 1
        assert evaluation.iou_at_equal_area(batch_of_one([[5, 1, 1], [6, 0, 0]]), MASK).item() == (
            pytest.approx(1 / 3)
        )
        assert evaluation.iou_at_equal_area(batch_of_one([[0, 0, 1], [2, 0, 0]]), MASK).item() == 0
        # Four pixels tie for one place: a quarter of each counts.
        assert evaluation.iou_at_equal_area(batch_of_one([[5, 4, 4], [4, 4, 0]]), MASK).item() == (
            pytest.approx((1 + 1 / 4) / (2 + 3 / 4))
        )
        assert evaluation.iou_at_equal_area(batch_of_one([[1, 1, 1]] * 2), MASK * False).isnan()

    def test_energy_in_mask(self):
        assert evaluation.energy_in_mask(batch_of_one([[1, 2, 3], [-9, 0, 0]]), MASK).item() == 0.5
        nothing = evaluation.energy_in_mask(batch_of_one([[0, 0, 0], [-1, 0, 0]]), MASK)
        assert nothing.item() == pytest.approx(1 / 3)

    @pytest.mark.parametrize(
        "measure",
        [evaluation.pointing_game, evaluation.iou_at_equal_area, evaluation.energy_in_mask],
    )
    def test_limits(self, measure):
        """The mask itself is perfect, its complement is worthless, noise gets what chance gives."""
        _, _, masks = lab_networks.drawn(20)
        assert torch.equal(measure(masks.float(), masks), torch.ones(20, dtype=torch.float64))
        assert not measure((~masks).float(), masks).any()
        masks = masks.repeat(10, 1, 1)
        noise = torch.rand(masks.shape, generator=torch.Generator().manual_seed(0))
        assert 0.02 < float(measure(noise, masks).mean()) < 0.25
        with pytest.raises(ValueError, match="same shape"):
            measure(noise[0], masks[0])
        with pytest.raises(ValueError, match="must be bool"):
            measure(noise, masks.float())
        with pytest.raises(ValueError, match="NaN"):
            measure(noise / 0 * 0, masks)

    def test_size_of_the_values_does_not_matter(self):
        _, _, masks = lab_networks.drawn(5)
        maps = torch.rand(masks.shape, generator=torch.Generator().manual_seed(0))
        for measure in (evaluation.iou_at_equal_area, evaluation.energy_in_mask):
            assert torch.allclose(measure(1e-9 * maps, masks), measure(maps, masks))


def summing(height: int = 2, width: int = 3) -> nn.Sequential:
    """A network whose score for class 1 is the sum of all numbers; class 0 has the score 0."""
    linear = nn.Linear(height * width, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[0.0], [1.0]]).expand(2, height * width))
        linear.bias.zero_()
    return nn.Sequential(nn.Flatten(), linear).eval()


class TestRemoval:
    picture = torch.tensor([[1.0, 2, 3], [4, 5, 6]])[None, None]
    importance = torch.tensor([[0.0, 5, 1], [4, 2, 3]])  # 2, 4, 6, 5, 3, 1 go in this order

    @pytest.mark.parametrize("batch_size", [1, 4, 99])
    def test_deletion(self, batch_size):
        curve = evaluation.removal_curve(
            summing(),
            self.picture,
            1,
            self.importance,
            steps=6,
            score="logit",
            batch_size=batch_size,
        )
        assert curve.tolist() == [21, 19, 15, 9, 4, 1, 0]

    def test_insertion_begins_with_the_fill(self):
        curve = evaluation.removal_curve(
            summing(),
            self.picture,
            1,
            self.importance,
            kind="insertion",
            baselines=torch.full((1, 2, 3), 10.0),
            steps=3,
            score="logit",
        )
        assert curve.tolist() == [60, 60 - 20 + 6, 46 - 20 + 11, 21]

    def test_probability(self):
        curve = evaluation.removal_curve(summing(), self.picture / 10, 1, self.importance, steps=2)
        expected = torch.sigmoid(torch.tensor([2.1, 0.9, 0]))
        assert torch.allclose(curve, expected)

    def test_area(self):
        assert evaluation.area_under_curve(torch.tensor([1.0, 1, 1])) == 1
        assert evaluation.area_under_curve(torch.tensor([1.0, 0.5, 0])) == 0.5
        assert evaluation.area_under_curve(torch.tensor([1.0, 0, 0])) == 0.25

    def test_right_order_beats_wrong_order(self):
        weight = torch.arange(6.0).view(2, 3)
        areas = [
            evaluation.area_under_curve(
                evaluation.removal_curve(
                    summing(), weight[None, None], 1, order, steps=6, score="logit"
                )
            )
            for order in (weight, torch.zeros(2, 3), -weight)
        ]
        assert areas[0] < areas[2]

    def test_wrong_input(self):
        with pytest.raises(ValueError, match="importance must have"):
            evaluation.removal_curve(summing(), self.picture, 1, torch.zeros(3, 2))
        with pytest.raises(ValueError, match='"deletion" or "insertion"'):
            evaluation.removal_curve(
                summing(),
                self.picture,
                1,
                self.importance,
                kind="removal",  # type: ignore[arg-type]
            )


class TestSanityCheck:
    def test_layers_become_random_from_the_top(self):
        model = lab_networks.tiny()
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        names = []
        for name, changed in evaluation.randomized(model, seed=1):
            names.append(name)
            fresh = {
                path.split(".")[0]
                for path, tensor in changed.state_dict().items()
                if path.endswith("weight") and not torch.equal(tensor, before[path])
            }
            assert len(fresh) == len(names)
        assert names == ["fc4", "fc3", "conv2_1", "conv1_2", "conv1_1"]
        assert all(torch.equal(tensor, before[n]) for n, tensor in model.state_dict().items())

    def test_seed_and_global_random_numbers(self):
        model = lab_networks.tiny()
        torch.manual_seed(5)
        expected = torch.rand(1)
        torch.manual_seed(5)
        first, second, third = (
            next(iter(evaluation.randomized(model, seed=seed)))[1][-1].weight for seed in (1, 1, 2)
        )
        assert torch.equal(first, second)
        assert not torch.equal(first, third)
        assert torch.equal(torch.rand(1), expected)

    def test_edge_detector_fails_and_saliency_passes(self):
        x, labels, _ = lab_networks.drawn(3)
        model = load_network("small_vgg").model

        def edges(network: nn.Module) -> Tensor:
            return x.diff(dim=3).abs().sum(1)

        def saliency_maps(network: nn.Module) -> Tensor:
            return saliency(network, x, labels)

        blind = evaluation.sanity_check(model, edges)
        assert blind.layers[:3] == ("none", "fc8", "fc7")
        assert blind.layers[-1] == "conv1_1"
        assert np.allclose(blind.correlations, 1)
        seeing = evaluation.sanity_check(model, saliency_maps)
        assert np.allclose(seeing.correlations[0], 1)
        assert np.abs(seeing.correlations[-1]).max() < 0.5
        some = evaluation.sanity_check(model, saliency_maps, layers=("conv1_1", "fc7"))
        assert some.layers == ("none", "fc7", "conv1_1")
        assert np.array_equal(some.correlations, seeing.correlations[[0, 2, -1]])
        with pytest.raises(ValueError, match=r"named conv9_9\. There are: conv1_1"):
            evaluation.sanity_check(model, saliency_maps, layers=("conv9_9", "fc7"))

    def test_constant_map_correlates_with_nothing(self):
        correlations = evaluation.sanity_check(
            lab_networks.tiny(), lambda network: torch.zeros(2, 4, 4), progress=False
        )
        assert not correlations.correlations.any()


class TestInterval:
    def test_against_the_normal_one(self):
        values = np.random.default_rng(0).normal(3, 2, size=400)
        interval = evaluation.mean_with_interval(values)
        half = 1.96 * values.std() / np.sqrt(400)
        assert interval.value == pytest.approx(values.mean())
        assert interval.low == pytest.approx(values.mean() - half, abs=0.03)
        assert interval.high == pytest.approx(values.mean() + half, abs=0.03)

    def test_repeatable_and_tighter_at_lower_confidence(self):
        values = np.arange(30.0)
        first = evaluation.mean_with_interval(values)
        assert evaluation.mean_with_interval(values) == first
        half = evaluation.mean_with_interval(values, confidence=0.5)
        assert first.low < half.low < half.high < first.high

    def test_all_the_same(self):
        assert evaluation.mean_with_interval(torch.ones(5)) == evaluation.Mean(1, 1, 1)

    @pytest.mark.parametrize("wrong", [[1.0], [1, np.nan], [[1, 2], [3, 4]]])
    def test_wrong_input(self, wrong):
        with pytest.raises(ValueError, match="two numbers"):
            evaluation.mean_with_interval(np.array(wrong))

    def test_paired_differences_cancel_what_is_hard_for_both(self):
        random = np.random.default_rng(0)
        hard = random.normal(0, 1, size=200)
        better = evaluation.mean_with_interval(hard + 0.1 + random.normal(0, 0.1, size=200))
        worse = evaluation.mean_with_interval(hard)
        assert better.low < worse.high  # side by side, the intervals overlap
        difference = evaluation.paired_difference(better, worse)
        assert 0 < difference.low < 0.1 < difference.high
        assert difference.value == pytest.approx(better.value - worse.value)

    def test_paired_differences_need_the_same_pictures(self):
        five, six = (evaluation.mean_with_interval(np.arange(count)) for count in (5, 6))
        with pytest.raises(ValueError, match="5 and 6"):
            evaluation.paired_difference(five, six)
