"""Fuzzes the decoder of what submissions send, with coverage as a guide. Not run by pytest.

    python -m pip install atheris==3.0.0
    python tests/grading/fuzz_wire.py FOLDER -max_total_time=600

``FOLDER`` gets the corpus: it begins with real messages, and inputs that reach new code are
added. The other options are libFuzzer's. What has to hold for every input, of any bytes:

- the decoder answers with a value or with :class:`WireError`, and with nothing else;
- what it accepts is plain data, of a size that the limits allow;
- what it accepts can be sent again, and comes back the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["autograder.grading.wire", "msgpack.fallback"]):
    from autograder.grading import wire

import numpy as np

from autograder.values import Formula, SequentialNetwork, Tensor, same

PLAIN = (type(None), bool, int, float, str, bytes, np.generic, wire.Foreign)
HANDED_OVER = (Formula, Tensor, SequentialNetwork)
"""What only the submission's side accepts."""


def real_messages() -> Iterator[bytes]:
    """Yield frames as graders and submissions send them."""
    numbers = np.arange(12.0).reshape(3, 4)
    returned = {"ended": "returned", "changed": ["x"]}
    results = [
        *(numbers.astype(dtype) for dtype in wire.DTYPES.values()),
        *(dtype.type(1) for dtype in wire.DTYPES.values()),
        np.asfortranarray(numbers),
        np.array(2.5),
        np.zeros((0, 3)),
        (1, -2.5, None, True, "text", b"bytes", 2**80, -(2**80)),
        {"a": [numbers, (numbers, {})], "b": float("nan")},
    ]
    strange = [numbers.astype(complex), np.array(["a"]), np.array([None, {}]), object(), {1: 2}]
    for value in results:
        yield wire.encode({**returned, "value": value})
    for value in strange:
        yield wire.encode({**returned, "value": value}, lenient=True)
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "1\n"},
        {"output_type": "display_data", "data": {"image/png": b"\x89PNG", "text/plain": "x"}},
    ]
    yield wire.encode({"outputs": outputs, "error": None})
    yield wire.encode({"ended": "failed", "kind": "E", "message": "m", "line": "line 1 of f: x"})
    network = SequentialNetwork(({"kind": "relu"},), max_calls=2)
    arguments = {"f": Formula(("x",), "x"), "x": Tensor(numbers), "network": network}
    yield wire.encode({"do": "call", "function": "f", "arguments": arguments})


def check(frame: bytes) -> None:
    """Decode a frame as both sides do; raise an AssertionError if that goes wrong."""
    if len(frame) < wire.HEADER.size:
        return
    formulas = bool(frame[3] & 0x80)  # a bit of the header that no allowed size uses
    header = frame[:3] + bytes([frame[3] & 0x7F]) + frame[4 : wire.HEADER.size]
    try:
        structure, bulk = wire.frame_sizes(header)
        # A socket delivers exactly as many bytes as were announced.
        body = frame[wire.HEADER.size :]
        structure = min(structure, len(body))
        value = wire.decode(body[:structure], body[structure:][:bulk], formulas)
    except wire.WireError:
        return
    assert_plain(value, formulas)
    again = wire.encode(value, lenient=True)
    sizes = wire.frame_sizes(again[: wire.HEADER.size])
    assert sum(sizes) == len(again) - wire.HEADER.size
    if not formulas and not holds_stand_ins(value):
        body = again[wire.HEADER.size :]
        assert same(wire.decode(body[: sizes[0]], body[sizes[0] :]), value)


def assert_plain(value: object, formulas: bool, depth: int = 0) -> None:
    """Check that a value holds nothing but plain data."""
    assert depth <= wire.MAX_DEPTH + 2
    if isinstance(value, np.ndarray):
        assert type(value) is np.ndarray
        assert value.flags["W"] or value.ndim == 0
        assert value.nbytes <= max(wire.MAX_BULK, 100_000 * 64)
    elif isinstance(value, tuple | list):
        for item in value:
            assert_plain(item, formulas, depth + 1)
    elif isinstance(value, dict):
        assert all(type(key) is str for key in value)
        for item in value.values():
            assert_plain(item, formulas, depth + 1)
    else:
        assert isinstance(value, PLAIN + (HANDED_OVER if formulas else ())), type(value)


def holds_stand_ins(value: object) -> bool:
    """Whether a value stands for one that could not be sent: these need not come back the same."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind not in "biuf"
    if isinstance(value, tuple | list):
        return any(map(holds_stand_ins, value))
    if isinstance(value, dict):
        return any(map(holds_stand_ins, value.values()))
    return isinstance(value, wire.Foreign)


def main() -> None:
    corpus = Path(sys.argv[1])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(real_messages()):
        (corpus / f"real-{number:02}").write_bytes(frame)
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
