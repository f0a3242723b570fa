"""What a function sees of the thread that calls it, the same in the notebook and in grading.

A check calls a function in a thread of its own; grading does so where the cells ran. Python and
PyTorch keep settings for each thread: NumPy's ``errstate``, the precision of ``decimal``, whether
PyTorch records gradients. A function has those that the notebook has set, and what it changes of
them ends with the call.
"""

from __future__ import annotations

import contextlib
import contextvars
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

Result = TypeVar("Result")


State = tuple[contextvars.Context, tuple[Any, ...] | None]
"""The settings of a thread: Python's, and PyTorch's if it is loaded."""


def thread_state() -> State:
    """Return the present settings of this thread."""
    torch: Any = sys.modules.get("torch")
    return contextvars.copy_context(), _torch_settings(torch) if torch is not None else None


def isolated(call: Callable[[], Result], state: State | None = None) -> Callable[[], Result]:
    """Return ``call`` with settings, the thread's present ones or others, to be run once."""
    present, settings = state or thread_state()
    context, torch = present.copy(), sys.modules.get("torch")

    def run() -> Result:
        with _torch_set(torch, settings) if settings is not None else contextlib.nullcontext():
            return context.run(call)

    return run


def _torch_settings(torch: Any) -> tuple[Any, ...]:
    return (
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.get_default_device(),
        torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu"),
    )


@contextlib.contextmanager
def _torch_set(torch: Any, settings: tuple[Any, ...]) -> Iterator[None]:
    records, inference, device, autocast = settings
    # In this order: PyTorch records gradients in no inference mode, and entering one changes both.
    with contextlib.ExitStack() as stack:
        if inference != torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(inference))
        if device != torch.get_default_device():
            stack.enter_context(torch.device(device))
        if autocast != (torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu")):
            stack.enter_context(torch.autocast("cpu", autocast or None, enabled=bool(autocast)))
        # The notebook's own after the call, too, if the function has switched it off.
        stack.callback(torch.set_grad_enabled, torch.is_grad_enabled())
        torch.set_grad_enabled(records)
        yield
