"""One way to get a trained network, whichever can be had.

VGG16 and AlexNet come with torchvision's ImageNet weights (``weights.py``). Where these cannot be
had, the course's own small VGG takes their place, with a warning. What comes back says which
network it is: ``caption`` belongs beside what it made.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms import functional as pictures_functional

from laboratory import drawn_pictures, small_vgg
from laboratory.weights import (
    VARIABLES,
    Pretrained,
    WeightsError,
    WeightsFile,
    WeightsMissingError,
    find_weights,
    torchvision_weights,
)

Name: TypeAlias = Pretrained | Literal["small_vgg", "small_vgg_noise", "small_vgg_robust"]
Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Network:
    """A trained network with everything that is needed to show it a picture.

    name: for headings, such as "VGG16".
    caption: which network it is, for the caption of a figure.
    model: gets normalized pictures (N, 3, H, W) and gives scores (N, K); ready to be used.
    classes: the K names of the classes.
    mean, std: what is subtracted from each channel of a picture from 0 to 1, and what it is then
        divided by.
    size: height and width of the pictures it was trained on.
    resize: shorter side to which a picture is scaled before the middle is cut out.
    trained: whether that is known: not for a file that is not torchvision's own.
    """

    name: str
    caption: str
    model: nn.Module
    classes: tuple[str, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    size: int
    resize: int
    trained: bool = True

    @property
    def device(self) -> torch.device:
        """The device that the network is on."""
        return next(self.model.parameters()).device

    def prepare(self, picture: Array | Tensor | Image.Image) -> Tensor:
        """Return a picture as the network wants it, normalized, shape (1, 3, size, size).

        picture: shape (H, W, 3) as photographs come, (3, H, W), or (H, W) in gray; uint8, or
            floating-point from 0 to 1. Or a picture of PIL, in color, gray or with a palette.

        Raises ValueError if it is none of these.
        """
        return self.normalize(self.crop(picture))

    def crop(self, picture: Array | Tensor | Image.Image) -> Tensor:
        """Return the middle of a picture, scaled, from 0 to 1, shape (1, 3, size, size).

        picture: see ``prepare``.
        """
        if isinstance(picture, Image.Image) and picture.mode == "P":
            picture = picture.convert("RGB")  # its numbers are those of colors in a palette
        image: Tensor = (
            picture if isinstance(picture, Tensor) else torch.from_numpy(np.array(picture))
        )
        if image.ndim == 2:
            image = image.expand(3, *image.shape)
        elif image.ndim == 3 and image.shape[-1] == 3:
            image = image.permute(2, 0, 1)
        if image.ndim != 3 or image.shape[0] != 3:
            raise ValueError(
                f"A picture has the shape (H, W, 3), (3, H, W) or (H, W); this one has "
                f"{tuple(image.shape)}."
            )
        if not image.is_floating_point() and image.dtype != torch.uint8:
            raise ValueError(f"A picture is uint8 or floating-point; this one is {image.dtype}.")
        if image.is_floating_point() and not (image.min() >= 0 and image.max() <= 1):
            raise ValueError(
                f"A floating-point picture has values from 0 to 1; this one goes from "
                f"{float(image.min()):g} to {float(image.max()):g}."
            )
        image = image.to(self.device)
        image = pictures_functional.resize(image, [self.resize], antialias=True)
        image = pictures_functional.center_crop(image, [self.size, self.size])
        if image.dtype == torch.uint8:
            image = image.float() / 255
        return image.float().unsqueeze(0)

    def normalize(self, images: Tensor) -> Tensor:
        """Return (images - mean) / std of pictures (N, 3, H, W) from 0 to 1."""
        return (images - self._channel(self.mean, images)) / self._channel(self.std, images)

    def unnormalize(self, x: Tensor) -> Tensor:
        """Return the pictures, from 0 to 1, of a normalized batch (N, 3, H, W)."""
        images = x * self._channel(self.std, x) + self._channel(self.mean, x)
        return images.clamp(0, 1)

    def top(self, x: Tensor, count: int = 5) -> list[tuple[str, float]]:
        """Return the classes with the highest probabilities for one picture (1, 3, H, W)."""
        with torch.inference_mode():
            probabilities = self.model(x).softmax(1)[0]
        best = probabilities.topk(min(count, len(self.classes)))
        return [
            (self.classes[int(label)], float(value))
            for value, label in zip(best.values, best.indices, strict=True)
        ]

    @staticmethod
    def _channel(values: tuple[float, float, float], like: Tensor) -> Tensor:
        return torch.tensor(values, dtype=like.dtype, device=like.device).view(3, 1, 1)


def load_network(
    name: Name = "vgg16",
    *,
    device: torch.device | str = "cpu",
    download: bool = True,
    fallback: bool = True,
) -> Network:
    """Return a trained network.

    name: "vgg16" or "alexnet", with torchvision's ImageNet weights; "small_vgg", "small_vgg_noise"
        or "small_vgg_robust", the course's own.
    download: get the weights from the internet (VGG16: 528 MiB) where they are nowhere else.
    fallback: take the small VGG where the weights cannot be had, with a warning.

    Raises WeightsError if a file is not what it should be, or, without fallback, if the weights
    cannot be had.
    """
    if name == "small_vgg":
        return _small(device, "plain")
    if name == "small_vgg_noise":
        return _small(device, "noise")
    if name == "small_vgg_robust":
        return _small(device, "robust")
    if name not in VARIABLES:
        raise ValueError(
            f'There is no network "{name}". There are: {", ".join(VARIABLES)}, small_vgg, '
            "small_vgg_noise and small_vgg_robust."
        )
    try:
        file = find_weights(name, download=download)
    except WeightsMissingError as missing:
        if not fallback:
            raise
        warnings.warn(f"{missing} The course's small VGG takes its place.", stacklevel=2)
        # Of the two, this one bears noise like a network that has seen many photographs.
        return _small(device, "noise")
    return _from_file(name, file, torch.device(device))


def _small(device: torch.device | str, training: small_vgg.Training) -> Network:
    also = {
        "plain": "",
        "noise": ", at the end with noise on its pictures",
        "robust": ", then with noise on its pictures, at the end on attacked ones",
    }[training]
    return Network(
        name="small VGG",
        caption=f"The course's small VGG (VGG16 with an eighth of its channels), trained on drawn "
        f"pictures{also}.",
        model=small_vgg.load(training, device=device),
        classes=drawn_pictures.CLASSES,
        mean=small_vgg.MEAN,
        std=small_vgg.STD,
        size=drawn_pictures.SIZE,
        resize=drawn_pictures.SIZE,
    )


def _from_file(name: Pretrained, file: WeightsFile, device: torch.device) -> Network:
    weights = torchvision_weights(name)
    with torch.device("meta"):  # no time for random numbers that are overwritten at once
        model = torchvision.models.get_model(name, weights=None)
    try:
        state = torch.load(file.path, map_location=device, weights_only=True)
        model.load_state_dict(state, assign=True)
    except Exception as error:
        raise WeightsError(
            f"{file.path} does not hold the weights of torchvision's {name}: {error}"
        ) from error
    preset = weights.transforms()
    title = {"vgg16": "VGG16", "alexnet": "AlexNet"}[name]
    caption = (
        f"{title}, trained on ImageNet (torchvision, {weights.name})."
        if file.official
        else f"{title} with weights from a file of unknown origin ({file.path.name})."
    )
    return Network(
        name=title,
        caption=caption,
        model=model.float().eval().requires_grad_(False),
        classes=tuple(weights.meta["categories"]),
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        size=preset.crop_size[0],
        resize=preset.resize_size[0],
        trained=file.official,
    )
