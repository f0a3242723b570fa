"""The exercise "pooling": what is graded, with solutions, mistakes and cases."""
