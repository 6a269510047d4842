"""Tests: bugs of engineering tasks."""
