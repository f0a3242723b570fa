"""The least that grading a class can cost: the same cells, run in one warm process.

Run as ``python floor.py <folder of the stock class> <chapter> <figures>``, with the modules of
:func:`stock.make_modules` in ``PYTHONPATH``. No container, no process of its own for anybody, no
message between processes, no notebook written, no gradebook. Prints the CPU seconds of each
submission as JSON.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot
import nbformat

from autograder.grading.inside.shell import Shell


def main(folder: Path, chapter: str, figures: str) -> None:
    release = nbformat.read(folder / "release" / chapter / f"{chapter}.ipynb", as_version=4)
    ours = {cell.source for cell in release.cells}
    output = sys.stdout
    shell = Shell.instance()
    shell.enable_matplotlib()
    shell.take_streams()
    times: list[float] = []
    points: dict[str, dict[str, float]] = {}
    for place in sorted((folder / "submitted").glob(f"*/{chapter}")):
        notebook = nbformat.read(place / f"{chapter}.ipynb", as_version=4)
        os.chdir(place)
        shell.reset(new_session=False)  # type: ignore[no-untyped-call]
        started = time.process_time()
        points[place.parent.name] = {}
        for cell in notebook.cells:
            if cell.cell_type == "code":
                draw = figures == "all" or (figures == "own" and cell.source not in ours)
                reply = shell.record(cell.source, False, draw)
                name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
                if cell.metadata.get("nbgrader", {}).get("locked"):
                    points[place.parent.name][name] = _points(reply["outputs"])
        matplotlib.pyplot.close("all")
        times.append(time.process_time() - started)
    print(json.dumps({"cpu": times, "points": points}), file=output)


def _points(outputs: list[dict[str, Any]]) -> float:
    results = [output for output in outputs if output["output_type"] == "execute_result"]
    return float(results[0]["data"]["text/plain"]) if results else 0.0


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), *sys.argv[2:])
