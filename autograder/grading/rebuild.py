"""Rebuilding a submitted notebook around the instructor's own copy.

What is graded is a new notebook: the graded and locked cells are the instructor's, in the
instructor's order; the student's are the answers and whatever cells they added.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Container, Iterable, Iterator, Mapping

from nbformat.notebooknode import NotebookNode, from_dict
from nbformat.v4 import new_notebook

from autograder.grading.submitted_notebook import SubmittedCell, SubmittedNotebook
from autograder.grading.submitted_text import inactive, one_line


@dataclasses.dataclass(frozen=True)
class Rebuilt:
    """A notebook that is ready for grading, and what was remarkable about the submission."""

    notebook: NotebookNode
    flags: tuple[str, ...]

    def __post_init__(self) -> None:
        """Keep of the flags, which quote the submission, what can be shown."""
        object.__setattr__(self, "flags", tuple(map(one_line, self.flags)))


def rebuild(
    submitted: SubmittedNotebook, release: NotebookNode, earlier: Iterable[str] = ()
) -> Rebuilt:
    """Put a submission's cells into the frame of the released notebook.

    Cells that the release names (answers, tests, locked cells) come in the release's order, once
    each; all but the answers' sources are the release's. The student's other cells stay behind
    the named cell that they followed. Code cells of the release that are gone, such as its
    imports, are put back in front of those: nobody's own definition is replaced by them.

    earlier: texts of the course's that earlier releases had: no student's answer, wherever they
    stand.
    """
    named = {_name(cell): cell for cell in release.cells if _name(cell)}
    ours = {cell.source for cell in release.cells} | set(earlier)
    cells = _with_lost_names(submitted.cells, named)
    cells, moved = _with_stray_answers(cells, named, ours)
    arrangement = _arrange(cells, named)
    arrangement.flags += moved
    gone = _gone(release, cells)
    built = []
    for name in (None, *named):
        if name is not None:
            built.append(_named_cell(named[name], arrangement.named.get(name)))
        built += [_new_cell("code", cell.source, cell.get("id")) for cell in gone.get(name, ())]
        built += [_extra_cell(cell, ours) for cell in arrangement.followers.get(name, ())]
    _unique_ids(built)
    notebook = new_notebook(cells=built, metadata=from_dict(dict(release.metadata)))
    notebook.nbformat_minor = max(5, release.nbformat_minor)
    flags = dict.fromkeys(_flags(submitted, cells, list(named), arrangement, any(gone.values())))
    return Rebuilt(notebook, tuple(flags))


@dataclasses.dataclass
class _Arrangement:
    """A submission's cells by their place in the release, and what is odd about single cells."""

    named: dict[str, SubmittedCell] = dataclasses.field(default_factory=dict)
    """Those that the release names, in the submission's order."""
    followers: dict[str | None, list[SubmittedCell]] = dataclasses.field(default_factory=dict)
    """The other cells, by the named cell that they follow; None for those before all."""
    flags: list[str] = dataclasses.field(default_factory=list)


def _arrange(cells: Iterable[SubmittedCell], named: dict[str, NotebookNode]) -> _Arrangement:
    arrangement = _Arrangement()
    last: str | None = None
    for cell in cells:
        if cell.name in named and cell.name not in arrangement.named:
            last = cell.name
            arrangement.named[cell.name] = cell
            arrangement.flags += _changes(cell, named[cell.name])
            continue
        if cell.name in named:
            arrangement.flags.append(
                "a graded or locked cell was there twice; the copy counts as a plain cell"
            )
        arrangement.followers.setdefault(last, []).append(cell)
    return arrangement


def _flags(
    submitted: SubmittedNotebook,
    cells: list[SubmittedCell],
    names: list[str],
    arrangement: _Arrangement,
    code_is_gone: bool,
) -> Iterator[str]:
    """Yield what is remarkable about a submission; the same thing may come several times.

    cells: the submission's, with the names that they had lost.
    names: of the release's cells, in its order.
    """
    if submitted.language.lower() not in ("", "python", "ipython"):
        yield f"written for {submitted.language}, graded as Python"
    known = {cell.name for cell in submitted.cells}
    if any(cell.name not in known for cell in cells if cell.name in names and not cell.moved):
        yield "cells had lost their names and have been recognized"
    yield from arrangement.flags
    missing = [name for name in names if name not in arrangement.named]
    if missing:
        yield f"cells were deleted and have been restored: {', '.join(missing)}"
    placed = [name for name, cell in arrangement.named.items() if not cell.moved]
    if placed != [name for name in names if name in placed]:
        yield "cells were reordered and have been put back"
    if code_is_gone:
        yield "code cells of the course were deleted and have been restored"


def _gone(
    release: NotebookNode, cells: Iterable[SubmittedCell]
) -> dict[str | None, list[NotebookNode]]:
    """Return the release's plain code cells that a submission lacks, by the name they follow.

    A cell that was changed is not gone: it still has its id. In a notebook without ids, as old
    editors write it, it cannot be told from a deleted one, and stands there twice.
    """
    cells = list(cells)
    ids, sources = {cell.cell_id for cell in cells}, {cell.source.strip() for cell in cells}
    gone: dict[str | None, list[NotebookNode]] = {}
    last: str | None = None
    for cell in release.cells:
        last = _name(cell) or last
        plain = cell.cell_type == "code" and not _name(cell)
        if plain and cell.get("id") not in ids and cell.source.strip() not in sources:
            gone.setdefault(last, []).append(cell)
    return gone


def _with_stray_answers(
    cells: list[SubmittedCell], named: Mapping[str, NotebookNode], ours: Container[str]
) -> tuple[list[SubmittedCell], list[str]]:
    """Put answers in words where they belong that stand in cells of the student's own.

    If the cell of a question is gone or as it was handed out, the answer may stand in the cells
    between its neighbors, else in any text of the student's own: a person sees that. Returns the
    cells, and remarks.
    """
    flags, order = [], list(named)
    for place, name in enumerate(order):
        question = named[name]
        if question.cell_type != "markdown" or not is_answer(question):
            continue
        answered = [cell for cell in cells if cell.name == name]
        if answered and answered[0].source.strip() not in ("", question.source.strip()):
            continue
        own = [
            number
            for number, cell in enumerate(cells)
            if cell.kind != "code" and cell.name not in named and cell.source.strip()
            if cell.source not in ours
        ]
        start = max((n for n, cell in enumerate(cells) if cell.name in order[:place]), default=-1)
        end = min(
            (n for n, cell in enumerate(cells) if cell.name in order[place + 1 :]),
            default=len(cells),
        )
        texts = [number for number in own if start < number < end] or own
        if not texts:
            continue
        where = "beside" if start < texts[0] < end else "far from"
        flags.append(f"the answer to {name} is taken from cells {where} its place")
        answer = "\n\n".join(cells[number].source for number in texts)
        moved = dataclasses.replace(cells[texts[0]], name=name, source=answer, moved=True)
        rest = [cell if n != texts[0] else moved for n, cell in enumerate(cells)]
        dropped = {*texts[1:], *(n for n, cell in enumerate(cells) if cell.name == name)}
        cells = [cell for n, cell in enumerate(rest) if n not in dropped]
    return cells, flags


def _with_lost_names(
    cells: Iterable[SubmittedCell], named: Mapping[str, NotebookNode]
) -> list[SubmittedCell]:
    """Give cells their names back that an editor has dropped, or that were typed in anew.

    A cell is known by its id; an answer is also known by the function that it defines, another cell
    of ours by what stands in it.
    """
    cells = list(cells)
    names = {cell.name for cell in cells}
    missing = [name for name in named if name not in names]
    ids = {cell.get("id"): name for name, cell in named.items() if name in missing}
    for number, cell in enumerate(cells):
        name = ids.get(cell.cell_id)
        if name in missing and cell.name not in named and cell.kind == named[name].cell_type:
            cells[number] = dataclasses.replace(cell, name=name)
            missing.remove(name)
    for name in missing:
        if not is_answer(named[name]):
            source = named[name].source.strip()
            same = [n for n, c in enumerate(cells) if not c.name and c.source.strip() == source]
            for number in same[:1]:
                cells[number] = dataclasses.replace(cells[number], name=name)
        if named[name].cell_type != "code" or not is_answer(named[name]):
            continue
        definition = re.compile(rf"^def {re.escape(name)}\b", re.MULTILINE)
        for number, cell in reversed(list(enumerate(cells))):
            plain = cell.kind == "code" and cell.name not in named
            if plain and definition.search(cell.source):
                cells[number] = dataclasses.replace(cell, name=name)
                break
    return cells


def _name(cell: NotebookNode) -> str:
    name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    return str(name)


def is_answer(cell: NotebookNode) -> bool:
    """Whether the student fills in this cell."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution", False))


def is_test(cell: NotebookNode) -> bool:
    """Whether this is a cell whose points the grader decides."""
    nbgrader = cell.metadata.get("nbgrader", {})
    return bool(nbgrader.get("grade", False)) and not nbgrader.get("solution", False)


def _changes(mine: SubmittedCell, theirs: NotebookNode) -> Iterator[str]:
    points = theirs.metadata.nbgrader.get("points")
    if not is_answer(theirs) and mine.source.strip() != theirs.source.strip():
        yield "test cells were edited" if is_test(theirs) else "locked cells were edited"
    if mine.kind != theirs.cell_type:
        yield "the type of a graded cell was changed"
    if mine.points is not None and mine.points != points:
        yield "the points of a cell were changed"
    if set(mine.tags) - set(theirs.metadata.get("tags", ())):
        yield f"tags were put on graded cells: {', '.join(sorted(mine.tags))[:100]}"


def _named_cell(theirs: NotebookNode, mine: SubmittedCell | None) -> NotebookNode:
    source = mine.source if mine is not None and is_answer(theirs) else theirs.source
    if mine is None and is_answer(theirs) and theirs.cell_type == "code":
        # Not the empty answer: it would replace a function that stands in a cell of their own.
        source = "# This cell was not in the submission."
    if theirs.cell_type != "code" and source != theirs.source:
        source = inactive(source)
    cell = _new_cell(theirs.cell_type, source, theirs.get("id"))
    cell["metadata"] = from_dict(dict(theirs.metadata))
    attachments = mine.attachments if mine is not None and is_answer(theirs) else None
    if attachments and cell.cell_type == "markdown":
        cell["attachments"] = attachments
    return cell


def _extra_cell(mine: SubmittedCell, ours: Container[str]) -> NotebookNode:
    text = mine.kind != "code" and mine.source not in ours
    cell = _new_cell(mine.kind, inactive(mine.source) if text else mine.source, mine.cell_id)
    if mine.attachments and mine.kind != "code":
        cell["attachments"] = mine.attachments
    return cell


def _new_cell(kind: str, source: str, cell_id: str | None) -> NotebookNode:
    """Return a cell as nbformat makes it. It is checked with the whole notebook, which is fast."""
    cell = NotebookNode(id=cell_id or "", cell_type=kind, metadata=NotebookNode(), source=source)
    if kind == "code":
        cell.update(execution_count=None, outputs=[])
    return cell


def _unique_ids(cells: list[NotebookNode]) -> None:
    ids: set[str] = set()
    for number, cell in enumerate(cells):
        if not cell["id"] or cell["id"] in ids:
            cell["id"] = f"cell-{number}"
            while cell["id"] in ids:
                cell["id"] += "-"
        ids.add(cell["id"])
