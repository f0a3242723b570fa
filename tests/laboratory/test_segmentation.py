"""Seeds from maps, and outlines from seeds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from laboratory import drawn_pictures
from laboratory.baselines import blur
from laboratory.segmentation import Seeds, grabcut, iou, seeds


class TestSegmentation:
    def test_seeds_by_hand(self):
        result = seeds(np.arange(20.0).reshape(4, 5), foreground=0.9, background=0.25)
        assert np.flatnonzero(result.foreground).tolist() == [18, 19]
        assert np.flatnonzero(result.background).tolist() == [0, 1, 2, 3, 4]

    def test_ties(self):
        """A map that is zero nearly everywhere, as Grad-CAM's: no pixel is on both sides."""
        importance = np.zeros((10, 10))
        importance[3, 3:5] = 1
        result = seeds(importance)
        assert np.flatnonzero(result.foreground).tolist() == [33, 34]
        assert result.background.sum() == 98

    @pytest.mark.parametrize(
        ("importance", "options"),
        [
            (np.zeros((4, 4)), {}),
            (np.arange(4.0), {}),
            (np.eye(4), {"foreground": 0.2}),
            (np.eye(4), {"background": 0.0}),
        ],
    )
    def test_wrong_maps_and_quantiles(self, importance, options):
        with pytest.raises(ValueError, match=r"quantiles|same everywhere"):
            seeds(importance, **options)

    def test_grabcut_grows_a_seed_to_the_whole_object(self):
        image = np.full((60, 60, 3), (30, 60, 200), np.uint8)
        truth = np.zeros((60, 60), bool)
        truth[20:45, 15:40] = True
        image[truth] = (200, 80, 30)
        rng = np.random.default_rng(0)
        image = np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)
        seed = np.zeros((60, 60), bool)
        seed[25:40, 20:35] = True
        edge = np.ones((60, 60), bool)
        edge[5:-5, 5:-5] = False
        mask = grabcut(image, Seeds(seed, edge))
        assert iou(mask, truth) > 0.95
        assert np.array_equal(grabcut(image.transpose(2, 0, 1), Seeds(seed, edge)), mask)
        assert np.array_equal(grabcut(image, Seeds(seed, edge)), mask)
        assert mask[seed].all()
        assert not mask[edge].any()

    def test_a_good_map_gives_good_outlines(self):
        """Blurred masks as maps: GrabCut finds back what the blur has lost."""
        pictures = drawn_pictures.draw(10, seed=44)
        maps = blur(torch.from_numpy(pictures.masks)[:, None].float(), 6.0)[:, 0].numpy()
        masks = [
            iou(grabcut(image, seeds(importance)), mask)
            for image, importance, mask in zip(pictures.images, maps, pictures.masks, strict=True)
        ]
        assert np.mean(masks) > 0.75

    def test_iou(self):
        a, b = np.zeros((2, 4), bool), np.zeros((2, 4), bool)
        assert iou(a, b) == 1
        a[0, :2] = b[0, 1:] = True
        assert iou(a, b) == 0.25
        with pytest.raises(ValueError, match="different shapes"):
            iou(a, b[:1])

    def test_wrong_input(self):
        both = seeds(np.arange(20.0).reshape(4, 5))
        with pytest.raises(ValueError, match="must be uint8"):
            grabcut(np.zeros((4, 5, 3)), both)
        with pytest.raises(ValueError, match="as large as the map"):
            grabcut(np.zeros((5, 4, 3), np.uint8), both)
        with pytest.raises(ValueError, match="both sides"):
            grabcut(np.zeros((4, 5, 3), np.uint8), Seeds(both.foreground, both.background & False))
