"""Work side by side: every thread computes parts of its own, on one core.

PyTorch shares each operation among all cores, and after each one its threads wait for the slowest,
busily. Where operations are short, and some core has other work to do, most of the time goes into
waiting. Threads that compute whole parts on their own wait only at the end.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

Part = TypeVar("Part")
Result = TypeVar("Result")


class OneCoreThreads:
    """As many threads as PyTorch uses for an operation; each of them uses one core.

    count: how many; 1 if all is computed by the caller, as on a GPU.
    """

    def __init__(self, device: torch.device) -> None:
        """Start the threads; they end with this object.

        device: where the work computes.
        """
        self.count = torch.get_num_threads() if device.type == "cpu" and _threads_differ() else 1
        self._pool = _one_core_pool(self.count) if self.count > 1 else None

    def map(self, work: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
        """Give what ``work`` makes of each part, in order; few results wait for the caller."""
        if self._pool is None:
            yield from map(work, parts)
            return
        running: deque[Future[Result]] = deque()
        for part in parts:
            running.append(self._pool.submit(work, part))
            if len(running) > self.count:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _threads_differ() -> bool:
    """Return whether each thread can have its own number of cores: where OpenMP shares work."""
    return "parallel backend: OpenMP" in torch.__config__.parallel_info()


def _one_core_pool(count: int) -> ThreadPoolExecutor:
    ready = threading.Barrier(count + 1)

    def start() -> None:
        torch.get_num_threads()  # now PyTorch has given this thread the common number, for once
        torch.set_num_threads(1)
        ready.wait()

    common = torch.get_num_threads()
    pool = ThreadPoolExecutor(count, thread_name_prefix="one-core")
    for _ in range(count):
        pool.submit(start)
    ready.wait()
    torch.set_num_threads(common)  # which other new threads will be given
    return pool
