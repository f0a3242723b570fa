"""The chapter "Training": its functions against float64 PyTorch, and the claims of its page."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from book.training import demo as training_demo
from book.training.handwriting import digits, epochs_of
from solutions.arrays import Array
from solutions.training import convolution, draw_runs, plain_convolutions
from solutions.training.autograd import autograd_loss_and_gradients
from solutions.training.network import (
    Watched,
    accuracy,
    cross_entropy,
    random_parameters,
    scores,
    softmax,
)
from solutions.training.parameters import Parameters
from solutions.training.runs import KINDS, stored_runs
from solutions.training.tasks import sgd_step as sgd_step_task
from solutions.training.tasks import small_cnn_loss_and_gradients as small_cnn_task
from solutions.training.tasks import train as train_task
from solutions.training.tasks.col2im import WORKED_COLUMNS, col2im
from solutions.training.tasks.im2col import WORKED_IMAGE, im2col
from solutions.training.tasks.name_that_bug import name_that_bug
from solutions.training.tasks.sgd_step import sgd_step
from solutions.training.tasks.small_cnn_loss_and_gradients import small_cnn_loss_and_gradients
from solutions.training.tasks.train import train

Layer = dict[str, Any]


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """Draw the arguments of a convolutional layer into whose images a window fits."""
    padding, stride = draw(st.integers(0, 3)), draw(st.integers(1, 4))
    height, width = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    rows = draw(st.integers(1, min(height + 2 * padding, 5)))
    columns = draw(st.integers(1, min(width + 2 * padding, 5)))
    images, channels, filters = (draw(st.integers(1, 3)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return {
        "x": rng.standard_normal((images, channels, height, width)),
        "w": rng.standard_normal((filters, channels, rows, columns)),
        "b": rng.standard_normal(filters),
        "stride": stride,
        "padding": padding,
    }


def close(got: Array, expected: Array) -> None:
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-10)


def by_torch(layer: Layer) -> tuple[torch.Tensor, list[torch.Tensor]]:
    leaves = [torch.tensor(layer[name], requires_grad=True) for name in ("x", "w", "b")]
    out = torch.nn.functional.conv2d(*leaves, stride=layer["stride"], padding=layer["padding"])
    assert out.dtype == torch.float64
    return out, leaves


class TestConvolution:
    @pytest.mark.parametrize(
        "conv2d",
        [
            plain_convolutions.conv2d_loops,
            plain_convolutions.conv2d_windows,
            plain_convolutions.conv2d_im2col,
            convolution.conv2d_forward,
        ],
    )
    @settings(deadline=None, max_examples=60)
    @given(layer=layers())
    def test_forward_agrees_with_torch(self, conv2d: Callable[..., Array], layer: Layer) -> None:
        out, _ = by_torch(layer)
        close(conv2d(**layer), out.detach().numpy())

    @settings(deadline=None, max_examples=150)
    @given(layer=layers(), seed=st.integers(0, 2**32 - 1))
    def test_backward_agrees_with_torch(self, layer: Layer, seed: int) -> None:
        out, leaves = by_torch(layer)
        dout = np.random.default_rng(seed).standard_normal(tuple(out.shape))
        out.backward(torch.tensor(dout))
        given_ = {name: layer[name] for name in ("x", "w", "stride", "padding")}
        gradients = convolution.conv2d_backward(dout, **given_)
        for gradient, leaf in zip(gradients, leaves, strict=True):
            close(gradient, leaf.grad.numpy())

    def test_type_is_kept_and_inputs_stay(self) -> None:
        rng = np.random.default_rng(0)
        x, w, b, dout = (
            rng.standard_normal(shape).astype(np.float32)
            for shape in ((2, 3, 6, 7), (4, 3, 3, 3), (4,), (2, 4, 3, 4))
        )
        before = [part.copy() for part in (x, w, b, dout)]
        out = convolution.conv2d_forward(x, w, b, 2, 1)
        results = [out, *convolution.conv2d_backward(dout, x, w, 2, 1)]
        assert {result.dtype for result in results} == {np.dtype(np.float32)}
        for part, copy in zip((x, w, b, dout), before, strict=True):
            assert np.array_equal(part, copy)

    def test_results_do_not_share_memory(self) -> None:
        x, w, b = np.ones((2, 1, 4, 4)), np.ones((1, 1, 3, 3)), np.zeros(1)
        first = convolution.conv2d_forward(x, w, b, 1, 1)
        before = first.copy()
        convolution.conv2d_forward(2 * x, w, b, 1, 1)
        assert np.array_equal(first, before)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"x": np.ones((2, 3, 2, 9))}, "3 x 3 does not fit into images of 2 x 9"),
            ({"x": np.ones((2, 1, 5, 5))}, r"needed are \(N, C, H, W\) and \(F, C, HH, WW\)"),
            ({"x": np.ones((3, 5, 5))}, r"needed are \(N, C, H, W\)"),
            ({"stride": 0}, "at least 1 and 0 are needed"),
            ({"padding": -1}, "at least 1 and 0 are needed"),
        ],
    )
    @pytest.mark.parametrize(
        "conv2d",
        [
            plain_convolutions.conv2d_loops,
            plain_convolutions.conv2d_windows,
            plain_convolutions.conv2d_im2col,
            convolution.conv2d_forward,
        ],
    )
    def test_bad_settings_are_refused_in_words(
        self, conv2d: Callable[..., Array], change: Layer, words: str
    ) -> None:
        good = {
            "x": np.ones((2, 3, 5, 5)),
            "w": np.ones((4, 3, 3, 3)),
            "b": np.ones(4),
            "stride": 1,
            "padding": 0,
        }
        with pytest.raises(ValueError, match=words):
            conv2d(**{**good, **change})

    def test_gradient_of_another_shape_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"dout has shape \(1, 1, 2, 2\)"):
            convolution.conv2d_backward(
                np.ones((1, 1, 2, 2)), np.ones((1, 1, 5, 5)), np.ones((1, 1, 3, 3)), 1, 0
            )


class TestColumns:
    @settings(deadline=None, max_examples=100)
    @given(layer=layers())
    def test_im2col_agrees_with_unfold(self, layer: Layer) -> None:
        x, w, stride, padding = (layer[name] for name in ("x", "w", "stride", "padding"))
        unfolded = torch.nn.functional.unfold(
            torch.tensor(x), w.shape[2:], stride=stride, padding=padding
        ).numpy()
        expected = unfolded.transpose(1, 0, 2).reshape(unfolded.shape[1], -1)
        assert np.array_equal(im2col(x, *w.shape[2:], stride, padding), expected)

    @settings(deadline=None, max_examples=100)
    @given(layer=layers(), seed=st.integers(0, 2**32 - 1))
    def test_col2im_agrees_with_fold_and_is_the_adjoint(self, layer: Layer, seed: int) -> None:
        x, w, stride, padding = (layer[name] for name in ("x", "w", "stride", "padding"))
        columns = im2col(x, *w.shape[2:], stride, padding)
        drawn = np.random.default_rng(seed).standard_normal(columns.shape)
        back = col2im(drawn, x.shape, *w.shape[2:], stride, padding)
        by_image = drawn.reshape(len(drawn), len(x), -1).transpose(1, 0, 2).copy()
        folded = torch.nn.functional.fold(
            torch.tensor(by_image), x.shape[2:], w.shape[2:], stride=stride, padding=padding
        )
        close(back, folded.numpy())
        assert math.isclose(np.sum(columns * drawn), np.sum(x * back), abs_tol=1e-9)

    def test_the_examples_of_the_exercise(self) -> None:
        columns = im2col(WORKED_IMAGE, 2, 2, 1, 0)
        assert columns.tolist() == [[1, 2, 4, 5], [2, 3, 5, 6], [4, 5, 7, 8], [5, 6, 8, 9]]
        back = col2im(WORKED_COLUMNS, (1, 1, 3, 3), 2, 2, 1, 0)[0, 0]
        assert back.tolist() == [[1, 12, 20], [8, 90, 100], [7, 78, 80]]


class TestNetwork:
    @settings(deadline=None, max_examples=60)
    @given(
        seed=st.integers(0, 2**32 - 1),
        images=st.integers(1, 4),
        channels=st.integers(1, 3),
        filters=st.integers(1, 4),
        classes=st.integers(2, 5),
        half=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    )
    def test_loss_and_gradients_agree_with_autograd(
        self,
        seed: int,
        images: int,
        channels: int,
        filters: int,
        classes: int,
        half: tuple[int, int],
    ) -> None:
        rng = np.random.default_rng(seed)
        parameters = {
            "w1": rng.standard_normal((filters, channels, 3, 3)),
            "b1": rng.standard_normal(filters),
            "w2": rng.standard_normal((filters * half[0] * half[1], classes)),
            "b2": rng.standard_normal(classes),
        }
        x = rng.standard_normal((images, channels, 2 * half[0], 2 * half[1]))
        y = rng.integers(0, classes, size=images)
        loss, gradients = small_cnn_loss_and_gradients(parameters, x, y)
        autograd = autograd_loss_and_gradients(torch.nn.functional.cross_entropy)
        expected_loss, expected = autograd(parameters, x, y)
        assert math.isclose(loss, expected_loss, abs_tol=1e-10)
        assert list(gradients) == list(parameters)
        for name, gradient in gradients.items():
            close(gradient, expected[name])
        assert math.isclose(cross_entropy(scores(parameters, x), y), loss, abs_tol=1e-10)

    def test_the_example_of_the_exercise(self) -> None:
        case = small_cnn_task.cases(np.random.default_rng(0))[0]
        loss, gradients = small_cnn_loss_and_gradients(**case.arguments)
        assert round(loss, 3) == 2.812
        assert gradients["b2"].round(4).tolist() == [0.9399, -0.9399]
        assert gradients["w2"].round(4).tolist() == [[1.4099, -1.4099]]
        assert gradients["b1"].round(4).tolist() == [1.8798]
        pattern = np.array([[0, 0, 0], [0, 1, 0], [0, 0.5, -1]])
        assert np.allclose(gradients["w1"][0, 0], gradients["b1"][0] * pattern, atol=1e-12)

    @pytest.mark.parametrize("seed", range(20))
    def test_graded_networks_have_no_ties(self, seed: int) -> None:
        for make in (small_cnn_task.cases, small_cnn_task.hidden_cases):
            for case in make(np.random.default_rng(seed)):
                given_ = case.arguments
                assert not small_cnn_task._has_ties(given_["parameters"], given_["x"])

    def test_ties_are_noticed(self) -> None:
        parameters = random_parameters(np.random.default_rng(0), 2, 3)
        assert small_cnn_task._has_ties(parameters, np.zeros((1, 1, 8, 8)))
        assert not small_cnn_task._has_ties(
            parameters, np.random.default_rng(1).standard_normal((1, 1, 8, 8))
        )

    def test_softmax_and_cross_entropy_survive_large_scores(self) -> None:
        z = np.array([[1000.0, 0.0], [-1000.0, 0.0]])
        assert softmax(z).tolist() == [[1, 0], [0, 1]]
        assert cross_entropy(z, np.array([0, 0])) == 500

    def test_equal_filters_stay_equal(self) -> None:
        data = digits()
        parameters = random_parameters(np.random.default_rng(0), 2, 10)
        parameters["w1"][1] = parameters["w1"][0]
        parameters["w2"][16:] = parameters["w2"][:16]
        order = epochs_of(64, 3, seed=0)
        learned, _ = train(
            small_cnn_loss_and_gradients, parameters, data.x[:64], data.y[:64], order, 16, 0.1, 0.9
        )
        assert np.allclose(learned["w1"][0], learned["w1"][1], rtol=0, atol=1e-12)
        assert not np.allclose(learned["w1"], parameters["w1"])


class TestSteps:
    @settings(deadline=None, max_examples=50)
    @given(
        seed=st.integers(0, 2**32 - 1),
        rate=st.floats(0.001, 1),
        momentum=st.floats(0, 0.99),
        steps=st.integers(1, 5),
    )
    def test_sgd_step_agrees_with_torch(
        self, seed: int, rate: float, momentum: float, steps: int
    ) -> None:
        rng = np.random.default_rng(seed)
        p = {"w": rng.standard_normal((2, 3)), "b": rng.standard_normal(3)}
        v = {name: np.zeros_like(value) for name, value in p.items()}
        leaves = {name: torch.tensor(value) for name, value in p.items()}
        optimizer = torch.optim.SGD(leaves.values(), lr=rate, momentum=momentum)
        for _ in range(steps):
            g = {name: rng.standard_normal(value.shape) for name, value in p.items()}
            p, v = sgd_step(p, g, v, rate, momentum)
            for name, leaf in leaves.items():
                leaf.grad = torch.tensor(g[name])
            optimizer.step()
        for name, leaf in leaves.items():
            close(p[name], leaf.numpy())

    def test_the_example_of_the_exercise(self) -> None:
        case = sgd_step_task.cases(np.random.default_rng(0))[0]
        p, v = sgd_step(**case.arguments)
        assert p["w"].tolist() == [0.75, -0.75]
        assert v["w"].tolist() == [5, -1]

    def test_the_training_by_hand(self) -> None:
        def model(p: Parameters, x: Array, y: Array) -> tuple[float, Parameters]:
            error = p["w"] * x - y
            return float(np.mean(error**2)), {"w": np.mean(2 * error * x)}

        learned, losses = train(
            model,
            {"w": np.array(0.0)},
            np.array([1.0, 2.0]),
            np.array([2.0, 2.0]),
            np.array([[1, 0]]),
            batch_size=1,
            learning_rate=1 / 8,
            momentum=1 / 2,
        )
        assert learned["w"] == 1.75
        assert losses.tolist() == [4, 1]

    def test_momentum_makes_long_steps_where_gradients_agree(self) -> None:
        p, v = {"p": np.array(0.0)}, {"p": np.array(0.0)}
        for _ in range(200):
            p, v = sgd_step(p, {"p": np.array(1.0)}, v, 0.1, 0.9)
        assert math.isclose(v["p"], 10, rel_tol=1e-6)

    def test_watched_looks_before_each_epoch(self) -> None:
        def model(p: Parameters, x: Array, y: Array) -> tuple[float, Parameters]:
            return 0.0, {"w": np.array(1.0)}

        watched = Watched(model, lambda p: float(p["w"]), every=2)
        order = np.array([[0, 1, 2], [2, 1, 0], [1, 0, 2]])
        start = {"w": np.array(0.0)}
        _, losses = train(watched, start, np.zeros(3), np.zeros(3), order, 2, 1.0, 0.0)
        assert watched.seen == [0, -2, -4]
        assert len(losses) == 6


class TestRuns:
    def test_every_stored_run_is_named(self) -> None:
        runs = stored_runs()
        assert tuple(runs) == KINDS
        for kind, some in runs.items():
            assert len(some) == draw_runs.RUNS_PER_KIND
            assert {name_that_bug(**run) for run in some} == {kind}

    def test_stored_runs_differ_in_classes_and_length(self) -> None:
        for some in stored_runs().values():
            assert len({run["classes"] for run in some}) >= 4
            assert len({len(run["train_loss"]) for run in some}) >= 4
            for run in some:
                length = len(run["train_loss"])
                assert length == len(run["validation_loss"]) == len(run["validation_accuracy"])

    def test_every_stored_run_lies_within_the_boundaries_that_the_task_states(self) -> None:
        """In units of log K: below 0.1 in training, then below 0.1 or above 0.4 in validation."""
        for kind, some in stored_runs().items():
            for run in some:
                guessing = np.log(run["classes"])
                train_end, validation_end = (
                    run[f"{name}_loss"][-1] / guessing for name in ("train", "validation")
                )
                if kind == "healthy":
                    assert max(train_end, validation_end) < 0.1
                elif kind == "overfitting":
                    assert train_end < 0.1
                    assert validation_end > 0.4
                else:
                    assert train_end > 0.5

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_stored_run_is_what_the_training_gives(self, kind: str) -> None:
        drawn, stored = draw_runs.draw_run(kind, 0), stored_runs()[kind][0]
        assert drawn["classes"] == stored["classes"]
        # Later on, rounding may make another path of a run that explodes.
        assert np.allclose(drawn["train_loss"][:2], stored["train_loss"][:2], rtol=0.05)
        assert len(drawn["train_loss"]) == len(stored["train_loss"])
        as_arrays = {n: np.array(p) if isinstance(p, list) else p for n, p in drawn.items()}
        assert name_that_bug(**as_arrays) == kind

    def test_a_fresh_run_of_another_seed_is_named(self) -> None:
        run = draw_runs.draw_run("step too small", 1000)
        as_arrays = {n: np.array(p) if isinstance(p, list) else p for n, p in run.items()}
        assert name_that_bug(**as_arrays) == "step too small"

    @pytest.mark.parametrize("classes", [2, 4, 10])
    def test_floor_of_softmax_twice(self, classes: int) -> None:
        z = np.full((1, classes), -1000.0)
        z[0, 0] = 1000
        surest = torch.tensor(z)
        loss = draw_runs.softmax_twice(surest, torch.tensor([0])).item()
        assert math.isclose(loss, training_demo.softmax_floor(classes), abs_tol=1e-12)
        assert round(training_demo.softmax_floor(10), 4) == 1.4612


class TestPage:
    data = digits()

    def test_digits(self) -> None:
        data = self.data
        assert data.x.shape == (1077, 1, 8, 8)
        assert data.validation_x.shape == data.test_x.shape == (360, 1, 8, 8)
        assert (data.x.min(), data.x.max()) == (0, 1)
        assert set(data.y) == set(data.validation_y) == set(data.test_y) == set(range(10))

    def test_no_picture_is_in_two_of_the_three_sets(self) -> None:
        sets = [
            {picture.tobytes() for picture in part}
            for part in (self.data.x, self.data.validation_x, self.data.test_x)
        ]
        assert sum(map(len, sets)) == len(set.union(*sets)) == 1797

    def test_confusion_matrix_agrees_with_scikit_learn(self) -> None:
        rng = np.random.default_rng(0)
        answers, labels = rng.integers(0, 4, size=(2, 50))
        expected = metrics.confusion_matrix(labels, answers)
        assert np.array_equal(training_demo.confusion_matrix(answers, labels, 4), expected)

    def test_reliability_by_hand(self) -> None:
        sure = [0.6, 0.65, 0.75, 0.85, 0.95, 0.995, 0.999]
        probabilities = np.array([[p, 1 - p] for p in sure])
        groups = training_demo.reliability(probabilities, np.array([0, 1, 0, 0, 1, 0, 0]))
        assert [count for count, _, _ in groups] == [2, 2, 1, 2]
        assert np.allclose([confidence for _, confidence, _ in groups], [0.625, 0.8, 0.95, 0.997])
        assert [right for _, _, right in groups] == [0.5, 1, 0, 1]

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_network_learns_digits_and_agrees_with_pytorch(self, seed: int) -> None:
        """The loss starts at log 10; 97 % at the end; PyTorch walks the same path."""
        data = self.data
        start = random_parameters(np.random.default_rng(seed), 16, 10)
        order = epochs_of(len(data.x), 8, seed)
        learned, losses = train(
            small_cnn_loss_and_gradients, start, data.x, data.y, order, 32, 0.1, 0.9
        )
        assert abs(losses[0] - np.log(10)) < 0.05
        assert accuracy(learned, data.test_x, data.test_y) >= 0.97
        if seed == 1:
            autograd = autograd_loss_and_gradients(torch.nn.functional.cross_entropy)
            same, torch_losses = train(autograd, start, data.x, data.y, order, 32, 0.1, 0.9)
            assert np.abs(losses - torch_losses).max() < 1e-6
            for name, value in learned.items():
                assert np.abs(value - same[name]).max() < 1e-6

    def test_progress_tells_how_far_it_is(self, capsys: pytest.CaptureFixture[str]) -> None:
        progress = training_demo.Progress(self.data, epochs=2)
        parameters = random_parameters(np.random.default_rng(1), 4, 10)
        for _ in range(3):
            loss, right = progress(parameters)
        lines = capsys.readouterr().out.splitlines()
        assert [line.count("█") for line in lines] == [0, 1, 2]
        assert lines[0].startswith(" 0 of 2 epochs ░░")
        assert abs(loss - np.log(10)) < 0.1
        assert 0 <= right < 0.5

    def test_largest_mistakes_are_mistakes(self) -> None:
        parameters = random_parameters(np.random.default_rng(1), 4, 10)
        for n, answer in training_demo.largest_mistakes(parameters, self.data, 5):
            assert answer != self.data.validation_y[n]
            assert scores(parameters, self.data.validation_x[[n]]).argmax() == answer

    def test_gallery_shows_each_broken_kind_once(self) -> None:
        kinds = [kind for _, kind, _ in training_demo.GALLERY]
        assert sorted([*kinds, "healthy"]) == sorted(KINDS)

    def test_ladder_measures_ways_that_agree(self) -> None:
        rungs = training_demo.ladder(images=2, channels=3, filters=4, side=12, rounds=1)
        assert [rung.name for rung in rungs][-1] == "PyTorch"
        assert all(rung.agrees for rung in rungs)
        assert all(rung.milliseconds > 0 for rung in rungs)

    def test_a_wrong_way_would_be_noticed(self) -> None:
        right = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
        assert training_demo.close(right * np.float32(1 + 1e-6), right)
        assert not training_demo.close(np.roll(right, 1), right)


def rebuilt(parameters: Parameters, x: Array, y: Array) -> tuple[float, Parameters]:
    return small_cnn_task._network()(parameters, x, y)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_mistakes_stand_on_a_right_network_and_a_right_loop(seed: int) -> None:
    """Without its mistake, the network and the loop that misconceptions vary are the reference."""
    rng = np.random.default_rng(seed)
    parameters = random_parameters(rng, 3, 4, side=4)
    x, y = rng.standard_normal((5, 1, 4, 4)), rng.integers(0, 4, size=5)
    loss, gradients = rebuilt(parameters, x, y)
    expected_loss, expected = small_cnn_loss_and_gradients(parameters, x, y)
    assert math.isclose(loss, expected_loss, abs_tol=1e-12)
    for name, gradient in gradients.items():
        close(gradient, expected[name])
    order = np.stack([rng.permutation(5) for _ in range(2)])
    given_ = (small_cnn_loss_and_gradients, parameters, x, y, order, 2, 0.1, 0.5)
    learned, losses = train_task._training()(*given_)
    right, right_losses = train(*given_)
    close(losses, right_losses)
    for name, value in learned.items():
        close(value, right[name])
