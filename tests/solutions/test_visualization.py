"""Exercise "visualization": the functions on torchvision's VGG16, as its text promises."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import VGG, vgg16

from laboratory import activations, evaluation, layers
from laboratory.attribution import grad_cam as laboratory_cam
from laboratory.attribution import occlusion
from laboratory.attribution.gradient import gradient
from laboratory.attribution.saliency import saliency
from solutions.visualization.tasks.filter_grid import filter_grid
from solutions.visualization.tasks.grad_cam import grad_cam
from solutions.visualization.tasks.gradient_path import gradient_path
from solutions.visualization.tasks.layer_outputs import layer_outputs
from solutions.visualization.tasks.occlusion_map import occlusion_map
from solutions.visualization.tasks.pointing_game import pointing_game
from solutions.visualization.tasks.saliency_map import saliency_map
from solutions.visualization.tasks.smoothgrad import smoothgrad
from tests import COURSE
from tests.laboratory import lab_networks

TARGETS = torch.tensor([281, 7])


@pytest.fixture(scope="module")
def vgg() -> VGG:
    """VGG16 as torchvision has it, with random weights that keep the size of the numbers."""
    torch.manual_seed(0)
    with torch.device("meta"):  # its own start takes five times as long
        model = vgg16(weights=None, init_weights=False)
    model = model.to_empty(device="cpu").eval().requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            inputs = layer.weight[0].numel()
            layer.weight.uniform_(-((6 / inputs) ** 0.5), (6 / inputs) ** 0.5)
            assert layer.bias is not None
            layer.bias.uniform_(-0.1, 0.1)
    return model


@pytest.fixture(scope="module")
def sequence(vgg: VGG) -> nn.Sequential:
    """VGG16 laid out by the line of code that the exercise gives."""
    text = (COURSE / "solutions" / "visualization" / "visualization.md").read_text()
    [line] = re.findall(r"^sequence = (nn\.Sequential\(.*\))$", text, re.M)
    made = eval(line, {"nn": nn, "vgg16": vgg})
    assert isinstance(made, nn.Sequential)
    return made


@pytest.fixture(scope="module")
def x() -> Tensor:
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def close(got: Tensor, expected: Tensor) -> None:
    # In float32, batches of another size are rounded otherwise, and a ReLU near zero may flip.
    lab_networks.agree(got, expected, 5e-3)


def test_torchvisions_vgg16_is_no_sequence(vgg: VGG, sequence: nn.Sequential, x: Tensor) -> None:
    with pytest.raises(TypeError, match="not iterable"):
        iter(vgg)  # type: ignore[call-overload]
    assert len(sequence) == 40
    with torch.no_grad():
        assert torch.equal(sequence(x), vgg(x))


def test_layer_outputs_on_vgg16(vgg: VGG, sequence: nn.Sequential, x: Tensor) -> None:
    outputs = layer_outputs(sequence, x)
    recorded = activations.layer_outputs(vgg, x)
    named = [layer for layer in layers.chain(vgg) if layer.path]
    places = [i for i, layer in enumerate(sequence) if not isinstance(layer, nn.Flatten)]
    assert len(named) == len(places)
    for place, layer in zip(places, named, strict=True):
        close(outputs[place], recorded[layer.name])


def test_filter_grid_on_vgg16(vgg: VGG, sequence: nn.Sequential) -> None:
    first = sequence[0].weight
    slices = first[:, 1]
    low, high = slices.amin((1, 2), keepdim=True), slices.amax((1, 2), keepdim=True)
    grid = activations.grid((slices - low) / (high - low), columns=8)
    close(filter_grid(first, 1, 8), grid.nan_to_num(0.0))


def test_occlusion_map_on_vgg16(vgg: VGG, sequence: nn.Sequential, x: Tensor) -> None:
    scores = occlusion_map(sequence, x[0], 281, 32, 16, 0.0, 9)
    exact = occlusion.occlusion(vgg, x[:1], patch=32, stride=16, batch_size=9, progress=False)
    close(scores, exact.logits[..., 281])


def test_saliency_map_on_vgg16(vgg: VGG, sequence: nn.Sequential, x: Tensor) -> None:
    close(saliency_map(sequence, x, TARGETS), saliency(vgg, x, TARGETS))


def test_gradient_path_on_vgg16(vgg: VGG, sequence: nn.Sequential, x: Tensor) -> None:
    times, step = torch.tensor([0.0, 0.5, 1.0]), 0.1 * x[1]
    pictures = torch.stack([x[0] + t * step for t in times])
    path = gradient_path(sequence, x[0], 281, 20, 40, step, times)
    close(path, gradient(vgg, pictures, 281)[:, :, 20, 40])


def test_smoothgrad_on_vgg16(vgg: VGG, sequence: nn.Sequential, x: Tensor) -> None:
    noise = torch.randn(3, *x.shape[1:], generator=torch.Generator().manual_seed(2))
    pictures = x[0] + 0.15 * (x[0].max() - x[0].min()) * noise
    close(smoothgrad(sequence, x[0], 281, noise, 0.15), gradient(vgg, pictures, 281).mean(0))


def test_grad_cam_and_pointing_game_on_vgg16(vgg: VGG, sequence: nn.Sequential, x: Tensor) -> None:
    maps = grad_cam(sequence, x, TARGETS, 29)
    assert maps.any(dim=(1, 2)).all()
    expected = laboratory_cam.grad_cam(vgg, x, TARGETS, layer="relu5_3", resize=False)
    close(maps, expected)
    left = torch.zeros_like(maps, dtype=torch.bool)
    left[:, :, : maps.shape[2] // 2] = True
    for masks in (left, ~left):
        share = evaluation.pointing_game(expected, masks).mean().item()
        assert pointing_game(maps, masks) == pytest.approx(share)
