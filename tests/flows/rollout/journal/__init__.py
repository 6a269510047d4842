"""Tests: journal."""
