"""Gradient ascent and its regularizers, by hand."""

from __future__ import annotations

import torch
from torch import Tensor

from laboratory.synthesis.ascent import Regularizers, ascend


class TestAscend:
    def test_one_step_by_hand(self):
        """The change has the root mean square ``rate``, in the direction of the gradient."""
        slope = torch.tensor([3.0, -4, 0]).view(1, 3, 1, 1)
        picture = ascend(
            lambda x: (slope * x).sum(), torch.ones(1, 3, 1, 1), steps=1, rate=0.5, progress=False
        )
        expected = 1 + 0.5 * slope / (25 / 3) ** 0.5
        assert torch.allclose(picture.x, expected)
        assert picture.values.tolist() == [-1]

    def flat(self, regularizers: Regularizers, x: Tensor, steps: int = 1) -> Tensor:
        """No ascent at all: what is left is what the regularizers do."""
        return ascend(
            lambda x: 0 * x.sum(), x, steps=steps, rate=1, regularizers=regularizers, progress=False
        ).x

    def test_l2_takes_a_share(self):
        x = torch.randn(1, 3, 8, 8)
        assert torch.allclose(self.flat(Regularizers(l2=0.1), x, steps=2), 0.81 * x)

    def test_clip_removes_the_smallest(self):
        x = torch.arange(1.0, 11).view(1, 1, 2, 5).repeat(1, 3, 1, 1)
        left = self.flat(Regularizers(clip=0.3), x)
        assert left[0, 0].flatten().tolist() == [0, 0, 0, 4, 5, 6, 7, 8, 9, 10]

    def test_blur_only_now_and_then(self):
        x = torch.randn(1, 3, 16, 16)
        regularizers = Regularizers(blur=1.0, blur_every=3)
        assert torch.equal(self.flat(regularizers, x, steps=2), x)
        blurred = self.flat(regularizers, x, steps=3)
        assert blurred.diff(dim=3).abs().mean() < 0.5 * x.diff(dim=3).abs().mean()

    def test_jitter_moves_back(self):
        x = torch.randn(1, 3, 9, 9)
        assert torch.equal(self.flat(Regularizers(jitter=3), x, steps=5), x)
        shifts: list[tuple[int, ...]] = []

        def look(moved: Tensor) -> Tensor:
            shifts.append(tuple(moved[0, 0].flatten().argsort()[:3].tolist()))
            return moved.sum() * 0

        ascend(look, x, steps=9, rate=1, regularizers=Regularizers(jitter=3), progress=False)
        assert len(set(shifts)) > 3

    def test_bounds(self):
        picture = ascend(
            lambda x: x[:, 0].sum() - x[:, 1].sum(),
            torch.zeros(1, 3, 4, 4),
            steps=50,
            rate=1,
            bounds=(torch.full((3, 1, 1), -2.0), torch.full((3, 1, 1), 1.5)),
            progress=False,
        )
        assert picture.x[0, :, 0, 0].tolist() == [1.5, -2, 0]

    def test_picture_stays_as_it_is(self):
        x = torch.zeros(1, 3, 4, 4)
        ascend(lambda y: y.sum(), x, steps=2, rate=1, progress=False)
        assert not x.any()
