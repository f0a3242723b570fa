"""Gradients written by hand against automatic ones."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional

from laboratory import small_vgg
from laboratory.attribution.gradient import gradient
from laboratory.fast import chain_gradient
from laboratory.fast.chain_gradient import ChainGradient
from laboratory.layers import UnsupportedLayerError
from tests.laboratory import lab_networks

DOUBLE = torch.float64


def various() -> dict[str, nn.Module]:
    """Networks for pictures of 20 x 24 pixels with what chains may have."""
    torch.manual_seed(7)
    return {
        "like VGG": lab_networks.tiny(DOUBLE),
        "strides, groups, dilation": nn.Sequential(
            nn.Conv2d(3, 8, 5, stride=(2, 1), padding=(1, 2)),
            nn.ReLU(),
            nn.Conv2d(8, 6, 3, groups=2, dilation=2, padding=3),
            nn.ReLU(inplace=True),
            nn.Conv2d(6, 4, (1, 3), padding=(1, 2)),
            nn.Flatten(),
            nn.ReLU(),
            nn.LazyLinear(5),
        ),
        "overlapping pools": nn.Sequential(
            nn.ReLU(inplace=True),
            nn.Conv2d(3, 8, 3, bias=False),
            nn.ReLU(inplace=True),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
            nn.MaxPool2d((2, 3), dilation=(1, 2)),
            nn.Identity(),
            nn.AdaptiveAvgPool2d((2, 3)),
            nn.Flatten(),
            nn.Dropout(),
            nn.LazyLinear(7),
            nn.ReLU(inplace=True),
            nn.Linear(7, 5),
        ),
        "scores from means": nn.Sequential(
            nn.Conv2d(3, 5, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        ),
        "only linear": nn.Sequential(nn.Flatten(), nn.Linear(1440, 5)),
    }


TARGET = torch.tensor([4, 0, 2])


class TestChainGradient:
    @pytest.mark.parametrize("name", various())
    def test_against_autograd(self, name):
        model = various()[name]
        x = lab_networks.tiny_pictures(3, DOUBLE)
        model.to(DOUBLE)(x)
        model.eval()
        before = x.clone()
        compute = ChainGradient(model)
        expected = gradient(model, x, TARGET)
        assert expected.norm() > 0
        for _ in range(2):
            got = compute(x, TARGET)
            assert lab_networks.relative(got, expected) < 1e-12
        assert torch.equal(x, before)
        assert all(parameter.grad is None for parameter in model.parameters())

    @pytest.mark.parametrize("together", [1, 6 * 20 * 24, 15 * 20 * 24, 10**6])
    @pytest.mark.parametrize("count", [1, 3, 7])
    def test_groups_of_pictures_change_nothing(self, together, count, monkeypatch):
        monkeypatch.setattr(chain_gradient, "TOGETHER", together)
        model, x = lab_networks.tiny(DOUBLE), lab_networks.tiny_pictures(count, DOUBLE)
        labels = torch.arange(count) % 5
        expected = gradient(model, x, labels)
        assert lab_networks.relative(ChainGradient(model)(x, labels), expected) < 1e-12

    def test_vgg16_itself(self):
        torch.manual_seed(0)
        model = torchvision.models.vgg16(weights=None).eval().requires_grad_(False)
        x = torch.randn(3, 3, 64, 96)
        labels = torch.tensor([3, 999, 0])
        expected = gradient(model, x, labels)
        got = ChainGradient(model)(x, labels)
        rough = ChainGradient(model, dtype=torch.bfloat16)(x, labels)
        cosine = functional.cosine_similarity(expected.flatten(1), got.flatten(1))
        assert float(cosine.min()) > 0.9999
        assert rough.dtype == torch.float32
        assert 1e-4 < lab_networks.relative(rough, expected) < 0.03

    def test_small_vgg_is_nearly_the_same_to_the_last_digit(self):
        pictures, labels, _ = lab_networks.drawn(3)
        network = small_vgg.load()
        expected = gradient(network, pictures, labels)
        cosine = functional.cosine_similarity(
            expected.flatten(1), ChainGradient(network)(pictures, labels).flatten(1)
        )
        assert float(cosine.min()) > 0.99999

    @pytest.mark.parametrize(
        "layer",
        [nn.BatchNorm2d(6), nn.GELU(), nn.AvgPool2d(2), nn.Conv2d(6, 6, 3, padding="same")],
    )
    def test_unsupported_layers_are_named(self, layer):
        model = nn.Sequential(nn.Conv2d(3, 6, 3), layer, nn.Flatten()).eval()
        with pytest.raises(UnsupportedLayerError, match=f'"1", a {type(layer).__name__}'):
            ChainGradient(model)

    def test_training_mode(self):
        with pytest.raises(ValueError, match=r"model\.eval"):
            ChainGradient(lab_networks.tiny().train())
