"""What comes before and after grading: what a lecturer does with a class. Instructor side."""
