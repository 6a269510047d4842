"""Formats of agent harnesses and agent benchmarks."""
