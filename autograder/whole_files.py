"""Files that are there as a whole or not at all, whenever the program is stopped."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: str | bytes, mode: int | None = None) -> bool:
    """Write a file as a whole; return whether it is another one than before.

    content: text is written as UTF-8.
    mode: the file's rights; by default those of any new file.

    Raises OSError where it cannot be written; the file is then as it was before.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.read_bytes() == data:
            return False
    except OSError:
        pass  # it is not there, or not readable: written anew
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name may have 255 bytes, and this one is longer.
    part = path.with_name(f".{path.name[:50]}.{os.getpid()}")
    part.write_bytes(data)
    if mode is not None:
        part.chmod(mode)
    part.replace(path)
    return True
