"""Tests: sites."""
