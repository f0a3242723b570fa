"""What the network answers while a patch slides over the picture, and what is read off it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Score: TypeAlias = Literal["logit", "probability"]


@dataclass(frozen=True)
class OcclusionMap:
    """Scores of all classes for every place of the patch.

    logits: shape (rows, columns, K), one row and column for every place of the patch.
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


def must_be_exact_enough(dtype: torch.dtype) -> None:
    """Raise ValueError for a type in which a map would be several per cent wrong: bfloat16.

    A drop is a small difference of large sums, most of all where filters take differences of
    neighbors, as those of the first layers do: of VGG16's real convolutions, the error is 3 %.
    """
    if dtype == torch.bfloat16:
        raise ValueError(
            "Occlusion maps would be about 3 % wrong in bfloat16. Take torch.float32, or, on a "
            "GPU, torch.float16."
        )


def patch_starts(length: int, patch: int, stride: int) -> tuple[int, ...]:
    """Return where the patch begins along one axis.

    length: of the axis. The last place ends at the border, also where the stride does not divide.

    Raises ValueError if the patch does not fit or the stride is not positive.
    """
    if not 1 <= patch <= length:
        raise ValueError(f"A patch of {patch} pixels does not fit into {length}.")
    if stride < 1:
        raise ValueError(f"The stride must be at least 1; {stride} was given.")
    last = length - patch
    starts = tuple(range(0, last + 1, stride))
    return starts if starts[-1] == last else (*starts, last)
