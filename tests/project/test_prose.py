"""The book's English keeps to its rules, and each rule finds what it is there for."""

from __future__ import annotations

import re

import pytest

from tests import COURSE
from tests.project import prose


def test_the_prose_breaks_no_rule() -> None:
    read = prose.files()
    assert {"book/filters/filters.md", "solutions/filters/tasks/corr2d.py"} <= set(read)
    texts = {name: (COURSE / name).read_text(encoding="utf-8") for name in read}
    assert [line for name, text in texts.items() for line in prose.offenses(name, text)] == []


@pytest.mark.parametrize("rule", prose.RULES, ids=lambda rule: rule.instead)
def test_every_rule_is_awake(rule: prose.Rule) -> None:
    assert re.search(rule.pattern, rule.wrong)
    assert any(
        rule.instead in line for line in prose.offenses("page.md", f"# Page\n\n{rule.wrong}")
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "A zero stands for black.",
        "How many mistakes has the network learned to avoid?",
        "So far the picture was fixed.",
        "An hour is enough for an nbgrader course.",
        "A one-pixel filter is a unit of a uniform layer.",
        "Which layer has a weight for every number of the maps?",
    ],
)
def test_good_english_passes(sentence: str) -> None:
    assert prose.offenses("page.md", sentence) == []


def test_code_formulas_and_roles_are_not_prose() -> None:
    page = """---
anew: header
---

```{code-cell} python
hand_on = "anew"  # whoever
```

The number {glue:text}`anew` and `whoever` and $wholly$ are [fine](anew.md).
Whoever reads this line is found.
"""
    assert [line.split(": ")[0] for line in prose.offenses("page.md", page)] == ["page.md:10"]


def test_hints_are_read() -> None:
    hint = 'hint="How many "\n"axes has a map?"'
    module = f'Misconception("name", f, title="Fine", symptom="Fine.", {hint})\n'
    assert prose.offenses("solutions/filters/tasks/corr2d.py", module) != []
    assert prose.offenses("solutions/filters/tasks/corr2d.py", "anew = 'whoever'  # wholly\n") == []
