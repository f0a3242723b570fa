"""Pages are executed side by side, before Sphinx reads them one after the other.

Jupyter Book executes a page when it reads it, and reads one page at a time: all but one core have
nothing to do. This extension executes the pages without kept results in as many processes as there
are cores, and keeps their results; MyST-NB then finds them all. A page that fails keeps none, so
that MyST-NB executes it once more and reports the failure as it always does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from myst_nb.core.read import create_nb_reader  # type: ignore[import-untyped]
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from book.extensions.page_results import shows_network

MOST_KERNELS = 4
"""Never more pages at a time: each of VGG16's pages takes gigabytes of memory."""

WAIT_POLICY = "OMP_WAIT_POLICY"
"""Passive threads sleep while they wait for each other, and leave the core to another page; active
ones, the default, cost a busy machine twice the CPU time."""


def pages_without_results(
    env: BuildEnvironment, cache: JupyterCacheAbstract
) -> Iterator[tuple[Path, NotebookNode]]:
    """Yield the pages that have to be executed, read as MyST-NB reads them."""
    for name in env.found_docs:
        path = Path(env.doc2path(name))
        text = path.read_text("utf-8")
        reader = create_nb_reader(
            str(path),
            env.myst_config,  # type: ignore[attr-defined]
            env.mystnb_config,  # type: ignore[attr-defined]
            text,
        )
        if reader is None:
            continue  # plain text
        notebook = reader.read(text)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            yield path, notebook


def execute_pages(
    _app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], _removed: set[str]
) -> list[str]:
    """Execute all pages without results, those that show a network first: they take longest."""
    config = env.mystnb_config  # type: ignore[attr-defined]
    if config.execution_mode != "cache":
        return []
    cache = get_cache(config.execution_cache_path)
    waiting = sorted(pages_without_results(env, cache), key=lambda page: not shows_network(page[0]))

    def execute(path: Path, notebook: NotebookNode) -> ExecutionResult:
        return single_nb_execution(
            notebook, str(path.parent), config.execution_timeout, config.execution_allow_errors
        )

    pool = ThreadPoolExecutor(min(os.cpu_count() or MOST_KERNELS, MOST_KERNELS))
    try:
        running = {pool.submit(execute, *page): page[0] for page in waiting}
        for done in as_completed(running):
            result, path = done.result(), running[done]
            if result.err is None:
                cache.cache_notebook_bundle(
                    CacheBundleIn(result.nb, str(path), data={"execution_seconds": result.time}),
                    check_validity=False,
                    overwrite=True,
                )
                logging.getLogger(__name__).info(f"Executed {path.name} in {result.time:.0f} s")
    finally:
        pool.shutdown(cancel_futures=True)
    return []


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    os.environ.setdefault(WAIT_POLICY, "passive")
    # After page_results has forgotten the results that would be others now.
    app.connect("env-get-outdated", execute_pages, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
