"""Occlusion: the plain version against loops, the fast one against the plain one."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

from laboratory import layers
from laboratory.attribution import occlusion as occlusion_module
from laboratory.attribution.occlusion import occlusion, plain_occlusion
from laboratory.baselines import baseline_picture
from laboratory.fast.incremental_occlusion import IncrementalOcclusion
from laboratory.networks import load_network
from tests.laboratory import lab_networks

PATCHES = [((6, 6), (4, 4)), ((5, 9), (7, 3)), ((1, 1), (9, 11)), ((20, 24), (1, 1))]


class TestPlain:
    @pytest.mark.parametrize(("patch", "stride"), PATCHES)
    def test_against_one_by_one_in_double(self, patch, stride):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        baseline = torch.randn(3, 20, 24)
        expected = lab_networks.exact_occlusion(model, x, patch, stride, baseline)
        for size in (1, 5, 1000):
            got = plain_occlusion(
                model, x, patch=patch, stride=stride, baselines=baseline, batch_size=size
            )
            assert got.logits.shape == expected.shape
            assert lab_networks.relative(got.logits.double(), expected) < 1e-5
        assert torch.allclose(got.clean, model(x)[0], atol=1e-5)

    def test_the_picture_stays_as_it_is(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        before = x.clone()
        plain_occlusion(model, x, patch=5, stride=5)
        assert torch.equal(x, before)

    def test_patch_of_the_picture_itself_changes_nothing(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        for function in (plain_occlusion, occlusion):
            got = function(model, x, patch=5, stride=5, baselines=x[0])
            assert got.drop(2).abs().max() < 1e-5

    @pytest.mark.parametrize("function", [plain_occlusion, occlusion])
    def test_bad_input(self, function):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        with pytest.raises(ValueError, match="one picture"):
            function(model, x[0], patch=5, stride=5)
        with pytest.raises(ValueError, match="baselines must be"):
            function(model, x, patch=5, stride=5, baselines=torch.zeros(3))
        with pytest.raises(ValueError, match="does not fit"):
            function(model, x, patch=21, stride=5)
        with pytest.raises(ValueError, match="batch_size must be at least 1; -2 was given"):
            function(model, x, patch=5, stride=5, batch_size=-2)
        with pytest.raises(ValueError, match=r"model\.eval"):
            function(model.train(), x, patch=5, stride=5)


def alexnet_like() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, 11, 4, 2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(8, 12, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.AdaptiveAvgPool2d(6),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(12 * 36, 20),
        nn.ReLU(),
        nn.Linear(20, 5),
    )


def everything_odd() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, (3, 5), (1, 2), (0, 2)),
        nn.BatchNorm2d(8),
        nn.Tanh(),
        nn.MaxPool2d(3, 2, 1, ceil_mode=True),
        nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=4),
        nn.GELU(),
        nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
        nn.Conv2d(8, 8, 2, 3),
        nn.Sigmoid(),
        nn.Identity(),
        nn.Flatten(),
        nn.Tanh(),
        nn.LazyLinear(5),
    )


def global_average() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.MaxPool2d((2, 3), ceil_mode=True),
        nn.Conv2d(8, 6, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )


class TestFast:
    @pytest.mark.parametrize(("patch", "stride"), PATCHES)
    def test_against_one_by_one_in_double(self, patch, stride):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        baseline = torch.randn(3, 20, 24)
        expected = lab_networks.exact_occlusion(model, x, patch, stride, baseline)
        got = occlusion(model, x, patch=patch, stride=stride, baselines=baseline, batch_size=7)
        assert lab_networks.relative(got.logits.double(), expected) < 1e-5

    @pytest.mark.parametrize("kind", ["mean", "zero", "blur"])
    @pytest.mark.parametrize("patch", [16, 45])
    def test_small_vgg(self, kind, patch):
        """The promise: scores within 1e-4 of the full computation."""
        network = load_network("small_vgg")
        x, _, _ = lab_networks.drawn(1, seed=91)
        options = {"patch": patch, "stride": 16, "baselines": baseline_picture(network, x, kind)}
        expected = plain_occlusion(network.model, x, **options)
        got = occlusion(network.model, x, **options)
        assert lab_networks.relative(got.logits, expected.logits) < 1e-5
        assert (got.logits - expected.logits).abs().max() < 1e-4 * expected.logits.abs().max()
        assert lab_networks.relative(got.drop(0), expected.drop(0)) < 1e-4
        assert (got.tops, got.lefts, got.size) == (expected.tops, expected.lefts, expected.size)

    @pytest.mark.parametrize("make", [alexnet_like, everything_odd, global_average])
    @pytest.mark.parametrize(
        ("patch", "stride"), [(16, 13), ((7, 13), (11, 17)), (1, (10, 13)), ((61, 9), (1, 25))]
    )
    def test_other_networks(self, make, patch, stride):
        torch.manual_seed(0)
        model, x = make(), torch.randn(1, 3, 61, 83)
        model(torch.randn(4, 3, 61, 83))  # makes lazy weights and the statistics of batch norm
        model.eval()
        got = occlusion(model, x, patch=patch, stride=stride, baselines=1.5, batch_size=7)
        both = layers.pair(patch), layers.pair(stride)
        expected = lab_networks.exact_occlusion(model, x, *both, torch.full(x.shape[1:], 1.5))
        clean = model.double()(x.double())[0]
        # Deltas are right, however small they are beside the scores.
        assert (
            lab_networks.relative(got.logits.double() - got.clean.double(), expected - clean) < 1e-3
        )
        assert lab_networks.relative(got.logits.double(), expected) < 1e-6

    def test_vgg16_itself(self):
        """Two places of a network of full width, with random weights."""
        torch.manual_seed(0)
        features = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["D"])
        model = nn.Sequential(features, nn.Flatten(), nn.Linear(512 * 7 * 7, 10)).eval()
        x = torch.randn(1, 3, 224, 224)
        options = {"patch": 32, "stride": (192, 224), "baselines": 0.0}
        expected = plain_occlusion(model, x, **options)
        got = occlusion(model, x, **options)
        assert lab_networks.relative(got.logits, expected.logits) < 1e-4

    def test_float16_is_nearly_as_exact(self):
        network = load_network("small_vgg")
        x, labels, _ = lab_networks.drawn(2, seed=92)
        for picture, label in zip(x, labels, strict=True):
            options = {"patch": 16, "stride": 16}
            expected = plain_occlusion(network.model, picture[None], **options)
            got = occlusion(network.model, picture[None], dtype=torch.float16, **options)
            error = lab_networks.relative(got.logits, expected.logits)
            assert 1e-7 < error < 1e-3  # it is float16, and good enough
            plain = plain_occlusion(network.model, picture[None], dtype=torch.float16, **options)
            assert error < lab_networks.relative(plain.logits, expected.logits)
            drops = got.drop(int(label)), expected.drop(int(label))
            assert lab_networks.relative(*drops) < 5e-3

    @pytest.mark.parametrize("function", [plain_occlusion, occlusion])
    def test_bfloat16_is_too_inexact(self, function):
        for model in (lab_networks.tiny(), lab_networks.tiny(torch.float64)):
            with pytest.raises(ValueError, match=r"or, on a GPU, torch\.float16"):
                function(
                    model, lab_networks.tiny_pictures(1), patch=5, stride=5, dtype=torch.bfloat16
                )

    def test_activations_beyond_the_range_of_halves(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        with torch.no_grad():
            model[0].bias[0] = -70000.0  # a unit that is always off
        options = {"patch": 6, "stride": 6}
        expected = plain_occlusion(model, x, **options)
        got = occlusion(model, x, dtype=torch.float16, **options)
        assert lab_networks.relative(got.drop(1), expected.drop(1)) < 2e-2

    def test_network_and_picture_stay_as_they_are(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        x_before = x.clone()
        occlusion(model, x, patch=5, stride=5)
        assert torch.equal(x, x_before)
        assert all(torch.equal(tensor, before[n]) for n, tensor in model.state_dict().items())
        assert all(module.inplace for module in model if isinstance(module, nn.ReLU))


class TestChosenAutomatically:
    """The engine computes what it knows; what it does not, the network itself."""

    @pytest.fixture
    def engines(self, monkeypatch) -> list[nn.Module]:
        """The networks that the engine computed."""
        models: list[nn.Module] = []

        class Noted(IncrementalOcclusion):
            def logits(self, *arguments, **keywords):
                models.append(self)
                return super().logits(*arguments, **keywords)

        monkeypatch.setattr(occlusion_module, "IncrementalOcclusion", Noted)
        return models

    def agree(self, model: nn.Module) -> None:
        x = lab_networks.tiny_pictures(1).to(next(model.parameters()).dtype)
        got = occlusion(model, x, patch=5, stride=5)
        expected = plain_occlusion(model, x, patch=5, stride=5)
        assert lab_networks.relative(got.logits, expected.logits) < 1e-5

    def test_chains(self, engines):
        self.agree(lab_networks.tiny())
        assert len(engines) == 1

    def test_unknown_layers(self, engines):
        model = lab_networks.tiny()
        model[1] = nn.InstanceNorm2d(6).eval()
        self.agree(model)
        assert not engines

    def test_float64(self, engines):
        self.agree(lab_networks.tiny(torch.float64))
        assert not engines

    def test_hooks_are_heeded(self, engines):
        model = lab_networks.tiny()
        plain = occlusion(model, lab_networks.tiny_pictures(1), patch=5, stride=5)
        handle = model[-1].register_forward_hook(lambda module, inputs, output: 3 * output)
        self.agree(model)
        got = occlusion(model, lab_networks.tiny_pictures(1), patch=5, stride=5)
        handle.remove()
        assert lab_networks.relative(got.logits, 3 * plain.logits) < 1e-5
        assert len(engines) == 1
