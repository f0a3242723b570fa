"""The gradient along a line, against loops."""

from __future__ import annotations

import pytest
import torch

from laboratory.attribution.fluctuation import fluctuation
from tests.laboratory import lab_networks

DOUBLE = torch.float64


class TestFluctuation:
    def test_against_loops(self, model, x):
        result = fluctuation(
            model, x[:1], 2, pixel=(4, 9), noise_level=0.3, points=5, seed=8, batch_size=2
        )
        noise = torch.randn((1, 3, 20, 24), generator=torch.Generator().manual_seed(8))[0].double()
        noise *= 0.3 * (x[0].max() - x[0].min())
        assert result.t.tolist() == [0, 0.25, 0.5, 0.75, 1]
        expected = [
            lab_networks.plain_gradient(model, x[0] + t * noise, 2)[:, 4, 9] for t in result.t
        ]
        lab_networks.agree(result.derivatives, torch.stack(expected))

    def test_scaled(self, model, x):
        result = fluctuation(model, x[:1], 2, pixel=(4, 9), points=5)
        assert torch.allclose(result.scaled().abs().amax(1), torch.ones(5, dtype=DOUBLE))
        assert torch.equal(result.scaled().sign(), result.derivatives.sign())

    def test_one_picture_only(self, model, x):
        with pytest.raises(ValueError, match="one picture"):
            fluctuation(model, x, 2, pixel=(4, 9))
