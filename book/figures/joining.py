"""Several ES modules joined into one: a figure's module is then a single text wherever it runs.

A figure may be written in several modules, which import from each other and from those that all
figures share. A notebook's widget and a page take one text only. The modules are put one after the
other, each behind those that it imports from; imports and comments on lines of their own are left
out. All names at the top of the modules so stand in one scope, where each may stand once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.\.?/[\w./]+\.mjs)";\n', re.MULTILINE)
OTHER_IMPORT = re.compile(r"^(?:import\b|export (?:\{|\*)).*|\bimport\(.*", re.MULTILINE)
DECLARATION = re.compile(
    r"^(export )?(?:async )?(?:function\*?|class|const|let|var) ([\w$]+)", re.MULTILINE
)
SEVERAL = re.compile(
    r"""^(?:export[ ])?(?:const|let|var)[ ](?:[\[{].*
    | [\w$]+(?:[ ]=[ ](?:[^()\[\]{},;"'`\n]|\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}
                     |"[^"\n]*"|'[^'\n]*'|`[^`\n]*`)*)?,\s*[\w$]+)""",
    re.MULTILINE | re.VERBOSE,
)
"""A declaration of several names: unpacked ones, or one after the other."""

DEFAULT = re.compile(r"^export default\b", re.MULTILINE)
DOCUMENTATION = re.compile(r"/\*\*(?!/).*?\*/ ?", re.DOTALL)
COMMENT_LINE = re.compile(r"^[ ]*//.*\n", re.MULTILINE)


@dataclass(frozen=True)
class Module:
    """What a module gives to the others and takes from them.

    names: what it declares at its top, and whether that is exported.
    imports: each module that it imports from, and the names that it takes from there.
    """

    path: Path
    text: str
    names: dict[str, bool]
    imports: dict[Path, set[str]]


def joined_module(path: Path) -> str:
    """Return a module together with all that it imports, as one ES module.

    Raises ValueError for what cannot be joined: a name that is not exported, a name at the top of
    two modules, modules that import each other, or another form of import than
    ``import { name } from "./file.mjs";``.
    """
    modules: dict[Path, Module] = {}
    _collect(path.resolve(), modules, ())
    owners: dict[str, Module] = {}
    for module in modules.values():
        if DEFAULT.search(module.text) and module.path != path.resolve():
            raise ValueError(f"{module.path.name} has a default export, but {path.name} imports it")
        for name in module.names:
            if name in owners:
                raise ValueError(
                    f"{owners[name].path.name} and {module.path.name} both declare {name}; "
                    f"{path.name} joins them, so one of the two needs another name"
                )
            owners[name] = module
    return "\n".join(module.text for module in modules.values())


def module_files(path: Path) -> list[Path]:
    """Return the files of a module and of all that it imports, the imported ones first."""
    modules: dict[Path, Module] = {}
    _collect(path.resolve(), modules, ())
    return list(modules)


def _collect(path: Path, modules: dict[Path, Module], importers: tuple[Path, ...]) -> None:
    """Add a module to ``modules``, behind those that it imports from."""
    if path in importers:
        circle = " -> ".join(file.name for file in (*importers[importers.index(path) :], path))
        raise ValueError(f"modules import each other: {circle}")
    if path in modules:
        return
    module = read_module(path)
    for other, names in module.imports.items():
        if not other.exists():
            raise ValueError(f"{path.name} imports from {other.name}, which does not exist")
        _collect(other, modules, (*importers, path))
        exported = [name for name, is_exported in modules[other].names.items() if is_exported]
        unknown = sorted(names - set(exported))
        if unknown:
            raise ValueError(
                f"{path.name} imports {', '.join(unknown)} from {other.name}, "
                f"which exports {', '.join(exported)}"
            )
    modules[path] = module


def read_module(path: Path) -> Module:
    """Read a module. Raises ValueError if its imports or declarations cannot be followed."""
    text = without_comments(path)
    imports: dict[Path, set[str]] = {}
    for names, address in IMPORT.findall(text):
        file = (path.parent / address).resolve()
        imports.setdefault(file, set()).update(re.findall(r"[\w$]+", names))
        if " as " in names:
            raise ValueError(f"{path.name} renames what it imports from {file.name}")
    text = IMPORT.sub("", text)
    for pattern, reason in (
        (OTHER_IMPORT, 'is no import of the form import { name } from "./file.mjs"; at its top'),
        (SEVERAL, "declares several names in one line at its top"),
    ):
        if match := pattern.search(text):
            raise ValueError(f"{path.name}: {match[0].strip()!r} {reason}")
    names = {name: bool(export) for export, name in DECLARATION.findall(text)}
    return Module(path, text.strip() + "\n", names, imports)


def without_comments(path: Path) -> str:
    """Return a module's text without documentation and without comments on lines of their own.

    Raises ValueError where a comment cannot be told from a text in quotes.
    """
    text = COMMENT_LINE.sub("", path.read_text(encoding="utf-8"))
    for line in text.splitlines():
        if line.count("`") % 2:
            raise ValueError(f"{path.name}: a text in ` ` spans lines: {line.strip()!r}")
    for match in DOCUMENTATION.finditer(text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if any(before.count(quote) % 2 for quote in "\"'`"):
            raise ValueError(f"{path.name}: a comment begins inside a text: {before.strip()!r}")
    return re.sub(r"(?:^[ ]*\n)+", "\n", DOCUMENTATION.sub("", text), flags=re.MULTILINE)
