"""Tests of the factory; `python -m tests.benchmarks` measures it."""
