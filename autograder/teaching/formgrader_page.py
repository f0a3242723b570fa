"""What formgrader shows beside an answer: the model answer with its points; or no names at all.

``nbgrader_config.py`` lets nbgrader's exporter to HTML use :class:`BesideTheAnswer`. Other pages
that this exporter makes, such as the students' feedback, stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.apps.api import NbGraderAPI
from traitlets import Bool, Unicode

from autograder.authoring.source import QuestionCell, parts_of_answer, read_exercise_source

FORMGRADER = "formgrade"
"""The template of formgrader's own pages."""

TITLE = "**Model answer, with what it is worth** (students never see it)"


class BesideTheAnswer(Preprocessor):
    """Puts the model answer below each answer that a person reads, and hides whose it is."""

    course = Unicode(help="The folder of the course.").tag(config=True)
    anonymous = Bool(help="Whether names are hidden from those who give marks.").tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook for formgrader; for any other page, as it is."""
        if getattr(self.parent, "template_name", "") != FORMGRADER:
            return nb, resources
        if self.anonymous:
            resources.update(last_name=None, first_name=None, notebook_path="")
            resources["student"] = _stand_in(resources["index"])
        chapter = str(resources["assignment_id"])
        source = Path(self.course, "solutions", chapter, f"{chapter}.md")
        questions = read_exercise_source(source).questions
        models = {question.name: _model(question) for question in questions}
        cells = []
        for cell in nb.cells:
            cells.append(cell)
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in models:
                cells.append(new_markdown_cell(models[name]))
        nb.cells = cells
        return nb, resources


def _model(question: QuestionCell) -> str:
    """Return the model answer; says so if its parts are worth less or more than the answer."""
    worth = sum(parts_of_answer(question.answer))
    scale = f"\n\n*Its parts add up to {worth:g}, and the answer gives {question.points:g} points.*"
    return f"{TITLE}{scale if worth not in (0, question.points) else ''}\n\n{question.answer}"


def hide_names() -> None:
    """Let formgrader's list of the answers to be read name nobody; done once in a process."""
    listed = NbGraderAPI.get_notebook_submissions
    if hasattr(listed, "hides_names"):
        return

    def without_names(api: NbGraderAPI, assignment: str, notebook: str) -> list[dict[str, Any]]:
        submissions: list[dict[str, Any]] = listed(api, assignment, notebook)
        for submission in submissions:
            submission.update(last_name=None, first_name=None)
            submission["student"] = _stand_in(submission["index"])
        return submissions

    without_names.hides_names = True  # type: ignore[attr-defined]
    NbGraderAPI.get_notebook_submissions = without_names


def _stand_in(index: int) -> str:
    return f"Submission #{index + 1}"
