"""Tests of sources/web."""
