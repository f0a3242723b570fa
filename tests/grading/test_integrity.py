"""Submissions that try to cheat: each gets exactly what its honest part deserves.

Every notebook here has one task right (`scale`, 4 points), one wrong (`total` returns 0) and two
not done. Whatever else it does, it deserves 4 points, and often a remark.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from traitlets.config import Config

from autograder.grading.rebuild import rebuild
from autograder.grading.submitted_notebook import notebook_of
from tests.grading.grading_class import POINTS, RIGHT, Grader, cell, points

HONEST = {"scale": RIGHT["scale"], "total": "def total(x):\n    return 0.0"}
DESERVED = {"scale": 4.0, "total": 0.0, "apply": 0.0, "extremes": 0.0}

# Cells that run before everything else

CELLS = {
    # rows of the table of what works against a grader that runs tests in the student's process
    "patch allclose": """
np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
""",
    "patch NumPy as a whole": """
for name in dir(np):
    if callable(getattr(np, name)) and not isinstance(getattr(np, name), type):
        if name not in ('array', 'asarray', 'frombuffer'):
            try: setattr(np, name, lambda *a, **k: True)
            except Exception: pass
""",
    "patch check": "import autograder\nautograder.check = check = lambda *a: 100.0",
    "patch builtins": """
import builtins
builtins.isinstance = lambda *a: True
builtins.abs = lambda x: 0
builtins.all = builtins.any = lambda x: True
""",
    "input transformer": """
get_ipython().input_transformers_post.append(lambda lines: ['4.0\\n'])
""",
    "AST transformer": """
import ast
class Empty(ast.NodeTransformer):
    def visit_Module(self, node):
        node.body = [ast.parse('100.0').body[0]]
        return node
get_ipython().ast_transformers.append(Empty())
""",
    "patched run_code": """
async def run_code(*a, **k): return False
get_ipython().run_code = run_code
""",
    "patched run_cell": "get_ipython().run_cell = lambda *a, **k: None",
    "patched shell class": "type(get_ipython()).run = lambda *a: {'outputs': [], 'error': None}",
    "a thread that keeps patching": """
import threading, time
def patch():
    while True:
        np.allclose = lambda *a, **k: True
        globals()['total'] = lambda x: Everything()
        time.sleep(0.001)
threading.Thread(target=patch, daemon=True).start()
""",
    "displayhook": "import sys\nsys.displayhook(100.0)\nsys.displayhook = lambda value: None",
    "numbers as outputs": "from IPython.display import display\ndisplay(100.0)\n100.0",
    "a fake report": """
from IPython.display import HTML, display
display(HTML('<div>11 of 11 points</div>'))
print('[passed] 11 of 11 points')
""",
    "read the tests from the history": """
class Spy(dict):
    pass
print(In[-1], Out)
def total(x): return In[-1]
""",
    "the caller's frame": """
import sys
def total(x):
    frame = sys._getframe()
    while frame:
        for name in ('expected', 'case', 'checks', 'reference'):
            if name in frame.f_locals or name in frame.f_globals:
                return frame.f_locals.get(name)
        for name in list(frame.f_globals):
            if 'same' in name or 'differ' in name:
                frame.f_globals[name] = lambda *a, **k: None
        frame = frame.f_back
""",
    "everything in memory": """
import gc
for o in gc.get_objects():
    if type(o).__name__ in ('CheckedCase', 'Checks', 'Problem'):
        np.loot = o
def total(x): return np.loot.expected
""",
    "read the solutions": """
import glob, os
found = [p for p in glob.glob('/**/solutions/**', recursive=True)]
for depth in range(1, 8):
    found += glob.glob('../' * depth + '**/tasks/total.py', recursive=True)[:5]
assert not found, found
from solutions.probe.tasks.apply import apply
from solutions.probe.tasks.extremes import extremes
from solutions.probe.tasks.total import total
""",
    "read the visible results": """
import autograder.checks as c, pathlib
loot = c.load_checks(pathlib.Path('checks.npz'))
def answer(name):
    def f(*args):
        for case in loot[name].cases:
            if all(np.array_equal(a, b) for a, b in zip(args, case.arguments.values())):
                return case.expected
    return f
total, apply, extremes = map(answer, ('total', 'apply', 'extremes'))
""",
    "write the gradebook": """
import sqlite3, glob
for path in ['../gradebook.db', '/gradebook.db', *glob.glob('/**/gradebook.db', recursive=True)]:
    try: sqlite3.connect(path).execute('update grade set auto_score = 100')
    except Exception: pass
""",
    "a daemon": """
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: pass
""",
    "a start-up file for the next student": """
import os, site
for folder in (os.path.expanduser('~/.ipython/profile_default/startup'), site.getsitepackages()[0]):
    try:
        os.makedirs(folder, exist_ok=True)
        open(folder + '/sitecustomize.py', 'w').write('1/0')
    except OSError: pass
""",
    "kill everybody": """
import os
for number in [0, -1, 1, *range(2, 3000), os.getppid()]:
    try: os.kill(number, 9)
    except OSError: pass
""",
    "zero the inputs": """
def total(x):
    x[...] = 0
    return 0.0
def scale(x, factor):
    result = x * factor
    x[...] = 0
    return result
""",
    "another library": "import scipy.ndimage\nfrom scipy import *",
    "reload NumPy from a shipped file": """
import sys, os
open('numpy.py', 'w').write('allclose = lambda *a, **k: True')
sys.path.insert(0, os.getcwd())
""",
    # the wire, the zygote, the engine inside the sandbox
    "answer in advance": """
import gc, socket
from autograder.grading.wire import encode
end = [o for o in gc.get_objects() if isinstance(o, socket.socket)][0]
for n in range(5):
    end.send(encode({'ended': 'returned', 'value': 0.0, 'changed': []}))
""",
    "patch the encoder": """
import autograder.grading.inside.request_handler as s, autograder.grading.wire as w
s.encode = w.encode = lambda value, lenient=False: b'\\0' * 8
""",
    "claim to have passed": """
import autograder.grading.inside.request_handler as s
from autograder.grading.wire import encode
truth = s.RequestHandler._answer
def lie(self, request):
    if request['do'] == 'cell':
        return truth(self, request)
    return encode({'ended': 'returned', 'value': 0.0, 'changed': [], 'passed': True,
                   'verdict': 'passed', 'points': 100, 'fraction': 1.0})
def total(x): return 0.0
def apply(f, x): raise NotImplementedError
def extremes(x): raise NotImplementedError
class Patched:
    pass
""",
    "a formula as a reply": """
import autograder.values as v, autograder.grading.wire as w
evil = w.HEADER.pack(60, 0)
def total(x): return v.Formula(('x',), '__import__("os").system("touch /tmp/pwned")')
""",
    "pickle as a reply": """
import pickle
class Evil:
    def __reduce__(self): return (eval, ('1/0',))
def total(x): return pickle.dumps(Evil())
""",
    "replace the answers to calls": """
import autograder.grading.inside.request_handler as s
s.RequestHandler._call = lambda self, request: {'ended': 'returned', 'value': True, 'changed': []}
s.RequestHandler._call_honest = None
""",
    # values that say yes
    "equal to everything": """
class Everything(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    def __hash__(self): return 0
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __abs__(self): return 0.0
def total(x): return Everything(0.0)
def extremes(x): return (Everything(0.0), Everything(0.0))
""",
    "an array that agrees": """
class Agree(np.ndarray):
    def __array_function__(self, *a, **k): return True
    def __array_ufunc__(self, *a, **k): return np.zeros(1)
    def __eq__(self, other): return np.ones(1, bool)
def apply(f, x): return np.zeros(x.shape).view(Agree)
def total(x): return np.zeros(()).view(Agree)
""",
    "an object that converts": """
class Convert:
    def __array__(self, *a, **k): return np.zeros(3)
    def __float__(self): return 0.0
    def __len__(self): return 2
    def __iter__(self): return iter((0.0, 0.0))
    def __getattr__(self, name): return self
    def __eq__(self, other): return True
def total(x): return Convert()
def apply(f, x): return Convert()
def extremes(x): return Convert()
""",
    "a lie about the class": """
class Lie:
    @property
    def __class__(self): return np.ndarray
def total(x): return Lie()
def apply(f, x): return Lie()
""",
    "not a number": """
def total(x): return float('nan')
def apply(f, x): return np.full(x.shape, np.nan)
def extremes(x): return (float('-inf'), float('inf'))
""",
    "infinite tolerance": """
def total(x): return np.float64('inf')
def apply(f, x): return np.full(x.shape, np.inf)
def extremes(x): return (np.float16('inf'), np.float16('nan'))
""",
    "coarse types": """
def total(x): return np.float16(6e4)
def apply(f, x): return np.zeros(x.shape, np.float16)
def extremes(x): return (np.float16(0), np.float16(0))
""",
    "many answers at once": """
def total(x): return [float(n) / 4 for n in range(-400, 400)]
def apply(f, x): return np.stack([np.asarray(x) * n for n in range(9)])
def extremes(x): return [(float(a), float(b)) for a in range(9) for b in range(9)]
""",
    "an empty array": """
def total(x): return np.zeros(0)
def apply(f, x): return np.zeros((0,) + x.shape)
def extremes(x): return ()
""",
    "the arguments themselves": """
def total(x): return x
def apply(f, x): return f
def extremes(x): return x
""",
    "exceptions": """
class Passed(Exception): pass
def total(x): raise Passed('passed')
def apply(f, x): raise SystemExit(0)
def extremes(x): raise KeyboardInterrupt
""",
    "an exception whose text attacks": """
class Evil(Exception):
    def __str__(self): raise Evil('again')
def total(x): raise Evil()
def apply(f, x): raise type('E' * 100_000, (Exception,), {})('x' * 10**7)
""",
    "a generator": """
def total(x): yield 0.0
async def extremes(x): return (0.0, 0.0)
""",
    # sizes
    "a huge result": """
def total(x): return np.zeros(10**8)
def apply(f, x): return 'x' * 10**8
def extremes(x): return [0.0] * 10**7
""",
    "a deep result": """
def total(x):
    value = 0.0
    for _ in range(100_000): value = [value]
    return value
def extremes(x):
    value = []
    value.append(value)
    return (value, value)
""",
    "a wide and deep result": """
def total(x):
    value = 0.0
    for _ in range(8): value = [value] * 4
    return value
def extremes(x):
    value = []
    value.extend([value] * 10)
    return value
""",
    "memory": "hog = []\nwhile True: hog.append(bytearray(1 << 24))",
    "disk": "f = open('x', 'wb')\nwhile True: f.write(bytes(1 << 20))",
    "output": "while True: print('x' * 1000)",
    "pictures": """
import matplotlib.pyplot as plt
for n in range(30): plt.figure(figsize=(1, 1)); plt.plot([n])
plt.show()
""",
    "threads": """
import threading, time
while True: threading.Thread(target=time.sleep, args=(100,)).start()
""",
    # time
    "an endless cell": "while True: pass",
    "an endless cell that ignores interrupts": """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    try:
        while True: pass
    except BaseException: pass
""",
    "a cell that ends Python": "import os\nos._exit(0)",
    "a crash": "import ctypes\nctypes.string_at(0)",
    "endless functions": """
def total(x):
    while True: pass
def apply(f, x):
    import time
    time.sleep(1000)
""",
    "functions that end Python": """
import os, ctypes
def total(x): os._exit(0)
def apply(f, x): ctypes.string_at(0)
""",
    "a function that changes its mind": """
calls = 0
def total(x):
    global calls
    calls += 1
    return float(calls)
""",
    # other tasks' functions
    "one function for all": """
total = apply = extremes = lambda *arguments: arguments[0] * arguments[-1]
""",
    "deleted names": "del check\nimport sys\nsys.modules.clear()",
    "no standard streams": """
import sys, os
sys.stdout = sys.stderr = None
for n in range(3): os.close(n)
""",
    "sticky signals": """
import signal
signal.signal(signal.SIGALRM, lambda *a: None)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
""",
    "recursion": "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
    "no recursion": "import sys\nsys.setrecursionlimit(60)",
    "lower limits": "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))",
    "links": """
import os
os.remove('checks.npz')
os.symlink('/etc/passwd', 'checks.npz')
os.symlink('/', 'root')
""",
}

THEIR_OWN_LOSS = {
    "patched shell class",
    "input transformer",
    "AST transformer",
    "patched run_code",
    "patched run_cell",
    "answer in advance",
    "replace the answers to calls",
    "deleted names",
    "no standard streams",
}
"""Attacks after which the attacker's own cells do not run, or their own answers get lost."""


@pytest.mark.parametrize("name", CELLS)
def test_cells_that_attack(grader: Grader, name: str) -> None:
    notebook = grader.notebook(HONEST, CELLS[name])
    # Behind the answers as well, which would otherwise replace what the cell has defined.
    place = notebook.cells.index(cell(notebook, "total")) + 1
    notebook.cells.insert(place, new_code_cell(CELLS[name]))
    graded = points(grader.grade(notebook))
    if name in THEIR_OWN_LOSS:
        graded["scale"] = 4.0
    assert graded == DESERVED


# Notebooks that were edited


def _tags(notebook: NotebookNode) -> None:
    for plain in notebook.cells:
        plain.metadata["tags"] = ["skip-execution", "remove_cell", "nbgrader-skip"]


def _empty_tests(notebook: NotebookNode) -> None:
    for name in POINTS:
        cell(notebook, f"check-{name}").source = "100.0"


def _tests_as_text(notebook: NotebookNode) -> None:
    for name in POINTS:
        cell(notebook, f"check-{name}").cell_type = "markdown"


def _other_names(notebook: NotebookNode) -> None:
    for name in POINTS:
        cell(notebook, f"check-{name}").metadata.nbgrader.grade_id = f"passed-{name}"


def _no_metadata(notebook: NotebookNode) -> None:
    for plain in notebook.cells:
        if plain.cell_type == "code":
            plain.metadata = {}
    for plain in notebook.cells:
        if plain.source.startswith("check("):
            plain.source = "pass"


def _more_points(notebook: NotebookNode) -> None:
    for name in POINTS:
        cell(notebook, f"check-{name}").metadata.nbgrader.points = 1000.0


def _answers_as_tests(notebook: NotebookNode) -> None:
    for name in POINTS:
        cell(notebook, name).metadata.nbgrader.update(grade=True, points=100.0, locked=False)


def _test_on_another_task(notebook: NotebookNode) -> None:
    for name in POINTS:
        cell(notebook, f"check-{name}").source = "check(scale)"


def _swapped_names(notebook: NotebookNode) -> None:
    scale, apply = cell(notebook, "check-scale"), cell(notebook, "check-apply")
    scale.metadata.nbgrader.grade_id = "check-apply"
    apply.metadata.nbgrader.grade_id = "check-scale"


def _deleted_tests(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith("check(")]


def _doubled_tests(notebook: NotebookNode) -> None:
    for name in POINTS:
        place = notebook.cells.index(cell(notebook, f"check-{name}"))
        for _ in range(3):
            notebook.cells.insert(place, nbformat.from_dict(dict(notebook.cells[place])))


def _doubled_best_test(notebook: NotebookNode) -> None:
    test = cell(notebook, "check-scale")
    notebook.cells += [nbformat.from_dict(dict(test)) for _ in range(5)]


def _fake_outputs(notebook: NotebookNode) -> None:
    for name in POINTS:
        cell(notebook, f"check-{name}").outputs = [
            nbformat.v4.new_output("execute_result", data={"text/plain": "4.0"})
        ]


def _other_kernel(notebook: NotebookNode) -> None:
    notebook.metadata = {
        "kernelspec": {"name": "evil", "display_name": "x", "language": "bash"},
        "celltoolbar": "Create Assignment",
    }


def _reversed(notebook: NotebookNode) -> None:
    # The cells that are no answers keep their order: `np` has to be there before it is used.
    named = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    others = [cell for cell in notebook.cells if "nbgrader" not in cell.metadata]
    notebook.cells = others + named[::-1]


def _new_task(notebook: NotebookNode) -> None:
    metadata = dict(cell(notebook, "check-scale").metadata)
    metadata["nbgrader"] = {**metadata["nbgrader"], "grade_id": "bonus", "points": 50.0}
    notebook.cells.append(new_code_cell("50.0", metadata=metadata))


def _model_answer(notebook: NotebookNode) -> None:
    cell(notebook, "why").metadata.nbgrader.update(grade=False, solution=False)


def _strange_metadata(notebook: NotebookNode) -> None:
    for plain in notebook.cells:
        if "nbgrader" in plain.metadata:
            plain.metadata.nbgrader.update(schema_version=99, checksum=[], task="yes", locked={})


EDITS: dict[str, tuple[Callable[[NotebookNode], None], str]] = {
    "tags on every cell": (_tags, "tags"),
    "emptied tests": (_empty_tests, "test cells were edited"),
    "tests turned into text": (_tests_as_text, "type of a graded cell"),
    "tests with other names": (_other_names, "recognized"),
    "no metadata at all": (_no_metadata, "recognized"),
    "more points": (_more_points, "points of a cell"),
    "answers that are tests": (_answers_as_tests, "points of a cell"),
    "tests of another task": (_test_on_another_task, "test cells were edited"),
    "tests with swapped names": (_swapped_names, "test cells were edited"),
    "deleted tests": (_deleted_tests, "restored"),
    "doubled tests": (_doubled_tests, "twice"),
    "the best test many times": (_doubled_best_test, "twice"),
    "outputs with points": (_fake_outputs, ""),
    "another kernel": (_other_kernel, ""),
    "everything in reverse": (_reversed, "reordered"),
    "a task of their own": (_new_task, ""),
    "the question's cell turned off": (_model_answer, ""),
    "strange metadata": (_strange_metadata, ""),
}


@pytest.mark.parametrize("name", EDITS)
def test_edited_notebooks(grader: Grader, name: str) -> None:
    notebook = grader.notebook(HONEST)
    change, flag = EDITS[name]
    change(notebook)
    cells = notebook_of(json.loads(json.dumps(notebook)))
    graded = grader.grade_submitted(cells)
    assert points(graded) == DESERVED
    assert flag in "; ".join(graded.flags)
    released = [cell for cell in grader.chapter.release.cells if "nbgrader" in cell.metadata]
    rebuilt = [cell for cell in graded.notebook.cells if "nbgrader" in cell.metadata]
    assert [cell.metadata for cell in rebuilt] == [cell.metadata for cell in released]
    nbformat.validate(graded.notebook)


# The instructor's browser

ACTIVE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<IMG SRC=x ONERROR=alert(1)>",
    "<svg/onload=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<iframe srcdoc='<script>1</script>'></iframe>",
    "<!--><script>alert(1)</script>-->",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JavaScript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "`<script>`<script>alert(1)</script>",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "$x$<script>alert(1)</script>$$<img src=x onerror=alert(1)>$$",
    "|a|\n|-|\n|<script>alert(1)</script>|",
    "<form action=/formgrader/api/submission method=post><input type=submit></form>",
    "<meta http-equiv=refresh content='0;url=//evil'>",
    "<style>@import '//evil'</style><base href=//evil>",
]


class _Active(HTMLParser):
    """Collects what of a page could act."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "svg", "form", "input", "meta", "style", "base", "object"):
            self.found.append(tag)
        for name, value in attrs:
            scheme = "".join((value or "").split()).lower()
            if name.startswith("on") or scheme.startswith(("javascript:", "data:text")):
                self.found.append(f"{tag} {name}={value}")


def _page(notebook: NotebookNode) -> str:
    config = Config()
    config.HTMLExporter.template_name = "basic"
    body, _ = HTMLExporter(config=config).from_notebook_node(notebook)
    return str(body)


def _actions(notebook: NotebookNode) -> list[str]:
    parser = _Active()
    parser.feed(_page(notebook))
    return parser.found


@pytest.mark.parametrize("text", ACTIVE)
def test_texts_do_nothing_in_the_instructors_browser(grader: Grader, text: str) -> None:
    notebook = grader.notebook({"why": text})
    notebook.cells.insert(1, new_markdown_cell(text))
    notebook.cells.append(nbformat.v4.new_raw_cell(text))
    without = _actions(rebuild(notebook_of(grader.notebook({})), grader.chapter.release).notebook)
    rebuilt = rebuild(notebook_of(notebook), grader.chapter.release).notebook
    assert _actions(rebuilt) == without


def test_honest_texts_look_the_same(grader: Grader) -> None:
    text = "If $a<b$ and `x<y` then a < b & c, **bold**, [link](https://example.org), 1 <2."
    rebuilt = rebuild(notebook_of(grader.notebook({"why": text})), grader.chapter.release).notebook
    page = _page(rebuilt).replace("\u2060", "")
    for part in ("<code>x&lt;y</code>", "<strong>bold</strong>", 'href="https://example.org"'):
        assert part in page
    released = {
        cell.source for cell in grader.chapter.release.cells if cell.cell_type == "markdown"
    }
    untouched = rebuild(notebook_of(grader.notebook({})), grader.chapter.release).notebook
    assert {cell.source for cell in untouched.cells if cell.cell_type == "markdown"} == released
