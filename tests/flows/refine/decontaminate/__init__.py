"""Tests: decontaminate."""
