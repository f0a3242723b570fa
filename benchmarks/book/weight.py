"""What each page of the book weighs, and how long it holds the browser up.

    make site
    python -m benchmarks.book.weight                  # all pages
    python -m benchmarks.book.weight filters --files  # one page, file by file

Serves the built site from this machine, compressed as hosts do it, and opens each page in Chromium
with an empty cache. "Before" is before a reader touches anything: nothing is scrolled, no figure is
used. A long task is one of more than 50 ms (https://www.w3.org/TR/longtasks); of several rounds the
quickest is shown, as other programs on the machine can only make a task longer. "First key" is the
slowest figure's time from its first key to the next picture on the screen.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.book.host import OPTIONS, SITE, Answer, Host, hosted

MB = 1e6
OBSERVE = """
window.longTasks = [];
window.keys = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((t) => t.duration)))
  .observe({ type: "longtask", buffered: true });
"""
# From the key to the second frame after it: by then the first picture is on the screen.
PRESS = """(figure) => new Promise((done) => {
  const control = figure.querySelector(
    ".live-figure-stage :is([tabindex='0'], input[type=range], select, input, button)");
  if (!control) return done(null);
  control.scrollIntoView({ block: "center" });
  control.focus();
  requestAnimationFrame(() => requestAnimationFrame(() => {
    addEventListener("keydown", ({ timeStamp }) => requestAnimationFrame(() => setTimeout(() =>
      done(performance.now() - timeStamp))), { once: true, capture: true });
    window.ready = true;
  }));
})"""


@dataclasses.dataclass
class Measure:
    """What a page weighs, in bytes, and how long it takes, in milliseconds."""

    answers: list[Answer]
    longest_task: float
    first_key: float | None

    @property
    def raw(self) -> int:
        return sum(answer.raw for answer in self.answers)

    @property
    def sent(self) -> int:
        return sum(answer.sent for answer in self.answers)


def pages() -> list[str]:
    """Return the addresses of all pages of the book, from the site's root."""
    return sorted(path.relative_to(SITE).as_posix() for path in SITE.glob("book/**/*.html"))


def first_key(page: Page) -> float | None:
    """Return how long the slowest figure takes from its first key to a picture."""
    times = []
    for figure in page.locator("live-figure").element_handles():
        # One with many values waits until it is about to come into view.
        page.evaluate("(figure) => { window.ready = false; return figure.start?.() }", figure)
        answer = page.evaluate_handle(f"(figure) => ({{ time: ({PRESS})(figure) }})", figure)
        if (
            page.evaluate(
                "({ time }) => Promise.race([time, new Promise((wait) => "
                "setTimeout(wait, 300, 'waits'))])",
                answer,
            )
            is None
        ):
            continue  # nothing in it takes keys
        page.wait_for_function("window.ready")
        page.keyboard.press("ArrowRight")
        times.append(float(page.evaluate("({ time }) => time", answer)))
    return max(times, default=None)


def measured(browser: Browser, address: str, name: str) -> Measure:
    """Open a page with an empty cache, and return what that took."""
    Host.answers.clear()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(OBSERVE)
    page.goto(f"{address}/{name}")
    page.wait_for_load_state("networkidle")
    answers = list(Host.answers)
    longest = max(page.evaluate("longTasks"), default=0.0)
    key = first_key(page)
    context.close()
    return Measure(answers, longest, key)


def best(rounds: list[Measure]) -> Measure:
    """Return the weight of a page, and its shortest times."""
    keys = [measure.first_key for measure in rounds if measure.first_key is not None]
    longest = min(measure.longest_task for measure in rounds)
    return Measure(rounds[0].answers, longest, min(keys, default=None))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only pages whose addresses hold one of these")
    parser.add_argument("--browser", default="/usr/bin/chromium-headless-shell", help="the program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", action="store_true", help="print what each page loads")
    options = parser.parse_args(arguments)
    names = [name for name in pages() if not options.words or any(w in name for w in options.words)]
    if not names:
        sys.exit("There is no such page. Build the site: make site")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {options.browser}\n")
    print("| page | raw MB | sent MB | requests | longest task, ms | first key, ms |")
    print("|---|--:|--:|--:|--:|--:|")
    with hosted() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.browser, args=OPTIONS)
        for name in names:
            page = best([measured(browser, address, name) for _ in range(options.rounds)])
            key = "-" if page.first_key is None else f"{page.first_key:.0f}"
            print(
                f"| {name} | {page.raw / MB:.2f} | {page.sent / MB:.2f} | {len(page.answers)} | "
                f"{page.longest_task:.0f} | {key} |",
                flush=True,
            )
            if options.files:
                for answer in sorted(page.answers, key=lambda answer: -answer.raw):
                    print(f"    {answer.raw:9,} {answer.sent:9,} {answer.name}")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
