"""Work in parts, so that the memory it takes is bounded."""

from __future__ import annotations


def batch_starts(total: int, batch_size: int) -> range:
    """Return at which of ``total`` pictures, samples or places each batch begins.

    Raises ValueError if a batch would hold nothing.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1; {batch_size} was given.")
    return range(0, total, batch_size)
