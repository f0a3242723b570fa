"""An entry of the challenge: a function that recognizes pictures, and the weights that it uses.

An entry is a folder with ``challenge.py``, which defines ``predict(pictures, weights)``, and, if it
has any, ``weights.npz`` and ``nickname.txt``. None of them is trusted: no code runs here, nothing
is unpickled, and no file is unpacked further than the rules allow.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

CODE, WEIGHTS, NICKNAME = "challenge.py", "weights.npz", "nickname.txt"
FILES = (CODE, WEIGHTS, NICKNAME)
FUNCTION = "predict"
"""What ``challenge.py`` has to define."""

MAX_FILE = 1_000_000
"""No file of an entry may have more bytes, packed or not."""

MAX_CODE = 20_000
"""Bytes of code: more is no program, but a store of numbers."""

MAX_ARRAYS = 200
MAX_NICKNAME = 24
_HEADER_START = 10  # bytes: what np.save writes, its version, and the length of the rest
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00(?P<length>..)"
    rb"\{'descr': '(?P<dtype>[<>|](?:[iu][1248]|f[248]))', "
    rb"'fortran_order': (?P<by_columns>True|False), "
    rb"'shape': \((?P<shape>(?:\d{1,9}, )*(?:\d{1,9},?)?)\), \} *\n",
    re.DOTALL,
)
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error),
    *(ValueError, RuntimeError, NotImplementedError),
)
"""What reading a damaged archive may raise."""


class Refused(Exception):
    """An entry that has no score; the message says why, in one sentence."""


@dataclasses.dataclass(frozen=True)
class Rules:
    """What an entry may use: ``size`` bytes, ``seconds`` of CPU time for so many ``pictures``."""

    size: int
    seconds: float
    pictures: int


@dataclasses.dataclass(frozen=True)
class Entry:
    """An entry: its source, its arrays by name, and what its author wants to be called."""

    code: str
    weights: Mapping[str, np.ndarray]
    nickname: str = ""

    @property
    def parameters(self) -> int:
        """How many numbers there are in its arrays."""
        return sum(array.size for array in self.weights.values())

    @property
    def size(self) -> int:
        """How many bytes it consists of: its code, its arrays, and their names.

        Whatever an entry knows of the pictures stands in these bytes, so no way of writing numbers
        down makes them count less.
        """
        arrays = sum(len(name.encode()) + array.nbytes for name, array in self.weights.items())
        return len(self.code.encode()) + arrays

    @property
    def digest(self) -> str:
        """A hash of the code and the weights; another nickname is no other entry."""
        digest = hashlib.sha256(f"{len(self.code)}:{self.code}".encode())
        for name, array in sorted(self.weights.items()):
            digest.update(f"{len(name)}:{name}:{array.dtype.str}:{array.shape}".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()

    def require(self, rules: Rules) -> None:
        """Raise :class:`Refused` if the entry is larger than the rules allow."""
        if self.size > rules.size:
            raise Refused(
                f"It has {self.size:,} bytes, {self.size - rules.size:,} more than the "
                f"{rules.size:,} allowed: {len(self.code.encode()):,} of code, and "
                f"{self.parameters:,} parameters in weights.npz."
            )


def read_entry(files: Mapping[str, bytes]) -> Entry:
    """Read an entry from the contents of its files, by name; raises :class:`Refused`."""
    if CODE not in files:
        raise Refused(f"There is no file {CODE}.")
    if len(files[CODE]) > MAX_CODE:
        raise Refused(f"{CODE} has {len(files[CODE]):,} bytes; code may have {MAX_CODE:,}.")
    try:
        code = files[CODE].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{CODE} is not text in UTF-8.") from None
    weights = read_weights(files[WEIGHTS]) if WEIGHTS in files else {}
    return Entry(code, weights, nickname_in(files.get(NICKNAME, b"")))


def read_folder(folder: Path) -> Entry:
    """Read an entry of one's own from its folder; raises :class:`Refused`."""
    paths = [folder / name for name in FILES]
    return read_entry({path.name: path.read_bytes() for path in paths if path.is_file()})


def nickname_in(content: bytes) -> str:
    """Return the nickname in a file: letters, digits, blanks and ``-_.`` of its first line."""
    line = content[:1000].decode("utf-8", "ignore").strip().partition("\n")[0]
    kept = "".join(c for c in line if c.isalnum() or c in " -_.")
    return " ".join(kept.split())[:MAX_NICKNAME].strip(" -_.")


def read_weights(content: bytes) -> dict[str, np.ndarray]:
    """Read the arrays of numbers in an archive that ``np.savez`` has written.

    Raises :class:`Refused` for one that holds anything else, or more than :data:`MAX_FILE` bytes.
    """
    weights: dict[str, np.ndarray] = {}
    left = MAX_FILE
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MAX_ARRAYS:
                raise Refused(f"{WEIGHTS} holds more than {MAX_ARRAYS} arrays.")
            for member in members:
                name = member.filename.removesuffix(".npy")
                if name in weights or name == member.filename:
                    raise Refused(f"{WEIGHTS} holds {name[:40]!r}, which is no array of its own.")
                if member.compress_type not in _PACKINGS:
                    raise Refused(f"{WEIGHTS} is packed in a way that np.savez does not use.")
                with archive.open(member) as file:
                    # Never more than asked for is unpacked, whatever the archive says of sizes.
                    data = file.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise Refused(f"{WEIGHTS} unpacks to more than {MAX_FILE:,} bytes.")
                weights[name] = _array(name, data)
    except _BROKEN as error:
        raise Refused(f"{WEIGHTS} cannot be read: {type(error).__name__}.") from error
    return weights


def _array(name: str, data: bytes) -> np.ndarray:
    """Return the numbers in a file that ``np.save`` has written.

    Its header is matched, not evaluated: NumPy's own reader takes whatever Python could have meant.
    """
    match = _HEADER.match(data)
    if match is None or int.from_bytes(match["length"], "little") != match.end() - _HEADER_START:
        raise Refused(f"{name[:40]!r} in {WEIGHTS} is no array of numbers as np.save writes them.")
    shape = tuple(map(int, match["shape"].replace(b",", b" ").split()))
    dtype, start = np.dtype(match["dtype"].decode()), match.end()
    if math.prod(shape) * dtype.itemsize != len(data) - start:
        raise Refused(f"{name[:40]!r} in {WEIGHTS} has not as many numbers as it says.")
    order: Any = "F" if match["by_columns"] == b"True" else "C"
    return np.frombuffer(data, dtype, offset=start).reshape(shape, order=order)
