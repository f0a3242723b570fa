"""Textures have the Gram matrices of their example."""

from __future__ import annotations

from skimage import data

from laboratory.synthesis.ascent import bounds
from laboratory.synthesis.texture import texture


class TestTexture:
    def test_gram_matrices_are_met(self, network):
        example = network.prepare(data.gravel()[:256, :256])
        found = texture(network, example, size=(64, 80), steps=40, progress=False)
        assert found.x.shape == (1, 3, 64, 80)
        assert len(found.losses) == 5
        assert found.losses[-1] < 0.02 * found.losses[0]
        low, high = bounds(network)
        assert (found.x >= low).all()
        assert (found.x <= high).all()
