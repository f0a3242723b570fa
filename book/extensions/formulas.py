"""Formulas are set when the site is built, so that no page carries the program that sets them.

MathJax comes with the Python package ``django-static-mathjax`` (nothing of Django is used), and
runs here in the JavaScript engine of the package ``dukpy``. A page gets each formula as HTML, with
MathML inside for screen readers, and the rules for exactly the glyphs that it uses; MathJax's fonts
are copied into the site.
"""

from __future__ import annotations

import functools
import re
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

import dukpy
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

PACKAGE = "django-static-mathjax"
PARTS = (
    "startup",
    "core",
    "adaptors/liteDOM",  # in place of a browser's document
    "input/tex-full",
    "output/chtml",
    "output/chtml/fonts/tex",
    "a11y/assistive-mml",
)
FONTS = "output/chtml/fonts/woff-v2"
FOLDER = "_static/formulas"
PLACEHOLDER = "FONTS"
"""Stands in the rules for the way from a page to the folder of the fonts."""

BEFORE = """
globalThis.setTimeout = (callback) => void Promise.resolve().then(callback);
globalThis.console = { log() {}, warn() {}, error() {} };
globalThis.MathJax = {
  loader: { load: [] },
  tex: { packages: { "[-]": ["noundefined"] } }, // a misspelt command is an error
  chtml: { fontURL: "%s", adaptiveCSS: false },
  options: { enableAssistiveMml: true },
  startup: { typeset: false, adaptor: "liteAdaptor" },
};
null
"""
AFTER = "MathJax.startup.defaultReady(); null"
SET = """
MathJax.startup.adaptor.outerHTML(
  MathJax.tex2chtml(dukpy["tex"], { display: dukpy["display"] }))
"""
RULES = "MathJax.startup.adaptor.textContent(MathJax.chtmlStylesheet())"

ERROR = re.compile(r'<mjx-merror data-mjx-error="([^"]*)"')
TEXT = r'(?:[^{}"]|"(?:\\.|[^"\\])*")'
RULE = re.compile(rf"({TEXT}+)\{{({TEXT}*)\}}")  # a text in quotes may hold a brace
GLYPH = re.compile(r"\.(mjx-c[0-9A-F]+)((?:\.TEX[-\w]*)?)")
CLASSES = re.compile(r'class="(mjx-c[0-9A-F]+)(?: (TEX[-\w]*))?"')
# A delimiter that grows is made of glyphs, which its own class names.
GROWN = re.compile(r'<mjx-stretchy-[hv][^>]* class="(mjx-c[0-9A-F]+)')


def mathjax_folder() -> Path:
    """Return the folder of MathJax's ready-made programs in the installed package."""
    try:
        package = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError as error:
        raise ExtensionError(
            f"the package that brings MathJax is not installed: pip install {PACKAGE}"
        ) from error
    return Path(str(package.locate_file("mathjax/static/mathjax/es5")))


@functools.cache
def engine() -> dukpy.JSInterpreter:
    """Return a JavaScript engine in which MathJax is ready."""
    interpreter = dukpy.JSInterpreter()
    interpreter.evaljs(BEFORE % PLACEHOLDER)
    for part in PARTS:
        interpreter.evaljs((mathjax_folder() / f"{part}.js").read_text("utf-8") + ";\nnull")
    interpreter.evaljs(AFTER)
    return interpreter


@functools.cache
def html_of(tex: str, display: bool = False) -> str:
    """Return a formula as HTML. Raises ValueError if it is no TeX."""
    result = str(engine().evaljs(SET, tex=tex, display=display))
    if error := ERROR.search(result):
        raise ValueError(error[1])
    return result


@functools.cache
def all_rules() -> tuple[tuple[str, str], ...]:
    """Return MathJax's style sheet: selectors and declarations."""
    rules = RULE.findall(str(engine().evaljs(RULES)))
    return tuple(
        (re.sub(r"/\*.*?\*/", "", names).strip(), re.sub(r"\s+", " ", values).strip())
        for names, values in rules
    )


def rules_for(page: str, fonts: str) -> str:
    """Return the rules that the formulas of a page need.

    page: its HTML. fonts: the address of the folder of the fonts, from the page.
    """
    glyphs = set(CLASSES.findall(page))
    grown = set(GROWN.findall(page))

    def needed(selector: str) -> bool:
        glyph = GLYPH.search(selector)
        if glyph is None:
            return True
        if selector.startswith("mjx-stretchy"):
            return glyph[1] in grown
        return (glyph[1], glyph[2].lstrip(".")) in glyphs

    sheet = "\n".join(f"{name}{{{values}}}" for name, values in all_rules() if needed(name))
    return sheet.replace(PLACEHOLDER, fonts)


def written(translator: Any, node: nodes.Node, tex: str, display: bool) -> str:
    """Return a formula as HTML; warn where it is no TeX."""
    try:
        return html_of(tex, display)
    except ValueError as error:
        message = f"This formula cannot be set: {error}"
        logging.getLogger(__name__).warning(message, location=node)
        return str(translator.encode(tex))


def visit_math(translator: Any, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    tag = translator.starttag(node, "span", "", CLASS="math notranslate nohighlight")
    translator.body += [tag, written(translator, node, node.astext(), display=False), "</span>"]
    raise nodes.SkipNode


def visit_math_block(translator: Any, node: nodes.math_block) -> None:
    """Write a formula that stands alone, with its number."""
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    tex = node.astext() if node["nowrap"] else aligned(node.astext())
    translator.body += [written(translator, node, tex, display=True), "</div>\n"]
    raise nodes.SkipNode


def aligned(tex: str) -> str:
    """Return the lines of a formula below each other, as Sphinx writes them for LaTeX."""
    lines = [line.strip() for line in tex.split("\n\n") if line.strip()]
    lines = [rf"\begin{{split}}{line}\end{{split}}" if r"\\" in line else line for line in lines]
    if len(lines) == 1:
        return lines[0]
    return r"\begin{align}\begin{aligned}" + r"\\".join(lines) + r"\end{aligned}\end{align}"


def copy_fonts(app: Sphinx) -> None:
    """Copy MathJax's fonts into the site."""
    if app.builder.format == "html":
        shutil.copytree(mathjax_folder() / FONTS, Path(app.outdir, FOLDER), dirs_exist_ok=True)


def add_rules(
    _app: Sphinx, _pagename: str, _templatename: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Give a page with formulas the rules that these need."""
    if "<mjx-container" in context.get("body", ""):
        rules = rules_for(context["body"], context["pathto"](FOLDER, resource=True))
        context["metatags"] = f"{context.get('metatags', '')}\n<style>\n{rules}\n</style>\n"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    mathjax_folder()
    app.add_html_math_renderer("built", (visit_math, None), (visit_math_block, None))
    app.connect("builder-inited", copy_fonts)
    app.connect("html-page-context", add_rules)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
