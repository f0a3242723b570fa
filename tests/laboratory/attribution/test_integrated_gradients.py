"""Integrated gradients: against loops, and what their sum is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from laboratory.attribution.integrated_gradients import integrated_gradients
from tests.laboratory import lab_networks
from tests.laboratory.attribution.conftest import TARGET

DOUBLE = torch.float64


class TestIntegratedGradients:
    @pytest.mark.parametrize("batch_size", [1, 7, 100])
    def test_against_loops(self, model, x, batch_size):
        baseline = torch.full_like(x[0], 0.5)
        got = integrated_gradients(
            model, x, TARGET, baselines=baseline, n_steps=6, batch_size=batch_size
        )
        for image, label, result in zip(x, TARGET, got, strict=True):
            total = torch.zeros_like(image)
            for step in range(6):
                share = (step + 0.5) / 6
                total += lab_networks.plain_gradient(
                    model, baseline + share * (image - baseline), label
                )
            lab_networks.agree(result, (image - baseline) * total / 6)

    def test_sum_is_the_difference_of_the_scores(self, model, x):
        got = integrated_gradients(model, x, TARGET, n_steps=1000)
        scores = model(x) - model(torch.zeros_like(x))
        expected = scores[range(3), TARGET].detach()
        assert torch.allclose(got.sum((1, 2, 3)), expected, rtol=2e-3, atol=1e-3)

    def test_of_a_linear_network_it_is_exact(self, x):
        linear = nn.Sequential(nn.Flatten(), nn.Linear(3 * 20 * 24, 2, dtype=DOUBLE)).eval()
        got = integrated_gradients(linear, x, 1, n_steps=1)
        lab_networks.agree(got, linear[1].weight[1].detach().view(3, 20, 24) * x)

    def test_no_steps(self, model, x):
        with pytest.raises(ValueError, match="n_steps must be at least 1"):
            integrated_gradients(model, x, 1, n_steps=0)
