"""How far a student has come: what has passed so far, in which chapter, and what is next.

What has passed is kept beside the notebook, in a file of one line for each change. A line is
appended in one step, so that notebooks at work at the same time do not harm each other. The file is
a note for the student alone: grading never reads it. Where it cannot be read or written, a check
goes on without it, and this process remembers.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from autograder.checks import FILE_NAME, Checks, ChecksFileError, load_checks, load_facts
from autograder.report_lines import Line, Report

NOTES = ".progress"
"""The file beside a notebook."""

MOST_BYTES = 100_000
"""So much of the file is read, from its end."""

PASSED, OPEN = "passed", "open"


class Progress:
    """What has passed, by the folders of exercises."""

    def __init__(self) -> None:
        self._unwritten: dict[Path, dict[str, str]] = {}

    def passed(self, folder: Path) -> set[str]:
        """Return the names of what has passed in the folder of an exercise."""
        words = (line.split() for line in _read(folder / NOTES).splitlines())
        verdicts = {word[0]: word[1] for word in words if len(word) == 2}
        verdicts |= self._unwritten.get(folder.absolute(), {})
        return {task for task, verdict in verdicts.items() if verdict == PASSED}

    def note(self, folder: Path, task: str, passed: bool) -> None:
        """Remember what came of a check, if that is news."""
        if passed == (task in self.passed(folder)):
            return
        verdict = PASSED if passed else OPEN
        if not _append(folder / NOTES, f"\n{task} {verdict}\n"):
            self._unwritten.setdefault(folder.absolute(), {})[task] = verdict


def _read(path: Path) -> str:
    with contextlib.suppress(OSError):  # such as a folder that is not ours to read
        if path.is_file():
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - MOST_BYTES))
                return file.read(MOST_BYTES).decode(errors="replace")
    return ""


def _append(path: Path, text: str) -> bool:
    """Append to a file in one step; return whether that was possible."""
    try:
        if path.exists() and not path.is_file():  # a pipe, for instance, would wait for a reader
            return False
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            return os.write(file, text.encode()) == len(text.encode())
        finally:
            os.close(file)
    except OSError:
        return False


def points_passed(tasks: Mapping[str, Checks], passed: Iterable[str]) -> float:
    """Return the points of the tasks that have passed."""
    return sum(tasks[task].points for task in passed if task in tasks)


def next_task(tasks: Mapping[str, Checks], passed: set[str], after: str = "") -> str:
    """Return the first task behind one that has not passed yet, else the first at all, or ""."""
    names = list(tasks)
    behind = names[names.index(after) + 1 :] if after in tasks else []
    return next((name for name in (*behind, *names) if name not in passed), "")


def after_a_pass(
    tasks: Mapping[str, Checks], points_by_hand: float, passed: set[str], task: str
) -> list[Line]:
    """Say how far the exercise has come now that ``task`` has passed, and what is next."""
    if len(tasks) == 1:
        return []
    following = next_task(tasks, passed, task)
    total = sum(checks.points for checks in tasks.values()) + points_by_hand
    state = f"{len(passed & set(tasks))} of {len(tasks)} tasks have passed"
    if total:
        state = f"{points_passed(tasks, passed):g} of {total:g} points"
    if following:
        text = f"{state}, next: `{following}`"
        section = tasks[following].section()
        return [Line(f"{text}, explained in" if section else f"{text}.", section=section)]
    state = f"All {len(tasks)} tasks of this exercise have passed" + (f": {state}" if total else "")
    by_hand = f" The other {points_by_hand:g} are given by hand." if points_by_hand else ""
    return [Line(f"{state}.{by_hand}")]


def exercise_folders(folder: Path) -> list[Path]:
    """Return the folders of exercises in a course's folder, or beside that of an exercise."""
    with contextlib.suppress(OSError):
        if (folder / FILE_NAME).is_file():
            beside = [path.parent for path in folder.absolute().parent.glob(f"*/{FILE_NAME}")]
            return beside or [folder]
        for pattern in (f"exercises/*/{FILE_NAME}", f"*/{FILE_NAME}"):
            folders = [path.parent for path in sorted(folder.glob(pattern))]
            if folders:
                return folders
    return []


def overview(folders: Iterable[Path], progress: Progress) -> Report:
    """Show chapters, tasks and points: what has passed, and what is next."""
    chapters: list[tuple[int, str, list[Line]]] = []
    points = total = 0.0
    for folder in folders:
        try:
            tasks, facts = load_checks(folder / FILE_NAME), load_facts(folder / FILE_NAME)
        except ChecksFileError as error:
            chapters.append((0, folder.name, [Line(f"{folder.name}: {error}")]))
            continue
        passed = progress.passed(folder) & set(tasks)
        points += points_passed(tasks, passed)
        total += sum(checks.points for checks in tasks.values()) + facts.points_by_hand
        lines = _chapter(facts.title, tasks, facts.points_by_hand, passed)
        chapters.append((facts.number, folder.name, lines))
    lines = [line for _, _, chapter in sorted(chapters, key=lambda c: c[:2]) for line in chapter]
    last = Line("No mark depends on this: when your work is graded, more cases are tried.")
    return Report(f"Your progress: {points:g} of {total:g} points.", "note", (*lines, last))


def _chapter(
    title: str, tasks: Mapping[str, Checks], points_by_hand: float, passed: set[str]
) -> list[Line]:
    total = sum(checks.points for checks in tasks.values()) + points_by_hand
    following = next_task(tasks, passed)

    def listed(names: Iterable[str]) -> str:
        return ", ".join(f"`{name}` ({tasks[name].points:g})" for name in names)

    summary = f"{title}: {points_passed(tasks, passed):g} of {total:g} points"
    lines = [Line(f"{summary}, {len(passed)} of {len(tasks)} tasks", strong=True)]
    if passed:
        lines.append(Line(f"Passed: {listed(name for name in tasks if name in passed)}"))
    if following:
        section = tasks[following].section()
        explained = ", explained in" if section else ""
        lines.append(Line(f"Next: {listed([following])}{explained}", section=section))
    later = [name for name in tasks if name not in passed and name != following]
    if later:
        lines.append(Line(f"Later: {listed(later)}"))
    if points_by_hand:
        lines.append(Line(f"Given by hand: {points_by_hand:g} points"))
    return lines
