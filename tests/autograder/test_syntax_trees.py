"""Source is parsed in many threads at a time: the grader has one for each sandbox."""

from __future__ import annotations

import concurrent.futures
import gc
import time
from collections.abc import Callable, Iterator

import pytest

from autograder.grading.container import _with_requirements
from autograder.missing_function import defines
from autograder.needed_code import is_python, names_read, split


@pytest.fixture
def threads_take_turns_within_trees() -> Iterator[None]:
    """Let other threads run in the middle of building a tree: when garbage is collected there."""
    threshold = gc.get_threshold()

    def take_turns(phase: str, info: dict[str, int]) -> None:
        time.sleep(0)

    gc.callbacks.append(take_turns)
    gc.set_threshold(50)
    yield
    gc.set_threshold(*threshold)
    gc.callbacks.remove(take_turns)


def _parse(number: int) -> bool:
    source = f"x{number} = [" + "(1 + 2) * 3," * 40 + "]"
    assert names_read(source) == set()
    assert len(split(source)) == 1
    return is_python(source) and defines(source, f"x{number}")


def _read_requirements(number: int) -> bool:
    return bool(_with_requirements(("ipython",)))


@pytest.mark.parametrize("work", [_parse, _read_requirements])
@pytest.mark.usefixtures("threads_take_turns_within_trees")
def test_threads_build_trees_at_a_time(work: Callable[[int], bool]) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        assert all(threads.map(work, range(40)))
