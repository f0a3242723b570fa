"""A term around the grading: what students get, what they hand in, the marks that leave again."""
