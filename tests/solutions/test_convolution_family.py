"""Exercise "convolution's family": references against PyTorch, and what its answers say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st

from solutions.convolution_family.tasks.conv_transpose2d import (
    WORKED_TRANSPOSED,
    conv_transpose2d,
)
from solutions.convolution_family.tasks.depthwise_conv2d import (
    WORKED_DEPTHWISE,
    depthwise_conv2d,
)
from solutions.convolution_family.tasks.iou import WORKED_BOXES, WORKED_OTHERS, iou
from solutions.convolution_family.tasks.nms import WORKED_NMS, nms
from solutions.convolution_family.tasks.upsample_bilinear import WORKED_ROWS, upsample_bilinear
from solutions.padding_stride.tasks.conv2d_forward_fast import conv2d_forward_fast

seeds = st.integers(0, 2**32 - 1)
few = st.integers(1, 3)
sizes = st.integers(1, 5)


def close(got: np.ndarray, expected: torch.Tensor) -> None:
    assert got.shape == tuple(expected.shape)
    assert np.abs(got - expected.numpy()).max(initial=0) < 1e-10


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_depthwise_agrees_with_torch(data: st.DataObject) -> None:
    n, c, m, height, width = (data.draw(few) for _ in range(5))
    stride, padding, dilation = data.draw(few), data.draw(st.integers(0, 2)), data.draw(few)
    room = [data.draw(sizes) + dilation * (side - 1) for side in (height, width)]
    rng = np.random.default_rng(data.draw(seeds))
    x, w = rng.normal(size=(n, c, *room)), rng.normal(size=(c, m, height, width))
    expected = torch.nn.functional.conv2d(
        torch.from_numpy(x),
        torch.from_numpy(w).reshape(c * m, 1, height, width),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=c,
    )
    close(depthwise_conv2d(x, w, stride, padding, dilation), expected)


@st.composite
def transposed(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int, int]:
    n, f, c = draw(few), draw(few), draw(few)
    rows, columns, stride = draw(sizes), draw(sizes), draw(few)
    height, width = draw(sizes), draw(sizes)
    room = min((rows - 1) * stride + height, (columns - 1) * stride + width)
    padding = draw(st.integers(0, (room - 1) // 2))
    rng = np.random.default_rng(draw(seeds))
    shape = (f, c, height, width)
    return rng.normal(size=(n, f, rows, columns)), rng.normal(size=shape), stride, padding


@settings(deadline=None, max_examples=60)
@given(transposed())
def test_transposed_agrees_with_torch(layer: tuple[np.ndarray, np.ndarray, int, int]) -> None:
    y, w, stride, padding = layer
    expected = torch.nn.functional.conv_transpose2d(
        torch.from_numpy(y), torch.from_numpy(w), stride=stride, padding=padding
    )
    close(conv_transpose2d(y, w, stride, padding), expected)


@settings(deadline=None, max_examples=60)
@given(transposed(), seeds)
def test_transposed_is_the_adjoint(
    layer: tuple[np.ndarray, np.ndarray, int, int], seed: int
) -> None:
    y, w, stride, padding = layer
    back = conv_transpose2d(y, w, stride, padding)
    x = np.random.default_rng(seed).normal(size=back.shape)
    forward = conv2d_forward_fast(x, w, np.zeros(len(w)), stride, padding)
    assert np.sum(forward * y) == pytest.approx(np.sum(x * back), abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(seeds, st.tuples(few, few, sizes, sizes), st.integers(2, 9), st.integers(2, 9))
@pytest.mark.parametrize("align_corners", [False, True])
def test_upsampling_agrees_with_torch(
    align_corners: bool, seed: int, shape: tuple[int, ...], height: int, width: int
) -> None:
    x = np.random.default_rng(seed).normal(size=shape)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(x), (height, width), mode="bilinear", align_corners=align_corners
    )
    close(upsample_bilinear(x, height, width, align_corners), expected)


@st.composite
def boxes(draw: st.DrawFn, most: int = 8) -> np.ndarray:
    count = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(seeds))
    corners = rng.integers(0, 20, size=(count, 2))
    return np.concatenate([corners, corners + rng.integers(1, 15, size=(count, 2))], 1).astype(
        float
    )


@settings(deadline=None, max_examples=60)
@given(boxes(), boxes())
def test_iou_agrees_with_torchvision(first: np.ndarray, second: np.ndarray) -> None:
    expected = torchvision.ops.box_iou(torch.from_numpy(first), torch.from_numpy(second))
    close(iou(first, second), expected)


@settings(deadline=None, max_examples=60)
@given(boxes(), seeds, st.sampled_from([0.0, 0.2, 0.5, 0.75]))
def test_nms_agrees_with_torchvision(given_: np.ndarray, seed: int, threshold: float) -> None:
    scores = np.random.default_rng(seed).permutation(len(given_)) / 8
    expected = torchvision.ops.nms(torch.from_numpy(given_), torch.from_numpy(scores), threshold)
    assert nms(given_, scores, threshold) == expected.tolist()


def test_the_worked_examples_are_those_of_the_text() -> None:
    depthwise = depthwise_conv2d(*WORKED_DEPTHWISE.values())
    assert depthwise[0, :, 0].tolist() == [[3, 2], [3, 0]]
    large = conv_transpose2d(*WORKED_TRANSPOSED.values())[0, 0]
    assert large[0].tolist() == [1, 4, 4, 8, 4]
    assert large[2].tolist() == [5, 12, 11, 0, 2]
    assert large[4].tolist() == [6, 0, 3, 0, 0]
    rows = upsample_bilinear(*WORKED_ROWS.values())[0, 0]
    assert rows.tolist() == [[0, 2, 6, 8], [4, 6, 10, 12]]
    assert iou(WORKED_BOXES, WORKED_OTHERS)[0] == pytest.approx([1 / 3, 0, 1 / 6])
    assert nms(*WORKED_NMS.values()) == [1, 3]


def test_the_answer_about_windows_of_five_at_stride_two() -> None:
    """The model answer to the question: 9, 6, 6 and 4 windows."""
    counts = conv_transpose2d(np.ones((1, 1, 8, 8)), np.ones((1, 1, 5, 5)), 2, 0)[0, 0]
    assert counts[8:10, 8:10].tolist() == [[9, 6], [6, 4]]
    for size in (4, 6):
        even = conv_transpose2d(np.ones((1, 1, 8, 8)), np.ones((1, 1, size, size)), 2, 0)[0, 0]
        assert np.ptp(even[6:10, 6:10]) == 0
