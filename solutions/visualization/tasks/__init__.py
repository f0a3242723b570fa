"""The graded functions of the exercise "visualization", one file each."""
