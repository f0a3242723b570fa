"""Mean and variance of noisy gradients, against loops."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from laboratory import small_vgg
from laboratory.attribution.gradient import gradient
from laboratory.attribution.smoothgrad import smoothgrad, vargrad
from tests.laboratory import lab_networks
from tests.laboratory.attribution.conftest import TARGET


def noisy_gradients(model, image, label, samples, noise_level, random) -> Tensor:
    deviation = noise_level * (image.max() - image.min())
    noise = [torch.randn(image.shape, generator=random).double() for _ in range(samples)]
    return torch.stack(
        [lab_networks.plain_gradient(model, image + deviation * n, label) for n in noise]
    )


class TestSmoothGrad:
    @pytest.mark.parametrize("batch_size", [1, 4, 100])
    def test_against_loops(self, model, x, batch_size):
        options = {"n_samples": 7, "noise_level": 0.15, "seed": 5, "batch_size": batch_size}
        mean = smoothgrad(model, x, TARGET, **options)
        variance = vargrad(model, x, TARGET, **options)
        random = torch.Generator().manual_seed(5)
        for i, (image, label) in enumerate(zip(x, TARGET, strict=True)):
            expected = noisy_gradients(model, image, label, 7, 0.15, random)
            lab_networks.agree(mean[i], expected.mean(0))
            lab_networks.agree(variance[i], expected.var(0))

    def test_no_noise_is_the_gradient(self, model, x):
        got = smoothgrad(model, x, TARGET, n_samples=2, noise_level=0)
        lab_networks.agree(got, gradient(model, x, TARGET))

    def test_noise_follows_the_range_of_the_picture(self, model, x):
        """The same picture with ten times the contrast gets ten times the noise."""
        scaled = nn.Sequential(Scale(0.1), *model).eval()
        options = {"n_samples": 3, "noise_level": 0.2}
        expected = smoothgrad(model, x, TARGET, **options)
        lab_networks.agree(10 * smoothgrad(scaled, 10 * x, TARGET, **options), expected)

    def test_another_seed_another_map(self, model, x):
        first, second = (smoothgrad(model, x, TARGET, n_samples=3, seed=seed) for seed in (0, 1))
        assert not torch.allclose(first, second)

    def test_more_samples_less_noise(self):
        pictures, labels, _ = lab_networks.drawn(1)
        network = small_vgg.load("noise")
        reference = smoothgrad(network, pictures, labels, n_samples=200, seed=99)
        errors = [
            float((smoothgrad(network, pictures, labels, n_samples=n, seed=3) - reference).norm())
            for n in (4, 64)
        ]
        assert errors[1] < 0.5 * errors[0]

    def test_wrong_numbers(self, model, x):
        with pytest.raises(ValueError, match="n_samples must be"):
            smoothgrad(model, x, 1, n_samples=0)
        with pytest.raises(ValueError, match="noise_level not negative"):
            smoothgrad(model, x, 1, noise_level=-0.1)
        with pytest.raises(ValueError, match="at least 2 samples"):
            vargrad(model, x, 1, n_samples=1)


class Scale(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x


class TestNoiseFromAGenerator:
    def test_the_same_numbers(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(2)
        options = {"n_samples": 3, "progress": False}
        by_seed = smoothgrad(model, x, [0, 1], seed=8, **options)
        random = torch.Generator().manual_seed(8)
        assert torch.equal(smoothgrad(model, x, [0, 1], seed=random, **options), by_seed)
        again = smoothgrad(model, x, [0, 1], seed=random, **options)
        assert not torch.equal(again, by_seed)  # it goes on drawing
