"""Tests of sources/text."""
