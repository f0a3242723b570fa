"""A term around the grading: what comes before it, and what a lecturer does with the marks."""
