"""Gradient ascent and its regularizers, by hand."""

from __future__ import annotations

import pytest
import torch
from skimage import data
from torch import Tensor

from laboratory.synthesis.ascent import COLORS, Regularizers, ascend, climb, octave_sizes
from laboratory.synthesis.filter_ascent import filter_ascent


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

    def test_pictures_climb_as_if_alone(self):
        """Together, each picture makes the steps that it would make alone."""
        regularizers = Regularizers(l2=0.01, clip=0.2, blur=0.5, jitter=2, natural=0.5)
        x = torch.randn(3, 3, 12, 16, generator=torch.Generator().manual_seed(0))
        weights = torch.randn(3, 3, 12, 16, generator=torch.Generator().manual_seed(1))

        def climb(pictures: Tensor, weights: Tensor) -> Tensor:
            return ascend(
                lambda y: (weights * y).sum((1, 2, 3)),
                pictures,
                steps=5,
                rate=0.1,
                regularizers=regularizers,
                progress=False,
            ).x

        alone = [climb(x[i : i + 1], weights[i : i + 1]) for i in range(3)]
        assert torch.allclose(climb(x, weights), torch.cat(alone), atol=1e-5)


class TestAsInPhotographs:
    """One step from gray along a gradient of known waves."""

    def step(self, slope: Tensor, exponent: float) -> Tensor:
        return ascend(
            lambda x: (slope * x).sum(),
            torch.zeros_like(slope),
            steps=1,
            rate=1,
            regularizers=Regularizers(natural=exponent),
            progress=False,
        ).x

    @pytest.mark.parametrize(("exponent", "ratio"), [(0.5, 4.0), (1.0, 16.0)])
    def test_long_waves_count_more(self, exponent: float, ratio: float):
        """By hand: 64 against 4 pixels at the power of the exponent, along rows and columns."""
        columns = torch.arange(64) / 64
        short, long = (torch.cos(2 * torch.pi * waves * columns) for waves in (16, 1))
        slope = (short[None, :] + long[:, None]).expand(1, 3, 64, 64)
        got = self.step(slope, exponent)[0, 0]
        heights = [
            float((got * wave).mean() / wave.square().mean())
            for wave in (long[:, None].expand(64, 64), short[None, :].expand(64, 64))
        ]
        assert heights[0] / heights[1] == pytest.approx(ratio, rel=1e-3)

    def test_colors_are_mixed(self):
        slope = torch.zeros(1, 3, 8, 8)
        slope[0, 0] = torch.randn(8, 8, generator=torch.Generator().manual_seed(0))
        red, green, blue = self.step(slope, 0.5)[0]
        assert torch.allclose(green, COLORS[1][0] * red, atol=1e-5)
        assert torch.allclose(blue, COLORS[2][0] * red, atol=1e-5)

    def test_the_colors_are_those_of_photographs(self):
        names = ("chelsea", "coffee", "rocket", "astronaut", "stereo_motorcycle", "retina")
        names += ("immunohistochemistry", "hubble_deep_field")
        total = torch.zeros(3, 3, dtype=torch.float64)
        for name in names:
            picture = getattr(data, name)()
            picture = picture[0] if isinstance(picture, tuple) else picture
            pixels = torch.from_numpy(picture).reshape(-1, 3).double() / 255
            total += (pixels / torch.tensor([0.229, 0.224, 0.225])).T.cov()
        spread = total.diagonal().sqrt()
        assert torch.allclose(
            total / torch.outer(spread, spread), torch.tensor(COLORS).double(), atol=0.006
        )


class TestClimb:
    def test_sizes(self):
        assert octave_sizes((192, 96), 3) == [(98, 49), (137, 69), (192, 96)]
        assert octave_sizes((7, 9), 1) == [(7, 9)]

    def test_octaves_go_from_small_to_large(self, network):
        sides: list[tuple[int, ...]] = []

        def objective(x: Tensor) -> Tensor:
            sides.append(tuple(x.shape))
            return x.sum((1, 2, 3))

        ascent = climb(
            network,
            objective,
            count=2,
            side=48,
            octaves=2,
            steps=3,
            rate=0.1,
            regularizers=Regularizers(),
            seed=0,
            progress=False,
        )
        assert sides == 3 * [(2, 3, 34, 34)] + 3 * [(2, 3, 48, 48)]
        assert ascent.x.shape == (2, 3, 48, 48)
        assert ascent.values.shape == (3, 2)

    def test_no_octave_at_all(self, network):
        with pytest.raises(ValueError, match="at least 1 octave"):
            filter_ascent(network, "conv1_1", 0, size=16, octaves=0, progress=False)
