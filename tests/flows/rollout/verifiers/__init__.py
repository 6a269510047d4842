"""Tests of the verdicts on finished attempts."""
