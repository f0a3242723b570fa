"""The course's own network: the committed weights, and how they are made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from laboratory import drawn_pictures, layers, robust_training, small_vgg, train_small_vgg
from tests.laboratory import lab_networks

TRAININGS: list[small_vgg.Training] = ["plain", "noise", "robust"]


@pytest.fixture(scope="module")
def tested() -> drawn_pictures.Pictures:
    return drawn_pictures.draw(train_small_vgg.TEST_PICTURES, seed=train_small_vgg.TEST_SEED)


class TestSmallVGG:
    def test_has_the_layers_of_vgg16(self):
        with torch.device("meta"):
            large = torchvision.models.vgg16()
        ours = [(layer.name, layer.path) for layer in layers.chain(small_vgg.SmallVGG())]
        assert ours == [(layer.name, layer.path) for layer in layers.chain(large)]
        for (path, small_layer), (_, large_layer) in zip(
            small_vgg.SmallVGG().features.named_children(),
            large.features.named_children(),
            strict=True,
        ):
            if isinstance(small_layer, nn.Conv2d):
                assert small_layer.out_channels == large_layer.out_channels // 8, path

    @pytest.mark.parametrize("training", TRAININGS)
    def test_hash_fits_the_weights(self, training):
        weights = small_vgg.half_weights(small_vgg.load(training))
        assert small_vgg.digest(weights) == small_vgg.read_metadata(training).sha256

    @pytest.mark.parametrize("training", TRAININGS)
    def test_metadata(self, training):
        metadata = small_vgg.read_metadata(training)
        assert metadata.training == training
        assert metadata.training_seed == train_small_vgg.TRAINING_SEED
        assert metadata.test_seed == train_small_vgg.TEST_SEED
        assert metadata.training_pictures == train_small_vgg.TRAINING_PICTURES
        assert metadata.test_pictures == train_small_vgg.TEST_PICTURES
        noise = train_small_vgg.EPOCHS + train_small_vgg.NOISE_EPOCHS
        epochs = {
            "plain": train_small_vgg.EPOCHS,
            "noise": noise,
            "robust": noise + robust_training.EPOCHS,
        }
        assert metadata.epochs == epochs[training]

    @pytest.mark.parametrize("training", TRAININGS)
    def test_accuracy_holds_on_test_pictures_and_on_fresh_ones(self, training, tested):
        metadata = small_vgg.read_metadata(training)
        network, cpu = small_vgg.load(training), torch.device("cpu")
        correct = train_small_vgg.count_correct(network, tested, cpu)
        # Rounding may move a picture that lies between two classes.
        assert abs(correct - metadata.test_correct) <= 1
        fresh = drawn_pictures.draw(300, seed=12345)
        wrong = 300 - train_small_vgg.count_correct(network, fresh, cpu)
        expected = 300 * (1 - correct / metadata.test_pictures)
        assert wrong <= expected + 3 * np.sqrt(expected + 1)

    def test_files_are_small_and_without_pickles(self):
        assert sum(path.stat().st_size for path in small_vgg.FILES.values()) < 2e6
        for path in small_vgg.FILES.values():
            with np.load(path, allow_pickle=False) as stored:
                kinds = {stored[name].dtype.name for name in stored.files if name != "metadata"}
            assert kinds == {"float16"}

    def test_damaged_file_is_found_out(self, monkeypatch, tmp_path):
        network = small_vgg.load()
        weights = small_vgg.half_weights(network)
        metadata = small_vgg.read_metadata()
        weights["features.0.weight"][0, 0, 0, 0] += 1
        path = tmp_path / "damaged.npz"
        with np.load(small_vgg.FILES["plain"]) as stored:
            np.savez(path, **{**{n: stored[n] for n in stored.files}, **weights})
        monkeypatch.setitem(small_vgg.FILES, "plain", path)
        with pytest.raises(ValueError, match=r"damaged\.npz is damaged"):
            small_vgg.load()
        with pytest.raises(ValueError, match="not the digest"):
            small_vgg.save(path, network, replace(metadata, sha256="0" * 64))

    def test_folding_keeps_the_function(self):
        torch.manual_seed(0)
        network = small_vgg.SmallVGG(batch_norm=True)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.running_mean, -1, 1)
                nn.init.uniform_(module.running_var, 0.5, 2)
                nn.init.uniform_(module.weight, 0.5, 2)
                nn.init.uniform_(module.bias, -1, 1)
        x, _, _ = lab_networks.drawn(4)
        folded = small_vgg.fold_batch_norm(network)
        assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
        assert torch.allclose(network.eval()(x), folded(x), rtol=1e-4, atol=1e-5)

    def test_training_learns(self):
        """A few steps are enough to learn that only two of ten classes occur."""
        torch.manual_seed(0)
        network = small_vgg.SmallVGG(batch_norm=True)
        pictures = drawn_pictures.draw(320, seed=5)
        two = np.isin(pictures.labels, [0, 9])
        learned = drawn_pictures.Pictures(
            pictures.images[two], pictures.labels[two], pictures.masks[two]
        )
        random = torch.Generator().manual_seed(0)
        x = small_vgg.normalize(torch.from_numpy(learned.images).float() / 255)
        labels = torch.from_numpy(learned.labels)

        def loss() -> float:
            with torch.no_grad():
                return float(nn.functional.cross_entropy(network(x), labels))

        before = loss()
        train_small_vgg.train(network, learned, epochs=8, rate=2e-3, random=random)
        assert before > 2
        assert loss() < 1.2

    def test_augmentation_keeps_colors_and_size(self):
        x = torch.rand(8, 3, 96, 96)
        changed = train_small_vgg.augment(x, torch.Generator().manual_seed(0))
        assert changed.shape == x.shape
        assert changed.min() >= 0
        assert changed.max() <= 1
        assert not torch.equal(changed, x)
