"""Publish: kept trajectories become a release of Parquet shards in a store. Start at release.py."""
