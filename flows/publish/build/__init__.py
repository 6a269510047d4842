"""Builds the files of a release: shards, pack plans and the dataset card, from the selected trajectories."""
