"""The notebook around a check: where reports go, and what a missing function is called.

Nothing here imports IPython: where it is not loaded yet, there is no notebook.
"""

from __future__ import annotations

import difflib
import linecache
import re
import sys
import weakref
from collections.abc import Callable, Container, Iterable, Mapping
from types import FrameType, TracebackType
from typing import Any

from autograder.missing_function import defines
from autograder.report_lines import Line, Report


def running_shell() -> Any:
    """Return the running IPython shell, or None outside notebooks and IPython."""
    ipython: Any = sys.modules.get("IPython")
    return ipython.get_ipython() if hasattr(ipython, "get_ipython") else None


def name_in_notebook(function: Callable[..., Any], tasks: Iterable[str]) -> str:
    """Return the task's name under which the notebook knows a function, else its own name.

    A decorator may have given it another one, and an object that can be called has none. Where two
    tasks have the same function, the one counts that was written: ``check(the_second)``.
    """
    shell = running_shell()
    names = shell.user_ns if shell is not None else vars(sys.modules["__main__"])
    bound = [task for task in tasks if names.get(task) is function]
    if len(bound) > 1:
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
            written = re.search(r"\b(?:check|explore)\(\s*(\w+)", line)
            if frame.f_globals is names and written and written[1] in bound:
                return written[1]
            frame = frame.f_back
    own = str(getattr(function, "__name__", ""))
    return own if own in bound or not bound else bound[0]


def show(outcome: Report) -> None:
    """Show a report: as HTML in a notebook, as plain text elsewhere."""
    if running_shell() is not None:
        from IPython.display import display

        display({"text/html": outcome._repr_html_(), "text/plain": outcome.text}, raw=True)
        return
    try:
        print(outcome.text)
    except UnicodeEncodeError:  # a console, or a file, that knows few characters
        encoding = sys.stdout.encoding or "ascii"
        print(outcome.text.encode(encoding, "replace").decode(encoding))


def syntax_error(name: str, shell: Any) -> str:
    """Return the syntax error of the cell that was to define ``name`` when it was last run."""
    for source in reversed(shell.user_ns.get("In", [])):
        if not defines(source, name):
            continue
        try:
            compile(shell.transform_cell(source), "cell", "exec")
        except SyntaxError as error:
            line = (error.text or "").strip()
            where = f" in line {error.lineno}: {line}" if line else ""
            return f"{type(error).__name__}: {error.msg}{where}"
        return ""
    return ""


def other_functions(names: Mapping[str, object], tasks: Container[str]) -> list[str]:
    """Return the names of the functions that a notebook has, without those of its tasks."""
    return [
        name
        for name, value in names.items()
        if callable(value) and not isinstance(value, type)
        if not name.startswith("_") and name not in tasks
    ]


def missing_function(
    name: str, defined: Iterable[str], in_notebook: bool = True, stopped: str = ""
) -> Report:
    """Say that the function of a task does not exist. ``defined`` are the names that do.

    ``stopped``: what ended the cell that was to define it, if that is known.
    """
    if stopped:
        lines = [
            Line(f"The cell that defines {name} stopped: {stopped}"),
            Line(
                "Python cannot read that cell. Look at this line and the one above it: is a "
                "bracket, a quote or a colon missing?"
            ),
        ]
        return Report(f"{name} is not defined yet.", "bad", tuple(lines))
    lines = []
    close = difflib.get_close_matches(
        name.lower(), [other.lower() for other in defined], n=1, cutoff=0.75
    )
    renamed = [other for other in defined if close and other.lower() == close[0]]
    if renamed:
        lines.append(
            Line(f"There is `{renamed[0]}`: did you rename the function? Call it `{name}`.")
        )
    elif in_notebook:
        lines.append(
            Line(f"Run the cell above that starts with `def {name}(`, then run this cell again.")
        )
        lines.append(
            Line(
                "If you have renamed the function, give it back its name. After a restart of the "
                "kernel, run all cells from the top."
            )
        )
    else:
        lines.append(
            Line(
                f"No cell defines `{name}`, or the cell that does so stopped. If you have renamed "
                "the function, give it back its name."
            )
        )
    return Report(f"{name} is not defined{' yet' if in_notebook else ''}.", "bad", tuple(lines))


_explaining: weakref.WeakSet[Any] = weakref.WeakSet()
"""The shells that explain what is missing already."""


def explain_what_is_missing(
    shell: Any,
    tasks: Callable[[], Iterable[str]],
    missing_package: Callable[[BaseException], Report | None],
) -> None:
    """Explain, from now on, functions and packages that are missing in the notebook of ``shell``.

    ``check(corr2d)`` fails before ``check`` runs where ``corr2d`` does not exist. ``tasks``
    returns the names of the exercise's tasks; ``missing_package`` returns what to say of an import
    that failed, if there is something. Other errors look as they always do, and another handler of
    exceptions stays in place.
    """
    if shell in _explaining:
        return
    _explaining.add(shell)
    before = tuple(shell.custom_exceptions)
    handle_before = shell.CustomTB if before else None

    def handle(
        shell: Any,
        kind: type[BaseException],
        error: BaseException,
        stack: TracebackType | None,
        tb_offset: int | None = None,
    ) -> Any:
        missing = missing_package(error)
        if missing is not None:
            show(missing)
        if missing is not None or _explain(error, tasks, shell):
            text = f"{kind.__name__}: {error}"
            error._render_traceback_ = lambda: [text]  # type: ignore[attr-defined]
        elif handle_before is not None and isinstance(error, before):
            return handle_before(kind, error, stack, tb_offset)
        shell.showtraceback((kind, error, stack), tb_offset=tb_offset)
        return None

    shell.set_custom_exc((*before, NameError, ModuleNotFoundError), handle)


def _explain(error: BaseException, tasks: Callable[[], Iterable[str]], shell: Any) -> bool:
    names = shell.user_ns
    if not isinstance(error, NameError):
        return False
    try:
        known = list(tasks())
    except Exception:  # no checks in this folder: not an exercise
        return False
    if error.name not in known or error.name in names:
        return False
    own = [name for name, value in names.items() if callable(value) and not name.startswith("_")]
    stopped = syntax_error(error.name, shell)
    others = [name for name in own if name not in known]
    show(missing_function(error.name, others, stopped=stopped))
    return True
