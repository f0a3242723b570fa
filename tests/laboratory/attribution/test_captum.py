"""The same maps as the library that most people use."""

from __future__ import annotations

import pytest

from laboratory import layers
from laboratory.attribution.grad_cam import grad_cam
from laboratory.attribution.gradient import gradient
from laboratory.attribution.guided_backprop import guided_backprop
from laboratory.attribution.integrated_gradients import integrated_gradients
from laboratory.attribution.occlusion import occlusion
from tests.laboratory import lab_networks
from tests.laboratory.attribution.conftest import TARGET


class TestCaptum:
    """The same maps as the library that most people use."""

    @pytest.fixture
    def attr(self):
        import captum.attr

        return captum.attr

    @pytest.fixture
    def clean(self, model):
        """Captum wants layers that do not overwrite their input."""
        with layers.not_in_place(model):
            yield model

    def test_saliency(self, attr, clean, x):
        expected = attr.Saliency(clean).attribute(x.clone().requires_grad_(), target=TARGET)
        lab_networks.agree(gradient(clean, x, TARGET).abs(), expected)

    def test_integrated_gradients(self, attr, clean, x):
        expected = attr.IntegratedGradients(clean).attribute(
            x, target=TARGET, n_steps=10, method="riemann_middle"
        )
        got = integrated_gradients(clean, x, TARGET, n_steps=10)
        lab_networks.agree(got, expected, 1e-6)  # Captum's steps are float32

    def test_guided_backprop(self, attr, clean, x):
        expected = attr.GuidedBackprop(clean).attribute(x.clone().requires_grad_(), target=TARGET)
        lab_networks.agree(guided_backprop(clean, x, TARGET), expected)

    def test_grad_cam(self, attr, clean, x):
        expected = attr.LayerGradCam(clean, clean[5]).attribute(
            x.clone().requires_grad_(), target=TARGET, relu_attributions=True
        )
        got = grad_cam(clean, x, TARGET, layer="conv2_1", resize=False)
        lab_networks.agree(got, expected[:, 0].detach())

    def test_occlusion(self, attr, clean, x):
        expected = attr.Occlusion(clean.float()).attribute(
            x[:1].float(), (3, 4, 6), strides=(3, 4, 6), target=4, perturbations_per_eval=8
        )
        got = occlusion(clean, x[:1].float(), patch=(4, 6), stride=(4, 6))
        lab_networks.agree(got.pixel_map(4), expected[0, 0].detach(), 1e-4)
