"""The graded functions of the exercise "adversarial", one file each."""
