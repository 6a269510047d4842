"""Tests: teachers."""
