"""What axe-core finds wrong with a page, in half of the time that it takes by itself."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Axe computes the contrast of each text anew, in milliseconds, and a page of numbers and colored
# code has thousands of texts, which look like a few dozen. So of the texts that look alike, axe
# gets the first. Two texts look alike if all is equal that a contrast is computed from, of the
# texts and of all that they stand in. Each text is checked where axe is not sure about the first
# one, where something with a background lies over or under the text, and where the text sticks
# out of something with a background.
RUN = """async (rules) => {
  const NAMES = [
    "color", "background-color", "background-image", "opacity", "filter", "mix-blend-mode",
    "font-size", "font-weight", "text-shadow", "-webkit-text-stroke-width", "visibility", "display",
  ];
  const meets = (a, b) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const holds = (a, b) =>
    a.left <= b.left && b.right <= a.right && a.top <= b.top && b.bottom <= a.bottom;
  const numbers = new Map(); // of looks
  const looks = new Map([[document.body, 0]]); // the number of each element's look
  const grounds = []; // what has a background, with its box
  const texts = []; // what holds nothing but text, in one piece, with its box
  for (const element of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(element);
    const own = NAMES.map((name) => style.getPropertyValue(name));
    const look = [looks.get(element.parentElement), ...own].join();
    if (!numbers.has(look)) numbers.set(look, numbers.size + 1);
    looks.set(element, numbers.get(look));
    delete element.dataset.repeatedLook; // of a check before
    const boxes = element.getClientRects();
    if (!boxes.length) continue;
    if (own[1] !== "rgba(0, 0, 0, 0)" || own[2] !== "none")
      grounds.push([element, element.getBoundingClientRect()]);
    if (!element.children.length && element.textContent.trim() && boxes.length === 1)
      texts.push([element, boxes[0]]);
  }
  const repeated = new Map(); // texts by the first one of their look
  const first = new Map(); // of each look
  for (const [text, box] of texts) {
    const plain = grounds.every(([ground, other]) =>
      meets(other, box) ? ground.contains(text) && holds(other, box) : !ground.contains(text),
    );
    if (!plain) continue;
    const twin = first.get(looks.get(text));
    if (twin) {
      repeated.get(twin).push(text);
      text.dataset.repeatedLook = "";
    } else {
      first.set(looks.get(text), text);
      repeated.set(text, []);
    }
  }
  axe.configure({ rules: [{ id: "color-contrast", selector: ":not([data-repeated-look])" }] });
  // Without "preload", which would fetch style sheets again, from wrong addresses.
  const options = { preload: false, elementRef: true, resultTypes: ["violations", "incomplete"] };
  const chosen = rules.length ? { ...options, runOnly: rules } : options;
  const { violations, incomplete } = await axe.run(document, chosen);
  const unsure = incomplete
    .filter(({ id }) => id === "color-contrast")
    .flatMap(({ nodes }) => nodes.flatMap(({ element }) => repeated.get(element) ?? []));
  for (const text of unsure) delete text.dataset.repeatedLook;
  if (unsure.length) {
    const more = await axe.run({ include: unsure }, { ...options, runOnly: ["color-contrast"] });
    violations.push(...more.violations);
  }
  return violations.map(({ id, impact, nodes }) => ({
    id,
    impact,
    nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })),
  }));
}"""


COLOR_RULES = ("color-contrast", "link-in-text-block")
"""The rules that look at colors, of those that axe-core applies by default."""


def violations(page: Page, *rules: str) -> list[dict[str, Any]]:
    """Return the violations that axe-core finds.

    Without ``rules``, those are applied that are by default.
    """
    page.evaluate(AXE_SCRIPT)
    result: list[dict[str, Any]] = page.evaluate(RUN, list(rules))
    return result
