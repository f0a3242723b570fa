"""Memory is bounded by the batch size: PyTorch's own count of allocated bytes, not the clock."""

from __future__ import annotations

import pytest
import torch

from benchmarks.laboratory.memory import FUNCTIONS, allocated_peak
from laboratory import small_vgg
from tests.laboratory import lab_networks


def test_the_count_is_right():
    def work() -> None:
        first = torch.empty(1000, 1000)  # 4 MB
        second = torch.empty(1000, 500)
        del first
        torch.empty(1000, 750)
        del second

    assert allocated_peak(work) == 6_000_000


@pytest.mark.parametrize("name", FUNCTIONS)
def test_many_take_no_more_than_one_batch(name):
    torch.set_num_threads(1)  # PyTorch counts what the calling thread allocates
    model = small_vgg.load()
    x = lab_networks.drawn(1)[0]

    def peak(batch: int, batches: int) -> int:
        return allocated_peak(lambda: FUNCTIONS[name](model, x, batch, batches))

    peak(2, 1)  # whatever is made once
    peak_of_one, peak_of_four = peak(4, 1), peak(4, 4)
    # What may grow: for each of the others, the picture, its copy and what is returned for it.
    assert peak_of_four < peak_of_one + 12 * 3 * x.nbytes
    assert peak_of_four < 1.5 * peak_of_one
    # And it is the batch that decides.
    assert peak(16, 1) > 1.5 * peak_of_one
