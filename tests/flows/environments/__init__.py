"""Tests: environments."""
