"""All methods side by side."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from laboratory import drawn_pictures, method_table
from laboratory.networks import load_network
from tests.laboratory import lab_networks


@pytest.fixture(scope="module")
def rows() -> dict[str, method_table.Row]:
    methods = {
        name: method_table.METHODS[name] for name in ("random", "saliency, blurred", "occlusion")
    }
    pictures = drawn_pictures.draw(16, seed=method_table.SEED)
    table = method_table.compare(load_network("small_vgg"), pictures, methods)
    return {row.method: row for row in table}


class TestComparison:
    def test_occlusion_finds_the_object_and_noise_does_not(self, rows):
        assert rows["occlusion"].pointing.low > 0.7
        assert rows["occlusion"].iou.low > 0.4
        assert rows["random"].iou.high < 0.1
        for row in rows.values():
            assert row.iou.value <= 1
            assert row.iou.low <= row.iou.value <= row.iou.high
            assert row.seconds > 0
        assert rows["occlusion"].iou.low > rows["saliency, blurred"].iou.high

    def test_lines_stand_under_the_header(self, rows):
        lines = [method_table.line(row) for row in rows.values()]
        assert [text[:22].strip() for text in lines] == list(rows)
        assert method_table.HEADER.index("IoU") == lines[0].index("[") + 15

    def test_every_method_gives_a_map(self):
        network = load_network("small_vgg")
        x, labels, _ = lab_networks.drawn(2)
        for name, method in method_table.METHODS.items():
            maps = method(network, x, labels)
            assert maps.shape == (2, 96, 96), name
            assert maps.isfinite().all(), name
            assert float(maps.std()) > 0, name

    def test_what_knows_nothing_does_not_ask_the_network(self):
        asked = load_network("small_vgg"), load_network("small_vgg_noise")
        x, labels, _ = lab_networks.drawn(2)
        for name in method_table.KNOW_NOTHING:
            method = method_table.METHODS[name]
            maps = method(asked[0], x, labels)
            assert torch.equal(maps, method(asked[1], x, 9 - labels)), name

    def test_the_center_prior_is_highest_in_the_middle(self):
        x = torch.zeros(1, 3, 5, 7)
        (center,) = method_table.METHODS["center prior"](load_network("small_vgg"), x, None)
        assert center.argmax() == 5 * 7 // 2
        assert torch.equal(center, center.flip(0))
        assert torch.equal(center, center.flip(1))
        # A pixel at one standard deviation from the middle, a third of half the height.
        down = 2 * (3 - 2) / 5
        assert float(center[3, 3]) == pytest.approx(np.exp(-(down**2) * 9 / 2))

    def test_edges_are_where_colors_change(self):
        x = torch.zeros(1, 3, 6, 6)
        x[:, 1, :, 3:] = 2
        (edges,) = method_table.METHODS["edges"](load_network("small_vgg"), x, None)
        assert edges.tolist() == [[0, 0, 8, 8, 0, 0]] * 6
