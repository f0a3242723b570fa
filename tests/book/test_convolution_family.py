"""The pages "Convolution's family" and "Masks and boxes": what they compute and claim."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from book.convolution_family import boxes_demo, demo, shift_experiment
from solutions.convolution_family.tasks.conv_transpose2d import conv_transpose2d
from solutions.convolution_family.tasks.iou import iou


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_groups_have_as_many_weights_as_in_torch(groups: int) -> None:
    layer = torch.nn.Conv2d(6, 12, 5, groups=groups, bias=False)
    assert demo.grouped_weights(6, 12, 5, groups) == layer.weight.numel()
    reads = demo.connections(6, 12, groups)
    assert reads.shape == (12, 6)
    with torch.no_grad():
        for channel in range(6):
            x = torch.zeros(1, 6, 5, 5)
            x[0, channel] = 1
            answered = layer(x)[0, :, 0, 0] != 0
            assert np.array_equal(answered.numpy(), reads[:, channel] == 1)


def test_groups_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ValueError, match="4 groups divide 6 channels and 8 filters badly"):
        demo.connections(6, 8, 4)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_paths_are_those_of_layers_of_ones(dilations: list[int]) -> None:
    counts = demo.paths(dilations)
    x = torch.zeros(1, 1, 1, len(counts), dtype=torch.float64, requires_grad=True)
    unit = x
    for dilation in dilations:
        ones = torch.ones(1, 1, 1, 3, dtype=torch.float64)
        unit = torch.nn.functional.conv2d(unit, ones, dilation=(1, dilation))
    assert unit.shape[-1] == 1
    unit.sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert x.grad.numpy().ravel().tolist() == counts.tolist()


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_matrix_is_that_of_the_convolution(stride: int) -> None:
    rng = np.random.default_rng(stride)
    w, x = rng.normal(size=4), rng.normal(size=11)
    matrix = demo.as_matrix(w, 11, stride)
    expected = np.correlate(x, w, "valid")[::stride]
    assert matrix @ x == pytest.approx(expected)
    back = conv_transpose2d(expected[None, None, None], w[None, None, None], stride, 0)
    assert (matrix.T @ expected)[: back.size] == pytest.approx(back.ravel())


@pytest.mark.parametrize(("size", "stride"), [(3, 2), (4, 2), (5, 3), (6, 3), (2, 3)])
def test_mean_squares_count_the_elements_that_meet_a_pixel(size: int, stride: int) -> None:
    measured = demo.mean_squares_by_phase(size, stride, filters=3000, seed=1)
    along = [len(range(phase, size, stride)) for phase in range(stride)]
    assert measured == pytest.approx(np.outer(along, along), rel=0.15, abs=1e-12)


def test_a_transposed_convolution_is_the_gradient_of_the_students() -> None:
    rng = np.random.default_rng(0)
    y, w = rng.normal(size=(2, 3, 3, 4)), rng.normal(size=(3, 2, 4, 3))
    layer = conv_transpose2d(y, w, 2, 1)
    assert demo.input_gradient(y, w, layer.shape, 2, 1) == pytest.approx(layer)


def test_pooling_of_rows_is_that_of_torch() -> None:
    row = np.random.default_rng(0).normal(size=12)
    periodic = torch.from_numpy(np.append(row, row[:1]))[None, None]
    expected = torch.nn.functional.max_pool1d(periodic, 2, 2)[0, 0].numpy()
    assert demo.max_pooled(row, 2, 2) == pytest.approx(expected[:6])
    assert demo.blurred(np.eye(5)[2]).tolist() == [0, 0.25, 0.5, 0.25, 0]


def test_a_shift_by_four_pixels_changes_no_answer() -> None:
    """What the page's last question says, before any training: it is a matter of sizes."""
    images = np.random.default_rng(0).random((5, 1, 8, 8))
    for blur in (False, True):
        torch.manual_seed(0)
        network = shift_experiment.Network(blur=blur).eval()
        with torch.no_grad():
            unmoved, by_four, by_one = (
                network(shift_experiment.framed(images, *shift))
                for shift in ((0, 0), (4, 4), (1, 0))
            )
        assert torch.allclose(unmoved, by_four, atol=1e-5)
        assert not torch.allclose(unmoved, by_one, atol=1e-5)


@pytest.mark.parametrize("seed", [1, 2])
def test_blur_pooling_answers_alike_with_other_seeds(seed: int) -> None:
    plain, smooth = (
        shift_experiment.measured(shift_experiment.trained(blur=blur, seed=seed))
        for blur in (False, True)
    )
    assert smooth.consistency > plain.consistency + 0.2
    assert smooth.consistency > 0.9
    assert plain.accuracy > smooth.accuracy
    assert smooth.accuracy_moved > plain.accuracy_moved + 0.05


# Boxes


def test_anchors_lie_evenly_and_have_the_asked_areas() -> None:
    anchors = boxes_demo.anchors(32, 48, step=16, sizes=(12.0,), ratios=(0.5, 1.0, 2.0))
    assert anchors.shape == (2 * 3 * 3, 4)
    widths, heights = anchors[:, 2] - anchors[:, 0], anchors[:, 3] - anchors[:, 1]
    assert widths * heights == pytest.approx(144)
    assert (widths / heights)[:3] == pytest.approx([0.5, 1, 2])
    middles = (anchors[:, :2] + anchors[:, 2:]) / 2
    assert middles[0] == pytest.approx([8, 8])
    assert middles[-1] == pytest.approx([40, 24])


def test_the_box_of_a_mask() -> None:
    mask = np.zeros((10, 12), bool)
    mask[3:5, 4:9] = mask[7, 5] = True
    assert boxes_demo.box_of(mask).tolist() == [4, 3, 9, 8]


def test_a_box_that_fits_scores_best() -> None:
    p = np.zeros((40, 60))
    p[10:26, 20:44] = 1
    truth = np.array([20.0, 10, 44, 26])
    moved = truth + np.array([[0, 0, 0, 0], [4, 0, 4, 0], [-6, -6, 6, 6], [4, 4, -4, -4]])
    scores = boxes_demo.box_scores(p, moved)
    assert scores.argmax() == 0
    assert scores[0] == 1
    assert iou(moved, truth[None]).argmax() == 0


def test_offsets_lead_back_to_the_box() -> None:
    anchor, box = np.array([3.0, 4, 13, 24]), np.array([5.0, 2, 30, 12])
    tx, ty, tw, th = boxes_demo.offsets(anchor, box)
    middle = 8 + 10 * tx, 14 + 20 * ty
    half = 10 * np.exp(tw) / 2, 20 * np.exp(th) / 2
    back = [middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]]
    assert back == pytest.approx(box.tolist())


def test_boxes_are_drawn_over_the_picture() -> None:
    image = boxes_demo.pictures(1).images[0]
    panel = boxes_demo.boxes_panel(image, np.array([[1.0, 2, 30, 40]]), truth=np.ones(4))
    assert panel.body.count("<rect") == 2
    assert 'viewBox="0 0 96 96"' in panel.body
