"""Many gradients are the same whichever way they are computed."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from laboratory import small_vgg
from laboratory.attribution import many_gradients
from laboratory.attribution.smoothgrad import smoothgrad
from laboratory.fast.chain_gradient import ChainGradient
from tests.laboratory import lab_networks

DOUBLE = torch.float64


class TestChosenAutomatically:
    """SmoothGrad is the same whichever way it is computed."""

    @pytest.fixture
    def used(self, monkeypatch) -> list[torch.dtype]:
        """Types in which gradients of chains were computed."""
        dtypes: list[torch.dtype] = []

        class Noted(ChainGradient):
            def __call__(self, x, labels):
                dtypes.append(self.precision.backward)
                return super().__call__(x, labels)

        monkeypatch.setattr(many_gradients, "ChainGradient", Noted)
        return dtypes

    def smoothgrad(self, model: nn.Module, **options) -> Tensor:
        x = lab_networks.tiny_pictures(2, DOUBLE)
        return smoothgrad(model, x, [1, 3], n_samples=5, progress=False, **options)

    def test_chains(self, used):
        quick = self.smoothgrad(lab_networks.tiny(DOUBLE))
        assert used == [DOUBLE]
        plain = self.smoothgrad(nn.Sequential(Scaled(), lab_networks.tiny(DOUBLE)).eval())
        assert used == [DOUBLE]
        assert lab_networks.relative(quick, plain) < 1e-12

    def test_unknown_layers_go_the_automatic_way(self, used):
        model = lab_networks.tiny(DOUBLE)
        model[1] = nn.GELU().eval()
        assert self.smoothgrad(model).norm() > 0
        assert not used

    def test_hooks_are_heeded(self, used):
        model = lab_networks.tiny(DOUBLE)
        plain = self.smoothgrad(model)
        handle = model[-1].register_forward_hook(lambda module, given, result: 3 * result)
        assert lab_networks.relative(self.smoothgrad(model), 3 * plain) < 1e-12
        handle.remove()
        assert len(used) == 1

    def test_bfloat16_and_float16(self, used):
        pictures, labels, _ = lab_networks.drawn(1)
        network = small_vgg.load()
        options = {"n_samples": 8, "progress": False}
        exact = smoothgrad(network, pictures, labels, **options)
        rough = smoothgrad(network, pictures, labels, dtype=torch.bfloat16, **options)
        assert used == [torch.float32, torch.bfloat16]
        assert 1e-5 < lab_networks.relative(rough, exact) < 0.02


class Scaled(nn.Module):
    """Not a layer of a chain, and changes nothing."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 1.0
