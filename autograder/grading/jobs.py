"""What is to be graded and what came of it, in memory and as bytes; who may do the work.

The gradebook is written in one place (:mod:`autograder.grading.batch`). Between reading a
submission and writing its marks stands whoever grades: sandboxes on this machine
(:mod:`autograder.grading.pool`) or on many (:mod:`autograder.grading.cluster`).
"""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterable, Iterator
from typing import Protocol, Self

import msgpack  # type: ignore[import-untyped]
import nbformat
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from autograder.grading.course import GradedChapter
from autograder.grading.rebuild import is_test
from autograder.grading.results import SubmissionResult, TaskResult
from autograder.grading.submission import Submission
from autograder.grading.submitted_text import literal

Graded = tuple[SubmissionResult, str]
"""The result of a submission, and the graded notebook as text."""


@dataclasses.dataclass(frozen=True)
class Job:
    """A submission that has to be graded, and a hash of everything that its marks depend on.

    ``earlier`` are texts of earlier releases, see :func:`~autograder.grading.rebuild.rebuild`.
    """

    student: str
    submission: Submission
    seed: int
    stamp: str
    earlier: tuple[str, ...] = ()


class Jobs(Protocol):
    """The submissions that have to be graded, read one at a time.

    ``left`` is how many may still come, at most.
    """

    left: int

    def __iter__(self) -> Iterator[Job]: ...

    def __next__(self) -> Job: ...


class Graders(Protocol):
    """Whoever grades submissions. Used as a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...

    def grade(self, jobs: Jobs) -> Iterator[tuple[Job, Graded]]:
        """Yield each job with what came of it, in the order in which they are finished."""


class ClusterError(RuntimeError):
    """The cluster cannot grade; the message says why and what to do."""


def ungraded(chapter: GradedChapter, student: str, reason: str) -> Graded:
    """Return the result and the notebook of a submission that cannot be graded: no points."""
    notebook = nbformat.from_dict(copy.deepcopy(dict(chapter.release)))
    for cell in notebook.cells:
        if cell.cell_type == "code" and is_test(cell):
            cell.outputs = [new_output("execute_result", data={"text/plain": "0.0"})]
    text = f"**This submission could not be graded.** {literal(reason)} A person will look at it."
    notebook.cells.insert(0, new_markdown_cell(text, id="not-graded"))
    tasks = tuple(TaskResult(task.function, 0.0, task.points) for task in chapter.tasks)
    result = SubmissionResult(student, chapter.name, "needs a person", tasks, reason)
    return result, notebook_text(notebook)


def notebook_text(notebook: NotebookNode) -> str:
    """Return a notebook as it is stored.

    Without the line breaks of nbformat's writer, which takes a fifth of the grader's time.
    """
    return json.dumps(notebook, ensure_ascii=False, separators=(",", ":"))


def packed_jobs(jobs: Iterable[Job]) -> bytes:
    """Turn jobs into bytes that :func:`unpacked_jobs` reads."""
    # As text: a seed has more bits than MessagePack's integers.
    fields = [{**dataclasses.asdict(job), "seed": str(job.seed)} for job in jobs]
    packed: bytes = msgpack.packb(fields)
    return packed


def unpacked_jobs(data: bytes) -> list[Job]:
    """Return the jobs that :func:`packed_jobs` has turned into bytes."""
    return [
        Job(
            **{
                **fields,
                "seed": int(fields["seed"]),
                "earlier": tuple(fields["earlier"]),
                "submission": Submission(
                    **{**fields["submission"], "links": tuple(fields["submission"]["links"])}
                ),
            }
        )
        for fields in msgpack.unpackb(data)
    ]


def packed_result(graded: Graded) -> bytes:
    """Turn a result and its notebook into bytes that :func:`unpacked_result` reads."""
    result, notebook = graded
    return json.dumps({"result": dataclasses.asdict(result), "notebook": notebook}).encode()


def unpacked_result(data: bytes) -> Graded:
    """Return the result and the notebook that :func:`packed_result` has turned into bytes."""
    fields = json.loads(data)
    return SubmissionResult.from_fields(fields["result"]), fields["notebook"]
