"""Chapter "training": exercise, reference, problems, and the fast convolution that it explains."""
