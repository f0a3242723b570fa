"""Frames over a socket, one request and one reply at a time."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable

from autograder.grading.wire import HEADER, decode, encode, frame_sizes
from autograder.values import Value


class ChannelClosed(ConnectionError):
    """The other side has gone away."""


class OutOfTime(TimeoutError):
    """The reply did not come in time."""


class Channel:
    """One end of a stream of frames."""

    def __init__(self, end: socket.socket, formulas: bool = False) -> None:
        self.socket = end
        self._formulas = formulas
        self._asked = 0.0

    def close(self) -> None:
        """Close this end."""
        self.socket.close()

    def send(self, value: Value, lenient: bool = False) -> None:
        """Send one value; see :func:`autograder.grading.wire.encode`."""
        self.send_frame(encode(value, lenient))

    def send_frame(self, frame: bytes) -> None:
        """Send a frame that is already encoded."""
        try:
            self.socket.sendall(frame)
        except TimeoutError as error:
            raise OutOfTime from error
        except OSError as error:
            raise ChannelClosed from error

    def receive(self, expired: Callable[[], bool] | None = None) -> Value:
        """Wait for one value.

        ``expired`` is asked every now and then; once it says yes, :class:`OutOfTime` is raised.
        Raises :class:`ChannelClosed` or :class:`autograder.grading.wire.WireError` otherwise.
        """
        structure, bulk = frame_sizes(self._read(HEADER.size, expired))
        return decode(self._read(structure, expired), self._read(bulk, expired), self._formulas)

    def _read(self, size: int, expired: Callable[[], bool] | None) -> bytes:
        data = bytearray()
        while len(data) < size:
            if expired is not None:
                self._wait(expired)
            try:
                part = self.socket.recv(min(size - len(data), 1 << 20))
            except OSError as error:
                raise ChannelClosed from error
            if not part:
                raise ChannelClosed
            data += part
        return bytes(data)

    def _wait(self, expired: Callable[[], bool]) -> None:
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        pause = 50.0
        while not poll.poll(pause):
            if expired():
                raise OutOfTime
            pause = min(pause * 1.5, 500.0)
        # Asked even when data is there: a reply that drips byte by byte has to end as well.
        if time.monotonic() - self._asked > 0.05:
            self._asked = time.monotonic()
            if expired():
                raise OutOfTime


def deadline(seconds: float) -> Callable[[], bool]:
    """Return a function that says whether ``seconds`` have passed since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end
