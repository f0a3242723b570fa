"""Grad-CAM against loops."""

from __future__ import annotations

import pytest
import torch

from laboratory import layers
from laboratory.attribution.grad_cam import grad_cam
from tests.laboratory import lab_networks
from tests.laboratory.attribution.conftest import TARGET

DOUBLE = torch.float64


class TestGradCam:
    @pytest.mark.parametrize("layer", ["conv1_2", "relu1_1", "pool1", "relu2_1"])
    @pytest.mark.parametrize("batch_size", [1, 2, 32])
    def test_against_loops(self, model, x, layer, batch_size):
        got = grad_cam(model, x, TARGET, layer=layer, resize=False, batch_size=batch_size)
        names = [described.name for described in layers.chain(model)]
        cut = names.index(layer) + 1
        for image, label, result in zip(x, TARGET, got, strict=True):
            with layers.not_in_place(model):
                maps = model[:cut](image[None]).detach().requires_grad_()
                model[cut:](maps)[0, label].backward()
            expected = torch.zeros(maps.shape[2:], dtype=DOUBLE)
            for activation, derivative in zip(maps[0].detach(), maps.grad[0], strict=True):
                expected += derivative.mean() * activation
            lab_networks.agree(result, expected.clamp(min=0))

    def test_resized(self, model, x):
        small = grad_cam(model, x, TARGET, layer="relu2_1", resize=False)
        large = grad_cam(model, x, TARGET, layer="relu2_1")
        assert small.shape == (3, 10, 12)
        assert large.shape == (3, 20, 24)
        assert float(large.min()) >= 0
        assert float(large.max()) <= float(small.max()) + 1e-12

    def test_frozen_network_and_path(self, model, x):
        expected = grad_cam(model, x, TARGET, layer="conv2_1")
        lab_networks.agree(grad_cam(model.requires_grad_(False), x, TARGET, layer="5"), expected)

    def test_wrong_layers(self, model, x):
        with pytest.raises(KeyError, match=r"no layer \"conv7\""):
            grad_cam(model, x, 1, layer="conv7")
        with pytest.raises(ValueError, match="gives no maps"):
            grad_cam(model, x, 1, layer="fc3")
