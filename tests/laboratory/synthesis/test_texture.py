"""Textures have the Gram matrices of their example."""

from __future__ import annotations

from skimage import data

from laboratory.synthesis.ascent import bounds
from laboratory.synthesis.texture import texture


class TestTexture:
    def test_gram_matrices_are_met(self, network):
        example = network.prepare(data.gravel()[:256, :256])
        picture = texture(network, example, size=(64, 80), steps=40, progress=False)
        assert picture.x.shape == (1, 3, 64, 80)
        assert len(picture.losses) == 5
        assert picture.losses[-1] < 0.02 * picture.losses[0]
        low, high = bounds(network)
        assert (picture.x >= low).all()
        assert (picture.x <= high).all()
