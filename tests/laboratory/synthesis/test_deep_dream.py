"""Deep dream: what is seen grows, and the picture remains."""

from __future__ import annotations

import torch
from skimage import data

from laboratory.synthesis.deep_dream import deep_dream
from laboratory.synthesis.trunk import Trunk


class TestDeepDream:
    def test_answers_grow_and_the_picture_remains(self, network):
        x = network.prepare(data.astronaut())
        dream = deep_dream(network, x, "relu3_3", steps=8, progress=False)
        trunk = Trunk(network.model, ["relu3_3"])
        with torch.no_grad():
            before, after = (float(trunk(y)["relu3_3"].square().mean()) for y in (x, dream))
        assert after > 1.5 * before
        assert dream.shape == x.shape
        both = torch.stack([x.flatten(), dream.flatten()])
        assert 0.5 < float(torch.corrcoef(both)[0, 1]) < 0.999

    def test_no_steps_no_change(self, network):
        x = network.prepare(data.astronaut())
        dream = deep_dream(network, x, "relu3_3", steps=0, progress=False)
        assert torch.allclose(dream, x, atol=1e-5)
