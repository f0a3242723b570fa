"""Gradients and what is made of them, against straightforward computations in float64."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor, nn

from laboratory import gradients, layers, small_vgg
from tests.laboratory import lab_networks

DOUBLE = torch.float64


@pytest.fixture
def model() -> nn.Sequential:
    return lab_networks.tiny(DOUBLE)


@pytest.fixture
def x() -> Tensor:
    return lab_networks.tiny_pictures(3, DOUBLE)


TARGET = [4, 0, 2]  # not what the network finds most likely


def plain_gradient(model: nn.Module, image: Tensor, label: int) -> Tensor:
    """One picture, one backward pass, as a beginner would write it."""
    image = image[None].clone().requires_grad_()
    model(image)[0, label].backward()
    assert image.grad is not None
    model.zero_grad()
    return image.grad[0]


def agree(got: Tensor, expected: Tensor, tolerance: float = 1e-9) -> None:
    assert got.shape == expected.shape
    assert float((got - expected).detach().norm()) <= tolerance * float(expected.norm())


class TestGradient:
    def test_central_differences(self, model, x):
        got = gradients.gradient(model, x[:1], 3)
        step = 1e-6
        for c, i, j in itertools.product((0, 2), (0, 7, 19), (0, 11, 23)):
            higher, lower = x[:1].clone(), x[:1].clone()
            higher[0, c, i, j] += step
            lower[0, c, i, j] -= step
            slope = (model(higher)[0, 3] - model(lower)[0, 3]) / (2 * step)
            assert float(got[0, c, i, j]) == pytest.approx(float(slope.detach()), abs=1e-6)

    @pytest.mark.parametrize("batch_size", [1, 2, 32])
    def test_one_class_per_picture(self, model, x, batch_size):
        got = gradients.gradient(model, x, TARGET, batch_size=batch_size)
        expected = [plain_gradient(model, *one) for one in zip(x, TARGET, strict=True)]
        agree(got, torch.stack(expected))

    def test_twice_is_the_same(self, model, x):
        first = gradients.gradient(model, x, TARGET)
        assert torch.equal(gradients.gradient(model, x, TARGET), first)
        assert all(parameter.grad is None for parameter in model.parameters())
        assert not x.requires_grad

    def test_score_before_softmax(self, model, x):
        """A constant added to all scores, or a sure network, changes nothing."""
        sure = nn.Sequential(*model, nn.Linear(5, 5, dtype=DOUBLE)).eval()
        with torch.no_grad():
            sure[-1].weight.copy_(torch.eye(5))
            sure[-1].bias.copy_(torch.tensor([0, 0, 0, 0, 1000.0]))
        agree(gradients.gradient(sure, x, 4), gradients.gradient(model, x, 4))

    def test_frozen_network(self, model, x):
        expected = gradients.gradient(model, x, 1)
        agree(gradients.gradient(model.requires_grad_(False), x, 1), expected)

    def test_bfloat16_points_in_the_same_direction(self):
        pictures, labels, _ = lab_networks.drawn(4)
        network = small_vgg.load()
        exact = gradients.gradient(network, pictures, labels)
        rough = gradients.gradient(network, pictures, labels, dtype=torch.bfloat16)
        assert rough.dtype == torch.float32
        cosine = nn.functional.cosine_similarity(exact.flatten(1), rough.flatten(1))
        assert 0.8 < float(cosine.min()) < 0.999999

    def test_bad_input(self, model, x):
        with pytest.raises(ValueError, match="N, C, H, W"):
            gradients.gradient(model, x[0], 1)
        with pytest.raises(ValueError, match="one for each of the 3 pictures"):
            gradients.gradient(model, x, [1, 2])
        with pytest.raises(ValueError, match=r"model\.eval"):
            gradients.gradient(model.train(), x, 1)
        with pytest.raises(ValueError, match="dtype is"):
            gradients.gradient(model.eval(), x, 1, dtype=torch.float64)


class TestMaps:
    def test_saliency(self, model, x):
        got = gradients.saliency(model, x, TARGET)
        for picture, (image, label) in enumerate(zip(x, TARGET, strict=True)):
            derivative = plain_gradient(model, image, label)
            for i, j in itertools.product((0, 9, 19), (0, 12, 23)):
                expected = max(abs(float(derivative[c, i, j])) for c in range(3))
                assert float(got[picture, i, j]) == pytest.approx(expected)

    def test_strongest_sees_negative_derivatives(self):
        derivative = torch.tensor([1.0, -3, 2]).view(1, 3, 1, 1)
        assert gradients.strongest(derivative).item() == 3

    def test_gradient_times_input(self, model, x):
        got = gradients.gradient_times_input(model, x, TARGET)
        agree(got, gradients.gradient(model, x, TARGET) * x)


class TestIntegratedGradients:
    @pytest.mark.parametrize("batch_size", [1, 7, 100])
    def test_against_loops(self, model, x, batch_size):
        baseline = torch.full_like(x[0], 0.5)
        got = gradients.integrated_gradients(
            model, x, TARGET, baseline=baseline, steps=6, batch_size=batch_size
        )
        for image, label, found in zip(x, TARGET, got, strict=True):
            total = torch.zeros_like(image)
            for step in range(6):
                share = (step + 0.5) / 6
                total += plain_gradient(model, baseline + share * (image - baseline), label)
            agree(found, (image - baseline) * total / 6)

    def test_sum_is_the_difference_of_the_scores(self, model, x):
        got = gradients.integrated_gradients(model, x, TARGET, steps=1000)
        scores = model(x) - model(torch.zeros_like(x))
        expected = scores[range(3), TARGET].detach()
        assert torch.allclose(got.sum((1, 2, 3)), expected, rtol=2e-3, atol=1e-3)

    def test_of_a_linear_network_it_is_exact(self, x):
        linear = nn.Sequential(nn.Flatten(), nn.Linear(3 * 20 * 24, 2, dtype=DOUBLE)).eval()
        got = gradients.integrated_gradients(linear, x, 1, steps=1)
        agree(got, linear[1].weight[1].detach().view(3, 20, 24) * x)

    def test_no_steps(self, model, x):
        with pytest.raises(ValueError, match="steps must be at least 1"):
            gradients.integrated_gradients(model, x, 1, steps=0)


def noisy_gradients(model, image, label, samples, level, random) -> Tensor:
    deviation = level * (image.max() - image.min())
    noise = [torch.randn(image.shape, generator=random).double() for _ in range(samples)]
    return torch.stack([plain_gradient(model, image + deviation * n, label) for n in noise])


class TestSmoothGrad:
    @pytest.mark.parametrize("batch_size", [1, 4, 100])
    def test_against_loops(self, model, x, batch_size):
        options = {"samples": 7, "level": 0.15, "seed": 5, "batch_size": batch_size}
        mean = gradients.smoothgrad(model, x, TARGET, **options)
        variance = gradients.vargrad(model, x, TARGET, **options)
        random = torch.Generator().manual_seed(5)
        for i, (image, label) in enumerate(zip(x, TARGET, strict=True)):
            expected = noisy_gradients(model, image, label, 7, 0.15, random)
            agree(mean[i], expected.mean(0))
            agree(variance[i], expected.var(0))

    def test_no_noise_is_the_gradient(self, model, x):
        got = gradients.smoothgrad(model, x, TARGET, samples=2, level=0)
        agree(got, gradients.gradient(model, x, TARGET))

    def test_noise_follows_the_range_of_the_picture(self, model, x):
        """The same picture with ten times the contrast gets ten times the noise."""
        scaled = nn.Sequential(Scale(0.1), *model).eval()
        options = {"samples": 3, "level": 0.2}
        expected = gradients.smoothgrad(model, x, TARGET, **options)
        agree(10 * gradients.smoothgrad(scaled, 10 * x, TARGET, **options), expected)

    def test_another_seed_another_map(self, model, x):
        first, second = (
            gradients.smoothgrad(model, x, TARGET, samples=3, seed=seed) for seed in (0, 1)
        )
        assert not torch.allclose(first, second)

    def test_more_samples_less_noise(self):
        pictures, labels, _ = lab_networks.drawn(1)
        network = small_vgg.load("noise")
        reference = gradients.smoothgrad(network, pictures, labels, samples=200, seed=99)
        errors = [
            float(
                (
                    gradients.smoothgrad(network, pictures, labels, samples=n, seed=3) - reference
                ).norm()
            )
            for n in (4, 64)
        ]
        assert errors[1] < 0.5 * errors[0]

    def test_wrong_numbers(self, model, x):
        with pytest.raises(ValueError, match="samples must be"):
            gradients.smoothgrad(model, x, 1, samples=0)
        with pytest.raises(ValueError, match="level not negative"):
            gradients.smoothgrad(model, x, 1, level=-0.1)
        with pytest.raises(ValueError, match="at least 2 samples"):
            gradients.vargrad(model, x, 1, samples=1)


class Scale(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x


class TestFluctuation:
    def test_against_loops(self, model, x):
        found = gradients.fluctuation(
            model, x[:1], 2, pixel=(4, 9), level=0.3, points=5, seed=8, batch_size=2
        )
        noise = torch.randn((1, 3, 20, 24), generator=torch.Generator().manual_seed(8))[0].double()
        noise *= 0.3 * (x[0].max() - x[0].min())
        assert found.t.tolist() == [0, 0.25, 0.5, 0.75, 1]
        expected = [plain_gradient(model, x[0] + t * noise, 2)[:, 4, 9] for t in found.t]
        agree(found.derivatives, torch.stack(expected))

    def test_scaled(self, model, x):
        found = gradients.fluctuation(model, x[:1], 2, pixel=(4, 9), points=5)
        assert torch.allclose(found.scaled().abs().amax(1), torch.ones(5, dtype=DOUBLE))
        assert torch.equal(found.scaled().sign(), found.derivatives.sign())

    def test_one_picture_only(self, model, x):
        with pytest.raises(ValueError, match="one picture"):
            gradients.fluctuation(model, x, 2, pixel=(4, 9))


class TestGuidedBackprop:
    def test_by_hand(self):
        """Weights 2 and -3 above two units, of which the second would get less than nothing."""
        first, last = nn.Linear(2, 3, bias=False), nn.Linear(3, 1, bias=False)
        with torch.no_grad():
            first.weight.copy_(torch.tensor([[1.0, 0], [0, 1], [-1, 0]]))
            last.weight.copy_(torch.tensor([[2.0, -3, 5]]))
        network = nn.Sequential(nn.Flatten(), first, nn.ReLU(), last).eval()
        x = torch.ones(1, 1, 1, 2)
        assert gradients.gradient(network, x, 0).flatten().tolist() == [2, -3]
        assert gradients.guided_backprop(network, x, 0).flatten().tolist() == [2, 0]

    def test_against_a_relu_of_its_own(self, model, x):
        class Guided(torch.autograd.Function):
            @staticmethod
            def forward(ctx, given):
                ctx.save_for_backward(given)
                return given.clamp(min=0)

            @staticmethod
            def backward(ctx, upstream):
                (given,) = ctx.saved_tensors
                return upstream * (given > 0) * (upstream > 0)

        class GuidedReLU(nn.Module):
            def forward(self, given):
                return Guided.apply(given)

        other = nn.Sequential(
            *(GuidedReLU() if isinstance(one, nn.ReLU) else one for one in model)
        ).eval()
        got = gradients.guided_backprop(model, x, TARGET, batch_size=2)
        expected = [plain_gradient(other, *one) for one in zip(x, TARGET, strict=True)]
        agree(got, torch.stack(expected))

    def test_leaves_no_trace(self, model, x):
        before = gradients.gradient(model, x, TARGET)
        gradients.guided_backprop(model, x, TARGET)
        assert torch.equal(gradients.gradient(model, x, TARGET), before)
        assert all(one.inplace for one in model if isinstance(one, nn.ReLU))

    def test_needs_relu(self, x):
        network = nn.Sequential(nn.Flatten(), nn.Linear(1440, 2, dtype=DOUBLE)).eval()
        with pytest.raises(ValueError, match=r"nn\.ReLU"):
            gradients.guided_backprop(network, x, 0)


class TestGradCam:
    @pytest.mark.parametrize("layer", ["conv1_2", "relu1_1", "pool1", "relu2_1"])
    @pytest.mark.parametrize("batch_size", [1, 2, 32])
    def test_against_loops(self, model, x, layer, batch_size):
        got = gradients.grad_cam(model, x, TARGET, layer=layer, resize=False, batch_size=batch_size)
        names = [one.name for one in layers.chain(model)]
        cut = names.index(layer) + 1
        for image, label, found in zip(x, TARGET, got, strict=True):
            with layers.not_in_place(model):
                maps = model[:cut](image[None]).detach().requires_grad_()
                model[cut:](maps)[0, label].backward()
            expected = torch.zeros(maps.shape[2:], dtype=DOUBLE)
            for activation, derivative in zip(maps[0].detach(), maps.grad[0], strict=True):
                expected += derivative.mean() * activation
            agree(found, expected.clamp(min=0))

    def test_resized(self, model, x):
        small = gradients.grad_cam(model, x, TARGET, layer="relu2_1", resize=False)
        large = gradients.grad_cam(model, x, TARGET, layer="relu2_1")
        assert small.shape == (3, 10, 12)
        assert large.shape == (3, 20, 24)
        assert float(large.min()) >= 0
        assert float(large.max()) <= float(small.max()) + 1e-12

    def test_frozen_network_and_path(self, model, x):
        expected = gradients.grad_cam(model, x, TARGET, layer="conv2_1")
        agree(gradients.grad_cam(model.requires_grad_(False), x, TARGET, layer="5"), expected)

    def test_wrong_layers(self, model, x):
        with pytest.raises(KeyError, match=r"no layer \"conv7\""):
            gradients.grad_cam(model, x, 1, layer="conv7")
        with pytest.raises(ValueError, match="gives no maps"):
            gradients.grad_cam(model, x, 1, layer="fc3")


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
        agree(gradients.gradient(clean, x, TARGET).abs(), expected)

    def test_integrated_gradients(self, attr, clean, x):
        expected = attr.IntegratedGradients(clean).attribute(
            x, target=TARGET, n_steps=10, method="riemann_middle"
        )
        got = gradients.integrated_gradients(clean, x, TARGET, steps=10)
        agree(got, expected, 1e-6)  # Captum's steps are float32

    def test_guided_backprop(self, attr, clean, x):
        expected = attr.GuidedBackprop(clean).attribute(x.clone().requires_grad_(), target=TARGET)
        agree(gradients.guided_backprop(clean, x, TARGET), expected)

    def test_grad_cam(self, attr, clean, x):
        expected = attr.LayerGradCam(clean, clean[5]).attribute(
            x.clone().requires_grad_(), target=TARGET, relu_attributions=True
        )
        got = gradients.grad_cam(clean, x, TARGET, layer="conv2_1", resize=False)
        agree(got, expected[:, 0].detach())

    def test_occlusion(self, attr, clean, x):
        from laboratory import incremental_occlusion

        expected = attr.Occlusion(clean.float()).attribute(
            x[:1].float(), (3, 4, 6), strides=(3, 4, 6), target=4, perturbations_per_eval=8
        )
        got = incremental_occlusion.occlude(clean, x[:1].float(), patch=(4, 6), stride=(4, 6))
        agree(got.pixel_map(4), expected[0, 0].detach(), 1e-4)
