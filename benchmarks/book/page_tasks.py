"""How long, and how many bytes, from the click on "Check" to the first feedback on a page.

    PYODIDE=<a release of Pyodide> make site
    python -m benchmarks.book.page_tasks

Serves the built site from this machine, compressed as hosts do it, and solves the first task of the
chapter "filters" in Chromium: with an empty cache, again with a full one, and then once more on the
same page. The site has to serve Pyodide itself (``PYODIDE``), else nothing could be counted.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import http.server
import mimetypes
import os
import statistics
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, sync_playwright

from autograder.authoring.standalone import standalone_source
from solutions.filters.tasks.corr2d import corr2d

SITE = Path(__file__).parents[2] / "_build" / "html"
PAGE = "book/filters/filters.html"
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MB = 1e6


@functools.cache
def compressed(path: Path) -> bytes:
    """Return a file as a host sends it."""
    return gzip.compress(path.read_bytes(), 6)


class Host(http.server.BaseHTTPRequestHandler):
    """A host of the site that counts what it sends."""

    sent: dict[str, int] = {}  # noqa: RUF012 (of the class: each request makes an object)

    def do_GET(self) -> None:
        path = SITE / urlsplit(self.path).path.lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        data = compressed(path)
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(path.name)[0] or "text/plain")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(data)
        self.sent[path.name] = self.sent.get(path.name, 0) + len(data)

    def log_message(self, *arguments: object) -> None:
        pass


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
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        for _ in range(options.rounds):
            browser = playwright.chromium.launch(executable_path=options.browser, args=OPTIONS)
            context = browser.new_context()
            Host.sent.clear()
            page, task = opened(context, address)
            before = dict(Host.sent)
            cold.append(seconds(page, task, standalone_source(corr2d, "corr2d")))
            loaded = {name: n - before.get(name, 0) for name, n in Host.sent.items()}
            sizes.append(sum(loaded.values()))
            later += [seconds(page, task) for _ in range(5)]
            page.close()
            page, task = opened(context, address)
            warm.append(seconds(page, task))
            browser.close()
        server.shutdown()
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
