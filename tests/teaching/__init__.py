"""What a lecturer does with a class: reports, feedback and the like."""
