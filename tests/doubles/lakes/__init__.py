"""Tests: lakes."""
