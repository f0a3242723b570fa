"""The most exciting patches of a channel, against derivatives and by trying everything."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from laboratory.exciting_patches import exciting_patches, outstanding_channels, seen
from solutions.padding_stride.tasks.receptive_field import receptive_field

LAYERS = [(3, 1, 1), (2, 2, 0), (3, 2, 1), (3, 1, 1)]
"""Kernel, stride and padding of each layer."""


def network() -> nn.Sequential:
    """Convolutions of these layers whose weights are positive: what a unit sees, reaches it."""
    layers = [nn.Conv2d(1, 1, k, stride=s, padding=p, dtype=torch.float64) for k, s, p in LAYERS]
    for layer in layers:
        nn.init.uniform_(layer.weight, 0.5, 1.0)
    return nn.Sequential(*layers)


@pytest.mark.parametrize("size", [(20, 28), (31, 17)])
def test_a_unit_sees_the_pixels_that_its_answer_depends_on(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    model = network()
    x = torch.rand(1, 1, *size, dtype=torch.float64, requires_grad=True)
    answers = model(x)[0, 0]
    field = receptive_field(LAYERS)
    inner = 0
    for row in range(answers.shape[0]):
        for column in range(answers.shape[1]):
            (slope,) = torch.autograd.grad(answers[row, column], x, retain_graph=True)
            pixels = slope[0, 0].nonzero()
            top, bottom = seen(row, field, size[0])
            left, right = seen(column, field, size[1])
            assert pixels.amin(0).tolist() == [top, left]
            assert (pixels.amax(0) + 1).tolist() == [bottom, right]
            assert len(pixels) == (bottom - top) * (right - left)
            inner += (bottom - top, right - left) == (field[0], field[0])
    assert 0 < inner < answers.numel()  # some fields are cut off by the border, some are not


def test_patches_are_those_of_trying_all_places() -> None:
    maps = torch.randn(6, 4, 5, generator=torch.Generator().manual_seed(0))
    patches = exciting_patches(maps, (7, 3, -2), (12, 15), 4)
    answers = {}
    for picture in range(6):
        for row in range(4):
            for column in range(5):
                answer = float(maps[picture, row, column])
                if answer > answers.get(picture, (-1e9,))[0]:
                    answers[picture] = answer, row, column
    expected = sorted(answers.items(), key=lambda item: -item[1][0])[:4]
    assert [(p.picture, (p.answer, p.row, p.column)) for p in patches] == expected
    for patch in patches:
        assert (patch.top, patch.bottom) == seen(patch.row, (7, 3, -2), 12)
        assert (patch.left, patch.right) == seen(patch.column, (7, 3, -2), 15)


def test_borders_by_hand() -> None:
    """The receptive field of conv5_3 of VGG16, in a picture of 384 pixels."""
    field = (196, 16, -90)
    assert seen(0, field, 384) == (0, 106)
    assert seen(8, field, 384) == (38, 234)
    assert seen(23, field, 384) == (278, 384)
    assert seen(3, field, 96) == (0, 96)


def test_outstanding_channels_by_hand() -> None:
    """One spot makes channel 2 stand out in picture 0, a weaker one channel 0 in picture 1."""
    maps = torch.randn(3, 4, 5, 5, generator=torch.Generator().manual_seed(0))
    maps[:, 3] *= 100  # large answers everywhere do not stand out
    maps[0, 2, 1, 1], maps[1, 0, 2, 2], maps[0, 1, 0, 0] = 100.0, 50.0, 40.0
    assert outstanding_channels(maps, 2) == [2, 0]
    assert len(set(outstanding_channels(maps, 3))) == 3


def test_more_than_there_are() -> None:
    maps = torch.zeros(2, 3, 4, 4)
    with pytest.raises(ValueError, match="2 pictures have no 3 patches"):
        exciting_patches(maps[:, 0], (1, 1, 0), (4, 4), 3)
    with pytest.raises(ValueError, match="2 pictures do not give 3 channels"):
        outstanding_channels(maps, 3)
