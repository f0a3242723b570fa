"""The page "Optimizers and regularization": its steps against PyTorch, and what it claims."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import torch

from book.training import experiments
from book.training.experiments import Adam, Optimizer, Sgd, fit
from book.training.handwriting import digits, epochs_of
from solutions.training.network import cross_entropy, random_parameters, scores
from solutions.training.tasks.dropout import dropout
from solutions.training.tasks.he_init import he_init
from solutions.training.tasks.small_cnn_loss_and_gradients import small_cnn_loss_and_gradients
from solutions.training.tasks.train import train

STEPS = 60
RATE = 0.03
Leaves = Iterable[torch.Tensor]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda: Sgd(RATE), lambda leaves: torch.optim.SGD(leaves, RATE)),
        (
            lambda: Sgd(RATE, 0.9, decay=0.01),
            lambda leaves: torch.optim.SGD(leaves, RATE, 0.9, weight_decay=0.01),
        ),
        (lambda: Adam(RATE), lambda leaves: torch.optim.Adam(leaves, RATE)),
        (
            lambda: Adam(RATE, decay=0.1),
            lambda leaves: torch.optim.AdamW(leaves, RATE, weight_decay=0.1),
        ),
    ],
    ids=["SGD", "SGD with decay", "Adam", "AdamW"],
)
def test_steps_along_a_cosine_agree_with_torch(
    ours: Callable[[], Optimizer], theirs: Callable[[Leaves], Any], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    parameters = random_parameters(rng, 3, 4)
    leaves = {name: torch.tensor(value) for name, value in parameters.items()}
    mine, optimizer = ours(), theirs(list(leaves.values()))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for step in range(STEPS):
        gradients = {name: rng.standard_normal(value.shape) for name, value in parameters.items()}
        parameters = mine.step(parameters, gradients, experiments.cosine(step / STEPS))
        for name, leaf in leaves.items():
            leaf.grad = torch.tensor(gradients[name])
        optimizer.step()
        schedule.step()
        for name, leaf in leaves.items():
            assert np.abs(parameters[name] - leaf.numpy()).max() < 1e-12


@pytest.mark.parametrize(
    ("optimizer", "rates", "best"),
    [
        (Sgd, (0.3, 1.0, 3.0), 1.0),
        (functools.partial(Sgd, momentum=0.9), (0.03, 0.1, 0.3), 0.1),
        (Adam, (0.01, 0.03, 0.1), 0.03),
    ],
    ids=["SGD", "SGD with momentum", "Adam"],
)
def test_each_kind_of_step_has_the_rate_that_is_best_in_validation(
    optimizer: Callable[[float], Optimizer], rates: tuple[float, ...], best: float
) -> None:
    data = digits()
    start = random_parameters(np.random.default_rng(1), 16, 10)
    order = epochs_of(len(data.x), 6, seed=0)
    by_rate = {}
    for rate in rates:
        learned = fit(optimizer(rate), start, data.x, data.y, order, 32).parameters
        by_rate[rate] = cross_entropy(scores(learned, data.validation_x), data.validation_y)
    assert min(by_rate, key=lambda rate: by_rate[rate]) == best


def test_an_l2_penalty_is_not_weight_decay_for_adam() -> None:
    rng = np.random.default_rng(0)
    parameters, penalty, decoupled = {"p": np.array([2.0])}, Adam(0.1), Adam(0.1, decay=0.5)
    by_penalty = by_decay = parameters
    for _ in range(20):
        gradient = {"p": 10 * rng.standard_normal(1)}
        pulled = {"p": gradient["p"] + 0.5 * by_penalty["p"]}
        by_penalty = penalty.step(by_penalty, pulled, 1.0)
        by_decay = decoupled.step(by_decay, gradient, 1.0)
    assert abs(by_penalty["p"][0] - by_decay["p"][0]) > 0.5


def test_fit_with_momentum_is_train() -> None:
    data = digits()
    start = random_parameters(np.random.default_rng(1), 4, 10)
    order = epochs_of(100, 2, seed=0)
    given = start, data.x[:100], data.y[:100], order, 32
    learned, losses = train(small_cnn_loss_and_gradients, *given, 0.1, 0.9)
    fitted = fit(Sgd(0.1, 0.9), *given)
    assert np.array_equal(fitted.losses, losses)
    for name, value in learned.items():
        assert np.array_equal(fitted.parameters[name], value)


def test_he_init_has_the_deviation_of_torch() -> None:
    rng = np.random.default_rng(0)
    for shape in ((64, 32, 3, 3), (500, 200)):
        weights = he_init(rng.standard_normal(shape))
        theirs = torch.empty(shape if len(shape) == 4 else shape[::-1])  # (outputs, inputs)
        torch.manual_seed(0)
        torch.nn.init.kaiming_normal_(theirs, nonlinearity="relu")
        assert weights.std() == pytest.approx(theirs.std().item(), rel=0.03)


@pytest.mark.parametrize("rate", [0.25, 0.5])
def test_dropout_keeps_the_expectation_and_is_its_own_backward_function(rate: float) -> None:
    rng = np.random.default_rng(0)
    x, noise, dout = rng.standard_normal((3, 4000)), rng.random((3, 4000)), rng.random((3, 4000))
    y = dropout(x, noise, rate, training=True)
    assert np.mean(y * x) == pytest.approx(np.mean(x * x), rel=0.05)
    nudged = dropout(x + 1e-6 * dout, noise, rate, training=True)
    directional = np.sum((nudged - y) / 1e-6)
    assert directional == pytest.approx(dropout(dout, noise, rate, training=True).sum(), rel=1e-6)


def test_gradients_with_dropout_agree_with_autograd() -> None:
    data = digits()
    x, y = data.x[:6], data.y[:6]
    parameters = random_parameters(np.random.default_rng(2), 3, 10)
    parameters["w2"] = 30 * parameters["w2"]
    loss, gradients = experiments.with_dropout(0.5, np.random.default_rng(5))(parameters, x, y)
    leaves = {name: torch.tensor(p, requires_grad=True) for name, p in parameters.items()}
    kept = torch.tensor(np.random.default_rng(5).random((6, 48)) >= 0.5)
    maps = torch.nn.functional.conv2d(torch.tensor(x), leaves["w1"], leaves["b1"], padding=1)
    features = torch.nn.functional.max_pool2d(maps.relu(), 2).flatten(1) * kept * 2
    expected = torch.nn.functional.cross_entropy(
        features @ leaves["w2"] + leaves["b2"], torch.tensor(y)
    )
    expected.backward()
    assert loss == pytest.approx(expected.item(), abs=1e-12)
    for name, leaf in leaves.items():
        assert leaf.grad is not None
        assert np.abs(gradients[name] - leaf.grad.numpy()).max() < 1e-12


def test_shifted_moves_each_image_by_up_to_one_pixel() -> None:
    images = np.zeros((200, 1, 5, 5))
    images[:, 0, 2, 2] = 1
    places = {
        tuple(int(axis) for axis in np.argwhere(image)[0])
        for image in experiments.shifted(images, np.random.default_rng(0))[:, 0]
    }
    assert places == {(i, j) for i in (1, 2, 3) for j in (1, 2, 3)}


def test_warm_up_rises_and_then_follows_the_schedule() -> None:
    schedule = experiments.warm_up(experiments.cosine, 0.2)
    assert [schedule(done) for done in (0, 0.1, 0.2)] == [0, 0.5, 1]
    assert schedule(0.6) == pytest.approx(0.5)
    assert schedule(1) == pytest.approx(0, abs=1e-12)
    assert experiments.constant(0.7) == 1
