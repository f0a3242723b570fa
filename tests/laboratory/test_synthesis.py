"""Pictures made by gradient ascent, and outlines made from maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from laboratory import drawn_pictures, synthesis
from laboratory.networks import Network, load_network
from laboratory.segmentation import Seeds, grabcut, iou, seeds
from laboratory.synthesis import Regularizers, ascend
from tests.laboratory import lab_networks


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network("small_vgg_noise")


class TestTrunk:
    def test_gives_what_the_network_gives(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        found = synthesis.Trunk(model, ["conv1_2", "relu2_1"])(x)
        assert list(found) == ["conv1_2", "relu2_1"]
        assert torch.allclose(found["conv1_2"], model[:3](x), atol=1e-6)
        assert torch.allclose(found["relu2_1"], model[:7](x), atol=1e-6)

    def test_runs_no_further(self):
        trunk = synthesis.Trunk(lab_networks.tiny(), ["relu1_1"])
        assert [layer.name for layer in trunk.layers] == ["conv1_1", "relu1_1"]

    def test_unknown_layer(self):
        with pytest.raises(KeyError, match=r"no layer \"conv9\".*conv1_1"):
            synthesis.Trunk(lab_networks.tiny(), ["conv1_1", "conv9"])


class TestAscend:
    def test_one_step_by_hand(self):
        """The change has the root mean square ``rate``, in the direction of the gradient."""
        slope = torch.tensor([3.0, -4, 0]).view(1, 3, 1, 1)
        found = ascend(
            lambda x: (slope * x).sum(), torch.ones(1, 3, 1, 1), steps=1, rate=0.5, progress=False
        )
        expected = 1 + 0.5 * slope / (25 / 3) ** 0.5
        assert torch.allclose(found.x, expected)
        assert found.values.tolist() == [-1]

    def flat(self, regularizers: Regularizers, x: Tensor, steps: int = 1) -> Tensor:
        """No ascent at all: what is left is what the regularizers do."""
        return ascend(
            lambda x: 0 * x.sum(), x, steps=steps, rate=1, regularizers=regularizers, progress=False
        ).x

    def test_l2_takes_a_share(self):
        x = torch.randn(1, 3, 8, 8)
        assert torch.allclose(self.flat(Regularizers(l2=0.1), x, steps=2), 0.81 * x)

    def test_clip_removes_the_smallest(self):
        x = torch.arange(1.0, 11).view(1, 1, 2, 5).repeat(1, 3, 1, 1)
        left = self.flat(Regularizers(clip=0.3), x)
        assert left[0, 0].flatten().tolist() == [0, 0, 0, 4, 5, 6, 7, 8, 9, 10]

    def test_blur_only_now_and_then(self):
        x = torch.randn(1, 3, 16, 16)
        regularizers = Regularizers(blur=1.0, blur_every=3)
        assert torch.equal(self.flat(regularizers, x, steps=2), x)
        blurred = self.flat(regularizers, x, steps=3)
        assert blurred.diff(dim=3).abs().mean() < 0.5 * x.diff(dim=3).abs().mean()

    def test_jitter_moves_back(self):
        x = torch.randn(1, 3, 9, 9)
        assert torch.equal(self.flat(Regularizers(jitter=3), x, steps=5), x)
        seen: list[tuple[int, ...]] = []

        def look(moved: Tensor) -> Tensor:
            seen.append(tuple(moved[0, 0].flatten().argsort()[:3].tolist()))
            return moved.sum() * 0

        ascend(look, x, steps=9, rate=1, regularizers=Regularizers(jitter=3), progress=False)
        assert len(set(seen)) > 3

    def test_bounds(self):
        found = ascend(
            lambda x: x[:, 0].sum() - x[:, 1].sum(),
            torch.zeros(1, 3, 4, 4),
            steps=50,
            rate=1,
            bounds=(torch.full((3, 1, 1), -2.0), torch.full((3, 1, 1), 1.5)),
            progress=False,
        )
        assert found.x[0, :, 0, 0].tolist() == [1.5, -2, 0]

    def test_picture_stays_as_it_is(self):
        x = torch.zeros(1, 3, 4, 4)
        ascend(lambda y: y.sum(), x, steps=2, rate=1, progress=False)
        assert not x.any()


class TestClassModel:
    @pytest.mark.parametrize("target", [0, 7])
    def test_the_network_sees_the_class(self, network, target):
        found = synthesis.class_model(network, target, steps=80, progress=False)
        assert found.x.shape == (1, 3, 96, 96)
        assert found.values[-1] > found.values[0] + 2
        name, probability = network.top(found.x, 1)[0]
        assert name == network.classes[target]
        assert probability > 0.5
        assert torch.equal(
            synthesis.class_model(network, target, steps=80, progress=False).x, found.x
        )

    def test_blur_makes_it_smoother(self, network):
        rough, smooth = (
            synthesis.class_model(network, 3, steps=12, regularizers=regularizers, progress=False).x
            for regularizers in (Regularizers(), Regularizers(blur=1.0))
        )
        roughness = [
            float(x.diff(dim=3).square().mean() / x.square().mean()) for x in (rough, smooth)
        ]
        assert roughness[1] < 0.5 * roughness[0]


class TestFilterAscent:
    def test_channel_answers_more_than_to_any_picture(self, network):
        found = synthesis.filter_ascent(network, "conv3_2", 5, size=64, steps=30, progress=False)
        assert found.x.shape == (1, 3, 64, 64)
        trunk = synthesis.Trunk(network.model, ["conv3_2"])
        x, _, _ = lab_networks.drawn(20)
        with torch.no_grad():
            usual = trunk(x)["conv3_2"][:, 5].mean((1, 2))
            reached = float(trunk(found.x)["conv3_2"][0, 5].mean())
        assert reached > float(usual.max())


class TestDeepDream:
    def test_answers_grow_and_the_picture_remains(self, network):
        x = network.prepare(data.astronaut())
        dream = synthesis.deep_dream(network, x, "relu3_3", steps=8, progress=False)
        trunk = synthesis.Trunk(network.model, ["relu3_3"])
        with torch.no_grad():
            before, after = (float(trunk(y)["relu3_3"].square().mean()) for y in (x, dream))
        assert after > 1.5 * before
        assert dream.shape == x.shape
        both = torch.stack([x.flatten(), dream.flatten()])
        assert 0.5 < float(torch.corrcoef(both)[0, 1]) < 0.999

    def test_no_steps_no_change(self, network):
        x = network.prepare(data.astronaut())
        dream = synthesis.deep_dream(network, x, "relu3_3", steps=0, progress=False)
        assert torch.allclose(dream, x, atol=1e-5)


class TestTexture:
    def test_gram_by_hand(self):
        activation = torch.tensor([[[1.0, 2]], [[0, -1]]])[None]  # two channels, two places
        assert synthesis.gram(activation).tolist() == [[[2.5, -1], [-1, 0.5]]]

    def test_gram_does_not_know_places(self):
        activation = torch.randn(2, 4, 5, 6)
        mixed = activation.flatten(2)[:, :, torch.randperm(30)].view(2, 4, 5, 6)
        assert torch.allclose(synthesis.gram(mixed), synthesis.gram(activation), atol=1e-5)
        twice = torch.cat([activation, activation], dim=2)
        assert torch.allclose(synthesis.gram(twice), synthesis.gram(activation), atol=1e-5)

    def test_gram_matrices_are_met(self, network):
        example = network.prepare(data.gravel()[:256, :256])
        found = synthesis.texture(network, example, size=(64, 80), steps=40, progress=False)
        assert found.x.shape == (1, 3, 64, 80)
        assert len(found.losses) == 5
        assert found.losses[-1] < 0.02 * found.losses[0]
        low, high = synthesis.bounds(network)
        assert (found.x >= low).all()
        assert (found.x <= high).all()

    def test_style_against_content(self, network):
        content = network.prepare(data.astronaut())
        style = network.prepare(data.gravel()[:256, :256])
        trunk = synthesis.Trunk(network.model, [*synthesis.STYLE, synthesis.CONTENT])
        distances = []
        for weight in (0.01, 100.0):
            x = synthesis.style_transfer(
                network, content, style, weight=weight, steps=20, progress=False
            ).x
            with torch.no_grad():
                got, kept, wanted = trunk(x), trunk(content), trunk(style)
            away = synthesis._relative(got[synthesis.CONTENT], kept[synthesis.CONTENT])
            other = sum(
                synthesis._relative(synthesis.gram(got[name]), synthesis.gram(wanted[name]))
                for name in synthesis.STYLE
            )
            distances.append((float(away), float(other)))
        (near, far_style), (far, near_style) = distances
        assert near < far
        assert near_style < far_style


class TestSegmentation:
    def test_seeds_by_hand(self):
        found = seeds(np.arange(20.0).reshape(4, 5), foreground=0.9, background=0.25)
        assert np.flatnonzero(found.foreground).tolist() == [18, 19]
        assert np.flatnonzero(found.background).tolist() == [0, 1, 2, 3, 4]

    def test_ties(self):
        """A map that is zero nearly everywhere, as Grad-CAM's: no pixel is on both sides."""
        importance = np.zeros((10, 10))
        importance[3, 3:5] = 1
        found = seeds(importance)
        assert np.flatnonzero(found.foreground).tolist() == [33, 34]
        assert found.background.sum() == 98

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
        found = grabcut(image, Seeds(seed, edge))
        assert iou(found, truth) > 0.95
        assert np.array_equal(grabcut(image.transpose(2, 0, 1), Seeds(seed, edge)), found)
        assert np.array_equal(grabcut(image, Seeds(seed, edge)), found)
        assert found[seed].all()
        assert not found[edge].any()

    def test_a_good_map_gives_good_outlines(self):
        """Blurred masks as maps: GrabCut finds back what the blur has lost."""
        shown = drawn_pictures.draw(10, seed=44)
        maps = synthesis.blur(torch.from_numpy(shown.masks)[:, None].float(), 6.0)[:, 0].numpy()
        found = [
            iou(grabcut(image, seeds(one)), mask)
            for image, one, mask in zip(shown.images, maps, shown.masks, strict=True)
        ]
        assert np.mean(found) > 0.75

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
