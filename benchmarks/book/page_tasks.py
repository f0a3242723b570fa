"""How long, and how many bytes, to the first feedback on a page: from "Check", from the first page.

    PYODIDE=<a release of Pyodide> make site
    python -m benchmarks.book.page_tasks

Serves the built site from this machine, compressed as hosts do it, and solves the first task of the
chapter "filters" in Chromium: with an empty cache, again with a full one, and then once more on the
same page. Then once more from the first page of the site on, in a browser that has never been
there: the way of a reader who takes no time to read or to write. Processor time is that of all
processes of the browser. The site has to serve Pyodide itself (``PYODIDE``), else nothing could be
counted.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import statistics
import sys
import time
from collections import Counter

import psutil
from playwright.sync_api import BrowserContext, Locator, Page, sync_playwright

from autograder.authoring.standalone import standalone_source
from benchmarks.book.host import OPTIONS, SITE, Host, hosted
from solutions.filters.tasks.corr2d import corr2d

FIRST_PAGE = "book/index.html"
PAGE = "book/filters/filters.html"
PASSED = re.compile(r"(\d+) of \1 cases passed\.")
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
    task.locator(".sample-feedback").get_by_text(PASSED).wait_for(timeout=120_000)
    return time.perf_counter() - begin


@dataclasses.dataclass
class Way:
    """What it takes from the first page to the first feedback; processor time in seconds."""

    seconds: float
    processor: float
    requests: int
    sent: int

    def __str__(self) -> str:
        return f"{self.seconds:.1f} | {self.processor:.1f} | {self.requests} | {self.sent / MB:.1f}"


def processor_times() -> dict[int, float]:
    """Return the processor time, in seconds, of each process that the browser consists of."""
    times = {}
    for child in psutil.Process().children(recursive=True):
        spent = child.cpu_times()
        times[child.pid] = spent.user + spent.system
    return times


def from_the_first_page(context: BrowserContext, address: str, code: str) -> Way:
    """Go from the first page to the first task, and check it."""
    Host.answers.clear()
    begin, before = time.perf_counter(), processor_times()
    page = context.new_page()
    page.goto(f"{address}/{FIRST_PAGE}")
    page.get_by_role("link", name="Start with filters").click()
    task = page.get_by_role("group", name="Task corr2d", exact=True)
    task.scroll_into_view_if_needed()
    task.get_by_role("textbox").wait_for()
    seconds(page, task, code)
    way = Way(
        time.perf_counter() - begin,
        sum(spent - before.get(process, 0.0) for process, spent in processor_times().items()),
        len(Host.answers),
        sum(answer.sent for answer in Host.answers),
    )
    page.close()
    return way


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browser", default="/usr/bin/chromium", help="the program")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    if not (SITE / "_static" / "tasks" / "pyodide").is_dir():
        sys.exit("Build the site with a release of Pyodide of its own: PYODIDE=<folder> make site")
    cold, warm, later, sizes = [], [], [], []
    ways: dict[str, list[Way]] = {"empty cache": [], "full cache": []}
    code = standalone_source(corr2d, "corr2d")
    with hosted() as address, sync_playwright() as playwright:
        for _ in range(options.rounds):
            browser = playwright.chromium.launch(executable_path=options.browser, args=OPTIONS)
            context = browser.new_context()
            Host.answers.clear()
            page, task = opened(context, address)
            before = sent()
            cold.append(seconds(page, task, code))
            loaded = sent() - before
            sizes.append(sum(loaded.values()))
            later += [seconds(page, task) for _ in range(5)]
            page.close()
            page, task = opened(context, address)
            warm.append(seconds(page, task))
            context.close()
            context = browser.new_context()
            for way in ways.values():
                way.append(from_the_first_page(context, address, code))
            browser.close()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {options.browser}\n")
    print("| check | seconds | MB |\n|---|---|---|")
    print(f"| first, empty cache | {statistics.median(cold):.1f} | {max(sizes) / MB:.1f} |")
    print(f"| first, full cache | {statistics.median(warm):.1f} | 0 |")
    print(f"| later | {statistics.median(later):.2f} | 0 |\n")
    print("| from the first page | seconds | processor | requests | MB |\n|---|--:|--:|--:|--:|")
    for name, rounds in ways.items():
        print(f"| {name} | {min(rounds, key=lambda way: way.seconds)} |")
    print("\n| before the click: file | kB |\n|---|---|")
    for name in ("task-cell.js", "chapter-work.mjs", "code-editor.js"):
        print(f"| {name} | {before[name] / 1e3:.0f} |")
    print("\n| after the click: file | kB |\n|---|---|")
    for name, size in sorted(loaded.items(), key=lambda item: -item[1]):
        if size:
            print(f"| {name} | {size / 1e3:.0f} |")


if __name__ == "__main__":
    main(sys.argv[1:])
