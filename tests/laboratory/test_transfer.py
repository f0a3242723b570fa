"""New linear layers behind trained convolutions."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from laboratory import activations, drawn_pictures, transfer
from laboratory.attribution.grad_cam import grad_cam
from laboratory.attribution.guided_backprop import guided_backprop
from laboratory.attribution.occlusion import occlusion, plain_occlusion
from laboratory.attribution.saliency import saliency
from laboratory.attribution.smoothgrad import smoothgrad
from laboratory.fast.incremental_occlusion import IncrementalOcclusion
from laboratory.layers import chain
from laboratory.networks import Network, load_network
from tests.laboratory.lab_networks import agree, drawn, tiny, tiny_pictures


def random_task(count: int, width: int = 6, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Three classes that a linear layer can tell apart, mostly."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    centers = 1.5 * torch.randn(3, width, generator=torch.Generator().manual_seed(9))
    return 5 + 3 * (centers[labels] + torch.randn(count, width, generator=random)), labels


def small() -> Network:
    return load_network("small_vgg_noise")


@pytest.fixture(scope="module")
def shapes() -> tuple[Network, transfer.Head]:
    """The small VGG, which is to tell textures from shapes."""
    x, labels, _ = drawn(80)
    texture = torch.tensor([name in drawn_pictures.TEXTURES for name in drawn_pictures.CLASSES])
    kind = texture[labels].long()
    return transfer.transfer(
        small(),
        x[:50],
        kind[:50],
        x[50:],
        kind[50:],
        ("shape", "texture"),
        layers=("pool3", "pool5"),
        progress=False,
    )


class TestFeatures:
    def test_are_means_over_all_places(self):
        x, _, _ = drawn(5)
        model = small().model
        answers = activations.layer_outputs(model, x, ["pool2", "relu4_1", "pool5"])
        means = transfer.features(model, x, list(answers), batch_size=2, progress=False)
        for name, maps in answers.items():
            agree(means[name], maps.mean((2, 3)), 1e-5)

    def test_layers_that_overwrite_what_they_get_do_no_harm(self):
        x = tiny_pictures(3)
        model = tiny()
        before = x.clone()
        means = transfer.features(model, x, ["conv1_1", "relu1_1"], progress=False)
        assert torch.equal(x, before)
        assert means["conv1_1"].min() < means["relu1_1"].min()
        assert model[1].inplace

    def test_nothing_behind_the_last_layer_is_computed(self):
        model = tiny()
        model[5].register_forward_hook(lambda *_: pytest.fail("conv2_1 was computed"))
        transfer.features(model, tiny_pictures(1), ["pool1"], progress=False)

    def test_blocks(self):
        assert transfer.blocks(small().model) == tuple(f"pool{i}" for i in range(1, 6))
        assert transfer.blocks(tiny()) == ("pool1", "pool2")

    def test_wrong_input_is_named(self):
        model, x = tiny(), tiny_pictures(2)
        with pytest.raises(ValueError, match=r"no layer named pool9\. There are: conv1_1, relu1_1"):
            transfer.features(model, x, ["pool9"])
        with pytest.raises(ValueError, match=r"none was given"):
            transfer.features(model, x, [])
        with pytest.raises(ValueError, match=r'"fc3" gives no maps'):
            transfer.features(model, x, ["fc3"])
        with pytest.raises(ValueError, match=r"no picture"):
            transfer.features(model, x[:0], ["pool1"])
        with pytest.raises(ValueError, match=r"training mode"):
            transfer.features(tiny().train(), x, ["pool1"])


class TestLinearLayer:
    def test_finds_the_minimum_that_another_program_finds(self):
        """scikit-learn minimizes C * sum of losses + |w|^2 / 2, and C = 1 / (N * decay)."""
        given, labels = random_task(90)
        centered = given - given.mean(0)
        scaled = (centered / centered.square().sum(1).mean().sqrt()).double()
        theirs = LogisticRegression(C=1 / (90 * 0.05), tol=1e-10, max_iter=10_000)
        theirs.fit(scaled.numpy(), labels.numpy())
        mine = transfer.train_linear(given, labels, 3, weight_decay=0.05)
        probabilities = torch.from_numpy(theirs.predict_proba(scaled.numpy()))
        assert (mine(given).softmax(1) - probabilities).abs().max() < 1e-3

    def test_is_the_same_each_time_whatever_the_unit(self):
        given, labels = random_task(60)
        layer = transfer.train_linear(given, labels, 3, weight_decay=0.01)
        again = transfer.train_linear(given, labels, 3, weight_decay=0.01)
        assert torch.equal(layer.weight, again.weight)
        other = transfer.train_linear(1000 * given - 70, labels, 3, weight_decay=0.01)
        assert torch.allclose(other(1000 * given - 70), layer(given), atol=1e-2)
        assert not any(weights.requires_grad for weights in layer.parameters())

    def test_large_weights_cost(self):
        given, labels = random_task(60)
        norms = [
            float(transfer.train_linear(given, labels, 3, weight_decay=decay).weight.norm())
            for decay in (0.001, 0.1, 10)
        ]
        assert norms == sorted(norms, reverse=True)

    def test_a_class_without_pictures_is_never_the_answer(self):
        given, labels = random_task(60)
        layer = transfer.train_linear(given, labels, 4, weight_decay=0.01)
        assert layer(given).argmax(1).max() < 3

    def test_equal_features_give_equal_scores(self):
        layer = transfer.train_linear(torch.ones(6, 2), torch.arange(6) % 3, 3, weight_decay=0.1)
        assert torch.allclose(layer(torch.ones(1, 2)), torch.zeros(1, 3), atol=1e-5)

    def test_the_validation_set_chooses(self):
        given, labels = random_task(30)
        others, other_labels = random_task(300, seed=1)
        head = transfer.choose_head(
            given, labels, others, other_labels, 3, weight_decays=(1e-6, 0.1, 1e6)
        )
        accuracies = []
        for decay in (1e-6, 0.1, 1e6):
            layer = transfer.train_linear(given, labels, 3, weight_decay=decay)
            accuracies.append(float((layer(others).argmax(1) == other_labels).double().mean()))
        assert head.validation_accuracy == max(accuracies)
        assert head.weight_decay == (1e-6, 0.1, 1e6)[accuracies.index(max(accuracies))]
        right = head.correct(others, other_labels)
        assert float(right.double().mean()) == head.validation_accuracy

    def test_wrong_input_is_named(self):
        given, labels = random_task(6)
        with pytest.raises(ValueError, match=r"features must be \(N, D\) and labels \(N,\)"):
            transfer.train_linear(given, labels[:5], 3, weight_decay=0.1)
        with pytest.raises(ValueError, match=r"labels must lie from 0 to 1"):
            transfer.train_linear(given, labels, 2, weight_decay=0.1)
        with pytest.raises(ValueError, match=r"weight_decay must be above 0"):
            transfer.train_linear(given, labels, 3, weight_decay=0)
        with pytest.raises(ValueError, match=r"at least one weight decay"):
            transfer.choose_head(given, labels, given, labels, 3, weight_decays=())
        with pytest.raises(ValueError, match=r"one validation picture"):
            transfer.choose_head(given, labels, given[:0], labels[:0], 3)


class TestNetworkWithANewHead:
    def test_knows_the_new_classes(self, shapes):
        network, head = shapes
        x, labels, _ = drawn(40, seed=91)
        right = network.model(x).argmax(1) == (labels >= 7).long()
        assert network.classes == ("shape", "texture")
        assert right.double().mean() > 0.85
        assert head.validation_accuracy > 0.85
        assert network.caption == "small VGG up to pool5, with a linear layer trained anew."

    def test_gives_what_the_linear_layer_gives_on_the_features(self, shapes):
        network, head = shapes
        x, _, _ = drawn(3, seed=91)
        means = transfer.features(small().model, x, ["pool5"], progress=False)["pool5"]
        agree(network.model(x), head.linear(means), 1e-5)
        assert network.model[-1] is not head.linear

    def test_is_a_plain_sequence_of_the_same_layers(self, shapes):
        network, _ = shapes
        assert type(network.model) is nn.Sequential
        names = [layer.name for layer in chain(network.model)]
        old = [layer.name for layer in chain(small().model)]
        assert names[:-3] == old[: old.index("pool5") + 1]
        assert names[-3:] == ["avgpool", "flatten", "fc6"]
        assert not network.model.training

    def test_takes_pictures_of_any_size(self, shapes):
        network, _ = shapes
        assert network.model(torch.zeros(1, 3, 64, 80)).shape == (1, 2)
        assert network.prepare(torch.rand(3, 120, 150)).shape == (1, 3, 96, 96)

    def test_fast_occlusion_gives_what_the_plain_one_gives(self, shapes):
        network, _ = shapes
        x, _, _ = drawn(1, seed=91)
        assert IncrementalOcclusion(network.model, x).clean.shape == (2,)
        fast = occlusion(network.model, x, patch=16, stride=16, progress=False)
        plain = plain_occlusion(network.model, x, patch=16, stride=16, progress=False)
        agree(fast.logits, plain.logits, 1e-5)

    def test_methods_take_it(self, shapes):
        network, _ = shapes
        x, labels, _ = drawn(2, seed=91)
        target = (labels >= 7).long()
        for method in (saliency, guided_backprop):
            assert method(network.model, x, target).abs().sum() > 0
        assert smoothgrad(network.model, x, target, n_samples=2, progress=False).isfinite().all()
        assert grad_cam(network.model, x, target, layer="relu5_3").shape == (2, 96, 96)

    def test_wrong_input_is_named(self, shapes):
        network, head = shapes
        with pytest.raises(ValueError, match=r"gives 2 scores, but there are 3 names"):
            transfer.with_head(small(), "pool5", head.linear, ("a", "b", "c"))
        with pytest.raises(ValueError, match=r"pool3 gives 32 channels, .* gets 64 features"):
            transfer.with_head(small(), "pool3", head.linear, ("a", "b"))
        with pytest.raises(ValueError, match=r"no layer named pool6"):
            transfer.with_head(network, "pool6", head.linear, ("a", "b"))

    def test_of_a_network_of_another_kind(self):
        network = replace(small(), model=tiny(), name="tiny")
        x = tiny_pictures(12)
        labels = torch.arange(12) % 2
        new, _ = transfer.transfer(
            network, x[:8], labels[:8], x[8:], labels[8:], ("a", "b"), progress=False
        )
        assert new.model(x).shape == (12, 2)
        assert new.name == "tiny with a new head"
