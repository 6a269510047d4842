"""Tests: the judge."""
