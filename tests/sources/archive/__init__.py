"""Tests of sources/archive."""
