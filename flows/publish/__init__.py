"""Publish: kept trajectories become a release of Parquet shards. Start at flow.py."""
