"""The layers of a network, by name."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

from laboratory import layers, small_vgg


class TestLayers:
    def test_names_of_alexnet(self):
        with torch.device("meta"):
            alexnet = torchvision.models.alexnet()
        names = [layer.name for layer in layers.chain(alexnet)]
        assert names[:3] == ["conv1", "relu1", "pool1"]
        assert [name for name in names if name.startswith("fc")] == ["fc6", "fc7", "fc8"]
        assert "pool5" in names

    def test_find_by_name_and_by_path(self):
        network = small_vgg.SmallVGG()
        assert layers.find(network, "conv1_2") is network.features[2]
        assert layers.find(network, "features.2") is network.features[2]
        with pytest.raises(KeyError, match=r"no layer \"conv9\".*conv1_1, relu1_1"):
            layers.find(network, "conv9")

    def test_names_are_distinct(self):
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.ReLU())
        assert [layer.name for layer in layers.chain(network)] == [
            "conv1_1",
            "relu1_1",
            "relu1_1#2",
        ]

    @pytest.mark.parametrize(
        ("network", "message"),
        [
            (nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4)), '"1" is a GroupNorm'),
            (torchvision.models.resnet18(), '"add" does not only get'),
        ],
    )
    def test_other_networks_are_refused_by_name(self, network, message):
        with pytest.raises(layers.UnsupportedLayerError, match=message):
            layers.chain(network)

    def test_called_functions(self):
        class Calls(nn.Module):
            def __init__(self, last):
                super().__init__()
                self.first = nn.Conv2d(3, 4, 3)
                self.last = last

            def forward(self, x):
                return self.last(torch.relu(self.first(x)))

        described = layers.chain(Calls(lambda x: torch.flatten(x, 1)))
        assert [layer.name for layer in described] == ["conv1_1", "relu1_1", "flatten"]
        with pytest.raises(layers.UnsupportedLayerError, match='calls "softmax"'):
            layers.chain(Calls(lambda x: torch.softmax(x, 1)))
        with pytest.raises(layers.UnsupportedLayerError, match=r"Use torch\.flatten"):
            layers.chain(Calls(lambda x: x.view(1, -1)))

    def test_overwriting_comes_back(self):
        network = small_vgg.SmallVGG()
        relus = [module for module in network.modules() if isinstance(module, nn.ReLU)]
        with layers.not_in_place(network):
            assert not any(relu.inplace for relu in relus)
        assert all(relu.inplace for relu in relus)
