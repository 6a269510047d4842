"""Tests of the ML engineering domain."""
