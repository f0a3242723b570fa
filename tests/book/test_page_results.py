"""Results of executed pages are kept as long as they would come out the same."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from PIL import Image

from book.extensions import page_results
from laboratory import chosen_network, own_picture, weights
from tests import COURSE
from tests.book.sphinx_build import sphinx_build

PAGE = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  name: python3
  display_name: Python 3
---

# {title}

```{{code-cell}} python
{code}
```
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course of a few modules."""
    for name, source in {
        "book/__init__.py": "",
        "book/plots.py": "",
        "book/filters/demo.py": "from laboratory import layers",
        "book/filters/other.py": "",
        "laboratory/layers.py": "from . import sizes",
        "laboratory/sizes.py": "",
        "laboratory/chosen_network.py": "",
        "laboratory/weights.npz": "1",
        "laboratory/notes.md": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    return tmp_path


def behind(root: Path, code: str, text: str = "") -> set[str]:
    files = page_results.files_behind(root, PAGE.format(title="Page", code=code) + text)
    return {path.relative_to(root).as_posix() for path in files}


def test_what_a_page_depends_on(root: Path) -> None:
    own = {"book/__init__.py", "book/filters/demo.py"}
    of_laboratory = {"laboratory/layers.py", "laboratory/sizes.py", "laboratory/weights.npz"}
    assert behind(root, "from book.filters import demo") == own | of_laboratory
    assert behind(root, "import numpy\nfrom book import plots") == {
        "book/__init__.py",
        "book/plots.py",
    }
    assert behind(root, "x = 1") == set()


def test_live_figures_count(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setitem(page_results.FIGURES, "tiny", "book.filters.other:Tiny")
    text = "\n```{live-figure} tiny\n```\n"
    assert behind(root, "x = 1", text) == {"book/__init__.py", "book/filters/other.py"}


def test_the_network_counts_where_it_is_shown(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    shown, other = root / "laboratory" / "chosen_network.py", root / "laboratory" / "layers.py"
    digests = []
    for name in ("VGG16", "small VGG"):
        monkeypatch.setattr(chosen_network, "fingerprint", lambda name=name: name)
        digests.append([page_results.digest_of(root, [path]) for path in (shown, other)])
    assert digests[0][0] != digests[1][0]
    assert digests[0][1] == digests[1][1]


def test_the_readers_picture_counts_where_it_may_be_shown(
    monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    demo, other = root / "laboratory" / "own_picture.py", root / "laboratory" / "layers.py"
    demo.write_text("")
    picture = root / "me.png"
    digests = []
    for content in (None, "a picture", "another picture"):
        if content:
            picture.write_text(content)
            monkeypatch.setenv(own_picture.VARIABLE, str(picture))
        digests.append([page_results.digest_of(root, {path}) for path in (demo, other)])
    assert len({of_demo for of_demo, _ in digests}) == 3
    assert len({of_other for _, of_other in digests}) == 1


def test_pages_with_photographs_may_show_the_readers() -> None:
    pages = {path.stem: path.read_text() for path in COURSE.glob("book/*/*.md")}
    own = COURSE / "laboratory" / "own_picture.py"
    showing = {
        name for name, text in pages.items() if own in page_results.files_behind(COURSE, text)
    }
    assert {"visualization", "occlusion", "gradients", "synthesis", "segmentation"} <= showing
    assert "filters" not in showing


CONF = f"""\
import sys
sys.path.insert(0, {str(COURSE)!r})
extensions = ["myst_nb", "book.extensions.page_results"]
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
"""


def built(book: Path, **environment: str) -> tuple[dict[str, str], str]:
    """Build a book; return when each page was executed, and what was said."""
    own = {name: value for name, value in os.environ.items() if name not in variables()}
    own |= {"PYTHONPATH": str(COURSE), "TORCH_HOME": str(book / "nothing"), **environment}
    done = sphinx_build(book, "-W", source="pages", environment=own)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {page: (book / "out" / f"{page}.html").read_text() for page in ("index", "network")}
    times = {page: re.findall(r"executed at (\d+)", text)[-1] for page, text in pages.items()}
    return times, done.stdout


def variables() -> set[str]:
    settings = chosen_network.VARIABLE, own_picture.VARIABLE
    return {*weights.VARIABLES.values(), weights.UNCHECKED, *settings}


def test_weights_that_arrive_later_rebuild_just_the_pages_that_show_them(tmp_path: Path) -> None:
    now = "import time; print('executed at', time.time_ns())"
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "conf.py").write_text(CONF)
    (pages / "index.md").write_text(
        PAGE.format(title="Plain", code=now) + "\n```{toctree}\nnetwork\n```\n"
    )
    code = f"from laboratory import chosen_network\n{now}"
    (pages / "network.md").write_text(PAGE.format(title="Network", code=code))
    first, said = built(tmp_path)
    assert "Network: the course's small VGG on " in said
    assert built(tmp_path)[0] == first
    file = tmp_path / "vgg16.pth"
    file.write_bytes(b"weights")
    given = {weights.VARIABLES["vgg16"]: str(file), weights.UNCHECKED: "1"}
    second, said = built(tmp_path, **given)
    assert "Network: VGG16 on " in said
    assert second["index"] == first["index"]
    assert second["network"] != first["network"]
    Image.new("RGB", (80, 80)).save(tmp_path / "me.png")
    third, said = built(tmp_path, **given, **{own_picture.VARIABLE: "me.png"})
    assert f"Your picture: {tmp_path / 'me.png'}." in said
    assert third == second  # neither page shows a picture


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ((chosen_network.VARIABLE, "large"), 'NETWORK is one of auto, vgg16, small, not "large".'),
        ((own_picture.VARIABLE, "page.md"), "add NETWORK=vgg16, or leave PICTURE out"),
    ],
)
def test_a_setting_that_cannot_be_met_ends_the_build(
    tmp_path: Path, setting: tuple[str, str], message: str
) -> None:
    (tmp_path / "conf.py").write_text(CONF)
    (tmp_path / "index.md").write_text("# Page")
    (tmp_path / "page.md").write_text("# No picture\n")
    own = {name: value for name, value in os.environ.items() if name not in variables()}
    environment = own | {"TORCH_HOME": str(tmp_path / "nothing")} | dict([setting])
    done = sphinx_build(tmp_path, environment=environment)
    assert done.returncode != 0
    assert message in done.stderr
