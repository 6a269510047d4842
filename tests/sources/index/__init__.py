"""Tests of sources/index."""
