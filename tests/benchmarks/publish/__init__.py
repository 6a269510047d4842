"""Benchmarks of a release: the throughput of writing, uploading and opening it, its memory, and the fill of its packs.

Each ratio compares two measurements of the same run.
"""
