"""Pages are executed side by side before they are read."""

from __future__ import annotations

import subprocess
from pathlib import Path

from jupyter_cache import get_cache

from tests import COURSE
from tests.book.sphinx_build import sphinx_build

CONF = f"""\
import sys
sys.path.insert(0, {str(COURSE)!r})
extensions = ["myst_nb", "book.extensions.parallel_execution"]
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 60
"""

PAGE = """\
---
file_format: mystnb
kernelspec: {{name: python3, display_name: Python 3}}
---

# {name}

```{{code-cell}} python
{code}
```
"""

# The first page cannot end before the second has begun, nor the second before the first.
MEETING = """\
from pathlib import Path
import time
Path("{own}").touch()
while not Path("{other}").exists():
    time.sleep(0.01)
print("met", "{other}")"""


def build(folder: Path, pages: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Build a small book of pages with one cell each, by their names."""
    (folder / "conf.py").write_text(CONF)
    for name, code in pages.items():
        (folder / f"{name}.md").write_text(PAGE.format(name=name, code=code))
    others = "\n".join(name for name in pages if name != "index")
    with (folder / "index.md").open("a") as index:
        index.write(f"\n```{{toctree}}\n{others}\n```\n")
    return sphinx_build(folder, "-W")


def test_two_pages_wait_for_each_other(tmp_path: Path) -> None:
    pages = {
        "index": MEETING.format(own="a", other="b"),
        "second": MEETING.format(own="b", other="a"),
    }
    built = build(tmp_path, pages)
    assert built.returncode == 0, built.stderr
    assert "met b" in (tmp_path / "out" / "index.html").read_text()
    assert "met a" in (tmp_path / "out" / "second.html").read_text()
    assert "Executing notebook" not in built.stdout  # the kept results are found


def test_a_page_that_fails_is_reported_and_the_others_keep_their_results(tmp_path: Path) -> None:
    built = build(tmp_path, {"index": "print(1 + 1)", "second": "raise ValueError('so it is')"})
    assert built.returncode != 0
    assert "second.md:Executing notebook failed: CellExecutionError" in built.stderr
    records = get_cache(tmp_path / ".jupyter_cache").list_cache_records()
    assert [Path(result.uri).name for result in records] == ["index.md"]
