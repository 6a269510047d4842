"""Tests: monitor."""
