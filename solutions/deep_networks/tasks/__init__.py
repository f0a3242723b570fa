"""The graded functions of the exercise, a file each."""
