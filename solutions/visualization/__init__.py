"""The exercise "visualization" with solutions, mistakes and cases, and the laboratory behind it."""
