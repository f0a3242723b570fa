"""The graded functions of the exercise "pooling", one file each."""
