"""The graded functions of the exercise "filters", one file each."""
