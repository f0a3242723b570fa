"""Threads of which each uses one core."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from laboratory import small_vgg
from laboratory.attribution.occlusion import occlusion, plain_occlusion
from laboratory.fast.chain_gradient import ChainGradient
from laboratory.fast.one_core import OneCoreThreads
from tests.laboratory import lab_networks

CPU = torch.device("cpu")


@pytest.fixture
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("three_threads")
class TestOneCoreThreads:
    def test_each_has_one_core_and_the_others_keep_theirs(self):
        threads = OneCoreThreads(CPU)
        assert threads.count == 3
        together = threading.Barrier(3)

        def cores(_: int) -> tuple[int, str]:
            together.wait(60)  # so that nobody does the others' work
            torch.ones(300_000).sin()  # PyTorch sets up a new thread at its first operation
            return torch.get_num_threads(), threading.current_thread().name

        answers = list(threads.map(cores, range(6)))
        assert [count for count, _ in answers] == [1] * 6
        assert len({name for _, name in answers}) == 3
        assert torch.get_num_threads() == 3
        new: list[int] = []
        other = threading.Thread(target=lambda: new.append(torch.get_num_threads()))
        other.start()
        other.join()
        assert new == [3]

    def test_in_order_and_few_wait(self):
        started: list[int] = []
        results = OneCoreThreads(CPU).map(lambda i: started.append(i) or i, range(100))
        assert next(results) == 0
        assert len(started) <= 5
        assert list(results) == list(range(1, 100))

    def test_errors_come_out(self):
        def fail(part: int) -> None:
            raise KeyError(part)

        with pytest.raises(KeyError, match="7"):
            list(OneCoreThreads(CPU).map(fail, [7]))

    def test_gradients_are_the_same(self):
        model, (x, labels, _) = small_vgg.load(), lab_networks.drawn(5)
        got = ChainGradient(model)(x, labels)
        torch.set_num_threads(1)
        assert OneCoreThreads(CPU).count == 1
        expected = ChainGradient(model)(x, labels)
        cosine = torch.cosine_similarity(got.flatten(1), expected.flatten(1))
        assert float(cosine.min()) > 0.99999

    def test_occlusion_is_the_same(self):
        model, (x, _, _) = small_vgg.load(), lab_networks.drawn(1)
        got = occlusion(model, x, patch=24, stride=12)
        expected = plain_occlusion(model, x, patch=24, stride=12)
        assert lab_networks.relative(got.logits, expected.logits) < 1e-5
