"""The exercise "padding and stride": what is graded, with solutions, mistakes and cases."""
