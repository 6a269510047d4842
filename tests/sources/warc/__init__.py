"""Tests: the warc room of sources."""
