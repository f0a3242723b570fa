"""Running a piece of a student's code that may never end, on every system and in every thread."""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import dataclasses
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from autograder.outcomes import TimedOut
from autograder.thread_state import isolated

PATIENCE = 3.0
"""Seconds that code gets to end, once it was told to stop, before it is left alone."""

_AGAIN = 0.01  # code that catches everything, several times over, needs more than one _Stop
_POLL = 0.1  # on Windows a waiting thread does not hear an interrupt: wait in short turns


class _Stop(SystemExit):
    """Raised inside the code to stop it; `except Exception` lets it by.

    It is a `SystemExit`, since a thread that ends with one ends without a word. Code that
    catches everything (`except:` in an endless loop) would go on, so the next line of the code
    raises it again: that is a line of the `except` block, from which it gets out.
    """

    def __init__(self) -> None:
        super().__init__()
        frames = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code is not _work.__code__:
            frames.append(frame)
            frame = frame.f_back
        if frame is None:  # too late: the code has ended
            return
        sys.settrace(_stop_at_next_line)
        for frame in frames:
            frame.f_trace = _stop_at_next_line


def _stop_at_next_line(_frame: FrameType, event: str, _argument: object) -> Any:
    if event == "line":
        raise _Stop
    return _stop_at_next_line


@dataclasses.dataclass
class _Run:
    """One run of a piece of code: what is shared between the two threads."""

    code: Callable[[], None]
    started: threading.Lock = dataclasses.field(default_factory=threading.Lock)
    finished: threading.Lock = dataclasses.field(default_factory=threading.Lock)
    released: threading.Lock = dataclasses.field(default_factory=threading.Lock)
    gone: threading.Lock = dataclasses.field(default_factory=threading.Lock)


def _work(run: _Run) -> None:
    try:
        run.started.release()  # from here on a _Stop is welcome
        run.code()
    except BaseException:  # `code` reports its own exceptions: this is a _Stop
        pass
    finally:
        run.finished.release()  # one call into C: a late _Stop cannot get in between


def _work_and_wait(run: _Run) -> None:
    try:
        _work(run)
        # Stay until nobody sends _Stop any more: no other thread may get this one's number.
        run.released.acquire()
    except _Stop:  # it came when the code had ended
        pass
    finally:
        sys.settrace(None)
        run.gone.release()


def run_within(seconds: float, code: Callable[[], None]) -> TimedOut | None:
    """Run ``code``; stop it after ``seconds``, or when the user presses "interrupt".

    Returns None where it ended in time, else how it was stopped. ``code`` hands over its own
    results and catches its own exceptions. It runs in a thread of its own, so that this needs
    no signals (Windows has few), works outside the main thread, and never raises anything late
    in the caller. Code that sits in one long call of a compiled library ends with that call.
    """
    run = _Run(code)
    run.started.acquire()
    run.finished.acquire()
    run.released.acquire()
    run.gone.acquire()
    work = isolated(lambda: _work_and_wait(run))
    try:
        # Not threading.Thread: that would report a _Stop that comes at its very end.
        number = _thread.start_new_thread(work, ())
    except RuntimeError:  # no threads here (Python in a browser)
        return _run_here(seconds, code)
    interrupted = False
    try:
        run.started.acquire()
        started = time.monotonic()
        try:
            left = seconds
            while left > 0:
                if run.finished.acquire(timeout=min(left, _POLL)):
                    return None
                left = started + seconds - time.monotonic()
        except KeyboardInterrupt:
            interrupted = True
            seconds = round(time.monotonic() - started, 1)
        ended = _stop(number, run)
    finally:
        run.released.release()
    if ended:
        # A _Stop that is still on its way keeps Python 3.11 in a loop at the next call, if calls
        # are traced here: by a debugger, or to measure coverage. The thread takes it along.
        run.gone.acquire()
    return TimedOut(seconds, interrupted, running=not ended)


def run_in_this_thread(
    seconds: float, code: Callable[[], None], stuck: Callable[[TimedOut], None]
) -> TimedOut | None:
    """Run ``code`` as :func:`run_within`, but in this thread, which has to be the main one.

    What the code sets for its thread is still there afterwards. Where the code cannot be stopped,
    ``stuck`` is called from another thread: it has to end the process.
    """
    run = _Run(code)
    run.started.acquire()
    run.finished.acquire()
    number = threading.get_ident()
    stopped: list[TimedOut] = []

    def watch() -> None:
        if run.finished.acquire(timeout=seconds):
            return
        stopped.append(TimedOut(seconds))
        interrupt_main_thread()  # as Jupyter does it; this wakes code that sleeps, too
        if not run.finished.acquire(timeout=1.0) and not _stop(number, run):
            stuck(TimedOut(seconds, running=True))
        # No _Stop may still be on its way.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(number), None)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    with contextlib.suppress(_Stop, KeyboardInterrupt):  # one that came when the code had ended
        _work(run)
    while watcher.is_alive():
        with contextlib.suppress(_Stop, KeyboardInterrupt):
            watcher.join()
    sys.settrace(None)
    return stopped[0] if stopped else None


def interrupt_main_thread() -> None:
    """Raise ``KeyboardInterrupt`` in the main thread, and wake it if it sleeps."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _stop(number: int, run: _Run) -> bool:
    """Send `_Stop` until the code has ended; return whether it did."""
    thread = ctypes.c_ulong(number)
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(_Stop))
        if run.finished.acquire(timeout=_AGAIN):
            return True
    return False


def _run_here(seconds: float, code: Callable[[], None]) -> TimedOut | None:
    """Run ``code`` in this thread; stop it at the first call, or turn of a loop, that is too late.

    Python tells of these from version 3.12 on (``sys.monitoring``); before, there is no limit. Code
    that catches the exception gets another one at its next call or turn.
    """
    started = time.monotonic()

    def stop_if_late(*_event: object) -> None:
        if time.monotonic() > started + seconds:
            raise SystemExit

    try:
        _watched(code, stop_if_late)
    except KeyboardInterrupt:
        return TimedOut(round(time.monotonic() - started, 1), interrupted=True)
    except SystemExit:  # `code` reports its own exceptions: this is ours
        return TimedOut(seconds)
    return None


def _watched(code: Callable[[], None], tell: Callable[..., None]) -> None:
    """Run ``code``; ``tell`` is called at each start of a function and each jump, as of a loop."""
    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is None:
        code()
        return
    # Code that is watched may watch in turn: where a check stands in a cell that is being checked.
    tool = next(number for number in range(6) if monitoring.get_tool(number) is None)
    events = (monitoring.events.PY_START, monitoring.events.JUMP)
    monitoring.use_tool_id(tool, __name__)
    for event in events:
        monitoring.register_callback(tool, event, tell)
    try:
        monitoring.set_events(tool, sum(events))
        code()
    finally:
        monitoring.set_events(tool, 0)  # first: `tell` may raise, and nothing more is told now
        for event in events:
            monitoring.register_callback(tool, event, None)
        monitoring.free_tool_id(tool)
