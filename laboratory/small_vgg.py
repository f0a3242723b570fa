"""The course's own network: VGG16 with an eighth of its channels, trained on drawn pictures.

The same 13 convolutional and 3 linear layers, in the same order and under the same names as in
torchvision's VGG16, for pictures of 96 x 96 pixels. It is trained with batch normalization, which
is folded into the convolutions afterwards, so that only convolutions, ReLU, max pooling and linear
layers are left. The weights lie beside this file, as float16; ``train_small_vgg.py`` makes them.

Simonyan, Zisserman (2015), "Very deep convolutional networks for large-scale image recognition".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from laboratory import drawn_pictures

Training: TypeAlias = Literal["plain", "noise", "robust"]

STAGES = ((8, 8), (16, 16), (32, 32, 32), (64, 64, 64), (64, 64, 64))
"""Filters of the convolutional layers; max pooling stands after each stage."""

HIDDEN = 128
"""Units of the two hidden linear layers."""

POOLED = drawn_pictures.SIZE // 2 ** len(STAGES)
"""Height and width of what the linear layers get."""

MEAN = (0.5, 0.5, 0.5)
STD = (0.25, 0.25, 0.25)
"""The network gets (picture - MEAN) / STD, with pictures from 0 to 1."""

FILES: dict[Training, Path] = {
    "plain": Path(__file__).with_name("small_vgg.npz"),
    "noise": Path(__file__).with_name("small_vgg_noise.npz"),
    "robust": Path(__file__).with_name("small_vgg_robust.npz"),
}
"""The weights, by how they were trained.

"noise" saw pictures with noise at the end, and "robust" then pictures that attacked it: see
``robust_training``.
"""


@dataclass(frozen=True)
class Metadata:
    """How a file of weights came about.

    training: "plain", "noise" or "robust".
    seed: of the training.
    epochs: how often each training picture was seen.
    training_pictures, training_seed: the pictures it learned from (``drawn_pictures.draw``).
    test_pictures, test_seed: other pictures, and how many of them it classified correctly.
    sha256: of the weights, see ``digest``.
    """

    training: Training
    seed: int
    epochs: int
    training_pictures: int
    training_seed: int
    test_pictures: int
    test_seed: int
    test_correct: int
    torch_version: str
    sha256: str


class SmallVGG(nn.Module):
    """VGG16 with few channels; ``features``, ``avgpool`` and ``classifier`` as in torchvision."""

    def __init__(self, *, batch_norm: bool = False, dropout: float = 0.2) -> None:
        """Make an untrained network.

        batch_norm: normalize after each convolution, as while training.
        dropout: share of the hidden units that are dropped while training.
        """
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for stage in STAGES:
            for filters in stage:
                layers.append(nn.Conv2d(channels, filters, 3, padding=1))
                if batch_norm:
                    layers.append(nn.BatchNorm2d(filters))
                layers.append(nn.ReLU(inplace=True))
                channels = filters
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((POOLED, POOLED))
        self.classifier = nn.Sequential(
            nn.Linear(channels * POOLED**2, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(HIDDEN, len(drawn_pictures.CLASSES)),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 10) of normalized pictures (N, 3, 96, 96)."""
        x = self.avgpool(self.features(x))
        scores: Tensor = self.classifier(torch.flatten(x, 1))
        return scores


def fold_batch_norm(network: SmallVGG) -> SmallVGG:
    """Return the same function without batch normalization, ready to be used (``eval``)."""
    folded = SmallVGG()
    convolutions = [layer for layer in folded.features if isinstance(layer, nn.Conv2d)]
    trained = list(network.eval().features)
    pairs = [
        (layer, trained[place + 1])
        for place, layer in enumerate(trained)
        if isinstance(layer, nn.Conv2d)
    ]
    with torch.no_grad():
        for target, (convolution, norm) in zip(convolutions, pairs, strict=True):
            assert isinstance(convolution, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            target.load_state_dict(fuse_conv_bn_eval(convolution, norm).state_dict())
    folded.classifier.load_state_dict(network.classifier.state_dict())
    return folded.eval()


def digest(weights: dict[str, np.ndarray]) -> str:
    """Return the SHA-256 of weights: of names, shapes and little-endian bytes, by name."""
    total = hashlib.sha256()
    for name in sorted(weights):
        array = weights[name]
        total.update(f"{name} {array.shape} {array.dtype.name}\n".encode())
        total.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
    return total.hexdigest()


def half_weights(network: SmallVGG) -> dict[str, np.ndarray]:
    """Return the weights of a folded network as float16 arrays, by name."""
    return {
        name: tensor.detach().cpu().half().numpy() for name, tensor in network.state_dict().items()
    }


def save(path: Path, network: SmallVGG, metadata: Metadata) -> None:
    """Write a folded network and its metadata to a file without pickles.

    Raises ValueError if the metadata belongs to other weights.
    """
    weights = half_weights(network)
    if digest(weights) != metadata.sha256:
        raise ValueError("metadata.sha256 is not the digest of these weights.")
    text = json.dumps(asdict(metadata), indent=1)
    np.savez(path, allow_pickle=False, metadata=np.array(text), **weights)


def read_metadata(training: Training | Path = "plain") -> Metadata:
    """Return what is known about the committed weights, or about those of a file."""
    with np.load(_path(training), allow_pickle=False) as stored:
        return Metadata(**json.loads(str(stored["metadata"])))


def load(training: Training | Path = "plain", *, device: torch.device | str = "cpu") -> SmallVGG:
    """Return the trained network, ready to be used (``eval``, frozen), in float32.

    Its weights lie channels last, which makes it three times as fast on a CPU.

    training: "plain", or "noise" for the one that saw noise on its pictures at the end, or
        "robust" for the one that was attacked then;
        or another file that ``save`` wrote.

    Raises ValueError if the file is damaged: its weights do not have the stored SHA-256.
    """
    path = _path(training)
    with np.load(path, allow_pickle=False) as stored:
        weights = {name: stored[name] for name in stored.files if name != "metadata"}
    if digest(weights) != read_metadata(training).sha256:
        raise ValueError(
            f"{path.name} is damaged: its weights do not have the SHA-256 that stands "
            "in its metadata. Take the file again from the course's repository."
        )
    network = SmallVGG()
    network.load_state_dict(
        {name: torch.from_numpy(array.astype(np.float32)) for name, array in weights.items()}
    )
    network.requires_grad_(False)
    return network.eval().to(device).to(memory_format=torch.channels_last)


def _path(training: Training | Path) -> Path:
    return training if isinstance(training, Path) else FILES[training]


def normalize(images: Tensor) -> Tensor:
    """Return (picture - MEAN) / STD of pictures (N, 3, H, W) from 0 to 1."""
    mean, std = (images.new_tensor(value).view(3, 1, 1) for value in (MEAN, STD))
    return (images - mean) / std
