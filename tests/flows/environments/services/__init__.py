"""Tests of the office services."""
