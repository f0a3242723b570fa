"""Colors are chosen in one place, which is light to import."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import palette
from tests import COURSE

CHOSEN = COURSE / "autograder" / "palette.py"
EDITOR = COURSE / "book" / "_static" / "code-editor.js"  # made; CodeMirror's own colors are in it

COLOR = re.compile(
    r"""(?<![&\w])\#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})\b
    | \b(?:rgb|hsl)a?\(\s*\d""",
    re.VERBOSE,
)
"""A color in hexadecimal, or by numbers; `rgb(${gray} ...)` takes them from elsewhere."""


def files() -> list[Path]:
    """Return all code and style sheets that may draw something."""
    packages = ("autograder", "benchmarks", "book", "laboratory", "solutions")
    endings = (".py", ".css", ".mjs", ".js")
    return sorted(
        path
        for package in packages
        for path in (COURSE / package).rglob("*")
        if path.suffix in endings and path not in (CHOSEN, EDITOR)
    )


def test_colors_stand_in_one_place() -> None:
    colors = [
        f"{path.relative_to(COURSE)}:{number}: {line.strip()}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if COLOR.search(line)
    ]
    assert not colors, "\n".join(colors)


@pytest.mark.parametrize(
    "text", ["color: #fff;", "#1c2333", "'#12345678'", "rgb(12 3 4)", "rgba( 1, 2, 3, .5)"]
)
def test_a_color_is_seen(text: str) -> None:
    assert COLOR.search(text)


@pytest.mark.parametrize("text", ["&#124;", "#task", "issue #12", "rgb(${gray} 0 0)", "a#fff"])
def test_what_is_no_color_is_not(text: str) -> None:
    assert not COLOR.search(text)


def test_the_palette_imports_nothing_heavy() -> None:
    """Reports are drawn in every kernel, and figures are joined without it."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import palette; "
        "print([name for name in ('numpy', 'matplotlib', 'sphinx') if name in sys.modules])"
    )
    command = [sys.executable, "-c", program, str(CHOSEN.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_rgb() -> None:
    assert palette.rgb("#e47000") == (228, 112, 0)


def test_dark_colors_of_figures_have_light_ones() -> None:
    assert set(palette.FIGURE_ON_DARK) <= set(palette.FIGURE)


@pytest.mark.parametrize("name", palette.REPORT)
def test_marks_of_reports_are_seen_on_both_grounds(name: str) -> None:
    for ground in ("#ffffff", "#000000"):
        assert palette.contrast(palette.REPORT[name], ground) >= 3
