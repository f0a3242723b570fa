"""The widget by which readers give a picture of their own: a file, or what their camera sees."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import anywidget
import numpy as np
import traitlets

Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

_FOLDER = Path(__file__).parent
_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)


class OwnPicture(anywidget.AnyWidget):
    """Two buttons; ``take`` is called with each picture: (3, side, side), from 0 to 1."""

    # A widget is one module: what it imports stands above it.
    _esm = "".join(
        _IMPORT.sub("", (_FOLDER / f"{name}.mjs").read_text(encoding="utf-8"))
        for name in ("own_picture", "own_picture_widget")
    )
    side = traitlets.Int().tag(sync=True)

    def __init__(self, side: int, take: Callable[[Array], None]) -> None:
        super().__init__(side=side)
        self._take = take
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        levels = np.frombuffer(base64.b64decode(content["rgba"]), np.uint8)
        colors = levels.reshape(self.side, self.side, 4)[..., :3].transpose(2, 0, 1)
        self._take(np.ascontiguousarray(colors) / 255)
