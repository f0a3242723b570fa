"""Attacks: against what they are defined as, on networks whose answer is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from laboratory import attacks, robust_training
from laboratory.attacks import FromPixels
from laboratory.drawn_pictures import draw
from laboratory.networks import Network, load_network


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network("small_vgg_noise")


@pytest.fixture(scope="module")
def drawn() -> tuple[Tensor, Tensor]:
    pictures = draw(10, seed=77)
    return torch.from_numpy(pictures.images).float() / 255, torch.from_numpy(pictures.labels)


def linear(seed: int) -> tuple[nn.Module, Tensor, Tensor]:
    """Two scores of pictures of 12 numbers, pictures, and labels."""
    random = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 2)).double()
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=random, dtype=torch.float64)
    x = torch.rand(3, 3, 2, 2, generator=random, dtype=torch.float64)
    return model, x, torch.randint(2, (3,), generator=random)


def lowered_margin(model: nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    """The score of the class minus the other one."""
    scores = model(x).detach()
    own = scores.gather(1, labels[:, None])[:, 0]
    return own - scores.gather(1, 1 - labels[:, None])[:, 0]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), epsilon=st.floats(0.01, 0.5))
def test_a_linear_score_loses_epsilon_times_the_sum_of_the_weights(
    seed: int, epsilon: float
) -> None:
    """Where no number is cut off; and no attack can do more, however many steps it takes."""
    model, x, labels = linear(seed)
    x = epsilon + (1 - 2 * epsilon) * x  # far enough from black and white
    weights = model[1].weight  # type: ignore[index]
    most = epsilon * (weights[0] - weights[1]).abs().sum().item()
    before = lowered_margin(model, x, labels)
    for attacked in (
        attacks.fgsm(model, x, labels, epsilon),
        attacks.pgd(model, x, labels, epsilon, step=epsilon / 3, steps=5),
        attacks.pgd(model, x, labels, epsilon, step=epsilon / 3, steps=5, objective=attacks.margin),
        attacks.pgd(model, x, 1 - labels, epsilon, step=epsilon, steps=1, targeted=True),
    ):
        fall = before - lowered_margin(model, attacked, labels)
        assert fall.tolist() == pytest.approx([most] * 3)


ATTACKS: dict[str, Callable[[nn.Module, Tensor, Tensor, float], Tensor]] = {
    "fgsm": attacks.fgsm,
    "pgd": lambda model, x, labels, size: attacks.pgd(model, x, labels, size, step=size, steps=3),
    "pgd from far away": lambda model, x, labels, size: attacks.pgd(
        model, x, labels, size, step=size / 4, steps=2, start=1 - x
    ),
    "random": lambda model, x, labels, size: attacks.random_signs(
        x, size, torch.Generator().manual_seed(0)
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_leaves_the_ball_or_the_range(
    name: str, network: Network, drawn: tuple[Tensor, Tensor]
) -> None:
    x, labels = drawn
    before = x.clone()
    for epsilon in (2 / 255, 0.3):
        attacked = ATTACKS[name](FromPixels(network), x, labels, epsilon)
        assert attacked.min() >= 0
        assert attacked.max() <= 1
        assert (attacked - x).abs().max() <= epsilon + 1e-6
        assert (attacked != x).double().mean() > 0.5
    assert torch.equal(x, before)


def test_epsilon_is_a_size_of_pixels(network: Network, drawn: tuple[Tensor, Tensor]) -> None:
    """The chain rule through the normalization scales gradients, and leaves signs alone."""
    x, labels = drawn
    inside = attacks.input_gradient(FromPixels(network), x, labels)
    normalized = attacks.input_gradient(network.model, network.normalize(x), labels)
    assert torch.allclose(inside, normalized / torch.tensor(network.std).view(3, 1, 1))


def test_each_picture_has_its_own_gradient(
    network: Network, drawn: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    x, labels = drawn
    model = FromPixels(network)
    together = attacks.input_gradient(model, x, labels)
    monkeypatch.setattr(attacks, "BATCH", 3)
    assert torch.allclose(attacks.input_gradient(model, x, labels), together, atol=1e-5)
    assert torch.equal(attacks.correct(model, x, labels), model(x).argmax(1) == labels)


def test_the_margin_is_that_of_the_best_other_score() -> None:
    scores = torch.tensor([[1.0, 5, 3], [1, 5, 3]])
    assert attacks.margin(scores, torch.tensor([1, 2])).item() == (3 - 5) + (5 - 3)


def test_random_signs_move_every_number_by_epsilon() -> None:
    x = torch.full((2, 3, 8, 8), 0.5)
    change = attacks.random_signs(x, 0.125, torch.Generator().manual_seed(3)) - x
    assert change.abs().unique().tolist() == [0.125]
    assert 0.3 < (change > 0).double().mean() < 0.7


def test_training_attacks_begin_in_the_ball_and_training_learns() -> None:
    network = load_network("small_vgg_noise")
    learned = draw(100, seed=5)
    images = torch.from_numpy(learned.images).float() / 255
    labels = torch.from_numpy(learned.labels)
    random = torch.Generator().manual_seed(0)
    attacked = robust_training.attacked(network, images, labels, random)
    assert (attacked - images).abs().max() <= robust_training.EPSILON + 1e-6
    before = attacks.correct(FromPixels(network), attacked, labels).double().mean()
    assert before < 0.2
    robust_training.train(network, learned, epochs=3, seed=0)
    assert not any(parameter.requires_grad for parameter in network.model.parameters())
    assert attacks.correct(FromPixels(network), attacked, labels).double().mean() > before + 0.1
