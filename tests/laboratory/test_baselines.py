"""What stands where a part of the picture is missing."""

from __future__ import annotations

import pytest
import torch

from laboratory.baselines import baseline_picture, blur
from laboratory.networks import load_network
from tests.laboratory import lab_networks


class TestBaselines:
    def test_kinds(self):
        network = load_network("small_vgg")
        x, _, _ = lab_networks.drawn(1)
        assert not baseline_picture(network, x, "mean").any()
        black = network.unnormalize(baseline_picture(network, x, "zero")[None])
        assert black.abs().max() < 1e-6
        white = network.unnormalize(baseline_picture(network, x, "white")[None])
        assert (white - 1).abs().max() < 1e-6
        with pytest.raises(ValueError, match='"mean", "zero", "white" or "blur"'):
            baseline_picture(network, x, "gray")

    def test_blur_has_no_details(self):
        network = load_network("small_vgg")
        x, _, _ = lab_networks.drawn(1)
        blurred = baseline_picture(network, x, "blur")
        assert blurred.shape == x.shape[1:]
        assert float(blurred.mean()) == pytest.approx(float(x.mean()), abs=0.05)
        roughness = [picture.diff(dim=-1).abs().mean() for picture in (blurred, x[0])]
        assert roughness[0] < 0.2 * roughness[1]

    def test_blur_is_gaussian(self):
        impulse = torch.zeros(1, 1, 41, 41)
        impulse[..., 20, 20] = 1
        away = torch.arange(-20.0, 21)
        profile = torch.exp(-(away**2) / (2 * 3**2))
        profile = torch.where(away.abs() <= 12, profile, 0)
        expected = torch.outer(profile, profile) / profile.sum() ** 2
        assert torch.allclose(blur(impulse, 3.0)[0, 0], expected, atol=1e-6)
