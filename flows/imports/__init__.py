"""Imports published data sets of trajectories into the lake; each row that cannot be converted gets a reason code."""
