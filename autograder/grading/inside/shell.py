"""The IPython shell that runs a submission's cells, and keeps what they print and draw."""

from __future__ import annotations

import ast
import binascii
import io
import sys
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

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


class _Publisher(DisplayPublisher):
    recorder: Recorder

    def publish(self, data: Any, *arguments: Any, **options: Any) -> None:
        self.recorder.display("display_data", data)

    def clear_output(self, wait: bool = False) -> None:
        if self.recorder.outputs is not None:
            self.recorder.start()


class _Hook(DisplayHook):
    recorder: Recorder

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        self.recorder.display("execute_result", format_dict)

    def finish_displayhook(self) -> None:
        pass


class Shell(InteractiveShell):
    """An IPython shell without a terminal, a history file, or a way to start other programs."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)

    def __init__(self, **options: Any) -> None:
        self.recorder = Recorder()
        self.failure: dict[str, Any] | None = None
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        # Without "tight", which draws every figure twice.
        config.InlineBackend.print_figure_kwargs = {"bbox_inches": None}
        super().__init__(config=config, **options)  # type: ignore[no-untyped-call]
        parts: tuple[Any, ...] = (self.displayhook, self.display_pub)
        for part in parts:
            part.recorder = self.recorder
        self._draw_figures = True

    def _figure_text(self, figure: Any, printer: Any, _cycle: bool) -> None:
        text = repr(figure)
        if not self._draw_figures:
            text = f"[grading] {text.strip('<>')}: not drawn while grading"
        printer.text(text)

    def take_streams(self) -> None:
        """Record what is printed from now on."""
        sys.stdout = _Stream("stdout", self.recorder)
        sys.stderr = _Stream("stderr", self.recorder)

    def run(self, source: str, definitions_only: bool, draw_figures: bool) -> dict[str, Any]:
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
        if definitions_only:
            source = _definitions(self.transform_cell(source))  # type: ignore[no-untyped-call]
        self.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
        return {"outputs": self.recorder.stop(), "error": self.failure}

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        lines = "\n".join(map(str, stb))
        if len(lines) > MAX_TEXT:
            lines = lines[: MAX_TEXT // 2] + "\n...\n" + lines[-MAX_TEXT // 2 :]
        self.failure = {
            "ename": str(getattr(etype, "__name__", etype))[:200],
            "evalue": str(evalue)[:2000],
            "traceback": lines,
        }

    # Honest notebooks ask for windows, shell commands and input: none of them may stop a cell.

    def ask_exit(self) -> None:
        """Raise what ``exit()`` raises in a program: a call of a function ends with it."""
        raise SystemExit

    def enable_gui(self, gui: str | None = None) -> None:
        """Do nothing: there is no event loop to run."""

    def enable_matplotlib(self, gui: str | None = None) -> Any:
        """Draw figures into the notebook, whatever was asked for."""
        return super().enable_matplotlib("inline")  # type: ignore[no-untyped-call]

    def system(self, command: str) -> None:
        """Say that no other program is started."""
        print(f"Not run while grading: {command}")
        self.user_ns["_exit_code"] = 0

    system_raw = system_piped = system

    def getoutput(self, command: str, split: bool = True, depth: int = 0) -> Any:
        """Return nothing: no other program is started."""
        self.system(command)
        return [] if split else ""


def _definitions(source: str) -> str:
    """Return the imports and definitions among the statements of a cell."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ""
    tree.body = [node for node in tree.body if isinstance(node, kinds)]
    return ast.unparse(tree)
