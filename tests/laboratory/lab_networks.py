"""Small networks and pictures for the tests of the laboratory."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from laboratory import drawn_pictures, small_vgg

# Tests run side by side: more threads would only wait for each other.
torch.set_num_threads(1)


def drawn(count: int, seed: int = 90) -> tuple[Tensor, Tensor, Tensor]:
    """Normalized pictures, their labels and masks."""
    shown = drawn_pictures.draw(count, seed=seed)
    images = torch.from_numpy(shown.images).float() / 255
    return (
        small_vgg.normalize(images),
        torch.from_numpy(shown.labels),
        torch.from_numpy(shown.masks),
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
