"""Tests: gates."""
