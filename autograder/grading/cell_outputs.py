"""Outputs of cells: read from a sandbox's reply, which may be anything, and made by the grader."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from nbformat.notebooknode import NotebookNode

from autograder.grading.submitted_text import printable_text

PNG = b"\x89PNG\r\n\x1a\n"


def cell_outputs(reply: dict[str, Any]) -> Iterator[NotebookNode]:
    """Read the outputs of a cell; whatever is not as it should be is left out."""
    outputs = reply.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        kind, name, data = (output.get(key) for key in ("output_type", "name", "data"))
        if kind == "stream" and name in ("stdout", "stderr"):
            yield new_output("stream", name=name, text=_long_text(output.get("text")))
        elif kind in ("display_data", "execute_result") and isinstance(data, dict):
            safe = dict(_safe_data(data))
            if safe:
                # Never as a result: only the grader's own results may look like points.
                yield new_output("display_data", data=safe)
    error = reply.get("error")
    if isinstance(error, dict):
        yield new_output(
            "error",
            ename=printable_text(error.get("ename")),
            evalue=printable_text(error.get("evalue")),
            traceback=_long_text(error.get("traceback")).splitlines(),
        )


def absent_packages(reply: dict[str, Any]) -> list[str]:
    """Return the names of packages that a cell has imported although they are not allowed."""
    names = reply.get("absent")
    texts = map(printable_text, names if isinstance(names, list) else ())
    return [text[:80] for text in texts if text][:10]


def _safe_data(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    plain, picture = data.get("text/plain"), data.get("image/png")
    if isinstance(plain, str):
        yield "text/plain", _long_text(plain)
    if isinstance(picture, bytes) and picture.startswith(PNG):
        yield "image/png", base64.b64encode(picture).decode()


def _long_text(value: Any) -> str:
    return value[:40_000] if isinstance(value, str) else ""


def note(text: str) -> NotebookNode:
    """Return an output in which the grader says something."""
    return new_output("stream", name="stdout", text=f"[grading] {text}\n")


def new_output(kind: str, **fields: Any) -> NotebookNode:
    """Return a cell's output. nbformat checks it with the whole notebook, which is faster."""
    output = NotebookNode(output_type=kind)
    if kind in ("display_data", "execute_result"):
        output.metadata = NotebookNode()
    output.update(fields)
    return output
