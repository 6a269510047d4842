"""Tests: frontier."""
