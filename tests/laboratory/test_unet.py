"""The small U-Net and its study: the network, the committed outcomes, the script."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from laboratory import drawn_pictures, segmentation, unet_study
from laboratory.unet import FILTERS, UNet, normalize


class TestNetwork:
    def test_answers_every_pixel_of_pictures_of_any_size(self):
        network = UNet().eval()
        with torch.no_grad():
            for size in ((96, 96), (48, 80)):
                assert network(torch.zeros(2, 3, *size)).shape == (2, *size)

    def test_without_skips_nothing_comes_across(self):
        torch.manual_seed(0)
        network = UNet(skips=False).eval()
        x = torch.randn(1, 3, 16, 16)
        with torch.no_grad():
            before = network(x)
            for joined, filters in zip(network.joined, FILTERS[-2::-1], strict=True):
                joined[0].weight[:, filters:] = 0
            assert torch.equal(network(x), before)
            network.skips = True
            assert torch.equal(network(x), before)

    def test_pictures_become_numbers_around_zero(self):
        x = normalize(torch.tensor([0, 255], dtype=torch.uint8))
        assert x.tolist() == [-2, 2]


class TestCommittedFile:
    def test_has_all_methods_and_pictures(self):
        study = unet_study.read()
        methods = {f"{count} masks" for count in unet_study.MASKS}
        methods |= {unet_study.NO_SKIPS, unet_study.GRABCUT, unet_study.GRABCUT_TRUE}
        assert set(study.iou) == methods
        for values in study.iou.values():
            assert values.shape == (unet_study.TEST_PICTURES,)
            assert values.min() >= 0
            assert values.max() <= 1
        assert set(study.weights) == {unet_study.MOST, unet_study.NO_SKIPS}

    def test_fits_the_committed_networks(self):
        """Measured again, the first pictures reach what is stored of them."""
        study = unet_study.read()
        pictures = drawn_pictures.draw(8, seed=unet_study.TEST_SEED)
        for method in study.weights:
            masks = unet_study.masks(study.network(method), pictures.images)
            again = unet_study.ious(masks, pictures.masks)
            assert again == pytest.approx(study.iou[method][:8], abs=0.01), method
        cut = unet_study.baselines(pictures)
        for method, masks in cut.items():
            again = unet_study.ious(masks, pictures.masks)
            assert np.mean(np.abs(again - study.iou[method][:8]) < 0.02) > 0.8, method

    def test_other_settings_are_refused(self, monkeypatch):
        monkeypatch.setattr(unet_study, "RATE", 0.5)
        with pytest.raises(ValueError, match="other settings"):
            unet_study.read()


class TestScript:
    def test_trains_what_the_file_lacks(self, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr(unet_study, "TEST_PICTURES", 2)
        file = tmp_path / "study.npz"
        options = ["--steps", "1", "--file", str(file)]
        unet_study.main([*options, "--masks", "10"])
        first = unet_study.read(file)
        assert set(first.iou) == {
            "10 masks",
            unet_study.NO_SKIPS,
            unet_study.GRABCUT,
            unet_study.GRABCUT_TRUE,
        }
        assert set(first.weights) == {"10 masks", unet_study.NO_SKIPS}
        # Everything is there: nothing is trained again.
        monkeypatch.setattr(unet_study, "train", None)
        capsys.readouterr()
        unet_study.main([*options, "--masks", "10"])
        assert "10 masks: mean IoU" in capsys.readouterr().out

    def test_same_seed_same_network(self):
        pictures = drawn_pictures.draw(16, seed=3)
        networks = [unet_study.train(pictures, steps=2, seed=seed) for seed in (5, 5, 6)]
        first, again, other = (network.score.weight for network in networks)
        assert torch.equal(first, again)
        assert not torch.equal(first, other)

    def test_iou_is_that_of_the_segmentation(self):
        masks = np.zeros((2, 4, 4), bool)
        masks[0, :2], masks[1, :3] = True, True
        assert unet_study.ious(masks[:1], masks[1:])[0] == segmentation.iou(masks[0], masks[1])
