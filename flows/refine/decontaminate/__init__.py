"""Decontamination: n-gram overlaps of trajectories with benchmarks."""
