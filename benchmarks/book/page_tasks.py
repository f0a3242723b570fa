"""How long, and how many bytes, from the click on "Check" to the first feedback on a page.

    PYODIDE=<a release of Pyodide> make site
    python -m benchmarks.book.page_tasks

Serves the built site from this machine, compressed as hosts do it, and solves the first task of the
chapter "filters" in Chromium: with an empty cache, again with a full one, and then once more on the
same page. The site has to serve Pyodide itself (``PYODIDE``), else nothing could be counted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections import Counter

from playwright.sync_api import BrowserContext, Locator, Page, sync_playwright

from autograder.authoring.standalone import standalone_source
from benchmarks.book.host import OPTIONS, SITE, Host, hosted
from solutions.filters.tasks.corr2d import corr2d

PAGE = "book/filters/filters.html"
MB = 1e6


def sent() -> Counter[str]:
    """Return the bytes that the host has sent, by the names of files."""
    sizes: Counter[str] = Counter()
    for answer in Host.answers:
        sizes[answer.name] += answer.sent
    return sizes


def opened(context: BrowserContext, address: str) -> tuple[Page, Locator]:
    """Open the page and scroll to the task; return both, once all is loaded."""
    page = context.new_page()
    page.goto(f"{address}/{PAGE}")
    task = page.get_by_role("group", name="Task corr2d", exact=True)
    task.scroll_into_view_if_needed()
    task.get_by_role("textbox").wait_for()
    page.wait_for_load_state("networkidle")
    return page, task


def seconds(page: Page, task: Locator, code: str | None = None) -> float:
    """Return how long a check takes, from the click to its report."""
    if code is not None:
        task.get_by_role("textbox").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(code)
    button = task.get_by_role("button", name="Check")
    begin = time.perf_counter()
    button.click()
    task.locator(".sample-feedback").get_by_text("6 of 6 cases passed.").wait_for(timeout=120_000)
    return time.perf_counter() - begin


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browser", default="/usr/bin/chromium", help="the program")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    if not (SITE / "_static" / "tasks" / "pyodide").is_dir():
        sys.exit("Build the site with a release of Pyodide of its own: PYODIDE=<folder> make site")
    cold, warm, later, sizes = [], [], [], []
    with hosted() as address, sync_playwright() as playwright:
        for _ in range(options.rounds):
            browser = playwright.chromium.launch(executable_path=options.browser, args=OPTIONS)
            context = browser.new_context()
            Host.answers.clear()
            page, task = opened(context, address)
            before = sent()
            cold.append(seconds(page, task, standalone_source(corr2d, "corr2d")))
            loaded = sent() - before
            sizes.append(sum(loaded.values()))
            later += [seconds(page, task) for _ in range(5)]
            page.close()
            page, task = opened(context, address)
            warm.append(seconds(page, task))
            browser.close()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {options.browser}\n")
    print("| check | seconds | MB |\n|---|---|---|")
    print(f"| first, empty cache | {statistics.median(cold):.1f} | {max(sizes) / MB:.1f} |")
    print(f"| first, full cache | {statistics.median(warm):.1f} | 0 |")
    print(f"| later | {statistics.median(later):.2f} | 0 |\n")
    print("| before the click: file | kB |\n|---|---|")
    for name in ("task-cell.js", "chapter-work.mjs", "code-editor.js"):
        print(f"| {name} | {before[name] / 1e3:.0f} |")
    print("\n| after the click: file | kB |\n|---|---|")
    for name, size in sorted(loaded.items(), key=lambda item: -item[1]):
        if size:
            print(f"| {name} | {size / 1e3:.0f} |")


if __name__ == "__main__":
    main(sys.argv[1:])
