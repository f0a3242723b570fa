"""Other right answers to a task, sealed: they open for a function that is right itself.

An exercise must hold no solution to a task that its reader has not solved. So it holds questions,
the arguments of calls for which it holds no answers, and the text is encrypted with a key that is
made from the answers. Whoever can open it has a function that answers them all, or guesses all the
answers; a table of the visible cases is of no help.

Right functions differ in their last digits. So each number counts in steps of a 64th to a 128th of
the largest one in its answer, and questions with a number near the end of a step are not asked.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from autograder.values import Value

ROUNDS = 1 << 15
"""So often is the key hashed, which slows down guessing."""

OFFSET = 0.3819660113
"""Steps do not begin at zero, where exact numbers lie."""

MARGIN = 1e-4
"""So far, in steps, numbers lie from the ends of theirs."""


@dataclasses.dataclass(frozen=True)
class Sealed:
    """A text that opens with the answers to ``questions``, the arguments of calls.

    ``scales`` are the powers of two that the numbers of each answer are multiplied by.
    """

    questions: tuple[Mapping[str, Value], ...]
    scales: tuple[int, ...]
    text: str


def seal(
    questions: Sequence[Mapping[str, Value]], scales: Sequence[int], key: bytes, text: str
) -> Sealed:
    """Encrypt a text: compressed, added to a stream of SHA-256, behind its own HMAC."""
    data = zlib.compress(text.encode(), 9)
    closed = _mixed(data, key)
    signed = hmac.digest(key, closed, "sha256") + closed
    return Sealed(tuple(questions), tuple(scales), base64.b64encode(signed).decode())


def opened(sealed: Sealed, key: bytes) -> str | None:
    """Return the text, None if the key is another one."""
    signed = base64.b64decode(sealed.text)
    signature, closed = signed[:32], signed[32:]
    if not hmac.compare_digest(signature, hmac.digest(key, closed, "sha256")):
        return None
    return zlib.decompress(_mixed(closed, key)).decode()


def _mixed(data: bytes, key: bytes) -> bytes:
    blocks = range(0, len(data), 32)
    stream = b"".join(hashlib.sha256(key + block.to_bytes(8, "big")).digest() for block in blocks)
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


def key_of(answers: Iterable[Value], scales: Iterable[int]) -> bytes:
    """Return the key that answers make."""
    key = hashlib.sha256("\0".join(words_of(answers, scales)).encode()).digest()
    for _ in range(ROUNDS):
        key = hashlib.sha256(key).digest()
    return key


def words_of(answers: Iterable[Value], scales: Iterable[int]) -> list[str]:
    """Return what the key is made from: the same words for all right answers."""
    return [
        word
        for answer, scale in zip(answers, scales, strict=True)
        for word in ("answer", *_words(answer, scale))
    ]


def scale_of(answer: Value) -> int:
    """Return the power of two that brings the largest number of an answer to 64 or above."""
    largest = max((abs(number) for number in numbers(answer) if math.isfinite(number)), default=0.0)
    return 7 - math.frexp(largest)[1] if largest else 0


def is_clear(answer: Value, scale: int) -> bool:
    """Whether all numbers of an answer lie well inside their steps."""
    steps = [math.ldexp(n, scale) + OFFSET for n in numbers(answer) if math.isfinite(n)]
    return all(MARGIN < step - math.floor(step) < 1 - MARGIN for step in steps)


def numbers(value: Value) -> Iterator[float]:
    """Yield all numbers of an answer."""
    for part in _parts(value):
        if isinstance(part, float):
            yield part


def _words(value: Value, scale: int) -> Iterator[str]:
    for part in _parts(value):
        if isinstance(part, float) and math.isfinite(part):
            yield str(math.floor(math.ldexp(part, scale) + OFFSET))
        else:
            yield str(part)


def _parts(value: Value) -> Iterator[float | str]:
    """Yield what a value consists of: numbers, and words for everything else."""
    if isinstance(value, np.ndarray | np.generic):
        if value.ndim:
            yield str(value.shape)
        yield from (float(number) for number in np.asarray(value).ravel())
    elif isinstance(value, bool | int | float):
        yield float(value)
    elif isinstance(value, Mapping):
        for name in sorted(value, key=str):
            yield str(name)
            yield from _parts(value[name])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _parts(item)
    else:
        yield str(value)
