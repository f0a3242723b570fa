"""Grading submissions in a sandbox, through nbgrader. Instructor side."""
