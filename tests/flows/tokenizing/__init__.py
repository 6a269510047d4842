"""Tests of tokenizing."""
