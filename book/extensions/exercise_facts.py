"""Facts about an exercise, read from its source: they are written down nowhere else.

::

    {exercise-size}`filters`

    ```{exercise-tasks} filters
    ```

    ```{task-stub} filters corr2d
    ```

The role says how many tasks there are, for how many points, and how long they take. The
directives make a table of them, and show a function as the student finds it, without its body.
"""

from __future__ import annotations

import inspect
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from autograder.authoring.chapter_source import BEGIN
from autograder.authoring.notebook import plain_source
from autograder.authoring.source import (
    DIFFICULTIES,
    Exercise,
    QuestionCell,
    TaskCell,
    read_exercise_source,
)
from autograder.chapter import SourceError, load_problems
from autograder.course_settings import FILE_NAME as SETTINGS
from book.extensions.course_setup import COURSE_ROOT, course_book


def exercise_of(env: BuildEnvironment, chapter: str) -> Exercise:
    """Read the exercise of a chapter, and have the page made again when it changes."""
    path = COURSE_ROOT / "solutions" / chapter / f"{chapter}.md"
    env.note_dependency(str(path))
    env.note_dependency(str(COURSE_ROOT / SETTINGS))  # points may stand there
    return read_exercise_source(path)


def graded_parts(exercise: Exercise) -> list[TaskCell | QuestionCell]:
    """Return the tasks and questions in the order of the exercise."""
    return [part for part in exercise.parts if isinstance(part, TaskCell | QuestionCell)]


def count(number: float, what: str) -> str:
    """Return ``1 task``, ``2 tasks``."""
    return f"{number:g} {what}" + ("" if number == 1 else "s")


def duration(minutes: int) -> str:
    """Return a time that is as exact as it can be: minutes below an hour, else half hours."""
    if minutes < 60:
        return count(minutes, "minute")
    halves = round(minutes / 30)
    return count(halves / 2, "hour")


def size(exercise: Exercise) -> str:
    """Return how large an exercise is."""
    parts = graded_parts(exercise)
    counts = [count(len(exercise.tasks), "task")]
    if exercise.questions:
        counts.append(count(len(exercise.questions), "question"))
    time = duration(sum(part.minutes for part in parts))
    return f"{' and '.join(counts)}, {count(exercise.points, 'point')}, about {time}"


class ExerciseSize(SphinxRole):
    """The role ``exercise-size``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the size of the exercise as text."""
        try:
            return [nodes.Text(size(exercise_of(self.env, self.text)))], []
        except SourceError as error:
            return [], [self.inliner.reporter.error(str(error), line=self.lineno)]


class ExerciseTasks(SphinxDirective):
    """The directive ``exercise-tasks``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a table of the tasks and questions."""
        try:
            exercise = exercise_of(self.env, self.arguments[0])
        except SourceError as error:
            raise self.error(str(error)) from error
        rows = [row("Task", "Points", "Difficulty", "Minutes")]
        for part in graded_parts(exercise):
            name: nodes.Node = nodes.Text("Closing question")
            if isinstance(part, TaskCell):
                name = nodes.literal(text=part.function)
                section = course_book().tasks.get((self.arguments[0], part.function))
                if section is not None:
                    page = "../" * self.env.docname.count("/") + section.path.partition("#")[0]
                    uri = f"{page}#task-{part.function}"
                    name = nodes.reference("", "", name, refuri=uri, internal=True)
            difficulty = DIFFICULTIES[part.difficulty]
            rows.append(row(name, f"{part.points:g}", difficulty, str(part.minutes)))
        group = nodes.tgroup("", *(nodes.colspec(colwidth=25) for _ in range(4)), cols=4)
        group += [nodes.thead("", rows[0]), nodes.tbody("", *rows[1:])]
        return [nodes.table("", group, classes=["exercise-tasks"])]


class TaskStub(SphinxDirective):
    """The directive ``task-stub``."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return the head of a graded function as a block of code."""
        chapter, task = self.arguments
        reference = load_problems(COURSE_ROOT, chapter)[task].reference
        self.env.note_dependency(str(inspect.getsourcefile(reference)))
        head = plain_source(reference).split(BEGIN)[0].rstrip()
        stub = nodes.literal_block("", f"{head}\n    raise NotImplementedError()")
        stub["language"] = "python"
        return [nodes.container("", stub, classes=["task-stub"])]


def row(*cells: str | nodes.Node) -> nodes.row:
    """Return a row of a table."""
    texts = [nodes.Text(cell) if isinstance(cell, str) else cell for cell in cells]
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", text)) for text in texts))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the role and the directive."""
    app.add_role("exercise-size", ExerciseSize())
    app.add_directive("exercise-tasks", ExerciseTasks)
    app.add_directive("task-stub", TaskStub)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
