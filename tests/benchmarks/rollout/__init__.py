"""Benchmarks of the rollout: how busy it keeps its inference server, its prefix-cache hits, its tail and its CPU.

`rollout.cache` and `rollout.fullness` start a real vLLM, from the teacher's environment that the settings name.
"""
