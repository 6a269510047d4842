"""Tests: the zim room of sources."""
