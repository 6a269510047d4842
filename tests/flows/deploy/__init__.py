"""Tests of flows/deploy."""
