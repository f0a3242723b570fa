"""Whether a function that is to do without Python loops is faster than these.

A case may say how many steps a loop would take. The call then has to be done in an eighth of the
time that so many steps take on the same machine, at the same time: whoever lets NumPy do the loop
needs a tenth of that again. Time is what the function itself computes, not what the clock shows.
"""

from __future__ import annotations

import functools
import sys
import time

import numpy as np

from autograder.outcomes import Ending, Returned, TimedOut

SHARE = 1 / 8
"""Of the time of a Python loop, what a function without one may take."""

STEPS = 400
"""Steps of the loop that is measured."""

# Of a thread alone; on Windows that clock is too coarse, and in browsers there is none.
_HAS_CLOCK = sys.platform not in ("win32", "emscripten")
clock = time.thread_time if _HAS_CLOCK else time.perf_counter

ATTEMPTS = 1 if _HAS_CLOCK else 5
"""How often a student's function may try: the clock on the wall goes on while others compute."""


def fast_enough(ending: Ending, seconds: float, steps: int) -> Ending:
    """Return how a call ended; if it was no faster than a loop, that it took too long.

    ``steps`` are those of the loop; 0 where no loop is to be beaten. The call is not made again: a
    function may have kept its result.
    """
    if not steps or not isinstance(ending, Returned):
        return ending
    if seconds > SHARE * steps * step_seconds():
        step_seconds.cache_clear()  # the machine may be slower now
    limit = SHARE * steps * step_seconds()
    return ending if seconds <= limit else TimedOut(limit, loops=True)


@functools.cache
def step_seconds() -> float:
    """Return how long one step of a Python loop takes: multiply a window by a filter, and add."""
    image, weights, out = np.ones((3, 20, 20)), np.ones((3, 3, 3)), np.zeros(STEPS)
    times = []
    for _ in range(3):
        begin = clock()
        for step in range(STEPS):
            row, column = divmod(step % 100, 10)
            out[step] = np.sum(image[:, row : row + 3, column : column + 3] * weights)
        times.append(clock() - begin)
    return min(times) / STEPS
