"""Gradients against straightforward computations in float64."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from laboratory import small_vgg
from laboratory.attribution.gradient import gradient, strongest
from tests.laboratory import lab_networks
from tests.laboratory.attribution.conftest import TARGET

DOUBLE = torch.float64


class TestGradient:
    def test_central_differences(self, model, x):
        got = gradient(model, x[:1], 3)
        step = 1e-6
        for c, i, j in itertools.product((0, 2), (0, 7, 19), (0, 11, 23)):
            higher, lower = x[:1].clone(), x[:1].clone()
            higher[0, c, i, j] += step
            lower[0, c, i, j] -= step
            slope = (model(higher)[0, 3] - model(lower)[0, 3]) / (2 * step)
            assert float(got[0, c, i, j]) == pytest.approx(float(slope.detach()), abs=1e-6)

    @pytest.mark.parametrize("batch_size", [1, 2, 32])
    def test_one_class_per_picture(self, model, x, batch_size):
        got = gradient(model, x, TARGET, batch_size=batch_size)
        expected = [
            lab_networks.plain_gradient(model, *pair) for pair in zip(x, TARGET, strict=True)
        ]
        lab_networks.agree(got, torch.stack(expected))

    def test_twice_is_the_same(self, model, x):
        first = gradient(model, x, TARGET)
        assert torch.equal(gradient(model, x, TARGET), first)
        assert all(parameter.grad is None for parameter in model.parameters())
        assert not x.requires_grad

    def test_score_before_softmax(self, model, x):
        """A constant added to all scores, or a sure network, changes nothing."""
        sure = nn.Sequential(*model, nn.Linear(5, 5, dtype=DOUBLE)).eval()
        with torch.no_grad():
            sure[-1].weight.copy_(torch.eye(5))
            sure[-1].bias.copy_(torch.tensor([0, 0, 0, 0, 1000.0]))
        lab_networks.agree(gradient(sure, x, 4), gradient(model, x, 4))

    def test_frozen_network(self, model, x):
        expected = gradient(model, x, 1)
        lab_networks.agree(gradient(model.requires_grad_(False), x, 1), expected)

    def test_bfloat16_points_in_the_same_direction(self):
        pictures, labels, _ = lab_networks.drawn(4)
        network = small_vgg.load()
        exact = gradient(network, pictures, labels)
        rough = gradient(network, pictures, labels, dtype=torch.bfloat16)
        assert rough.dtype == torch.float32
        cosine = nn.functional.cosine_similarity(exact.flatten(1), rough.flatten(1))
        assert 0.8 < float(cosine.min()) < 0.999999

    def test_bad_input(self, model, x):
        with pytest.raises(ValueError, match="N, C, H, W"):
            gradient(model, x[0], 1)
        with pytest.raises(ValueError, match="one for each of the 3 pictures"):
            gradient(model, x, [1, 2])
        with pytest.raises(ValueError, match=r"model\.eval"):
            gradient(model.train(), x, 1)
        with pytest.raises(ValueError, match="dtype is"):
            gradient(model.eval(), x, 1, dtype=torch.float64)


class TestStrongest:
    def test_strongest_sees_negative_derivatives(self):
        derivative = torch.tensor([1.0, -3, 2]).view(1, 3, 1, 1)
        assert strongest(derivative).item() == 3
