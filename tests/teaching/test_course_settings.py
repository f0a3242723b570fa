"""course.toml: what it may say, and what is refused."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from autograder.chapter import SourceError, chapters
from autograder.course_settings import (
    CourseSettings,
    LatePolicy,
    chapters_in_use,
    load_course_settings,
)
from tests import COURSE


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("filters", "pooling"):
        folder = tmp_path / "solutions" / name
        folder.mkdir(parents=True)
        (folder / "chapter.py").touch()
    return tmp_path


def settings_of(root: Path, text: str) -> CourseSettings:
    (root / "course.toml").write_text(text)
    return load_course_settings(root)


def test_without_a_file_there_are_defaults(root: Path) -> None:
    assert load_course_settings(root) == CourseSettings()
    assert chapters_in_use(root) == ["filters", "pooling"]


def test_times_are_in_the_courses_zone(root: Path) -> None:
    settings = settings_of(
        root,
        'time_zone = "Europe/Berlin"\n'
        "[chapters.filters]\nrelease = 2026-10-05\ndue = 2026-10-25T18:00:00\n"
        "[chapters.pooling]\ndue = 2026-07-01\n",
    )
    due = settings.due("filters")
    assert due is not None
    # The clocks are set back on that day.
    assert due.astimezone(datetime.UTC).isoformat() == "2026-10-25T17:00:00+00:00"
    end = settings.due("pooling")
    assert end is not None
    assert end.astimezone(datetime.UTC).isoformat() == "2026-07-01T21:59:59+00:00"
    assert settings.due("training") is None
    moments = [datetime.datetime(2026, 10, 4, hour, tzinfo=datetime.UTC) for hour in (21, 22)]
    assert [settings.is_released("filters", moment) for moment in moments] == [False, True]
    assert settings.is_released("pooling")


def test_a_chapter_is_left_out_by_one_line(root: Path) -> None:
    settings_of(root, "[chapters.pooling]\nuse = false\n")
    assert chapters_in_use(root) == ["filters"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("titles = 'x'", r"course.toml:1: there is no setting 'titles'. Did you mean title\?"),
        ("title = 3", "title must be of type str, not 3"),
        ("[late]\nper_day = 10", "per_day is a share of the points"),
        ("[late]\nper_day = true", "late.per_day must be of type float, not True"),
        ("[late]\ngrace_minutes = -1", "grace_minutes must not be negative"),
        ("late = 3", "late must be a table"),
        ("time_zone = 'Mars'", "there is no zone 'Mars'"),
        ("time_zone = '../etc'", "there is no zone"),
        ("id = 'a b'", "no blanks"),
        ("repository = 'javascript:alert(1)'", "begins with https://"),
        ("\n[chapters.filter]\ndue = 2026-01-01", r"course.toml:2: .*no chapter 'filter'"),
        ("[chapters.filters]\ndeu = 2026-01-01", "'deu' in .chapters.filters.. Did you mean due"),
        ("[chapters.filters]\ndue = '2026-01-01'", "chapters.filters.due must be of type datetime"),
        ("[chapters]\nfilters = 1", "chapters.filters must be a table"),
        ("[chapters.filters.points]\ncorr2d = 0", r"course.toml:2: corr2d must be worth more"),
        ("[chapters.filters]\npoints = 9", "points must be a table"),
        ("[chapters.filters.points]\ncorr2d = 'x'", "points.corr2d must be of type float"),
        ("title =", "it is not TOML"),
    ],
)
def test_mistakes_are_refused_with_their_place(root: Path, text: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        settings_of(root, text)


def test_lateness_costs_for_every_day_begun() -> None:
    policy = LatePolicy(grace_minutes=15, per_day=0.1, at_most=0.25)
    hour = 3600.0
    costs = [
        policy.penalty(28, 30, late) for late in (0, 900, 901, 24 * hour, 25 * hour, 99 * hour)
    ]
    assert costs == [0, 0, 3, 3, 6, 7.5]
    assert policy.penalty(2, 30, 25 * hour) == 2  # never more than there is


def test_the_courses_own_settings_are_sound() -> None:
    settings = load_course_settings(COURSE)
    assert settings.id == "cnn"
    assert set(settings.chapters) == set(chapters(COURSE))
