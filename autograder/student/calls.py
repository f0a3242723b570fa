"""Calling a student's function inside the notebook, without letting it take the kernel down."""

from __future__ import annotations

import ctypes
import linecache
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from autograder.checks import CheckedCase
from autograder.examination import Caller, Ending, Failed, Returned, TimedOut
from autograder.values import Value, copy_of, same


class _OutOfTime(BaseException):
    """Raised inside the student's function when its time is up; `except Exception` lets it by."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `_OutOfTime` in the calling thread once ``seconds`` have passed.

    Signals would be simpler, but exist on neither Windows nor outside the main thread. The
    exception is sent again every half second, in case a bare `except:` swallowed it. Code that
    sits in one long call of a compiled library ends first.
    """
    caller = ctypes.c_ulong(threading.get_ident())
    finished = threading.Event()
    lock = threading.Lock()

    def send(exception: object) -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(caller, exception)

    def watch() -> None:
        wait = seconds
        while not finished.wait(wait):
            with lock:
                if not finished.is_set():
                    send(ctypes.py_object(_OutOfTime))
            wait = 0.5

    watcher = threading.Thread(target=watch, daemon=True, name="autograder time limit")
    watcher.start()
    try:
        yield
    finally:
        with lock:
            finished.set()
        # An exception sent in the last moment may still be pending: take it back.
        send(None)
        watcher.join()


def in_notebook(function: Callable[..., Value], seconds: float) -> Caller:
    """Return a caller that runs ``function`` here, on copies of each case's arguments."""

    def call(case: CheckedCase) -> Ending:
        arguments = {name: copy_of(value) for name, value in case.arguments.items()}
        started = time.monotonic()
        try:
            with time_limit(seconds):
                value = function(*arguments.values())
        except _OutOfTime:
            return TimedOut(seconds)
        except KeyboardInterrupt:  # the student pressed "interrupt": as good as a time limit
            return TimedOut(round(time.monotonic() - started, 1))
        except (Exception, SystemExit) as error:
            return Failed(type(error).__name__, str(error), _student_line(error.__traceback__))
        changed = tuple(
            name for name, before in case.arguments.items() if not same(before, arguments[name])
        )
        return Returned(value, changed)

    return call


def _student_line(stack: TracebackType | None) -> str:
    """Return the innermost line of the student's own code in a traceback, as text."""
    libraries = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), __file__)
    frames = [
        frame for frame in traceback.extract_tb(stack) if not frame.filename.startswith(libraries)
    ]
    if not frames:
        return ""
    frame = frames[-1]
    source = frame.line or linecache.getline(frame.filename, frame.lineno or 0).strip()
    return f"line {frame.lineno} of {frame.name}: {source}"
