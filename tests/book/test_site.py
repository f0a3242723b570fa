"""The built site: every page in a browser, every link, and nothing that students must not see."""

from __future__ import annotations

import ast
import contextlib
import fcntl
import functools
import http.server
import inspect
import os
import re
import shutil
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
import yaml
from playwright.sync_api import Browser, Page

from autograder.authoring.archive import ARCHIVE_NAME
from autograder.authoring.book_sections import pages_in_use, pages_left_out
from autograder.chapter import chapters, load_problems
from autograder.course_settings import chapters_left_out
from autograder.palette import PAGE as PALETTE
from autograder.palette import READABLE, Theme, contrast
from autograder.problems import Problem
from book import whole_book
from book.extensions.palette_sheet import THEME_VARIABLES, palette_css
from tests import COURSE
from tests.book.barriers import COLOR_RULES, violations

CONTENTS = yaml.safe_load((COURSE / "_toc.yml").read_text())
CHAPTERS = pages_in_use(COURSE)
BOOK_PAGES = [CONTENTS["root"], *CHAPTERS]
PAGES = [*BOOK_PAGES, "search"]
THEMES: tuple[Theme, ...] = ("light", "dark")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. Built once per run, also where several processes share the tests.

    It is built in a folder of its own, which keeps the results of executed pages from run to run;
    the pages themselves are written anew. The tests get a copy, so that a second run may start.
    """
    folder = COURSE / "_build" / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    html = folder / "_build" / "html"
    # The same in all processes of one run, different from run to run.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(tmp_path_factory.getbasetemp())
    with (folder / "lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read() != run:
            shutil.rmtree(html, ignore_errors=True)
            program = str(Path(sys.executable).with_name("jupyter-book"))
            command = [program, "build", "-W", "-n", "--keep-going", f"--path-output={folder}", "."]
            built = subprocess.run(
                command, cwd=COURSE, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            assert built.returncode == 0, built.stdout[-5000:]
            lock.truncate(0)
            lock.write(run)
        return shutil.copytree(html, tmp_path_factory.mktemp("site") / "html")


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The address of a server for the site, on this machine only."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    handler = functools.partial(Handler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextlib.contextmanager
def opened(
    browser: Browser,
    url: str,
    theme: Theme = "light",
    width: int = 1280,
    scripts: bool = True,
    serve: str | None = None,
) -> Iterator[Page]:
    """Open a page and wait until its formulas and live figures stand; fail if it complains.

    ``serve`` is HTML that the browser gets in place of what is at ``url``.
    """
    host = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    complaints = []
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=scripts
    )
    context.add_init_script(
        f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}');"
    )
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(f"error in a script: {error}"))
    page.on(
        "console",
        lambda message: (
            complaints.append(f"console: {message.text}") if message.type == "error" else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((host, "data:", "blob:"))
            else complaints.append(f"asks another host: {request.url}")
        ),
    )
    page.on(
        "response",
        lambda response: (
            complaints.append(f"status {response.status}: {response.url}")
            if response.status >= 400
            else None
        ),
    )
    if serve is not None:
        page.route(url, lambda route: route.fulfill(body=serve, content_type="text/html"))
    page.goto(url)
    if scripts:
        # Figures with many values wait until they are about to come into view.
        page.wait_for_function(
            "() => { const figures = [...document.querySelectorAll('live-figure')]; "
            "for (const figure of figures) figure.start?.(); "
            "return figures.every((figure) => figure.matches('.live-figure-running')) && "
            "[...document.querySelectorAll('.math')].every("
            "(formula) => formula.querySelector('mjx-container')) }",
            timeout=20_000,
        )
    yield page
    context.close()
    assert complaints == []


# Every page, in a browser.


def test_pages_are_those_of_the_contents(site: Path) -> None:
    built = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    built -= {name for name in built if name.startswith("_static/")}
    assert built == {*PAGES, "index", "404"}


def barriers(page: Page, *rules: str) -> list[str]:
    """Return what axe-core calls serious or critical on a page, with everything unfolded.

    Without ``rules``, all of its rules are applied.
    """
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    # What unfolds is faded in: half-way its colors are not those that a reader sees.
    page.evaluate(
        "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
        ".then(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)))"
        ".then(() => null)"
    )
    return [
        f"{violation['id']}: {node['failureSummary']}\n{node['html']}"
        for violation in violations(page, *rules)
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


# Opening a page takes seconds, so each is opened twice only: in light, on a large screen, from a
# server; and in the dark, from a file, on a phone that becomes a large screen.


@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound(browser: Browser, address: str, name: str) -> None:
    with opened(browser, f"{address}/{name}.html", "light") as page:
        assert page.locator("html").get_attribute("data-theme") == "light"
        failures = barriers(page)
    assert failures == [], "\n\n".join(failures)


@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound_from_a_file_on_a_phone_and_in_the_dark(
    browser: Browser, site: Path, name: str
) -> None:
    """Formulas and live figures do not need a server: the site may be read from a disk."""
    with opened(browser, (site / f"{name}.html").as_uri(), "dark", width=360) as page:
        for figure in page.locator("live-figure").all():
            assert figure.locator(".live-figure-stage > *").count() > 0
        failures = barriers(page, "scrollable-region-focusable")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.set_viewport_size({"width": 1280, "height": 900})
        assert page.locator("html").get_attribute("data-theme") == "dark"
        # What the other rules look at is the same in both themes.
        failures += barriers(page, *COLOR_RULES)
    assert failures == [], "\n\n".join(failures)


BROKEN = {
    "asks another host": '<img alt="" src="https://example.org/picture.png">',
    "error in a script": "<script>throw new Error('broken')</script>",
    "console: broken": "<script>console.error('broken')</script>",
    "status 404": '<script src="missing.js"></script>',
}


@pytest.mark.parametrize("complaint", BROKEN)
def test_a_broken_page_is_noticed(browser: Browser, address: str, complaint: str) -> None:
    url = f"{address}/broken.html"
    html = f"<!DOCTYPE html><html lang='en'><title>Broken</title>{BROKEN[complaint]}</html>"
    with (
        pytest.raises(AssertionError, match=complaint),
        opened(browser, url, serve=html) as page,
    ):
        page.evaluate("null")  # whatever the page has complained of has arrived by then


def test_a_barrier_is_noticed(browser: Browser, address: str) -> None:
    html = "<html lang='en'><title>Gray</title><main style='color: #aaa'><h1>Gray</h1></main>"
    with opened(browser, f"{address}/gray.html", serve=html) as page:
        [barrier] = barriers(page)
    assert barrier.startswith("color-contrast")


@pytest.mark.parametrize(
    "style",
    ["color: #aaa", "background: #555", "opacity: 0.4", "position: absolute; top: 1em; left: 1em"],
)
def test_a_barrier_among_texts_of_the_same_look_is_noticed(
    browser: Browser, address: str, style: str
) -> None:
    """Of the texts that look alike, the first is checked; one that looks otherwise is, too."""
    words = "<span>word</span> " * 20
    html = (
        "<html lang='en'><title>Words</title><main>"
        "<div style='background: #444; height: 4em'></div><h1>Words</h1>"
        f"<p>{words}<span style='{style}'>gray</span> {words}</p></main></html>"
    )
    with opened(browser, f"{address}/words.html", serve=html) as page:
        assert page.locator("[data-repeated-look]").count() == 0
        [barrier] = barriers(page)
        assert page.locator("[data-repeated-look]").count() == 39
    assert barrier.startswith("color-contrast")
    assert "gray</span>" in barrier


@pytest.mark.parametrize("name", BOOK_PAGES)
def test_page_without_scripts(browser: Browser, address: str, name: str) -> None:
    """A live figure shows its alternative text where no script runs."""
    with opened(browser, f"{address}/{name}.html", scripts=False) as page:
        for text in page.locator(".live-figure-alt").all():
            assert text.is_visible()
            assert len(text.inner_text()) > 40


@pytest.mark.parametrize("theme", THEMES)
def test_keyboard_focus_is_visible(browser: Browser, address: str, theme: Theme) -> None:
    """Whatever the Tab key reaches first on a page has an outline, in a color that stands out."""
    with opened(browser, f"{address}/{CHAPTERS[0]}.html", theme) as page:
        elements = []
        for _ in range(25):
            page.keyboard.press("Tab")
            style = page.evaluate(
                "() => { const style = getComputedStyle(document.activeElement); return "
                "[document.activeElement.outerHTML.slice(0, 80), style.outlineStyle, "
                "parseFloat(style.outlineWidth), style.outlineColor] }"
            )
            elements.append(style[0])
            assert style[1] != "none", style
            assert style[2] >= 2, style
        assert len(set(elements)) > 15
        color = PALETTE[theme]["focus"]
        rgb = tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))
        assert style[3] == f"rgb{rgb}"


def test_root_leads_to_the_first_page(browser: Browser, address: str) -> None:
    with opened(browser, f"{address}/") as page:
        page.wait_for_url(f"{address}/{CONTENTS['root']}.html")


def test_the_first_page_lists_the_chapters_of_the_sidebar(browser: Browser, address: str) -> None:
    """With their numbers, which are counted by the style sheet."""
    with opened(browser, f"{address}/{CONTENTS['root']}.html") as page:
        listed = page.locator(".chapter-map > ol > li > p:first-child > a").evaluate_all(
            """(links) => {
              const first = (link) => Number(link.closest("ol").start);
              const place = (link) => [...link.closest("ol").children].indexOf(link.closest("li"));
              return links.map((link) => [first(link) + place(link), link.textContent, link.href]);
            }"""
        )
        sidebar = page.locator(".bd-sidebar-primary .toctree-l1 > a").evaluate_all(
            "(links) => links.map(({ textContent, href }) => [textContent, href])"
        )
    entries = [[f"{number}. {title}", href] for number, title, href in listed]
    assert entries == [entry for entry in sidebar if entry[0][0].isdigit()]


def test_every_page_has_its_icon(site: Path) -> None:
    """A browser asks for /favicon.ico where a page names no icon."""
    pages = [page for page in site.rglob("*.html") if "_static" not in page.parts]
    assert {site / "index.html", site / "search.html"} < set(pages)
    for page in pages:
        (icon,) = re.findall(r'<link rel="icon" href="([^"]+)"', page.read_text(encoding="utf-8"))
        assert (page.parent / icon).resolve().is_file(), page


def test_search_finds_a_page(browser: Browser, address: str) -> None:
    with opened(browser, f"{address}/search.html?q=exercises") as page:
        page.locator("#search-results li a").first.wait_for()


# Paper.


def test_paper_is_light_and_nothing_is_folded(browser: Browser, address: str) -> None:
    """Whatever the theme of the screen, which is back when the page has been printed."""
    with opened(browser, f"{address}/{CHAPTERS[1]}.html", "dark") as page:
        look = """() => {
            const { backgroundColor, color } = getComputedStyle(document.body);
            return [document.documentElement.dataset.theme, backgroundColor, color,
              document.querySelectorAll("details:not([open], .hide), .toggle-hidden").length];
        }"""
        before = page.evaluate(look)
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        paper = [PALETTE["light"][name] for name in ("paper", "text")]
        rgb = [f"rgb{tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))}" for color in paper]
        assert page.evaluate(look) == ["light", *rgb, 0]
        assert page.locator(".bd-article h1").inner_text().startswith("1. ")
        assert not page.locator(".bd-sidebar-primary").is_visible()
        page.emulate_media(media="screen")
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.evaluate(look) == before
        assert before[0] == "dark"
        assert before[3] > 10


def test_the_book_is_printed_as_one_document(browser: Browser, site: Path, tmp_path: Path) -> None:
    """Links lead from page to page of it, figures run, formulas have their fonts."""
    names = [f"{name}.html" for name in (CONTENTS["root"], CHAPTERS[1], CHAPTERS[4])]
    page = browser.new_page()
    whole_book.gather(page, site, names)
    assert page.locator("article").count() == 3
    assert page.locator("live-figure:not(.live-figure-running)").count() == 0
    assert page.locator("live-figure").count() > 2
    broken = page.evaluate(
        "[...document.querySelectorAll('article a[href^=\"#\"]')].map((link) => link.hash)"
        ".filter((hash) => !document.getElementById(hash.slice(1)))"
    )
    assert broken == []
    first = page.locator(".chapter-map a").first
    assert first.get_attribute("href") == "#page-1"
    missing = "[...document.images].filter((image) => !image.naturalWidth).map(({ src }) => src)"
    assert page.evaluate(missing) == []
    fonts = page.evaluate("[...document.fonts].map(({ family, status }) => [family, status])")
    assert ["MJXTEX-I", "loaded"] in fonts
    assert "error" not in {status for _, status in fonts}
    page.close()


def test_the_order_of_the_book_is_that_of_its_contents() -> None:
    parts = [entry["file"] for part in CONTENTS["parts"] for entry in part["chapters"]]
    pages = whole_book.pages_of(COURSE)
    in_use = [name for name in (CONTENTS["root"], *parts) if name not in pages_left_out(COURSE)]
    assert pages == [f"{name}.html" for name in in_use]


# Colors.


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), READABLE)
def test_colors_can_be_read(theme: Theme, ink: str, ground: str) -> None:
    assert contrast(PALETTE[theme][ink], PALETTE[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["paper", "raised", "tint"])
def test_focus_stands_out(theme: Theme, ground: str) -> None:
    assert contrast(PALETTE[theme]["focus"], PALETTE[theme][ground]) >= 3


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


def test_palette_names_no_unknown_color() -> None:
    assert set(PALETTE["light"]) == set(PALETTE["dark"]) >= set(THEME_VARIABLES.values())
    style = (COURSE / "book" / "_static" / "course.css").read_text()
    used = set(re.findall(r"--course-([a-z-]+)", style)) - {"radius"}
    assert used <= set(re.findall(r"--course-([a-z-]+):", palette_css()))


# Links.


class Links(HTMLParser):
    """What a page refers to, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[tuple[str, str]] = []
        self.anchors = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src"):
                self.targets.append((tag, value or ""))
            elif name == "id":
                self.anchors.add(value or "")


@pytest.fixture(scope="session")
def links(site: Path) -> dict[Path, Links]:
    pages = [site / f"{name}.html" for name in [*PAGES, "index"]]
    return {page: Links(page.read_text(encoding="utf-8")) for page in pages}


def test_internal_links_lead_somewhere(site: Path, links: dict[Path, Links]) -> None:
    broken = []
    for page, targets in links.items():
        for _, target in targets.targets:
            path, anchor = urldefrag(target)
            if urlsplit(target).scheme:
                continue
            file = (page.parent / unquote(urlsplit(path).path)).resolve() if path else page
            inside = file == site or site in file.parents
            if file.is_dir():
                file /= "index.html"
            if not inside or not file.is_file():
                broken.append(f"{page.relative_to(site)}: {target}")
            elif file in links and unquote(anchor) not in links[file].anchors:
                broken.append(f"{page.relative_to(site)}: no anchor {target}")
    assert broken == []


def test_only_links_leave_the_site(links: dict[Path, Links]) -> None:
    """No style sheet, script or picture comes from another host, not even on demand."""
    foreign = [
        (page.name, tag, target)
        for page, targets in links.items()
        for tag, target in targets.targets
        if tag != "a" and urlsplit(target).scheme not in ("", "data")
    ]
    assert foreign == []


# What students must not see.


def solution_lines() -> set[str]:
    """Return the telling lines of all reference solutions and all wrong implementations."""
    lines: set[str] = set()
    for path in sorted((COURSE / "solutions").glob("*/tasks/*.py")):
        bodies = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", path.read_text(), re.S)
        lines.update(line.strip() for body in bodies for line in body.splitlines())
    for chapter in chapters(COURSE):
        for problem in load_problems(COURSE, chapter).values():
            lines.update(lines_of_mistakes(problem))
    return {line for line in lines if len(line) > 25}


def lines_of_mistakes(problem: Problem) -> Iterator[str]:
    """Yield the lines of the bodies of a problem's wrong implementations, without docstrings."""
    for misconception in problem.misconceptions:
        source = textwrap.dedent(inspect.getsource(misconception.wrong))
        definition = ast.parse(source).body[0]
        if not isinstance(definition, ast.FunctionDef):
            continue
        for statement in definition.body[ast.get_docstring(definition) is not None :]:
            first, last = statement.lineno - 1, statement.end_lineno
            yield from (line.strip() for line in source.splitlines()[first:last])


def texts(site: Path) -> Iterator[tuple[str, str]]:
    """Yield every text that the site hands out: files, and the files inside its archives."""
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    yield f"{name}/{member}", archive.read(member).decode("utf-8", "replace")
        elif path.is_file() and not name.startswith("_static/formulas/"):
            yield name, path.read_bytes().decode("utf-8", "replace")


def visible(text: str) -> str:
    """Return text without tags, entities and differences in white space.

    The modules of live figures are left out: they compute the same things, in JavaScript.
    """
    plain = re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.S)
    plain = re.sub(r"<[^>]*>", "", plain)
    for entity, character in {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'"}.items():
        plain = plain.replace(entity, character)
    return re.sub(r"\s+", " ", plain.replace("&amp;", "&"))


def test_there_are_solutions_to_hide() -> None:
    assert len(solution_lines()) > 20


def test_no_solution_is_published(site: Path) -> None:
    secret = {re.sub(r"\s+", " ", line) for line in solution_lines()}
    leaks = []
    for name, text in texts(site):
        visible_text = visible(text)
        leaks += [f"{name}: {line}" for line in secret if line in visible_text]
    assert leaks == []


def test_no_file_of_the_solutions_is_published(site: Path) -> None:
    files = {path.name for path in (COURSE / "solutions").glob("*/*.py")} - {"__init__.py"}
    archive = "cnn-course-exercises.zip/cnn-course/"
    packages = tuple(f"{archive}{name}/" for name in ("autograder", "book", "laboratory"))
    for name, text in texts(site):
        assert "solutions" not in name
        if name.startswith(packages):
            # Of the same name as a file of the solutions, perhaps, but the package's own.
            own = COURSE / name.removeprefix(archive)
            assert text == own.read_bytes().decode(errors="replace"), name
        else:
            assert Path(name).name not in files
            assert "BEGIN SOLUTION" not in text, name
            assert "BEGIN HIDDEN TESTS" not in text, name


def test_the_course_secret_is_not_published(site: Path) -> None:
    secret = COURSE / ".course_secret"
    words = secret.read_text().split() if secret.exists() else []
    for name, text in texts(site):
        assert not any(word in text for word in words), name


def test_nothing_of_a_chapter_that_is_left_out_is_published(site: Path) -> None:
    """Neither its pages and its exercise, nor the numbers of its checks, nor a way there."""
    left_out = chapters_left_out(COURSE)
    folders = [path for path in site.rglob("*") if path.is_dir() and path.name in left_out]
    assert folders == []
    with zipfile.ZipFile(site / ARCHIVE_NAME) as archive:
        names = archive.namelist()
    assert not [
        name
        for name in names
        if set(Path(name).parent.parts[-1:]) & left_out and "/exercises/" in name
    ]
    for page in site.rglob("*.html"):
        for chapter in left_out:
            assert f"{chapter}/" not in page.read_text("utf-8"), page
