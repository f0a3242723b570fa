"""A notebook's cells run as Jupyter runs them, where nobody is there to watch or to answer.

IPython's own shell does it. ``autograder check`` and the sandbox of the grading share it, so that
the same notebook does the same in both. What is different from Jupyter stands here, and is about
what nobody can do there: answer a question, look at a window, run another program.
"""

from __future__ import annotations

import ast
import builtins
import getpass
import os
import re
import sys
import warnings
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from autograder.needed_code import is_python

_AWAITS = re.compile(r"\b(await|async)\b")

NO_WINDOW = ("agg", "cairo", "inline", "pdf", "pgf", "ps", "svg", "template")
"""Matplotlib's backends that open no window."""


class _Publisher(DisplayPublisher):
    shell: Any

    def publish(self, data: Any, *arguments: Any, **options: Any) -> None:
        self.shell.displayed("display_data", data)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.cleared()


class _Hook(DisplayHook):
    shell: Any

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        self.shell.displayed("execute_result", format_dict)

    def finish_displayhook(self) -> None:
        pass


class NotebookShell(InteractiveShell):
    """An IPython shell without a terminal, a history file, or a way to start other programs."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)

    def __init__(self, **options: Any) -> None:
        self._has_asked = False
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        # Without "tight", which draws every figure twice.
        config.InlineBackend.print_figure_kwargs = {"bbox_inches": None}
        super().__init__(config=config, **options)  # type: ignore[no-untyped-call]
        os.environ["PYTHONBREAKPOINT"] = "0"
        for module, name in ((builtins, "input"), (getpass, "getpass")):
            setattr(module, name, self._no_answer)
        for name in ("load_ext", "reload_ext"):
            self._tolerate_missing_modules(name)

    def run(self, source: str, definitions_only: bool = False) -> BaseException | None:
        """Run one cell; return the exception that ended it, if one did."""
        self._has_asked = False
        self._open_no_windows()
        if definitions_only:
            source = definitions(self.transform_cell(source))
        result = self.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
        error: BaseException | None = result.error_before_exec or result.error_in_exec
        if error is not None and self._has_asked and not definitions_only:
            # It may have stopped for want of an answer: what it defines further down counts.
            return self.run(source, definitions_only=True)
        return error

    def transform_cell(self, raw_cell: str) -> str:
        """Leave plain Python as it is, which IPython would read token by token.

        A single line may be plain Python, and yet be a command to IPython: ``ls``, ``exit``.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python says it again when it runs the cell
            if raw_cell.strip().count("\n") and is_python(raw_cell):
                return raw_cell
        transformed: str = super().transform_cell(raw_cell)  # type: ignore[no-untyped-call]
        return transformed

    def should_run_async(self, raw_cell: str, **options: Any) -> bool:
        """Say whether a cell awaits something; where no such word stands, it is not compiled."""
        if not _AWAITS.search(raw_cell):
            return False
        awaits: bool = super().should_run_async(raw_cell, **options)
        return awaits

    def displayed(self, kind: str, data: Any) -> None:
        """Take what a cell displays; ``kind`` is "display_data" or "execute_result"."""

    def cleared(self) -> None:
        """Forget what the cell has displayed."""

    def not_run(self, what: str) -> None:
        """Say that a command, such as ``!ls``, is not run."""

    def _no_answer(self, prompt: object = "", *arguments: Any, **options: Any) -> str:
        """Stand in for ``input`` and ``getpass``: nobody is there to answer."""
        self._has_asked = True
        print(prompt)
        return ""

    def _tolerate_missing_modules(self, magic: str) -> None:
        """Let ``%load_ext line_profiler`` go on where that is not installed: it measures only."""
        original = self.find_line_magic(magic)  # type: ignore[no-untyped-call]

        def tolerant(line: str) -> Any:
            try:
                return original(line)
            except ModuleNotFoundError:
                self.not_run(f"%{magic} {line}".rstrip())

        register: Any = self.register_magic_function
        register(tolerant, "line", magic)

    def _open_no_windows(self) -> None:
        """Have matplotlib ignore, from now on, that a notebook wants its figures in a window."""
        matplotlib: Any = sys.modules.get("matplotlib")
        pyplot: Any = sys.modules.get("matplotlib.pyplot")
        for module, name in ((matplotlib, "use"), (pyplot, "switch_backend")):
            choose = getattr(module, name, None)
            if choose is not None and not hasattr(choose, "opens_no_window"):
                setattr(module, name, _without_windows(choose))

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        """Run a cell magic, unless it hands the cell to another program, as ``%%bash`` does."""
        function = self.find_cell_magic(magic_name)  # type: ignore[no-untyped-call]
        if getattr(function, "__qualname__", "").startswith("ScriptMagics"):
            self.not_run(f"%%{magic_name} {line}".rstrip())
            return None
        return super().run_cell_magic(magic_name, line, cell)  # type: ignore[no-untyped-call]

    def ask_exit(self) -> None:
        """Raise what ``exit()`` raises in a program: a call of a function ends with it."""
        raise SystemExit

    def enable_gui(self, gui: str | None = None) -> None:
        """Do nothing: there is no event loop to run."""

    def enable_matplotlib(self, gui: str | None = None) -> Any:
        """Draw figures into the notebook, whatever was asked for."""
        return super().enable_matplotlib("inline")  # type: ignore[no-untyped-call]

    def system(self, command: str) -> None:
        """Start no other program."""
        self.not_run(f"!{command}")
        self.user_ns["_exit_code"] = 0

    system_raw = system_piped = system

    def getoutput(self, command: str, split: bool = True, depth: int = 0) -> Any:
        """Return nothing: no other program is started."""
        self.system(command)
        return [] if split else ""


def _without_windows(choose: Any) -> Any:
    def chosen(backend: Any, *arguments: Any, **options: Any) -> Any:
        if str(backend).lower() in NO_WINDOW or str(backend).startswith("module://"):
            return choose(backend, *arguments, **options)
        return None

    chosen.opens_no_window = True  # type: ignore[attr-defined]
    return chosen


def definitions(source: str) -> str:
    """Return the imports and definitions among the statements of a cell."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ""
    tree.body = [node for node in tree.body if isinstance(node, kinds)]
    return ast.unparse(tree)
