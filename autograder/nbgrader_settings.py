"""The course's settings of nbgrader."""

from __future__ import annotations

from pathlib import Path

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader


def nbgrader_settings(course: Path) -> Config:
    """Return the course's ``nbgrader_config.py``, with the root set to ``course``."""
    settings = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    settings.CourseDirectory.root = str(course)
    return settings
