"""Settings of nbgrader for this course. `nbgrader` commands are run from this folder."""

import os
import sys

c = get_config()  # noqa: F821  (nbgrader provides it)

# nbgrader starts `alembic` by its bare name; it lies beside the Python that runs nbgrader.
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")

c.CourseDirectory.course_id = "cnn"
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

# Names in the exported table are text, whatever they begin with.
c.ExportApp.plugin_class = "autograder.grading.marks_export.MarksExport"
