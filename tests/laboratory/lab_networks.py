"""Small networks and pictures for the tests of the laboratory."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from laboratory import drawn_pictures, small_vgg
from laboratory.occlusion_map import patch_starts

# Tests run side by side: more threads would only wait for each other.
torch.set_num_threads(1)


def drawn(count: int, seed: int = 90) -> tuple[Tensor, Tensor, Tensor]:
    """Normalized pictures, their labels and masks."""
    pictures = drawn_pictures.draw(count, seed=seed)
    images = torch.from_numpy(pictures.images).float() / 255
    return (
        small_vgg.normalize(images),
        torch.from_numpy(pictures.labels),
        torch.from_numpy(pictures.masks),
    )


def tiny(dtype: torch.dtype = torch.float32, *, seed: int = 0) -> nn.Sequential:
    """A network like VGG, with biases, for pictures of 20 x 24 pixels and 5 classes."""
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(6, 6, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 5 * 6, 16),
        nn.ReLU(inplace=True),
        nn.Dropout(0.5),
        nn.Linear(16, 5),
    )
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2)
    return network.to(dtype).eval()


def tiny_pictures(count: int = 2, dtype: torch.dtype = torch.float32, *, seed: int = 1) -> Tensor:
    """Noise of a range that is not one."""
    random = torch.Generator().manual_seed(seed)
    return 2.5 * torch.randn(count, 3, 20, 24, generator=random).to(dtype)


def relative(got: Tensor, expected: Tensor) -> float:
    """Relative L2 distance."""
    assert got.shape == expected.shape
    got, expected = got.detach().double(), expected.detach().double()
    return float((got - expected).norm() / expected.norm())


def agree(got: Tensor, expected: Tensor, tolerance: float = 1e-9) -> None:
    assert got.shape == expected.shape
    assert float((got - expected).detach().norm()) <= tolerance * float(expected.norm())


def plain_gradient(model: nn.Module, image: Tensor, label: int) -> Tensor:
    """One picture, one backward pass, as a beginner would write it."""
    image = image[None].clone().requires_grad_()
    model(image)[0, label].backward()
    assert image.grad is not None
    model.zero_grad()
    return image.grad[0]


def exact_occlusion(
    model: nn.Module,
    x: Tensor,
    patch: tuple[int, int],
    stride: tuple[int, int],
    baseline: Tensor,
) -> Tensor:
    """Scores in float64, one place after the other."""
    model, x = model.double(), x.double()
    model.requires_grad_(False)
    rows = []
    for top in patch_starts(x.shape[2], patch[0], stride[0]):
        row = []
        for left in patch_starts(x.shape[3], patch[1], stride[1]):
            covered = x.clone()
            for i, j in itertools.product(range(patch[0]), range(patch[1])):
                covered[0, :, top + i, left + j] = baseline[:, top + i, left + j]
            row.append(model(covered)[0])
        rows.append(torch.stack(row))
    model.float()
    return torch.stack(rows)


class Guided(torch.autograd.Function):
    """ReLU that lets back only what is positive."""

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
