"""Benchmarks of a lake that has grown for a long time."""
