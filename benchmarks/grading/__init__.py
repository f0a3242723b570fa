"""Benchmarks of: grading."""
