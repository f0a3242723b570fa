"""Benchmarks of: book."""
