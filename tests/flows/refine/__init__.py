"""Tests: refine."""
