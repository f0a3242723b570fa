"""The exercise "filters": what is graded, with solutions, mistakes and cases."""
