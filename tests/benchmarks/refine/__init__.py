"""Benchmarks of refine: recall, precision and cost of finding duplicates, and the cost of all gates together.

The lakes are made once, from the text on this machine, and kept in the user's cache. At full size they hold 10,000
trajectories, or as many as FACTORY_BENCHMARK_ROWS says.
"""
