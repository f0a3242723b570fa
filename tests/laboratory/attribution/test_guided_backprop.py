"""Guided backpropagation by hand, and against a ReLU of its own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from laboratory.attribution.gradient import gradient
from laboratory.attribution.guided_backprop import guided_backprop
from tests.laboratory import lab_networks
from tests.laboratory.attribution.conftest import TARGET

DOUBLE = torch.float64


class TestGuidedBackprop:
    def test_by_hand(self):
        """Weights 2 and -3 above two units, of which the second would get less than nothing."""
        first, last = nn.Linear(2, 3, bias=False), nn.Linear(3, 1, bias=False)
        with torch.no_grad():
            first.weight.copy_(torch.tensor([[1.0, 0], [0, 1], [-1, 0]]))
            last.weight.copy_(torch.tensor([[2.0, -3, 5]]))
        network = nn.Sequential(nn.Flatten(), first, nn.ReLU(), last).eval()
        x = torch.ones(1, 1, 1, 2)
        assert gradient(network, x, 0).flatten().tolist() == [2, -3]
        assert guided_backprop(network, x, 0).flatten().tolist() == [2, 0]

    def test_against_a_relu_of_its_own(self, model, x):
        other = nn.Sequential(
            *(lab_networks.GuidedReLU() if isinstance(layer, nn.ReLU) else layer for layer in model)
        ).eval()
        got = guided_backprop(model, x, TARGET, batch_size=2)
        expected = [
            lab_networks.plain_gradient(other, *pair) for pair in zip(x, TARGET, strict=True)
        ]
        lab_networks.agree(got, torch.stack(expected))

    def test_leaves_no_trace(self, model, x):
        before = gradient(model, x, TARGET)
        guided_backprop(model, x, TARGET)
        assert torch.equal(gradient(model, x, TARGET), before)
        assert all(layer.inplace for layer in model if isinstance(layer, nn.ReLU))

    def test_needs_relu(self, x):
        network = nn.Sequential(nn.Flatten(), nn.Linear(1440, 2, dtype=DOUBLE)).eval()
        with pytest.raises(ValueError, match=r"nn\.ReLU"):
            guided_backprop(network, x, 0)
