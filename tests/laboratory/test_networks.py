"""The networks of the laboratory: the committed weights, and the way to torchvision's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from laboratory import drawn_pictures, weights
from laboratory.networks import load_network
from laboratory.weights import WeightsError, WeightsMissingError


@pytest.fixture(autouse=True)
def no_internet(monkeypatch, no_weights):
    """Nothing is downloaded, either."""

    def refused(url, path):
        raise OSError("there is no internet in tests")

    monkeypatch.setattr(weights, "fetch", refused)


@pytest.fixture(scope="module")
def alexnet(tmp_path_factory) -> Path:
    """A file of the form of torchvision's, with random weights."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "alexnet.pth"
    torch.save(torchvision.models.alexnet().state_dict(), path)
    return path


class TestLoading:
    def test_small(self):
        network = load_network("small_vgg")
        assert network.classes == drawn_pictures.CLASSES
        assert "small VGG" in network.caption
        assert "ImageNet" not in network.caption
        assert "noise" in load_network("small_vgg_noise").caption

    def test_prepared_picture_is_classified(self):
        network = load_network("small_vgg")
        pictures = drawn_pictures.draw(10, seed=77)
        predicted = [network.top(network.prepare(image), 1)[0][0] for image in pictures.images]
        names = [drawn_pictures.CLASSES[label] for label in pictures.labels]
        assert sum(a == b for a, b in zip(predicted, names, strict=True)) >= 9

    def test_all_forms_of_a_picture_are_the_same(self):
        network = load_network("small_vgg")
        image = drawn_pictures.draw(1, seed=1).images[0]
        expected = network.prepare(image)
        assert expected.shape == (1, 3, 96, 96)
        assert torch.equal(network.prepare(image.transpose(1, 2, 0)), expected)
        assert torch.allclose(network.prepare(torch.from_numpy(image) / 255), expected, atol=1e-6)
        gray = network.prepare(image[0])
        assert torch.equal(gray[:, 0], gray[:, 1])

    def test_pictures_of_pil(self):
        network = load_network("small_vgg")
        pixels = drawn_pictures.draw(1, seed=1).images[0].transpose(1, 2, 0)
        picture = Image.fromarray(pixels)
        assert torch.equal(network.prepare(picture), network.prepare(pixels))
        with_palette = picture.quantize(256)
        assert with_palette.mode == "P"
        expected = np.asarray(with_palette.convert("RGB"))
        assert np.abs(expected.astype(int) - pixels).mean() < 10
        assert torch.equal(network.prepare(with_palette), network.prepare(expected))
        gray = picture.convert("L")
        assert torch.equal(network.prepare(gray), network.prepare(np.asarray(gray)))

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

    def test_unchecked_file_is_loaded_and_makes_no_claim(self, monkeypatch, alexnet):
        monkeypatch.setenv("CNN_COURSE_ALEXNET", str(alexnet))
        monkeypatch.setenv(weights.UNCHECKED, "1")
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
        monkeypatch.setenv(weights.UNCHECKED, "1")
        network = load_network("alexnet")
        photograph = torch.randint(256, (3, 300, 411), dtype=torch.uint8)
        preset = torchvision.models.AlexNet_Weights.IMAGENET1K_V1.transforms()
        assert torch.allclose(network.prepare(photograph)[0], preset(photograph), atol=1e-5)

    def test_other_file(self, monkeypatch, tmp_path):
        path = tmp_path / "text.pth"
        path.write_text("no weights")
        monkeypatch.setenv("CNN_COURSE_VGG16", str(path))
        monkeypatch.setenv(weights.UNCHECKED, "1")
        with pytest.raises(WeightsError, match="does not hold the weights of torchvision's vgg16"):
            load_network("vgg16")
