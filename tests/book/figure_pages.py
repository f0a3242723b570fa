"""Live figures in a browser page without a kernel: what the tests of all figures share."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from playwright.sync_api import Browser, Locator, Page

from book.figures import figure_class, figure_state

THEMES = {
    "light": {"text-base": "#222832", "background": "#ffffff", "primary": "#0a7d91"},
    "dark": {"text-base": "#ced6dd", "background": "#14181e", "primary": "#3fb1c5"},
}

# What a page without a kernel offers a figure in place of a widget's model.
MODEL = """
class Model {
  constructor(values) { this.values = values; this.listeners = []; this.saved = 0; }
  get(name) { return this.values[name]; }
  set(name, value) {
    this.values[name] = value;
    for (const one of [...this.listeners]) if (one.event === `change:${name}`) one.callback();
  }
  save_changes() { this.saved += 1; }
  on(event, callback) { this.listeners.push({ event, callback }); }
  off(event, callback) {
    this.listeners = this.listeners.filter((o) => o.event !== event || o.callback !== callback);
  }
}
window.load = (source) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return import(url);
};
window.models = [];
window.cleanups = [];
window.show = async (source, state) => {
  const module = await load(source);
  const model = new Model(state);
  const el = document.body.appendChild(document.createElement("div"));
  models.push(model);
  cleanups.push(module.default.render({ model, el }));
};
"""


def source(name: str) -> str:
    return str(figure_class(name)._esm)


def figure_file(name: str, kind: str) -> Path:
    """Return the file of a figure with the ending `kind`."""
    return Path(inspect.getfile(figure_class(name))).with_suffix(f".{kind}")


def prefix(name: str) -> str:
    """Return what a figure's own class names begin with: the class of its root element."""
    text = figure_file(name, "mjs").read_text()
    (own,) = re.findall(r'class: "lf (?:lf-bounded )?([a-z]+)"', text)
    return str(own)


def sheet(name: str) -> str:
    return str(figure_class(name)._css)


def opened(
    browser: Browser, *names: str, theme: str = "light", width: int = 760, **traits: Any
) -> Page:
    """Open a page that shows the named figures; a complaint in the console fails the test."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: pytest.fail(f"error in a script: {error}"))
    variables = "".join(f"--pst-color-{key}: {value};" for key, value in THEMES[theme].items())
    styles = "".join(map(sheet, sorted(set(names))))
    page.set_content(
        f"<!doctype html><html lang='en'><head><title>Figures</title><style>html {{ {variables} }}"
        "body { margin: 16px; background: var(--pst-color-background); }"
        f"{styles}</style></head><body><h1 style='color: var(--pst-color-text-base)'>Figures</h1>"
        f"<script>{MODEL}</script></body></html>"
    )
    for name in names:
        state = figure_state(figure_class(name)(**traits))
        page.evaluate("([source, state]) => show(source, state)", [source(name), state])
    return page


def check_accessible(page: Page, state: str = "") -> None:
    """Axe finds no serious violation, and nothing is wider than the page."""
    violations = Axe().run(page).response["violations"]
    serious = [
        f"{state}: {violation['id']}: {node['html'][:200]}"
        for violation in violations
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert not serious, "\n".join(serious)
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wider <= 0, f"{state}: {wider} px wider than the page"


def choice(page: Page, name: str) -> Locator:
    return page.get_by_role("combobox", name=name, exact=True)


def number(text: str) -> float:
    return float(text.replace("−", "-").strip("()"))


def call(page: Page, function: str, *arguments: Any) -> Any:
    plain = [a.tolist() if isinstance(a, np.ndarray) else a for a in arguments]
    return page.evaluate(f"(given) => {function}(...given)", plain)


def floats(*shape: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float64, shape, elements=st.floats(-1000, 1000, width=32))


def close(got: Any, expected: np.ndarray, size: np.ndarray) -> None:
    """Equal to 1e-12 of what the absolute values of the products add up to."""
    got = np.asarray(got, dtype=float)
    assert got.shape == expected.shape
    assert np.all(np.abs(got - expected) <= 1e-12 * (size + 1e-300))
