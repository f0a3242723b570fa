"""Gradients written by hand against automatic ones, and quick convolutions against plain ones."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional

from laboratory import chain_gradient, gradients, winograd
from laboratory.chain_gradient import ChainGradient
from laboratory.layers import UnsupportedLayerError
from laboratory.winograd import WinogradConvolution, Workspace
from tests.laboratory import lab_networks

DOUBLE = torch.float64


def relative(got: Tensor, expected: Tensor) -> float:
    assert got.shape == expected.shape
    return float((got - expected).norm() / expected.norm())


class TestWinograd:
    def test_one_axis_by_hand(self):
        """Four sliding sums of products, from six products of transformed numbers."""
        transposed_a, g, transposed_b = winograd.matrices()
        filter_ = torch.tensor([1.0, -2, 4], dtype=DOUBLE)
        x = torch.tensor([3.0, 0, 1, -1, 5, 2], dtype=DOUBLE)
        got = transposed_a @ ((g @ filter_) * (transposed_b @ x))
        assert got.tolist() == pytest.approx([3 + 4, -2 - 4, 1 + 2 + 20, -1 - 10 + 8])

    @pytest.mark.parametrize("padding", [(0, 0), (1, 1), (2, 1)])
    @pytest.mark.parametrize("size", [(4, 4), (9, 14), (3, 30), (17, 6)])
    @pytest.mark.parametrize("tiles", [1, 3, 1000])
    @pytest.mark.parametrize("packed", [True, False])
    def test_against_direct(self, padding, size, tiles, packed, monkeypatch):
        monkeypatch.setattr(winograd, "TILES", tiles)
        if not packed:
            monkeypatch.setattr(winograd, "_has_packed_products", lambda: False)
        random = torch.Generator().manual_seed(3)
        weight = torch.randn(5, 7, 3, 3, generator=random)
        bias = torch.randn(5, generator=random)
        x = torch.randn(3, 7, *size, generator=random)
        convolve = WinogradConvolution(weight, bias, Workspace())
        with torch.no_grad():
            got = convolve(x.contiguous(memory_format=torch.channels_last), padding)
        expected = functional.conv2d(x.double(), weight.double(), bias.double(), padding=padding)
        assert relative(got.double(), expected) < 1e-5

    def test_one_workspace_for_all(self):
        """Layers of other sizes in between leave nothing behind."""
        workspace = Workspace()
        random = torch.Generator().manual_seed(4)
        weights = [torch.randn(f, c, 3, 3, generator=random) for f, c in ((6, 2), (3, 6), (9, 3))]
        x = expected = torch.randn(2, 2, 11, 9, generator=random)
        for weight in weights:
            x = WinogradConvolution(weight, None, workspace)(x, (1, 1))
            expected = functional.conv2d(expected, weight, padding=1)
        assert relative(x, expected) < 1e-4

    def test_only_where_it_pays(self):
        wide = nn.Conv2d(256, 256, 3, padding=1)
        assert winograd.pays(wide, torch.float32)
        assert not winograd.pays(wide, torch.bfloat16)
        for other in (
            nn.Conv2d(16, 256, 3),
            nn.Conv2d(256, 256, 3, stride=2),
            nn.Conv2d(256, 256, 3, dilation=2),
            nn.Conv2d(256, 256, 5),
            nn.Conv2d(512, 512, 3, groups=2),
            nn.Conv2d(256, 256, 3, padding="same"),
            nn.Conv2d(256, 256, 3, padding=3),
        ):
            assert not winograd.pays(other, torch.float32)


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
        expected = gradients.gradient(model, x, TARGET)
        assert expected.norm() > 0
        for _ in range(2):
            got = compute(x, TARGET)
            assert relative(got, expected) < 1e-12
        assert torch.equal(x, before)
        assert all(parameter.grad is None for parameter in model.parameters())

    @pytest.mark.parametrize("together", [1, 6 * 20 * 24, 15 * 20 * 24, 10**6])
    @pytest.mark.parametrize("count", [1, 3, 7])
    def test_groups_of_pictures_change_nothing(self, together, count, monkeypatch):
        monkeypatch.setattr(chain_gradient, "TOGETHER", together)
        model, x = lab_networks.tiny(DOUBLE), lab_networks.tiny_pictures(count, DOUBLE)
        labels = torch.arange(count) % 5
        expected = gradients.gradient(model, x, labels)
        assert relative(ChainGradient(model)(x, labels), expected) < 1e-12

    def test_vgg16_itself(self):
        torch.manual_seed(0)
        model = torchvision.models.vgg16(weights=None).eval().requires_grad_(False)
        x = torch.randn(3, 3, 64, 96)
        labels = torch.tensor([3, 999, 0])
        expected = gradients.gradient(model, x, labels)
        got = ChainGradient(model)(x, labels)
        rough = ChainGradient(model, dtype=torch.bfloat16)(x, labels)
        cosine = functional.cosine_similarity(expected.flatten(1), got.flatten(1))
        assert float(cosine.min()) > 0.9999
        assert rough.dtype == torch.float32
        assert 1e-4 < relative(rough, expected) < 0.03

    def test_small_vgg_is_nearly_the_same_to_the_last_digit(self):
        from laboratory import small_vgg

        pictures, labels, _ = lab_networks.drawn(3)
        network = small_vgg.load()
        expected = gradients.gradient(network, pictures, labels)
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


class TestChosenAutomatically:
    """SmoothGrad is the same whichever way it is computed."""

    @pytest.fixture
    def used(self, monkeypatch) -> list[torch.dtype]:
        """Types in which gradients of chains were computed."""
        found: list[torch.dtype] = []

        class Noted(ChainGradient):
            def __call__(self, x, labels):
                found.append(self._ways.backward)
                return super().__call__(x, labels)

        monkeypatch.setattr(gradients, "ChainGradient", Noted)
        return found

    def smoothgrad(self, model: nn.Module, **options) -> Tensor:
        x = lab_networks.tiny_pictures(2, DOUBLE)
        return gradients.smoothgrad(model, x, [1, 3], samples=5, progress=False, **options)

    def test_chains(self, used):
        quick = self.smoothgrad(lab_networks.tiny(DOUBLE))
        assert used == [DOUBLE]
        plain = self.smoothgrad(nn.Sequential(Scaled(), lab_networks.tiny(DOUBLE)).eval())
        assert used == [DOUBLE]
        assert relative(quick, plain) < 1e-12

    def test_unknown_layers_go_the_automatic_way(self, used):
        model = lab_networks.tiny(DOUBLE)
        model[1] = nn.GELU().eval()
        assert self.smoothgrad(model).norm() > 0
        assert not used

    def test_hooks_are_heeded(self, used):
        model = lab_networks.tiny(DOUBLE)
        plain = self.smoothgrad(model)
        handle = model[-1].register_forward_hook(lambda module, given, result: 3 * result)
        assert relative(self.smoothgrad(model), 3 * plain) < 1e-12
        handle.remove()
        assert len(used) == 1

    def test_bfloat16_and_float16(self, used):
        pictures, labels, _ = lab_networks.drawn(1)
        from laboratory import small_vgg

        network = small_vgg.load()
        options = {"samples": 8, "progress": False}
        exact = gradients.smoothgrad(network, pictures, labels, **options)
        rough = gradients.smoothgrad(network, pictures, labels, dtype=torch.bfloat16, **options)
        assert used == [torch.float32, torch.bfloat16]
        assert 1e-5 < relative(rough, exact) < 0.02


class Scaled(nn.Module):
    """Not a layer of a chain, and changes nothing."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 1.0
