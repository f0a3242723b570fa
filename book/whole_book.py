"""The whole book as one PDF, printed by a browser from the built site.

    make site
    make pdf

All pages are put into one document, in the order of the contents, so that links between them lead
from page to page of the PDF, and the headings are its outline. The result is beside the site,
``_build/book.pdf``; Chromium draws it (the package ``playwright``; see docs/testing.md).
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import yaml
from playwright.sync_api import Page, sync_playwright

from autograder.authoring.book_sections import pages_in_use

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FOOTER = (
    '<div style="width: 100%; font: 8pt sans-serif; text-align: center">'
    '<span class="pageNumber"></span></div>'
)

# Appends a page's article to the document. Its anchors get a prefix, as those of different pages
# may have the same name; links to pages of the book become links to such anchors.
APPEND = """([pages, name, html]) => {
  const address = new URL(name, document.baseURI);
  const page = new DOMParser().parseFromString(html, "text/html");
  const article = page.querySelector("article.bd-article");
  const anchor = (path, fragment) => `page-${pages.indexOf(path)}${fragment.replace("#", "-")}`;
  article.id = anchor(name, "");
  for (const element of article.querySelectorAll("[id]")) {
    if (!element.matches("script, svg *")) element.id = anchor(name, `#${element.id}`);
  }
  for (const element of article.querySelectorAll("[src]")) {
    element.setAttribute("src", new URL(element.getAttribute("src"), address).href);
    element.removeAttribute("loading");
  }
  for (const script of article.querySelectorAll("script[data-values]")) {
    script.dataset.values = new URL(script.dataset.values, address).href;
  }
  for (const link of article.querySelectorAll("a[href]")) {
    const target = new URL(link.getAttribute("href"), address);
    const path = pages.find((other) => target.pathname.endsWith(`/${other}`));
    if (path) link.href = `#${anchor(path, target.hash)}`;
    else link.href = target.href;
  }
  for (const style of page.querySelectorAll("head style")) {
    style.textContent = style.textContent.replace(/url\\("([^"]+)"\\)/g, (_, path) =>
      `url("${new URL(path, address)}")`);
    document.head.append(style);
  }
  document.querySelector(".bd-article-container").append(document.importNode(article, true));
}"""

START = """async () => {
  document.querySelectorAll("script[type='application/json'][id]").forEach((script) => {
    if (document.querySelector(`[id='${script.id}']`) !== script) script.remove();
  });
  await Promise.all([...document.querySelectorAll("live-figure")].map((figure) => figure.start()));
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  await document.fonts.ready;
}"""


def pages_of(course: Path) -> list[str]:
    """Return the pages of the book in their order, from the site's root."""
    first = yaml.safe_load((course / "_toc.yml").read_text("utf-8"))["root"]
    return [f"{name}.html" for name in (first, *pages_in_use(course))]


def gather(page: Page, site: Path, names: list[str]) -> None:
    """Make one document of all pages of a site, with all figures running."""
    page.goto((site / names[0]).as_uri())
    page.evaluate("document.querySelector('article.bd-article').remove()")
    page.evaluate(
        "(root) => { document.head.append(Object.assign("
        "document.createElement('base'), { href: root })) }",
        f"{site.as_uri()}/",
    )
    for name in names:
        page.evaluate(APPEND, [names, name, (site / name).read_text("utf-8")])
    page.add_style_tag(content="@media print { .bd-article + .bd-article { break-before: page } }")
    page.add_script_tag(path=site / "_static" / "live-figure.js")
    page.evaluate(START)


def print_book(site: Path, names: list[str], target: Path, browser: str | None) -> None:
    """Write the pages of a built site into one PDF."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(300_000)
        gather(page, site, names)
        page.pdf(
            path=target,
            format="A4",
            outline=True,
            tagged=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            prefer_css_page_size=True,
        )
        chromium.close()


def main(arguments: list[str]) -> None:
    """Print the built site."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--browser", help="the program; by default the first one that is installed")
    parser.add_argument("--to", type=Path, default=SITE.parent / "book.pdf")
    options = parser.parse_args(arguments)
    if not SITE.is_dir():
        sys.exit("There is no site to print. Build it first: make site")
    browser = options.browser or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"Printing needs a browser: one of {', '.join(BROWSERS)}, or --browser PROGRAM")
    print_book(SITE, pages_of(ROOT), options.to, browser)
    print(options.to)


if __name__ == "__main__":
    main(sys.argv[1:])
