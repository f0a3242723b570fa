"""The exercise "convolution's family": the sources."""
