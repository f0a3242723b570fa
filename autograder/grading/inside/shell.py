"""The shell that runs a submission's cells, and keeps what they print and draw."""

from __future__ import annotations

import binascii
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograder.grading.inside.absent_packages import AbsentPackages
from autograder.shell import NotebookShell

MAX_TEXT = 20_000
"""Characters of output kept of one cell."""
MAX_PICTURE = 1_000_000
"""Bytes of one picture."""
MAX_OUTPUTS = 50
CUT = "\n... the rest of this cell's output is left out.\n"


class Recorder:
    """The outputs of the cell that runs, up to the limits; None is recorded between cells."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] | None = None
        self.characters_left = 0

    def start(self) -> None:
        """Begin with an empty record."""
        self.outputs = []
        self.characters_left = MAX_TEXT

    def stop(self) -> list[dict[str, Any]]:
        """End recording and return what was recorded."""
        outputs, self.outputs = self.outputs or [], None
        return outputs

    def text(self, stream: str, text: str) -> None:
        """Record text written to a stream."""
        if self.outputs is None or self.characters_left <= 0:
            return
        part = self._fitting(text)
        last = self.outputs[-1] if self.outputs else {}
        if last.get("name") == stream:
            last["text"] += part
        elif len(self.outputs) < MAX_OUTPUTS:
            self.outputs.append({"output_type": "stream", "name": stream, "text": part})

    def display(self, kind: str, data: Any) -> None:
        """Record a displayed object: its plain text and its picture, nothing that can act."""
        if self.outputs is None or len(self.outputs) >= MAX_OUTPUTS or not isinstance(data, dict):
            return
        representations: dict[str, Any] = {}
        picture = data.get("image/png")
        if isinstance(picture, str):
            picture = binascii.a2b_base64(picture)
        if isinstance(picture, bytes) and len(picture) <= MAX_PICTURE:
            representations["image/png"] = picture
        plain = data.get("text/plain")
        if isinstance(plain, str) and self.characters_left > 0:
            representations["text/plain"] = self._fitting(plain)
        if representations:
            self.outputs.append({"output_type": kind, "data": representations})

    def _fitting(self, text: str) -> str:
        beginning = text[: self.characters_left]
        self.characters_left -= len(text)
        return beginning + CUT if self.characters_left <= 0 else beginning


class _Stream(io.TextIOBase):
    def __init__(self, name: str, recorder: Recorder) -> None:
        self.name = name
        self._recorder = recorder

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._recorder.text(self.name, str(text))
        return len(text)


class Shell(NotebookShell):
    """A notebook's shell with a record of its outputs."""

    def __init__(self, **options: Any) -> None:
        self.recorder = Recorder()
        self.failure: dict[str, Any] | None = None
        self._draw_figures = True
        self._absent: AbsentPackages | None = None
        super().__init__(**options)

    def allow_only(self, packages: Sequence[str], own_files: Path) -> None:
        """Put stand-ins, from now on, in the place of other packages that a cell imports."""
        self._absent = AbsentPackages(packages, own_files)
        self.ast_transformers.append(self._absent)

    def _figure_text(self, figure: Any, printer: Any, _cycle: bool) -> None:
        text = repr(figure)
        if not self._draw_figures:
            text = f"[grading] {text.strip('<>')}: not drawn while grading"
        printer.text(text)

    def take_streams(self) -> None:
        """Record what is printed from now on."""
        sys.stdout = _Stream("stdout", self.recorder)
        sys.stderr = _Stream("stderr", self.recorder)

    def record(self, source: str, definitions_only: bool, draw_figures: bool) -> dict[str, Any]:
        """Run one cell; return its outputs and the error that ended it, if one did.

        Where figures are not drawn, a short text stands for each.
        """
        self.failure = None
        self.recorder.start()
        self._draw_figures = draw_figures
        formatter: Any = self.display_formatter
        # No other representation of an object would be recorded.
        formatter.active_types = ["text/plain", *(["image/png"] if draw_figures else [])]
        # For each cell anew: `%matplotlib` takes it away.
        plain = formatter.formatters["text/plain"]
        plain.for_type_by_name("matplotlib.figure", "Figure", self._figure_text)
        if self._absent is not None:
            self._absent.imported = []
        self.run(source, definitions_only)
        return {
            "outputs": self.recorder.stop(),
            "error": self.failure,
            "absent": self._absent.imported if self._absent is not None else [],
        }

    def displayed(self, kind: str, data: Any) -> None:
        """Record what a cell displays."""
        self.recorder.display(kind, data)

    def cleared(self) -> None:
        """Begin the record anew."""
        if self.recorder.outputs is not None:
            self.recorder.start()

    def not_run(self, what: str) -> None:
        """Say so in the outputs."""
        print(f"Not run while grading: {what}")

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        lines = "\n".join(map(str, stb))
        if len(lines) > MAX_TEXT:
            lines = lines[: MAX_TEXT // 2] + "\n...\n" + lines[-MAX_TEXT // 2 :]
        self.failure = {
            "ename": str(getattr(etype, "__name__", etype))[:200],
            "evalue": str(evalue)[:2000],
            "traceback": lines,
        }
