"""How many wrong functions get a cause: `python -m tests.diagnosis.rate`.

All functions of `wrong_functions` run through the visible checks, as in a notebook. A table says,
chapter by chapter, how many get the hint of a misconception, how many the advice on an exception,
and how many neither. Whether what they get is right, a person has to judge: `--report` writes
every function's feedback into a Markdown file, and a table of verdicts keeps what was judged.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import functools
import random
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import get_args

from autograder.advice import advice
from autograder.checks import FILE_NAME, Checks, load_checks
from autograder.diagnosis.finding import Rule
from autograder.examination import Examination, examine
from autograder.failures import Failed
from autograder.report import report
from autograder.student.calls import in_notebook
from tests import COURSE
from tests.diagnosis.wrong_functions import CHAPTERS, WrongFunction, wrong_functions

RULES = (*get_args(Rule), "advice", "nothing")
VERDICTS = ("right", "helpful", "nothing", "misleading")
BEFORE = Path(__file__).with_name("before.csv")
"""The verdicts on the feedback as it was when the functions were written."""
AFTER = Path(__file__).with_name("after.csv")
"""The verdicts on the feedback as the rules of the diagnosis gave it."""
HELD_OUT_SEED = 1216
"""Which third of the functions nobody read while the rules were written."""
SETS = {
    "first": "with the first rules",
    "later": "for tasks that came after them",
    "second": "by a reviewer who knew neither rules nor catalog",
    "third": "after the reviewer's findings were mended, without the catalog",
    "fourth": "without the catalog, and looked at while rules were mended",
    "fifth": "together with these, and looked at once, after that",
}
"""The sets of functions, by when they were written."""

FIRST_LINES = 30
"""So many lines of a feedback are enough to judge it."""


@dataclasses.dataclass(frozen=True)
class Feedback:
    """What a check says of a wrong function, and by which rule it names a cause."""

    chapter: str
    wrong: WrongFunction
    examination: Examination

    @property
    def key(self) -> tuple[str, str]:
        """What a verdict is about."""
        return self.wrong.task, self.wrong.name

    @property
    def rule(self) -> str:
        """One of RULES."""
        failure = self.examination.first_failure
        if self.examination.finding:
            return self.examination.finding.rule
        if failure is not None and isinstance(failure.ending, Failed):
            parameters = tuple(failure.case.arguments)
            if advice(failure.ending, self.wrong.task, parameters):
                return "advice"
        return "nothing"

    @property
    def sentences(self) -> str:
        """The sentences that may name a cause: no numbers, no line that stands in each report."""
        lines = report(self.examination).lines
        usual = ("Case ", "Cases: ", "To try this case", "The first that differs", "Explained in")
        return " | ".join(
            line.text for line in lines if not line.code and not line.text.startswith(usual)
        )


def held_out(known: Mapping[tuple[str, str], Mapping[str, str]]) -> frozenset[tuple[str, str]]:
    """Return which functions, by task and name, are held out: a third, drawn at random.

    Only of the first set: others would change the draw.
    """
    keys = sorted(key for key, row in known.items() if row["set"] == "first")
    return frozenset(random.Random(HELD_OUT_SEED).sample(keys, len(keys) // 3))


@functools.cache
def feedback_on(chapter: str) -> tuple[Feedback, ...]:
    """Run the wrong functions of a chapter through its visible checks."""
    checks = load_checks(COURSE / "exercises" / chapter / FILE_NAME)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an overflow is a mistake of some of them
        return tuple(
            Feedback(chapter, wrong, _examined(checks[wrong.task], wrong))
            for wrong in wrong_functions(chapter)
        )


def _examined(checks: Checks, wrong: WrongFunction) -> Examination:
    return examine(checks, in_notebook(wrong.function, checks.time_limit))


def verdicts(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Read a table of verdicts, by task and name; its columns are those of `write_sentences`."""
    with path.open(newline="", encoding="utf-8") as file:
        return {(row["task"], row["name"]): row for row in csv.DictReader(file)}


def write_sentences(feedback: Iterable[Feedback], path: Path) -> None:
    """Write a table of verdicts in which sets and verdicts are still to be filled in."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("chapter", "task", "name", "set", "verdict", "rule", "sentences"))
        for entry in feedback:
            table.writerow((entry.chapter, *entry.key, "", "", entry.rule, entry.sentences))


def rates(feedback: Sequence[Feedback]) -> str:
    """Say how many functions each rule has named, chapter by chapter."""
    rows = [("chapter", "functions", *RULES)]
    groups = {chapter: [f for f in feedback if f.chapter == chapter] for chapter in CHAPTERS}
    for name, members in [*groups.items(), ("in all", feedback)]:
        if members:
            by_rule = Counter(entry.rule for entry in members)
            rows.append((name, str(len(members)), *(str(by_rule[rule]) for rule in RULES)))
    return _table(rows)


def judged(feedback: Sequence[Feedback], path: Path) -> str:
    """Say what a table of verdicts holds of the feedback, and what has changed since then.

    By chapter, kind and form of the mistake, by the rule that spoke when it was judged, by when
    the functions were written, and for those that were held out.
    """
    known = verdicts(path)
    apart = held_out(known)
    groups: dict[str, list[Feedback]] = {}
    for part in ("chapter", "kind", "form", "rule", "set", "part"):
        for entry in feedback:
            wrong = entry.wrong
            name = {
                "chapter": entry.chapter,
                "kind": wrong.kind.value,
                "form": wrong.form.value,
                "rule": f"by rule: {known.get(entry.key, {}).get('rule', '')}",
                "set": SETS[known[entry.key]["set"]] if entry.key in known else "",
                "part": "held out" if entry.key in apart else "not held out",
            }
            groups.setdefault(name[part], []).append(entry)
    rows = [("", "functions", *VERDICTS, "changed since")]
    for name, members in [*groups.items(), ("in all", list(feedback))]:
        unchanged = [f for f in members if known.get(f.key, {}).get("sentences") == f.sentences]
        by_verdict = Counter(known[entry.key]["verdict"] for entry in unchanged)
        counts = (str(by_verdict[verdict]) for verdict in VERDICTS)
        rows.append((name, str(len(members)), *counts, str(len(members) - len(unchanged))))
    return _table(rows)


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in rows
    )


def feedback_text(feedback: Iterable[Feedback]) -> str:
    """Return every function with what a tutor would say of it, and what the check says."""
    parts = ["# What the check says of wrong functions\n"]
    for number, entry in enumerate(feedback, 1):
        wrong = entry.wrong
        lines = "\n".join(report(entry.examination).text.splitlines()[:FIRST_LINES])
        rule = f"{entry.rule} {entry.examination.misconception or ''}".strip()
        parts.append(
            f"## {number}. {wrong.task}: {wrong.name}\n\n"
            f"{wrong.kind.value}; {wrong.form.value}. A tutor would say: {wrong.mistakes}\n\n"
            f"```python\n{wrong.source}\n```\n\n"
            f"By rule: {rule}\n\n```text\n{lines}\n```\n"
        )
    return "\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the rates; write what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.diagnosis.rate", description=__doc__)
    parser.add_argument("--chapter", action="append", choices=CHAPTERS, help="only this one")
    parser.add_argument("--report", type=Path, help="write all feedback into this Markdown file")
    parser.add_argument("--sentences", type=Path, help="write a CSV table to fill in verdicts")
    parser.add_argument("--verdicts", type=Path, default=AFTER, help="the table to compare with")
    options = parser.parse_args(arguments)
    feedback = [entry for name in options.chapter or CHAPTERS for entry in feedback_on(name)]
    print(rates(feedback))
    if options.verdicts.exists():
        print(f"\nAs judged in {options.verdicts.name}:\n{judged(feedback, options.verdicts)}")
    if options.report:
        options.report.write_text(feedback_text(feedback), encoding="utf-8")
    if options.sentences:
        write_sentences(feedback, options.sentences)


if __name__ == "__main__":
    main()
