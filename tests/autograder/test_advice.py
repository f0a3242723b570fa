"""Advice on exceptions: the messages are those of NumPy, PyTorch and Python that are installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.advice import advice, speaks_for_itself
from autograder.exception_texts import ADVICE
from autograder.failures import Failed, failure

A = np.ones((2, 3))


def torch() -> Any:
    import torch

    return torch


def asked(code: Callable[[], Any]) -> tuple[str, bool]:
    """Return the advice on what some code raises, and whether it is sure."""
    try:
        code()
    except Exception as error:
        failed = failure(error)
        return advice(failed, "task", ("x",)) or "", speaks_for_itself(failed)
    raise AssertionError("it raised nothing")


def unequal() -> Any:
    h, w, c = A.shape
    return h, w, c


def own_assertion() -> None:
    assert A.shape == (3, 2)


def into_integers() -> None:
    whole = np.zeros(3, dtype=int)
    whole += 0.5


def leaf() -> None:
    x = torch().ones(3, requires_grad=True)
    x += 1


def without_record() -> None:
    torch().autograd.grad(torch().ones(2).sum(), torch().ones(2))


CERTAIN: dict[str, tuple[Callable[[], Any], str]] = {
    "float as a size": (lambda: range(np.float64(2.0)), "Use `//`"),
    "shape of a float": (lambda: np.zeros((np.floor(4 / 2), 2)), "Use `//`"),
    "slice of floats": (lambda: A[0.0:1.0], "whole number"),
    "float as a position": (lambda: A[1.0], "whole number"),
    "fractions into integers": (into_integers, "cannot take fractions"),
    "old module": (lambda: np.lib.pad(A, 1), "Write `np.pad` instead"),
    "old name": (lambda: np.product(A), "Write `np.prod` instead"),
    "old argument": (lambda: np.unravel_index(1, dims=(2, 3)), "calls this argument `shape`"),
    "unknown argument": (lambda: np.sum(A, axes=1), "no argument that is called `axes`"),
    "shape called": (lambda: A.shape(), "without parentheses"),
    "array called": (lambda: A(0, 1), "square brackets"),
    "number called": (lambda: A.size(4), "Is a `*` missing"),
    "list with axes": (lambda: A.tolist()[0, 0], "A list has no axes"),
    "counting to a number": (lambda: list(A.size), "write `range(n)`"),
    "list multiplied": (lambda: A.tolist() * 0.5, "A list is no array"),
    "gradient of many": (
        lambda: torch().autograd.grad((x := torch().ones(2, requires_grad=True)) * 2, x),
        "A gradient is taken of one number",
    ),
    "leaf overwritten": (leaf, "`.clone()`"),
    "nothing recorded": (without_record, "`requires_grad_()`"),
    "numpy of a gradient": (
        lambda: torch().ones(2, requires_grad=True).numpy(),
        "`.detach().numpy()`",
    ),
    "truth of an array": (lambda: 1 if A > 0 else 0, "`np.maximum`"),
}


@pytest.mark.parametrize("name", CERTAIN)
def test_an_exception_that_names_the_mistake(name: str) -> None:
    code, words = CERTAIN[name]
    text, certain = asked(code)
    assert words in text
    assert certain


VAGUE: dict[str, tuple[Callable[[], Any], str]] = {
    "broadcast": (lambda: A + np.ones((2, 2)), "Print both shapes"),
    "product": (lambda: A @ A, "Print both shapes"),
    "tensors": (lambda: torch().ones(2) + torch().ones(3), "Print both shapes"),
    "empty": (lambda: A + A[:, 1:-2], "An array is empty here"),
    "maximum of nothing": (lambda: A[:0].max(), "An array is empty here"),
    "stored": (lambda: np.zeros(4).__setitem__(slice(0, 2), np.ones(3)), "shape (3,) does not fit"),
    "position": (lambda: A[2], "last position is 1, and your code asks for 2"),
    "position of a tensor": (lambda: torch().ones(2)[5], "last position is 1"),
    "shape too short": (lambda: A.shape[2], "A tuple is shorter"),
    "reshape": (lambda: A.reshape(2, 2), "has room for 4 numbers, and the array has 6"),
    "no such axis": (lambda: A.sum(axis=2), "there is no axis 2"),
    "taking apart": (unequal, "On the left of `=` are 3 names"),
    "einsum": (lambda: np.einsum("abc->a", A), "In `einsum` each letter is one axis"),
    "joining": (
        lambda: np.concatenate([A, A.T]),
        "Along axis 1 the array at position 0 has length 3, and",
    ),
    "key": (lambda: {"size": 1}["stride"], "There is no entry 'stride'"),
    "own assert": (own_assertion, "Your own `assert` has stopped the function"),
    "operands": (lambda: (1, 2) - 3, "cannot join a value of type tuple with one of type int"),
}


@pytest.mark.parametrize("name", VAGUE)
def test_an_exception_that_says_what_was_seen(name: str) -> None:
    code, words = VAGUE[name]
    text, certain = asked(code)
    assert words in text
    assert not certain


def test_nothing_is_guessed_of_windows_and_loops() -> None:
    texts = [entry.text for entry in ADVICE]
    assert not any("border" in text or "loop run" in text for text in texts)


def test_nothing_of_a_hidden_message_is_quoted() -> None:
    failed = Failed("IndexError", "index 5 is out of bounds for axis 1 with size 3")
    assert "5" in (advice(failed, "task", ("x",)) or "")
    assert advice(failed, "task", ("x",), secret=True) is None
    assert advice(Failed("TypeError", "'tuple' object is not callable"), "task", (), secret=True)
