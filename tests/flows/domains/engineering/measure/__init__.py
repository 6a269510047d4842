"""Tests: measurements of bugs."""
