"""All methods side by side."""

from __future__ import annotations

import pytest

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
