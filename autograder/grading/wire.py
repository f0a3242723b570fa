"""Values on their way between the grader and a submission's process.

What arrives from a submission may have been written by an attacker, so nothing here can run
code: a frame is a MessagePack structure of plain values, followed by the bytes of its arrays.
Sizes are known before anything is read, and every array must be of a listed dtype and have
exactly as many bytes as its shape says.

Inside the structure, ``None``, ``bool``, ``int``, ``float`` and ``str`` stand for themselves;
everything else is a list that starts with a tag.
"""

from __future__ import annotations

import dataclasses
import math
import struct
from typing import Any

import msgpack  # type: ignore[import-untyped]
import numpy as np

from autograder.values import ARRAY_KINDS, Formula, SequentialNetwork, Tensor, Value

MAX_STRUCTURE = 256 * 1024
MAX_BULK = 32 * 1024 * 1024
MAX_DEPTH = 20
MAX_TEXT = 100_000
MAX_INTEGER_BYTES = 1024

HEADER = struct.Struct("<II")
"""Before each frame: the number of bytes of its structure and of its bulk data."""

_NAMES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 longdouble"
DTYPES = {dtype.str: dtype for dtype in map(np.dtype, _NAMES.split())}
"""The types of numbers that travel, by their names in the native byte order."""

_FOREIGN_KINDS = {
    "c": "complex128",
    "O": "object",
    "U": "U1",
    "S": "S1",
    "M": "M8[s]",
    "m": "m8[s]",
    "V": "V1",
}


class WireError(ValueError):
    """A frame that is not one of ours, or a value that cannot be sent."""


class Foreign:
    """Stands for a value that is no plain data; the class carries the original's type name."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def foreign(name: str) -> Foreign:
    """Return a stand-in for a value of the type ``name``."""
    printable = "".join(c for c in name if c.isprintable())[:80] or "unknown"
    stand_in: Foreign = type(printable, (Foreign,), {})()
    return stand_in


def encode(value: Value, lenient: bool = False) -> bytes:
    """Turn a value into a frame, header included.

    With ``lenient``, a value that cannot be sent is replaced by a note of its type; without, it
    raises :class:`WireError`.
    """
    encoder = _Encoder(lenient)
    structure = msgpack.packb(encoder.pack(value, 0), use_bin_type=True, unicode_errors="replace")
    size = sum(map(len, encoder.bulk))
    if len(structure) > MAX_STRUCTURE or size > MAX_BULK:
        if not lenient:
            raise WireError("the value is too large to be sent")
        raise TooLarge(f"the value is too large: {len(structure) + size} bytes")
    return b"".join([HEADER.pack(len(structure), size), structure, *encoder.bulk])


class TooLarge(WireError):
    """A value of more bytes than a frame may have."""


def frame_sizes(header: bytes) -> tuple[int, int]:
    """Return the sizes of structure and bulk that a header announces, if they are allowed."""
    structure, bulk = HEADER.unpack(header)
    if structure > MAX_STRUCTURE or bulk > MAX_BULK:
        raise WireError(f"a frame of {structure} + {bulk} bytes is larger than allowed")
    return structure, bulk


def decode(structure: bytes, bulk: bytes = b"", formulas: bool = False) -> Value:
    """Turn the two parts of a frame into a value; raises :class:`WireError` and nothing else.

    A :class:`Formula` is code: only the submission's side accepts it, and what else stands for
    an argument of another form (``formulas``).
    """
    try:
        packed = msgpack.unpackb(
            structure,
            raw=False,
            use_list=True,
            strict_map_key=True,
            max_ext_len=0,
            max_map_len=0,
            max_bin_len=MAX_INTEGER_BYTES,
            max_str_len=MAX_TEXT,
            max_array_len=MAX_STRUCTURE,
        )
    # The unpacker's own errors are ValueErrors, all but the one for input that ends too early.
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError, OverflowError) as error:
        raise WireError(f"not a frame: {type(error).__name__}") from error
    decoder = _Decoder(bulk, formulas)
    value = decoder.unpack(packed, 0)
    decoder.finish()
    return value


class _Encoder:
    def __init__(self, lenient: bool) -> None:
        self.lenient = lenient
        self.bulk: list[bytes] = []

    # One case per type: a table of types would miss subclasses, or be slower.
    def pack(self, value: Value, depth: int) -> Any:  # noqa: C901, PLR0912
        if depth > MAX_DEPTH:
            return self._foreign("something nested too deeply")
        # By isinstance and through the base types' own methods: the submission's subclasses of
        # plain types (named tuples, counters) count as what they are derived from.
        if value is None or value is True or value is False:
            return value
        if isinstance(value, np.generic):
            return self._scalar(value)
        if isinstance(value, int):
            return self._integer(int.__index__(value))
        if isinstance(value, float):
            return float.__float__(value)
        if isinstance(value, str):
            text = str.__str__(value)
            return text if len(text) <= MAX_TEXT // 4 else self._foreign("very long text")
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, bytes):
            self.bulk.append(bytes(value))
            return ["b", len(self.bulk[-1])]
        if isinstance(value, tuple):
            return ["t", *(self.pack(item, depth + 1) for item in tuple.__iter__(value))]
        if isinstance(value, list):
            return ["l", *(self.pack(item, depth + 1) for item in list.__iter__(value))]
        if isinstance(value, dict):
            return self._mapping(value, depth)
        if isinstance(value, Formula) and not self.lenient:
            return ["f", list(value.parameters), value.source]
        if isinstance(value, Tensor | SequentialNetwork) and not self.lenient:
            tag = "T" if isinstance(value, Tensor) else "N"
            fields = (getattr(value, field.name) for field in dataclasses.fields(value))
            return [tag, *(self.pack(field, depth + 1) for field in fields)]
        return self._foreign(type(value).__name__)

    def _mapping(self, value: dict[Any, Any], depth: int) -> Any:
        items = list(dict.items(value))
        if not all(type(key) is str for key, _ in items):
            return self._foreign("dict with keys that are not text")
        return ["d", *([key, self.pack(item, depth + 1)] for key, item in items)]

    def _integer(self, value: int) -> Any:
        if -(2**63) <= value < 2**64:
            return value
        size = value.bit_length() // 8 + 1
        if size > MAX_INTEGER_BYTES:
            return self._foreign("very long int")
        return ["i", value.to_bytes(size, "little", signed=True)]

    def _scalar(self, value: np.generic) -> Any:
        dtype = value.dtype.newbyteorder("=")
        if dtype.str not in DTYPES:
            return self._foreign(f"NumPy {value.dtype}")
        return ["n", dtype.str, np.asarray(value, dtype).tobytes()]

    def _array(self, value: np.ndarray) -> Any:
        if type(value) is not np.ndarray:
            return self._foreign(type(value).__name__)
        if value.dtype.kind not in ARRAY_KINDS:
            if value.dtype.kind not in _FOREIGN_KINDS or not self.lenient:
                return self._foreign(f"{value.dtype} array")
            return ["z", value.dtype.kind, *value.shape]
        dtype = value.dtype.newbyteorder("=")
        if value.size * dtype.itemsize > MAX_BULK:
            raise TooLarge(f"an array of shape {value.shape} is too large")
        order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
        self.bulk.append(value.astype(dtype, copy=False).tobytes(order))  # type: ignore[arg-type]
        return ["a", dtype.str, order, *value.shape]

    def _foreign(self, name: str) -> Any:
        if not self.lenient:
            raise WireError(f"a value of type {name} cannot be sent")
        return ["x", name[:200]]


class _Decoder:
    def __init__(self, bulk: bytes, formulas: bool) -> None:
        self.bulk = bulk
        self.formulas = formulas
        self.position = 0

    def finish(self) -> None:
        if self.position != len(self.bulk):
            raise WireError("bulk data that belongs to no array")

    # One case per tag, as in `_Encoder.pack`.
    def unpack(self, packed: Any, depth: int) -> Value:  # noqa: C901, PLR0912
        # So deep there is only the note that stands for what is nested too deeply.
        if depth > MAX_DEPTH and not (isinstance(packed, list) and packed[:1] == ["x"]):
            raise WireError("nested too deeply")
        if packed is None or isinstance(packed, bool | int | float | str):
            return packed
        if not isinstance(packed, list) or not packed:
            raise WireError("not a value")
        tag, rest = packed[0], packed[1:]
        if tag == "t":
            return tuple(self.unpack(item, depth + 1) for item in rest)
        if tag == "l":
            return [self.unpack(item, depth + 1) for item in rest]
        if tag == "d":
            return self._mapping(rest, depth)
        if tag == "a":
            return self._array(rest)
        if tag == "n":
            return self._scalar(rest)
        if tag == "b" and len(rest) == 1:
            return self._take(rest[0])
        if tag == "i" and len(rest) == 1 and isinstance(rest[0], bytes):
            return int.from_bytes(rest[0], "little", signed=True)
        if tag == "x" and len(rest) == 1 and isinstance(rest[0], str):
            return foreign(rest[0])
        if tag == "z":
            return self._foreign_array(rest)
        if tag == "f" and self.formulas:
            return self._formula(rest)
        if tag in ("T", "N") and self.formulas:
            fields = [self.unpack(item, depth + 1) for item in rest]
            try:
                return Tensor(*fields) if tag == "T" else SequentialNetwork(*fields)
            except TypeError as error:
                raise WireError("not a tensor or network") from error
        raise WireError("not a value")

    def _mapping(self, pairs: list[Any], depth: int) -> dict[str, Value]:
        result: dict[str, Value] = {}
        for pair in pairs:
            if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
                raise WireError("not a dictionary")
            if pair[0] in result:
                raise WireError("a key twice in one dictionary")
            result[pair[0]] = self.unpack(pair[1], depth + 1)
        return result

    def _array(self, rest: list[Any]) -> np.ndarray:
        if len(rest) < 2 or not all(isinstance(part, str) for part in rest[:2]):
            raise WireError("not an array")
        dtype, order = DTYPES.get(rest[0]), rest[1]
        if dtype is None or order not in ("C", "F"):
            raise WireError("an array of a type that may not be sent")
        shape = _shape(rest[2:])
        data = self._take(math.prod(shape) * dtype.itemsize)
        return _numbers(data, dtype, shape, order)

    def _scalar(self, rest: list[Any]) -> Value:
        if len(rest) != 2 or not isinstance(rest[0], str) or not isinstance(rest[1], bytes):
            raise WireError("not a number")
        dtype = DTYPES.get(rest[0])
        if dtype is None or len(rest[1]) != dtype.itemsize:
            raise WireError("not a number")
        return _numbers(rest[1], dtype, (), "C")[()]

    def _foreign_array(self, rest: list[Any]) -> np.ndarray:
        if not rest or not isinstance(rest[0], str) or rest[0] not in _FOREIGN_KINDS:
            raise WireError("not an array")
        # Only the type and the shape travel: enough to say what is wrong with the result. All
        # elements are one, so that a few bytes never stand for much memory.
        try:
            return np.broadcast_to(np.zeros((), _FOREIGN_KINDS[rest[0]]), _shape(rest[1:]))
        except ValueError as error:
            raise WireError(f"not a shape: {error}") from error

    def _formula(self, rest: list[Any]) -> Formula:
        if len(rest) != 2 or not isinstance(rest[0], list) or not isinstance(rest[1], str):
            raise WireError("not a formula")
        if not all(isinstance(name, str) and name.isidentifier() for name in rest[0]):
            raise WireError("not a formula")
        return Formula(tuple(rest[0]), rest[1])

    def _take(self, size: Any) -> bytes:
        if type(size) is not int or not 0 <= size <= len(self.bulk) - self.position:
            raise WireError("less bulk data than announced")
        self.position += size
        return self.bulk[self.position - size : self.position]


def _shape(dimensions: list[Any]) -> tuple[int, ...]:
    if len(dimensions) > 32 or not all(type(n) is int and 0 <= n < 2**40 for n in dimensions):
        raise WireError("not a shape")
    return tuple(dimensions)


def _numbers(data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...], order: Any) -> np.ndarray:
    # A bool of any other byte than 0 and 1 is undefined behavior in compiled code.
    if dtype.kind == "b" and data.strip(b"\0\1"):
        raise WireError("a boolean that is neither true nor false")
    try:
        return np.frombuffer(data, dtype).reshape(shape, order=order).copy("K")
    except ValueError as error:
        raise WireError(f"not an array: {error}") from error
