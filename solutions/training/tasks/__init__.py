"""The graded functions of the exercise "training", one file each."""
