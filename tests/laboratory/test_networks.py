"""The networks of the laboratory: the committed weights, and the way to torchvision's."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from laboratory import drawn_pictures, layers, networks, small_vgg, train_small_vgg
from laboratory.networks import WeightsError, WeightsMissingError, load_network
from tests.laboratory import lab_networks

TRAININGS: list[small_vgg.Training] = ["plain", "noise"]


@pytest.fixture(autouse=True)
def no_weights_of_this_machine(monkeypatch, tmp_path):
    """No variable is set, torch's cache is empty, and nothing is downloaded."""
    for variable in (*networks.VARIABLES.values(), networks.UNCHECKED):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "cache"))

    def no_internet(url, *arguments, **options):
        raise OSError("there is no internet in tests")

    monkeypatch.setattr(torch.hub, "download_url_to_file", no_internet)


@pytest.fixture(scope="module")
def alexnet(tmp_path_factory) -> Path:
    """A file of the form of torchvision's, with random weights."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "alexnet.pth"
    torch.save(torchvision.models.alexnet().state_dict(), path)
    return path


@pytest.fixture(scope="module")
def tested() -> drawn_pictures.Pictures:
    return drawn_pictures.draw(train_small_vgg.TEST_PICTURES, seed=train_small_vgg.TEST_SEED)


class TestSmallVGG:
    def test_has_the_layers_of_vgg16(self):
        with torch.device("meta"):
            large = torchvision.models.vgg16()
        ours = [(layer.name, layer.path) for layer in layers.chain(small_vgg.SmallVGG())]
        assert ours == [(layer.name, layer.path) for layer in layers.chain(large)]
        for (path, one), (_, other) in zip(
            small_vgg.SmallVGG().features.named_children(),
            large.features.named_children(),
            strict=True,
        ):
            if isinstance(one, nn.Conv2d):
                assert one.out_channels == other.out_channels // 8, path

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
        extra = train_small_vgg.NOISE_EPOCHS if training == "noise" else 0
        assert metadata.epochs == train_small_vgg.EPOCHS + extra

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
        shown = drawn_pictures.draw(320, seed=5)
        two = np.isin(shown.labels, [0, 9])
        learned = drawn_pictures.Pictures(shown.images[two], shown.labels[two], shown.masks[two])
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


class TestLoading:
    def test_small(self):
        network = load_network("small_vgg")
        assert network.classes == drawn_pictures.CLASSES
        assert "small VGG" in network.caption
        assert "ImageNet" not in network.caption
        assert "noise" in load_network("small_vgg_noise").caption

    def test_prepared_picture_is_classified(self):
        network = load_network("small_vgg")
        shown = drawn_pictures.draw(10, seed=77)
        found = [network.top(network.prepare(image), 1)[0][0] for image in shown.images]
        names = [drawn_pictures.CLASSES[label] for label in shown.labels]
        assert sum(a == b for a, b in zip(found, names, strict=True)) >= 9

    def test_all_forms_of_a_picture_are_the_same(self):
        network = load_network("small_vgg")
        image = drawn_pictures.draw(1, seed=1).images[0]
        expected = network.prepare(image)
        assert expected.shape == (1, 3, 96, 96)
        assert torch.equal(network.prepare(image.transpose(1, 2, 0)), expected)
        assert torch.allclose(network.prepare(torch.from_numpy(image) / 255), expected, atol=1e-6)
        gray = network.prepare(image[0])
        assert torch.equal(gray[:, 0], gray[:, 1])

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            (np.zeros((2, 4, 5), np.uint8), "this one has"),
            (np.full((4, 4, 3), 255.0), "from 0 to 1"),
            (np.zeros((4, 4, 3), int), "uint8 or floating-point"),
        ],
    )
    def test_what_is_no_picture_is_refused(self, wrong, message):
        with pytest.raises(ValueError, match=message):
            load_network("small_vgg").prepare(wrong)

    def test_normalization_and_back(self):
        network = load_network("small_vgg")
        images = torch.rand(2, 3, 8, 8)
        assert torch.allclose(network.unnormalize(network.normalize(images)), images, atol=1e-6)

    def test_falls_back_with_a_word(self):
        with pytest.warns(UserWarning, match="small VGG takes its place"):
            network = load_network("vgg16")
        assert network.name == "small VGG"
        with pytest.raises(WeightsMissingError, match="cannot be downloaded"):
            load_network("vgg16", fallback=False)
        with pytest.raises(WeightsMissingError, match="CNN_COURSE_VGG16"):
            load_network("vgg16", fallback=False, download=False)

    def test_unknown_name(self):
        with pytest.raises(ValueError, match='no network "vgg61"'):
            load_network("vgg61")  # type: ignore[arg-type]


class TestTorchvision:
    """The way of torchvision's files, with random weights in their place."""

    def test_wrong_hash_is_an_error(self, monkeypatch, alexnet):
        monkeypatch.setenv("CNN_COURSE_ALEXNET", str(alexnet))
        with pytest.raises(WeightsError, match=r"does not begin with 7be5be79.*UNCHECKED"):
            load_network("alexnet")

    def test_missing_file_is_an_error(self, monkeypatch, tmp_path):
        monkeypatch.setenv("CNN_COURSE_ALEXNET", str(tmp_path / "none.pth"))
        with pytest.raises(WeightsError, match="which does not exist"):
            load_network("alexnet")

    def test_unchecked_file_is_loaded_and_makes_no_claim(self, monkeypatch, alexnet):
        monkeypatch.setenv("CNN_COURSE_ALEXNET", str(alexnet))
        monkeypatch.setenv(networks.UNCHECKED, "1")
        network = load_network("alexnet")
        assert network.name == "AlexNet"
        assert "ImageNet" not in network.caption
        assert "unknown origin" in network.caption
        expected = torchvision.models.alexnet()
        expected.load_state_dict(torch.load(alexnet, weights_only=True))
        x = network.prepare(np.zeros((300, 400, 3), np.uint8))
        assert x.shape == (1, 3, 224, 224)
        assert torch.equal(network.model(x), expected.eval()(x))
        assert len(network.classes) == 1000

    def test_preparation_is_torchvisions_own(self, monkeypatch, alexnet):
        monkeypatch.setenv("CNN_COURSE_ALEXNET", str(alexnet))
        monkeypatch.setenv(networks.UNCHECKED, "1")
        network = load_network("alexnet")
        photograph = torch.randint(256, (3, 300, 411), dtype=torch.uint8)
        preset = torchvision.models.AlexNet_Weights.IMAGENET1K_V1.transforms()
        assert torch.allclose(network.prepare(photograph)[0], preset(photograph), atol=1e-5)

    def test_file_with_the_right_hash_is_taken_from_the_cache(self, monkeypatch, alexnet, tmp_path):
        """The same way as for the real file, under a name that holds the hash of this one."""
        digits = hashlib.sha256(alexnet.read_bytes()).hexdigest()[:8]
        folder = tmp_path / "cache" / "checkpoints"
        folder.mkdir(parents=True)
        shutil.copy(alexnet, folder / f"alexnet-{digits}.pth")
        found = networks._find_file("alexnet", f"https://x/alexnet-{digits}.pth", download=False)
        assert found == (folder / f"alexnet-{digits}.pth", True)
        wrong = "0" * 8
        shutil.copy(alexnet, folder / f"alexnet-{wrong}.pth")
        with pytest.raises(WeightsError, match="Delete it"):
            networks._find_file("alexnet", f"https://x/alexnet-{wrong}.pth", download=True)

    def test_download_with_a_wrong_hash(self, monkeypatch):
        def damaged(url, *arguments, **options):
            raise RuntimeError("invalid hash value")

        monkeypatch.setattr(torch.hub, "download_url_to_file", damaged)
        with pytest.raises(WeightsError, match="invalid hash value"):
            load_network("vgg16")

    def test_other_file(self, monkeypatch, tmp_path):
        path = tmp_path / "text.pth"
        path.write_text("no weights")
        monkeypatch.setenv("CNN_COURSE_VGG16", str(path))
        monkeypatch.setenv(networks.UNCHECKED, "1")
        with pytest.raises(WeightsError, match="does not hold the weights of torchvision's vgg16"):
            load_network("vgg16")

    def test_hash_stands_in_the_name_of_the_real_files(self):
        assert networks._hash_in("vgg16-397923af.pth") == "397923af"
        for name in networks.VARIABLES:
            assert len(networks._hash_in(networks._weights(name).url)) == 8
        with pytest.raises(ValueError, match="holds no hash"):
            networks._hash_in("vgg16.pth")


class TestLayers:
    def test_names_of_alexnet(self):
        with torch.device("meta"):
            alexnet = torchvision.models.alexnet()
        names = [layer.name for layer in layers.chain(alexnet)]
        assert names[:3] == ["conv1", "relu1", "pool1"]
        assert [name for name in names if name.startswith("fc")] == ["fc6", "fc7", "fc8"]
        assert "pool5" in names

    def test_find_by_name_and_by_path(self):
        network = small_vgg.SmallVGG()
        assert layers.find(network, "conv1_2") is network.features[2]
        assert layers.find(network, "features.2") is network.features[2]
        with pytest.raises(KeyError, match=r"no layer \"conv9\".*conv1_1, relu1_1"):
            layers.find(network, "conv9")

    def test_names_are_distinct(self):
        network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.ReLU())
        assert [layer.name for layer in layers.chain(network)] == [
            "conv1_1",
            "relu1_1",
            "relu1_1#2",
        ]

    @pytest.mark.parametrize(
        ("network", "message"),
        [
            (nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4)), '"1" is a GroupNorm'),
            (torchvision.models.resnet18(), '"add" does not only get'),
        ],
    )
    def test_other_networks_are_refused_by_name(self, network, message):
        with pytest.raises(layers.UnsupportedLayerError, match=message):
            layers.chain(network)

    def test_called_functions(self):
        class Calls(nn.Module):
            def __init__(self, last):
                super().__init__()
                self.first = nn.Conv2d(3, 4, 3)
                self.last = last

            def forward(self, x):
                return self.last(torch.relu(self.first(x)))

        found = layers.chain(Calls(lambda x: torch.flatten(x, 1)))
        assert [layer.name for layer in found] == ["conv1_1", "relu1_1", "flatten"]
        with pytest.raises(layers.UnsupportedLayerError, match='calls "softmax"'):
            layers.chain(Calls(lambda x: torch.softmax(x, 1)))
        with pytest.raises(layers.UnsupportedLayerError, match=r"Use torch\.flatten"):
            layers.chain(Calls(lambda x: x.view(1, -1)))

    def test_overwriting_comes_back(self):
        network = small_vgg.SmallVGG()
        relus = [module for module in network.modules() if isinstance(module, nn.ReLU)]
        with layers.not_in_place(network):
            assert not any(relu.inplace for relu in relus)
        assert all(relu.inplace for relu in relus)
