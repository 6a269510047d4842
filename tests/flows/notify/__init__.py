"""Tests of flows/notify."""
