"""The tasks of the exercise "convolution's family", a file each."""
