"""The settings of nbgrader that hold for a course, as nbgrader's own commands find them."""

from __future__ import annotations

from pathlib import Path

from jupyter_core.paths import jupyter_config_path
from traitlets.config import Config
from traitlets.config.loader import JSONFileConfigLoader, PyFileConfigLoader

NAME = "nbgrader_config"


def nbgrader_settings(course: Path) -> Config:
    """Return the settings of the course's ``nbgrader_config.py``, on top of the machine's.

    A JupyterHub often sets the exchange or the gradebook for all users, in Jupyter's folders for
    settings. ``root`` is the course unless a file names another.
    """
    settings = Config()
    for folder in (*reversed(jupyter_config_path()), str(course)):
        for loader, suffix in ((JSONFileConfigLoader, "json"), (PyFileConfigLoader, "py")):
            if (Path(folder) / f"{NAME}.{suffix}").is_file():
                settings.merge(loader(f"{NAME}.{suffix}", path=folder).load_config())
    if "root" not in settings.CourseDirectory:
        settings.CourseDirectory.root = str(course)
    return settings
