"""The exercise "visualization"."""
