"""Benchmarks of: training."""
