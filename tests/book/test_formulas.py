"""Formulas are set when the site is built: their HTML, and the rules that a page gets for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from book.extensions import formulas

FRACTION = r"\frac{\partial L}{\partial w} = \sum_{k} x_k"


def test_a_formula_is_set_for_the_eye_and_the_ear() -> None:
    html = formulas.html_of(FRACTION, display=True)
    assert html.startswith('<mjx-container class="MathJax" jax="CHTML" display="true"')
    assert "<mjx-mfrac>" in html
    assert "<mfrac><mrow><mi>∂</mi><mi>L</mi></mrow>" in html  # MathML
    assert 'aria-hidden="true"' in html  # what the eye sees is not read aloud a second time


@pytest.mark.parametrize(
    ("tex", "error"),
    [
        (r"\fraction{1}{2}", "Undefined control sequence"),
        (r"\frac{1", "Missing close brace"),
        (r"\begin{align} x", "Missing .end.align"),
    ],
)
def test_what_is_no_tex_is_an_error(tex: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        formulas.html_of(tex)


def test_lines_of_a_formula_are_written_as_sphinx_does() -> None:
    assert formulas.aligned("x = 1") == "x = 1"
    assert formulas.aligned(r"x &= 1 \\ y &= 2") == r"\begin{split}x &= 1 \\ y &= 2\end{split}"
    two = formulas.aligned("x = 1\n\ny = 2\n")
    assert two == r"\begin{align}\begin{aligned}x = 1\\y = 2\end{aligned}\end{align}"


def test_a_page_gets_the_rules_of_its_glyphs_and_no_others() -> None:
    rules = formulas.rules_for(formulas.html_of("x + y"), "../fonts")
    glyphs = re.findall(r"mjx-c\.(mjx-c[0-9A-F]+)", rules)
    assert sorted(glyphs) == sorted(f"mjx-c{code}" for code in ("1D465", "1D466", "2B"))
    assert 'url("../fonts/MathJax_Main-Regular.woff")' in rules
    assert formulas.PLACEHOLDER not in rules


@pytest.mark.parametrize(
    "tex",
    [
        FRACTION,
        r"\left( \frac{\frac{a}{b}}{\frac{c}{d}} \right) \cdot \mathbf{W}^{\top}",
        r"\begin{pmatrix} 1 & 0 & -1 \\ 1 & 0 & -1 \\ 1 & 0 & -1 \\ 2 & 2 & 2 \end{pmatrix}",
        r"\operatorname{ReLU}(x) = \max(0, x), \quad \hat{y}_i \in \mathbb{R}, \text{ for all } i",
        r"\sqrt{\overline{x}} \underbrace{a + b}_{n} \lfloor \mathcal{L} \rfloor",
    ],
)
def test_every_glyph_of_a_page_is_drawn_by_a_font_of_the_site(browser: Browser, tex: str) -> None:
    """No glyph is without a rule: it has a picture, and one in a font that is there."""
    html = formulas.html_of(tex, display=True)
    fonts = (formulas.mathjax_folder() / formulas.FONTS).as_uri()
    page = browser.new_page()
    page.set_content(f"<style>{formulas.rules_for(html, fonts)}</style>{html}")
    glyphs = page.evaluate(
        "[...document.querySelectorAll('mjx-c')].map((glyph) => {"
        "  const style = getComputedStyle(glyph, '::before');"
        "  return [glyph.className, style.content, style.fontFamily];"
        "})"
    )
    page.close()
    assert len(glyphs) > 5
    for name, content, family in glyphs:
        assert content not in ("none", "normal"), name
        assert family.startswith("MJX"), name


def test_fonts_are_those_that_the_rules_name() -> None:
    files = {path.name for path in (formulas.mathjax_folder() / formulas.FONTS).iterdir()}
    named = re.findall(r"MathJax_[\w-]+\.woff", formulas.rules_for("", Path("fonts").as_posix()))
    assert named
    assert set(named) <= files
