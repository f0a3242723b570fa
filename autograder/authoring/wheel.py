"""The wheel of the student side: what `check`, `explore` and their commands need, for `pip`.

It is written here and not by a build tool: the same modules give the same bytes, with no network.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.authoring.archive import write_zip
from autograder.imported_files import imported_files

STUDENT_SIDE = ("__init__.py", "__main__.py", "student")
INSTRUCTORS = ("authoring", "grading", "teaching", "instructor.py")
EXTRAS = ("terminal", "notebook", "visualization")
"""The extras of the package that are a student's."""


def wheel_name(course_root: Path) -> str:
    """Return the name of the wheel's file, such as ``cnn_by_hand-0.1.0-py3-none-any.whl``."""
    return f"{_distribution(course_root)}-{__version__}-py3-none-any.whl"


def make_wheel(course_root: Path, folder: Path) -> Path:
    """Write the wheel into a folder, in place of other versions; return its path."""
    project = _project(course_root)
    package = course_root / "autograder"
    closed = [package / name for name in INSTRUCTORS]
    modules = imported_files(
        course_root,
        [file for name in STUDENT_SIDE for file in _python_files(package / name)],
        lambda path: package in path.parents and not any(_inside(path, part) for part in closed),
    )
    contents = {path.relative_to(course_root).as_posix(): path.read_bytes() for path in modules}
    contents |= {
        path.relative_to(course_root).as_posix(): path.read_bytes()
        for path in sorted((package / "student").rglob("*.mjs"))
    }
    contents["autograder/py.typed"] = b""
    info = f"{_distribution(course_root)}-{__version__}.dist-info"
    contents |= {
        f"{info}/METADATA": _metadata(project).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: course\nRoot-Is-Purelib: true\n"
        b"Tag: py3-none-any\n",
        f"{info}/entry_points.txt": b"[console_scripts]\nautograder = autograder.__main__:main\n",
        f"{info}/licenses/LICENSE": (course_root / "LICENSE").read_bytes(),
    }
    record = "".join(f"{name},{_digest(data)},{len(data)}\n" for name, data in contents.items())
    contents[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    target = folder / wheel_name(course_root)
    for other in folder.glob(f"{_distribution(course_root)}-*.whl"):
        other.unlink()
    write_zip(target, contents)
    return target


def _python_files(path: Path) -> Iterator[Path]:
    if path.suffix == ".py":
        yield path
    else:
        yield from sorted(path.rglob("*.py"))


def _inside(path: Path, part: Path) -> bool:
    return path == part or part in path.parents


def _project(course_root: Path) -> dict[str, Any]:
    settings = tomllib.loads((course_root / "pyproject.toml").read_text("utf-8"))
    project: dict[str, Any] = settings["project"]
    return project


def _distribution(course_root: Path) -> str:
    return str(_project(course_root)["name"]).replace("-", "_")


def _digest(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"


def _metadata(project: dict[str, Any]) -> str:
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {__version__}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        "License-File: LICENSE",
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {package}" for package in project["dependencies"]),
    ]
    for extra in EXTRAS:
        lines.append(f"Provides-Extra: {extra}")
        for package in project["optional-dependencies"][extra]:
            lines.append(f"Requires-Dist: {package}; extra == '{extra}'")
    return "\n".join(lines) + "\n"
