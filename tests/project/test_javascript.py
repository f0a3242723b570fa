"""The book's JavaScript and style sheets: format, lint and types, by the tools of package.json."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import COURSE

TOOLS = COURSE / "node_modules" / ".bin"


def run(*command: str, folder: Path = COURSE) -> subprocess.CompletedProcess[str]:
    """Run one of the tools; Node.js has to be there."""
    assert shutil.which("node"), "Node.js is missing: install nodejs and npm"
    assert TOOLS.is_dir(), "the tools are missing: run npm ci"
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_javascript_and_style_sheets_are_sound() -> None:
    done = run("npm", "run", "--silent", "check")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A folder with the settings of the tools and one module in it."""
    for name in ("biome.jsonc", "tsconfig.json"):
        shutil.copy(COURSE / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(COURSE / "node_modules")
    (tmp_path / "book").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("export const side = document.body.clientWith;", "clientWith"),
        ("export const [a, b] = [1, 2];\nexport const c = d;", "d"),
        ('/** @type {number} */\nexport const side = "3";', "not assignable"),
    ],
)
def test_types_are_checked(book: Path, line: str, words: str) -> None:
    (book / "book" / "tiny.mjs").write_text(f"{line}\n")
    done = run(str(TOOLS / "tsc"), folder=book)
    assert done.returncode != 0
    assert words in done.stdout


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("tiny.mjs", "export const a = {b:1}\n", "format"),
        ("tiny.mjs", "export const a = 1 == 2;\n", "noDoubleEquals"),
        ("tiny.css", ".a {\n  tint: red;\n}\n", "noUnknownProperty"),
        (
            "tiny.mjs",
            "export function a(b) {\n" + "  b();\n" * 61 + "}\n",
            "noExcessiveLinesPerFunction",
        ),
    ],
)
def test_format_and_lint_are_checked(book: Path, name: str, text: str, words: str) -> None:
    (book / "book" / name).write_text(text)
    done = run(str(TOOLS / "biome"), "ci", "--error-on-warnings", folder=book)
    assert done.returncode != 0
    assert words in done.stdout + done.stderr


def test_editor_of_the_pages_is_what_its_source_gives(tmp_path: Path) -> None:
    made = tmp_path / "code-editor.js"
    done = run("npm", "run", "--silent", "bundle", "--", f"--outfile={made}")
    assert done.returncode == 0, done.stderr
    committed = COURSE / "book" / "_static" / "code-editor.js"
    assert made.read_bytes() == committed.read_bytes(), "make it again: npm run bundle"


def test_versions_are_pinned() -> None:
    """By exact versions, and without addresses: each machine asks its own registry."""
    tools = json.loads((COURSE / "package.json").read_text())["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in tools.values())
    packages = json.loads((COURSE / "package-lock.json").read_text())["packages"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in tools} == tools
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name
