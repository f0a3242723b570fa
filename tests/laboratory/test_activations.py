"""Activations, their summaries, and filters as pictures."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

from laboratory import activations, layers, small_vgg
from tests.laboratory import lab_networks


class TestLayerOutputs:
    @pytest.mark.parametrize("batch_size", [1, 2, 32])
    def test_every_layer_against_a_loop(self, batch_size):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(3)
        outputs = activations.layer_outputs(model, x, batch_size=batch_size)
        names = [layer.name for layer in layers.chain(model)]
        assert list(outputs) == names
        with layers.not_in_place(model), torch.no_grad():
            y = x
            for name, module in zip(names, model, strict=True):
                y = module(y)
                assert torch.allclose(outputs[name], y, rtol=1e-4, atol=1e-5), name

    def test_what_comes_before_relu_is_not_overwritten(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        outputs = activations.layer_outputs(model, x, ["conv1_1", "relu1_1"])
        assert outputs["conv1_1"].min() < 0
        assert torch.equal(outputs["conv1_1"].relu(), outputs["relu1_1"])

    def test_by_path_and_in_networks_that_branch(self):
        torch.manual_seed(0)
        model = torchvision.models.resnet18(num_classes=4).eval()
        x = torch.randn(1, 3, 64, 64)
        outputs = activations.layer_outputs(model, x, ["layer1", "fc"])
        assert outputs["layer1"].shape == (1, 64, 16, 16)
        assert torch.equal(outputs["fc"], model(x).detach())
        assert "layer4.1.conv2" in activations.layer_outputs(model, x)

    def test_hooks_are_gone_even_after_an_error(self):
        model = lab_networks.tiny()
        with pytest.raises(RuntimeError):
            activations.layer_outputs(model, torch.zeros(1, 2, 20, 24))
        assert not any(module._forward_hooks for module in model.modules())

    def test_unknown_layer(self):
        with pytest.raises(KeyError, match="no layer"):
            activations.layer_outputs(lab_networks.tiny(), lab_networks.tiny_pictures(1), ["fc9"])


class TestSummaries:
    def test_by_hand(self):
        maps = torch.tensor([3.0, -4, 1]).view(1, 3, 1, 1)
        assert activations.summarize(maps, "mean").item() == 0
        assert activations.summarize(maps, "max").item() == 3
        assert activations.summarize(maps, "norm").item() == pytest.approx(26**0.5)

    def test_cancellation(self):
        maps = torch.tensor([3.0, -4, 1]).view(1, 3, 1, 1)
        assert activations.cancellation(maps) == 1
        assert activations.cancellation(maps.relu()) == 0
        assert activations.cancellation(torch.tensor([3.0, -1]).view(1, 2, 1, 1)) == 0.5
        assert activations.cancellation(torch.zeros(1, 2, 1, 1)) == 0

    def test_a_mean_hides_much_before_relu(self):
        x, _, _ = lab_networks.drawn(2)
        outputs = activations.layer_outputs(small_vgg.load(), x, ["conv4_3", "relu4_3"])
        assert activations.cancellation(outputs["conv4_3"]) > 0.1
        assert activations.cancellation(outputs["relu4_3"]) < 1e-6

    def test_wrong_input(self):
        with pytest.raises(ValueError, match="N, C, H, W"):
            activations.summarize(torch.zeros(3, 4))
        with pytest.raises(ValueError, match='"mean", "max" or "norm"'):
            activations.summarize(torch.zeros(1, 1, 2, 2), "sum")


class TestGrid:
    def test_reading_order(self):
        maps = torch.arange(5.0).view(5, 1, 1).expand(5, 2, 3)
        got = activations.grid(maps, columns=3, gap=1)
        assert got.shape == (5, 11)
        assert got[0, [0, 4, 8]].tolist() == [0, 1, 2]
        assert got[3, [0, 4]].tolist() == [3, 4]
        assert got[2].isnan().all()
        assert got[3:, 8:].isnan().all()
        assert int(got.isnan().sum()) == 5 * 11 - 5 * 6

    def test_color_and_default(self):
        got = activations.grid(torch.rand(4, 8, 8, 3))
        assert got.shape == (17, 17, 3)


class TestFilters:
    def test_first_layer_in_color(self):
        model = small_vgg.load()
        grid = activations.filters(model, "conv1_1")
        weight = model.features[0].weight
        assert grid.maps.shape == (8, 3, 3, 3)
        largest = weight[5].abs().max()
        assert torch.allclose(grid.maps[5], 0.5 + weight[5].permute(1, 2, 0) / largest / 2)
        assert grid.maps.min() >= 0
        assert grid.maps.max() <= 1
        assert "All 8 filters of conv1_1" in grid.says

    def test_slices_are_named(self):
        model = small_vgg.load()
        weight = model.features[28].weight
        grid = activations.filters(model, "conv5_3", channel=7)
        assert torch.equal(grid.maps, weight[:, 7])
        assert "One of 64 slices" in grid.says
        assert "channel 7" in grid.says
        mean = activations.filters(model, "conv5_3", channel="mean")
        assert torch.allclose(mean.maps, weight.mean(1))
        assert "mean over 64 channels" in mean.says

    def test_eleven_by_eleven(self):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(3, 5, 11, 4)).eval()
        assert activations.filters(model, "conv1").maps.shape == (5, 11, 11, 3)

    def test_wrong_layer(self):
        with pytest.raises(ValueError, match="it has no filters"):
            activations.filters(small_vgg.load(), "relu1_1")
        with pytest.raises(ValueError, match="0 to 63"):
            activations.filters(small_vgg.load(), "conv5_3", channel=64)
