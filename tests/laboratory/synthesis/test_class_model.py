"""Class models: the network sees the class."""

from __future__ import annotations

import pytest
import torch

from laboratory.synthesis.ascent import Regularizers
from laboratory.synthesis.class_model import class_model


class TestClassModel:
    @pytest.mark.parametrize("target", [0, 7])
    def test_the_network_sees_the_class(self, network, target):
        picture = class_model(network, target, steps=80, progress=False)
        assert picture.x.shape == (1, 3, 96, 96)
        assert picture.values[-1] > picture.values[0] + 2
        name, probability = network.top(picture.x, 1)[0]
        assert name == network.classes[target]
        assert probability > 0.5
        assert torch.equal(class_model(network, target, steps=80, progress=False).x, picture.x)

    def test_several_classes_together(self, network):
        """After a few steps; later, rounding decides which way a picture goes."""
        together = class_model(network, [2, 7], steps=4, progress=False)
        alone = [class_model(network, target, steps=4, progress=False).x for target in (2, 7)]
        assert torch.allclose(together.x, torch.cat(alone), atol=1e-4)

    def test_octaves_get_as_far_with_smaller_pictures(self, network):
        picture = class_model(network, 7, steps=20, octaves=3, progress=False)
        assert picture.x.shape == (1, 3, 96, 96)
        assert network.top(picture.x, 1)[0][0] == network.classes[7]

    def test_blur_makes_it_smoother(self, network):
        rough, smooth = (
            class_model(network, 3, steps=12, regularizers=regularizers, progress=False).x
            for regularizers in (Regularizers(), Regularizers(blur=1.0))
        )
        roughness = [
            float(x.diff(dim=3).square().mean() / x.square().mean()) for x in (rough, smooth)
        ]
        assert roughness[1] < 0.5 * roughness[0]
