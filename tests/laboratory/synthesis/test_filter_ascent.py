"""Filter ascent against drawn pictures."""

from __future__ import annotations

import torch

from laboratory.synthesis.filter_ascent import filter_ascent
from laboratory.synthesis.trunk import Trunk
from tests.laboratory import lab_networks


class TestFilterAscent:
    def test_channel_answers_more_than_to_any_picture(self, network):
        picture = filter_ascent(network, "conv3_2", 5, size=64, steps=30, progress=False)
        assert picture.x.shape == (1, 3, 64, 64)
        trunk = Trunk(network.model, ["conv3_2"])
        x, _, _ = lab_networks.drawn(20)
        with torch.no_grad():
            usual = trunk(x)["conv3_2"][:, 5].mean((1, 2))
            reached = float(trunk(picture.x)["conv3_2"][0, 5].mean())
        assert reached > float(usual.max())

    def test_several_channels_together(self, network):
        """After a few steps; later, rounding decides which way a picture goes."""
        arguments = {"size": 48, "steps": 4, "octaves": 1, "progress": False}
        together = filter_ascent(network, "conv2_2", [3, 1], **arguments)
        alone = [filter_ascent(network, "conv2_2", channel, **arguments).x for channel in (3, 1)]
        assert torch.allclose(together.x, torch.cat(alone), atol=1e-4)
