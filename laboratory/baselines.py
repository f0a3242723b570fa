"""What stands where a part of the picture is missing: the baseline.

Attribution compares the picture with it: occlusion shows it in place of the patch, integrated
gradients begin there, and the deletion curve ends there.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torchvision.transforms import functional as pictures_functional

from laboratory.networks import Network

Kind: TypeAlias = Literal["mean", "zero", "white", "blur"]


def baseline_picture(network: Network, x: Tensor, kind: Kind = "mean") -> Tensor:
    """Return a picture without information, shape (3, H, W), normalized.

    x: the normalized picture, shape (1, 3, H, W).
    kind: "mean", the mean color of the pictures that the network learned from, which is zero after
        normalization; "zero", black; "white"; "blur", the picture itself without its details.
    """
    if kind == "mean":
        return torch.zeros_like(x[0])
    if kind == "zero":
        return network.normalize(torch.zeros_like(x))[0]
    if kind == "white":
        return network.normalize(torch.ones_like(x))[0]
    if kind == "blur":
        return blur(x, x.shape[-1] / 16)[0]
    raise ValueError(f'The kind is "mean", "zero", "white" or "blur", not "{kind}".')


def blur(x: Tensor, sigma: float) -> Tensor:
    """Return pictures (N, C, H, W) blurred by a Gaussian of standard deviation sigma, in pixels."""
    # The filter ends after four sigma, or where mirroring at the border ends.
    reach = min(round(4 * sigma), *(side - 1 for side in x.shape[-2:]))
    size, deviations = 2 * reach + 1, [sigma, sigma]
    # Rows, then columns: the same sums, and 2 * size products for a pixel instead of size**2.
    rows = pictures_functional.gaussian_blur(x, [size, 1], deviations)
    blurred: Tensor = pictures_functional.gaussian_blur(rows, [1, size], deviations)
    return blurred


def picture_and_baseline(x: Tensor, baselines: Tensor | float) -> tuple[Tensor, Tensor]:
    """Return the picture (1, C, H, W) and what stands where it is missing (C, H, W).

    baselines: a picture (C, H, W), or one number.

    Raises ValueError if their shapes are others.
    """
    if x.ndim != 4 or x.shape[0] != 1:
        raise ValueError(
            f"x must be one picture of shape (1, C, H, W); its shape is {tuple(x.shape)}."
        )
    picture = torch.as_tensor(baselines, dtype=x.dtype, device=x.device)
    if picture.ndim and picture.shape != x.shape[1:]:
        raise ValueError(
            f"baselines must be a number or a picture of shape {tuple(x.shape[1:])}; its shape is "
            f"{tuple(picture.shape)}."
        )
    return x, picture.expand(x.shape[1:])
