"""Pairs of answers that are strikingly similar, by their syntax trees.

Names that a student chose, comments, docstrings and annotations do not count, so a copy with other
names is still one. What is left is cut into short runs of neighboring nodes. A run that many share
says nothing (there are not many ways to write four loops); one that two share says much. So each
run counts by how rare it is in the class.

Likeness is a reason to look, and no proof: whoever worked together is also alike.
"""

from __future__ import annotations

import ast
import dataclasses
import itertools
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from autograder.syntax_trees import syntax_tree

RUN = 8
"""So many neighboring nodes are compared at a time."""

SHORT = 80
"""A right function of fewer nodes is left out: everybody writes it like that."""

RARE = 6
"""A run that so many students share, at most, points at pairs that are worth a look."""

FEWEST = 15
"""Pairs that share fewer rare runs are not looked at."""

STRIKING = 0.6
"""From this likeness of all answers together on, a pair is listed."""

STRIKING_TASK = 0.85
"""The same for a single task, where it shares enough rare runs."""


@dataclasses.dataclass(frozen=True)
class Written:
    """An answer: the task, its source, and whether it earned all points."""

    task: str
    source: str
    right: bool = False


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two students whose answers are alike.

    ``likeness`` of all answers together is from 0 to 1, ``evidence`` says how much rare code they
    share. ``tasks`` are those that are alike, with the likeness of each, the most telling first;
    ``same`` are the tasks whose source is the same to the letter, comments included.
    """

    first: str
    second: str
    likeness: float
    evidence: float
    tasks: Mapping[str, float]
    same: tuple[str, ...]


Run = tuple[str, int]
"""A task, and a digest of some neighboring nodes of an answer to it."""


def similar_pairs(
    written: Mapping[str, Sequence[Written]], released: Mapping[str, str]
) -> list[Pair]:
    """Return the strikingly similar pairs of a class, the most telling first.

    ``written`` are the answers by student, ``released`` the sources that they were handed out, by
    task.
    """
    handed_out = {task: set(_runs(_nodes(source) or ())) for task, source in released.items()}
    sources = {student: {a.task: a.source for a in answers} for student, answers in written.items()}
    runs = {student: _of_student(answers, handed_out) for student, answers in written.items()}
    holders: dict[Run, list[str]] = {}
    for student in sorted(runs):
        for run in runs[student]:
            holders.setdefault(run, []).append(student)
    weights = {run: math.log((len(runs) + 1) / len(those)) for run, those in holders.items()}
    rare: Counter[tuple[str, str]] = Counter()
    for those in holders.values():
        if 2 <= len(those) <= RARE:
            rare.update(itertools.combinations(those, 2))
    pairs = []
    for (first, second), count in rare.items():
        if count < FEWEST:
            continue
        pair = _pair((first, second), (runs[first], runs[second]), weights)
        if pair.tasks:
            same = tuple(t for t in pair.tasks if sources[first][t] == sources[second][t])
            pairs.append(dataclasses.replace(pair, same=same))
    return sorted(pairs, key=lambda pair: (-pair.evidence, pair.first, pair.second))


def same_texts(
    written: Mapping[str, Sequence[Written]], released: Mapping[str, str]
) -> list[tuple[str, list[str]]]:
    """Return the tasks with answers that many students share to the letter, with these students.

    Many are more than ``RARE``: what so many share points at no pair. Short right functions, and
    what was handed out, are left out.
    """
    holders: dict[tuple[str, str], list[str]] = {}
    for student in sorted(written):
        for answer in written[student]:
            if answer.source.strip() != released.get(answer.task, "").strip():
                nodes = _nodes(answer.source)
                if nodes is None or not answer.right or len(nodes) >= SHORT:
                    holders.setdefault((answer.task, answer.source.strip()), []).append(student)
    return [(task, those) for (task, _), those in holders.items() if len(those) > RARE]


def _pair(
    names: tuple[str, str],
    runs: tuple[frozenset[Run], frozenset[Run]],
    weights: Mapping[Run, float],
) -> Pair:
    """Compare two students; the pair has no tasks if it is not striking."""
    both, either = runs[0] & runs[1], runs[0] | runs[1]
    shared: dict[str, float] = {}
    whole: dict[str, float] = {}
    for run in sorted(either):
        task = run[0]
        whole[task] = whole.get(task, 0.0) + weights[run]
        shared[task] = shared.get(task, 0.0) + (weights[run] if run in both else 0.0)
    alike = {task: shared[task] / whole[task] for task in shared if shared[task]}
    likeness = sum(shared.values()) / sum(whole.values())
    counts = Counter(task for task, _ in both)
    least = STRIKING if likeness >= STRIKING else STRIKING_TASK
    tasks = {
        task: round(alike[task], 2)
        for task in sorted(alike, key=lambda task: (-shared[task], task))
        if alike[task] >= least and (least == STRIKING or counts[task] >= FEWEST)
    }
    evidence = round(sum(shared[task] for task in tasks), 1)
    return Pair(*names, round(likeness, 2), evidence, tasks, ())


def _of_student(answers: Sequence[Written], handed_out: Mapping[str, set[int]]) -> frozenset[Run]:
    """Return the runs of a student's answers, without those of what was handed out."""
    runs: set[Run] = set()
    for answer in answers:
        nodes = _nodes(answer.source)
        if nodes is None or (answer.right and len(nodes) < SHORT):
            continue
        new = set(_runs(nodes)) - handed_out.get(answer.task, set())
        runs.update((answer.task, run) for run in new)
    return frozenset(runs)


def _runs(nodes: Sequence[str]) -> Iterator[int]:
    for start in range(len(nodes) - RUN + 1):
        yield zlib.crc32(" ".join(nodes[start : start + RUN]).encode("utf-8", "replace"))


def _nodes(source: str) -> list[str] | None:
    """Return the nodes of some source in their order, None if it is no Python.

    Names that it binds are all the same; those that it takes from elsewhere stay.
    """
    try:
        tree = syntax_tree(source)
        own = {
            name
            for node in ast.walk(tree)
            for name in (
                [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else ()
            )
        }
        own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        return list(_walk(tree, own))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _walk(node: ast.AST, own: set[str]) -> Iterator[str]:
    label = _label(node, own)
    if label:
        yield label
    for child in _children(node):
        yield from _walk(child, own)


def _label(node: ast.AST, own: set[str]) -> str:
    """Return what counts of a node itself, nothing where it does not count."""
    match node:
        case ast.Load() | ast.Store() | ast.Del() | ast.arguments():
            return ""
        case ast.Expr(value=ast.Constant()):  # a docstring, or a comment as text
            return ""
        case ast.Name(id=name):
            return "own" if name in own else name
        case ast.arg():
            return "own"
        case ast.Constant(value=value):
            return "text" if isinstance(value, str | bytes) else repr(value)
        case ast.Attribute(attr=name):
            return f".{name}"
        case ast.AugAssign() | ast.AnnAssign():
            return "Assign"
    return type(node).__name__


def _children(node: ast.AST) -> Iterable[ast.AST]:
    """Return what counts of what is in a node."""
    match node:
        case ast.AugAssign(target=target, op=op, value=value):  # x += y is x = x + y
            return target, ast.BinOp(target, op, value)
        case ast.FunctionDef(body=body):  # without its name and parameters, which the task gives
            return body
        case ast.AnnAssign(target=target, value=value):
            return [target] if value is None else [target, value]
        case ast.Expr(value=ast.Constant()) | ast.arg():
            return ()
    return ast.iter_child_nodes(node)
