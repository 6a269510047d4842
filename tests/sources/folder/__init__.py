"""Tests: the folder room of sources."""
