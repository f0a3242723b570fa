"""The leaderboard of the challenge: a page for everybody, and a table for the lecturer."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder.challenge.declaration import NAME, Challenge
from autograder.challenge.judging import Score
from autograder.course_settings import ChallengeSettings
from autograder.grading.batch import students_of
from autograder.grading.course import Course
from autograder.grading.private_files import REPORTS
from autograder.grading.submitted_text import one_line
from autograder.teaching.challenge_class import Attempt, Scoring, Standing, challenge_of
from autograder.teaching.pages import environment, write_page
from autograder.teaching.report_tables import table

COLUMNS = (
    *("rank", "nickname", "student", "right", "pictures", "accuracy", "low", "high"),
    *("bytes", "parameters", "CPU seconds", "attempts scored", "remark"),
)


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of the leaderboard: an entry with a score; a baseline has no ``rank``."""

    rank: int | None
    name: str
    standing: Standing
    attempt: Attempt
    score: Score

    @property
    def percent(self) -> str:
        """The accuracy in percent."""
        return f"{self.score.accuracy:.1%}"

    @property
    def between(self) -> str:
        """The ends of its interval in percent."""
        low, high = self.score.interval
        return f"{low:.1%} to {high:.1%}"


def ranked(standings: Iterable[Standing], baselines: Iterable[Standing] = ()) -> list[Row]:
    """Return the lines of the leaderboard, the best first.

    A rank counts the entries whose interval lies above, and adds 1. So entries whose intervals
    overlap may share a rank: the test cannot tell them apart.
    """
    ours, theirs = list(_rows(baselines)), list(_rows(standings))
    rows = [dataclasses.replace(row, rank=1 + _above(row, theirs)) for row in theirs]
    return sorted((*rows, *ours), key=_place)


def _rows(standings: Iterable[Standing]) -> Iterator[Row]:
    taken: Counter[str] = Counter()
    for standing in standings:
        taken[standing.nickname.casefold()] += 1
        number = taken[standing.nickname.casefold()]
        name = standing.nickname + (f" ({number})" if number > 1 else "")
        if standing.attempt is not None and standing.attempt.score is not None:
            yield Row(None, name, standing, standing.attempt, standing.attempt.score)


def _above(row: Row, rows: Iterable[Row]) -> int:
    return sum(other.score.interval[0] > row.score.interval[1] for other in rows)


def _place(row: Row) -> tuple[Any, ...]:
    return (-row.score.accuracy, row.attempt.size, row.rank is None, row.name)


def write_leaderboard(course: Course) -> list[Path]:
    """Write the page and the table of the challenge; return where they are.

    Entries that have not been scored yet are scored. Raises as
    :func:`~autograder.teaching.challenge_class.score_class`.
    """
    with Scoring.of(course) as scoring:
        baselines = list(scoring.baselines())
        standings = list(scoring.standings(students_of(course, NAME)))
    challenge, settings = challenge_of(course)
    if settings.names:
        standings = [dataclasses.replace(s, nickname=one_line(s.student)) for s in standings]
    rows = ranked(standings, baselines)
    place = course.classroom / REPORTS / NAME
    files = {
        f"{NAME}.html": page(rows, standings, challenge, settings),
        f"{NAME}-scores.csv": table(COLUMNS, _lines(rows, standings)),
    }
    for name, text in files.items():
        write_page(place / name, text)
    return [place / name for name in files]


def page(
    rows: Sequence[Row],
    standings: Sequence[Standing],
    challenge: Challenge,
    settings: ChallengeSettings,
) -> str:
    """Return the page: nicknames alone, unless the settings say otherwise."""
    template = environment().get_template("leaderboard.html")
    return template.render(
        rows=rows,
        refused=[standing for standing in standings if standing.remark],
        challenge=challenge,
        settings=settings,
        handed_in=len(standings),
    )


def _lines(rows: Iterable[Row], standings: Iterable[Standing]) -> Iterator[Sequence[Any]]:
    """Yield the lines of the table: the leaderboard's, then those who are not on it."""
    listed = set()
    for row in rows:
        standing, attempt, score = row.standing, row.attempt, row.score
        listed.add(standing.student)
        yield (
            *(row.rank or "baseline", row.name, standing.student, score.right, score.count),
            *(round(share, 4) for share in (score.accuracy, *score.interval)),
            *(attempt.size, attempt.parameters, score.seconds, standing.used, standing.remark),
        )
    for standing in standings:
        if standing.student not in listed:
            nothing = [""] * 8
            yield "", standing.nickname, standing.student, *nothing, standing.used, standing.remark
