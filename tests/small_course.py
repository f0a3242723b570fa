"""Courses of one small chapter, written into an empty folder."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests import COURSE


def write_course(
    root: Path, chapter: str, exercise: str, settings: str, tasks: Mapping[str, str]
) -> Path:
    """Write the sources of a course with one chapter, and return the chapter's folder.

    ``exercise`` is its Markdown, ``settings`` its ``chapter.py``, ``tasks`` the sources of its
    tasks by name. nbgrader's settings are the course's own, and so is its id.
    """
    folder = root / "solutions" / chapter
    (folder / "tasks").mkdir(parents=True)
    for package in (folder.parent, folder, folder / "tasks"):
        (package / "__init__.py").write_text("")
    (folder / f"{chapter}.md").write_text(exercise)
    (folder / "chapter.py").write_text(settings)
    for name, source in tasks.items():
        (folder / "tasks" / f"{name}.py").write_text(source)
    shutil.copy(COURSE / "nbgrader_config.py", root)
    (root / "course.toml").write_text('id = "cnn"\n')
    return folder
