"""Tests: the feed room of sources."""
