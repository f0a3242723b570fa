"""What the grader computes with PyTorch stays on one core."""

from __future__ import annotations

import threading

import pytest
import torch

from autograder.grading.course import Task
from autograder.torch_threads import one_thread
from tests.grading.grading_class import RIGHT, Grader


def test_only_the_calling_thread_changes_and_only_for_a_while() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        elsewhere = []
        with one_thread():
            assert torch.get_num_threads() == 1
        thread = threading.Thread(target=lambda: elsewhere.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert elsewhere == [3]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_hidden_cases_are_drawn_on_one_core(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    draw = Task.checks

    def checks(task: Task, seed: int) -> object:
        threads.append(torch.get_num_threads())
        return draw(task, seed)

    monkeypatch.setattr(Task, "checks", checks)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        grader.grade(grader.notebook(RIGHT))
    finally:
        torch.set_num_threads(before)
    assert set(threads) == {1}
