"""Benchmarks of: laboratory."""
