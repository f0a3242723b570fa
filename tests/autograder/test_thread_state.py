"""What a function sees of the notebook's thread, in a check."""

from __future__ import annotations

import decimal
import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch

from autograder.checks import CheckedCase
from autograder.outcomes import Returned
from autograder.student.calls import in_notebook
from autograder.thread_state import isolated


def grad() -> bool:
    return torch.is_grad_enabled()


def inference() -> bool:
    return torch.is_inference_mode_enabled()


def device() -> str:
    return str(torch.empty(1).device)


def autocast() -> bool:
    return torch.is_autocast_enabled("cpu")


def digits() -> int:
    return decimal.getcontext().prec


def division() -> str:
    return np.geterr()["divide"]


SETTINGS = {
    "gradients": (lambda: torch.no_grad(), grad, False),
    "inference": (lambda: torch.inference_mode(), inference, True),
    "device": (lambda: torch.device("meta"), device, "meta"),
    "autocast": (lambda: torch.autocast("cpu"), autocast, True),
    "decimal": (lambda: decimal.localcontext(decimal.Context(prec=7)), digits, 7),
    "errors": (lambda: np.errstate(divide="raise"), division, "raise"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_check_calls_with_the_settings_of_the_notebook(name: str) -> None:
    setting, function, value = SETTINGS[name]
    call = in_notebook(function, 5.0)
    case = CheckedCase("a case", {}, None, {})
    with setting():
        assert call(case) == Returned(value)
    assert call(case) == Returned(function())
    assert function() != value


def test_what_a_call_changes_ends_with_it() -> None:
    def careless() -> None:
        torch.set_grad_enabled(False)
        decimal.setcontext(decimal.Context(prec=3))
        np.seterr(divide="raise")

    before = grad(), digits(), division()
    isolated(careless)()
    assert (grad(), digits(), division()) == before
    failing: Callable[[], None] = isolated(lambda: (careless(), 1 / 0)[0])
    with pytest.raises(ZeroDivisionError):
        failing()
    assert (grad(), digits(), division()) == before


def test_other_threads_keep_their_own() -> None:
    answers = []
    with torch.no_grad():
        call = isolated(lambda: answers.append(grad()))
        for target in (call, lambda: answers.append(grad())):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert answers == [False, True]
