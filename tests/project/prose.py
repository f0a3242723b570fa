"""The book's English: words and turns that it does not use, and what it says instead.

``python -m tests.project.prose [FILE ...]`` reads Markdown and the hints of exercises. The rules
stand in RULES, and nowhere else. They know what translated English sounds like; spelling, the
American one included, is left to codespell.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests import COURSE


class Rule(NamedTuple):
    """``pattern`` finds what is not said, ``instead`` says what is; ``wrong`` is an example."""

    pattern: str
    instead: str
    wrong: str


THING = r"(?:the|a|an|its|their|one|two|three|all)\b"
RULES = (
    # The order of words.
    Rule(
        r"(?:^|[.:;] +|\n)(?:At|In|On|Below|Above|Beside|Behind|Between|Before|Under) "
        rf"[^.,:;?\n]{{1,50}}? (?:stands?|lies?|sits?|comes?|goes|follows?) {THING}",
        "the subject first: a zero stands at the border",
        "At the border stands a zero.",
    ),
    Rule(r"\bThen comes?\b", "the subject first: ... comes next", "Then comes a cell with code."),
    Rule(
        r"(?:^|[.:;>] +|\n)So (?:many|much|large|small|few) (?!as\b|that\b)",
        "That is how many ..., or: that is the number of ...",
        "So many weights there are.",
    ),
    Rule(
        r"\bHow (?:many|much)(?: [\w-]+){1,2} ha(?:s|ve) (?:a|an|the|its|each|one)\b"
        r"(?![^?]*\b(?:\w+ed|seen|read)\b)",
        "How many ... does ... have?",
        "How many weights has a filter?",
    ),
    Rule(
        r"\b(?:Which|What) (?:shape|size|color|sign) ha(?:s|ve)\b",
        "What is the ... of ...?",
        "Which shape has b?",
    ),
    # Words.
    Rule(r"\banew\b", "again", "The noise is drawn anew."),
    Rule(r"\b(?:Who|who)ever\b", "anyone who, or: you", "Whoever mixes them up fails."),
    Rule(r"\bwholly\b", "completely", "It lies wholly inside."),
    Rule(r"\b[Mm]end(?:s|ed|ing)?\b", "fix, correct", "Mend your function."),
    Rule(r"\bhand(?:s|ed)? on\b", "pass on", "A layer hands on its maps."),
    Rule(
        r"\b(?:not|no|nothing)\b[^.?!\n]{0,40}\bany more\b",
        "no longer",
        "It does not fit any more.",
    ),
    Rule(r"\bper cent\b", "percent", "Five per cent are left."),
    Rule(r"\bhalf-way\b", "halfway", "It stops half-way."),
    Rule(r"\bfor ever\b", "forever", "It stays for ever."),
    Rule(r"\bsidewards?\b", "sideways", "Move it sideward."),
    Rule(r"\bnext to nothing\b", "almost nothing", "It costs next to nothing."),
    Rule(r"\bbut for\b", "except for, apart from", "It is 0 but for the corner."),
    Rule(r"\bupon each other\b", "on top of each other", "They lie upon each other."),
    Rule(r"\btrainings\b", "training runs", "Five broken trainings."),
    Rule(r"\btelephones?\b", "phone", "It runs on a telephone."),
    Rule(
        r"\bto fulfill? (?:the|a|an|this|that) (?:condition|equation)\b",
        "satisfy",
        "It has to fulfill a condition.",
    ),
    Rule(r"\bcurve of Gauss\b", "Gaussian", "It tends to the curve of Gauss."),
    Rule(
        r"\b(?:is|are|was) no (?:square|inverse|power|model|way|evidence|proof|invariance)\b",
        "is not a ...",
        "It is no model of a cat.",
    ),
    Rule(
        r"\b(?:derivative|gradient)s? of [\w ]{1,30} by (?:the|a|one|each)\b",
        "with respect to",
        "The derivative of the score by the pixels.",
    ),
    Rule(
        r"\bbehind (?:a|the|its|each|every) (?:ReLU|softmax|normalization|layer|convolution)\b",
        "after",
        "Behind a ReLU nothing is negative; so it is behind a ReLU.",
    ),
    Rule(
        r"\bstands? (?:in|at|above|below|beside|behind|between|before)\b(?! for\b)",
        "is, lies, or: name who puts it there",
        "The number stands below the picture.",
    ),
    # Slips.
    Rule(r"\b(?!\d)(\w+)(?: +| *\n *)\1\b", "the word once", "It is the the same."),
    Rule(r"\ba (?!(?:one|once|uni\w*|use\w*|usu\w*|eu\w*)\b)[aeiou][a-z]+", "an", "It is a edge."),
    Rule(
        r"\b[Aa]n (?!(?:hour|honest|nbgrader)\w*)[bcdfghjklmnpqrstvwyz][a-z]+",
        "a",
        "It is an filter.",
    ),
)
HINTS = frozenset({"title", "symptom", "hint"})
"""What a ``Misconception`` says to readers."""


def files() -> list[str]:
    """Return the files that are read: pages, exercises, documents, and modules with hints."""
    listed = ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"]
    paths = ["book/*.md", "solutions/*.md", "solutions/*.py", "docs/*.md", "README.md"]
    done = subprocess.run([*listed, *paths], cwd=COURSE, text=True, capture_output=True, check=True)
    return [name for name in done.stdout.splitlines() if is_read(name)]


def is_read(name: str) -> bool:
    """Tell whether a file holds prose for readers, by its path in the course."""
    path = Path(name)
    if path.name in ("marks.md", "diagnosis.md"):  # generated; quotes what programs print
        return False
    if path.suffix == ".py":
        return path.parts[0] == "solutions"
    return path.suffix == ".md" and (
        path.parts[0] in ("book", "solutions", "docs") or name == "README.md"
    )


def placeholder(markup: re.Match[str]) -> str:
    """Return what stands in for a formula or code in a sentence, on as many lines."""
    return "\n" * markup[0].count("\n") + "0"


def markdown_prose(text: str) -> str:
    """Return the prose of a page, line by line: without its header, code, formulas and roles."""
    text = re.sub(
        r"\A---\n.*?\n---\n", lambda header: "\n" * header[0].count("\n"), text, flags=re.S
    )
    lines, fence = [], ""
    for line in text.split("\n"):
        stripped = line.strip()
        opening = re.match(
            r"(`{3,})(\{(?:code-cell|task-cell|common-mistakes|review)\b|\w)", stripped
        )
        if fence:
            fence = "" if stripped == fence else fence
            lines.append("")
        elif opening:
            fence = opening[1]
            lines.append("")
        elif stripped.startswith(("```", ":::")) or re.match(r":[\w-]+: (?!\w+ [a-z])", stripped):
            lines.append("")
        else:
            lines.append(line.replace("> ", "  ", 1) if stripped.startswith("> ") else line)
    prose = "\n".join(lines)
    for markup in (r"\$\$.*?\$\$", r"\$[^$]*\$", r"\{[\w:-]+\}`[^`]*`", r"`[^`]*`"):
        prose = re.sub(markup, placeholder, prose, flags=re.S)
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", prose)


def hints(text: str) -> str:
    """Return what a module says to readers of its misconceptions, each on its own line."""
    lines = [""] * (text.count("\n") + 1)
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.keyword)
            and node.arg in HINTS
            and isinstance(node.value, ast.Constant)
        ):
            lines[node.value.lineno - 1] = re.sub(r"`[^`]*`", "0", str(node.value.value))
    return "\n".join(lines)


def offenses(name: str, text: str) -> list[str]:
    """Return what breaks a rule in a file, as ``file:line: words: say ...``."""
    prose = hints(text) if name.endswith(".py") else markdown_prose(text)
    broken = []
    for rule in RULES:
        for match in re.finditer(rule.pattern, prose):
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            line = prose.count("\n", 0, start) + 1
            broken.append(f"{name}:{line}: {' '.join(match[0].split())!r}: say: {rule.instead}")
    return broken


def main(names: list[str]) -> int:
    """Print what breaks a rule in the files that are read; return 1 if anything does."""
    broken = [
        offense
        for name in (filter(is_read, names) if names else files())
        for offense in offenses(name, (COURSE / name).read_text(encoding="utf-8"))
    ]
    print("\n".join(broken) or "The prose breaks no rule.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
