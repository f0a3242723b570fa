"""The habits of the project: style, types, spelling, documents that tell the truth."""

from __future__ import annotations

import functools
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import autograder
from autograder.course_settings import load_course_settings
from tests import COURSE

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md"]
DOCUMENTS += [f"docs/{path.name}" for path in (COURSE / "docs").glob("*.md")]
DOCUMENTS = sorted({name for name in DOCUMENTS if (COURSE / name).exists()})
WORKFLOWS = sorted((COURSE / ".github" / "workflows").glob("*.yml"))
LARGEST = 1_500_000  # bytes


def run(*command: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=COURSE, input=given, text=True, capture_output=True
    )


def must_pass(*command: str) -> None:
    done = run(*command)
    assert done.returncode == 0, f"{command[0]}:\n{done.stdout}{done.stderr}"


@functools.cache
def repository() -> list[Path]:
    """Every file that is in git or would be added to it."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=COURSE,
        text=True,
        capture_output=True,
        check=True,
    )
    files = [COURSE / name for name in listed.stdout.split("\0") if name]
    return [path for path in files if path.is_file()]


def lines_with(pattern: str) -> list[str]:
    """Where a pattern occurs in the text of the repository, as ``file:line: text``."""
    lines = []
    for path in repository():
        if path == Path(__file__):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # not a text file
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(pattern, line):
                lines.append(f"{path.relative_to(COURSE)}:{number}: {line.strip()[:120]}")
    return lines


# Code.


def test_ruff_finds_nothing() -> None:
    must_pass("ruff", "check", ".")


def test_code_is_formatted() -> None:
    must_pass("ruff", "format", "--check", ".")


def test_types() -> None:
    must_pass("mypy")


# Words.


def test_spelling() -> None:
    must_pass("codespell_lib", *(str(path.relative_to(COURSE)) for path in repository()))


WRONG = ["teh map", "colour", "a_colour", "normaliseX"]  # codespell:ignore


@pytest.mark.parametrize("wrong", WRONG)
def test_spelling_check_is_awake(wrong: str) -> None:
    assert run("codespell_lib", "-", given=f"{wrong}\n").returncode != 0


def test_nothing_is_left_to_do() -> None:
    assert lines_with(r"\b(TODO|FIXME|XXX|HACK)\b") == []


def test_no_path_of_one_machine() -> None:
    # Not in the middle of a URL or of a longer path.
    assert lines_with(r"(?<![\w.:/-])/(root|home|work|Users)/|[A-Z]:\\Users\b") == []


# Files.


def test_no_file_is_large() -> None:
    sizes = {path.relative_to(COURSE): path.stat().st_size for path in repository()}
    assert {path: size for path, size in sizes.items() if size > LARGEST} == {}


def test_every_package_is_pinned() -> None:
    """What requirements.txt and pyproject.toml name stands in constraints.txt, in range."""
    pins = {}
    for line in (COURSE / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, version = line.split("==")
            pins[canonicalize_name(name)] = version
    project = tomllib.loads((COURSE / "pyproject.toml").read_text())["project"]
    requirements = list(project["dependencies"])
    for group in project["optional-dependencies"].values():
        requirements += group
    for line in (COURSE / "requirements.txt").read_text().splitlines():
        if line and not line.startswith(("#", "-e")):
            requirements.append(line)
    named = [Requirement(requirement) for requirement in requirements]
    # An extra may name another one, under the project's own name.
    for requirement in filter(lambda listed: listed.name != project["name"], named):
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin, f"constraints.txt does not pin {requirement.name}"
        assert requirement.specifier.contains(pin), (
            f"constraints.txt pins {requirement.name}=={pin}, not {requirement}"
        )


def test_names_and_versions_agree() -> None:
    citation = yaml.safe_load((COURSE / "CITATION.cff").read_text())
    assert citation["title"] == load_course_settings(COURSE).title
    assert citation["version"] == autograder.__version__
    assert f"## [{autograder.__version__}]" in (COURSE / "CHANGELOG.md").read_text()


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.dependabot", [COURSE / ".github" / "dependabot.yml"]),
        ("vendor.citation-file-format", [COURSE / "CITATION.cff"]),
    ],
)
def test_follows_its_schema(schema: str, files: list[Path]) -> None:
    must_pass("check_jsonschema", "--builtin-schema", schema, *map(str, files))


def test_pre_commit_calls_tools_of_the_environment() -> None:
    must_pass("pre_commit", "validate-config")
    settings = yaml.safe_load((COURSE / ".pre-commit-config.yaml").read_text())
    tools = {path.name for path in Path(sys.executable).parent.iterdir()}
    for hook in settings["repos"][0]["hooks"]:
        called = Path(shlex.split(hook["entry"])[0])
        assert called.parent == Path(".venv/bin")
        assert called.name in tools


# Workflows.


def steps(workflow: Path) -> list[dict[str, str]]:
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    return [step for job in jobs for step in job.get("steps", [])]


def commands(text: str) -> list[list[str]]:
    """The commands in a shell script, as lists of words."""
    return [shlex.split(line, comments=True) for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_call_what_exists(workflow: Path) -> None:
    for step in steps(workflow):
        for command in commands(step.get("run", "")):
            assert unknown(command) is None, f"{workflow.name}: {unknown(command)}"


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_pin_actions_and_hold_few_rights(workflow: Path) -> None:
    settings = yaml.safe_load(workflow.read_text())
    assert settings["permissions"] == {"contents": "read"}
    assert settings["concurrency"]["group"]
    for step in steps(workflow):
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])
    for job in settings["jobs"].values():
        assert "timeout-minutes" in job or "uses" in job


def unknown(command: list[str]) -> str | None:
    """What a command names that the course does not have: a target, a command, a test file."""
    if not command:
        return None
    program, *arguments = command
    words = [word for word in arguments if not word.startswith("-") and "=" not in word]
    if program == "make":
        rules = re.findall(r"^([\w./-]+):", (COURSE / "Makefile").read_text(), re.MULTILINE)
        return next((f"make {word}" for word in words if word not in rules), None)
    if Path(program).name == "autograder":
        return None if words and words[0] in autograder_commands() else shlex.join(command)
    if program.startswith("./") or program == ".ci/run":
        return None if (COURSE / program).is_file() else program
    tests = (word for word in words if word.startswith("tests/"))
    return next((word for word in tests if not (COURSE / word).exists()), None)


@functools.cache
def autograder_commands() -> set[str]:
    printed = run("autograder", "--help").stdout
    return set(re.findall(r"^│ ([a-z-]+) ", printed, re.MULTILINE))


# Documents.


def test_architecture_names_every_module() -> None:
    text = (COURSE / "docs" / "architecture.md").read_text()
    for path in (COURSE / "autograder").iterdir():
        if not path.name.startswith("_") and (path.suffix == ".py" or path.is_dir()):
            name = path.stem if path.suffix else f"{path.name}/"
            assert f"| `{name}` |" in text, f"docs/architecture.md does not name {name}"


def words_of_code(document: str) -> list[str]:
    """What stands between single backquotes in a document."""
    text = re.sub(r"^(`{3,})[^\n]*\n.*?^\1", "", (COURSE / document).read_text(), flags=re.M | re.S)
    return re.findall(r"`([^`\n]+)`", text)


def generated(path: str) -> bool:
    """Whether git ignores a path: it is made by a command."""
    command = ["git", "-c", "safe.directory=*", "check-ignore", "-q", path]
    return subprocess.run(command, cwd=COURSE).returncode == 0


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_link_to_what_exists(document: str) -> None:
    text = (COURSE / document).read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        path = (COURSE / document).parent / target.split("#")[0]
        assert path.exists(), f"{document} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_what_exists(document: str) -> None:
    """A path, a `make` target or an `autograder` command in backquotes must be there.

    But not what a recipe makes: "Here `pooling`:" announces its name.
    """
    made = re.findall(r"\bHere `(\w+)`", (COURSE / document).read_text())
    tops = {path.relative_to(COURSE).parts[0] for path in repository()}
    for code in words_of_code(document):
        if any(name in code for name in made):
            continue
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", code) and code.split("/")[0] in tops:
            assert (COURSE / code).exists() or generated(code), f"{document} names {code}"
        elif code.startswith(("make ", "autograder ", ".ci/")):
            assert unknown(shlex.split(code)) is None, f"{document} names `{code}`"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_show_commands_that_exist(document: str) -> None:
    text = (COURSE / document).read_text()
    for block in re.findall(r"^ *```(?:bash|shell|sh)\n(.*?)^ *```", text, re.M | re.S):
        for command in commands(block):
            assert unknown(command) is None, f"{document} shows: {shlex.join(command)}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_keep_to_a_hundred_columns(document: str) -> None:
    """Tables, code and long links have no place to break."""
    text = (COURSE / document).read_text()
    prose = re.sub(r"^( *)(`{3,})[^\n]*\n.*?^\1\2", "", text, flags=re.M | re.S)
    long = [line for line in prose.splitlines() if len(line) > 100]
    assert [
        line for line in long if not line.lstrip().startswith("|") and "](http" not in line
    ] == []
