"""Tests of the crawl in shards."""
