"""Occlusion: cover a part of the picture, and see how the score changes.

A low score under the patch says that the network is sensitive to what was covered, nothing more.

Zeiler, Fergus (2014), "Visualizing and understanding convolutional networks".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torchvision.transforms import functional as pictures_functional

from laboratory.batches import batch_starts
from laboratory.layers import autocast, device_of, must_be_ready, pair
from laboratory.networks import Network
from laboratory.progress import track

Fill: TypeAlias = Literal["mean", "zero", "white", "blur"]
Score: TypeAlias = Literal["logit", "probability"]


@dataclass(frozen=True)
class Occlusion:
    """What the network answers while a patch slides over the picture.

    logits: scores of all classes, shape (rows, columns, K), one for every place of the patch.
    clean: scores of the picture without patch, shape (K,).
    tops, lefts: first row and first column that the patch covers, by place.
    patch: height and width of the patch.
    size: height and width of the picture.
    """

    logits: Tensor
    clean: Tensor
    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    patch: tuple[int, int]
    size: tuple[int, int]

    def score(self, target: int, kind: Score = "logit") -> Tensor:
        """Return the score of the class ``target`` under the patch, shape (rows, columns)."""
        return _score(self.logits, target, kind)

    def drop(self, target: int, kind: Score = "logit") -> Tensor:
        """Return how much the score falls under the patch; high where it matters."""
        return _score(self.clean, target, kind) - self.score(target, kind)

    def pixel_map(self, target: int, kind: Score = "logit") -> Tensor:
        """Return for every pixel the mean drop over the places where the patch covers it.

        Returns shape (H, W); zero where the patch never lies.
        """
        drop = self.drop(target, kind)
        rows = self._covered(self.tops, self.patch[0], self.size[0]).to(drop)
        columns = self._covered(self.lefts, self.patch[1], self.size[1]).to(drop)
        total = rows.T @ drop @ columns
        times = torch.outer(rows.sum(0), columns.sum(0))
        return total / times.clamp(min=1)

    @staticmethod
    def _covered(starts: tuple[int, ...], length: int, size: int) -> Tensor:
        """Return which pixels of an axis each place covers, shape (places, size), 0 or 1."""
        offset = torch.arange(size) - torch.tensor(starts)[:, None]
        return ((offset >= 0) & (offset < length)).float()


def _score(logits: Tensor, target: int, kind: Score) -> Tensor:
    if kind == "logit":
        return logits[..., target]
    if kind == "probability":
        return logits.softmax(-1)[..., target]
    raise ValueError(f'kind is "logit" or "probability", not "{kind}".')


def filling(network: Network, x: Tensor, fill: Fill = "mean") -> Tensor:
    """Return what is seen through the patch, shape (3, H, W), normalized like the picture.

    x: the normalized picture, shape (1, 3, H, W).
    fill: "mean", the mean color of the pictures that the network learned from, which is zero after
        normalization; "zero", black; "white"; "blur", the picture itself without its details.
    """
    if fill == "mean":
        return torch.zeros_like(x[0])
    if fill == "zero":
        return network.normalize(torch.zeros_like(x))[0]
    if fill == "white":
        return network.normalize(torch.ones_like(x))[0]
    if fill == "blur":
        return blur(x, x.shape[-1] / 16)[0]
    raise ValueError(f'fill is "mean", "zero", "white" or "blur", not "{fill}".')


def blur(x: Tensor, sigma: float) -> Tensor:
    """Return pictures (N, C, H, W) blurred by a Gaussian of standard deviation sigma, in pixels."""
    # The filter ends after four sigma, or where mirroring at the border ends.
    reach = min(round(4 * sigma), *(side - 1 for side in x.shape[-2:]))
    blurred: Tensor = pictures_functional.gaussian_blur(x, [2 * reach + 1] * 2, [sigma, sigma])
    return blurred


def starts(length: int, patch: int, stride: int) -> tuple[int, ...]:
    """Return where the patch begins along one axis.

    length: of the axis. The last place ends at the border, also where the stride does not divide.

    Raises ValueError if the patch does not fit or the stride is not positive.
    """
    if not 1 <= patch <= length:
        raise ValueError(f"A patch of {patch} pixels does not fit into {length}.")
    if stride < 1:
        raise ValueError(f"The stride must be at least 1; {stride} was given.")
    last = length - patch
    places = tuple(range(0, last + 1, stride))
    return places if places[-1] == last else (*places, last)


def occlude(
    model: nn.Module,
    x: Tensor,
    *,
    patch: int | tuple[int, int],
    stride: int | tuple[int, int],
    fill: Tensor | float = 0.0,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
    progress: bool = True,
) -> Occlusion:
    """Slide a patch over a picture, and run the whole network for every place.

    The plain version, in batches. ``incremental_occlusion.occlude`` gives the same scores sooner.

    model: gets (N, C, H, W) and gives scores (N, K); in evaluation mode.
    x: the normalized picture, shape (1, C, H, W).
    patch, stride: in pixels; one number, or one for the height and one for the width.
    fill: what is seen through the patch: a picture (C, H, W) such as ``filling`` gives, or one
        number, in normalized units: 0 is the mean color.
    batch_size: places that are computed together; bounds the memory.
    device: where to compute; by default where the network is, and the network is moved there.
    dtype: torch.bfloat16 or torch.float16 to run the network under autocast.

    Raises ValueError if sizes do not fit or the network is in training mode.
    """
    must_be_ready(model)
    where = torch.device(device) if device is not None else device_of(model)
    model.to(where)
    x, fill = checked(x.to(where), fill)
    (height, width), (down, right) = pair(patch), pair(stride)
    tops = starts(x.shape[2], height, down)
    lefts = starts(x.shape[3], width, right)
    places = [(top, left) for top in tops for left in lefts]

    def scores(batch: Tensor) -> Tensor:
        with autocast(where, dtype):
            answer: Tensor = model(batch)
        return answer.float()

    with torch.inference_mode():
        clean = scores(x)[0]
        found = []
        for first in track(batch_starts(len(places), batch_size), "occlusion", progress):
            part = places[first : first + batch_size]
            batch = x.repeat(len(part), 1, 1, 1)
            for image, (top, left) in zip(batch, part, strict=True):
                window = (..., slice(top, top + height), slice(left, left + width))
                image[window] = fill[window]
            found.append(scores(batch))
    logits = torch.cat(found).view(len(tops), len(lefts), -1)
    size = (x.shape[2], x.shape[3])
    return Occlusion(logits, clean, tops, lefts, (height, width), size)


def checked(x: Tensor, fill: Tensor | float) -> tuple[Tensor, Tensor]:
    """Return the picture (1, C, H, W) and what is seen through the patch (C, H, W).

    Raises ValueError if their shapes are others.
    """
    if x.ndim != 4 or x.shape[0] != 1:
        raise ValueError(
            f"x must be one picture of shape (1, C, H, W); its shape is {tuple(x.shape)}."
        )
    fill = torch.as_tensor(fill, dtype=x.dtype, device=x.device)
    if fill.ndim and fill.shape != x.shape[1:]:
        raise ValueError(
            f"fill must be a number or a picture of shape {tuple(x.shape[1:])}; its shape is "
            f"{tuple(fill.shape)}."
        )
    return x, fill.expand(x.shape[1:])
