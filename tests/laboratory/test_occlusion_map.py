"""Places of a patch, and what is read off the scores."""

from __future__ import annotations

import itertools

import pytest
import torch

from laboratory.attribution.occlusion import plain_occlusion
from laboratory.occlusion_map import OcclusionMap, patch_starts
from tests.laboratory import lab_networks


class TestPlaces:
    def test_by_hand(self):
        assert patch_starts(10, 4, 3) == (0, 3, 6)
        assert patch_starts(10, 4, 4) == (0, 4, 6)  # the last one ends at the border
        assert patch_starts(4, 4, 9) == (0,)

    @pytest.mark.parametrize(("length", "patch"), [(11, 3), (96, 16), (7, 7)])
    @pytest.mark.parametrize("stride", [1, 2, 3])
    def test_every_pixel_is_covered(self, length, patch, stride):
        covered = {start + i for start in patch_starts(length, patch, stride) for i in range(patch)}
        assert covered == set(range(length))

    def test_wrong_sizes(self):
        with pytest.raises(ValueError, match="does not fit"):
            patch_starts(10, 11, 1)
        with pytest.raises(ValueError, match="stride"):
            patch_starts(10, 2, 0)


class TestMap:
    """What is read off the scores."""

    def occluded(self) -> OcclusionMap:
        logits = torch.tensor([[[1.0, 0.0], [2.0, 0.0]]])  # places (1, 2), two classes
        return OcclusionMap(logits, torch.tensor([4.0, 0.0]), (0,), (0, 1), (2, 2), (2, 3))

    def test_score_and_drop(self):
        result = self.occluded()
        assert result.score(0).tolist() == [[1, 2]]
        assert result.drop(0).tolist() == [[3, 2]]
        probability = 1 / (1 + torch.exp(torch.tensor([-1.0, -2.0])))
        assert torch.allclose(result.score(0, "probability")[0], probability)
        clean = torch.tensor([4.0, 0.0]).softmax(0)[0]
        assert torch.allclose(result.drop(0, "probability")[0], clean - probability)
        with pytest.raises(ValueError, match='"logit" or "probability"'):
            result.score(0, "loss")

    def test_pixels_get_the_mean_of_what_covers_them(self):
        assert self.occluded().pixel_map(0).tolist() == [[3, 2.5, 2]] * 2

    def test_pixel_map_against_loops(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        result = plain_occlusion(model, x, patch=(6, 5), stride=(4, 3))
        drop = result.drop(1)
        total, times = torch.zeros(20, 24), torch.zeros(20, 24)
        for (i, top), (j, left) in itertools.product(
            enumerate(result.tops), enumerate(result.lefts)
        ):
            total[top : top + 6, left : left + 5] += drop[i, j]
            times[top : top + 6, left : left + 5] += 1
        assert torch.allclose(result.pixel_map(1), total / times, atol=1e-5)
