"""The graded functions of the exercise "padding stride", one file each."""
