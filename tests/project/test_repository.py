"""What stands around the code: security, issues, releases, the machines that CI and editors use.

Every statement of these files that a program can check is checked here.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import autograder
from autograder.authoring.archive import ARCHIVE_NAME
from autograder.grading import submission, submitted_notebook, wire
from autograder.grading.inside import shell
from autograder.grading.sandbox import Limits
from autograder.grading.system_calls import FORBIDDEN
from tests import COURSE
from tests.project.test_habits import commands, must_pass, repository, unknown

DOCUMENTS = ["SECURITY.md", "CODE_OF_CONDUCT.md", ".github/pull_request_template.md"]
FORMS = sorted((COURSE / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
FORMS = [path for path in FORMS if path.name != "config.yml"]
WORKFLOWS = sorted((COURSE / ".github" / "workflows").glob("*.yml"))
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def text_of(name: str) -> str:
    return (COURSE / name).read_text(encoding="utf-8")


def yaml_of(name: str) -> Any:
    return yaml.safe_load(text_of(name))


def rows(document: str, header: str) -> list[list[str]]:
    """The cells of the table below a header, row by row."""
    table = text_of(document).split(f"\n{header}\n")[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[1:]]


def pins() -> dict[str, str]:
    lines = text_of("constraints.txt").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


# Documents that GitHub shows.


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_and_link_what_exists(document: str) -> None:
    text = text_of(document)
    for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            assert ((COURSE / document).parent / target).exists(), f"{document} links to {target}"
    tops = {path.relative_to(COURSE).parts[0] for path in repository()}
    for code in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text):
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?", code) and code.split("/")[0] in tops:
            assert (COURSE / code).exists(), f"{document} names {code}"
        elif code.startswith(("make ", "autograder ", ".ci/")):
            assert unknown(shlex.split(code)) is None, f"{document} names `{code}`"
    for block in re.findall(r"^ *```shell\n(.*?)^ *```", text, re.M | re.S):
        for command in commands(block):
            assert unknown(command) is None, f"{document} shows {shlex.join(command)}"


def test_titles_that_documents_name_exist() -> None:
    assert "## Whom to trust" in text_of("docs/many-machines.md")
    assert "## Add a misconception" in text_of("CONTRIBUTING.md")


def test_no_document_invents_an_address() -> None:
    for document in (*DOCUMENTS, "docs/releases.md", "README.md", "CONTRIBUTING.md"):
        assert re.findall(r"[\w.+-]+@[\w-]+\.[a-z]{2,}", text_of(document)) == []


# What the sandbox promises.


def test_the_limits_in_the_security_policy_are_those_of_the_code() -> None:
    limits = Limits()
    resources = limits.resources()
    inodes = re.search(r"nr_inodes=(\d+)", text_of("autograder/grading/inside/confinement.py"))
    assert inodes
    cell, total = round(limits.cell_seconds), round(limits.total_seconds)
    expected = [
        f"{limits.memory} MiB",
        f"{limits.disk} MiB, {inodes[1]} of them",
        f"{limits.threads}",
        f"{resources['NOFILE']}",
        f"{cell} s of CPU time, or {3 * cell} s on the clock",
        f"{total} s on the clock; {resources['CPU']} s of CPU time for a process",
        f"{wire.MAX_STRUCTURE >> 10} KiB of structure, {wire.MAX_BULK >> 20} MiB of arrays",
        f"{shell.MAX_TEXT:,} characters, {shell.MAX_OUTPUTS} outputs, "
        f"{shell.MAX_PICTURE:,} bytes of a picture",
        f"{submission.MAX_FILE:,} bytes, {submitted_notebook.MAX_CELLS:,} cells",
    ]
    text = text_of("SECURITY.md")
    assert [row[1] for row in rows("SECURITY.md", "| what | at most |")] == expected
    assert f"{len(FORBIDDEN.split())} system calls" in text
    assert f"can start up to {limits.threads}\n" in text


def test_a_late_process_may_take_three_times_as_long_on_the_clock() -> None:
    """The table says so; the sandbox's own docstring does, too."""
    assert "3 * seconds" in text_of("autograder/grading/sandbox.py")


def test_the_settings_of_a_chapter_are_those_of_the_code() -> None:
    sentence = re.search(r"A chapter may set (.*?)otherwise", text_of("SECURITY.md"), re.S)
    assert sentence
    assert set(re.findall(r"`(\w+)`", sentence[1])) == set(Limits.__dataclass_fields__)


def test_the_security_policy_names_the_version() -> None:
    minor = ".".join(autograder.__version__.split(".")[:2])
    assert f"| the newest release of {minor} | yes |" in text_of("SECURITY.md")


# Issues and pull requests.


def test_issue_forms_follow_their_schemas() -> None:
    must_pass("check_jsonschema", "--builtin-schema", "vendor.github-issue-forms", *map(str, FORMS))
    config = COURSE / ".github" / "ISSUE_TEMPLATE" / "config.yml"
    must_pass("check_jsonschema", "--builtin-schema", "vendor.github-issue-config", str(config))


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_issue_forms_ask_for_something_and_name_what_exists(form: Path) -> None:
    settings = yaml.safe_load(form.read_text())
    fields = [field for field in settings["body"] if field["type"] != "markdown"]
    ids = [field["id"] for field in fields]
    assert len(ids) == len(set(ids))
    assert any(field.get("validations", {}).get("required") for field in fields)
    for name in re.findall(r"\b[A-Z]+\.md\b", form.read_text()):
        assert (COURSE / name).is_file()
    for field in fields:
        if field["attributes"]["label"] == "Chapter and task":
            chapter, task = field["attributes"]["placeholder"].split(", ")
            source = COURSE / "solutions" / chapter / f"{chapter}.md"
            assert f":task: {task}\n" in source.read_text()


def test_the_form_for_students_asks_for_no_solution() -> None:
    form = yaml_of(".github/ISSUE_TEMPLATE/wrong-verdict.yml")
    (promise,) = [field for field in form["body"] if field["type"] == "checkboxes"]
    assert all(option["required"] for option in promise["attributes"]["options"])
    feedback = next(field for field in form["body"] if field.get("id") == "feedback")
    assert feedback["attributes"]["render"] == "text"


def test_every_path_to_an_issue_is_a_form() -> None:
    assert yaml_of(".github/ISSUE_TEMPLATE/config.yml") == {"blank_issues_enabled": False}


# The system's packages: one list for CI and for the dev container.


def packages() -> dict[str, str]:
    lines = text_of(".ci/packages.txt").splitlines()
    return dict(line.split(": ", 1) for line in lines if not line.startswith("#"))


def installed(tmp_path: Path, system: str, *present: str, python: bool) -> list[list[str]]:
    """The calls of apt-get that .ci/install-packages makes where only these commands exist."""
    for name in ("bash", "dirname", "env", "grep", "id"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    scripts = {
        "apt-get": 'echo "$@" >> "$CALLS"',
        "sudo": '"$@"',
        "python3": f"exit {not python:d}",
    }
    scripts |= dict.fromkeys(present, "exit 0")
    for name, script in scripts.items():
        (tmp_path / name).write_text(f"#!{shutil.which('bash')}\n{script}\n")
        (tmp_path / name).chmod(0o755)
    calls, release = tmp_path / "calls", tmp_path / "os-release"
    release.write_text(f"NAME=Some\nID={system}\n")
    subprocess.run(
        [str(COURSE / ".ci" / "install-packages")],
        env={"PATH": str(tmp_path), "CALLS": str(calls), "OS_RELEASE": str(release)},
        check=True,
    )
    return [shlex.split(line) for line in calls.read_text().splitlines()] if calls.exists() else []


@pytest.mark.skipif(sys.platform != "linux", reason="packages of Debian")
@pytest.mark.parametrize(
    ("system", "other_browser"), [("debian", "chromium"), ("ubuntu", "chromium-headless-shell")]
)
def test_missing_packages_are_installed(tmp_path: Path, system: str, other_browser: str) -> None:
    update, install = installed(tmp_path, system, python=False)
    assert update == ["update", "-qq"]
    expected = [name for name in packages() if name != other_browser]
    assert install == ["install", "-y", "-qq", *expected]


@pytest.mark.skipif(sys.platform != "linux", reason="packages of Debian")
@pytest.mark.parametrize(
    ("system", "browser"),
    [
        ("debian", "chromium-headless-shell"),
        ("ubuntu", "chromium"),
        ("ubuntu", "google-chrome"),
    ],
)
def test_nothing_is_installed_where_nothing_is_missing(
    tmp_path: Path, system: str, browser: str
) -> None:
    assert installed(tmp_path, system, "bwrap", browser, "make", "node", "npm", python=True) == []


def test_every_package_is_a_name_and_a_command() -> None:
    for name, present in packages().items():
        assert re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name)
        assert subprocess.run(["bash", "-n", "-c", present]).returncode == 0


def test_the_list_holds_what_the_code_tells_people_to_install() -> None:
    code = "".join(text_of(f"autograder/grading/{name}.py") for name in ("container", "sandbox"))
    told = re.findall(r"apt-get install ([\w-]+)", code)
    assert {"bubblewrap", "libseccomp2"} == set(told)
    assert {*told, "chromium", "make"} <= set(packages())


def test_packages_stand_in_one_list() -> None:
    assert ".ci/install-packages" in text_of(".ci/run").splitlines()
    for name in (".ci/run", *(str(path) for path in WORKFLOWS)):
        assert "apt-get" not in (COURSE / name).read_text()
    container = dev_container()
    assert container["postCreateCommand"].split(" && ")[0] == ".ci/install-packages"
    assert os.access(COURSE / ".ci" / "install-packages", os.X_OK)


# The dev container.


def dev_container() -> dict[str, Any]:
    text = re.sub(r"^\s*//.*$", "", text_of(".devcontainer/devcontainer.json"), flags=re.M)
    settings: dict[str, Any] = json.loads(text)
    return settings


def test_the_dev_container_has_a_fixed_image_with_a_python_that_is_tested() -> None:
    image = re.fullmatch(
        r"mcr\.microsoft\.com/devcontainers/python:\d+\.\d+\.\d+-(3\.\d+)-[a-z]+",
        dev_container()["image"],
    )
    assert image
    matrix = yaml_of(".github/workflows/test.yml")["jobs"]["everything"]["strategy"]["matrix"]
    assert image[1] in matrix["python"]


def test_the_dev_container_gives_the_sandbox_what_it_says_it_needs() -> None:
    container = dev_container()
    advice = text_of("autograder/grading/sandbox.py")
    for option in container["securityOpt"]:
        assert f"--security-opt {option}" in advice
    assert container["remoteUser"] != "root"
    assert not {"capAdd", "privileged"} & set(container)
    comment = re.search(r"sysctl -w (\S+)=0", text_of(".devcontainer/devcontainer.json"))
    assert comment
    assert comment[1].rpartition(".")[2] in text_of(".ci/run")


def test_the_dev_container_builds_the_environment_that_the_editor_uses() -> None:
    container = dev_container()
    for command in container["postCreateCommand"].split(" && "):
        assert unknown(shlex.split(command)) is None
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
    port = re.search(r"^PORT \?= (\d+)$", text_of("Makefile"), re.M)
    assert port
    assert container["forwardPorts"] == [int(port[1])]


# Dependabot.


def test_dependabot_watches_every_manifest() -> None:
    watched = {
        update["package-ecosystem"] for update in yaml_of(".github/dependabot.yml")["updates"]
    }
    manifests = {"github-actions": ".github/workflows", "pip": "constraints.txt"}
    manifests["npm"] = "package.json"
    assert {name for name, path in manifests.items() if (COURSE / path).exists()} <= watched
    assert watched <= set(manifests)


def test_dependabot_reads_constraints_as_requirements() -> None:
    """It takes a text file for one if every line is a pin or a comment."""
    for line in text_of("constraints.txt").splitlines():
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+", line)


def test_dependabot_leaves_jupyter_book_1_alone() -> None:
    (python,) = [
        update
        for update in yaml_of(".github/dependabot.yml")["updates"]
        if update["package-ecosystem"] == "pip"
    ]
    ignored = {entry["dependency-name"]: entry.get("versions") for entry in python["ignore"]}
    assert ignored["jupyter-book"] == [">=2"]
    assert "jupyter-book<2" in text_of("requirements.txt").splitlines()
    for name in ignored:
        assert any(re.fullmatch(name.replace("*", ".*"), pin) for pin in pins()), name


# Workflows.


def jobs() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every job that has steps: where it stands, its settings, its workflow's settings."""
    return [
        (f"{path.name}, {name}", job, settings)
        for path in WORKFLOWS
        for settings in [yaml.safe_load(path.read_text())]
        for name, job in settings["jobs"].items()
        if "steps" in job
    ]


def uses(job: dict[str, Any], action: str) -> list[dict[str, Any]]:
    steps = [step for step in job["steps"] if step.get("uses", "").startswith(f"actions/{action}@")]
    return [step.get("with", {}) for step in steps]


def scripts(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_jobs_that_install_everything_take_pytorch_for_cpus() -> None:
    for name, job, workflow in jobs():
        if re.search(r"\.ci/run|^make|requirements\.txt", scripts(job), re.M):
            index = {**workflow.get("env", {}), **job.get("env", {})}.get("PIP_EXTRA_INDEX_URL")
            assert index == CPU_INDEX, name
    assert dev_container()["containerEnv"]["PIP_EXTRA_INDEX_URL"] == CPU_INDEX
    for name in ("requirements.txt", "constraints.txt", "pyproject.toml", "Makefile"):
        assert CPU_INDEX not in text_of(name)


@pytest.mark.parametrize("package", ["torch", "torchvision"])
def test_pytorch_for_cpus_is_what_the_constraints_say(package: str) -> None:
    """Its versions have the suffix "+cpu": allowed by the pin, and preferred to those without."""
    pin = pins()[package]
    assert SpecifierSet(f"=={pin}").contains(f"{pin}+cpu")
    assert Version(f"{pin}+cpu") > Version(pin)


def test_jobs_with_fixed_versions_cache_what_pip_loads() -> None:
    for name, job, _ in jobs():
        for python in uses(job, "setup-python"):
            newest = "newest" in name
            assert python.get("cache") == (None if newest else "pip"), name
            if not newest:
                assert python["cache-dependency-path"] == "constraints.txt"


def test_jobs_that_run_all_tests_have_node() -> None:
    for name, job, _ in jobs():
        if ".ci/run" in scripts(job):
            (node,) = uses(job, "setup-node")
            assert int(node["node-version"]) >= 20, name


# Releases.


def test_the_changelog_and_the_citation_say_when() -> None:
    heading = re.search(r"^## \[(.+?)\] - (\S+)$", text_of("CHANGELOG.md"), re.M)
    assert heading
    version, date = heading.groups()
    assert version == autograder.__version__
    released = yaml_of("CITATION.cff").get("date-released")
    assert (str(released) if released else "unreleased") == date


def test_the_version_stands_in_the_package_alone() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "autograder.__version__"}


def test_the_recipe_for_releases_names_what_is_built() -> None:
    text = text_of("docs/releases.md")
    assert f"_build/html/{ARCHIVE_NAME}" in text
    name = tomllib.loads(text_of("pyproject.toml"))["project"]["name"]
    assert f"_build/files/{name.replace('-', '_')}-*.whl" in text
    publish = yaml_of(".github/workflows/publish.yml")
    assert publish[True]["push"] == {"branches": ["main"]}  # YAML reads the key `on` as true


# Jupyter Book 2.

JUPYTER_BOOK_2 = "docs/jupyter-book-2.md"


def test_the_comparison_names_all_that_the_book_uses() -> None:
    text = text_of(JUPYTER_BOOK_2)
    config = yaml_of("_config.yml")
    for key in set(config) - {"title", "author", "copyright"}:
        assert f"`{key}`" in text, key
    ours = {name for name in config["sphinx"]["config"]["extensions"] if name.startswith("book.")}
    assert set(re.findall(r"`(book\.extensions\.\w+)`", text)) == ours
    for path in (COURSE / "book" / "extensions").glob("*.py"):
        for name in re.findall(r'add_(?:directive|role)\("([\w-]+)"', path.read_text()):
            assert name in text, f"{path.name}: {name}"


def test_the_comparison_gives_the_versions_that_are_used() -> None:
    text = text_of(JUPYTER_BOOK_2)
    assert f"pins jupyter-book {pins()['jupyter-book']}," in text
    assert SpecifierSet("<8").contains(pins()["Sphinx"])
    assert SpecifierSet("~=3.0").contains(pins()["myst-parser"])


def test_the_comparison_counts_right() -> None:
    """Days are added up; what grows with the pages is given to a fifth."""
    text = text_of(JUPYTER_BOOK_2)
    table = rows(JUPYTER_BOOK_2, "| what the book uses | in Jupyter Book 2 | days |")
    days = (re.match(r"[\d.]+", row[-1].replace("½", "0.5")) for row in table)
    total = sum(float(number[0]) for number in days if number)
    assert f"About {total:g} days of" in text.replace("\n", " ")
    complaints = rows(JUPYTER_BOOK_2, "| times | message | what it is here |")
    assert f"complained {sum(int(row[0]) for row in complaints)} times" in text
    pages = "".join(path.read_text() for path in (COURSE / "book").rglob("*.md"))
    counts = {
        "{glue:text}`": r"about (\d+) numbers",
        "{live-figure} ": r"live_figure`, (\d+) figures",
        "mystnb:": r"captions of cells \(`mystnb`\), about (\d+)",
    }
    for used, said in counts.items():
        number = re.search(said, text)
        assert number
        assert int(number[1]) == pytest.approx(pages.count(used), rel=0.2)
