"""How many cores PyTorch uses for what the grader computes itself."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute in the calling thread alone, if it is loaded.

    The networks of exercises are small, and several submissions are graded at a time. Threads that
    share one operation wait for each other busily: on a busy machine that costs ten times the work.
    """
    torch: Any = sys.modules.get("torch")
    if torch is None:
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
