"""Building the site of JupyterLite: notebooks as students get them, with the packages they need."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from autograder.authoring.archive import student_files
from autograder.authoring.wheel import make_wheel
from autograder.course_settings import chapters_in_use
from book.extensions.open_notebook import FOLDER, runs_in_browser
from book.extensions.task_cell import copy_pyodide, host_of_pyodide, pyodide_folder

KERNEL = "@jupyterlite/pyodide-kernel-extension"
TO_ROOT = "../../../../"
"""From the script that runs the kernel to the root of the site."""

PREPARED = ("numpy", "matplotlib")
"""Of Pyodide's packages, what every notebook imports: loaded with the kernel."""

NEEDED = (*PREPARED, "ipython", "jedi", "micropip", "packaging", "sqlite3", "ssl")
"""Of Pyodide's packages, those and what the kernel itself loads."""

SETTINGS = {
    "apps": ["notebooks", "tree"],
    "federated_extensions": [str(Path(__file__).with_name("download"))],
    "no_sourcemaps": True,
    "no_unused_shared_packages": True,
}

# Else cells out of view leave the page: the browser's own search would not find their text.
OVERRIDES = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "defer"}}


class LiteError(Exception):
    """The site cannot be built; the text says what to do."""


def build(course: Path, book: Path, environment: Path, pyodide: str) -> Path:
    """Build the site into the built book; return its folder.

    environment: a virtual environment with the packages of ``requirements.txt``, and in its folder
    ``wheels`` those of ``wheels.txt``.
    pyodide: the address of a release of Pyodide, or a folder that holds one.
    Raises :class:`LiteError` if a part of it fails.
    """
    target = book / FOLDER
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        _write_contents(course, work / "contents")
        wheels = _copy_wheels(course, work / "wheels", environment)
        (work / "jupyter-lite.json").write_text(json.dumps(_kernel_settings(wheels, pyodide)))
        (work / "overrides.json").write_text(json.dumps(OVERRIDES))
        config = {**SETTINGS, "contents": ["contents"], "output_dir": "site"}
        (work / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": config}))
        _run([environment / "bin" / "jupyter", "lite", "build"], work)
        shutil.move(work / "wheels", work / "site")
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(work / "site", target)
    if not host_of_pyodide(pyodide):
        copy_pyodide(Path(pyodide), pyodide_folder(book), NEEDED)
    return target


def _write_contents(course: Path, contents: Path) -> None:
    """Copy the exercises as the archive has them, each in its folder."""
    folders = {course / "exercises" / c for c in chapters_in_use(course) if runs_in_browser(c)}
    for path in student_files(course):
        if not folders.isdisjoint(path.parents):
            place = contents / path.relative_to(course)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)


def _copy_wheels(course: Path, folder: Path, environment: Path) -> list[str]:
    """Put the wheels that notebooks need into a folder; return their names."""
    source = environment / "wheels"
    if not source.is_dir():
        raise LiteError(f"JupyterLite is not installed in {environment}: run `make lite`.")
    shutil.copytree(source, folder)
    make_wheel(course, folder)
    return sorted(path.name for path in folder.glob("*.whl"))


def _kernel_settings(wheels: list[str], pyodide: str) -> dict[str, Any]:
    """Return what the kernel has to know: where Pyodide is, and what is loaded with it."""
    address = pyodide.rstrip("/") if host_of_pyodide(pyodide) else f"../../{pyodide_folder(Path())}"
    packages = [*PREPARED, *(f"{TO_ROOT}wheels/{name}" for name in wheels)]
    kernel = {
        "pyodideUrl": f"{address}/pyodide.js",
        "loadPyodideOptions": {"packages": packages},
    }
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {"litePluginSettings": {f"{KERNEL}:kernel": kernel}},
    }


def _run(command: list[str | Path], folder: Path) -> None:
    """Run a command in a folder; raises :class:`LiteError` with the end of what it said."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    except OSError as error:
        raise LiteError(f"JupyterLite is not installed ({error}): run `make lite`.") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise LiteError(f"{' '.join(map(str, command))} failed:\n{said[-2000:]}")
