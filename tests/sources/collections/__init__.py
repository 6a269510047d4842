"""Tests: the collections room of sources."""
