"""Of the theme, the site gets what its pages use.

The theme brings every icon of Font Awesome twice, as a script of 1.5 MB and as fonts, and the rules
of all of Bootstrap. Pages ask for no script of icons (``_templates/static/webpack-macros.html``).
Once all are written, the font of the icons is cut down to those that the pages show, and the style
sheets of theme and extensions to rules about classes that occur. Their licenses stay inside them.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pydata_sphinx_theme
import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
SHEETS = (
    "styles/pydata-sphinx-theme.css",
    "styles/sphinx-book-theme.css",
    "basic.css",
    "sphinx-design.min.css",
    "mystnb.*.css",
)
"""Sphinx puts them into the folder ``_static`` anew, whole, in every build that writes a page."""

ICONS = "vendor/fontawesome/webfonts/fa-solid-900.woff2"
OWN_NAME = "Icons of the course"
"""A part of a font may not bear its name (SIL Open Font License, reserved font name)."""

LICENSE = "Some icons of Font Awesome Free, https://fontawesome.com, SIL Open Font License 1.1"

UNUSED = (
    "scripts/fontawesome.js*",
    "scripts/*.map",
    "styles/*.map",
    "vendor/fontawesome/webfonts/*.ttf",
    "vendor/fontawesome/webfonts/fa-regular-400.woff2",
    "vendor/fontawesome/webfonts/fa-brands-400.woff2",
)
"""What no page asks for, in the folder ``_static``."""

BOOTSTRAP = "scripts/bootstrap.js"
BOOTSTRAP_CLASSES = (
    *("tooltip", "tooltip-inner", "tooltip-arrow", "bs-tooltip-auto", "bs-tooltip-top"),
    *("bs-tooltip-bottom", "bs-tooltip-start", "bs-tooltip-end", "fade", "show", "collapsing"),
)
"""Classes that Bootstrap sets for the parts of it that pages use: tooltips and menus."""

CLASS_ATTRIBUTE = re.compile(r'\b(?:class|id)="([^"]*)"')
WORD = re.compile(r"[A-Za-z_][-\w]*")
NAME = re.compile(r"[.#]((?:\\.|[-\w])+)")
ARGUMENTS = re.compile(r"\([^()]*\)")
ICON = re.compile(r"^\.(fa-[a-z0-9-]+):before$")
CODE_POINT = re.compile(r"\\([0-9a-f]{4})|([\uE000-\uF8FF])")


def words_of(folder: Path) -> set[str]:
    """Return all words that may be a class or an id on the pages of a built site."""
    words = set(BOOTSTRAP_CLASSES)
    for page in folder.rglob("*.html"):
        for names in CLASS_ATTRIBUTE.findall(page.read_text("utf-8")):
            words.update(names.split())
    for script in (folder / "_static").rglob("*.*js"):
        if script != folder / "_static" / BOOTSTRAP:
            words.update(WORD.findall(script.read_text("utf-8")))
    return words


def names_in(selector: str) -> set[str]:
    """Return the classes and ids that a selector asks for."""
    inner = selector
    while inner != (inner := ARGUMENTS.sub("", inner)):  # :not(.a), :is(.a, .b): either will do
        pass
    return {re.sub(r"\\(.)", r"\1", name) for name in NAME.findall(inner)}


def selectors(prelude: Iterable[Any]) -> list[str]:
    """Return the selectors of a rule, which commas separate."""
    parts: list[list[Any]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def needed_rules(rules: Iterable[Any], occurs: Callable[[str], bool]) -> str:
    """Return those rules of a sheet whose classes and ids all occur."""
    used = []
    for rule in rules:
        if rule.type == "qualified-rule":
            names = [name for name in selectors(rule.prelude) if all(map(occurs, names_in(name)))]
            if names:
                used.append(f"{','.join(names)}{{{tinycss2.serialize(rule.content)}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = needed_rules(tinycss2.parse_rule_list(rule.content), occurs)
            if inner:
                used.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
        elif rule.type != "whitespace":
            used.append(rule.serialize())
    return "".join(used)


def cut_sheet(sheet: str, words: set[str]) -> str:
    """Return the theme's style sheet without rules about what does not occur."""
    return needed_rules(tinycss2.parse_stylesheet(sheet), words.__contains__)


def cut_font(source: Path, code_points: set[int]) -> bytes:
    """Return a font with the glyphs of some characters, and its names and license."""
    font = TTFont(source)
    options = subset.Options()
    options.name_IDs = ["*"]
    options.flavor = "woff2"
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=code_points)
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            record.string = OWN_NAME
    font["name"].setName(LICENSE, 13, 3, 1, 0x409)
    font["head"].modified = font["head"].created  # else no two builds would be alike
    font.recalcTimestamp = False
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def code_points_in(sheets: Iterable[str]) -> set[int]:
    """Return the icons that style sheets show: characters for private use."""
    pairs = [pair for sheet in sheets for pair in CODE_POINT.findall(sheet)]
    return {int(code, 16) if code else ord(character) for code, character in pairs}


def cut(app: Sphinx, error: Exception | None) -> None:
    """Cut down sheet and font, and remove what no page asks for."""
    if error is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    for pattern in UNUSED:
        for path in static.glob(pattern):
            path.unlink()
    words = words_of(Path(app.outdir))
    for path in (path for pattern in SHEETS for path in static.glob(pattern)):
        path.write_text(cut_sheet(path.read_text("utf-8"), words), "utf-8")
    sheets = [path.read_text("utf-8") for path in sorted(static.rglob("*.css"))]
    (static / ICONS).write_bytes(cut_font(THEME / ICONS, code_points_in(sheets)))


def add_asset(
    _app: Sphinx, _pagename: str, _templatename: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Give templates ``asset``: the address of a file of the theme, with a digest of it."""

    def asset(name: str) -> str:
        digest = hashlib.sha256((THEME / name).read_bytes()).hexdigest()[:8]
        return f"{context['pathto'](f'_static/{name}', resource=True)}?digest={digest}"

    context["asset"] = asset


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("html-page-context", add_asset)
    app.connect("build-finished", cut)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
