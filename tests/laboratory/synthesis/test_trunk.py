"""The first layers of a network."""

from __future__ import annotations

import pytest
import torch

from laboratory.synthesis.trunk import Trunk
from tests.laboratory import lab_networks


class TestTrunk:
    def test_gives_what_the_network_gives(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        outputs = Trunk(model, ["conv1_2", "relu2_1"])(x)
        assert list(outputs) == ["conv1_2", "relu2_1"]
        assert torch.allclose(outputs["conv1_2"], model[:3](x), atol=1e-6)
        assert torch.allclose(outputs["relu2_1"], model[:7](x), atol=1e-6)

    def test_runs_no_further(self):
        trunk = Trunk(lab_networks.tiny(), ["relu1_1"])
        assert [layer.name for layer in trunk.layers] == ["conv1_1", "relu1_1"]

    def test_unknown_layer(self):
        with pytest.raises(KeyError, match=r"no layer \"conv9\".*conv1_1"):
            Trunk(lab_networks.tiny(), ["conv1_1", "conv9"])
