"""Tests: pool."""
