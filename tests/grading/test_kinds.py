"""The table of what is tried against the grading follows from the tests."""

from __future__ import annotations

from tests.grading.kinds import TABLE, kinds, table


def test_the_table_of_kinds_is_up_to_date() -> None:
    """If not: ``python -m tests.grading.kinds``."""
    assert TABLE.read_text(encoding="utf-8") == table()


def test_at_least_a_hundred_kinds_are_tried() -> None:
    names = [(title, str(name)) for title, group in kinds().items() for name in group]
    assert len(names) == len(set(names)) >= 100
