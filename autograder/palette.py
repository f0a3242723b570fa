"""The colors of the course: of its pages, plots, live figures, reports and explorers.

This is the one place where colors are chosen. Style sheets are made from it, and a test proves that
no color stands anywhere else. It imports nothing, so that everything may import it.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Theme: TypeAlias = Literal["light", "dark"]

BLACK = "#000"
WHITE = "#fff"

PAGE: dict[Theme, dict[str, str]] = {
    "light": {
        "paper": "#ffffff",
        "raised": "#f4f6fa",
        "tint": "#e2ecf9",
        "line": "#cfd6e2",
        "text": "#1c2333",
        "quiet": "#4c576b",
        "link": "#0b57a8",
        "link-hover": "#08407c",
        "strong-fill": "#0b57a8",
        "on-strong-fill": "#ffffff",
        "code": "#8f3b00",
        "mark": "#ffe3c2",
        "positive": "#a84600",
        "positive-fill": "#ffd2a3",
        "negative": "#0b57a8",
        "negative-fill": "#bddcff",
        "pixel-dark": "#4c576b",
        "on-pixel-dark": "#ffffff",
        "pixel-light": "#eef1f6",
        "on-pixel-light": "#1c2333",
        "focus": "#a84600",
        "good": "#1c6b34",
        "bad": "#b0212b",
    },
    "dark": {
        "paper": "#12161f",
        "raised": "#1c2230",
        "tint": "#1d3253",
        "line": "#3b465a",
        "text": "#e4e9f2",
        "quiet": "#aab5c6",
        "link": "#86b9ff",
        "link-hover": "#b5d4ff",
        "strong-fill": "#86b9ff",
        "on-strong-fill": "#0c1118",
        "code": "#ffb877",
        "mark": "#5a3a12",
        "positive": "#ffb066",
        "positive-fill": "#6b3800",
        "negative": "#86b9ff",
        "negative-fill": "#12437d",
        "pixel-dark": "#303a4d",
        "on-pixel-dark": "#ffffff",
        "pixel-light": "#dde3ed",
        "on-pixel-light": "#1c2333",
        "focus": "#ffb066",
        "good": "#74cf90",
        "bad": "#ff8f93",
    },
}
"""The site, in both of its themes."""

READABLE = (
    *(
        (ink, ground)
        for ink in ("text", "quiet", "link", "link-hover", "code", "good", "bad")
        for ground in ("paper", "raised", "tint")
    ),
    ("on-strong-fill", "strong-fill"),
    ("on-strong-fill", "link-hover"),
    ("on-pixel-dark", "pixel-dark"),
    ("on-pixel-light", "pixel-light"),
    ("text", "mark"),
    ("text", "positive-fill"),
    ("text", "negative-fill"),
    ("positive", "paper"),
    ("negative", "paper"),
)
"""Pairs of ink and ground of ``PAGE`` that carry text: their contrast is at least 4.5."""

TEXT_STAND_IN = "#010203"
"""Stands in a plot for the text color of the page; ``currentColor`` takes its place."""

MAP_POSITIVE = "#e47000"
MAP_NEGATIVE = "#3080e0"
"""Signed maps in plots and live figures; zero is transparent there."""

FIGURE: dict[str, str] = {
    "accent": "#0a7d91",
    "plus": "#b34700",
    "minus": "#1857b8",
    "problem": "#b3261e",
    "orange": MAP_POSITIVE,
    "blue": MAP_NEGATIVE,
    "window": "#b98900",
    "tap": "#e0b000",
    "mark": "#e07000",
    "frame": "#ffd400",
    "zero": "#f4f4f4",
    "ink": "#222832",
    "gray": "#808080",
    "refusal": "#d13438",
    "black": BLACK,
    "white": WHITE,
}
"""Live figures, by the names of their variables. A page's theme overrides some of them."""

FIGURE_ON_DARK: dict[str, str] = {
    "plus": "#ff9d4d",
    "minus": "#6cb0ff",
    "problem": "#ff8a80",
    "zero": "#23282f",
    "ink": "#dce3ea",
}
"""What is another color in a live figure on a dark page."""

REPORT: dict[str, str] = {"good": "#2e8540", "bad": "#d13438", "note": "#5b7fb9"}
"""Mark and bar of a report: at least 3 : 1 on white and on black."""

EXPLORER_NEGATIVE = "#2676d4"
EXPLORER_ZERO = "#ffffff"
EXPLORER_POSITIVE = "#e07000"
"""Signed numbers in the pictures of ``explore``, whose zero is white."""

EXPLORER_EDGE = "#888"
"""The line around a picture of ``explore``."""

EXPLORER_CHANNELS = (("red", "#d03030"), ("green", "#2e8b2e"), ("blue", EXPLORER_NEGATIVE))
"""Curves of ``explore``, one for each channel of a color picture."""


def rgb(color: str) -> tuple[int, int, int]:
    """Return red, green and blue, from 0 to 255, of ``#rrggbb``."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def luminance(color: str) -> float:
    """Return the relative luminance of ``#rrggbb``, by WCAG 2."""
    shares = (part / 255 for part in rgb(color))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(ink: str, ground: str) -> float:
    """Return the contrast of two colors ``#rrggbb``, from 1 to 21, by WCAG 2."""
    darker, lighter = sorted((luminance(ink), luminance(ground)))
    return (lighter + 0.05) / (darker + 0.05)
