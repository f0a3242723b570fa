"""What is left of the theme: rules about classes that occur, icons that are shown."""

from __future__ import annotations

import io
from pathlib import Path

from fontTools.ttLib import TTFont

from book.extensions import light_theme

SHEET = """
@font-face{font-family:Icons;src:url(a.woff2)}
.used,.unused{color:red}
.unused .used{color:red}
p.used:not(.unused)>a{content:"}"}
#here .used:is(.unused,.used){color:red}
@media (min-width:1px){.unused{color:red}.used{color:blue}}
@media print{.unused{color:red}}
a:hover{color:red}
.w-50\\%{width:50%}
"""


def test_rules_about_what_does_not_occur_are_left_out() -> None:
    assert light_theme.cut_sheet(SHEET, {"used", "here"}) == (
        "@font-face{font-family:Icons;src:url(a.woff2)}"
        ".used{color:red}"
        'p.used:not(.unused)>a{content:"}"}'
        "#here .used:is(.unused,.used){color:red}"
        "@media (min-width:1px){.used{color:blue}}"
        "a:hover{color:red}"
    )


def test_a_class_with_an_escaped_character_is_known_by_its_name() -> None:
    assert light_theme.names_in(".w-50\\%") == {"w-50%"}


def test_words_are_classes_of_pages_and_whatever_scripts_may_set(tmp_path: Path) -> None:
    (tmp_path / "_static" / "scripts").mkdir(parents=True)
    (tmp_path / "page.html").write_text('<p class="lead big" id="top">not-a-class</p>')
    (tmp_path / "_static" / "own.js").write_text("element.classList.add('set-by-script')")
    (tmp_path / "_static" / light_theme.BOOTSTRAP).write_text("carousel")
    words = light_theme.words_of(tmp_path)
    assert {"lead", "big", "top", "set-by-script", "tooltip-inner"} <= words
    assert not {"not-a-class", "carousel"} & words


def test_the_font_keeps_the_icons_that_sheets_show_and_its_license() -> None:
    points = light_theme.code_points_in([r'.fa-sun:before{content:"\f185"}', ':root{--x:"\uf0eb"}'])
    assert points == {0xF185, 0xF0EB}
    data = light_theme.cut_font(light_theme.THEME / light_theme.ICONS, points)
    assert data == light_theme.cut_font(light_theme.THEME / light_theme.ICONS, points)
    font = TTFont(io.BytesIO(data))
    assert set(font.getBestCmap()) == points
    assert font["name"].getDebugName(1) == light_theme.OWN_NAME
    assert font["name"].getDebugName(0) == "Copyright (c) Font Awesome"
    assert "Open Font License" in font["name"].getDebugName(13)
    assert len(data) < 2500
