"""Reading ZIP files that came from elsewhere, without trusting them.

Nothing is unpacked: entries are named, sized and read one at a time. What could lead outside of a
folder, fill the memory or the disk, or is no plain file, is refused with a remark.
"""

from __future__ import annotations

import contextlib
import dataclasses
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.grading.submission import MAX_FILE
from autograder.grading.submitted_text import one_line

MAX_ENTRIES = 100_000
MAX_BYTES = 8_000_000_000
"""Of all entries together, unpacked: some thousand submissions."""
MAX_RATIO = 1_000
"""DEFLATE makes at most 1,032 bytes of one; notebooks reach 30. More than this is a bomb."""


class CollectError(Exception):
    """What is to be collected cannot be read at all; the message says what to do."""


@dataclasses.dataclass(frozen=True)
class File:
    """A file that was handed in: its path below where it lay, and a way to its bytes.

    ``read`` raises :class:`CollectError` where it is damaged.
    """

    path: str
    read: Callable[[], bytes]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


def zip_entries(path: Path) -> tuple[list[File], list[str]]:
    """Return the files in a ZIP file, and remarks on those that are not taken.

    Raises :class:`CollectError` if it is no ZIP file, or holds more than a class can hand in.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except FileNotFoundError:
        raise CollectError(f"There is no file {path}.") from None
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise CollectError(f"{path} cannot be read as a ZIP file: {error}.") from error
    if len(infos) > MAX_ENTRIES or sum(info.file_size for info in infos) > MAX_BYTES:
        raise CollectError(
            f"{path} holds {len(infos)} files that would take "
            f"{sum(info.file_size for info in infos) / 1e9:.1f} GB: no class hands in so much."
        )
    files, remarks = {}, []
    for info in infos:
        name = _name(info)
        fault = _fault(info, name)
        if fault:
            remarks.append(f"{one_line(name)}: {fault}")
        elif name in files:
            remarks.append(f"{one_line(name)}: it is in the ZIP file twice; the first is taken")
        else:
            files[name] = File(name, _reader(path, info))
    return list(files.values()), remarks


def _name(info: zipfile.ZipInfo) -> str:
    """Return an entry's name as text, with slashes.

    ZIP files made on macOS and by some servers hold UTF-8 and do not say so: Python has then read
    the bytes as the code page of DOS.
    """
    name = info.filename
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):  # then it is what DOS wrote
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _fault(info: zipfile.ZipInfo, name: str) -> str:
    """Return why an entry is not taken, or nothing."""
    parts = name.split("/")
    mode = info.external_attr >> 16
    if name.startswith("/") or ".." in parts or (len(name) > 1 and name[1] == ":"):
        return "its path leads out of the folder; not taken"
    if "\0" in info.orig_filename or len(name) > 1000 or any(_too_long(part) for part in parts):
        return "its name is none that a file can have; not taken"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "it is a symbolic link or no plain file; not taken"
    if info.flag_bits & 0x1:
        return "it is encrypted; not taken"
    if info.file_size > MAX_FILE:
        return f"it is too large ({info.file_size / 1e6:.0f} MB); not taken"
    if info.file_size > 1_000_000 and info.file_size > MAX_RATIO * info.compress_size:
        return "it is packed more densely than anything honest; not taken"
    return ""


def _too_long(name: str) -> bool:
    return len(name.encode("utf-8", "surrogatepass")) > 200


def _reader(path: Path, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with zipfile.ZipFile(path) as archive, archive.open(info) as file:
                content = file.read(MAX_FILE + 1)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
            raise CollectError(f"it is damaged ({one_line(str(error))})") from error
        except RuntimeError as error:  # zipfile's word for: encrypted
            raise CollectError(one_line(str(error))) from error
        if len(content) > MAX_FILE:
            raise CollectError("it is larger than it says")
        return content

    return read


def folder_files(folder: Path) -> Iterator[File]:
    """Yield the regular files in a folder and those inside it, hidden ones left out, in order."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        linked = any((folder / part).is_symlink() for part in (inside, *inside.parents))
        if path.is_file() and not hidden and not linked:
            yield File(inside.as_posix(), _file_reader(path))


def _file_reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            if path.stat().st_size > MAX_FILE:
                raise CollectError(f"it is too large ({path.stat().st_size / 1e6:.0f} MB)")
            return path.read_bytes()
        except OSError as error:
            raise CollectError(f"it cannot be read ({error.strerror})") from error

    return read
