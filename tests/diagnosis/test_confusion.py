"""No entry of the catalog is taken for another, with all chapters' misconceptions."""

from __future__ import annotations

from tests.diagnosis.catalog_entries import table


def test_each_misconception_is_named_by_itself() -> None:
    rows = table()
    assert len(rows) > 600
    confused = [
        f"{task}: {name} is taken for {finding.misconception if finding else None}"
        for task, name, finding in rows
        if finding is None or finding.misconception != name
    ]
    assert not confused, "\n".join(confused)


def test_a_mistake_that_the_catalog_lacks_is_seldom_taken_for_another() -> None:
    rows = table(taken_out=True)
    confused = [(task, name) for task, name, finding in rows if finding and finding.misconception]
    observed = [(task, name) for task, name, finding in rows if finding]
    assert len(confused) <= 0.04 * len(rows)
    assert len(observed) >= 0.55 * len(rows)
