"""Convolutions with a quarter of the multiplications, against plain ones."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from laboratory.fast import winograd
from laboratory.fast.winograd import WinogradConvolution
from laboratory.fast.workspace import Workspace
from tests.laboratory import lab_networks

DOUBLE = torch.float64


class TestWinograd:
    def test_one_axis_by_hand(self):
        """Four sliding sums of products, from six products of transformed numbers."""
        transposed_a, g, transposed_b = winograd.matrices()
        filter_ = torch.tensor([1.0, -2, 4], dtype=DOUBLE)
        x = torch.tensor([3.0, 0, 1, -1, 5, 2], dtype=DOUBLE)
        got = transposed_a @ ((g @ filter_) * (transposed_b @ x))
        assert got.tolist() == pytest.approx([3 + 4, -2 - 4, 1 + 2 + 20, -1 - 10 + 8])

    @pytest.mark.parametrize("padding", [(0, 0), (1, 1), (2, 1)])
    @pytest.mark.parametrize("size", [(4, 4), (9, 14), (3, 30), (17, 6)])
    @pytest.mark.parametrize("tiles", [1, 3, 1000])
    def test_against_direct(self, padding, size, tiles, monkeypatch):
        monkeypatch.setattr(winograd, "TILES", tiles)
        random = torch.Generator().manual_seed(3)
        weight = torch.randn(5, 7, 3, 3, generator=random)
        bias = torch.randn(5, generator=random)
        x = torch.randn(3, 7, *size, generator=random)
        convolve = WinogradConvolution(weight, bias, Workspace())
        with torch.no_grad():
            got = convolve(x.contiguous(memory_format=torch.channels_last), padding)
        expected = functional.conv2d(x.double(), weight.double(), bias.double(), padding=padding)
        assert lab_networks.relative(got, expected) < 1e-5

    def test_one_workspace_for_all(self):
        """Layers of other sizes in between leave nothing behind."""
        workspace = Workspace()
        random = torch.Generator().manual_seed(4)
        weights = [torch.randn(f, c, 3, 3, generator=random) for f, c in ((6, 2), (3, 6), (9, 3))]
        x = expected = torch.randn(2, 2, 11, 9, generator=random)
        for weight in weights:
            x = WinogradConvolution(weight, None, workspace)(x, (1, 1))
            expected = functional.conv2d(expected, weight, padding=1)
        assert lab_networks.relative(x, expected) < 1e-4

    def test_only_where_it_pays(self):
        wide = nn.Conv2d(256, 256, 3, padding=1)
        assert winograd.pays(wide, torch.float32)
        assert not winograd.pays(wide, torch.bfloat16)
        for other in (
            nn.Conv2d(16, 256, 3),
            nn.Conv2d(256, 256, 3, stride=2),
            nn.Conv2d(256, 256, 3, dilation=2),
            nn.Conv2d(256, 256, 5),
            nn.Conv2d(512, 512, 3, groups=2),
            nn.Conv2d(256, 256, 3, padding="same"),
            nn.Conv2d(256, 256, 3, padding=3),
        ):
            assert not winograd.pays(other, torch.float32)
