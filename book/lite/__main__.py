"""``make lite``: build the exercises as a site of JupyterLite into the built book."""

from __future__ import annotations

import os
import sys

from book.extensions.course_setup import COURSE_ROOT
from book.extensions.open_notebook import FOLDER
from book.extensions.task_cell import PYODIDE, VARIABLE
from book.lite.build import LiteError, build

ENVIRONMENT = COURSE_ROOT / "_build" / "lite"
"""The virtual environment that has JupyterLite; `make lite` makes it."""

try:
    site = COURSE_ROOT / "_build" / "html"
    build(COURSE_ROOT, site, ENVIRONMENT, os.environ.get(VARIABLE) or PYODIDE)
except LiteError as error:
    sys.exit(str(error))
print(f"The notebooks run in the browser: see {FOLDER}/ of the site (`make serve`).")
