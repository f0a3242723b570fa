"""Exercise "adversarial": the references against PyTorch in float64, and what its cases rest on."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from autograder.chapter import load_problems
from autograder.handover import hand_over
from autograder.values import SequentialNetwork
from laboratory import attacks
from laboratory.attacks import FromPixels
from laboratory.networks import load_network
from solutions.adversarial.attacked_networks import (
    SMALLEST,
    drawn_network,
    drawn_pictures,
    loss_gradient,
)
from solutions.adversarial.tasks.fgsm import fgsm
from solutions.adversarial.tasks.pgd import pgd
from solutions.adversarial.tasks.robust_accuracy import robust_accuracy
from tests import COURSE

PROBLEMS = load_problems(COURSE, "adversarial")
SEEDS = st.integers(0, 100_000)
SIZES = st.sampled_from([1 / 64, 1 / 16, 0.2, 1.5])


def drawn(seed: int) -> tuple[nn.Module, Tensor, Tensor]:
    """A network, pictures from 0 to 1, and labels."""
    rng = np.random.default_rng(seed)
    model: nn.Module = hand_over(drawn_network(rng, 4, 6))
    x = torch.from_numpy(drawn_pictures(rng, 3, 4, 6))
    return model, x, torch.from_numpy(rng.integers(5, size=3))


def loss(model: nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    """The cross-entropy of each picture, from its definition."""
    scores = model(x)
    return scores.exp().sum(1).log() - scores[torch.arange(len(x)), labels]


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, epsilon=SIZES)
def test_fgsm_moves_each_number_up_its_own_slope(seed: int, epsilon: float) -> None:
    """Slopes from torch.func, picture by picture, beside a step of the laboratory."""
    model, x, labels = drawn(seed)
    plain = nn.Sequential(
        *(nn.ReLU() if isinstance(layer, nn.ReLU) else layer for layer in model.children())
    )
    for picture, label, moved in zip(x, labels, fgsm(model, x, labels, epsilon), strict=True):
        slope = torch.func.grad(lambda p, k: loss(plain, p[None], k[None])[0])(picture, label)
        expected = torch.where(slope > 0, picture + epsilon, picture - epsilon)
        expected = torch.where(slope == 0, picture, expected)
        assert torch.equal(moved, expected.clip(0, 1))
    assert torch.equal(fgsm(model, x, labels, epsilon), attacks.fgsm(model, x, labels, epsilon))


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, epsilon=SIZES, step=SIZES, steps=st.integers(0, 6))
def test_pgd_is_the_laboratorys(seed: int, epsilon: float, step: float, steps: int) -> None:
    model, x, labels = drawn(seed)
    got = pgd(model, x, labels, epsilon, step, steps)
    assert torch.equal(got, attacks.pgd(model, x, labels, epsilon, step=step, steps=steps))
    assert (got - x).abs().max() <= epsilon + 1e-12
    assert got.min() >= 0
    assert got.max() <= 1


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, epsilon=SIZES)
def test_one_step_of_pgd_is_fgsm(seed: int, epsilon: float) -> None:
    model, x, labels = drawn(seed)
    assert torch.equal(pgd(model, x, labels, epsilon, epsilon, 1), fgsm(model, x, labels, epsilon))


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, epsilon=SIZES)
def test_robust_accuracy_is_no_higher_than_under_any_attempt(seed: int, epsilon: float) -> None:
    model, x, labels = drawn(seed)
    with torch.no_grad():
        labels = model(x).argmax(1)
    tried = torch.stack(
        [fgsm(model, x, labels, epsilon), pgd(model, x, labels, epsilon, epsilon / 4, 5)]
    )
    together = robust_accuracy(model, x, labels, tried, epsilon)
    alone = [robust_accuracy(model, x, labels, attempt[None], epsilon) for attempt in tried]
    with torch.no_grad():
        right = [(model(attempt).argmax(1) == labels).double().mean().item() for attempt in tried]
    assert alone == pytest.approx(right)
    assert together <= min(alone)
    assert robust_accuracy(model, x, labels, tried[:0], epsilon) == 1
    far = x + 2 * epsilon + 1
    assert robust_accuracy(model, x, labels, far[None], epsilon) == 1


def test_rounding_in_float32_is_forgiven() -> None:
    """What the laboratory's attacks make of real pictures counts as inside the ball."""
    network = load_network("small_vgg_noise")
    stored = np.load(COURSE / "exercises" / "adversarial" / "pictures.npz")
    x = torch.from_numpy(stored["images"]).float().permute(0, 3, 1, 2) / 255
    labels = torch.from_numpy(stored["labels"])
    model, epsilon = FromPixels(network), 4 / 255
    tried = pgd(model, x, labels, epsilon, epsilon / 4, 8)
    with torch.no_grad():
        right = (model(x).argmax(1) == labels) & (model(tried).argmax(1) == labels)
    share = robust_accuracy(model, x, labels, tried[None], epsilon)
    assert share == pytest.approx(right.double().mean().item())
    assert share < 0.5


@pytest.mark.parametrize("name", ["fgsm", "pgd"])
def test_no_sign_hangs_on_rounding(name: str) -> None:
    """Derivatives of the cases are 0 exactly or far from it, at every step of the attack."""
    problem = PROBLEMS[name]
    for seed in range(6):
        for case in problem.hidden_checks(seed).cases:
            model, x, labels = (hand_over(case.arguments[key]) for key in ("model", "x", "labels"))
            assert isinstance(case.arguments["model"], SequentialNetwork)
            settings_ = [case.arguments[key] for key in list(case.arguments)[3:]]
            steps = settings_[2] if name == "pgd" else 1
            assert isinstance(steps, int)
            for done in range(steps):
                at = pgd(model, x, labels, *settings_[:2], done) if done else x.detach()  # type: ignore[arg-type]
                sizes = loss_gradient(model, at, labels).abs()
                assert sizes[sizes > 0].min() > SMALLEST


def test_shares_of_the_cases_tell_right_from_fooled() -> None:
    """An odd number of pictures: the share that is fooled is never that which is not."""
    problem = PROBLEMS["robust_accuracy"]
    for case in itertools.chain(problem.visible_checks().cases, problem.hidden_checks(1).cases):
        assert len(hand_over(case.arguments["labels"])) % 2 == 1
