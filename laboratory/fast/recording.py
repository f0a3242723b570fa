"""Computations that are asked for again and again, as CUDA graphs.

A map consists of hundreds of small steps. On a GPU many of them take less time than it takes to ask
for them, so they are recorded once, as a CUDA graph, and then launched together. What a recorded
computation reads is fixed: memory that is written anew before each time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import torch
from torch import Tensor

Work = Callable[[], tuple[Tensor, ...]]

_WARM_UP_ROUNDS = 3  # what CUDA asks for before a graph is recorded
_ONE_AT_A_TIME = threading.Lock()  # PyTorch records one graph at a time


def recorded(work: Work, device: torch.device) -> Work | None:
    """Return what does the same as ``work`` with one launch; None if the device is no GPU.

    work: reads and writes the same memory every time, and copies nothing from the host.
    """
    if device.type != "cuda":
        return None
    with _ONE_AT_A_TIME, torch.cuda.device(device):
        return _recorded(work, device)


def _recorded(work: Work, device: torch.device) -> Work:
    here, aside = torch.cuda.current_stream(device), torch.cuda.Stream(device)
    aside.wait_stream(here)
    with torch.cuda.stream(aside):
        for _ in range(_WARM_UP_ROUNDS):
            work()
    here.wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    # A notebook's widgets may compute in a thread of their own, while a cell uses the GPU, too.
    with torch.cuda.graph(graph, stream=aside, capture_error_mode="thread_local"):
        outputs = work()

    def replay() -> tuple[Tensor, ...]:
        graph.replay()
        # The next time overwrites the outputs.
        return tuple(output.clone() for output in outputs)

    return replay
