"""``docs/claims.md`` names what holds each claim: it is there, under that name."""

from __future__ import annotations

import re

import pytest

from tests import COURSE

ROWS = [
    line
    for line in (COURSE / "docs" / "claims.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| claim ")
]
HOLDER = re.compile(r"`([\w/.]+\.(?:md|py|css|bib))`: `(.+?)`(?=; `|$)")


def holders(row: str) -> list[tuple[str, str]]:
    """Return the files and names in the last cell of a row."""
    return HOLDER.findall(row.strip("| ").rpartition(" | ")[2])


def test_the_table_is_read() -> None:
    assert len(ROWS) > 35


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:60])
def test_what_holds_a_claim_is_there(row: str) -> None:
    named = holders(row)
    assert named, "no file and name in the last cell"
    assert "".join(f"`{file}`: `{name}`; " for file, name in named).removesuffix("; ") in row
    for file, name in named:
        text = (COURSE / file).read_text(encoding="utf-8")
        assert f"def {name}(" in text if name.startswith("test_") else name in text, name
