"""What on the pages of the chapter "What a trained network sees" depends on the network shown.

    python -m tests.book.page_networks

lists it, page by page: figures, printed results and sentences, and what keeps each true. A
statement depends on the chosen network if it asks for it, or reads a name from one that does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jupytext

from tests import COURSE

PAGES = sorted((COURSE / "book" / "visualization").glob("*.md"))

ASKS = ("network", "alexnet_filters")
"""Functions of the pages' demonstrations that give what the setting chooses."""

NAMES_ONE = re.compile("small (VGG|network)|VGG16|AlexNet|drawn picture")
"""Words that say of which network a sentence is true."""

GLUED = re.compile(r"{glue:text}`([^`:]+)(?::[^`]*)?`")
SCOPES = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda, ast.FunctionDef)
CHANGES = ("append", "extend", "update", "setdefault")


@dataclass
class Statement:
    """A statement of a page.

    cell: the number of its cell; hidden: the cell is not on the page.
    figure, caption: those of the cell, empty where it makes none.
    reads, writes: names; certain: it writes them whatever happens, and anew.
    chosen: it depends on the network that the setting chooses.
    """

    tree: ast.stmt
    cell: int
    hidden: bool
    figure: str = ""
    caption: str = ""
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    chosen: bool = False

    @property
    def certain(self) -> bool:
        """Whether a name that it writes has nothing of what it was before."""
        return isinstance(self.tree, ast.Assign | ast.FunctionDef | ast.Import | ast.ImportFrom)

    @property
    def glued(self) -> list[re.Pattern[str]]:
        """The names of the numbers and words that it keeps for the text."""
        names = [call.args[0] for call in calls(self.tree) if called(call).startswith("glue")]
        return [
            re.compile(
                "".join(
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"
                    for part in (name.values if isinstance(name, ast.JoinedStr) else [name])
                )
            )
            for name in names
        ]

    @property
    def alternative_texts(self) -> list[ast.expr]:
        """What its figures give as their alternative texts."""
        return [
            word.value for call in calls(self.tree) for word in call.keywords if word.arg == "alt"
        ]


def calls(tree: ast.AST) -> list[ast.Call]:
    """Return all calls in a tree."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def called(call: ast.Call) -> str:
    """Return the last part of a called function's name."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def names_of(tree: ast.AST) -> tuple[set[str], set[str]]:
    """Return the names that a tree reads from outside, and those that it writes there."""
    reads: set[str] = set()
    writes: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, SCOPES):
            own = {name.arg for name in ast.walk(node) if isinstance(name, ast.arg)}
            inner_reads, inner_writes = names_of(node)
            reads |= inner_reads - inner_writes - own
            if isinstance(node, ast.FunctionDef):
                writes.add(node.name)
        else:
            inner_reads, inner_writes = names_of(node)
            reads |= inner_reads
            writes |= inner_writes
        if isinstance(node, ast.Name):
            (writes if isinstance(node.ctx, ast.Store) else reads).add(node.id)
        elif isinstance(node, ast.alias):
            writes.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            writes |= {name.id for name in (node.value,) if isinstance(name, ast.Name)}
        elif isinstance(node, ast.Call) and called(node) in CHANGES:
            reads_of_list, _ = names_of(ast.Expr(node.func))
            writes |= reads_of_list
    if isinstance(tree, ast.AugAssign):
        reads |= {name.id for name in ast.walk(tree.target) if isinstance(name, ast.Name)}
    return reads, writes


def statements(page: Path) -> list[Statement]:
    """Return the statements of a page, in order."""
    chosen: set[str] = set()
    own = []
    for number, cell in enumerate(jupytext.read(page).cells):
        if cell.cell_type != "code":
            continue
        figure = cell.metadata.get("mystnb", {}).get("figure", {})
        hidden = "remove-cell" in cell.metadata.get("tags", [])
        for tree in ast.parse(cell.source).body:
            statement = Statement(
                tree, number, hidden, figure.get("name", ""), figure.get("caption", "")
            )
            statement.reads, statement.writes = names_of(ast.Module([tree], []))
            statement.chosen = bool(statement.reads & chosen) or any(
                called(call) in ASKS for call in calls(tree)
            )
            if statement.chosen:
                chosen |= statement.writes
            elif statement.certain:
                chosen -= statement.writes
            own.append(statement)
    return own


def needed(page: list[Statement], wanted: Iterable[Statement]) -> list[Statement]:
    """Return the wanted statements of a page and those that they need, in order."""
    names: set[str] = set()
    chain = []
    asked_for = {id(statement) for statement in wanted}
    for statement in reversed(page):
        if id(statement) in asked_for or names & statement.writes:
            chain.append(statement)
            names = (names - statement.writes if statement.certain else names) | statement.reads
    return chain[::-1]


def sentences(page: Path) -> Iterator[str]:
    """Return the sentences of a page, each on one line."""
    text = re.sub(r"\A---.*?\n---\n", "", page.read_text(), flags=re.DOTALL)
    code = r"^```(?:{code-cell} )?python.*?^```$|^:(?:name|alt|class):[^\n]*|^`{3,}[^\n]*"
    text = re.sub(code, "\n", text, flags=re.DOTALL | re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n|\n(?=[-|#])", text):
        yield from re.split(r"(?<=[.?!]) (?=[A-Z*{(])", " ".join(paragraph.split()))


def guard(statement: Statement) -> str:
    """Return what keeps a statement's result true under either network; empty if it needs none."""
    if statement.chosen and statement.alternative_texts:
        return "picture, titles and alternative text are computed"
    if statement.chosen and isinstance(statement.tree, ast.Assert):
        return "asserted for either network"
    if statement.chosen and statement.hidden and "is_small" in map(called, calls(statement.tree)):
        return "asserted for the small network"
    if statement.chosen and statement.hidden and "network.trained" in ast.unparse(statement.tree):
        return "asserted for a trained network"
    if statement.chosen and "print" in map(called, calls(statement.tree)):
        return "computed"
    if NAMES_ONE.search(statement.caption) and statement.alternative_texts:
        return "the caption names the network"
    return ""


def listing(page: Path) -> Iterator[str]:
    """Return what of a page depends on a network, and what guards it, as rows of a table."""
    yield f"## {page.stem}\n\n| what | guard |\n|---|---|"
    own = statements(page)
    for statement in own:
        code = f"`{statement.figure or ast.unparse(statement.tree).splitlines()[0][:90]}`"
        if words := guard(statement):
            yield f"| {code.replace('|', '')} | {words} |"
    numbers = [name for statement in own if statement.chosen for name in statement.glued]
    for sentence in sentences(page):
        glued = [
            name for name in GLUED.findall(sentence) if any(n.fullmatch(name) for n in numbers)
        ]
        if glued or NAMES_ONE.search(sentence):
            words = f"computed: {', '.join(glued)}" if glued else "it names the network"
            yield f"| {sentence.replace('|', '')} | {words} |"


def main() -> None:
    """Print the list."""
    for page in PAGES:
        print("\n".join(listing(page)), end="\n\n")


if __name__ == "__main__":
    main()
