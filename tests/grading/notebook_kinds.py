"""Notebooks as people write them, with the tasks that pass, for the exercise of `grading_class`."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable

import nbformat
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from tests.grading.grading_class import POINTS, RIGHT, cell

ALL = frozenset(POINTS)
SCALE = RIGHT["scale"]
INDENTED = SCALE.replace("\n", "\n    ")


@dataclasses.dataclass(frozen=True)
class Kind:
    """How a notebook differs from one with the right answers.

    ``imports`` stand before those of the course, in their cell; ``first`` are cells behind it,
    ``last`` at the end; ``answers`` replace right ones. ``change`` does what else there is.
    """

    passing: frozenset[str] = ALL
    imports: str = ""
    first: tuple[str, ...] = ()
    answers: dict[str, str] = dataclasses.field(default_factory=dict)
    last: tuple[str, ...] = ()
    change: Callable[[NotebookNode], None] = lambda notebook: None


def scale(source: str, passing: frozenset[str] = ALL, **more: tuple[str, ...]) -> Kind:
    """Return the kind of notebook with another answer to the first task."""
    return Kind(passing, answers={"scale": source}, **more)


def total(source: str, passing: frozenset[str] = ALL, **more: tuple[str, ...]) -> Kind:
    """Return the kind of notebook with another answer to the second task."""
    return Kind(passing, answers={"total": source}, **more)


def extremes(source: str, passing: frozenset[str] = ALL) -> Kind:
    """Return the kind of notebook with another answer to the last task."""
    return Kind(passing, answers={"extremes": source})


def _without_metadata(notebook: NotebookNode) -> None:
    for number, part in enumerate(notebook.cells):
        part.metadata = {}
        part.id = f"new-{number}"


def _with_twins(notebook: NotebookNode) -> None:
    place = notebook.cells.index(cell(notebook, "scale"))
    notebook.cells.insert(place, copy.deepcopy(notebook.cells[place]))
    notebook.cells[place + 1].id = "twin"


NOT_SCALE = ALL - {"scale"}
NOT_TOTAL = ALL - {"total"}
NOT_EXTREMES = ALL - {"extremes"}
WITHOUT_NUMPY = frozenset({"scale", "apply", "extremes"})  # these do not name it

KINDS: dict[str, Kind] = {
    "as it should be": Kind(),
    # Packages
    "tqdm before the imports": Kind(imports="from tqdm.auto import tqdm"),
    "tqdm in an answer": total(
        "import tqdm\ndef total(x):\n    return sum(tqdm.tqdm(np.ravel(x).tolist()))"
    ),
    "a package that is not used": Kind(imports="import scipy.ndimage as ndi"),
    "a package in an annotation": scale(
        "from scipy import sparse\ndef scale(x: sparse.csr_array, factor):\n    return x * factor"
    ),
    "a package that is used": scale(
        "import scipy.ndimage\ndef scale(x, factor):\n"
        "    return scipy.ndimage.zoom(x, 1) * 0 + x * factor",
        NOT_SCALE,
    ),
    "a package that is imported inside": scale(
        "def scale(x, factor):\n    from scipy.linalg import blas\n"
        "    return x * factor + 0 * blas.ddot([1.0], [1.0])",
        NOT_SCALE,
    ),
    "a package by way of another function": scale(
        "from PIL import Image\ndef resized(x):\n    return Image.fromarray(x)\n"
        "def scale(x, factor):\n    resized(np.ones((2, 2)))\n    return x * factor",
        NOT_SCALE,
    ),
    "a package, or something else": scale(
        "try:\n    import no_such_package as xp\nexcept ImportError:\n    xp = np\n"
        "def scale(x, factor):\n    return xp.multiply(x, factor)"
    ),
    "everything from NumPy": total("from numpy import *\ndef total(x):\n    return float(sum(x))"),
    "a window for figures": Kind(imports='import matplotlib\nmatplotlib.use("TkAgg")'),
    # Nobody answers
    "input before the imports": Kind(imports='name = input("Your name: ")'),
    "input before a definition": scale(f'side = int(input("side? "))\n{SCALE}'),
    "a password": Kind(first=("import getpass\nsecret = getpass.getpass()",)),
    "a breakpoint": scale(f"breakpoint()\n{SCALE}"),
    # Magics
    "await": scale(f"import asyncio\nawait asyncio.sleep(0)\n{SCALE}"),
    "time and a command": scale(f"%%time\n!echo hello\n{SCALE}"),
    "timeit": scale(f"%timeit -n 2 -r 1 np.ones(3)\n{SCALE}"),
    "two magics for one cell": scale(f"%%time\n%%capture\n{SCALE}"),
    "a comment before a magic": scale(f"# mine\n%%time\n{SCALE}", NOT_SCALE),
    "a file that is written and imported": Kind(
        answers={"scale": f"%%writefile mine.py\n{SCALE}"},
        change=lambda notebook: notebook.cells.insert(
            notebook.cells.index(cell(notebook, "scale")) + 1,
            new_code_cell("from mine import scale"),
        ),
    ),
    "a file that is written and run": Kind(
        first=(f"%%writefile ours.py\n{RIGHT['total'].replace('np.sum', 'sum')}", "%run ours.py"),
        answers={"total": "# in ours.py"},
        passing=NOT_TOTAL,  # sum() of a matrix is a row
    ),
    "another program": Kind(first=("%%bash\nexit 3", "%pip --version", "!true", "names = !ls")),
    "settings of IPython": Kind(
        first=("%matplotlib inline\n%precision 3\n%load_ext autoreload\n%autoreload 2", "np.sum?")
    ),
    "a magic by its function": Kind(
        first=("get_ipython().run_line_magic('time', 'x = 1')\ndisplay(x)",)
    ),
    "a name that is forgotten": Kind(first=("%reset_selective -f ^np$",), passing=WITHOUT_NUMPY),
    # Where a function is examined
    "defined at the end": scale("", NOT_SCALE, last=(SCALE,)),
    "spoiled at the end": Kind(last=("def scale(x, factor):\n    return x",)),
    "np overwritten at the end": Kind(last=("np = None",)),
    "np overwritten at the beginning": Kind(first=("np = None",), passing=WITHOUT_NUMPY),
    "a result with the name of the function": scale(
        f"{SCALE}\nscale = scale(np.ones(2), 3)", NOT_SCALE
    ),
    "a cell that stops before": scale(f"1 / 0\n{SCALE}", NOT_SCALE),
    "a cell that stops behind": scale(f"{SCALE}\n1 / 0"),
    "an error of syntax": scale(SCALE.replace("return", "return return"), NOT_SCALE),
    "a stub": scale("def scale(x, factor):\n    raise NotImplementedError", NOT_SCALE),
    # Annotations
    "an annotation that does not exist": scale(SCALE.replace("(x,", "(x: np.ndaray,"), NOT_SCALE),
    "annotations that are not evaluated": scale(
        SCALE.replace("(x,", "(x: np.ndaray,"), first=("from __future__ import annotations",)
    ),
    "annotations that are read": scale(
        "def typed(f):\n    kinds = f.__annotations__\n    def checked(*values):\n"
        "        assert isinstance(values[0], kinds['x'])\n        return f(*values)\n"
        "    return checked\n@typed\n" + SCALE.replace("(x,", "(x: np.ndarray,")
    ),
    # Not a plain definition
    "decorated": scale(
        "def timed(f):\n    def wrapper(*values):\n        return f(*values)\n    return wrapper\n"
        f"@timed\n{SCALE}"
    ),
    "partial": scale(
        "import functools\ndef _scaled(shift, x, factor):\n    return x * factor + shift\n"
        "scale = functools.partial(_scaled, 0)"
    ),
    "an object": scale(
        "class Scale:\n    def __call__(self, x, factor):\n        return x * factor\n"
        "scale = Scale()"
    ),
    "a method": scale(
        "class Scaler:\n    def of(self, x, factor):\n        return x * factor\n"
        "scale = Scaler().of"
    ),
    "lambda": scale("scale = lambda x, factor: x * factor"),
    "by its name in a dictionary": scale("globals()['scale'] = lambda x, factor: x * factor"),
    "another task's function": extremes("extremes = total", NOT_EXTREMES),
    "asynchronous": scale(f"async {SCALE}", NOT_SCALE),
    "a generator": extremes(
        "def extremes(x):\n    yield float(x.min())\n    yield float(x.max())", NOT_EXTREMES
    ),
    # Results
    "a named tuple": extremes(
        "from typing import NamedTuple\nclass Both(NamedTuple):\n    low: float\n    high: float\n"
        "def extremes(x):\n    return Both(x.min(), x.max())"
    ),
    "a list": extremes("def extremes(x):\n    return [x.min(), x.max()]"),
    "an array for a tuple": extremes(
        "def extremes(x):\n    return np.array([x.min(), x.max()])", NOT_EXTREMES
    ),
    "a queue": extremes(
        "import collections\ndef extremes(x):\n"
        "    return collections.deque([float(x.min()), float(x.max())])"
    ),
    "an array without axes": total("def total(x):\n    return np.array(x.sum())"),
    "a fraction": total(
        "from fractions import Fraction\ndef total(x):\n"
        "    return sum(map(Fraction, x.ravel().tolist()), Fraction(0))"
    ),
    "text": total("def total(x):\n    return str(x.sum())", NOT_TOTAL),
    # Settings of the thread
    "decimal with few digits": total(
        "from decimal import Decimal\ndef total(x):\n"
        "    return float(sum((Decimal(v) for v in x.ravel().tolist()), Decimal(0)))",
        NOT_TOTAL,
        first=("import decimal\ndecimal.getcontext().prec = 1",),
    ),
    "errors of NumPy": scale(
        "def scale(x, factor):\n    np.log(np.zeros(1))\n    return x * factor",
        NOT_SCALE,
        first=("np.seterr(all='raise')",),
    ),
    "warnings that are errors": scale(
        "def scale(x, factor):\n    warnings.warn('careful')\n    return x * factor",
        NOT_SCALE,
        first=("import warnings\nwarnings.simplefilter('error')",),
    ),
    "deep recursion": total(
        "import sys\nsys.setrecursionlimit(10_000)\ndef depth(n):\n"
        "    return depth(n - 1) if n else 0\n"
        "def total(x):\n    return float(np.sum(x)) + depth(4000)"
    ),
    "a loop of events": total(
        "import asyncio\nasync def work(x):\n    await asyncio.sleep(0)\n"
        "    return float(np.sum(x))\ndef total(x):\n    return asyncio.run(work(x))"
    ),
    "a pool of threads": total(
        "from concurrent.futures import ThreadPoolExecutor\ndef total(x):\n"
        "    with ThreadPoolExecutor(2) as pool:\n"
        "        return float(sum(pool.map(float, x.ravel())))"
    ),
    "a figure in a function": scale(
        "def scale(x, factor):\n    plt.plot([1, 2])\n    plt.show()\n    return x * factor",
        first=("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",),
    ),
    "exit": scale("import sys\ndef scale(x, factor):\n    sys.exit()", NOT_SCALE),
    "another folder": Kind(first=("import os\nos.chdir('/')",)),
    # Cells
    "no metadata": Kind(change=_without_metadata),
    "a cell twice": Kind(change=_with_twins),
    "words between cells": Kind(
        change=lambda notebook: notebook.cells.insert(2, new_markdown_cell("Here I think."))
    ),
    "a check of their own": Kind(
        change=lambda notebook: notebook.cells.append(new_code_cell("check(scale)"))
    ),
}


def write(notebook: NotebookNode, form: str) -> bytes:
    """Return the bytes of a notebook's file in one of the FORMS."""
    document = json.loads(nbformat.writes(notebook))
    if form == "no metadata at all":
        document["metadata"] = None
    if form == "cells without a source":
        document["cells"].append({"cell_type": "markdown", "metadata": None})
        document["cells"].append({"cell_type": "code"})
    text = json.dumps(document, indent=1)
    if form == "a mark in front, and the line ends of Windows":
        return b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    return text.encode()


FORMS = (
    "a mark in front, and the line ends of Windows",
    "no metadata at all",
    "cells without a source",
)
"""How a file may be written, too: all of these are read."""
