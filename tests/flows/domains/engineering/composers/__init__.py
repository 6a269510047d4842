"""Tests: composers of engineering tasks."""
