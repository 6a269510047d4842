"""Tests: the parquet room of sources."""
