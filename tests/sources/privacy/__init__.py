"""Tests: privacy."""
