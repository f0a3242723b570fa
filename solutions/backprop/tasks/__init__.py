"""The graded functions of the exercise "backprop", one file each."""
