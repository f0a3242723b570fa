"""Copies are found in other words; work that was done alone is left alone."""

from __future__ import annotations

import ast
import time

import pytest

from autograder.teaching.similar import Written, same_texts, similar_pairs
from tests.diagnosis.wrong_functions import wrong_functions

CHAPTERS = ("filters", "padding_stride", "pooling", "backprop", "training")
Class = dict[str, list[Written]]

MEAN = """\
def mean(x):
    total = 0.0
    for value in x:
        total = total + value
    return total / len(x)
"""


def honest_class(chapter: str) -> Class:
    """A class in which nobody has written the same function as another."""
    by_task: dict[str, list[str]] = {}
    for wrong in wrong_functions(chapter):
        by_task.setdefault(wrong.task, []).append(wrong.source)
    return {
        f"s{number}": [
            Written(task, sources[number])
            for task, sources in by_task.items()
            if number < len(sources)
        ]
        for number in range(max(map(len, by_task.values())))
    }


class Renamed(ast.NodeTransformer):
    """Other names, a docstring, a print, and `x = x + y` instead of `x += y`."""

    def __init__(self, tree: ast.AST) -> None:
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        self.names = {name: f"my_{number}" for number, name in enumerate(sorted(own))}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.body[1:1] = ast.parse("print('at work')").body
        node.body[:0] = ast.parse("'''My own idea.'''").body
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.Assign:
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return node
        read = ast.Name(node.target.id, ast.Load())
        return ast.Assign([node.target], ast.BinOp(read, node.op, node.value))


def copied(answers: list[Written]) -> list[Written]:
    copies = []
    for answer in answers:
        tree = ast.parse(answer.source)
        changed = ast.fix_missing_locations(Renamed(tree).visit(tree))
        copies.append(Written(answer.task, ast.unparse(changed), answer.right))
    return copies


def test_copies_are_found_and_honest_work_is_not() -> None:
    """The numbers of docs/reports.md."""
    honest = pairs = found = copies = 0
    for chapter in CHAPTERS:
        members = honest_class(chapter)
        honest += len(members) * (len(members) - 1) // 2
        pairs += len(similar_pairs(members, {}))
        for start in range(3):
            names = list(members)[start::3]
            copying = {f"copy of {name}": copied(members[name]) for name in names}
            listed = similar_pairs({**members, **copying}, {})
            known = {frozenset((pair.first, pair.second)) for pair in listed}
            copies += len(names)
            found += sum(frozenset((name, f"copy of {name}")) in known for name in names)
    assert (pairs, honest) == (5, 963)
    assert (found, copies) == (90, 97)


def test_short_perfect_functions_are_left_out() -> None:
    right: Class = {f"s{n}": [Written("mean", MEAN, right=True)] for n in range(3)}
    assert similar_pairs(right, {}) == []


def test_what_was_handed_out_does_not_count() -> None:
    [long] = [w.source for w in wrong_functions("filters") if w.name == "running_total"]
    members: Class = {f"s{n}": [Written("corr2d", long)] for n in range(2)}
    members["other"] = [Written("corr2d", MEAN)]
    assert [pair.same for pair in similar_pairs(members, {})] == [("corr2d",)]
    assert similar_pairs(members, {"corr2d": long}) == []


def test_what_many_share_to_the_letter_is_one_line() -> None:
    [long] = [w.source for w in wrong_functions("filters") if w.name == "running_total"]
    members: Class = {f"s{n}": [Written("corr2d", long)] for n in range(8)}
    assert similar_pairs(members, {}) == []
    assert same_texts(members, {}) == [("corr2d", [f"s{n}" for n in range(8)])]
    assert same_texts(members, {"corr2d": long}) == []
    right: Class = {name: [Written("mean", MEAN, right=True)] for name in members}
    assert same_texts(right, {}) == []


@pytest.mark.parametrize(
    "source", ["def f(:", "\0", "(" * 10_000, "x = " + "-" * 100_000 + "1", "", "# nothing"]
)
def test_what_is_no_python_is_like_nothing(source: str) -> None:
    members: Class = {name: [Written("corr2d", source)] for name in ("ada", "ben")}
    assert similar_pairs(members, {}) == []


def test_a_large_class_takes_seconds() -> None:
    """Runs that many share point at no pair: the work grows with the class, not its square."""
    source = honest_class("filters")["s0"]
    members: Class = {}
    for number in range(200):
        changed = [
            Written(a.task, a.source.replace("return ", f"value = {number}\n    return "))
            for a in source
        ]
        members[f"s{number}"] = changed
    started = time.process_time()
    assert similar_pairs(members, {}) == []
    assert time.process_time() - started < 5
