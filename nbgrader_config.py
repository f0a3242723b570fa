"""Settings of nbgrader for this course. `nbgrader` commands are run from this folder."""

import os
import sys
from pathlib import Path

from autograder.course_settings import load_course_settings

c = get_config()  # noqa: F821  (nbgrader provides it)

# nbgrader starts `alembic` by its bare name; it lies beside the Python that runs nbgrader.
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")

# The id and all else that changes from term to term stands in course.toml.
course = Path(__file__).resolve().parent
settings = load_course_settings(course)
c.CourseDirectory.course_id = settings.id
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"

# nbgrader copies every file beside the source notebook to the students, and files beside a
# submission to the grader. Only notebooks, checks.npz and what the notebooks read may travel.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "__pycache__",
    "*.py",
    "*.pyc",
    "*.md",
    "*.json",
    "*.so",
    "feedback",
    ".progress",
]

# The course's own grader: student code runs in a sandbox, functions are examined from outside.
c.Autograde.pre_convert_hook = "autograder.grading.preprocessors.register_assignment"
c.Autograde.exporter_class = "autograder.grading.preprocessors.SubmissionExporter"
c.Autograde.sanitize_preprocessors = ["autograder.grading.preprocessors.RebuildSubmission"]
c.Autograde.autograde_preprocessors = [
    "autograder.grading.preprocessors.ExamineSubmission",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
]

# What late work costs stands in course.toml, and is computed when marks are read.
c.AssignLatePenalties.plugin_class = "autograder.grading.lateness.CoursePolicy"

# Feedback shows the marks as they are now: those given by hand change no file that nbgrader sees.
c.GenerateFeedback.pre_convert_hook = "autograder.grading.lateness.update_for_feedback"
c.GenerateFeedback.force = True

# Names in the exported table are text, whatever they begin with.
c.ExportApp.plugin_class = "autograder.grading.marks_export.MarksExport"

# Formgrader shows the model answer below each answer that a person reads.
c.HTMLExporter.preprocessors = ["autograder.teaching.formgrader_page.BesideTheAnswer"]
c.BesideTheAnswer.course = str(course)
c.BesideTheAnswer.anonymous = settings.anonymous
if settings.anonymous:
    from autograder.teaching.formgrader_page import hide_names

    hide_names()
